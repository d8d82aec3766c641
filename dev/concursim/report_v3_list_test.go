package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPendingList(t *testing.T) {
	t.Parallel()
	type page struct {
		Items []struct {
			ID, ApprovalStatusCode, LastModifiedDate string
		}
		NextPage *string
	}
	t.Run("pages list every waiting report, with http links", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.login()
		want := map[string]bool{}
		for i := range 7 {
			want[w.submit(fmt.Sprint("r", i)).ReportID] = true
		}
		w.control(http.MethodPost, "/reports/r3/approve", "", nil)
		delete(want, w.state("r3").ReportID)
		got := map[string]bool{}
		for path := pendingPath + "?approvalStatusCode=A_EXTV&user=ALL&limit=4"; path != ""; {
			var p page
			require.NoError(t, json.Unmarshal([]byte(w.send(http.MethodGet, path, "").body), &p))
			require.LessOrEqual(t, len(p.Items), 4)
			for _, item := range p.Items {
				require.Equal(t, "A_EXTV", item.ApprovalStatusCode)
				require.Contains(t, item.LastModifiedDate, "T")
				got[item.ID] = true
			}
			path = ""
			if p.NextPage != nil {
				require.True(t, strings.HasPrefix(*p.NextPage, "http://"))
				_, path, _ = strings.Cut(strings.TrimPrefix(*p.NextPage, "http://"), "/")
				path = "/" + path
			}
		}
		require.Equal(t, want, got)
	})
	list := func(w *fixture, query string) (names []string) {
		var p struct {
			Items []struct{ Name, SubmitDate, PolicyID string }
		}
		require.NoError(t, json.Unmarshal([]byte(w.send(http.MethodGet, pendingPath+"?user=ALL"+query, "").body), &p))
		for _, item := range p.Items {
			require.NotEmpty(t, item.PolicyID)
			require.Contains(t, item.SubmitDate, "T")
			names = append(names, item.Name)
		}
		return names
	}
	t.Run("the list separates test users and leaves out reconciliation reports", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.login()
		for _, made := range []string{"{name: a, reportName: A}", "{name: b, reportName: B, testUser: true}", "{name: c, reportName: C, centralReconciliation: true}"} {
			w.control(http.MethodPost, "/reports", made, nil)
		}
		require.Equal(t, []string{"A"}, list(w, "&isTestUser=false"))
		require.Equal(t, []string{"B"}, list(w, "&isTestUser=True"))
		require.Contains(t, [][]string{{"A"}, {"A", "B"}}, list(w, ""))
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, pendingPath+"?user=ALL&isTestUser=1", "").status)
	})
	t.Run("a policy has one identifier in each interface, and headerDate fixes LastModifiedDate", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.login()
		w.control(http.MethodPost, "/reports", "{name: a, reportName: A}", nil)
		w.control(http.MethodPost, "/reports", "{name: b, reportName: B, policy: other, headerDate: true, steps: [{extv: ONE}, {extv: TWO}]}", nil)
		w.control(http.MethodPost, "/reports", "{name: c, reportName: C, policy: other}", nil)
		rows := func() (rows []struct{ PolicyID, LastModifiedDate, SubmitDate string }) {
			var p struct {
				Items []struct{ PolicyID, LastModifiedDate, SubmitDate string }
			}
			require.NoError(t, json.Unmarshal([]byte(w.send(http.MethodGet, pendingPath+"?user=ALL&isTestUser=false", "").body), &p))
			return p.Items
		}
		before := rows()
		require.NotEqual(t, before[0].PolicyID, before[1].PolicyID)
		require.Equal(t, before[1].PolicyID, before[2].PolicyID)
		require.Less(t, before[1].LastModifiedDate, before[1].SubmitDate)
		require.GreaterOrEqual(t, before[0].LastModifiedDate, before[0].SubmitDate)
		w.control(http.MethodPost, "/reports/b/next-step", "", nil)
		require.Equal(t, before[1], rows()[1], "a step does not change it")
	})
	t.Run("invalid parameters of the list are refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.login()
		for _, query := range []string{"", "?limit=10", "?user=ALL&limit=0", "?user=ALL&limit=101", "?user=ALL&offset=9"} {
			require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, pendingPath+query, "").status, query)
		}
		require.Equal(t, http.StatusOK, w.send(http.MethodGet, pendingPath+"?user=all", "").status)
	})
}
