package concur_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	calls := map[string]func(*concur.Client) error{
		"report": read,
		"action": func(c *concur.Client) error { return c.TakeActionV1(ctx, actionURL, expense.Approve, "") },
		"exceptions": func(c *concur.Client) error {
			_, err := c.PostExceptionsV1(ctx, reportKey, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
			return err
		},
		"delete": func(c *concur.Client) error { return c.DeleteNotification(ctx, entryURI) },
		"list": func(c *concur.Client) error {
			return c.FailedNotifications(ctx, func(wire.FailedItem) error { return nil })
		},
		"pending": func(c *concur.Client) error {
			_, err := c.PendingReports(ctx, "", func(concur.PendingReport, error) error { return nil })
			return err
		},
		"revoke": func(c *concur.Client) error { return c.Revoke(ctx) },
	}
	t.Run("a redirect is not followed", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		for _, status := range []int{301, 302, 303, 307, 308} {
			for name, call := range calls {
				for _, location := range []string{p.tls.URL, p.clear.URL, "//" + p.host() + "/x", "https:" + p.host(), "/oauth2/v0/token"} {
					s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Location", location)
						w.WriteHeader(status)
					})
					err := call(s.client(t))
					require.ErrorIs(t, err, concur.Rejected, name)
					require.ErrorContains(t, err, "a redirect is not followed")
					requests, tokens := s.count()
					require.Equal(t, 1, requests)
					require.Equal(t, 1, tokens)
				}
			}
		}
		p.sawNothing(t)
	})
	t.Run("a redirect of the token endpoint is not followed", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, location := range []string{p.tls.URL, p.clear.URL, "//" + p.host() + "/x", "/api"} {
				asked := 0
				s := newServer(t, nil)
				s.token = func(w http.ResponseWriter, _ *http.Request) {
					asked++
					w.Header().Set("Location", location)
					w.WriteHeader(status)
				}
				require.ErrorIs(t, read(s.client(t)), concur.Rejected)
				require.Equal(t, 1, asked)
				requests, _ := s.count()
				require.Zero(t, requests)
			}
		}
		p.sawNothing(t)
	})
	t.Run("a token for a host that is not allowed is not used", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		s := newServer(t, answering(200, "application/xml", reportXML))
		bases := hostileBases(s, p)
		bases["clear text on a good host"] = strings.Replace(s.URL, "https", "http", 1)
		bases["clear text at Concur"] = "http://us2.api.concursolutions.com"
		bases["no URL"] = "nonsense"
		asked := 0
		for name, base := range bases {
			for _, geo := range []string{base, base + "/", base + "/oauth2/v0/token"} {
				s.geo, s.refresh = geo, firstRefresh
				client := s.client(t)
				err := read(client)
				require.ErrorIs(t, err, concur.Untrusted, name)
				require.ErrorContains(t, err, "the geolocation of the token")
				require.NotContains(t, err.Error(), "hush")
				require.ErrorIs(t, read(client), concur.Untrusted, "nor the next")
				asked += 2
				requests, tokens := s.count()
				require.Zero(t, requests)
				require.Equal(t, asked, tokens, "the rotated refresh token was kept")
			}
		}
		p.sawNothing(t)
	})
	t.Run("what stands behind the host of a geolocation leads nowhere", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		for _, tail := range []string{"#@" + p.host(), "/#@" + p.host(), "?@" + p.host(), `/\@` + p.host(), "/@" + p.host(), "/../..//" + p.host()} {
			s := newServer(t, answering(200, "application/xml", reportXML))
			s.geo = s.URL + tail
			status, err := s.client(t).EnsureToken(ctx)
			require.NoError(t, err, tail)
			require.Equal(t, s.URL, status.Geolocation, tail)
			client := s.client(t, func(o *concur.Options) { o.Geolocation, o.RefreshToken = s.URL+tail, s.refresh })
			require.NoError(t, read(client), tail)
			require.Equal(t, reportPath+reportKey, s.requests[0].RequestURI)
		}
		p.sawNothing(t)
	})
	t.Run("a refusal that names a host that is not allowed stands", func(t *testing.T) {
		t.Parallel()
		p := newTrap(t)
		s := newServer(t, nil)
		for name, base := range hostileBases(s, p) {
			asked := 0
			body, err := json.Marshal(map[string]any{"code": 16, "error": "invalid_request", "geolocation": base})
			require.NoError(t, err)
			s.token = func(w http.ResponseWriter, r *http.Request) {
				asked++
				answering(http.StatusBadRequest, "application/json", string(body))(w, r)
			}
			err = read(s.client(t))
			require.ErrorIs(t, err, concur.Unauthorized, name)
			require.NotContains(t, err.Error(), "hush", name)
			require.Equal(t, 1, asked, name)
		}
		p.sawNothing(t)
	})
}

// What is read at the start may be wrong as well.
func TestHostileBeginnings(t *testing.T) {
	t.Parallel()
	p := newTrap(t)
	s := newServer(t, answering(200, "application/xml", reportXML))
	for name, base := range hostileBases(s, p) {
		for _, geo := range []string{base, base + "/"} {
			t.Run("a geolocation of the environment: "+name, func(t *testing.T) {
				options := s.options()
				options.Geolocation = geo
				_, err := concur.New(options)
				require.ErrorContains(t, err, "the geolocation ")
				require.NotContains(t, err.Error(), "hush")
				options.TokenFile = storePath(t)
				_, err = concur.InitToken(context.Background(), options, companyID, "request-token")
				require.ErrorContains(t, err, "the geolocation ")
				require.NoFileExists(t, options.TokenFile)
			})
			t.Run("a geolocation of the store: "+name, func(t *testing.T) {
				options := s.options()
				options.TokenFile = storePath(t)
				writeStore(t, options.TokenFile, stored{RefreshToken: firstRefresh, AccessToken: "t", Geolocation: geo, Generation: 1})
				_, err := concur.New(options)
				require.ErrorContains(t, err, "its geolocation ")
				require.NotContains(t, err.Error(), "hush")
				_, err = concur.ReadTokenStore(options)
				require.ErrorContains(t, err, "its geolocation ")
			})
		}
	}
	t.Run("a geolocation of an answer that was left half written", func(t *testing.T) {
		options := s.options()
		options.TokenFile = storePath(t)
		writeStore(t, options.TokenFile, stored{RefreshToken: firstRefresh, Geolocation: s.URL, Generation: 1})
		writeStore(t, options.TokenFile+".new", stored{RefreshToken: "other", Geolocation: p.tls.URL, Generation: 2})
		client, err := concur.New(options)
		require.NoError(t, err)
		t.Cleanup(client.Close)
		require.NoError(t, read(client))
		require.Equal(t, s.URL, readStore(t, options.TokenFile).Geolocation)
		_, err = os.Stat(options.TokenFile + ".new")
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	_, tokens := s.count()
	require.Equal(t, 1, tokens, "only the last one asked")
	p.sawNothing(t)
}
