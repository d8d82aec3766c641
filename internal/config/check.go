package config

import (
	"encoding/base64"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Concur's limits for the user name and the password of a connector. Concur's pages disagree
// about 50 characters; 49 satisfies all of them.
//
// Source: https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html
const (
	minCredential = 10
	maxCredential = 49
)

// The limits of CONCUR_MAX_REPORT_BYTES. Temporal allows 2 MiB for one payload, and no report
// is smaller than 1 KiB.
const (
	minReport = 1 << 10
	maxReport = 2 << 20
)

// The limits of most durations. The minimum allows fast tests; a longer duration than the
// maximum is probably a typing error.
const (
	day      = 24 * time.Hour
	minDelay = 10 * time.Millisecond
	maxDelay = 180 * day
)

// maxParkedRetries limits a list that every parked run stores.
const maxParkedRetries = 20

// maxSendBackLimit is the number of actions that the send-back limit stores.
const maxSendBackLimit = 5000

func (p *problems) checkIngress(cfg Ingress) {
	p.checkCommon(cfg.Common, cfg.InternalListen)
	p.checkIdentity(cfg.Identity, cfg.Approvers, cfg.ApprovalsTLSCert != "")
	p.checkListen("CONCUR_LISTEN", cfg.Listen)
	p.checkListener("CONCUR_APPROVALS", cfg.ApprovalsListen, cfg.ApprovalsTLSCert, cfg.ApprovalsTLSKey, cfg.ApprovalsPlainHTTP)
	if !strings.HasPrefix(cfg.NotifyPath, "/") {
		p.add("CONCUR_NOTIFY_PATH", "must be a path that begins with a slash")
	}

	p.checkUser("CONCUR_CALLOUT_USER", cfg.CalloutUser)
	p.checkCredential("CONCUR_CALLOUT_PASSWORD", cfg.CalloutPassword)
	user2, password2 := cfg.CalloutUser2.Reveal() != "", cfg.CalloutPassword2.Reveal() != ""
	switch {
	case user2 && !password2:
		p.add("CONCUR_CALLOUT_PASSWORD_2", "is required when CONCUR_CALLOUT_USER_2 is set")
	case !user2 && password2:
		p.add("CONCUR_CALLOUT_USER_2", "is required when CONCUR_CALLOUT_PASSWORD_2 is set")
	case user2:
		p.checkUser("CONCUR_CALLOUT_USER_2", cfg.CalloutUser2)
		p.checkCredential("CONCUR_CALLOUT_PASSWORD_2", cfg.CalloutPassword2)
	}

	p.checkPair("CONCUR_TLS_CERT", cfg.TLSCert, "CONCUR_TLS_KEY", cfg.TLSKey)
	secured := cfg.TLSCert != "" || cfg.TLSKey != ""
	switch {
	case secured && cfg.PlainHTTP:
		p.add("CONCUR_PLAIN_HTTP", "contradicts CONCUR_TLS_CERT and CONCUR_TLS_KEY: give either a certificate or this")
	case !secured && !cfg.PlainHTTP:
		p.add("CONCUR_TLS_CERT", "and CONCUR_TLS_KEY are required: Concur calls over HTTPS only; "+
			"behind a TLS proxy set CONCUR_PLAIN_HTTP=true instead")
	}
}

func (p *problems) checkWorker(cfg Worker) {
	p.checkCommon(cfg.Common, cfg.InternalListen)
	if u, err := url.Parse(cfg.Geolocation); err != nil || u.Scheme != "https" || !isHost(u.Host) ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		p.add("CONCUR_GEOLOCATION", "must be a base URL such as https://us2.api.concursolutions.com")
	}
	if cfg.TokenFile == "" && cfg.RefreshToken.Reveal() == "" {
		p.add("CONCUR_REFRESH_TOKEN", "is required: refresh token of the company, unless CONCUR_TOKEN_FILE names a token store")
	}
	p.checkDuration("CONCUR_TOKEN_WARNING", cfg.TokenWarning, time.Hour, maxDelay)
	if cfg.AuthScheme != "Bearer" && cfg.AuthScheme != "OAuth" {
		p.add("CONCUR_AUTH_SCHEME", "must be Bearer or OAuth")
	}
	switch cfg.Interface {
	case "v1.1", "v3+v4", "v4":
	default:
		p.add("CONCUR_INTERFACE", "must be v1.1, v3+v4 or v4")
	}
	for _, host := range cfg.TrustedHosts {
		if !isHost(host) {
			p.add("CONCUR_TRUSTED_HOSTS", "must be hosts or host:port separated by commas, exact names without scheme, path or wildcard")
		}
	}
	p.checkFacts(cfg)
	p.checkMessages(cfg)
	p.checkLink("CONCUR_REPORT_URL", cfg.ReportURL, "{reportId}")
	p.checkLink("CONCUR_REQUEST_URL", cfg.RequestURL, "{requestId}")
	p.checkRecord(cfg)
	if cfg.RulesReloadInterval != 0 {
		p.checkDuration("CONCUR_RULES_RELOAD_INTERVAL", cfg.RulesReloadInterval, 100*time.Millisecond, day)
	}
	p.checkNumber("CONCUR_MAX_REPORT_BYTES", float64(cfg.MaxReportBytes), minReport, maxReport)
	p.checkNumber("CONCUR_REQUESTS_PER_SECOND", cfg.RequestsPerSecond, 0.1, 10_000)
	p.checkNumber("CONCUR_CACHED_RUNS", float64(cfg.CachedRuns), 1, 100_000)
	switch cfg.Writes {
	case "on", "dry-run", "off":
	default:
		p.add("CONCUR_WRITES", "must be on, dry-run or off")
	}
	if slices.Contains(cfg.TestUsers, "") {
		p.add("CONCUR_TEST_USERS", "must be logins separated by commas, none of them empty")
	}
	p.checkNumber("CONCUR_SENDBACK_LIMIT", float64(cfg.SendBackLimit), 0, maxSendBackLimit)
	if cfg.SendBackShareLimit != 0 {
		p.checkNumber("CONCUR_SENDBACK_SHARE_LIMIT", cfg.SendBackShareLimit, 0.01, 0.99)
	}
	switch cfg.AmbiguousSteps {
	case "park", "act":
	default:
		p.add("CONCUR_AMBIGUOUS_STEPS", "must be park or act")
	}
	switch cfg.SweepMode {
	case "act", "read-only", "off":
	default:
		p.add("CONCUR_SWEEP_MODE", "must be act, read-only or off")
	}
	p.checkOwnSteps(cfg.OwnSteps)
	p.checkDuration("CONCUR_SWEEP_INTERVAL", cfg.SweepInterval, 10*time.Second, 7*day)
	p.checkDuration("CONCUR_MISSED_AFTER", cfg.MissedAfter, time.Millisecond, maxDelay)
	p.checkNumber("CONCUR_SWEEP_SHARE", cfg.SweepShare, 0.01, 0.99)
	p.checkDuration("CONCUR_REQUEST_TIMEOUT", cfg.RequestTimeout, 100*time.Millisecond, 10*time.Minute)
	p.checkDuration("CONCUR_HEARTBEAT_TIMEOUT", cfg.HeartbeatTimeout, 100*time.Millisecond, 10*time.Minute)
	p.checkDuration("CONCUR_RETRY_INTERVAL", cfg.RetryInterval, minDelay, day)
	p.checkDuration("CONCUR_RETRY_MAX_INTERVAL", cfg.RetryMaxInterval, minDelay, day)
	if cfg.RetryMaxInterval < cfg.RetryInterval {
		p.add("CONCUR_RETRY_MAX_INTERVAL", "must not be shorter than CONCUR_RETRY_INTERVAL")
	}
	p.checkDuration("CONCUR_OUTAGE_DELAY", cfg.OutageDelay, minDelay, day)
	p.checkDuration("CONCUR_UNAUTHORIZED_DELAY", cfg.UnauthorizedDelay, minDelay, day)
	p.checkDuration("CONCUR_REREAD_DELAY", cfg.RereadDelay, minDelay, day)
	p.checkDuration("CONCUR_WRITE_CHECK_DELAY", cfg.WriteCheckDelay, minDelay, day)
	p.checkDuration("CONCUR_WRITE_VISIBLE_WITHIN", cfg.VisibleWithin, minDelay, time.Hour)
	p.checkDuration("CONCUR_EVENT_TYPE_DELAY", cfg.EventTypeDelay, minDelay, maxDelay)
	p.checkDuration("CONCUR_READ_AGAIN_AFTER", cfg.ReadAgainAfter, 0, day)
	p.checkDuration("CONCUR_CONFIRM_DELAY", cfg.ConfirmDelay, minDelay, day)
	for _, delay := range cfg.ParkedRetryDelays {
		p.checkDuration("CONCUR_PARKED_RETRY_DELAYS", delay, minDelay, maxDelay)
	}
	if n := len(cfg.ParkedRetryDelays); n == 0 || n > maxParkedRetries {
		p.add("CONCUR_PARKED_RETRY_DELAYS", "must hold 1 to %d durations", maxParkedRetries)
	}
}

