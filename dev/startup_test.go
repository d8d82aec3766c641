package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAWorkerWaitsForTemporalAtItsStart starts the real worker while nothing listens at
// Temporal's address. Then Temporal becomes available there.
func TestAWorkerWaitsForTemporalAtItsStart(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := taken.Addr().String()
	require.NoError(t, taken.Close())

	rules := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(rules, []byte("apiVersion: concur-connector/v1\napproveAll: true\nrules: []\n"), 0o600))
	var mu sync.Mutex
	var internal string
	working := make(chan struct{})
	worker, err := start("worker", suite.binaries.worker, nil, []string{
		"TEMPORAL_ADDRESS=" + address, "CONCUR_TASK_QUEUE=starts-before-temporal", "CONCUR_INTERNAL_LISTEN=127.0.0.1:0", "CONCUR_SWEEP_MODE=off",
		"CONCUR_GEOLOCATION=https://us2.api.concursolutions.com", "CONCUR_CLIENT_ID=id", "CONCUR_CLIENT_SECRET=secret", "CONCUR_REFRESH_TOKEN=token",
		"CONCUR_RULES=" + rules,
	}, func(line string) {
		var entry struct{ Msg, Internal string }
		switch _ = json.Unmarshal([]byte(line), &entry); entry.Msg {
		case "listening":
			mu.Lock()
			internal = entry.Internal
			mu.Unlock()
		case "working":
			close(working)
		}
	})
	require.NoError(t, err)
	defer worker.stop()
	ready := func() string {
		mu.Lock()
		defer mu.Unlock()
		if internal == "" {
			return ""
		}
		response, err := http.DefaultClient.Get("http://" + internal + "/readyz")
		if err != nil {
			return err.Error()
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.Status + " " + string(body)
	}
	const patience, tick = 30 * time.Second, 20 * time.Millisecond
	require.Eventually(t, func() bool {
		return strings.HasPrefix(ready(), "503 Service Unavailable not ready: reach Temporal: ")
	}, patience, tick)

	relay(t, address, suite.temporal.address)
	<-working
	require.Eventually(t, func() bool { return strings.HasPrefix(ready(), "200 OK ready\n") }, patience, tick)
}

// relay listens at one address and forwards each connection to another, until the test
// ends.
func relay(t *testing.T, from, to string) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1])
					_ = pair[0].Close()
				}()
			}
		}
	}()
}
