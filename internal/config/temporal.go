package config

import (
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	temporalPrefix = "TEMPORAL_"
	temporalMeta   = "TEMPORAL_GRPC_META_" // any name may follow
)

// temporalVariables are the variables that the Temporal SDK reads. A test compares them with
// the SDK.
//
// Source: https://pkg.go.dev/go.temporal.io/sdk/contrib/envconfig
var temporalVariables = []string{
	"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_CLIENT_AUTHORITY",
	"TEMPORAL_TLS", "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_DATA",
	"TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_CLIENT_KEY_DATA",
	"TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_SERVER_CA_CERT_DATA",
	"TEMPORAL_TLS_SERVER_NAME", "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION",
	"TEMPORAL_CODEC_ENDPOINT", "TEMPORAL_CODEC_AUTH", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE",
}

// otherNames maps likely wrong names, and names from other programs, to the right variable.
var otherNames = map[string]string{
	"TEMPORAL_HOST_PORT":         "TEMPORAL_ADDRESS",
	"TEMPORAL_HOSTPORT":          "TEMPORAL_ADDRESS",
	"TEMPORAL_HOST":              "TEMPORAL_ADDRESS",
	"TEMPORAL_PORT":              "TEMPORAL_ADDRESS",
	"TEMPORAL_URL":               "TEMPORAL_ADDRESS",
	"TEMPORAL_SERVER":            "TEMPORAL_ADDRESS",
	"TEMPORAL_SERVER_URL":        "TEMPORAL_ADDRESS",
	"TEMPORAL_TARGET":            "TEMPORAL_ADDRESS",
	"TEMPORAL_TARGET_HOST":       "TEMPORAL_ADDRESS",
	"TEMPORAL_ENDPOINT":          "TEMPORAL_ADDRESS",
	"TEMPORAL_GRPC_ENDPOINT":     "TEMPORAL_ADDRESS",
	"TEMPORAL_SERVICE_HOST":      "", // set by Kubernetes
	"TEMPORAL_SERVICE_PORT":      "",
	"TEMPORAL_NS":                "TEMPORAL_NAMESPACE",
	"TEMPORAL_TOKEN":             "TEMPORAL_API_KEY",
	"TEMPORAL_CLOUD_API_KEY":     "TEMPORAL_API_KEY",
	"TEMPORAL_CERT":              "TEMPORAL_TLS_CLIENT_CERT_PATH",
	"TEMPORAL_CERT_PATH":         "TEMPORAL_TLS_CLIENT_CERT_PATH",
	"TEMPORAL_CLIENT_CERT":       "TEMPORAL_TLS_CLIENT_CERT_PATH",
	"TEMPORAL_TLS_CERT":          "TEMPORAL_TLS_CLIENT_CERT_PATH",
	"TEMPORAL_TLS_CERT_PATH":     "TEMPORAL_TLS_CLIENT_CERT_PATH",
	"TEMPORAL_KEY":               "TEMPORAL_TLS_CLIENT_KEY_PATH",
	"TEMPORAL_KEY_PATH":          "TEMPORAL_TLS_CLIENT_KEY_PATH",
	"TEMPORAL_CLIENT_KEY":        "TEMPORAL_TLS_CLIENT_KEY_PATH",
	"TEMPORAL_TLS_KEY":           "TEMPORAL_TLS_CLIENT_KEY_PATH",
	"TEMPORAL_TLS_KEY_PATH":      "TEMPORAL_TLS_CLIENT_KEY_PATH",
	"TEMPORAL_CA":                "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
	"TEMPORAL_CA_CERT":           "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
	"TEMPORAL_TLS_CA":            "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
	"TEMPORAL_TLS_CA_CERT":       "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
	"TEMPORAL_TLS_ROOT_CA":       "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
	"TEMPORAL_TLS_ENABLED":       "TEMPORAL_TLS",
	"TEMPORAL_ENABLE_TLS":        "TEMPORAL_TLS",
	"TEMPORAL_USE_TLS":           "TEMPORAL_TLS",
	"TEMPORAL_ENV":               "TEMPORAL_PROFILE",
	"TEMPORAL_CONFIG":            "TEMPORAL_CONFIG_FILE",
	"TEMPORAL_TASK_QUEUE":        "CONCUR_TASK_QUEUE",
	"TEMPORAL_QUEUE":             "CONCUR_TASK_QUEUE",
	"CONCUR_QUEUE":               "CONCUR_TASK_QUEUE",
	"CONCUR_TEMPORAL_TASK_QUEUE": "CONCUR_TASK_QUEUE",
	"CONCUR_TEMPORAL_ADDRESS":    "TEMPORAL_ADDRESS",
	"CONCUR_TEMPORAL_NAMESPACE":  "TEMPORAL_NAMESPACE",
	"CONCUR_NAMESPACE":           "TEMPORAL_NAMESPACE",
	"CONCUR_DRY_RUN":             "CONCUR_WRITES",
	"CONCUR_BASE_URL":            "CONCUR_GEOLOCATION",
	"CONCUR_URL":                 "CONCUR_GEOLOCATION",
}

// uselessVariables maps variables of the Temporal SDK that have no effect in these programs to
// the reason.
func uselessVariables() map[string]string {
	const noCodec = "has no effect: the connector uses no remote codec"
	useless := map[string]string{"TEMPORAL_CODEC_ENDPOINT": noCodec, "TEMPORAL_CODEC_AUTH": noCodec}
	if off := strings.ToLower(variable("TEMPORAL_TLS")); off == "false" || off == "0" {
		for _, name := range temporalVariables {
			if strings.HasPrefix(name, "TEMPORAL_TLS_") {
				useless[name] = "has no effect, because TEMPORAL_TLS switches TLS off"
			}
		}
	}
	return useless
}

// checkTemporal reports values that the Temporal SDK would silently ignore, and texts that
// cannot be an address, a name or a header.
func (p *problems) checkTemporal() {
	for _, name := range []string{"TEMPORAL_TLS", "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"} {
		switch strings.ToLower(variable(name)) {
		case "", "1", "0", "true", "false":
		default:
			p.add(name, "must be true or false")
		}
	}
	for _, name := range temporalVariables {
		if !strings.HasSuffix(name, "_DATA") {
			p.checkText(name, variable(name))
		}
	}
	file := variable("TEMPORAL_CONFIG_FILE")
	if file == "" && variable("TEMPORAL_PROFILE") != "" {
		p.add("TEMPORAL_PROFILE", "needs TEMPORAL_CONFIG_FILE, the path of the file that holds the profile")
	}
	if file != "" {
		if _, err := os.Stat(file); err != nil {
			p.add("TEMPORAL_CONFIG_FILE", "cannot be read: %s", err)
		}
	}
}

// checkText rejects surrounding spaces, control characters and invalid UTF-8. No name, address
// or path needs them, and people overlook them in a file.
func (p *problems) checkText(name, text string) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable):
		p.add(name, "must be a text without control characters")
	case text != strings.TrimSpace(text):
		p.add(name, "must not begin or end with a space")
	}
}

// unprintable reports whether a character is invisible: a control or format character, such as
// a byte order mark.
func unprintable(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
