package concur_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// trap listens in clear and with TLS and counts whatever reaches it.
type trap struct {
	clear, tls *httptest.Server
	caught     atomic.Int32
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	p := &trap{}
	count := func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.caught.Add(1)
		}
	}
	p.clear, p.tls = httptest.NewUnstartedServer(http.NotFoundHandler()), httptest.NewUnstartedServer(http.NotFoundHandler())
	p.clear.Config.ConnState, p.tls.Config.ConnState = count, count
	p.clear.Start()
	p.tls.StartTLS()
	t.Cleanup(p.clear.Close)
	t.Cleanup(p.tls.Close)
	return p
}

func (p *trap) host() string { return strings.TrimPrefix(p.tls.URL, "https://") }

// hostileURLs are URLs that must not be followed, made from a path that is good.
func hostileURLs(s *server, p *trap, path string) map[string]string {
	good := s.URL + path
	return map[string]string{
		"another host":                   p.tls.URL + path,
		"another host in clear":          p.clear.URL + path,
		"another port":                   "https://www.concursolutions.com:8443" + path,
		"clear text on its own port":     "http://www.concursolutions.com:80" + path,
		"the host as a user":             "https://www.concursolutions.com@" + p.host() + path,
		"the host as user and password":  "https://www.concursolutions.com:443@" + p.host() + path,
		"a user on a good host":          "https://user:hush@" + s.host() + path,
		"a look-alike host":              "https://evilconcursolutions.com" + path,
		"a longer host":                  "https://www.concursolutions.com.evil.example" + path,
		"a subdomain":                    "https://x.www.concursolutions.com" + path,
		"a trailing dot":                 "https://www.concursolutions.com." + path,
		"an unknown Concur host":         "https://imagingupload.concursolutions.com" + path,
		"an internal address":            "http://169.254.169.254" + path,
		"the loopback":                   "https://localhost" + path,
		"an escaped host":                "https://www%2Econcursolutions.com" + path,
		"a Unicode host":                 "https://www.concursolutıons.com" + path,
		"a tab in the host":              "https://www.concur\tsolutions.com" + path,
		"a space":                        "https://www.concursolutions.com" + path + " HTTP/1.1",
		"a line break":                   good + "\r\nX: y",
		"another scheme":                 "file://www.concursolutions.com" + path,
		"no scheme":                      "//www.concursolutions.com" + path,
		"one slash":                      "https:/www.concursolutions.com" + path,
		"two schemes":                    "https://https://www.concursolutions.com" + path,
		"a fragment":                     good + "#x",
		"an empty fragment":              good + "#",
		"a backslash":                    "https://www.concursolutions.com" + path + `\x`,
		"a backslash for the host":       `https://` + p.host() + `\@www.concursolutions.com` + path,
		"an escaped backslash":           good + "%5C..",
		"a dot segment":                  s.URL + "/api/expense/expensereport/../../../oauth2/v0/token",
		"a dot segment in it":            good + "/../x",
		"a dot segment at its end":       good + "/..",
		"a single dot":                   good + "/./x",
		"an escaped dot segment":         good + "/%2e%2E/x",
		"a half escaped dot segment":     good + "/.%2e/x",
		"an escaped slash and dots":      good + "/..%2Fx",
		"a dot segment with a parameter": good + "/..;a=b/x",
		"an at sign":                     good + "@x",
		"not ASCII":                      good + "é",
		"another path":                   s.URL + "/oauth2/v0/token",
		"a path that only begins alike":  s.URL + "/api/expense/expensereports/x",
		"the prefix alone":               s.URL + "/api/expense/expensereport/",
		"no path":                        s.URL,
		"nothing":                        "",
		"too long":                       good + strings.Repeat("x", 3000),
	}
}

