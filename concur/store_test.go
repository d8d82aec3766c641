package concur_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// stored is the token store as an operator sees it.
type stored struct {
	RefreshToken     string    `json:"refreshToken"`
	RefreshExpiresAt time.Time `json:"refreshExpiresAt"`
	Geolocation      string    `json:"geolocation"`
	AccessToken      string    `json:"accessToken"`
	AccessExpiresAt  time.Time `json:"accessExpiresAt"`
	Scope            string    `json:"scope"`
	ObtainedAt       time.Time `json:"obtainedAt"`
	Generation       int       `json:"generation"`
}

func storePath(t testing.TB) string { return filepath.Join(t.TempDir(), "token.json") }

func in(path string) func(*concur.Options) {
	return func(o *concur.Options) { o.TokenFile = path }
}

func unseeded(o *concur.Options) { o.RefreshToken = "" }

func readStore(t testing.TB, path string) (s stored) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &s))
	return s
}

func writeStore(t testing.TB, path string, s stored) {
	t.Helper()
	content, err := json.Marshal(s)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestStore(t *testing.T) {
	t.Parallel()
	ok := answering(200, "application/xml", reportXML)

	t.Run("a refresh token begins an absent store, which then holds all that Concur gave", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		s.geo = " " // where it was asked
		require.NoError(t, read(s.client(t, in(path))))
		got := readStore(t, path)
		require.WithinDuration(t, time.Now(), got.ObtainedAt, time.Minute)
		require.Equal(t, got.ObtainedAt.Add(time.Hour), got.AccessExpiresAt)
		got.ObtainedAt, got.AccessExpiresAt = time.Time{}, time.Time{}
		require.Equal(t, stored{
			RefreshToken: "refresh-token-2", AccessToken: "access-token-1", Geolocation: s.URL, Scope: "EXPRPT NOTIF", Generation: 1,
		}, got)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoFileExists(t, path+".new")
	})
	t.Run("the next process goes on with the store, and asks for no token while one is good", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		require.NoError(t, read(s.client(t, in(path))))
		require.NoError(t, read(s.client(t, in(path), unseeded)))
		require.NoError(t, read(s.client(t, in(path))), "what the store holds wins over the first refresh token")
		_, tokens := s.count()
		require.Equal(t, 1, tokens)
		s.expire()
		require.NoError(t, read(s.client(t, in(path))))
		require.Equal(t, 2, readStore(t, path).Generation)
	})
	t.Run("a process takes what another has renewed", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		one, other := s.client(t, in(path)), s.client(t, in(path))
		for generation := 1; generation <= 3; generation++ {
			require.NoError(t, read(one))
			require.NoError(t, read(other))
			_, tokens := s.count()
			require.Equal(t, generation, tokens)
			require.Equal(t, generation, readStore(t, path).Generation)
			s.expire()
			one, other = other, one
		}
	})
	t.Run("of many that need a token at once, one asks", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		var wg sync.WaitGroup
		errs := make(chan error, 12)
		for range cap(errs) {
			client := s.client(t, in(path))
			wg.Go(func() { errs <- read(client) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		_, tokens := s.count()
		require.Equal(t, 1, tokens)
	})
	t.Run("the next refresh goes to the geolocation that is kept", func(t *testing.T) {
		t.Parallel()
		old, home, path := newServer(t, ok), newServer(t, ok), storePath(t)
		old.geo = home.URL + "/oauth2/v0/token"
		home.refresh, home.valid = "refresh-token-2", "access-token-1"
		allowed := func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, home.host()) }
		require.NoError(t, read(old.client(t, in(path), allowed)))
		require.Equal(t, home.URL, readStore(t, path).Geolocation)
		home.expire()
		require.NoError(t, read(old.client(t, in(path), allowed)))
		_, tokens := home.count()
		require.Equal(t, 1, tokens)
	})
	t.Run("the refresh token is kept when the access token with it must not be used", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		s.geo = "https://evilconcursolutions.com"
		require.ErrorIs(t, read(s.client(t, in(path))), concur.Untrusted)
		require.Equal(t, "refresh-token-2", readStore(t, path).RefreshToken)
		require.Empty(t, readStore(t, path).AccessToken)
		s.geo = ""
		require.NoError(t, read(s.client(t, in(path))))
	})
	t.Run("a refusal leaves the store as it was", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		require.NoError(t, read(s.client(t, in(path))))
		before := readStore(t, path)
		s.expire()
		s.refresh = "another"
		require.ErrorIs(t, read(s.client(t, in(path))), concur.Unauthorized)
		require.Equal(t, before, readStore(t, path))
		require.NoFileExists(t, path+".new")
	})
	t.Run("a link to the store stays a link", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		require.NoError(t, read(s.client(t, in(path))))
		link := storePath(t)
		require.NoError(t, os.Symlink(path, link))
		s.expire()
		require.NoError(t, read(s.client(t, in(link))))
		require.Equal(t, 2, readStore(t, path).Generation)
	})
	t.Run("a store that vanishes is written again from memory", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		client := s.client(t, in(path))
		require.NoError(t, read(client))
		require.NoError(t, os.Remove(path))
		s.expire()
		require.NoError(t, read(client))
		require.Equal(t, "refresh-token-3", readStore(t, path).RefreshToken)
	})
	t.Run("whoever waits too long for the lock says so", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, ok), storePath(t)
		asked, release := make(chan struct{}, 2), make(chan struct{})
		free := sync.OnceFunc(func() { close(release) })
		defer free()
		s.token = func(w http.ResponseWriter, _ *http.Request) {
			asked <- struct{}{}
			<-release
			w.WriteHeader(503)
		}
		first := make(chan error, 1)
		one, other := s.client(t, in(path)), s.client(t, in(path), func(o *concur.Options) { o.RequestTimeout = 100 * time.Millisecond })
		go func() { first <- read(one) }()
		<-asked
		err := read(other)
		require.ErrorIs(t, err, concur.Unavailable)
		require.ErrorContains(t, err, "another process has kept")
		free()
		require.ErrorIs(t, <-first, concur.Unavailable)
	})
}

