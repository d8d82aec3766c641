package concur_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

const companyID = "0b7c3a52-9d1e-4f6a-8b2c-5e4d3c2b1a09"

// forms records what the token endpoint is asked, and has each request answered.
func (s *server) forms(answer func(w http.ResponseWriter, form url.Values)) func() []url.Values {
	var mu sync.Mutex
	var asked []url.Values
	s.token = func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		mu.Lock()
		asked = append(asked, r.PostForm)
		mu.Unlock()
		answer(w, r.PostForm)
	}
	return func() []url.Values {
		mu.Lock()
		defer mu.Unlock()
		return append([]url.Values(nil), asked...)
	}
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func logging(l *lines) func(*concur.Options) {
	return func(o *concur.Options) { o.Logger = slog.New(slog.NewTextHandler(l, nil)) }
}

func TestTheEndOfARefreshToken(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(40 * 24 * time.Hour).Truncate(time.Second).UTC()
	for name, c := range map[string]struct {
		field string
		want  time.Time // zero: unknown
	}{
		"is given in seconds since 1970":                {fmt.Sprintf(`,"refresh_expires_in":%d`, soon.Unix()), soon},
		"is given as a text":                            {fmt.Sprintf(`,"refresh_expires_in":"%d"`, soon.Unix()), soon},
		"is given with a fraction":                      {fmt.Sprintf(`,"refresh_expires_in":%d.0`, soon.Unix()), soon},
		"is unknown when it is not given":               {``, time.Time{}},
		"is unknown when it is null":                    {`,"refresh_expires_in":null`, time.Time{}},
		"is unknown when it is a word":                  {`,"refresh_expires_in":"never"`, time.Time{}},
		"is unknown when it is past":                    {`,"refresh_expires_in":15552000`, time.Time{}},
		"is unknown when it is thousands of years away": {fmt.Sprintf(`,"refresh_expires_in":%d`, soon.UnixMilli()), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := newServer(t, nil), storePath(t)
			s.token = answering(200, "application/json", `{"access_token":"t","expires_in":"3600","refresh_token":"r"`+c.field+`}`)
			status, err := s.client(t, in(path)).EnsureToken(context.Background())
			require.NoError(t, err)
			require.Equal(t, readStore(t, path).RefreshExpiresAt, status.RefreshExpiresAt)
			require.Equal(t, c.want, status.RefreshExpiresAt)
			if c.want.IsZero() {
				require.Equal(t, status.ObtainedAt.AddDate(0, 6, 0), status.RefreshEndsBy(), "at the latest")
			}
		})
	}
}

func TestARefreshTokenThatComesAgainDoesNotBeginAnew(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(40 * 24 * time.Hour).Truncate(time.Second).UTC()
	answers := []string{
		fmt.Sprintf(`{"access_token":"t1","expires_in":"3600","refresh_token":"r","refresh_expires_in":%d}`, soon.Unix()),
		`{"access_token":"t2","expires_in":"3600"}`,
		`{"access_token":"t3","expires_in":"3600","refresh_token":"r"}`,
		`{"access_token":"t4","expires_in":"3600","refresh_token":"another"}`,
	}
	s, path := newServer(t, nil), storePath(t)
	n := 0
	s.token = func(w http.ResponseWriter, r *http.Request) {
		answering(200, "application/json", answers[n])(w, r)
		n++
	}
	client := s.client(t, in(path))
	for range 3 {
		status, err := client.ReplaceTokens(context.Background())
		require.NoError(t, err)
		require.Equal(t, soon, status.RefreshExpiresAt)
	}
	status, err := client.ReplaceTokens(context.Background())
	require.NoError(t, err)
	require.Zero(t, status.RefreshExpiresAt, "it was the end of the token before")
	require.Equal(t, status.ObtainedAt.AddDate(0, 6, 0), status.RefreshEndsBy())
}

// keeping answers every grant with these refresh tokens in turn, the last one for ever, and
// does not say when they end.
func keeping(s *server, tokens ...string) {
	n := 0
	s.token = func(w http.ResponseWriter, r *http.Request) {
		answering(200, "application/json", fmt.Sprintf(`{"access_token":"t","expires_in":3600,"refresh_token":%q}`, tokens[min(n, len(tokens)-1)]))(w, r)
		n++
	}
}

