package httpserver_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/httpserver"
)

func TestOnlyWhatConcurAsksIsNegotiated(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	addr, _ := serve(t, hello, certFile, keyFile)
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		_, err := handshake(addr, &tls.Config{MinVersion: version, MaxVersion: version})
		require.ErrorContains(t, err, "protocol version", tls.VersionName(version))
	}
	for _, suites := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, s := range suites {
			if strings.HasPrefix(s.Name, "TLS_ECDHE_RSA") && (strings.Contains(s.Name, "GCM") || strings.Contains(s.Name, "CHACHA20")) {
				state, err := handshake(addr, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{s.ID}})
				require.NoError(t, err, s.Name)
				require.Equal(t, s.ID, state.CipherSuite)
			} else if strings.HasPrefix(s.Name, "TLS_RSA") || strings.HasPrefix(s.Name, "TLS_ECDHE_RSA") {
				_, err := handshake(addr, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{s.ID}})
				require.ErrorContains(t, err, "handshake failure", s.Name)
			}
		}
	}
	state, err := handshake(addr, &tls.Config{NextProtos: []string{"h2", "http/1.1"}})
	require.NoError(t, err)
	require.Equal(t, uint16(tls.VersionTLS13), state.Version)
	require.Equal(t, "http/1.1", state.NegotiatedProtocol)
}

func TestARenewedCertificateIsUsedWithoutARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, "one")
	addr, _ := serve(t, hello, certFile, keyFile)
	shown := func() string {
		state, err := handshake(addr, &tls.Config{})
		require.NoError(t, err)
		return state.PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "one", shown())

	// The files are replaced one after the other: between the two nothing fits.
	next := t.TempDir()
	nextCert, nextKey := writePair(t, next, "two")
	replace := func(from, to string) {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, content, 0o600))
		// Two writes may get the same time from a coarse clock.
		stamp := time.Now().Add(time.Minute)
		require.NoError(t, os.Chtimes(to, stamp, stamp))
	}
	replace(nextCert, certFile)
	require.Equal(t, "one", shown(), "the one in use stays until both files fit")
	replace(nextKey, keyFile)
	require.Equal(t, "two", shown())

	require.NoError(t, os.Remove(certFile))
	require.Equal(t, "two", shown(), "a file that is missing is being replaced")
}

func TestNewRefusesWhatCannotListen(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	other, _ := writePair(t, t.TempDir(), "other")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	logger := slog.New(slog.DiscardHandler)
	missing := filepath.Join(t.TempDir(), "missing")
	for says, o := range map[string]httpserver.Options{
		"address already in use":       {Addr: busy.Addr().String(), Handler: hello, Logger: logger},
		"read the certificate: ":       {Addr: "127.0.0.1:0", Handler: hello, Logger: logger, CertFile: missing, KeyFile: keyFile},
		"read the certificate's key: ": {Addr: "127.0.0.1:0", Handler: hello, Logger: logger, CertFile: certFile, KeyFile: missing},
		"does not match public key":    {Addr: "127.0.0.1:0", Handler: hello, Logger: logger, CertFile: other, KeyFile: keyFile},
		"needs a handler":              {Addr: "127.0.0.1:0", Logger: logger},
		"and a logger":                 {Addr: "127.0.0.1:0", Handler: hello},
	} {
		_, err := httpserver.New(o)
		require.ErrorContains(t, err, says)
	}
}

func TestARequestInFlightIsFinishedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	addr, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(w, "done")
	}), "", "")
	answered, stopped := make(chan string, 1), make(chan error, 1)
	go func() {
		response, err := http.Get("http://" + addr)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- string(text)
	}()
	<-entered
	go func() { stopped <- stop() }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond, "no new connection is taken")
	close(leave)
	require.Equal(t, "done", <-answered)
	require.NoError(t, <-stopped)
}

func TestASlowClientIsCut(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the server's own limits of five and ten seconds")
	}
	reads := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	plain, _ := serve(t, reads, "", "")
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	secured, _ := serve(t, reads, certFile, keyFile)
	open := map[string]net.Conn{} // all at once: their limits run side by side
	for name, c := range map[string]struct{ addr, sent string }{
		"that sends nothing":            {plain, ""},
		"that never ends its headers":   {plain, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "},
		"that never ends its body":      {plain, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfour"},
		"that never ends its handshake": {secured, "\x16\x03\x01"},
	} {
		conn, err := net.Dial("tcp", c.addr)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(15*time.Second)))
		_, err = io.WriteString(conn, c.sent)
		require.NoError(t, err)
		open[name] = conn
	}
	for name, conn := range open {
		_, err := io.Copy(io.Discard, conn) // until the server closes
		require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the server held a client %s", name)
	}
}

func TestLargeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, hello, "", "")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr, nil)
	require.NoError(t, err)
	r.Header.Set("X-Large", strings.Repeat("x", 32<<10))
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
}

func TestTheHandlerAnswersEveryRequest(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), "", "")
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusTeapot, response.StatusCode)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var ready error
	health := httpserver.Health(func(ctx context.Context) error {
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		require.LessOrEqual(t, time.Until(deadline), 2*time.Second)
		return ready
	}, func() string { return "rules 0123456789abcdef" })
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		health.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	require.Equal(t, http.StatusOK, get(http.MethodGet, "/healthz").Code)
	require.Equal(t, "ready\nrules 0123456789abcdef\n", get(http.MethodGet, "/readyz").Body.String())
	require.Equal(t, http.StatusOK, get(http.MethodHead, "/readyz").Code)
	require.Equal(t, http.StatusNotFound, get(http.MethodGet, "/").Code)
	require.Equal(t, http.StatusMethodNotAllowed, get(http.MethodPost, "/readyz").Code)

	ready = errors.New("reach Temporal: refused")
	w := get(http.MethodGet, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "not ready: reach Temporal: refused\n", w.Body.String())
	require.Equal(t, http.StatusOK, get(http.MethodGet, "/healthz").Code)
}
