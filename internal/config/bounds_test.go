package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

// absurd are values that no deployment means.
var absurd = map[string][]string{
	"CONCUR_TASK_QUEUE":            {" x ", "x ", "\tx", "a\nb", "\u00a0x", "x\u200b", "a\xff", "/_sys/x", strings.Repeat("x", 201)},
	"CONCUR_LOG_LEVEL":             {" info", "INFO"},
	"CONCUR_LOG_FORMAT":            {"json ", "text\n"},
	"CONCUR_INTERNAL_LISTEN":       {" 127.0.0.1:1", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "127.0.0.1: 1"},
	"CONCUR_INTERNAL_PLAIN_HTTP":   {"yes", " true", "2"},
	"CONCUR_APPROVALS_PLAIN_HTTP":  {"yes", " true", "2"},
	"CONCUR_MAX_CONNECTIONS":       {"0", "-1", "7", "100001", "1.5", "99999999999999999999"},
	"CONCUR_GEOLOCATION":           {" https://us2.api.concursolutions.com", "https://us2.api.concursolutions.com\n", "https://us2.api.concursolutions.com:0", "https://us2.api.concursolutions.com:99999"},
	"CONCUR_CLIENT_ID":             {" id", "id\n", "i\x7f"},
	"CONCUR_CLIENT_SECRET":         {"secret ", "sec\tret", "sec\ufeffret"},
	"CONCUR_CLIENT_SECRET_2":       {"secret\r"},
	"CONCUR_REFRESH_TOKEN":         {" token", "token\n"},
	"CONCUR_TRUSTED_HOSTS":         {"a b", "a,,b", "*.example", "a:0", "a:99999", "a\u202eb"},
	"CONCUR_CA":                    {" /ca.pem", "/ca.pem\n"},
	"CONCUR_RULES":                 {"/rules.yaml ", "/ru\x01les"},
	"CONCUR_MAX_REPORT_BYTES":      {"0", "-1", "1", "2097153", "99999999999999999999", "1e6", "NaN"},
	"CONCUR_RULES_RELOAD_INTERVAL": {"-1s", "1ns", "25h", "10", " 10s"},
	"CONCUR_TOKEN_FILE":            {"/token ", "/to\nken"},
	"CONCUR_TOKEN_WARNING":         {"0s", "-1h", "1ns", "9999h", "30d"},
	"CONCUR_AUTH_SCHEME":           {"Bearer ", "Basic"},
	"CONCUR_FACT_HOSTS":            {"a b", "a:0", ","},
	"CONCUR_FACT_TIMEOUT":          {"0s", "-1s", "1ns", "61s", "2562047h"},
	"CONCUR_FACT_CA":               {"ca.pem "},
	"CONCUR_MESSAGES":              {" /notify.yaml", "/notify.yaml\n"},
	"CONCUR_MESSAGE_HOSTS":         {"a b", "a:0", ",", "https://a"},
	"CONCUR_MESSAGE_CA":            {"ca.pem "},
	"CONCUR_APPROVALS_URL":         {"approvals.example.com", "http://approvals.example.com", "https://", "https://a@b", "https://b?c", "https://b#c", " https://b", "https://b:0"},
	"CONCUR_RECORD_FILE":           {"record.jsonl "},
	"CONCUR_RECORD_URL":            {"archive.example.com", "http://archive.example.com", "https://a b", "https://u:p@archive.example.com", "https://archive.example.com#x"},
	"CONCUR_RECORD_SECRET":         {" whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=", "secret"},
	"CONCUR_RECORD_SECRET_2":       {"whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=\n"},
	"CONCUR_RECORD_CA":             {"ca.pem "},
	"CONCUR_INTERFACE":             {"v4 ", "V4", "v3"},
	"CONCUR_FALLBACK":              {"on"},
	"CONCUR_READ_STEPS":            {"on"},
	"CONCUR_STEP_GUARD":            {" none", "none\n"},
	"CONCUR_REQUESTS_PER_SECOND":   {"0", "-1", "1e-9", "1e9", "NaN", "Inf", "-Inf", "20/s"},
	"CONCUR_CACHED_RUNS":           {"0", "-1", "999999999", "1.5"},
	"CONCUR_WRITES":                {"ON", "on ", "true"},
	"CONCUR_TEST_USERS":            {"a,,b", "a\u0007"},
	"CONCUR_REPORT_URL":            {"http://a/{reportId}", "https://a/", "https://a/{requestId}", "https://{reportId}/", "https://a/{reportId}/{x}", "https://a@b/{reportId}", "https://b/#{reportId}", "https://b?{reportId}@c:x/", "None", " https://b/{reportId}"},
	"CONCUR_REQUEST_URL":           {"javascript:{requestId}", "https://a/{reportId}", "//a/{requestId}"},
	"CONCUR_SENDBACK_LIMIT":        {"-1", "5001", "1.5"},
	"CONCUR_SENDBACK_SHARE_LIMIT":  {"-0.1", "1", "1e-9", "NaN", "Inf", "30%"},
	"CONCUR_AMBIGUOUS_STEPS":       {"Park", "ask", "refuse"},
	"CONCUR_OWN_STEPS":             {"All", "all,announced", "policy:", "event", "announced,", "policy:\u0007"},
	"CONCUR_SWEEP_MODE":            {"act ", "Act", "on"},
	"CONCUR_SWEEP_INTERVAL":        {"0s", "-15m", "1ns", "1s", "9999ms", "8760h", "15"},
	"CONCUR_MISSED_AFTER":          {"0s", "-1h", "1ns", "99999h"},
	"CONCUR_SWEEP_SHARE":           {"0", "1", "-1", "1e-9", "0.999999", "NaN"},
	"CONCUR_REQUEST_TIMEOUT":       {"0s", "-1s", "1ns", "1ms", "24h"},
	"CONCUR_HEARTBEAT_TIMEOUT":     {"0s", "-1s", "1ns", "24h"},
	"CONCUR_RETRY_INTERVAL":        {"0s", "-1s", "1ns", "48h"},
	"CONCUR_RETRY_MAX_INTERVAL":    {"0s", "-1s", "1ns", "1s", "99999h"},
	"CONCUR_OUTAGE_DELAY":          {"0s", "-1s", "1ns", "99999h"},
	"CONCUR_UNAUTHORIZED_DELAY":    {"0s", "-1s", "1ns", "99999h"},
	"CONCUR_REREAD_DELAY":          {"0s", "-1s", "1ns", "99999h"},
	"CONCUR_WRITE_CHECK_DELAY":     {"0s", "-1s", "1ns", "99999h"},
	"CONCUR_EVENT_TYPE_DELAY":      {"0s", "-1s", "1ns", "99999h"},
	"CONCUR_CONFIRM_DELAY":         {"0s", "-1s", "1ns", "99999h"},
	"CONCUR_WRITE_VISIBLE_WITHIN":  {"0s", "-1s", "1ns", "61m"},
	"CONCUR_READ_AGAIN_AFTER":      {"-1s", "99999h", "25h"},
	"CONCUR_PARKED_RETRY_DELAYS":   {"0s", "1h,-1s", "1ns", "99999h", ",", "1h,,2h", strings.Repeat("1h,", 20) + "1h"},

	// Of the ingress.
	"CONCUR_LISTEN":              {" :8443", ":65536", ":x", "8443"},
	"CONCUR_NOTIFY_PATH":         {"notify", " /notify", "/notify ", "/not\nify"},
	"CONCUR_CALLOUT_USER":        {"user\nuser-user", "user\ufeffuser-user"},
	"CONCUR_CALLOUT_PASSWORD":    {"pass\x01word-word"},
	"CONCUR_CALLOUT_USER_2":      {"user\tuser-user"},
	"CONCUR_CALLOUT_PASSWORD_2":  {"pass\rword-word"},
	"CONCUR_TLS_CERT":            {"/tls.crt "},
	"CONCUR_TLS_KEY":             {"/tls.key\n"},
	"CONCUR_PLAIN_HTTP":          {"TRUE?"},
	"CONCUR_APPROVERS":           {" /approvers"},
	"CONCUR_APPROVER_GROUPS":     {",", "a,,b"},
	"CONCUR_OIDC_ISSUER":         {"login.example.com", "http://login.example.com", "https://user@login.example.com", "https://x/?q", "https://x/#f", "https://"},
	"CONCUR_OIDC_CLIENT_ID":      {" id"},
	"CONCUR_OIDC_CLIENT_SECRET":  {"secret\n"},
	"CONCUR_OIDC_AUDIENCE":       {" audience"},
	"CONCUR_OIDC_SCOPES":         {"email\tx"},
	"CONCUR_OIDC_LOGIN_CLAIM":    {" email"},
	"CONCUR_OIDC_GROUP_CLAIM":    {"groups "},
	"CONCUR_OIDC_CA":             {"/ca.pem "},
	"CONCUR_PROXY_USER_HEADER":   {"X User", "Authorization", "x-forwarded-for"},
	"CONCUR_PROXY_GROUP_HEADER":  {"X-Groups "},
	"CONCUR_PROXY_SECRET_HEADER": {" X"},
	"CONCUR_PROXY_SECRET":        {" secret"},
	"CONCUR_PROXY_SECRET_2":      {"secret "},
	"CONCUR_PROXY_CA":            {" /ca.pem"},
	"CONCUR_PROXY_NAMES":         {"a\x01"},
	"CONCUR_SEAL_KEYS_FILE":      {"/seal-keys "},
	"CONCUR_INTERNAL_TLS_CERT":   {"/tls.crt "},
	"CONCUR_APPROVALS_TLS_CERT":  {"/tls.crt "},
	"CONCUR_APPROVALS_TLS_KEY":   {" /tls.key"},
	"CONCUR_APPROVALS_LISTEN":    {" 127.0.0.1:1", "127.0.0.1:65536", "127.0.0.1:http"},
	"CONCUR_INTERNAL_TLS_KEY":    {" /tls.key"},
	"CONCUR_FACT_SECRET":         {" whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="},
	"CONCUR_FACT_SECRET_2":       {"whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=\n"},

	// Of concurctl.
	"CONCUR_REQUEST_TOKEN": {" token", "token\n"},
}

