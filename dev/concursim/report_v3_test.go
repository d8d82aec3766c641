package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

type listField struct{ Type, Value, Code, ListItemID string }

type rowV3 struct {
	ID, ExpenseID, EntryID, ReportID              string
	TransactionCurrencyCode, Percentage           string
	TransactionAmount, PostedAmount, ExchangeRate any
	AllocationType                                string
	HasItemizations                               bool
	Custom4, Custom5, Custom11                    *listField
}

type pageOfV3 struct {
	Items    []rowV3
	NextPage *string
}

// allV3 reads a collection to its end, in pages of that size.
func (w *fixture) allV3(name string, r reportView, limit int) []rowV3 {
	w.t.Helper()
	query := url.Values{"reportID": {r.ReportID}, "user": {"terry.tester@example.com"}}
	if limit > 0 {
		query.Set("limit", fmt.Sprint(limit))
	}
	var all []rowV3
	for path := expenseV3Path + name + "?" + query.Encode(); path != ""; {
		var page pageOfV3
		w.get(path, &page)
		all = append(all, page.Items...)
		path = w.next(page.NextPage)
	}
	return all
}

func TestReportsV3(t *testing.T) {
	t.Parallel()
	single := func(r reportView, user string) string { return pendingPath + "/" + r.ReportID + "?user=" + user }
	t.Run("a report is shown to its owner only, as in the list", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		var got map[string]any
		w.get(single(r, "terry.tester@example.com"), &got)
		require.Equal(t, waiting, got["ApprovalStatusCode"])
		require.Equal(t, "68.33333334", fmt.Sprint(got["Total"]))
		require.Equal(t, map[string]any{"Type": "List", "Value": "North", "Code": "12", "ListItemID": got["Custom1"].(map[string]any)["ListItemID"]}, got["Custom1"])
		require.Nil(t, got["Custom2"])
		require.Equal(t, "Text", got["Custom3"].(map[string]any)["Type"])
		var list struct{ Items []map[string]any }
		w.decode(w.send(http.MethodGet, pendingPath+"?user=ALL", ""), &list)
		require.Equal(t, list.Items[0]["LastModifiedDate"], got["LastModifiedDate"])
		require.Equal(t, list.Items[0]["OwnerLoginID"], got["OwnerLoginID"])
		require.Equal(t, &journal.Position{Status: waiting, Step: r.Step}, w.lastLine(reportV3Endpoint).Shown)

		w.control(http.MethodPost, "/reports/r/next-step", "", nil)
		var later map[string]any
		w.get(single(r, "terry.tester@example.com"), &later)
		require.NotEqual(t, got["LastModifiedDate"], later["LastModifiedDate"])
	})
	t.Run("a report is refused without its owner's login", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, single(r, ""), "").status)
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, single(r, "ALL"), "").status)
		require.Equal(t, http.StatusForbidden, w.send(http.MethodGet, single(r, "other@example.com"), "").status)
		r.ReportID = "0000"
		require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, single(r, "terry.tester@example.com"), "").status)
	})
	t.Run("entries, itemizations and allocations name each other", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		for _, limit := range []int{0, 1, 2, 100} {
			entries := w.allV3("entries", r, limit)
			require.Len(t, entries, 3)
			require.Equal(t, r.ExpenseIDs[0], entries[0].ExpenseID)
			require.NotContains(t, []string{r.Entries[0], r.ExpenseIDs[0]}, entries[0].ID)
			require.Equal(t, "33.33333334", fmt.Sprint(entries[0].TransactionAmount))
			require.Equal(t, []any{"20", "30", "USD"}, []any{fmt.Sprint(entries[1].TransactionAmount), fmt.Sprint(entries[1].PostedAmount), entries[1].TransactionCurrencyCode})
			require.Equal(t, listField{"List", "North", "12", entries[0].Custom4.ListItemID}, *entries[0].Custom4)

			items := w.allV3("itemizations", r, limit)
			require.Len(t, items, 2)
			require.Equal(t, entries[0].ID, items[1].EntryID)
			require.Equal(t, "x", items[0].Custom5.Value)

			shares := w.allV3("allocations", r, limit)
			require.Len(t, shares, 5)
			require.Equal(t, []string{items[0].ID, items[0].ID, items[1].ID, entries[1].ID, entries[2].ID},
				[]string{shares[0].EntryID, shares[1].EntryID, shares[2].EntryID, shares[3].EntryID, shares[4].EntryID})
			require.Equal(t, "33.33333334", shares[0].Percentage)
			require.Equal(t, "9", shares[1].Custom11.Code)
		}
	})
	t.Run("pages have 25 rows by default and at most 100", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "")
		var many reportView
		w.control(http.MethodPost, "/reports", "name: many\nentries: ["+strings.Repeat("{amount: 1}, ", 129)+"{amount: 1}]", &many)
		path := expenseV3Path + "entries?user=ALL&reportID=" + many.ReportID
		for query, want := range map[string]int{"": 25, "&limit=100": 100} {
			var page pageOfV3
			w.get(path+query, &page)
			require.Len(t, page.Items, want)
		}
		require.Len(t, w.allV3("entries", many, 100), 130)
		for _, query := range []string{"&limit=101", "&limit=0", "&limit=x", "&offset=25"} {
			require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, path+query, "").status, query)
		}
		require.Empty(t, w.allV3("itemizations", r, 0))
		var nobodys pageOfV3
		w.get(expenseV3Path+"entries?reportID="+many.ReportID, &nobodys)
		require.Empty(t, nobodys.Items, "the token's own user owns nothing")
	})
}