// checkOwnSteps checks only the form of the entries.
func (p *problems) checkOwnSteps(entries []string) {
	for _, entry := range entries {
		name, value, _ := strings.Cut(strings.TrimSpace(entry), ":")
		value = strings.TrimSpace(value)
		named := (name == "policy" || name == "event") && value != ""
		alone := name == "all" && len(entries) == 1 || name == "announced"
		if !named && (!alone || value != "") {
			p.add("CONCUR_OWN_STEPS", "must be all alone, or announced, policy:ID and event:NAME separated by commas; a comma in a name is written as %%2C")
			return
		}
	}
}

// maxFactTimeout limits how long one slow fact service can delay the facts of other reports.
const maxFactTimeout = time.Minute

func (p *problems) checkFacts(cfg Worker) {
	for _, host := range cfg.FactHosts {
		if !isHost(host) {
			p.add("CONCUR_FACT_HOSTS", "must be hosts or host:port separated by commas, exact names without scheme, path or wildcard")
		}
	}
	p.checkSigning("CONCUR_FACT_SECRET", cfg.FactSecret)
	p.checkSigning("CONCUR_FACT_SECRET_2", cfg.FactSecret2)
	if cfg.FactSecret.Reveal() == "" && cfg.FactSecret2.Reveal() != "" {
		p.add("CONCUR_FACT_SECRET", "is required when CONCUR_FACT_SECRET_2 is set")
	}
	p.checkDuration("CONCUR_FACT_TIMEOUT", cfg.FactTimeout, minDelay, maxFactTimeout)
}