func TestHostileURLs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newTrap(t)
	s := newServer(t, func(http.ResponseWriter, *http.Request) {})
	client := s.client(t)
	for field, use := range map[string]struct {
		path string
		call func(string) error
	}{
		concur.ObjectURI: {reportPath + reportKey, func(raw string) error {
			_, err := client.Report(ctx, raw)
			return err
		}},
		concur.ActionURL: {"/api/expense/expensereport/v1.1/report/nStep/WorkFlowAction", func(raw string) error {
			return client.TakeAction(ctx, raw, expense.Approve, "")
		}},
		concur.NotificationURI: {"/api/platform/notifications/v1.0/notification/nEntry", func(raw string) error {
			return client.DeleteNotification(ctx, raw)
		}},
	} {
		for name, raw := range hostileURLs(s, p, use.path) {
			t.Run(field+": "+name, func(t *testing.T) {
				err := use.call(raw)
				require.ErrorIs(t, err, concur.Untrusted)
				require.ErrorContains(t, err, field)
				require.NotContains(t, err.Error(), "nEntry")
				require.NotContains(t, err.Error(), "nKey")
				require.NotContains(t, err.Error(), "hush")
				require.ErrorIs(t, client.CheckURL(field, raw), concur.Untrusted)
			})
		}
		require.NoError(t, client.CheckURL(field, "http://www.concursolutions.com"+use.path))
		require.NoError(t, client.CheckURL(field, "HTTPS://WWW.CONCURSOLUTIONS.COM:443"+strings.ToUpper(use.path)+"//$%zz/?x=@"))
	}
	require.ErrorIs(t, client.CheckURL("ReceiptImageUrl", objectURI), concur.Untrusted)
	require.ErrorIs(t, client.CheckURL(concur.NotificationURI, objectURI), concur.Untrusted)
	require.ErrorIs(t, client.CheckURL(concur.ObjectURI, entryURI), concur.Untrusted)

	for _, key := range []string{"", "a/b", "../x", "..", "%2e%2E", "a%2fb", `a\b`, "a?b", "a#b", "a b", "a\r\nb", "é", "a@b", strings.Repeat("x", 201)} {
		_, err := client.PostExceptions(ctx, key, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
		require.ErrorIs(t, err, concur.Untrusted, key)
	}
	requests, tokens := s.count()
	require.Zero(t, requests+tokens, "nothing was sent to Concur either")
	require.Zero(t, p.caught.Load())
}

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	calls := map[string]func(*concur.Client) error{
		"report": read,
		"action": func(c *concur.Client) error { return c.TakeAction(ctx, actionURL, expense.Approve, "") },
		"delete": func(c *concur.Client) error { return c.DeleteNotification(ctx, entryURI) },
		"list": func(c *concur.Client) error {
			return c.FailedNotifications(ctx, func(wire.FailedItem) error { return nil })
		},
	}
	t.Run("a redirect is not followed", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		for _, status := range []int{301, 302, 303, 307, 308} {
			for name, call := range calls {
				for _, location := range []string{p.tls.URL, p.clear.URL, "/oauth2/v0/token"} {
					s := newServer(t, http.RedirectHandler(location, status).ServeHTTP)
					err := call(s.client(t))
					require.ErrorIs(t, err, concur.Rejected, name)
					require.ErrorContains(t, err, "a redirect is not followed")
					requests, _ := s.count()
					require.Equal(t, 1, requests)
				}
			}
		}
		require.Zero(t, p.caught.Load())
	})
	t.Run("a redirect of the token endpoint is not followed", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		for _, location := range []string{p.tls.URL, p.clear.URL} {
			s := newServer(t, nil)
			s.token = http.RedirectHandler(location, http.StatusTemporaryRedirect).ServeHTTP
			require.ErrorIs(t, read(s.client(t)), concur.Rejected)
		}
		require.Zero(t, p.caught.Load())
	})
	t.Run("a token for a host that is not allowed is not used", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		for _, geo := range []string{p.tls.URL, p.clear.URL, "http://us2.api.concursolutions.com", "https://www.concursolutions.com@" + p.host(), "https://evilconcursolutions.com", "nonsense"} {
			s := newServer(t, answering(200, "application/xml", reportXML))
			s.geo = geo
			client := s.client(t)
			err := read(client)
			require.ErrorIs(t, err, concur.Untrusted, geo)
			require.ErrorContains(t, err, "the geolocation of the token")
			require.ErrorIs(t, read(client), concur.Untrusted, "nor the next")
			requests, tokens := s.count()
			require.Zero(t, requests)
			require.Equal(t, 2, tokens, "the rotated refresh token was kept")
		}
		require.Zero(t, p.caught.Load())
	})
}

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
		client := s.client(t, func(o *concur.Options) { o.Hosts = append(o.Hosts, listener.Addr().String()) })
		_, err = client.Report(context.Background(), "https://www.concursolutions.com"+reportPath+key+"?q=%")
		require.NoError(t, err)
		require.Equal(t, "GET "+reportPath+key+"?q=% HTTP/1.1\r\n", <-lines)
	})
	t.Run("and once more with the sign escaped when that is refused", func(t *testing.T) {
		t.Parallel()
		// Go's own server answers 400 to such a path before any handler sees it.
		s := newServer(t, answering(200, "application/xml", successXML))
		client := s.client(t)
		require.NoError(t, client.TakeAction(context.Background(), "https://www.concursolutions.com/api/expense/expensereport/v1.1/report/"+key+"/WorkFlowAction", expense.Approve, ""))
		require.Len(t, s.requests, 1)
		require.Equal(t, "/api/expense/expensereport/v1.1/report/3%25Rek29$wsIY12%253/WorkFlowAction", s.requests[0].RequestURI)
	})
	t.Run("a path that is refused in both forms is refused", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(400, "application/xml", ""))
		_, err := s.client(t).PostExceptions(context.Background(), key, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
		require.ErrorIs(t, err, concur.Rejected)
		require.Len(t, s.requests, 1)
	})
}
