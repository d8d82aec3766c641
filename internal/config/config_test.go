package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

// The tests of this package share the environment, so none is parallel.

var goodIngress = map[string]string{
	"CONCUR_CALLOUT_USER":     "callout-user",
	"CONCUR_CALLOUT_PASSWORD": "pass:with:colons",
	"CONCUR_TLS_CERT":         "/etc/tls/tls.crt",
	"CONCUR_TLS_KEY":          "/etc/tls/tls.key",
}

var goodWorker = map[string]string{
	"CONCUR_GEOLOCATION":   "https://us2.api.concursolutions.com",
	"CONCUR_CLIENT_ID":     "client-id",
	"CONCUR_CLIENT_SECRET": "client-secret",
	"CONCUR_REFRESH_TOKEN": "refresh-token",
	"CONCUR_RULES":         "/etc/concur/rules.yaml",
}

// environment leaves exactly these CONCUR_ and TEMPORAL_ variables; an empty value
// removes one.
func environment(t *testing.T, layers ...map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "CONCUR_") || strings.HasPrefix(name, "TEMPORAL_") {
			t.Setenv(name, "") // so that it is restored
			require.NoError(t, os.Unsetenv(name))
		}
	}
	for _, layer := range layers {
		for name, value := range layer {
			t.Setenv(name, value)
		}
	}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestDefaults(t *testing.T) {
	environment(t, goodIngress)
	in, unknown, err := config.LoadIngress()
	require.NoError(t, err)
	require.Empty(t, unknown)
	require.Equal(t, ":8443", in.Listen)
	require.Equal(t, "127.0.0.1:8081", in.InternalListen)
	require.Equal(t, "/concur/v1.0/notify", in.NotifyPath)
	require.Equal(t, "concur-connector", in.TaskQueue)
	require.Equal(t, "json", in.LogFormat)
	require.Equal(t, "pass:with:colons", in.CalloutPassword.Reveal())
	require.Empty(t, in.CalloutUser2.Reveal())

	environment(t, goodWorker)
	w, unknown, err := config.LoadWorker()
	require.NoError(t, err)
	require.Empty(t, unknown)
	require.Equal(t, "127.0.0.1:8082", w.InternalListen)
	require.Equal(t, time.Minute, w.RequestTimeout)
	require.Equal(t, 5*time.Minute, w.OutageDelay)
	require.Equal(t, []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour}, w.ParkedRetryDelays)
	require.Equal(t, 1572864, w.MaxReportBytes)
	require.InEpsilon(t, 20.0, w.RequestsPerSecond, 0)
	require.Empty(t, w.TrustedHosts)
	require.Equal(t, "Bearer", w.AuthScheme)
	require.Equal(t, 30*24*time.Hour, w.TokenWarning)
	require.Empty(t, w.TokenFile)
}

func TestATokenStoreStandsForTheRefreshToken(t *testing.T) {
	environment(t, goodWorker, map[string]string{"CONCUR_REFRESH_TOKEN": "", "CONCUR_TOKEN_FILE": "/var/lib/concur/token.json"})
	w, unknown, err := config.LoadWorker()
	require.NoError(t, err)
	require.Empty(t, unknown)
	require.Equal(t, "/var/lib/concur/token.json", w.TokenFile)

	environment(t, goodWorker, map[string]string{"CONCUR_REFRESH_TOKEN": ""})
	_, _, err = config.LoadWorker()
	require.EqualError(t, err, "CONCUR_REFRESH_TOKEN is required: refresh token of the company, unless CONCUR_TOKEN_FILE names a token store")
}

func TestTheRequestTokenIsReadFromAFile(t *testing.T) {
	environment(t, map[string]string{"CONCUR_REQUEST_TOKEN_FILE": file(t, "request-token\n")})
	cfg, err := config.LoadConcurctl()
	require.NoError(t, err)
	require.Equal(t, "request-token", cfg.RequestToken.Reveal())

	environment(t, map[string]string{"CONCUR_REQUEST_TOKEN_FILE": "/nowhere/at/all"})
	_, err = config.LoadConcurctl()
	require.ErrorContains(t, err, "CONCUR_REQUEST_TOKEN cannot be read: CONCUR_REQUEST_TOKEN_FILE: ")
}