func TestTheEndOfARefreshTokenOfUnknownAgeIsUnknown(t *testing.T) {
	t.Parallel()
	renew := func(t *testing.T, client *concur.Client) concur.TokenStatus {
		t.Helper()
		status, err := client.ReplaceTokens(context.Background())
		require.NoError(t, err)
		return status
	}
	t.Run("when it was only given to us, in this process and the next", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, nil), storePath(t)
		keeping(s, firstRefresh)
		began := renew(t, s.client(t, in(path)))
		require.Zero(t, began.RefreshExpiresAt)
		require.Equal(t, began.ObtainedAt, began.RefreshSeenAt)
		later := renew(t, s.client(t, in(path)))
		require.Zero(t, later.RefreshExpiresAt)
		require.True(t, later.RefreshSeenAt.Equal(began.RefreshSeenAt), "it is as old as before")
		require.True(t, later.RefreshEndsBy().Equal(began.RefreshSeenAt.AddDate(0, 6, 0)))
	})
	t.Run("after each start without a token store, and that is warned of", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		keeping(s, firstRefresh)
		for range 2 {
			said := &lines{}
			client := s.client(t, logging(said))
			require.Zero(t, renew(t, client).RefreshExpiresAt)
			renew(t, client)
			require.Equal(t, 1, strings.Count(said.String(), "its age is lost at each restart"))
		}
	})
	t.Run("when an earlier one comes again", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, nil), storePath(t)
		keeping(s, "another", firstRefresh)
		client := s.client(t, in(path))
		began := renew(t, client)
		require.Zero(t, began.RefreshExpiresAt, "another environment may have it for months")
		require.Equal(t, began.ObtainedAt.AddDate(0, 6, 0), began.RefreshEndsBy())
		again := renew(t, client)
		require.Zero(t, again.RefreshExpiresAt)
		require.True(t, again.RefreshSeenAt.Equal(began.ObtainedAt))
	})
	t.Run("when a person has put another into the file", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, nil), storePath(t)
		keeping(s, "another")
		renew(t, s.client(t, in(path)))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte(`"another"`), []byte(`"by-hand"`), 1), 0o600))
		status, err := concur.ReadTokenStore(concur.Options{TokenFile: path, TrustedHosts: []string{s.host()}})
		require.NoError(t, err)
		require.Zero(t, status.RefreshExpiresAt)
		require.Zero(t, status.RefreshSeenAt)
	})
	t.Run("when a person has put back an earlier one", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, nil), storePath(t)
		s.token = answering(200, "application/json", fmt.Sprintf(`{"access_token":"t","refresh_token":"another","refresh_expires_in":%d}`, time.Now().AddDate(0, 6, 0).Unix()))
		began := renew(t, s.client(t, in(path)))
		require.False(t, began.RefreshExpiresAt.IsZero())
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte(`"another"`), []byte(`"`+firstRefresh+`"`), 1), 0o600))
		status, err := concur.ReadTokenStore(concur.Options{TokenFile: path, TrustedHosts: []string{s.host()}})
		require.NoError(t, err)
		require.Zero(t, status.RefreshExpiresAt)
		require.True(t, status.RefreshSeenAt.Equal(began.ObtainedAt))
	})
	t.Run("when a request token gave it, which may give the one that the connection has", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		keeping(s, "of-the-connection")
		options := s.options()
		options.TokenFile = storePath(t)
		status, err := concur.InitToken(context.Background(), options, companyID, "request")
		require.NoError(t, err)
		require.Zero(t, status.RefreshExpiresAt)
		require.Equal(t, status.ObtainedAt, status.RefreshSeenAt)
	})
	t.Run("when a clock ran ahead as it was first seen", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, nil), storePath(t)
		keeping(s, "another")
		began := renew(t, s.client(t, in(path)))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		at, err := json.Marshal(began.RefreshSeenAt)
		require.NoError(t, err)
		ahead, err := json.Marshal(began.RefreshSeenAt.AddDate(3, 0, 0))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, at, ahead), 0o600))
		status := renew(t, s.client(t, in(path)))
		require.Equal(t, status.ObtainedAt, status.RefreshSeenAt)
	})
	t.Run("when it has passed and Concur takes the token still", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, nil), storePath(t)
		keeping(s, "old")
		writeStore(t, path, stored{RefreshToken: "old", Geolocation: s.URL, RefreshExpiresAt: time.Now().Add(-time.Hour)})
		status := renew(t, s.client(t, in(path)))
		require.Zero(t, status.RefreshExpiresAt)
		require.False(t, status.RefreshSeenAt.IsZero())
	})
}

