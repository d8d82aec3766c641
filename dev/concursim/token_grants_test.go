package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tokenOf reads an answer of the token endpoint.
func tokenOf(t *testing.T, answer reply) map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	var token map[string]any
	require.NoError(t, json.Unmarshal([]byte(answer.body), &token))
	return token
}

func requireRefused(t *testing.T, status, code int, answer reply) {
	t.Helper()
	require.Equal(t, status, answer.status, answer.body)
	require.Contains(t, answer.body, fmt.Sprintf(`"code":%d}`, code))
	require.True(t, json.Valid([]byte(answer.body)))
}

func TestGrants(t *testing.T) {
	t.Parallel()
	t.Run("a request token can be used repeatedly", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		first, second := tokenOf(t, w.companyGrant()), tokenOf(t, w.companyGrant("username", strings.ToUpper(w.sim.opts.companyID)))
		require.NotEqual(t, first["access_token"], second["access_token"])
		w.bearer = first["access_token"].(string)
		require.Equal(t, http.StatusOK, w.read(w.submit("r")).status)
		require.Equal(t, http.StatusOK, w.grant("grant_type", "refresh_token", "refresh_token", second["refresh_token"].(string)).status)
	})
	t.Run("after a request token has ended another one can be issued", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.sim.mu.Lock()
		first := w.sim.tokens.requests[w.sim.opts.requestToken]
		require.WithinDuration(t, time.Now().Add(24*time.Hour), first.ends, time.Minute)
		first.ends = time.Now().Add(-time.Second)
		w.sim.mu.Unlock()
		requireRefused(t, http.StatusForbidden, 19, w.companyGrant())
		issue := func(body string) string {
			var issued struct{ RequestToken string }
			w.control(http.MethodPost, "/request-token", body, &issued)
			return issued.RequestToken
		}
		require.Equal(t, http.StatusOK, w.companyGrant("password", issue("")).status)
		require.Equal(t, http.StatusOK, w.companyGrant("password", issue("life: 90s")).status)
		requireRefused(t, http.StatusForbidden, 19, w.companyGrant("password", issue("life: 1ns")))
		requireRefused(t, http.StatusBadRequest, 136, w.companyGrant("password", issue("otherApp: true")))
		for _, body := range []string{"life: soon", "life: 0s", "until: later"} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/request-token", body).status, body)
		}
	})
	t.Run("an application's own token has no refresh token and no access to a company", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		token := tokenOf(t, w.grant("grant_type", "client_credentials"))
		for _, name := range []string{"refresh_token", "id_token", "refresh_expires_in"} {
			require.NotContains(t, token, name)
		}
		require.Contains(t, token["geolocation"], w.sim.Ready().API)
		r := w.submit("r")
		w.bearer = token["access_token"].(string)
		require.Equal(t, http.StatusForbidden, w.read(r).status)
	})
	t.Run("a wrong or missing field is refused with the documented code", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		refresh := func(more ...string) reply {
			return w.grant(append([]string{"grant_type", "refresh_token", "refresh_token", w.sim.opts.refreshToken}, more...)...)
		}
		for _, one := range []struct {
			ask          func(...string) reply
			field, value string
			code, status int
		}{
			{refresh, "refresh_token", "other", 108, 400}, {refresh, "refresh_token", "", 106, 400},
			{refresh, "client_secret", "other", 64, 401}, {refresh, "client_id", "other", 64, 401},
			{refresh, "client_id", "", 62, 400}, {refresh, "client_secret", "", 63, 400},
			{refresh, "grant_type", "otp", 60, 400}, {refresh, "grant_type", "", 65, 400},
			{refresh, "grant_type", "password", 60, 400},
			{w.companyGrant, "username", "", 51, 400}, {w.companyGrant, "password", "", 52, 400},
			{w.companyGrant, "username", "08bcca1e-0d4f-4261-9f1b-f778d96617d6", 53, 400},
			{w.companyGrant, "username", "somebody@example.com", 53, 400},
			{w.companyGrant, "credtype", "password", 60, 400}, {w.companyGrant, "credtype", "", 60, 400},
			{w.companyGrant, "credtype", "fingerprint", 120, 400}, {w.companyGrant, "password", "other", 5, 400},
			{w.companyGrant, "client_id", "", 62, 400}, {w.companyGrant, "client_secret", "", 63, 400},
			{w.companyGrant, "client_secret", "other", 64, 401},
		} {
			t.Log(one.field, one.value)
			requireRefused(t, one.status, one.code, one.ask(one.field, one.value))
		}
	})
	t.Run("a request token in a URL is noticed and not recorded", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.send(http.MethodGet, "/api/x?t="+w.sim.opts.requestToken, "")
		require.Equal(t, []string{"token-in-url"}, w.brokenInvariants())
		require.NotContains(t, w.tryControl(http.MethodGet, "/journal", "").body, w.sim.opts.requestToken)
	})
}