func TestAStoreIsRefusedWhenItCannotServe(t *testing.T) {
	t.Parallel()
	const token = "hush-hush-hush"
	good := `{"refreshToken":"` + token + `","geolocation":"https://us2.api.concursolutions.com","generation":3}`
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		says    string
	}{
		"because everyone can read it":       {good, 0o644, "can be read or written by others than its owner: chmod 600 "},
		"because its group can read it":      {good, 0o640, "chmod 600 "},
		"because its group can write it":     {good, 0o620, "chmod 600 "},
		"in UTF-16":                          {"\xff\xfe{\x00", 0o600, "it is in UTF-16: save it as UTF-8"},
		"that is no JSON":                    {"refreshToken: " + token, 0o600, "does not hold the JSON of a token store"},
		"that is cut":                        {good[:40], 0o600, "does not hold the JSON of a token store"},
		"with a number for a token":          {`{"refreshToken":20261123}`, 0o600, "does not hold the JSON of a token store"},
		"that is far too long":               {good + strings.Repeat(" ", 300<<10), 0o600, "does not hold the JSON of a token store"},
		"without a refresh token":            {`{"geolocation":"https://us2.api.concursolutions.com"}`, 0o600, "it holds no refresh token"},
		"with a refresh token of two lines":  {`{"refreshToken":"hush-hush-hush\nx","geolocation":"https://us2.api.concursolutions.com"}`, 0o600, "a token in it has a space"},
		"with a geolocation that is nobodys": {strings.Replace(good, "us2.api", "us9.api", 1), 0o600, `its geolocation names the host "us9.api.concursolutions.com", which is not on the allow-list`},
		"with a geolocation in clear":        {strings.Replace(good, "https", "http", 1), 0o600, "its geolocation is not an https URL"},
	} {
		t.Run("a store "+name, func(t *testing.T) {
			t.Parallel()
			path := storePath(t)
			require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
			require.NoError(t, os.Chmod(path, c.mode))
			options := concur.Options{Geolocation: "https://us2.api.concursolutions.com", ClientID: "a", ClientSecret: "b", RefreshToken: "c", TokenFile: path}
			_, err := concur.New(options)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "20261123")
			_, err = concur.ReadTokenStore(options)
			require.ErrorContains(t, err, c.says)
		})
	}
	options := concur.Options{Geolocation: "https://us2.api.concursolutions.com", ClientID: "a", ClientSecret: "b"}
	t.Run("no store, and nothing to begin it with", func(t *testing.T) {
		t.Parallel()
		o := options
		o.TokenFile = storePath(t)
		_, err := concur.New(o)
		require.ErrorContains(t, err, "run concurctl token init")
		_, err = concur.ReadTokenStore(o)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("a store in a folder that is not there", func(t *testing.T) {
		t.Parallel()
		o := options
		o.RefreshToken, o.TokenFile = "c", filepath.Join(t.TempDir(), "none", "token.json")
		_, err := concur.New(o)
		require.ErrorContains(t, err, "token store: lock: ")
	})
	t.Run("a folder in the place of the store", func(t *testing.T) {
		t.Parallel()
		o := options
		o.RefreshToken, o.TokenFile = "c", t.TempDir()
		_, err := concur.New(o)
		require.ErrorContains(t, err, "is not a regular file")
	})
}

// TestAStepOfTheStoreFails fails every step of a rotation once. Concur accepts only
// the newest refresh token.
func TestAStepOfTheStoreFails(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	for _, step := range []string{"lock", "reserve", "write", "sync", "rename", "sync the folder"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s, path := newServer(t, answering(200, "application/xml", reportXML)), storePath(t)
			client := s.client(t, in(path))
			var failed atomic.Bool
			client.OnStoreStep(func(name string, do func() error) error {
				if name == step && failed.CompareAndSwap(false, true) {
					return full
				}
				return do()
			})
			err := read(client)
			require.ErrorIs(t, err, concur.Unavailable)
			require.ErrorContains(t, err, "token store: "+step+": no space left on device")
			requests, tokens := s.count()
			require.Zero(t, requests, "no access token is used before it is written down")
			before := step == "lock" || step == "reserve"
			if before {
				require.Zero(t, tokens, "Concur is not asked")
			} else {
				require.ErrorContains(t, err, "the newest refresh token is in the memory of this process alone")
			}
			require.NoError(t, read(client), "the next call makes up for it")
			_, tokens = s.count()
			require.Equal(t, 1, tokens, "without asking Concur again")
			require.Equal(t, "refresh-token-2", readStore(t, path).RefreshToken)
			s.expire()
			require.NoError(t, read(s.client(t, in(path), unseeded)))
		})
	}
	t.Run("an answer that was not written down gives way to what another obtained", func(t *testing.T) {
		t.Parallel()
		s, path := newServer(t, answering(200, "application/xml", reportXML)), storePath(t)
		writeStore(t, path, stored{RefreshToken: firstRefresh, Geolocation: s.URL})
		one, other := s.client(t, in(path)), s.client(t, in(path))
		one.OnStoreStep(func(name string, do func() error) error {
			if name == "write" {
				return full
			}
			return do()
		})
		require.ErrorIs(t, read(one), concur.Unavailable)
		s.mu.Lock()
		s.refresh = firstRefresh // the old one is still accepted
		s.mu.Unlock()
		require.NoError(t, read(other))
		require.NoError(t, read(one))
		require.Equal(t, "refresh-token-3", readStore(t, path).RefreshToken)
		_, tokens := s.count()
		require.Equal(t, 2, tokens)
	})
}