func TestTheAgeOfARefreshTokenWhoseEndIsUnknownIsWarnedOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seen, obtained time.Duration // ago
		due            bool
	}{
		"not while it is young":                  {24 * time.Hour, time.Hour, false},
		"in its sixth month":                     {170 * 24 * time.Hour, time.Hour, true},
		"when it may have ended":                 {190 * 24 * time.Hour, 10 * 24 * time.Hour, true},
		"not when Concur has taken it after all": {190 * 24 * time.Hour, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			status := concur.TokenStatus{RefreshSeenAt: now.Add(-c.seen), ObtainedAt: now.Add(-c.obtained)}
			require.Equal(t, c.due, status.RenewalDue(now, 30*24*time.Hour))
		})
	}
}

func TestAnAccessTokenMayBeLong(t *testing.T) {
	t.Parallel()
	s, path := newServer(t, answering(200, "application/xml", reportXML)), storePath(t)
	long := "eyJ" + strings.Repeat("Ab0-_.", 2000)
	s.valid = long
	for _, life := range []string{`3600`, `"3600"`} {
		s.token = answering(200, "application/json", fmt.Sprintf(`{"access_token":%q,"expires_in":%s,"refresh_token":"r"}`, long, life))
		_, err := s.client(t, in(path)).ReplaceTokens(context.Background())
		require.NoError(t, err)
		require.NoError(t, read(s.client(t, in(path))))
		require.Equal(t, long, readStore(t, path).AccessToken)
		require.Equal(t, time.Hour, readStore(t, path).AccessExpiresAt.Sub(readStore(t, path).ObtainedAt))
	}
}

func TestARefreshTokenIsKeptWhateverElseTheAnswerHolds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		usable bool
	}{
		"no access token":             {`{"refresh_token":"the-next"}`, false},
		"an access token that is nil": {`{"access_token":null,"refresh_token":"the-next"}`, false},
		"one of another type":         {`{"access_token":7,"refresh_token":"the-next"}`, false},
		"something after the answer":  {`{"access_token":"t","refresh_token":"the-next"} and more`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := newServer(t, nil), storePath(t)
			s.token = answering(200, "application/json", c.answer)
			_, err := s.client(t, in(path)).EnsureToken(context.Background())
			if c.usable {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, concur.Malformed)
			}
			require.Equal(t, "the-next", readStore(t, path).RefreshToken)
		})
	}
}

