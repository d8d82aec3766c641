package config_test

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go/ast"
	"strconv"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

// ignored loads the configuration and returns why each ignored variable is ignored.
func ignored(t *testing.T, set map[string]string) map[string]string {
	t.Helper()
	environment(t, goodIngress, goodWorker, set)
	_, ofIngress, err := config.LoadIngress()
	require.NoError(t, err)
	_, ofWorker, err := config.LoadWorker()
	require.NoError(t, err)
	require.Equal(t, ofIngress, ofWorker)
	found := map[string]string{}
	for _, v := range ofIngress {
		found[v.Name] = v.Why
	}
	return found
}

func TestAVariableWithASlipIsNamedWithTheOneThatIsMeant(t *testing.T) {
	for name, meant := range map[string]string{
		"TEMPORAL_HOST_PORT":                    "TEMPORAL_ADDRESS",
		"TEMPORAL_ADRESS":                       "TEMPORAL_ADDRESS",
		"TEMPORAL_ADDR":                         "TEMPORAL_ADDRESS",
		"TEMPORAL_HOST":                         "TEMPORAL_ADDRESS",
		"TEMPORAL_FRONTEND_ADDRESS":             "TEMPORAL_ADDRESS",
		"TEMPORAL_CLI_ADDRESS":                  "TEMPORAL_ADDRESS",
		"TEMPORAL_GRPC_ENDPOINT":                "TEMPORAL_ADDRESS",
		"TEMPORAL_NAMESPCE":                     "TEMPORAL_NAMESPACE",
		"TEMPORAL_NAME_SPACE":                   "TEMPORAL_NAMESPACE",
		"TEMPORAL_APIKEY":                       "TEMPORAL_API_KEY",
		"TEMPORAL_API_KEYS":                     "TEMPORAL_API_KEY",
		"TEMPORAL_TSL":                          "TEMPORAL_TLS",
		"TEMPORAL_TLS_CERT":                     "TEMPORAL_TLS_CLIENT_CERT_PATH",
		"TEMPORAL_TLS_KEY":                      "TEMPORAL_TLS_CLIENT_KEY_PATH",
		"TEMPORAL_TLS_CA":                       "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
		"TEMPORAL_TLS_SERVERNAME":               "TEMPORAL_TLS_SERVER_NAME",
		"TEMPORAL_TLS_DISABLE_HOST_VERFICATION": "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION",
		"TEMPORAL_TASK_QUEUE":                   "CONCUR_TASK_QUEUE",
		"TEMPRAL_ADDRESS":                       "TEMPORAL_ADDRESS",
		"temporal_address":                      "TEMPORAL_ADDRESS",
		"CONCUR_TASK_QEUE":                      "CONCUR_TASK_QUEUE",
		"CONCUR_TASKQUEUE":                      "CONCUR_TASK_QUEUE",
		"CONCUR_GEOLOCATOIN":                    "CONCUR_GEOLOCATION",
		"CONCUR_CLIENT_SECRETS":                 "CONCUR_CLIENT_SECRET",
		"CONCURR_WRITES":                        "CONCUR_WRITES",
		"concur_writes":                         "CONCUR_WRITES",
		"CONCUR_DRY_RUN":                        "CONCUR_WRITES",
		"CONCUR_TEMPORAL_ADDRESS":               "TEMPORAL_ADDRESS",
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, map[string]string{name: "is unknown and ignored; did you mean " + meant + "?"}, ignored(t, map[string]string{name: "secret-of-the-test"}))
		})
	}
}

func TestAVariableOfNobodysIsNamedAlone(t *testing.T) {
	for _, name := range []string{"CONCUR_SERVICE_HOST", "CONCUR_PORT_443_TCP", "TEMPORAL_SERVICE_HOST", "TEMPORAL_FRONTEND_PORT_7233_TCP_PROTO"} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, map[string]string{name: "is unknown and ignored"}, ignored(t, map[string]string{name: "tcp://10.0.0.7:443"}))
		})
	}
}

func TestAVariableThatHasNoEffectIsNamed(t *testing.T) {
	require.Equal(t, map[string]string{"TEMPORAL_API_KEY_FILE": "is unknown and ignored: Temporal's variables have no _FILE form; set TEMPORAL_API_KEY"},
		ignored(t, map[string]string{"TEMPORAL_API_KEY_FILE": "/run/secrets/key"}))
	codec := ignored(t, map[string]string{"TEMPORAL_CODEC_ENDPOINT": "http://127.0.0.1:1", "TEMPORAL_CODEC_AUTH": "secret-of-the-test"})
	require.Len(t, codec, 2)
	require.Contains(t, codec["TEMPORAL_CODEC_ENDPOINT"], "has no effect")
	require.Equal(t, map[string]string{"TEMPORAL_TLS_SERVER_NAME": "has no effect, because TEMPORAL_TLS switches TLS off"},
		ignored(t, map[string]string{"TEMPORAL_TLS": "false", "TEMPORAL_TLS_SERVER_NAME": "temporal.example.com"}))
}

func TestNothingIsSaidOfVariablesThatAreReadOrAreNotOurs(t *testing.T) {
	require.Empty(t, ignored(t, map[string]string{
		"TEMPORAL_ADDRESS": "temporal.example.com:7233", "TEMPORAL_NAMESPACE": "finance", "TEMPORAL_TLS": "true", "TEMPORAL_TLS_SERVER_NAME": "x",
		"TEMPORAL_GRPC_META_X_TEAM": "finance", "CONCUR_TASK_QUEUE": "own", "CONCUR_WRITES_FILE": file(t, "off\n"),
		"CONCURRENT_REQUESTS": "5", "CONCURRENCY_WRITES": "x", "TEMP_ADDRESS": "x", "ADDRESS": "x", "TASK_QUEUE": "x",
	}))
}

// TestTheVariablesOfTemporalAreThoseOfItsPackage reads the package of the SDK.
func TestTheVariablesOfTemporalAreThoseOfItsPackage(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk/contrib/envconfig").Output()
	require.NoError(t, err)
	packages, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "client_config_load.go"), nil, 0)
	require.NoError(t, err)
	whole := regexp.MustCompile(`^TEMPORAL_[A-Z_]*[A-Z]$`)
	var read []string
	ast.Inspect(packages, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if name, err := strconv.Unquote(literal.Value); err == nil && whole.MatchString(name) && !slices.Contains(read, name) {
				read = append(read, name)
			}
		}
		return true
	})
	require.ElementsMatch(t, config.TemporalVariables, read)
}