func TestValuesAreTaken(t *testing.T) {
	environment(t, goodWorker, map[string]string{
		"CONCUR_TRUSTED_HOSTS":       "www.concursolutions.com, 127.0.0.1:8444,[::1]:9",
		"CONCUR_PARKED_RETRY_DELAYS": "20ms, 1s",
		"CONCUR_REQUEST_TIMEOUT":     "250ms",
		"CONCUR_GEOLOCATION":         "https://127.0.0.1:8444/",
		"CONCUR_FACT_HOSTS":          "erp.example.com, 127.0.0.1:9",
		"CONCUR_FACT_SECRET":         "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=",
	})
	w, _, err := config.LoadWorker()
	require.NoError(t, err)
	require.Equal(t, []string{"www.concursolutions.com", "127.0.0.1:8444", "[::1]:9"}, w.TrustedHosts)
	require.Equal(t, []time.Duration{20 * time.Millisecond, time.Second}, w.ParkedRetryDelays)
	require.Equal(t, 250*time.Millisecond, w.RequestTimeout)
	require.Equal(t, []string{"erp.example.com", "127.0.0.1:9"}, w.FactHosts)
	require.Equal(t, 10*time.Second, w.FactTimeout)
}

func TestIngressIsRefused(t *testing.T) {
	long := strings.Repeat("x", 50)
	for name, c := range map[string]struct {
		set  map[string]string
		says string
	}{
		"without a user":                           {map[string]string{"CONCUR_CALLOUT_USER": ""}, "CONCUR_CALLOUT_USER is required"},
		"with a user of nine characters":           {map[string]string{"CONCUR_CALLOUT_USER": "ninechars"}, "CONCUR_CALLOUT_USER must be 10 to 49 characters long, as Concur asks; it has 9"},
		"with a password of fifty":                 {map[string]string{"CONCUR_CALLOUT_PASSWORD": long}, "CONCUR_CALLOUT_PASSWORD must be 10 to 49 characters long, as Concur asks; it has 50"},
		"with a colon in the user":                 {map[string]string{"CONCUR_CALLOUT_USER": "user:with-colon"}, "CONCUR_CALLOUT_USER must not contain a colon"},
		"with a control character":                 {map[string]string{"CONCUR_CALLOUT_PASSWORD": "pass\tword-word"}, "CONCUR_CALLOUT_PASSWORD must be a text without control characters"},
		"with half of a second pair":               {map[string]string{"CONCUR_CALLOUT_USER_2": "second-user"}, "CONCUR_CALLOUT_PASSWORD_2 is required"},
		"with the other half":                      {map[string]string{"CONCUR_CALLOUT_PASSWORD_2": "second-password"}, "CONCUR_CALLOUT_USER_2 is required"},
		"with a short second password":             {map[string]string{"CONCUR_CALLOUT_USER_2": "second-user", "CONCUR_CALLOUT_PASSWORD_2": "short"}, "CONCUR_CALLOUT_PASSWORD_2 must be 10 to 49"},
		"without TLS or the word for it":           {map[string]string{"CONCUR_TLS_CERT": "", "CONCUR_TLS_KEY": ""}, "CONCUR_TLS_CERT and CONCUR_TLS_KEY are required"},
		"with TLS and plain HTTP":                  {map[string]string{"CONCUR_PLAIN_HTTP": "true"}, "CONCUR_PLAIN_HTTP contradicts"},
		"with a certificate alone":                 {map[string]string{"CONCUR_TLS_KEY": ""}, "CONCUR_TLS_KEY is required when CONCUR_TLS_CERT is set"},
		"with a key alone":                         {map[string]string{"CONCUR_TLS_CERT": ""}, "CONCUR_TLS_CERT is required when CONCUR_TLS_KEY is set"},
		"with a word that is no boolean":           {map[string]string{"CONCUR_PLAIN_HTTP": "perhaps"}, "CONCUR_PLAIN_HTTP must be true or false"},
		"with an address without a port":           {map[string]string{"CONCUR_LISTEN": "0.0.0.0"}, "CONCUR_LISTEN must be host:port"},
		"with a port that is none":                 {map[string]string{"CONCUR_LISTEN": ":https"}, "CONCUR_LISTEN must be host:port"},
		"with the internal endpoint on every host": {map[string]string{"CONCUR_INTERNAL_LISTEN": ":8081"}, "CONCUR_INTERNAL_LISTEN is not a loopback address"},
		"with the internal endpoint outside":       {map[string]string{"CONCUR_INTERNAL_LISTEN": "10.0.0.1:8081"}, "CONCUR_INTERNAL_LISTEN is not a loopback address"},
		"with half of an internal certificate":     {map[string]string{"CONCUR_INTERNAL_TLS_CERT": "c"}, "CONCUR_INTERNAL_TLS_KEY is required"},
		"with internal TLS and plain HTTP":         {map[string]string{"CONCUR_INTERNAL_TLS_CERT": "c", "CONCUR_INTERNAL_TLS_KEY": "k", "CONCUR_INTERNAL_PLAIN_HTTP": "1"}, "CONCUR_INTERNAL_PLAIN_HTTP contradicts"},
		"with a notify path without a slash":       {map[string]string{"CONCUR_NOTIFY_PATH": "notify"}, "CONCUR_NOTIFY_PATH must be a path"},
		"with an unknown level":                    {map[string]string{"CONCUR_LOG_LEVEL": "loud"}, "CONCUR_LOG_LEVEL must be"},
		"with an unknown format":                   {map[string]string{"CONCUR_LOG_FORMAT": "xml"}, "CONCUR_LOG_FORMAT must be"},
		"with an unprintable task queue":           {map[string]string{"CONCUR_TASK_QUEUE": "a\x01"}, "CONCUR_TASK_QUEUE must be"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, goodIngress, c.set)
			_, _, err := config.LoadIngress()
			require.ErrorContains(t, err, c.says)
			for _, value := range c.set {
				if len(value) > 7 { // short ones are words of the sentences
					require.NotContains(t, err.Error(), value)
				}
			}
		})
	}
}