func TestTheEndOfARefreshTokenIsWarnedOf(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		left, warning time.Duration
		level         string
	}{
		"not before the warning time":            {31 * day, 0, ""},
		"from thirty days on":                    {29 * day, 0, "WARN"},
		"loudly in the last week":                {6 * day, 0, "ERROR"},
		"loudly when it is over":                 {-day, 0, "ERROR"},
		"from a time that is set":                {80 * day, 90 * day, "WARN"},
		"not before a time that is set":          {20 * day, 14 * day, ""},
		"in the last week, whatever was set":     {6 * day, time.Hour, "ERROR"},
		"never while the end of it is not known": {0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := newServer(t, answering(200, "application/xml", reportXML)), storePath(t)
			s.valid = "t"
			held := stored{
				RefreshToken: firstRefresh, Geolocation: s.URL, AccessToken: "t", Generation: 1,
				ObtainedAt: time.Now(), AccessExpiresAt: time.Now().Add(time.Hour),
			}
			if c.left != 0 {
				held.RefreshExpiresAt = time.Now().Add(c.left)
			}
			writeStore(t, path, held)
			var log lines
			client := s.client(t, in(path), logging(&log), func(o *concur.Options) { o.TokenWarning = c.warning })
			ctx, cancel := context.WithCancel(context.Background())
			kept := make(chan struct{})
			go func() {
				defer close(kept)
				client.RenewTokens(ctx, time.Minute)
			}()
			require.NoError(t, read(client))
			cancel()
			<-kept
			if c.level == "" {
				require.Empty(t, log.String())
				return
			}
			require.Equal(t, 1, strings.Count(log.String(), "\n"), "once a day: %s", log.String())
			require.Contains(t, log.String(), "level="+c.level)
			require.Contains(t, log.String(), "renew it")
			require.NotContains(t, log.String(), firstRefresh)
		})
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	ok := answering(200, "application/xml", reportXML)

	t.Run("access is obtained when there is none, and only then", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		client := s.client(t)
		for range 2 {
			status, err := client.EnsureToken(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"EXPRPT", "NOTIF"}, status.Scopes)
			require.Equal(t, s.URL, status.Geolocation)
			require.Equal(t, 1, status.Generation)
		}
	})
	t.Run("access is renewed when asked for", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		client := s.client(t, in(path))
		for want := 1; want <= 3; want++ {
			status, err := client.ReplaceTokens(ctx)
			require.NoError(t, err)
			require.Equal(t, want, status.Generation)
			got, err := concur.ReadTokenStore(concur.Options{TokenFile: path, TrustedHosts: []string{s.host()}})
			require.NoError(t, err)
			require.Equal(t, status.Generation, got.Generation)
			require.True(t, status.RefreshExpiresAt.Equal(got.RefreshExpiresAt))
		}
	})
	t.Run("a quiet process renews its access by itself, until it is told to stop", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		client := s.client(t, in(path))
		ctx, cancel := context.WithCancel(ctx)
		kept := make(chan struct{})
		go func() {
			defer close(kept)
			client.RenewTokens(ctx, 20*time.Millisecond)
		}()
		require.Eventually(t, func() bool { _, tokens := s.count(); return tokens >= 3 }, 10*time.Second, 10*time.Millisecond)
		cancel()
		<-kept
	})
	t.Run("access that cannot be renewed is loud, and tried again", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		var log lines
		client := s.client(t, in(path), logging(&log))
		s.token = answering(503, "text/plain", "")
		ctx, cancel := context.WithCancel(ctx)
		kept := make(chan struct{})
		go func() {
			defer close(kept)
			client.RenewTokens(ctx, 50*time.Millisecond)
		}()
		require.Eventually(t, func() bool { return strings.Count(log.String(), "level=ERROR") >= 2 }, 10*time.Second, 10*time.Millisecond)
		cancel()
		<-kept
	})
	t.Run("without a store nothing is renewed ahead of time", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		s.client(t).RenewTokens(ctx, time.Millisecond)
		_, tokens := s.count()
		require.Zero(t, tokens)
	})
	t.Run("without a store a replaced refresh token is warned of, once", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, ok)
		var log lines
		client := s.client(t, logging(&log))
		for range 3 {
			_, err := client.ReplaceTokens(ctx)
			require.NoError(t, err)
		}
		require.Equal(t, 1, strings.Count(log.String(), "concur replaced the refresh token, and without CONCUR_TOKEN_FILE"), log.String())
	})
	t.Run("the legacy scheme is sent when it is set", func(t *testing.T) {
		t.Parallel()
		for scheme, want := range map[string]string{"": "Bearer access-token-1", "Bearer": "Bearer access-token-1", "OAuth": "OAuth access-token-1"} {
			s := newServer(t, ok)
			err := read(s.client(t, func(o *concur.Options) { o.AuthScheme = scheme }))
			require.Equal(t, scheme == "OAuth", err != nil, "this server wants Bearer")
			require.Equal(t, want, s.requests[0].Header.Get("Authorization"))
		}
	})
}