func TestClosingWaitsForTheAnswerOfConcur(t *testing.T) {
	t.Parallel()
	s, path := newServer(t, answering(200, "application/xml", reportXML)), storePath(t)
	asked, release := make(chan struct{}), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	s.forms(func(w http.ResponseWriter, form url.Values) {
		close(asked)
		<-release
		s.issue(w, form)
	})
	client := s.client(t, in(path))
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{})
		gone <- err
	}()
	<-asked
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		client.Close()
	}()
	require.NoFileExists(t, path)
	free()
	<-closed
	require.Equal(t, "refresh-token-2", readStore(t, path).RefreshToken)
	s.expire()
	require.ErrorContains(t, read(client), "the client is closed")
}

func TestTheStoreIsWrittenBeforeTheTokenIsUsed(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	seen := make(chan string, 1)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := os.ReadFile(path)
		var held stored
		_ = json.Unmarshal(content, &held)
		seen <- "Bearer " + held.AccessToken
		answering(200, "application/xml", reportXML)(w, r)
	})
	_, err := s.client(t, in(path)).ReadReport(context.Background(), objectURI, concur.ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, "Bearer access-token-1", <-seen)
}

func TestAByteOrderMarkIsNotOfTheStore(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	require.NoError(t, os.WriteFile(path, []byte("\uFEFF"+`{"refreshToken":"hush-hush-hush","geolocation":"https://us2.api.concursolutions.com","generation":3}`+"\r\n"), 0o600))
	_, err := concur.New(concur.Options{Geolocation: "https://us2.api.concursolutions.com", ClientID: "a", ClientSecret: "b", RefreshToken: "c", TokenFile: path})
	require.NoError(t, err)
}
