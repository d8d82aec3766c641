package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
)

// asProgram makes the test binary behave as the ingress.
const asProgram = "RUN_AS_INGRESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	user     = "callout-user"
	password = "pass:with:colons"
)

// good is a configuration that works, without a Temporal behind it.
var good = map[string]string{
	"CONCUR_LISTEN":           "127.0.0.1:0",
	"CONCUR_INTERNAL_LISTEN":  "127.0.0.1:0",
	"CONCUR_APPROVALS_LISTEN": "127.0.0.1:0",
	"CONCUR_CALLOUT_USER":     user,
	"CONCUR_CALLOUT_PASSWORD": password,
	"CONCUR_PLAIN_HTTP":       "true",
	"TEMPORAL_ADDRESS":        "127.0.0.1:1",
}

// prepared returns the command of the ingress with these arguments and exactly these settings; an
// empty value removes one.
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

// running is an ingress that listens.
type running struct {
	public, internal, approvals string
	cmd                         *exec.Cmd
	ended                       chan struct{} // closed when its log has ended

	mu  sync.Mutex
	log bytes.Buffer
}

func (r *running) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// stop asks the program to end and returns what it says.
func (r *running) stop() error {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	<-r.ended
	return r.cmd.Wait()
}

func start(t *testing.T, settings ...map[string]string) *running {
	t.Helper()
	r := &running{cmd: prepared(t, append([]map[string]string{good}, settings...)), ended: make(chan struct{})}
	stderr, err := r.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, r.cmd.Start())
	listening := make(chan struct{})
	go func() {
		defer close(r.ended)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			r.mu.Lock()
			r.log.WriteString(lines.Text() + "\n")
			r.mu.Unlock()
			var line struct{ Msg, Public, Internal, Approvals string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
				r.public, r.internal, r.approvals = line.Public, line.Internal, line.Approvals
				close(listening)
			}
		}
	}()
	t.Cleanup(func() {
		if r.cmd.ProcessState == nil {
			_ = r.stop()
		}
	})
	select {
	case <-listening:
	case <-r.ended:
		require.Fail(t, "the ingress does not listen", r.logged())
	}
	return r
}

const callout = `<Notification><ObjectType>EXPRPT</ObjectType><ObjectURI>https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nX2%Rk$p</ObjectURI></Notification>`

// send sends a request with the credentials of the callout.
func send(t *testing.T, method, url, body string) (status int, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(user, password)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header
}

func TestItRefusesToStartAndSaysWhy(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = busy.Close() })
	_, approving := approverFiles(t)
	broken := filepath.Join(t.TempDir(), "approvers")
	require.NoError(t, os.WriteFile(broken, []byte("anna\n"), 0o600))
	slip := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(slip, []byte("[profile.default]\nadress = \"temporal.example.com:7233\"\n"), 0o600))
	for name, c := range map[string]struct {
		settings map[string]string
		says     string
	}{
		"a short password":                  {map[string]string{"CONCUR_CALLOUT_PASSWORD": "sh0rt-pw"}, "CONCUR_CALLOUT_PASSWORD must be 10 to 49 characters long"},
		"no user":                           {map[string]string{"CONCUR_CALLOUT_USER": ""}, "CONCUR_CALLOUT_USER is required"},
		"half of a second pair":             {map[string]string{"CONCUR_CALLOUT_USER_2": "second-user"}, "CONCUR_CALLOUT_PASSWORD_2 is required"},
		"plain HTTP without the word":       {map[string]string{"CONCUR_PLAIN_HTTP": ""}, "CONCUR_TLS_CERT and CONCUR_TLS_KEY are required"},
		"an internal endpoint for everyone": {map[string]string{"CONCUR_INTERNAL_LISTEN": "0.0.0.0:0"}, "CONCUR_INTERNAL_LISTEN is not a loopback address"},
		"a certificate that is missing":     {map[string]string{"CONCUR_PLAIN_HTTP": "", "CONCUR_TLS_CERT": "/nowhere/c", "CONCUR_TLS_KEY": "/nowhere/k"}, "open the public listener: read the certificate"},
		"approvals for everyone":            {map[string]string{"CONCUR_APPROVALS_LISTEN": "0.0.0.0:0"}, "CONCUR_APPROVALS_LISTEN is not a loopback address"},
		"a port of approvals that is taken": {map[string]string{"CONCUR_APPROVALS_LISTEN": busy.Addr().String()}, "open the approvals listener: listen on"},
		"a port that is taken":              {map[string]string{"CONCUR_INTERNAL_LISTEN": busy.Addr().String()}, "open the internal listener: listen on"},
		"an approvers' file with a slip": {map[string]string{"CONCUR_APPROVERS": broken, "CONCUR_SEAL_KEYS_FILE": approving["CONCUR_SEAL_KEYS_FILE"]},
			broken + ":1:1: the file must be a mapping"},
		"seal keys with a slip": {map[string]string{"CONCUR_APPROVERS": approving["CONCUR_APPROVERS"], "CONCUR_SEAL_KEYS_FILE": broken},
			broken + ":1: the key must be ccs_"},
		"approvers without a seal key": {map[string]string{"CONCUR_APPROVERS": broken}, "CONCUR_SEAL_KEYS_FILE is required when CONCUR_APPROVERS is set"},
		"a Temporal file with a slip":  {map[string]string{"TEMPORAL_CONFIG_FILE": slip}, "profile.default.adress"},
		"a Temporal file that is away": {map[string]string{"TEMPORAL_CONFIG_FILE": "/nowhere/temporal.toml"}, "TEMPORAL_CONFIG_FILE cannot be read: "},
		"a notify path that cannot be": {map[string]string{"CONCUR_NOTIFY_PATH": "/a?b"}, "the notify path must be a plain path"},
		"a Temporal setting that cannot be read": {map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": "/nowhere/c", "TEMPORAL_TLS_CLIENT_KEY_PATH": "/nowhere/k"},
			"read Temporal's TEMPORAL_ variables"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := prepared(t, []map[string]string{good, c.settings}).CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 1, exit.ExitCode())
			require.Contains(t, string(out), c.says)
			require.NotContains(t, string(out), password)
			require.NotContains(t, string(out), "sh0rt-pw")
		})
	}
}

