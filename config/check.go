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

// Concur's limits for the user name and the password of a connector. Its pages
// disagree about 50 characters, so 49 is what satisfies all of them.
//
// Source: https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html
const (
	minCredential = 10
	maxCredential = 49
)

// maxReport stays below the 2 MiB that Temporal allows for one payload.
const maxReport = 2 << 20

// maxBrake is how many send-backs the brake remembers.
const maxBrake = 5000

func (p *problems) checkIngress(cfg Ingress) {
	p.checkCommon(cfg.Common, cfg.InternalListen)
	p.checkListen("CONCUR_LISTEN", cfg.Listen)
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
	p.checkDuration("CONCUR_TOKEN_WARNING", cfg.TokenWarning)
	if cfg.Authorization != "Bearer" && cfg.Authorization != "OAuth" {
		p.add("CONCUR_AUTHORIZATION", "must be Bearer or OAuth")
	}
	switch cfg.Interface {
	case "v1.1", "v3+v4", "v4":
	default:
		p.add("CONCUR_INTERFACE", "must be v1.1, v3+v4 or v4")
	}
	for _, host := range cfg.Hosts {
		if !isHost(host) {
			p.add("CONCUR_HOSTS", "must be hosts or host:port separated by commas, exact names without scheme, path or wildcard")
		}
	}
	p.checkFacts(cfg)
	if cfg.RulesReload != 0 {
		p.checkDuration("CONCUR_RULES_RELOAD", cfg.RulesReload)
	}
	if cfg.ReportLimit < 1 || cfg.ReportLimit > maxReport {
		p.add("CONCUR_REPORT_LIMIT", "must be a number of bytes from 1 to %d", maxReport)
	}
	if !(cfg.RequestsPerSecond > 0 && cfg.RequestsPerSecond <= 1e5) {
		p.add("CONCUR_REQUESTS_PER_SECOND", "must be a number above 0 and at most 100000")
	}
	if cfg.CachedRuns < 1 {
		p.add("CONCUR_CACHED_RUNS", "must be a number above 0")
	}
	switch cfg.Writes {
	case "on", "dry-run", "off":
	default:
		p.add("CONCUR_WRITES", "must be on, dry-run or off")
	}
	if slices.Contains(cfg.TestUsers, "") {
		p.add("CONCUR_TEST_USERS", "must be logins separated by commas, none of them empty")
	}
	if cfg.BrakeSendBacks < 0 || cfg.BrakeSendBacks > maxBrake {
		p.add("CONCUR_BRAKE_SENDBACKS", "must be a number from 0 to %d", maxBrake)
	}
	if !(cfg.BrakeShare >= 0 && cfg.BrakeShare < 1) {
		p.add("CONCUR_BRAKE_SHARE", "must be a number from 0 to below 1")
	}
	switch cfg.Sweep {
	case "act", "read-only", "off":
	default:
		p.add("CONCUR_SWEEP", "must be act, read-only or off")
	}
	if cfg.SweepEvery < time.Second {
		p.add("CONCUR_SWEEP_EVERY", "must be a duration of a second or more, such as 15m")
	}
	p.checkDuration("CONCUR_PENDING_GRACE", cfg.PendingGrace)
	if !(cfg.SweepShare > 0 && cfg.SweepShare < 1) {
		p.add("CONCUR_SWEEP_SHARE", "must be a number above 0 and below 1")
	}
	p.checkDuration("CONCUR_ANSWER_LIMIT", cfg.AnswerLimit)
	p.checkDuration("CONCUR_HEARTBEAT_TIMEOUT", cfg.HeartbeatTimeout)
	p.checkDuration("CONCUR_RETRY_INTERVAL", cfg.RetryInterval)
	p.checkDuration("CONCUR_RETRY_MAX_INTERVAL", cfg.RetryMaxInterval)
	if cfg.RetryMaxInterval < cfg.RetryInterval {
		p.add("CONCUR_RETRY_MAX_INTERVAL", "must not be shorter than CONCUR_RETRY_INTERVAL")
	}
	p.checkDuration("CONCUR_OUTAGE_DELAY", cfg.OutageDelay)
	p.checkDuration("CONCUR_UNAUTHORIZED_DELAY", cfg.UnauthorizedDelay)
	p.checkDuration("CONCUR_MALFORMED_DELAY", cfg.MalformedDelay)
	p.checkDuration("CONCUR_MOVING_DELAY", cfg.MovingDelay)
	for _, delay := range cfg.ParkedRetries {
		p.checkDuration("CONCUR_PARKED_RETRIES", delay)
	}
	if len(cfg.ParkedRetries) == 0 {
		p.add("CONCUR_PARKED_RETRIES", "must hold at least one duration")
	}
}

// maxFactTimeout keeps the place of an activity free for other reports.
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
	p.checkDuration("CONCUR_FACT_TIMEOUT", cfg.FactTimeout)
	if cfg.FactTimeout > maxFactTimeout {
		p.add("CONCUR_FACT_TIMEOUT", "must be at most %s", maxFactTimeout)
	}
}

// checkSigning checks a secret of Standard Webhooks, which may be missing.
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

func (p *problems) checkCommon(cfg Common, internal string) {
	if !isPrintable(cfg.TaskQueue) || len(cfg.TaskQueue) > 200 {
		p.add("CONCUR_TASK_QUEUE", "must be 1 to 200 printable characters")
	}
	switch cfg.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		p.add("CONCUR_LOG_LEVEL", "must be debug, info, warn or error")
	}
	if cfg.LogFormat != "json" && cfg.LogFormat != "text" {
		p.add("CONCUR_LOG_FORMAT", "must be json or text")
	}

	p.checkListen("CONCUR_INTERNAL_LISTEN", internal)
	p.checkPair("CONCUR_INTERNAL_TLS_CERT", cfg.InternalTLSCert, "CONCUR_INTERNAL_TLS_KEY", cfg.InternalTLSKey)
	secured := cfg.InternalTLSCert != "" || cfg.InternalTLSKey != ""
	switch {
	case secured && cfg.InternalPlainHTTP:
		p.add("CONCUR_INTERNAL_PLAIN_HTTP", "contradicts CONCUR_INTERNAL_TLS_CERT and CONCUR_INTERNAL_TLS_KEY: give either a certificate or this")
	case !secured && !cfg.InternalPlainHTTP && !isLoopback(internal):
		p.add("CONCUR_INTERNAL_LISTEN", "is not a loopback address: give CONCUR_INTERNAL_TLS_CERT and CONCUR_INTERNAL_TLS_KEY, "+
			"or behind a TLS proxy CONCUR_INTERNAL_PLAIN_HTTP=true")
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
		p.add(name, "must hold no colon: a colon ends the user name in HTTP Basic authentication")
	}
	p.checkCredential(name, s)
}

func (p *problems) checkCredential(name string, s Secret) {
	text := s.Reveal()
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		p.add(name, "must be a text without control characters")
	case n < minCredential || n > maxCredential:
		p.add(name, "must be %d to %d characters long, as Concur asks; it has %d", minCredential, maxCredential, n)
	}
}

func (p *problems) checkDuration(name string, d time.Duration) {
	if d <= 0 {
		p.add(name, "must be longer than 0s")
	}
}

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
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var hostPattern = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$`)

func isHost(text string) bool { return hostPattern.MatchString(text) }

func isPrintable(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