func TestTheClientSecretIsChangedWithoutAGap(t *testing.T) {
	t.Parallel()
	const oldSecret = "the-secret-of-last-year"
	wrong := func(w http.ResponseWriter) {
		answering(401, "application/json", `{"code":64,"error":"invalid_client","error_description":"Incorrect credentials"}`)(w, nil)
	}
	both := func(o *concur.Options) { o.ClientSecret, o.ClientSecret2 = oldSecret, clientSecret }
	secrets := func(forms []url.Values) (got []string) {
		for _, form := range forms {
			got = append(got, form.Get("client_secret"))
		}
		return got
	}

	t.Run("when the first is refused the second is tried, and remembered", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", reportXML))
		asked := s.forms(func(w http.ResponseWriter, form url.Values) {
			if form.Get("client_secret") != clientSecret {
				wrong(w)
				return
			}
			s.issue(w, form)
		})
		var log lines
		client := s.client(t, both, logging(&log))
		for range 2 {
			require.NoError(t, read(client))
			s.expire()
		}
		require.Equal(t, []string{oldSecret, clientSecret, clientSecret}, secrets(asked()))
		require.Contains(t, log.String(), "accepted=CONCUR_CLIENT_SECRET_2")
		require.NotContains(t, log.String(), oldSecret)
	})
	t.Run("when both are refused a person must look, and neither is preferred", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		asked := s.forms(func(w http.ResponseWriter, _ url.Values) { wrong(w) })
		client := s.client(t, both)
		for range 2 {
			require.ErrorContains(t, read(client), "must check the client ID and secret")
		}
		require.Equal(t, []string{oldSecret, clientSecret, oldSecret, clientSecret}, secrets(asked()))
	})
	t.Run("another refusal does not try the second", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		asked := s.forms(func(w http.ResponseWriter, _ url.Values) {
			answering(400, "application/json", `{"code":108,"error":"invalid_grant"}`)(w, nil)
		})
		require.ErrorIs(t, read(s.client(t, both)), concur.Unauthorized)
		require.Equal(t, []string{oldSecret}, secrets(asked()))
	})
}

