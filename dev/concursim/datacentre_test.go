package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// move moves the company. The client's requests then go to the new host.
func (w *fixture) move(to string) {
	w.t.Helper()
	w.control(http.MethodPost, "/move", "to: "+to, nil)
	w.host = to
}

func TestACompanyMovesToTheOtherDataCentre(t *testing.T) {
	t.Parallel()
	t.Run("the old token endpoint names the new host for each grant", func(t *testing.T) {
		t.Parallel()
		for seed := uint64(1); seed <= 6; seed++ {
			w := newFixture(t, func(o *options) { o.seed, o.strictRotation = seed, true })
			other := tokenOf(t, w.companyGrant())["refresh_token"].(string)
			w.control(http.MethodPost, "/move", "to: api2", nil)
			for _, refused := range []reply{w.grant("grant_type", "refresh_token", "refresh_token", other), w.companyGrant()} {
				require.Equal(t, http.StatusBadRequest, refused.status)
				require.Contains(t, refused.body, `"error":"invalid_request"`)
				require.Contains(t, refused.body, `"code":16,"geolocation":"`+w.sim.Ready().API2)
			}
			app := tokenOf(t, w.grant("grant_type", "client_credentials"))
			require.True(t, strings.HasPrefix(app["geolocation"].(string), w.sim.Ready().API))
			requireRefused(t, http.StatusBadRequest, 108, w.grant("grant_type", "refresh_token", "refresh_token", "other"))

			w.host = secondHost
			token := tokenOf(t, w.grant("grant_type", "refresh_token", "refresh_token", other))
			require.True(t, strings.HasPrefix(token["geolocation"].(string), w.sim.Ready().API2), token["geolocation"])
		}
	})
	t.Run("each host accepts only its own tokens, and only its own company", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		old := w.bearer
		w.control(http.MethodPost, "/move", "to: api2", nil)
		require.ElementsMatch(t, []int{401, 403}, []int{w.read(r).status, w.read(r).status}, "the old token at the old host")
		require.Empty(t, w.brokenInvariants(), "a token at the wrong host breaks no invariant")
		w.host = secondHost
		require.ElementsMatch(t, []int{401, 403}, []int{w.read(r).status, w.read(r).status}, "the old token at the new host")
		w.login()
		require.Equal(t, http.StatusOK, w.read(r).status)
		w.host = firstHost
		require.ElementsMatch(t, []int{401, 403}, []int{w.read(r).status, w.read(r).status}, "the new token at the old host")
		require.Equal(t, []string{"token-elsewhere", "token-elsewhere", "token-elsewhere", "token-elsewhere"}, w.brokenInvariants())

		w.move("api")
		w.bearer = old
		require.Equal(t, http.StatusOK, w.read(r).status, "the token is still valid")
	})
	t.Run("links keep the host at which they were made", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		hostOf := func(link string) string {
			u, err := url.Parse(link)
			require.NoError(t, err)
			return "https://" + u.Host
		}
		api, api2 := w.sim.Ready().API, w.sim.Ready().API2
		r := w.submit("r", "steps: [{extv: SUBMIT}, {extv: LAST}]")
		require.Equal(t, api, hostOf(elementText((<-got).body, "ObjectURI")))
		var before failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &before)

		w.move("api2")
		w.login()
		require.Equal(t, api, hostOf(elementText(w.read(r).body, "WorkflowActionURL")))
		require.Equal(t, api, hostOf(w.sim.failed.items[0].NotificationURI))
		require.Equal(t, "SUCCESS!", elementText(w.approve(r).body, "Status"), "its path is still valid")
		require.Equal(t, api2, hostOf(elementText((<-got).body, "ObjectURI")))
		require.Equal(t, api2, hostOf(elementText(w.read(r).body, "WorkflowActionURL")))
		var after failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &after)
		require.Equal(t, []string{api, api2, api2}, []string{hostOf(before.ObjectURI), hostOf(after.ObjectURI), hostOf(after.NotificationURI)})
		require.Equal(t, http.StatusOK, w.send(http.MethodDelete, pathOf(before.NotificationURI), "").status)
	})
	t.Run("the journal names the host of each request", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.move("api2")
		w.login()
		w.sendTo("http://"+w.sim.authority(secondHost)+failedPath, http.MethodGet, "", http.Header{})
		w.sendTo(w.sim.Ready().Plain, http.MethodGet, "", http.Header{})
		hosts := []string{}
		for _, line := range w.journal() {
			hosts = append(hosts, line.Host)
		}
		require.Equal(t, []string{"api", "api2", "api2", ""}, hosts)
		require.Equal(t, map[string]int{"api": 1, "api2": 2}, w.summary().Hosts)
	})
	t.Run("a move to an unknown host is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/move", "to: api").status)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/move", "to: moon").status)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/move", "").status)
	})
	t.Run("the fault down applies to both hosts", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.fault("{endpoint: all, kind: down, times: 2}")
		require.Error(t, w.askToken().err)
		w.host = secondHost
		require.Error(t, w.askToken().err)
	})
}