func (p *problems) checkMessages(cfg Worker) {
	for _, host := range cfg.MessageHosts {
		if !isHost(host) {
			p.add("CONCUR_MESSAGE_HOSTS", "must be hosts or host:port separated by commas, exact names without scheme, path or wildcard")
		}
	}
	if cfg.ApprovalsURL == "" && cfg.Messages != "" {
		p.add("CONCUR_APPROVALS_URL", "is required when CONCUR_MESSAGES is set: messages link to that page")
	}
}

func (p *problems) checkApprovalsURL(text string) {
	switch u, err := url.Parse(text); {
	case text == "":
	case err != nil || !isSafeURL(u) || u.RawQuery != "":
		p.add("CONCUR_APPROVALS_URL", "must be an address such as https://approvals.example.com; http:// is for loopback only")
	}
}

// NoLink is the value of CONCUR_REPORT_URL and CONCUR_REQUEST_URL that makes no links.
const NoLink = "none"

// checkLink checks the template of a link that opens something in Concur.
func (p *problems) checkLink(name, template, placeholder string) {
	if template == NoLink {
		return
	}
	base, _, found := strings.Cut(template, placeholder)
	filled := strings.ReplaceAll(template, placeholder, "0")
	u, err := url.Parse(filled)
	if err != nil || !found || u.Scheme != "https" || !isSafeURL(u) || strings.ContainsAny(filled, "{}") || !strings.HasPrefix(base, "https://"+u.Host+"/") {
		p.add(name, "must be an https:// address that contains %[1]s after the host, such as https://concur.example/%[1]s, or none", placeholder)
	}
}

// isSafeURL returns true for https://, and for http:// with a loopback address and a port.
func isSafeURL(u *url.URL) bool {
	plain := u.Scheme == "http" && isLoopbackName(u.Hostname())
	return (u.Scheme == "https" || plain) && isHost(u.Host) && u.User == nil && u.Fragment == ""
}

func (p *problems) checkRecord(cfg Worker) {
	p.checkSigning("CONCUR_RECORD_SECRET", cfg.RecordSecret)
	p.checkSigning("CONCUR_RECORD_SECRET_2", cfg.RecordSecret2)
	u, err := url.Parse(cfg.RecordURL)
	switch {
	case cfg.RecordURL == "" && cfg.RecordSecret.Reveal() != "":
		p.add("CONCUR_RECORD_URL", "is required when CONCUR_RECORD_SECRET is set")
	case cfg.RecordURL != "" && (err != nil || !isSafeURL(u)):
		p.add("CONCUR_RECORD_URL", "must be an address such as https://archive.example.com/concur; http:// is for loopback only")
	}
	if cfg.RecordSecret.Reveal() == "" && (cfg.RecordURL != "" || cfg.RecordSecret2.Reveal() != "") {
		p.add("CONCUR_RECORD_SECRET", "is required when CONCUR_RECORD_URL or CONCUR_RECORD_SECRET_2 is set")
	}
}

