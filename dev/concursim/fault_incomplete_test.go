package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests set each fault that makes an answer incomplete at every endpoint that allows it.

func (w *fixture) pageV3(name string, r reportView) (page pageOfV3) {
	w.t.Helper()
	w.get(expenseV3Path+name+"?"+url.Values{"reportID": {r.ReportID}, "user": {"terry.tester@example.com"}}.Encode(), &page)
	return page
}

func (w *fixture) expensesV4(r reportView) (rows []map[string]any) {
	w.t.Helper()
	w.get(long(r)+"/expenses", &rows)
	return rows
}

func missingEntries(kind string, left int) func(*testing.T, *fixture, reportView) {
	return func(t *testing.T, w *fixture, _ reportView) {
		r := w.rich("lacking")
		for _, endpoint := range []string{"details", "entries-v3", "expenses-v4"} {
			w.fault("{endpoint: %s, kind: %s}", endpoint, kind)
		}
		details := w.read(r).body
		require.Equal(t, left, strings.Count(details, "<ExpenseEntry>"))
		require.Equal(t, "3", elementText(details, "EntryCount"), "the count is unchanged")
		require.Equal(t, "68.33333334", elementText(details, "ReportTotal"), "the total is unchanged")
		require.Len(t, w.pageV3("entries", r).Items, left)
		require.Len(t, w.expensesV4(r), left)
		require.Len(t, w.pageV3("entries", r).Items, 3, "once")
	}
}

func TestARawPayloadRefusesFaultsThatItCannotShow(t *testing.T) {
	t.Parallel()
	w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{
		"raw/report-v4.json": headerV4JSON, "raw/expenses-v4.json": expensesV4JSON, "raw/state.yaml": waits,
	})))
	for body, status := range map[string]int{
		"{endpoint: expenses-v4, kind: no-entries}":                     http.StatusConflict,
		"{endpoint: expenses-v4, kind: fewer-entries, report: raw}":     http.StatusConflict,
		"{endpoint: report-v4, kind: other-total, report: raw}":         http.StatusConflict,
		"{endpoint: expenses-v4, kind: no-entries, report: another}":    http.StatusOK,
		"{endpoint: details, kind: no-entries, report: raw}":            http.StatusOK, // the simulator renders the details itself
		"{endpoint: expenses-v4, kind: slow, param: {ms: 1}}":           http.StatusOK,
		"{endpoint: expenses-v4, kind: malformed, report: raw}":         http.StatusOK,
		"{endpoint: itemizations-v4, kind: no-itemizations, report: x}": http.StatusOK,
	} {
		answer := w.tryControl(http.MethodPost, "/faults", body)
		require.Equal(t, status, answer.status, "%s: %s", body, answer.body)
		if status != http.StatusOK {
			require.Contains(t, answer.body, "raw payload raw")
		}
	}
	w.fault("{endpoint: expenses-v4, kind: no-entries, report: late}")
	dir := payloadsIn(t, map[string]string{"late/report-v4.json": headerV4JSON, "late/state.yaml": waits})
	answer := w.tryControl(http.MethodPost, "/payloads", "dir: "+dir+"/late")
	require.Equal(t, http.StatusConflict, answer.status)
	require.Contains(t, answer.body, "raw payload late")
}

func missingItemizations(t *testing.T, w *fixture, _ reportView) {
	r := w.rich("lacking")
	for _, endpoint := range []string{"details", "itemizations-v3", "itemizations-v4"} {
		w.fault("{endpoint: %s, kind: no-itemizations}", endpoint)
	}
	details := w.read(r).body
	require.Contains(t, details, "<IsItemized>Y</IsItemized>")
	require.NotContains(t, details, "<ItemizationKey>")
	require.True(t, w.pageV3("entries", r).Items[0].HasItemizations)
	require.Empty(t, w.pageV3("itemizations", r).Items)
	var items []map[string]any
	path := long(r) + "/expenses/" + w.expensesV4(r)[0]["expenseId"].(string) + "/itemizations"
	w.get(path, &items)
	require.Empty(t, items)
	w.get(path, &items)
	require.Len(t, items, 2)
}

func wrongCount(t *testing.T, w *fixture, r reportView) {
	w.fault("{endpoint: details, kind: wrong-count}")
	details := w.read(r).body
	entries := strings.Count(details, "<ExpenseEntry>")
	require.Contains(t, details, `Count="2"`)
	require.Equal(t, "2", elementText(details, "EntryCount"))
	require.Equal(t, 1, entries)
}

func otherTotal(t *testing.T, w *fixture, _ reportView) {
	r := w.rich("lacking")
	for _, endpoint := range []string{"details", "report-v3", "report-v4"} {
		w.fault("{endpoint: %s, kind: other-total}", endpoint)
	}
	require.Equal(t, "78.33333334", elementText(w.read(r).body, "ReportTotal"))
	var v3 struct{ Total any }
	w.get(expenseV3Path+"reports/"+r.ReportID+"?user=terry.tester@example.com", &v3)
	require.Contains(t, v3.Total, "78.33333334")
	var v4 struct{ ReportTotal struct{ Value any } }
	w.get(long(r), &v4)
	require.Contains(t, v4.ReportTotal.Value, "78.33333334")
}

func cutNextPage(t *testing.T, w *fixture, _ reportView) {
	r := w.rich("lacking")
	w.fault("{endpoint: entries-v3, kind: cut-next-page}")
	page := w.pageV3("entries", r)
	require.Len(t, page.Items, 2)
	require.True(t, strings.HasSuffix(*page.NextPage, "/api/v3.0/expense/entr"), *page.NextPage)
}

func pageAgain(t *testing.T, w *fixture, _ reportView) {
	r := w.rich("lacking")
	w.fault("{endpoint: entries-v3, kind: page-again, times: 2}")
	first := w.pageV3("entries", r)
	require.Len(t, first.Items, 2)
	var again pageOfV3
	require.Equal(t, http.StatusOK, w.get(w.next(first.NextPage), &again).status)
	require.Equal(t, first.Items, again.Items)
}
