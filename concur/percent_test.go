package concur_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestPercentKey(t *testing.T) {
	t.Parallel()
	const key = "3%Rek29$wsIY12%3"
	t.Run("the path is sent as it is", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		lines := make(chan string, 1)
		listener, err := tls.Listen("tcp", "127.0.0.1:0", s.TLS)
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			line, _ := in.ReadString('\n')
			lines <- line
			for header := line; header != "\r\n" && header != ""; {
				header, _ = in.ReadString('\n')
			}
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(reportXML), reportXML)
			_, _ = io.Copy(io.Discard, in)
		}()
		s.geo = "https://" + listener.Addr().String()
		client := s.client(t, func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, listener.Addr().String()) })
		_, err = client.ReadReport(context.Background(), "https://www.concursolutions.com"+reportPath+key+"?q=%", concur.ReadOptions{})
		require.NoError(t, err)
		require.Equal(t, "GET "+reportPath+key+"?q=% HTTP/1.1\r\n", <-lines)
	})
	t.Run("and once more with the sign escaped when that is refused", func(t *testing.T) {
		t.Parallel()
		// Go's own server answers 400 to such a path before any handler sees it.
		s := newServer(t, answering(200, "application/xml", successXML))
		client := s.client(t)
		require.NoError(t, client.TakeActionV1(context.Background(), "https://www.concursolutions.com/api/expense/expensereport/v1.1/report/"+key+"/WorkFlowAction", expense.Approve, ""))
		require.Len(t, s.requests, 1)
		require.Equal(t, "/api/expense/expensereport/v1.1/report/3%25Rek29$wsIY12%253/WorkFlowAction", s.requests[0].RequestURI)
	})
	t.Run("a path that is refused in both forms is refused", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(400, "application/xml", ""))
		_, err := s.client(t).PostExceptionsV1(context.Background(), key, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
		require.ErrorIs(t, err, concur.Rejected)
		require.Len(t, s.requests, 1)
	})
}