func TestWithoutTemporalNothingIsTakenAndItIsNotReady(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"CONCUR_SERVICE_HOST": "10.0.0.7", "TEMPORAL_ADRESS": "temporal.example.com:7233", "TEMPORAL_NAMESPACE": "finance"})
	status, header := send(t, http.MethodPost, "http://"+r.public+"/concur/v1.0/notify", callout)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "60", header.Get("Retry-After"))
	for url, want := range map[string]int{
		r.public + "/system/v1.0/testconnection": http.StatusOK,
		r.public + "/healthz":                    http.StatusNotFound,
		r.internal + "/healthz":                  http.StatusOK,
		r.internal + "/readyz":                   http.StatusServiceUnavailable,
		r.internal + "/concur/v1.0/notify":       http.StatusNotFound,
		r.internal + "/api/tasks":                http.StatusNotFound,
		r.internal + "/openapi.yaml":             http.StatusNotFound,
		r.approvals + "/api/tasks":               http.StatusServiceUnavailable,
		r.approvals + "/healthz":                 http.StatusServiceUnavailable,
		r.approvals + "/concur/v1.0/notify":      http.StatusServiceUnavailable,
	} {
		status, _ := send(t, http.MethodGet, "http://"+url, "")
		require.Equal(t, want, status, url)
	}
	require.NoError(t, r.stop(), "it drains and ends well")
	require.Contains(t, r.logged(), `"msg":"stopped"`)
	require.Contains(t, r.logged(), `"msg":"using Temporal","address":"127.0.0.1:1","namespace":"finance","queue":"concur-connector"`)
	require.Contains(t, r.logged(), "variable CONCUR_SERVICE_HOST is unknown and ignored")
	require.Contains(t, r.logged(), "variable TEMPORAL_ADRESS is unknown and ignored; did you mean TEMPORAL_ADDRESS?")
	require.NotContains(t, r.logged(), "temporal.example.com", "no value is logged")
	require.NotContains(t, r.logged(), password)
}

func TestATemporalThatNeverAnswersCostsFiveSeconds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the deadline of five seconds")
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its queue
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	r := start(t, map[string]string{"TEMPORAL_ADDRESS": silent.Addr().String()})
	began := time.Now()
	status, _ := send(t, http.MethodPost, "http://"+r.public+"/concur/v1.0/notify", callout)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Less(t, time.Since(began), 8*time.Second)
}

func TestASlowClientIsCut(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the server's own limit of five seconds")
	}
	r := start(t)
	conn, err := net.Dial("tcp", r.public)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(15*time.Second)))
	_, err = io.WriteString(conn, "POST /concur/v1.0/notify HTTP/1.1\r\nHost: x\r\nX-Slow:")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, conn)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestTLSIsWhatConcurAsks(t *testing.T) {
	t.Parallel()
	certFile, keyFile, pool := certificate(t)
	r := start(t, map[string]string{"CONCUR_PLAIN_HTTP": "", "CONCUR_TLS_CERT": certFile, "CONCUR_TLS_KEY_FILE": keyFile + ".path"})
	dial := func(config *tls.Config) error {
		config.RootCAs = pool
		conn, err := tls.Dial("tcp", r.public, config)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	require.NoError(t, dial(&tls.Config{}))
	require.NoError(t, dial(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}}))
	require.ErrorContains(t, dial(&tls.Config{MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11}), "protocol version")
	require.ErrorContains(t, dial(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}), "handshake failure")

	response, err := http.Get("http://" + r.public + "/system/v1.0/testconnection")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusBadRequest, response.StatusCode, "plain HTTP is not spoken")
}