// checkSigning checks a secret for Standard Webhooks. An empty secret is allowed.
func (p *problems) checkSigning(name string, s Secret) {
	text := s.Reveal()
	if text == "" {
		return
	}
	coded, found := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(coded)
	if !found || err != nil || len(key) < 24 || len(key) > 64 {
		p.add(name, "must be whsec_ and 24 to 64 bytes in base64")
	}
}

// reservedQueue begins the names of Temporal's own task queues.
const reservedQueue = "/_sys/"

func (p *problems) checkCommon(cfg Common, internal string) {
	p.checkTemporal()
	if !isPrintable(cfg.TaskQueue) || len(cfg.TaskQueue) > 200 || strings.HasPrefix(cfg.TaskQueue, reservedQueue) {
		p.add("CONCUR_TASK_QUEUE", "must be 1 to 200 printable characters, and must not begin with "+reservedQueue)
	}
	switch cfg.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		p.add("CONCUR_LOG_LEVEL", "must be debug, info, warn or error")
	}
	if cfg.MaxConnections < 8 || cfg.MaxConnections > 100_000 {
		p.add("CONCUR_MAX_CONNECTIONS", "must be a number from 8 to 100000")
	}
	if cfg.LogFormat != "json" && cfg.LogFormat != "text" {
		p.add("CONCUR_LOG_FORMAT", "must be json or text")
	}

	p.checkPair("CONCUR_APPROVERS", cfg.Approvers, "CONCUR_SEAL_KEYS_FILE", cfg.SealKeysFile)
	p.checkApprovalsURL(cfg.ApprovalsURL)
	p.checkListener("CONCUR_INTERNAL", internal, cfg.InternalTLSCert, cfg.InternalTLSKey, cfg.InternalPlainHTTP)
}

// checkListener checks a listener that is not for the internet. prefix begins the names of its
// variables.
func (p *problems) checkListener(prefix, address, cert, key string, plain bool) {
	p.checkListen(prefix+"_LISTEN", address)
	p.checkPair(prefix+"_TLS_CERT", cert, prefix+"_TLS_KEY", key)
	secured := cert != "" || key != ""
	switch {
	case secured && plain:
		p.add(prefix+"_PLAIN_HTTP", "contradicts %s_TLS_CERT and %s_TLS_KEY: give either a certificate or this", prefix, prefix)
	case !secured && !plain && !isLoopback(address):
		p.add(prefix+"_LISTEN", "is not a loopback address: give %s_TLS_CERT and %s_TLS_KEY, "+
			"or behind a TLS proxy %s_PLAIN_HTTP=true", prefix, prefix, prefix)
	}
}

func (p *problems) checkPair(certName, cert, keyName, key string) {
	switch {
	case cert != "" && key == "":
		p.add(keyName, "is required when %s is set", certName)
	case cert == "" && key != "":
		p.add(certName, "is required when %s is set", keyName)
	}
}

func (p *problems) checkUser(name string, s Secret) {
	if strings.Contains(s.Reveal(), ":") {
		p.add(name, "must not contain a colon: a colon ends the user name in HTTP Basic authentication")
	}
	p.checkCredential(name, s)
}

func (p *problems) checkCredential(name string, s Secret) {
	text := s.Reveal()
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable):
		p.add(name, "must be a text without control characters")
	case n < minCredential || n > maxCredential:
		p.add(name, "must be %d to %d characters long, as Concur asks; it has %d", minCredential, maxCredential, n)
	}
}

func (p *problems) checkDuration(name string, d, least, most time.Duration) {
	if d < least || d > most {
		p.add(name, "must be a duration from %s to %s", short(least), short(most))
	}
}

// short prints a duration as people write it in a setting: 24h, not 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// checkNumber rejects NaN and a number outside the limits.
func (p *problems) checkNumber(name string, n, least, most float64) {
	if !(n >= least && n <= most) {
		p.add(name, "must be a number from %s to %s", decimal(least), decimal(most))
	}
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func (p *problems) checkListen(name, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		p.add(name, "must be host:port or :port, the port a number")
	}
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return isLoopbackName(host)
}

func isLoopbackName(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var hostPattern = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$`)

func isHost(text string) bool {
	if !hostPattern.MatchString(text) {
		return false
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return true // without a port
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func isPrintable(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
