package concur_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestToken(t *testing.T) {
	t.Parallel()
	ok := answering(200, "application/xml", reportXML)

	t.Run("one token serves many calls", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		client := s.client(t)
		for range 3 {
			require.NoError(t, read(client))
		}
		_, tokens := s.count()
		require.Equal(t, 1, tokens)
	})
	t.Run("callers at the same time share one refresh", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		client := s.client(t)
		for round := 1; round <= 2; round++ {
			var wg sync.WaitGroup
			errs := make(chan error, 20)
			for range cap(errs) {
				wg.Go(func() { errs <- read(client) })
			}
			wg.Wait()
			close(errs)
			for err := range errs {
				require.NoError(t, err)
			}
			_, tokens := s.count()
			require.Equal(t, round, tokens)
			s.expire()
		}
	})
	t.Run("a token refused with 401 is refreshed once, with the refresh token that came last", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		client := s.client(t)
		for want := 1; want <= 3; want++ {
			require.NoError(t, read(client))
			_, tokens := s.count()
			require.Equal(t, want, tokens)
			s.expire()
		}
	})
	t.Run("a token refused with 403 is refreshed once", func(t *testing.T) {
		t.Parallel()
		first := true
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if first {
				first = false
				w.WriteHeader(http.StatusForbidden)
				return
			}
			ok(w, r)
		})
		require.NoError(t, read(s.client(t)))
		requests, tokens := s.count()
		require.Equal(t, 2, requests)
		require.Equal(t, 2, tokens)
	})
	t.Run("a write refused for its token is sent again, and only once", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", successXML))
		client := s.client(t)
		require.NoError(t, client.TakeActionV1(context.Background(), actionURL, expense.Approve, ""))
		s.expire()
		require.NoError(t, client.TakeActionV1(context.Background(), actionURL, expense.Approve, ""))
		requests, _ := s.count()
		require.Equal(t, 3, requests)
		require.Equal(t, s.bodies[0], s.bodies[2])
	})
	t.Run("a token near its end is not used", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		issued := 0
		s.token = func(w http.ResponseWriter, _ *http.Request) {
			issued++
			s.mu.Lock()
			s.valid = fmt.Sprintf("t%d", issued)
			s.mu.Unlock()
			_ = json.NewEncoder(w).Encode(map[string]any{"access_token": s.valid, "expires_in": 1})
		}
		client := s.client(t)
		require.NoError(t, read(client))
		require.Eventually(t, func() bool { return read(client) == nil && issued > 1 }, 10*time.Second, 50*time.Millisecond)
		requests, _ := s.count()
		require.Positive(t, requests)
	})
	t.Run("the life of a token may be a text or a number, wrong or missing", func(t *testing.T) {
		t.Parallel()
		for _, life := range []string{
			`"expires_in":"3600"`, `"expires_in":3600`, `"scope":"EXPRPT"`,
			`"expires_in":3600.5`, `"expires_in":"3600.0"`, `"expires_in":"an hour"`, `"expires_in":null`, `"expires_in":{}`, `"expires_in":99999999999`,
		} {
			s := newServer(t, ok)
			s.valid = "t"
			s.token = answering(200, "application/json", `{"access_token":"t","token_type":"bearer",`+life+`}`)
			require.NoError(t, read(s.client(t)))
		}
	})
	t.Run("a token behind a byte order mark is read", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		s.valid = "t"
		s.token = answering(200, "text/html", "\uFEFF"+`{"access_token":"t"}`)
		require.NoError(t, read(s.client(t)))
	})
	t.Run("the geolocation of the token is where the next refresh goes, too", func(t *testing.T) {
		t.Parallel()
		old, home := newServer(t, ok), newServer(t, ok)
		old.geo = home.URL + "/oauth2/v0/token"
		home.refresh = "refresh-token-2"
		home.valid = "access-token-1"
		client := old.client(t, func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, home.host()) })
		require.NoError(t, read(client))
		home.expire()
		require.NoError(t, read(client))
		requests, tokens := old.count()
		require.Equal(t, 0, requests)
		require.Equal(t, 1, tokens)
		requests, tokens = home.count()
		require.Equal(t, 3, requests)
		require.Equal(t, 1, tokens)
	})
	t.Run("a user who lives elsewhere is asked for there", func(t *testing.T) {
		t.Parallel()
		old, home := newServer(t, ok), newServer(t, ok)
		old.token = answering(400, "application/json", `{"code":16,"error":"invalid_request","error_description":"elsewhere","geolocation":"`+home.URL+`"}`)
		require.NoError(t, read(old.client(t, func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, home.host()) })))
		require.ErrorIs(t, read(old.client(t)), concur.Unauthorized, "unless that is not allowed")
	})
	t.Run("credentials travel in the form body alone", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		asked := make(chan url.Values, 1)
		s.token = func(w http.ResponseWriter, r *http.Request) {
			// The body was read by the server; what is left to see is everything else.
			asked <- url.Values{"query": {r.URL.RawQuery}, "authorization": {r.Header.Get("Authorization")}, "method": {r.Method}, "encoding": r.TransferEncoding, "id": {fmt.Sprint(len(r.Header.Get("Concur-Correlationid")))}}
			w.WriteHeader(500)
		}
		require.ErrorIs(t, read(s.client(t)), concur.Unavailable)
		require.Equal(t, url.Values{"query": {""}, "authorization": {""}, "method": {"POST"}, "encoding": nil, "id": {"36"}}, <-asked)
	})
	t.Run("a refresh outlives the caller who began it", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		asked, release := make(chan struct{}), make(chan struct{})
		s.token = func(w http.ResponseWriter, _ *http.Request) {
			close(asked)
			<-release
			s.mu.Lock()
			s.token = nil
			s.mu.Unlock()
			s.issue(w, url.Values{"refresh_token": {firstRefresh}, "client_id": {"client"}, "client_secret": {clientSecret}, "grant_type": {"refresh_token"}})
		}
		client := s.client(t)
		ctx, cancel := context.WithCancel(context.Background())
		gone := make(chan error)
		go func() {
			_, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{})
			gone <- err
		}()
		<-asked
		cancel()
		err := <-gone
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, concur.Interrupted)
		close(release)
		require.NoError(t, read(client))
		_, tokens := s.count()
		require.Equal(t, 1, tokens, "the refresh token that was rotated is not lost")
	})
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	const page = "<html>teapot</html>"
	for name, test := range map[string]struct {
		token  http.HandlerFunc
		kind   expense.Kind
		says   string
		change func(*concur.Options)
	}{
		"a bad refresh token":   {answering(400, "application/json", `{"code":108,"error":"invalid_grant","error_description":"bad `+firstRefresh+`"}`), concur.Unauthorized, "a person must renew it (the refresh token is wrong or has ended): bad [redacted]", nil},
		"a secret as a code":    {answering(400, "application/json", `{"code":"`+firstRefresh+`","error":"invalid_grant"}`), concur.Unauthorized, "code [redacted]", nil},
		"a bad client":          {answering(401, "application/json", `{"code":64,"error":"invalid_client"}`), concur.Unauthorized, "client ID and secret", nil},
		"a disabled user":       {answering(403, "application/json", `{"code":10,"error":"access_denied"}`), concur.Unauthorized, "must fix the set-up in Concur (the account is disabled)", nil},
		"an error under 200":    {answering(200, "application/json", `{"code":108,"error":"invalid_grant"}`), concur.Unauthorized, "a person must renew it", nil},
		"too many requests":     {answering(429, "application/json", `{}`), concur.RateLimited, "", nil},
		"500":                   {answering(500, "application/json", `{"error":"server_error"}`), concur.Unavailable, "server_error", nil},
		"503":                   {answering(503, "text/plain", ``), concur.Unavailable, "", nil},
		"a gateway's 403":       {answering(403, "text/html", page), concur.Unavailable, "a web page", nil},
		"a gateway's 200":       {answering(200, "text/html", page), concur.Unavailable, "cannot be read", nil},
		"no token":              {answering(200, "application/json", `{}`), concur.Unavailable, "cannot be read", nil},
		"a token of two lines":  {answering(200, "application/json", `{"access_token":"a\r\nb"}`), concur.Malformed, "not a bearer token", nil},
		"another kind of token": {answering(200, "application/json", `{"access_token":"a","token_type":"mac"}`), concur.Malformed, "not a bearer token", nil},
		"a redirect":            {http.RedirectHandler("https://127.0.0.1:1/", http.StatusTemporaryRedirect).ServeHTTP, concur.Rejected, "redirect", nil},
		"a closed connection":   {raw(""), concur.Unavailable, "connection", nil},
		"no answer":             {never, concur.Unavailable, "no answer in time", func(o *concur.Options) { o.RequestTimeout = 300 * time.Millisecond }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, nil)
			s.token = test.token
			err := read(s.client(t, func(o *concur.Options) {
				if test.change != nil {
					test.change(o)
				}
			}))
			var e *concur.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.kind, e.Kind, err)
			require.Equal(t, "refresh access token", e.Op)
			require.ErrorContains(t, err, test.says)
			for _, secret := range []string{clientSecret, firstRefresh, s.URL, "teapot"} {
				require.NotContains(t, err.Error(), secret)
			}
			requests, _ := s.count()
			require.Zero(t, requests)
		})
	}
}