// approverFiles writes an approvers' file with one token and a file with a seal key, and returns the
// token and the settings that name the files.
func approverFiles(t *testing.T) (token string, settings map[string]string) {
	t.Helper()
	dir := t.TempDir()
	people, keys := filepath.Join(dir, "approvers.yaml"), filepath.Join(dir, "seal-keys")
	token, digest := approvers.NewToken()
	_, err := approvers.Add(people, approvers.Addition{Name: "Anna Müller", Token: &digest})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(keys, []byte(approvers.NewSealKey()+"\n"), 0o600))
	return token, map[string]string{"CONCUR_APPROVERS": people, "CONCUR_SEAL_KEYS_FILE": keys}
}

func TestAnApproverGetsInUntilTheTokenIsRevoked(t *testing.T) {
	t.Parallel()
	token, settings := approverFiles(t)
	r := start(t, settings)
	get := func(token string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.approvals+"/api/tasks/EXPRPT:3%25Rek29$ws", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_ = response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, http.StatusServiceUnavailable, get(token), "it gets as far as Temporal")
	require.Equal(t, http.StatusUnauthorized, get("cca_other"))
	require.NoError(t, approvers.Revoke(settings["CONCUR_APPROVERS"], "Anna Müller"))
	require.Equal(t, http.StatusUnauthorized, get(token), "at the next request")
	require.NotContains(t, r.logged(), token)
}

func TestOnlyTheProxyMayNameAPerson(t *testing.T) {
	t.Parallel()
	_, settings := approverFiles(t)
	secret := strings.Repeat("s", 32)
	people := settings["CONCUR_APPROVERS"]
	_, err := approvers.Add(people, approvers.Addition{Name: "Kim", Logins: []string{"kim@example.com"}})
	require.NoError(t, err)
	settings["CONCUR_PROXY_USER_HEADER"], settings["CONCUR_PROXY_SECRET"] = "X-Forwarded-Email", secret
	r := start(t, settings)
	get := func(headers map[string]string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.approvals+"/api/tasks/EXPRPT:3%25Rek29$ws", nil)
		require.NoError(t, err)
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_ = response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, http.StatusServiceUnavailable, get(map[string]string{"X-Forwarded-Email": "kim@example.com", "X-Proxy-Secret": secret}), "it gets as far as Temporal")
	require.Equal(t, http.StatusForbidden, get(map[string]string{"X-Forwarded-Email": "lee@example.com", "X-Proxy-Secret": secret}))
	require.Equal(t, http.StatusUnauthorized, get(map[string]string{"X-Forwarded-Email": "kim@example.com", "X-Proxy-Secret": secret + "x"}))
	require.Equal(t, http.StatusUnauthorized, get(map[string]string{"X-Forwarded-Email": "kim@example.com"}))
	require.NotContains(t, r.logged(), secret)
}

func TestAHangupEndsNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGHUP))
	status, _ := send(t, http.MethodGet, "http://"+r.internal+"/healthz", "")
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, r.stop(), "it drains and ends well")
	require.Contains(t, r.logged(), `"msg":"stopped"`)
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"the version":            {[]string{"-version"}, "ingress ", 0},
		"help":                   {[]string{"-h"}, "usage: ingress [flags]", 0},
		"an argument too many":   {[]string{"serve"}, `unexpected argument "serve"`, 1},
		"a flag that is unknown": {[]string{"-port=1"}, "flag provided but not defined", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := prepared(t, nil, c.args...)
			out, _ := cmd.CombinedOutput()
			require.Equal(t, c.code, cmd.ProcessState.ExitCode())
			require.Contains(t, string(out), c.says)
		})
	}
}

// certificate writes one for 127.0.0.1, its key, and a file that holds the key's path.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile, keyPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile+".path", []byte(keyFile+"\n"), 0o600))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

func TestARequestWithTwoEndsIsRefusedOnBothListeners(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, address := range []string{r.public, r.internal, r.approvals} {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(15*time.Second)))
		_, err = io.WriteString(conn, "POST /concur/v1.0/notify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn) // until it is closed
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 400 Bad Request\r\n"), string(answer))
		require.Equal(t, 1, strings.Count(string(answer), "HTTP/1.1 "), string(answer))
	}
}