func TestTheInternalListener(t *testing.T) {
	for _, set := range []map[string]string{
		{"CONCUR_INTERNAL_LISTEN": "localhost:0"},
		{"CONCUR_INTERNAL_LISTEN": "[::1]:8081"},
		{"CONCUR_INTERNAL_LISTEN": ":8081", "CONCUR_INTERNAL_PLAIN_HTTP": "true"},
		{"CONCUR_INTERNAL_LISTEN": ":8081", "CONCUR_INTERNAL_TLS_CERT": "c", "CONCUR_INTERNAL_TLS_KEY": "k"},
	} {
		environment(t, goodIngress, set)
		_, _, err := config.LoadIngress()
		require.NoError(t, err, "%v", set)
		environment(t, goodWorker, set)
		_, _, err = config.LoadWorker()
		require.NoError(t, err, "%v", set)
	}
}

func TestTheListenerForApprovers(t *testing.T) {
	environment(t, goodIngress, nil)
	in, _, err := config.LoadIngress()
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8083", in.ApprovalsListen)
	for _, set := range []map[string]string{
		{"CONCUR_APPROVALS_LISTEN": ":8083", "CONCUR_APPROVALS_PLAIN_HTTP": "true"},
		{"CONCUR_APPROVALS_LISTEN": ":8083", "CONCUR_APPROVALS_TLS_CERT": "c", "CONCUR_APPROVALS_TLS_KEY": "k"},
		{"CONCUR_APPROVALS_URL": "https://approvals.example.com"},
	} {
		environment(t, goodIngress, set)
		_, _, err := config.LoadIngress()
		require.NoError(t, err, "%v", set)
	}
	for says, set := range map[string]map[string]string{
		"CONCUR_APPROVALS_LISTEN is not a loopback address": {"CONCUR_APPROVALS_LISTEN": ":8083"},
		"CONCUR_APPROVALS_TLS_KEY is required":              {"CONCUR_APPROVALS_TLS_CERT": "c"},
		"CONCUR_APPROVALS_PLAIN_HTTP contradicts":           {"CONCUR_APPROVALS_TLS_CERT": "c", "CONCUR_APPROVALS_TLS_KEY": "k", "CONCUR_APPROVALS_PLAIN_HTTP": "1"},
	} {
		environment(t, goodIngress, set)
		_, _, err := config.LoadIngress()
		require.ErrorContains(t, err, says)
	}
}

