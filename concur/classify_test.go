package concur_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// Every row of the table of errors, as a read and as a write see it.
func TestErrors(t *testing.T) {
	t.Parallel()
	const errorXML = "<Error><Message>Concur says no</Message><Id>E-7</Id></Error>"
	const page = "<!DOCTYPE html><html><body>teapot</body></html>"
	status := func(code int, body string) http.HandlerFunc { return answering(code, "application/xml", body) }
	for name, test := range map[string]struct {
		api         http.HandlerFunc
		read, write expense.Kind
		change      func(*concur.Options)
	}{
		"301":                             {status(301, errorXML), concur.Rejected, concur.Rejected, nil},
		"302 with a broken location":      {raw("HTTP/1.1 302 Found\r\nConcur-Correlationid: x\r\nLocation: https://%zz\r\nContent-Length: 0\r\n\r\n"), concur.Rejected, concur.Rejected, nil},
		"302 of a login page":             {raw("HTTP/1.1 302 Found\r\nLocation: https://%zz\r\nContent-Length: 0\r\n\r\n"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"400":                             {status(400, errorXML), concur.Rejected, concur.Rejected, nil},
		"400 without a body":              {status(400, ""), concur.Rejected, concur.Rejected, nil},
		"400 for too many requests":       {status(400, "<Error><Message>Request limit exceeded</Message></Error>"), concur.RateLimited, concur.RateLimited, nil},
		"400 for another limit":           {status(400, "<Error><Message>The comment exceeds its limit</Message></Error>"), concur.Rejected, concur.Rejected, nil},
		"400 for a deadlock":              {status(400, "<Error><Message>Database deadlock, send it again</Message></Error>"), concur.Deadlock, concur.Deadlock, nil},
		"401":                             {status(401, errorXML), concur.Unauthorized, concur.Unauthorized, nil},
		"403":                             {status(403, errorXML), concur.Forbidden, concur.Forbidden, nil},
		"404":                             {status(404, errorXML), concur.NotFound, concur.NotFound, nil},
		"405":                             {status(405, errorXML), concur.Rejected, concur.Rejected, nil},
		"409":                             {status(409, errorXML), concur.Rejected, concur.Rejected, nil},
		"429":                             {status(429, errorXML), concur.RateLimited, concur.RateLimited, nil},
		"500":                             {status(500, errorXML), concur.Unavailable, concur.OutcomeUnknown, nil},
		"502 with a page":                 {answering(502, "text/html", page), concur.Unavailable, concur.OutcomeUnknown, nil},
		"503":                             {status(503, errorXML), concur.Unavailable, concur.Unavailable, nil},
		"504":                             {status(504, ""), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 with a page":                 {answering(200, "text/html", page), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 with a page said to be XML":  {status(200, page), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 with a text said to be HTML": {answering(200, "text/html; charset=utf-8", "teapot"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 without a body":              {status(200, ""), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 with white space":            {status(200, " \n"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"204":                             {status(204, ""), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 with another document":       {status(200, errorXML), concur.Malformed, concur.OutcomeUnknown, nil},
		"200 with broken XML":             {status(200, "<ReportDetails><a></b>"), concur.Malformed, concur.OutcomeUnknown, nil},
		"200 with XML that has no end":    {status(200, "<ReportDetails><ApsKey>A_EXTV"), concur.Malformed, concur.OutcomeUnknown, nil},
		"200 cut before its length":       {raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<ReportDetails>"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 cut between chunks":          {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<Repo\r\n"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 cut without any length":      {raw("HTTP/1.1 200 OK\r\n\r\n<ReportDetails><ApsKey>"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"200 above the largest body": {
			status(200, "<ReportDetails>"+strings.Repeat(" ", 5000)+"</ReportDetails>"), concur.TooLarge, concur.OutcomeUnknown,
			func(o *concur.Options) { o.MaxBody = 4096 },
		},
		"the connection closed":  {raw(""), concur.Unavailable, concur.OutcomeUnknown, nil},
		"an answer that is none": {raw("hello secret\r\n\r\n"), concur.Unavailable, concur.OutcomeUnknown, nil},
		"no answer in time":      {never, concur.Unavailable, concur.OutcomeUnknown, func(o *concur.Options) { o.RequestTimeout = 300 * time.Millisecond }},
		"no end of it in time": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, concur.Unavailable, concur.OutcomeUnknown, func(o *concur.Options) { o.RequestTimeout = 300 * time.Millisecond }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, call := range []struct {
				op   string
				kind expense.Kind
				do   func(*concur.Client) error
			}{
				{"read report", test.read, read},
				{"take action", test.write, func(c *concur.Client) error {
					return c.TakeActionV1(context.Background(), actionURL, expense.Approve, "")
				}},
				{"post exceptions", test.write, func(c *concur.Client) error {
					_, err := c.PostExceptionsV1(context.Background(), reportKey, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
					return err
				}},
			} {
				s := newServer(t, test.api)
				client := s.client(t, func(o *concur.Options) {
					if test.change != nil {
						test.change(o)
					}
				})
				err := call.do(client)
				var e *concur.Error
				require.ErrorAs(t, err, &e, call.op)
				require.Equal(t, call.kind, e.Kind, "%s: %v", call.op, err)
				require.ErrorIs(t, err, call.kind)
				require.Equal(t, call.op, e.Op)
				require.NotEmpty(t, e.Message)
				require.NotEmpty(t, e.CorrelationID)
				for _, secret := range []string{"access-token", "secret", "refresh-token", s.URL, "nKey", "nStep", "teapot"} {
					require.NotContains(t, err.Error(), secret)
				}
				requests, tokens := s.count()
				want := 1
				if e.Status == 401 || e.Status == 403 && call.op == "read report" {
					want = 2
				}
				require.Equal(t, want, tokens)
				if name != "the connection closed" || call.op != "read report" {
					require.Equal(t, want, requests, "nothing else is sent again")
				}
			}
		})
	}
}

func TestErrorDetails(t *testing.T) {
	t.Parallel()
	t.Run("Concur's words, code and correlation ID are in the error", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, answering(400, "application/xml", "<Error><Message>Not now</Message><Id>E-7</Id></Error>")).client(t)
		err := read(client)
		require.EqualError(t, err, "read report: Rejected (HTTP 400, code E-7, correlation their-id): Not now")
	})
	t.Run("a secret that an answer repeats is not in the error", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			answering(409, "application/xml", "<Error><Message>I saw "+r.Header.Get("Authorization")+"</Message></Error>")(w, r)
		}).client(t)
		require.ErrorContains(t, read(client), "I saw Bearer [redacted]")
	})
	t.Run("a missing permission names what to check", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, answering(403, "application/xml", "")).client(t)
		require.ErrorContains(t, read(client), "EXPRPT")
		require.ErrorContains(t, client.DeleteNotification(context.Background(), entryURI), "NOTIF")
	})
	t.Run("failure inside 200 is a rejection in Concur's words", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, answering(200, "application/xml", failureXML)).client(t)
		err := client.TakeActionV1(context.Background(), actionURL, expense.Approve, "")
		require.EqualError(t, err, "take action: Rejected (HTTP 200, correlation their-id): The item has been changed.")
	})
	t.Run("how long to wait is read in seconds and as a date, and bounded", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "999999999999999999999999": time.Hour, "86400": time.Hour,
			"Fri, 31 Dec 1999 23:59:59 GMT": 0, "Fri, 31 Dec 2100 23:59:59 GMT": time.Hour,
		} {
			client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", text)
				w.WriteHeader(429)
			}).client(t)
			var e *concur.Error
			require.ErrorAs(t, read(client), &e)
			require.Equal(t, want, e.RetryAfter, text)
		}
	})
}