func TestNoVariableTakesAnAbsurdValue(t *testing.T) {
	for _, variable := range config.Table() {
		require.NotEmpty(t, absurd[variable.Name], "%s has no absurd value in this test", variable.Name)
		for _, value := range absurd[variable.Name] {
			environment(t, goodIngress, goodWorker, map[string]string{
				"CONCUR_CALLOUT_USER_2": "second-user", "CONCUR_CALLOUT_PASSWORD_2": "second-password",
				"CONCUR_FACT_SECRET": "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU=",
			}, map[string]string{variable.Name: value})
			var err error
			switch variable.Programs[0] {
			case "ingress":
				_, _, err = config.LoadIngress()
			case "worker":
				_, _, err = config.LoadWorker()
			default:
				_, err = config.LoadConcurctl()
			}
			require.ErrorContains(t, err, variable.Name+" must", "%q", value)
		}
	}
}

func TestACalloutPasswordMayBeginAndEndWithASpace(t *testing.T) {
	environment(t, goodIngress, map[string]string{"CONCUR_CALLOUT_PASSWORD": " correct horse "})
	cfg, _, err := config.LoadIngress()
	require.NoError(t, err)
	require.Equal(t, " correct horse ", cfg.CalloutPassword.Reveal())
}

func TestATemporalValueThatTheSDKWouldPassOverIsRefused(t *testing.T) {
	settingsFile := file(t, "[profile.default]\naddress = \"127.0.0.1:1\"\n")
	for says, set := range map[string]map[string]string{
		"TEMPORAL_TLS must be true or false":                                             {"TEMPORAL_TLS": "maybe"},
		"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION must be true or false":                   {"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION": "no"},
		"TEMPORAL_ADDRESS must not begin or end with a space":                            {"TEMPORAL_ADDRESS": "temporal.example.com:7233 "},
		"TEMPORAL_NAMESPACE must not begin or end with a space":                          {"TEMPORAL_NAMESPACE": " finance"},
		"TEMPORAL_API_KEY must be a text without control characters":                     {"TEMPORAL_API_KEY": "key-of-the-test\n"},
		"TEMPORAL_PROFILE needs TEMPORAL_CONFIG_FILE":                                    {"TEMPORAL_PROFILE": "prod"},
		"TEMPORAL_CONFIG_FILE cannot be read: stat /nowhere/at/all: no such file or dir": {"TEMPORAL_CONFIG_FILE": "/nowhere/at/all"},
	} {
		environment(t, goodIngress, set)
		_, _, err := config.LoadIngress()
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "key-of-the-test")
		environment(t, goodWorker, set)
		_, _, err = config.LoadWorker()
		require.ErrorContains(t, err, says)
	}
	environment(t, goodIngress, map[string]string{
		"TEMPORAL_TLS": "True", "TEMPORAL_ADDRESS": "dns:///temporal.example.com:7233", "TEMPORAL_PROFILE": "prod", "TEMPORAL_CONFIG_FILE": settingsFile,
		"TEMPORAL_TLS_CLIENT_CERT_DATA": "-----BEGIN CERTIFICATE-----\n",
	})
	_, _, err := config.LoadIngress()
	require.NoError(t, err)
}
