package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/httpserver"
)

const fewConnections = 40

// crowded serves with few connections and returns what is logged.
func crowded(t *testing.T, handler http.Handler, certFile, keyFile string) (addr string, log func() string) {
	t.Helper()
	var mu sync.Mutex
	var written bytes.Buffer
	server, err := httpserver.New(httpserver.Options{
		Addr: "127.0.0.1:0", Handler: handler, CertFile: certFile, KeyFile: keyFile, MaxConnections: fewConnections,
		Logger: slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return written.Write(p)
		}), nil)),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return server.Addr(), func() string {
		mu.Lock()
		defer mu.Unlock()
		return written.String()
	}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// connect opens a connection, sends what a client sends that then falls silent, and leaves
// it open.
func connect(t *testing.T, addr, sent string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 3*time.Second)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, sent) // it may be closed already
	return conn
}

func TestACrowdOfConnectionsThatDoNothingKeepsNoRequestOut(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	for name, c := range map[string]struct {
		sent    string
		secured bool
	}{
		"that send nothing":             {"", false},
		"that never end their headers":  {"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", false},
		"that never end their bodies":   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfour", false},
		"that are kept for another":     {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
		"that begin no TLS handshake":   {"", true},
		"that never end TLS handshakes": {"\x16\x03\x01", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, key := "", ""
			if c.secured {
				cert, key = certFile, keyFile
			}
			addr, log := crowded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, "hello")
			}), cert, key)
			client := &http.Client{Timeout: 4 * time.Second, Transport: &http.Transport{
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
			}}
			scheme := map[bool]string{false: "http://", true: "https://"}[c.secured]
			for range 5 {
				for range 2 * fewConnections {
					connect(t, addr, c.sent)
				}
				response, err := client.Post(scheme+addr, "text/plain", strings.NewReader("a callout"))
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, http.StatusOK, response.StatusCode)
			}
			require.Equal(t, 1, strings.Count(log(), "too many open connections"), log())
			require.NotContains(t, log(), "TLS handshake failed")
		})
	}
}

func TestTheConnectionThatDoesTheLeastIsClosed(t *testing.T) {
	t.Parallel()
	arrived, answer := make(chan struct{}, fewConnections), make(chan struct{})
	addr, _ := crowded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) == "wait" {
			arrived <- struct{}{}
			<-answer
		}
		_, _ = io.WriteString(w, "hello")
	}), "", "")
	const waits = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nwait"
	finish := sync.OnceFunc(func() { close(answer) })
	defer finish()
	var served []net.Conn
	for range fewConnections / 2 {
		served = append(served, connect(t, addr, waits))
		<-arrived
	}
	kept := connect(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_, err := http.ReadResponse(bufio.NewReader(kept), nil)
	require.NoError(t, err)

	// The idle connection is closed first, although it is the youngest.
	var crowd []net.Conn
	for !closed(kept) {
		require.Less(t, len(crowd), fewConnections)
		crowd = append(crowd, connect(t, addr, ""))
	}
	for range 10 * fewConnections {
		crowd = append(crowd, connect(t, addr, ""))
	}
	require.Eventually(t, func() bool { return closed(crowd[0]) }, 10*time.Second, time.Millisecond, "the oldest of the others goes next")
	require.False(t, closed(crowd[len(crowd)-1]))
	finish()
	for _, conn := range served {
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, "the server never closes a connection that it is answering")
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
}

// closed reports whether the server closes a connection within a moment.
func closed(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

func TestTheLimitOfOpenFilesLowersThatOfConnections(t *testing.T) {
	t.Parallel()
	for files, want := range map[int]int{0: 1000, -1: 1000, 1 << 20: 1000, 3064: 1000, 1024: 320, 604: 180, 64: 8, 10: 8} {
		require.Equal(t, want, httpserver.ConnectionLimit(1000, files), files)
	}
	require.Equal(t, 5, httpserver.ConnectionLimit(5, 1024))
}

// fewFiles is set in the process that TestACrowdLeavesFilesForARequest starts.
const fewFiles = "HTTPSERVER_TEST_WITH_FEW_FILES"

func TestACrowdLeavesFilesForARequest(t *testing.T) {
	if os.Getenv(fewFiles) != "" {
		serveUntilStdinEnds(t)
		return
	}
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil || httpserver.MaxOpenFiles() == 0 {
		t.Skip("the system does not say how many files may be open")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	server := exec.Command(shell, "-c", `ulimit -n 200 && exec "$0" -test.run "^$1\$"`, self, t.Name())
	server.Env = append(os.Environ(), fewFiles+"=1")
	stdin, err := server.StdinPipe()
	require.NoError(t, err)
	stdout, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	defer func() { _ = stdin.Close(); _ = server.Wait() }()
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	addr = strings.TrimSpace(addr)
	for range 600 {
		connect(t, addr, "")
	}
	response, err := (&http.Client{Timeout: 4 * time.Second}).Get("http://" + addr)
	require.NoError(t, err)
	defer response.Body.Close()
	opened, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "a file could be opened", string(opened))
}

// serveUntilStdinEnds answers whether a file can be opened.
func serveUntilStdinEnds(t *testing.T) {
	addr, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		file, err := os.Open(os.Args[0])
		if err != nil {
			_, _ = io.WriteString(w, err.Error())
			return
		}
		defer file.Close()
		_, _ = io.WriteString(w, "a file could be opened")
	}), "", "")
	fmt.Println(addr)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