func TestWorkerIsRefused(t *testing.T) {
	for name, value := range map[string]string{
		"CONCUR_RULES":               "",
		"CONCUR_REFRESH_TOKEN":       "",
		"CONCUR_TOKEN_WARNING":       "0s",
		"CONCUR_AUTH_SCHEME":         "bearer",
		"CONCUR_TRUSTED_HOSTS":       "https://www.concursolutions.com",
		"CONCUR_CA_FILE":             "/nowhere/at/all",
		"CONCUR_FACT_HOSTS":          "https://erp.example.com/facts",
		"CONCUR_FACT_SECRET":         "c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=",
		"CONCUR_FACT_TIMEOUT":        "61s",
		"CONCUR_MAX_REPORT_BYTES":    "3000000",
		"CONCUR_REQUESTS_PER_SECOND": "NaN",
		"CONCUR_SWEEP_MODE":          "sometimes",
		"CONCUR_SWEEP_INTERVAL":      "1s",
		"CONCUR_SWEEP_SHARE":         "1",
		"CONCUR_MISSED_AFTER":        "0s",
		"CONCUR_REQUEST_TIMEOUT":     "0s",
		"CONCUR_HEARTBEAT_TIMEOUT":   "-1s",
		"CONCUR_RETRY_INTERVAL":      "soon",
		"CONCUR_RETRY_MAX_INTERVAL":  "1s",
		"CONCUR_OUTAGE_DELAY":        "5",
		"CONCUR_UNAUTHORIZED_DELAY":  "0s",
		"CONCUR_REREAD_DELAY":        "0s",
		"CONCUR_PARKED_RETRY_DELAYS": "1h,0s",
		"CONCUR_INTERNAL_LISTEN":     "0.0.0.0:8082",
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, goodWorker, map[string]string{name: value})
			_, _, err := config.LoadWorker()
			require.ErrorContains(t, err, strings.TrimSuffix(name, "_FILE")+" ")
			require.NotContains(t, err.Error(), "\n", "one problem, one line")
		})
	}
	for secret, says := range map[string]string{
		"whsec_c2hvcnQ=": "CONCUR_FACT_SECRET_2 must be whsec_", "whsec_%%%": "CONCUR_FACT_SECRET_2 must be whsec_",
		"whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=": "CONCUR_FACT_SECRET is required when CONCUR_FACT_SECRET_2 is set",
	} {
		environment(t, goodWorker, map[string]string{"CONCUR_FACT_SECRET_2": secret})
		_, _, err := config.LoadWorker()
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), strings.TrimPrefix(secret, "whsec_"))
	}
	for _, base := range []string{
		"http://us2.api.concursolutions.com", "us2.api.concursolutions.com", "https://", "https:/one.slash.example",
		"https://user@host.example", "https://host.example/path", "https://host.example?q=1", "https://*.example", "https://a b",
	} {
		environment(t, goodWorker, map[string]string{"CONCUR_GEOLOCATION": base})
		_, _, err := config.LoadWorker()
		require.ErrorContains(t, err, "CONCUR_GEOLOCATION must be a base URL", base)
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	environment(t, map[string]string{"CONCUR_LOG_LEVEL": "loud", "CONCUR_PLAIN_HTTP": "perhaps"})
	_, _, err := config.LoadIngress()
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 5)
	for _, line := range lines {
		require.Regexp(t, `^CONCUR_[A-Z0-9_]+ `, line)
	}
}

