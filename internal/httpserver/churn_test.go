package httpserver_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConnectionsThatAreClosedAndOpenedAgainKeepNoRequestOut(t *testing.T) {
	t.Parallel()
	addr, _ := crowded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "hello")
	}), "", "")
	ctx, stop := context.WithCancel(t.Context())
	var churn sync.WaitGroup
	sent := []string{"", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfour", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}
	for i := range 2 * fewConnections {
		churn.Go(func() {
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				conn, err := net.DialTimeout("tcp", addr, time.Second)
				if err == nil {
					_, _ = io.WriteString(conn, sent[i%len(sent)])
				}
				<-tick.C
				if err == nil {
					_ = conn.Close()
				}
			}
		})
	}
	defer churn.Wait()
	defer stop()
	client := &http.Client{Timeout: 4 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 20 {
		response, err := client.Post("http://"+addr, "text/plain", strings.NewReader("a callout"))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
}
