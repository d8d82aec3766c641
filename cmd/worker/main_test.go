package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary behave as the worker.
const asProgram = "RUN_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	clientSecret = "client-secret-of-the-test"
	refreshToken = "refresh-token-of-the-test"
	factSecret   = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="
	goodRules    = "apiVersion: concur-connector/v1\napproveAll: true\nrules: []\n"
)

// good is a configuration that works, with no Temporal behind it.
func good(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"CONCUR_INTERNAL_LISTEN": "127.0.0.1:0",
		"CONCUR_GEOLOCATION":     "https://us2.api.concursolutions.com",
		"CONCUR_CLIENT_ID":       "client",
		"CONCUR_CLIENT_SECRET":   clientSecret,
		"CONCUR_REFRESH_TOKEN":   refreshToken,
		"CONCUR_RULES":           file(t, "rules.yaml", goodRules),
		"TEMPORAL_ADDRESS":       "127.0.0.1:1",
	}
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// outcome is the exit code and the output of the program.
type outcome struct {
	code      int
	out, errs string
}

// play runs the worker with these arguments and these settings only, until it ends. An empty
// value removes a setting.
func play(t *testing.T, settings []map[string]string, args ...string) outcome {
	t.Helper()
	cmd := prepared(t, settings, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // how it ended is read from its state
	require.GreaterOrEqual(t, cmd.ProcessState.ExitCode(), 0, "it did not end: %s", errs.String())
	return outcome{code: cmd.ProcessState.ExitCode(), out: out.String(), errs: errs.String()}
}

// prepared returns the command of the worker with these arguments and exactly these settings.
func prepared(t *testing.T, settings []map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = []string{asProgram + "=1"}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "CONCUR_") && !strings.HasPrefix(entry, "TEMPORAL_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	for _, layer := range settings {
		for name, value := range layer {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

func TestWithoutAConfigurationItNamesEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	ended := play(t, nil)
	require.Equal(t, 1, ended.code)
	require.Empty(t, ended.out)
	require.Contains(t, ended.errs, "worker: the configuration cannot be used:\n")
	for _, name := range []string{
		"CONCUR_GEOLOCATION", "CONCUR_CLIENT_ID", "CONCUR_CLIENT_SECRET", "CONCUR_REFRESH_TOKEN", "CONCUR_RULES",
	} {
		require.Contains(t, ended.errs, "\n"+name+" is required: ")
	}
}

func TestItRefusesToStartAndSaysWhy(t *testing.T) {
	t.Parallel()
	type settings = map[string]string
	slip := file(t, "rules.yaml", "apiVersion: concur-connector/v1\nrules:\n  - name: one\n    level: entry\n"+
		"    expression: entry.receipt\n    message: A receipt is missing.\n    then: {sendBack: true}\n")
	two := file(t, "rules.yaml", "apiVersion: concur-connector/v1\nrules:\n  - name: One\n    level: line\n"+
		"    expression: 'true'\n    message: m\n    then: {sendBack: true}\n")
	asking := file(t, "rules.yaml", "apiVersion: concur-connector/v1\nfacts:\n  open: {level: report, url: 'https://erp.example.com/open', send: {id: report.id}, answer: {ok: bool}}\n"+
		"rules:\n  - name: one\n    level: report\n    expression: facts.open.ok\n    message: It is closed.\n    then: {sendBack: true}\n")
	watched := "apiVersion: concur-connector/v1\nrules:\n  - {name: one, level: entry, expression: entry.hasReceipt, message: m, shadow: true, then: {sendBack: true}}\n"
	noPEM := file(t, "ca.pem", "no certificate\n")
	for name, c := range map[string]struct {
		change settings
		says   []string
	}{
		"two slips of the configuration": {settings{"CONCUR_REQUEST_TIMEOUT": "soon", "CONCUR_LOG_LEVEL": "loud"},
			[]string{"\nCONCUR_REQUEST_TIMEOUT must be ", "\nCONCUR_LOG_LEVEL must be debug, info, warn or error"}},
		"an internal endpoint for everyone": {settings{"CONCUR_INTERNAL_LISTEN": "0.0.0.0:0"}, []string{"CONCUR_INTERNAL_LISTEN is not a loopback address"}},
		"a rules file that is missing":      {settings{"CONCUR_RULES": "/nowhere/rules.yaml"}, []string{"worker: the rules cannot be used:\n", "/nowhere/rules.yaml"}},
		"a rule with an unknown field":      {settings{"CONCUR_RULES": slip}, []string{slip + `:5:22: rule "one": expression: undefined field 'receipt'`}},
		"rules with two slips":              {settings{"CONCUR_RULES": two}, []string{two + ":3:11: ", two + ":4:12: "}},
		"a geolocation that is nobody's": {settings{"CONCUR_GEOLOCATION": "https://concur.example"},
			[]string{`the geolocation names the host "concur.example", which is not on the allow-list`}},
		"certificates that are missing": {settings{"CONCUR_CA": "/nowhere/ca.pem"}, []string{"CONCUR_CA: read certificates: open /nowhere/ca.pem"}},
		"certificates that are none":    {settings{"CONCUR_CA": noPEM}, []string{"CONCUR_CA: " + noPEM + " contains no certificate in PEM form"}},
		"rules that ask, and no secret": {settings{"CONCUR_RULES": asking, "CONCUR_FACT_HOSTS": "erp.example.com"},
			[]string{"worker: the rules cannot be used:\nCONCUR_FACT_SECRET is required: the rules ask the company's own systems for facts\n"}},
		"rules that approve everything": {settings{"CONCUR_RULES": file(t, "rules.yaml", "apiVersion: concur-connector/v1\nrules: []\n")},
			[]string{"worker: the rules cannot be used:\nthere is no rule, so every report would be approved without anybody looking at it; write a rule that acts, or say approveAll: true in the file if that is meant\n"}},
		"rules that are only watched": {settings{"CONCUR_RULES": file(t, "rules.yaml", watched)},
			[]string{"worker: the rules cannot be used:\nno rule for reports can have an effect"}},
		"rules that ask a host that is not allowed": {settings{"CONCUR_RULES": asking, "CONCUR_FACT_HOSTS": "hr.example.com", "CONCUR_FACT_SECRET": factSecret},
			[]string{"worker: the rules cannot be used:\na fact is asked for where it may not be: the host erp.example.com is not an allowed host (CONCUR_FACT_HOSTS)\n"}},
		"certificates of the company that are none": {settings{"CONCUR_FACT_SECRET": factSecret, "CONCUR_FACT_CA": noPEM}, []string{"CONCUR_FACT_CA: " + noPEM + " contains no certificate in PEM form"}},
		"a Temporal setting that cannot be read": {settings{"TEMPORAL_TLS_CLIENT_CERT_PATH": "/nowhere/c", "TEMPORAL_TLS_CLIENT_KEY_PATH": "/nowhere/k"},
			[]string{"read Temporal's TEMPORAL_ variables"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := play(t, []settings{good(t), c.change})
			require.Equal(t, 1, ended.code)
			require.Empty(t, ended.out)
			for _, words := range c.says {
				require.Contains(t, ended.errs, words)
			}
			require.NotContains(t, ended.errs, clientSecret)
			require.NotContains(t, ended.errs, refreshToken)
			require.NotContains(t, ended.errs, factSecret)
			require.NotContains(t, ended.errs, "goroutine ")
		})
	}
}

func TestAWorkerWithoutTemporalIsNotReadyAndEndsWhenItIsTold(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := taken.Addr().String()
	require.NoError(t, taken.Close()) // nobody listens there any more

	cmd := prepared(t, []map[string]string{good(t), {
		"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "finance", "TEMPORAL_HOST_PORT": "elsewhere.example.com:7233", "CONCUR_SERVICE_HOST": "10.0.0.7",
	}})
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var log strings.Builder
	var internal string
	lines := bufio.NewScanner(stderr)
	next := func(msg string) map[string]any {
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
			var line map[string]any
			if json.Unmarshal(lines.Bytes(), &line) == nil && line["msg"] == msg {
				return line
			}
		}
		require.Fail(t, "the worker did not say "+msg, log.String())
		return nil
	}
	where := next("using Temporal")
	require.Equal(t, []any{address, "finance", "concur-connector"}, []any{where["address"], where["namespace"], where["queue"]})
	internal = next("listening")["internal"].(string)
	require.Contains(t, next("Temporal cannot be used yet, trying again")["error"], "reach Temporal: ")
	require.Contains(t, log.String(), "variable TEMPORAL_HOST_PORT is unknown and ignored; did you mean TEMPORAL_ADDRESS?")
	require.Contains(t, log.String(), "variable CONCUR_SERVICE_HOST is unknown and ignored")
	require.NotContains(t, log.String(), "elsewhere.example.com", "no value is logged")

	require.Eventually(t, func() bool { return strings.Contains(get(t, internal, "/readyz"), "503 not ready: reach Temporal: ") }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, "200 alive\n", get(t, internal, "/healthz"))

	began := time.Now()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	next("stopped")
	require.NoError(t, cmd.Wait())
	require.Less(t, time.Since(began), 5*time.Second)
}

// get returns the status and the body of an answer of the internal listener.
func get(t *testing.T, address, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return strconv.Itoa(response.StatusCode) + " " + string(body)
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"the version":            {[]string{"-version"}, "worker ", 0},
		"help":                   {[]string{"-h"}, "-version", 0},
		"an argument too many":   {[]string{"serve"}, `worker: unexpected argument "serve"; everything else is configured by the environment`, 1},
		"a flag that is unknown": {[]string{"-queue=x"}, "flag provided but not defined", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := play(t, nil, c.args...)
			require.Equal(t, c.code, ended.code)
			require.Contains(t, ended.out+ended.errs, c.says)
		})
	}
}
