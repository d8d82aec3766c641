package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	t.Run("a grant has the application's scopes or the requested ones", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, allScopes, tokenOf(t, w.askToken())["scope"])
		require.Equal(t, "NOTIF EXPRPT", tokenOf(t, w.companyGrant("scope", "NOTIF EXPRPT"))["scope"])
		for _, asked := range []string{"EXPRPT CCARD", "exprpt"} {
			requireRefused(t, http.StatusBadRequest, 54, w.companyGrant("scope", asked))
			requireRefused(t, http.StatusBadRequest, 54, w.grant("grant_type", "refresh_token", "refresh_token", w.sim.opts.refreshToken, "scope", asked))
		}
	})
	t.Run("a missing scope is 403 without an effect", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.bearer = tokenOf(t, w.companyGrant("scope", "NOTIF expense.report.read"))["access_token"].(string)
		require.Equal(t, http.StatusForbidden, w.read(r).status)
		require.Equal(t, http.StatusForbidden, w.approve(r).status)
		require.Equal(t, http.StatusOK, w.failedList().status)
		require.Equal(t, http.StatusOK, w.send(http.MethodGet, pathOf(r.V4URI), "").status)
		short := expenseV4Path + "reports/" + r.ReportID
		require.Equal(t, http.StatusOK, w.send(http.MethodGet, short+"/exceptions", "").status)
		require.Equal(t, http.StatusForbidden, w.send(http.MethodPut, short+"/exceptions", `{"exceptionCode":"NODATE","exceptionVisibility":"ALL"}`).status)
		refused := w.send(http.MethodPatch, short+"/approve", `{}`)
		require.Equal(t, http.StatusForbidden, refused.status)
		require.NotContains(t, refused.body, "workflowstatus", "the answer does not name the scope")
		require.Zero(t, w.state("r").Writes)
		require.Equal(t, "a scope is missing", w.journal()[len(w.journal())-1].Note)
	})
	t.Run("an added scope comes with the next request token, a removed one is missing at once", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t, func(o *options) { o.scopes = "EXPRPT" })
		w.control(http.MethodPost, "/scopes", "add: [NOTIF]", nil)
		require.Equal(t, "EXPRPT", tokenOf(t, w.askToken())["scope"])
		w.login()
		require.Equal(t, http.StatusForbidden, w.failedList().status)
		w.bearer = tokenOf(t, w.companyGrant())["access_token"].(string)
		require.Equal(t, http.StatusOK, w.failedList().status)
		w.control(http.MethodPost, "/scopes", "remove: [NOTIF]", nil)
		require.Equal(t, http.StatusForbidden, w.failedList().status)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/scopes", "{}").status)
		w.control(http.MethodPost, "/refresh-tokens", "keepsToken: false", nil)
		held := w.sim.opts.refreshToken
		w.control(http.MethodPost, "/scopes", "scopes: [NOTIF]", nil)
		next := tokenOf(t, w.grant("grant_type", "refresh_token", "refresh_token", held))["refresh_token"].(string)
		require.NotEqual(t, held, next)
		w.control(http.MethodPost, "/scopes", "add: [EXPRPT]", nil)
		require.Equal(t, "EXPRPT", tokenOf(t, w.grant("grant_type", "refresh_token", "refresh_token", next))["scope"], "a replaced refresh token keeps its scopes")
	})
	t.Run("simulator.md lists the scopes", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, rule := range scopeRules {
			want = append(want, []string{strings.Join(rule.endpoints, ", "), rule.scopes})
		}
		require.Equal(t, want, tableUnder(t, "Scopes"))
		all := map[string]bool{}
		for _, rule := range scopeRules {
			for _, word := range strings.Fields(rule.scopes) {
				all[word] = true
			}
		}
		delete(all, "and")
		delete(all, "or")
		require.ElementsMatch(t, strings.Fields(allScopes), slices.Collect(maps.Keys(all)))
	})
}

func TestRevoking(t *testing.T) {
	t.Parallel()
	after, said := map[int]int{}, map[string]int{}
	for seed := range uint64(8) {
		w := newFixture(t, func(o *options) { o.seed = seed + 1 })
		r := w.submit("r")
		require.Equal(t, http.StatusMethodNotAllowed, w.send(http.MethodGet, connectionsPath, "").status)
		revoked := w.send(http.MethodDelete, connectionsPath, "")
		require.Equal(t, http.StatusOK, revoked.status)
		said[revoked.body]++
		requireRefused(t, http.StatusBadRequest, 108, w.askToken())
		after[w.read(r).status]++
		w.bearer = tokenOf(t, w.companyGrant())["access_token"].(string)
		require.Equal(t, http.StatusOK, w.read(r).status, "a new grant gives access again")
	}
	require.Len(t, said, 2, "some seeds answer with JSON, others with nothing")
	require.Positive(t, said[`"deleted"`])
	require.Positive(t, said[""])
	require.Positive(t, after[http.StatusOK], "with some seeds an access token outlives the connection")
	require.Positive(t, after[http.StatusUnauthorized]+after[http.StatusForbidden])
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	t.Run("a refresh mostly keeps the refresh token, which ends after six months", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.control(http.MethodPost, "/refresh-tokens", "showsExpiry: true", nil)
		held, ends := w.sim.opts.refreshToken, map[string]any{}
		changed := 0
		for range 40 {
			answer := tokenOf(t, w.grant("grant_type", "refresh_token", "refresh_token", held))
			next := answer["refresh_token"].(string)
			if next != held {
				changed++
			}
			if known, is := ends[next]; is {
				require.Equal(t, known, answer["refresh_expires_in"], "a kept token keeps its end")
			}
			held, ends[next] = next, answer["refresh_expires_in"]
		}
		require.Positive(t, changed)
		require.Less(t, changed, 20)
		w.control(http.MethodPost, "/refresh-tokens", "older: 4500h", nil)
		requireRefused(t, http.StatusBadRequest, 108, w.grant("grant_type", "refresh_token", "refresh_token", held))
		require.Equal(t, http.StatusOK, w.companyGrant().status)
		for _, body := range []string{"{}", "older: soon", "older: -1h"} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/refresh-tokens", body).status, body)
		}
	})
	t.Run("the form of token answers differs by the seed", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for seed := range uint64(12) {
			w := newFixture(t, func(o *options) { o.seed = seed + 1 })
			answer := tokenOf(t, w.askToken())
			_, tells := answer["refresh_expires_in"]
			_, text := answer["expires_in"].(string)
			seen["tells "+map[bool]string{true: "yes", false: "no"}[tells]] = true
			seen["text "+map[bool]string{true: "yes", false: "no"}[text]] = true
			seen["long "+map[bool]string{true: "yes", false: "no"}[len(answer["access_token"].(string)) > 3000]] = true
			w.control(http.MethodPost, "/refresh-tokens", "showsExpiry: false", nil)
			require.NotContains(t, tokenOf(t, w.askToken()), "refresh_expires_in")
		}
		require.Len(t, seen, 6, "%v", seen)
	})
}