func TestFiles(t *testing.T) {
	t.Run("a file gives the value without its last newline", func(t *testing.T) {
		environment(t, goodIngress, map[string]string{
			"CONCUR_CALLOUT_PASSWORD": "", "CONCUR_CALLOUT_PASSWORD_FILE": file(t, " a b c d e \r\n"),
			"CONCUR_TLS_CERT": "", "CONCUR_TLS_CERT_FILE": file(t, "/path/in/a/file\n"),
		})
		cfg, unknown, err := config.LoadIngress()
		require.NoError(t, err)
		require.Empty(t, unknown)
		require.Equal(t, " a b c d e ", cfg.CalloutPassword.Reveal())
		require.Equal(t, "/path/in/a/file", cfg.TLSCert)
		require.Empty(t, os.Getenv("CONCUR_CALLOUT_PASSWORD"), "nothing is left in the environment")
	})
	t.Run("only one newline is cut", func(t *testing.T) {
		environment(t, goodIngress, map[string]string{
			"CONCUR_CALLOUT_PASSWORD": "", "CONCUR_CALLOUT_PASSWORD_FILE": file(t, "correct-horse\n\n"),
		})
		_, _, err := config.LoadIngress()
		require.ErrorContains(t, err, "CONCUR_CALLOUT_PASSWORD must be a text without control characters")
	})
	t.Run("a byte order mark before a value is not of it", func(t *testing.T) {
		environment(t, goodIngress, map[string]string{
			"CONCUR_CALLOUT_PASSWORD": "", "CONCUR_CALLOUT_PASSWORD_FILE": "\uFEFF" + file(t, "\uFEFFcorrect-horse\r\n"),
			"CONCUR_CALLOUT_USER": "\uFEFFcallout-user", "CONCUR_LOG_LEVEL": "\uFEFFdebug", "CONCUR_TASK_QUEUE": "\uFEFFqueue",
		})
		cfg, unknown, err := config.LoadIngress()
		require.NoError(t, err)
		require.Empty(t, unknown)
		require.Equal(t, "correct-horse", cfg.CalloutPassword.Reveal())
		require.Equal(t, "callout-user", cfg.CalloutUser.Reveal())
		require.Equal(t, "debug", cfg.LogLevel)
		require.Equal(t, "queue", cfg.TaskQueue)
	})
	t.Run("for every variable", func(t *testing.T) {
		marked := map[string]string{}
		for name, value := range goodWorker {
			marked[name] = "\uFEFF" + value
		}
		environment(t, marked)
		cfg, _, err := config.LoadWorker()
		require.NoError(t, err)
		environment(t, goodWorker)
		want, _, err := config.LoadWorker()
		require.NoError(t, err)
		require.Equal(t, want, cfg)
	})
	t.Run("a file of a mark alone is empty, and one in UTF-16 says so", func(t *testing.T) {
		environment(t, goodIngress, map[string]string{"CONCUR_APPROVERS_FILE": file(t, "\uFEFF\r\n")})
		_, _, err := config.LoadIngress()
		require.ErrorContains(t, err, "is empty")
		environment(t, goodIngress, map[string]string{"CONCUR_APPROVERS_FILE": file(t, "\xff\xfea\x00")})
		_, _, err = config.LoadIngress()
		require.ErrorContains(t, err, "it is in UTF-16: save it as UTF-8")
	})
	t.Run("both are an error", func(t *testing.T) {
		environment(t, goodIngress, map[string]string{"CONCUR_CALLOUT_USER_FILE": file(t, "another-user")})
		_, _, err := config.LoadIngress()
		require.EqualError(t, err, "CONCUR_CALLOUT_USER and CONCUR_CALLOUT_USER_FILE are both set: give one of them")
	})
	for name, path := range map[string]string{
		"missing":   filepath.Join(t.TempDir(), "missing"),
		"empty":     file(t, "\n"),
		"too large": file(t, strings.Repeat("x", 70000)),
		"binary":    file(t, "a\x00b"),
		"a folder":  t.TempDir(),
	} {
		t.Run("a file that is "+name+" is named with its variable", func(t *testing.T) {
			environment(t, goodIngress, map[string]string{"CONCUR_APPROVERS_FILE": path})
			_, _, err := config.LoadIngress()
			require.ErrorContains(t, err, "CONCUR_APPROVERS cannot be read: CONCUR_APPROVERS_FILE: ")
			require.ErrorContains(t, err, path)
		})
	}
}

func TestVariablesWithoutThePrefixAreNotRead(t *testing.T) {
	environment(t, goodIngress)
	t.Setenv("LISTEN", ":1")
	t.Setenv("APPROVERS", "/tmp/x")
	cfg, _, err := config.LoadIngress()
	require.NoError(t, err)
	require.Equal(t, ":8443", cfg.Listen)
	require.Empty(t, cfg.Approvers)
}

func TestASecretNeverPrints(t *testing.T) {
	const text = "do-not-print-me"
	s := config.NewSecret(text)
	holder := struct {
		Open   config.Secret
		hidden config.Secret
	}{s, s}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "in", holder)
	asJSON, err := json.Marshal(map[string]any{"s": s, "h": holder, "p": &s})
	require.NoError(t, err)
	printed := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed += fmt.Sprintf(verb+verb+verb, s, &s, holder)
	}
	printed += fmt.Errorf("wrapped: %v", s).Error()
	require.NotContains(t, printed, text)
	require.NotContains(t, printed, fmt.Sprintf("%x", text))
	require.Contains(t, printed, "[secret]")
	require.Equal(t, text, s.Reveal())
	require.Empty(t, config.Secret{}.Reveal())
}