func TestInitToken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const request = "request-token-of-the-day"
	start := func(t *testing.T) (*server, concur.Options, func() []url.Values) {
		s := newServer(t, answering(200, "application/xml", reportXML))
		asked := s.forms(func(w http.ResponseWriter, form url.Values) {
			if form.Get("grant_type") == "refresh_token" {
				s.issue(w, form)
				return
			}
			if form.Get("password") != request {
				answering(400, "application/json", `{"code":5,"error":"invalid_grant","error_description":"Incorrect `+form.Get("password")+`"}`)(w, nil)
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.valid, s.refresh = "first-access", "first-refresh"
			_ = json.NewEncoder(w).Encode(map[string]any{
				"access_token": s.valid, "refresh_token": s.refresh, "expires_in": 3600, "token_type": "Bearer",
				"scope": "EXPRPT", "geolocation": s.URL + "/oauth2/v0/token", "refresh_expires_in": time.Now().AddDate(0, 5, 0).Unix(),
			})
		})
		options := s.options()
		options.RefreshToken, options.TokenFile = "", storePath(t)
		return s, options, asked
	}
	t.Run("a request token begins the store, and the client goes on with it", func(t *testing.T) {
		t.Parallel()
		s, options, asked := start(t)
		status, err := concur.InitToken(ctx, options, companyID, request)
		require.NoError(t, err)
		require.Equal(t, 1, status.Generation)
		require.Equal(t, s.URL, status.Geolocation)
		require.Equal(t, []url.Values{{
			"grant_type": {"password"}, "username": {companyID}, "password": {request}, "credtype": {"authtoken"},
			"client_id": {"client"}, "client_secret": {clientSecret},
		}}, asked())
		client := s.client(t, in(options.TokenFile), unseeded)
		require.NoError(t, read(client))
		s.expire()
		require.NoError(t, read(client))
		require.Equal(t, "first-refresh", asked()[1].Get("refresh_token"))
	})
	t.Run("tokens that have ended are replaced, and a running process takes the new ones", func(t *testing.T) {
		t.Parallel()
		s, options, _ := start(t)
		client := s.client(t, in(options.TokenFile))
		s.refresh = "another"
		require.ErrorIs(t, read(client), concur.Unauthorized)
		_, err := concur.InitToken(ctx, options, companyID, request)
		require.NoError(t, err)
		require.NoError(t, read(client))
	})
	t.Run("a request token that is refused changes nothing and is not repeated", func(t *testing.T) {
		t.Parallel()
		_, options, _ := start(t)
		_, err := concur.InitToken(ctx, options, companyID, "yesterdays-token")
		require.ErrorIs(t, err, concur.Unauthorized)
		require.ErrorContains(t, err, "obtain company token: ")
		require.ErrorContains(t, err, "a person must renew it")
		require.NotContains(t, err.Error(), "yesterdays-token")
		require.NoFileExists(t, options.TokenFile)
	})
	t.Run("an answer without a refresh token is no beginning", func(t *testing.T) {
		t.Parallel()
		s, options, _ := start(t)
		s.token = answering(200, "application/json", `{"access_token":"a","token_type":"Bearer"}`)
		_, err := concur.InitToken(ctx, options, companyID, request)
		require.ErrorContains(t, err, "there is no refresh token in the answer")
		require.NoFileExists(t, options.TokenFile)
	})
	t.Run("a company in another data centre is asked for there", func(t *testing.T) {
		t.Parallel()
		_, options, asked := start(t)
		global := newServer(t, nil)
		global.token = answering(400, "application/json", `{"code":16,"error":"invalid_request","geolocation":"`+options.Geolocation+`"}`)
		options.TrustedHosts = append(options.TrustedHosts, global.host())
		options.RootCAs.AddCert(global.Certificate())
		options.Geolocation = global.URL
		_, err := concur.InitToken(ctx, options, companyID, request)
		require.NoError(t, err)
		require.Len(t, asked(), 1)
	})
	for name, c := range map[string]struct{ company, request, file, says string }{
		"a company that is no UUID":    {"acme", request, "x", "the company is not a UUID"},
		"a UUID in braces":             {"{" + companyID + "}", request, "x", "the company is not a UUID"},
		"an empty request token":       {companyID, "", "x", "the request token is empty"},
		"a request token of two lines": {companyID, "a\nb", "x", "the request token is empty, or has a space"},
		"no store":                     {companyID, request, "", "the path of the token store is missing"},
	} {
		t.Run("refused before anything is sent: "+name, func(t *testing.T) {
			t.Parallel()
			_, options, asked := start(t)
			if c.file == "" {
				options.TokenFile = ""
			}
			_, err := concur.InitToken(ctx, options, c.company, c.request)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, asked())
		})
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	t.Run("the connection is deleted, and the store with it", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, answering(200, "application/json", "")), storePath(t)
		client := s.client(t, in(path))
		require.NoError(t, client.Revoke(context.Background()))
		require.Equal(t, "DELETE", s.requests[0].Method)
		require.Equal(t, "/app-mgmt/v0/connections", s.requests[0].RequestURI)
		require.Equal(t, "Bearer access-token-1", s.requests[0].Header.Get("Authorization"))
		require.NoFileExists(t, path)
	})
	t.Run("what Concur refuses to revoke is kept", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{403, 404, 500} {
			s, path := newServer(t, answering(status, "application/json", "{}")), storePath(t)
			require.ErrorContains(t, s.client(t, in(path)).Revoke(context.Background()), "revoke access: ")
			_, err := os.Stat(path)
			require.NoError(t, err)
		}
	})
}

func TestARevocationIsSentAgainWithANewToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		n := 0
		s, path := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, http.MethodDelete, r.Method)
			if n++; n == 1 {
				w.Header().Set("Concur-Correlationid", "their-id")
				w.WriteHeader(status)
			}
		}), storePath(t)
		require.NoError(t, s.client(t, in(path)).Revoke(context.Background()), "HTTP %d", status)
		require.Equal(t, 2, n)
		require.NoFileExists(t, path)
	}
}
