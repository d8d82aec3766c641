package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serve answers a request without a connection, so that many requests are fast.
func (w *fixture) serve(method, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+w.bearer)
	recorder := httptest.NewRecorder()
	w.sim.serveAPI(recorder, request, firstHost)
	return recorder
}

func (w *fixture) summary() summary {
	w.t.Helper()
	var sum summary
	w.control(http.MethodGet, "/summary", "", &sum)
	return sum
}

func TestCopies(t *testing.T) {
	t.Parallel()
	t.Run("one description makes many reports with keys of their own", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		var made copies
		w.control(http.MethodPost, "/reports", "{name: r, copies: 3, entries: [{amount: 5}]}", &made)
		require.Equal(t, copies{Count: 3, First: "r-1", Last: "r-3"}, made)
		keys := map[string]bool{}
		for _, name := range []string{"r-1", "r-2", "r-3"} {
			r := w.state(name)
			for _, key := range []string{r.Key, r.RptKey, r.ReportID, r.Step, r.Entries[0]} {
				keys[key] = true
			}
			require.Equal(t, "Report "+name, elementText(w.read(r).body, "ReportName"))
		}
		require.Len(t, keys, 15)
		w.control(http.MethodPost, "/reports/r-1/edit", "amount: 7", nil)
		require.Equal(t, "7.00000000", elementText(w.read(w.state("r-1")).body, "ReportTotal"))
		require.Equal(t, "5.00000000", elementText(w.read(w.state("r-2")).body, "ReportTotal"))
		w.waitFor(func() bool { return sentFor(w.sim, "r-3") == 1 })
	})
	t.Run("with failed only the first callout goes to the failed list", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		w.control(http.MethodPost, "/reports", "{name: r, copies: 2, failed: true, steps: [{extv: SUBMIT}, {extv: LAST}]}", nil)
		w.submit("alone", "failed: true")
		items := w.sim.failed.items
		require.Equal(t, []string{"r-1", "r-2", "alone"}, []string{items[0].Report, items[1].Report, items[2].Report})
		require.Equal(t, w.state("r-2").ObjectURI, items[1].ObjectURI)
		w.approve(w.state("r-1"))
		require.Contains(t, elementText((<-got).body, "EventType"), "LAST")
		require.Equal(t, 3, w.summary().Failed)
	})
	t.Run("an invalid description makes no report", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("r-2")
		for body, status := range map[string]int{
			"{name: r, copies: 3}":                               http.StatusConflict,
			"{name: s, copies: 2, key: one}":                     http.StatusBadRequest,
			"{name: s, copies: -1}":                              http.StatusBadRequest,
			"{name: s, copies: 20001}":                           http.StatusBadRequest,
			"{name: " + strings.Repeat("n", 79) + ", copies: 2}": http.StatusBadRequest,
		} {
			require.Equal(t, status, w.tryControl(http.MethodPost, "/reports", body).status, body)
		}
		require.Equal(t, 1, w.summary().Reports)
	})
}

func TestTimesRepeatsAnEntry(t *testing.T) {
	t.Parallel()
	d := description{Name: "r", Entries: []entryDescription{{Type: "MEALS", Times: 3}, {Type: "TAXIX"}}}
	require.NoError(t, d.complete(time.Now()))
	require.Len(t, d.Entries, 4)
	require.Equal(t, "TAXIX", d.Entries[3].Type)
	d = description{Name: "r", Entries: []entryDescription{{Times: maxEntries}, {Times: 1 << 40}}}
	require.ErrorContains(t, d.complete(time.Now()), "more than 5000")
}

func TestSummary(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.control(http.MethodPost, "/callouts/pause", "", nil)
	w.control(http.MethodPost, "/reports", "{name: r, copies: 4, steps: [{extv: A}, {extv: B}]}", nil)
	for range 2 {
		w.read(w.state("r-1"))
		w.approve(w.state("r-1"))
	}
	w.act(w.state("r-2").Step, "Approve", "")
	w.control(http.MethodPost, "/reports/r-3/delete", "", nil)
	w.control(http.MethodPost, "/reports/r-4/callout", "failed: true", nil)
	require.Equal(t, summary{
		Reports: 4, Statuses: map[string]int{approved: 1, waiting: 2, "deleted": 1},
		Decisions: decided{Never: 2, Once: 1, More: 1}, Failed: 1, Queued: 6,
		Requests: map[string]int{tokenEndpoint: 1, detailsEndpoint: 2, actionEndpoint: 3},
		Hosts:    map[string]int{firstHost: 6}, Lines: 6,
		Violations: 2,
	}, w.summary())
}

// deleteAll handles each failed notification: it reads the report, decides, and deletes the
// notification. It returns how long that took.
func (w *fixture) deleteAll(items []*failedItem) time.Duration {
	w.t.Helper()
	begun := time.Now()
	for _, item := range items {
		for range 2 {
			require.Equal(w.t, http.StatusOK, w.serve(http.MethodGet, pathOf(item.ObjectURI), "").Code)
		}
		body := `<WorkflowAction xmlns="` + reportNamespace + `"><Action>Approve</Action></WorkflowAction>`
		answer := w.serve(http.MethodPost, reportPath+item.step+"/WorkFlowAction", body)
		require.Equal(w.t, "SUCCESS!", elementText(answer.Body.String(), "Status"))
		require.Equal(w.t, http.StatusOK, w.serve(http.MethodDelete, pathOf(item.NotificationURI), "").Code)
	}
	return time.Since(begun)
}

func TestManyReportsAreServedAsQuicklyAsFew(t *testing.T) {
	t.Parallel()
	const few, many = 500, maxCopies
	took := map[int]time.Duration{}
	for _, count := range []int{few, many} {
		w := newFixture(t)
		w.control(http.MethodPost, "/reports", fmt.Sprintf("{name: r, copies: %d, failed: true, entries: [{amount: 5}]}", count), nil)
		list := w.serve(http.MethodGet, failedPath+"?status=failed", "").Body.String()
		require.Equal(t, count, strings.Count(list, "<Notification>"))
		last := slices.Clone(w.sim.failed.items[count-few:])
		took[count] = w.deleteAll(last)
		require.Equal(t, summary{
			Reports: count, Statuses: w.summary().Statuses,
			Decisions: decided{Never: count - few, Once: few}, Failed: count - few,
			Requests: map[string]int{tokenEndpoint: 1, failedListEndpoint: 1, detailsEndpoint: 2 * few, actionEndpoint: few, failedDeleteEndpoint: few},
			Hosts:    map[string]int{firstHost: 4*few + 2}, Lines: 4*few + 2,
		}, w.summary())
		require.Equal(t, few, w.summary().Statuses[approved])
	}
	t.Log(took)
	require.Less(t, took[many], 10*took[few], "the time grows with the number of reports")
}