func TestNothingSent(t *testing.T) {
	t.Parallel()
	approve := func(ctx context.Context, c *concur.Client) error {
		return c.TakeActionV1(ctx, actionURL, expense.Approve, "")
	}
	t.Run("a write without a connection is known not to have happened", func(t *testing.T) {
		t.Parallel()
		gone, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, gone.Close())
		s := newServer(t, nil)
		s.geo = "https://" + gone.Addr().String()
		client := s.client(t, func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, gone.Addr().String()) })
		err = approve(context.Background(), client)
		require.ErrorIs(t, err, concur.Unavailable)
		require.ErrorContains(t, err, "connection refused")
	})
	t.Run("nor has a write to a server whose certificate is not accepted", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		wrong := strings.Replace(s.host(), "127.0.0.1", "localhost", 1)
		s.geo = "https://" + wrong
		client := s.client(t, func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, wrong) })
		err := approve(context.Background(), client)
		require.ErrorIs(t, err, concur.Unavailable)
		require.ErrorContains(t, err, "certificate")
	})
	t.Run("the error of the caller's context is found", func(t *testing.T) {
		t.Parallel()
		started := make(chan struct{}, 1)
		client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			started <- struct{}{}
			never(w, r)
		}).client(t)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-started
			cancel()
		}()
		_, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, concur.Interrupted)
	})
	t.Run("a write that is on its way is not interrupted, and the next is not sent", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(context.Background())
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			cancel()
			answering(200, "application/xml", "<ActionStatus><Status>SUCCESS!</Status></ActionStatus>")(w, nil)
		})
		client := s.client(t)
		require.NoError(t, approve(ctx, client))
		err := approve(ctx, client)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, concur.Interrupted, "nothing was written")
	})
	t.Run("so is that of the answer limit", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, never).client(t, func(o *concur.Options) { o.RequestTimeout = 300 * time.Millisecond })
		err := read(client)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, concur.Unavailable, "the client's limit, and not the caller's")
		require.ErrorContains(t, err, "no answer in time")
	})
	t.Run("an error is of one kind", func(t *testing.T) {
		t.Parallel()
		err := error(&concur.Error{Op: "x", Kind: concur.NotFound})
		require.ErrorIs(t, err, concur.NotFound)
		require.False(t, errors.Is(err, concur.Rejected))
		require.NoError(t, errors.Unwrap(err))
	})
}
