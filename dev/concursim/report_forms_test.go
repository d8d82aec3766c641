package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReportsMixTheDocumentedForms(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(8) {
		w := newFixture(t, func(o *options) { o.seed = seed })
		r := w.described(`{name: r, entries: [{amount: 1, comments: 1, exchangeRate: 4, location: Montreal, region: Quebec, subdivision: QC, country: CA, paperReceiptRequired: true, receiptRequired: false, custom: {1: "(12) North"}, allocations: [{custom: {1: "(12) North"}}]}]}`)
		body := w.read(r).body
		require.Equal(t, "Montreal", printed(body, 1, "LocationName"))
		require.Equal(t, "Y", printed(body, 1, "ReceiptRequired"))
		require.Equal(t, "N", printed(body, 1, "ImageRequired"))
		seen["subdivision "+printed(body, 1, "LocationSubdivision")] = true

		var v3 struct{ Items []map[string]any }
		answer := w.get(expenseV3Path+"entries?user=ALL&reportID="+r.ReportID, &v3)
		seen[fmt.Sprint("NextPage ", strings.Contains(answer.body, `"NextPage":null`))] = true
		require.Equal(t, []any{"Montreal, Quebec", "Quebec"}, []any{v3.Items[0]["LocationName"], v3.Items[0]["LocationSubdivision"]})
		id := v3.Items[0]["ExpenseID"].(string)
		seen[fmt.Sprint("UUID ", id != r.ExpenseIDs[0])] = true

		var v4 []map[string]json.RawMessage
		w.get(long(r)+"/expenses", &v4)
		require.JSONEq(t, `"`+r.ExpenseIDs[0]+`"`, string(v4[0]["expenseId"]))
		require.Contains(t, string(v4[0]["location"]), `"countrySubDivisionCode":"CA-QC"`)
		require.Contains(t, string(v4[0]["location"]), `"name":"Montreal, Quebec"`)
		require.Equal(t, []string{"true", "false"}, []string{string(v4[0]["isPaperReceiptRequired"]), string(v4[0]["isImageRequired"])})
		seen["rate "+string(v4[0]["exchangeRate"])] = true
		require.NotContains(t, w.get(long(r)+"/expenses/"+id+"/allocations", new(any)).body, "listItemUrl", "both forms of an identifier are accepted")

		answer = w.get(short(r)+"/comments?includeAllComments=true", new(any))
		seen[fmt.Sprint("comment ", strings.Contains(answer.body, `"expenseId":"`+r.ExpenseIDs[0]+`"`))] = true
	}
	for _, form := range []string{
		"subdivision QC", "subdivision CA-QC", "NextPage true", "NextPage false", "UUID true", "UUID false", "comment true", "comment false",
		`rate {"operation":"MULTIPLY","value":4.00000000000000}`, `rate {"operation":"DIVIDE","value":0.25000000000000}`,
	} {
		require.True(t, seen[form], form)
	}
}

func TestAnUnorderedReportHasAnotherOrderAtEachRead(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r := w.described(`{name: r, unordered: true, entries: [{amount: 1, times: 9}, {amount: 2, itemizations: [{amount: 1}, {amount: 1}, {amount: 1}, {amount: 1}]}]}`)
	orders := map[string]bool{}
	for range 6 {
		body := w.read(r).body
		require.Len(t, strings.Split(body, "<RpeKey>"), 11)
		orders["v1.1 "+keysIn(body)] = true
		var v4 []struct{ ExpenseID string }
		w.get(long(r)+"/expenses", &v4)
		require.Len(t, v4, 10)
		orders["v4 "+fmt.Sprint(v4)] = true
	}
	require.Greater(t, len(orders), 10)
	rows := map[string]bool{}
	for _, one := range w.allV3("entries", r, 3) {
		rows[one.ID] = true
	}
	require.Len(t, rows, 10, "all pages have one order")
	require.Equal(t, http.StatusOK, w.send(http.MethodGet, long(r)+"/expenses/"+r.ExpenseIDs[9]+"/itemizations", "").status)

	same := w.described(`{name: same, entries: [{amount: 1, times: 9}]}`)
	require.Equal(t, keysIn(w.read(same).body), keysIn(w.read(same).body))
}

// keysIn returns the keys of the entries in their order.
func keysIn(body string) string {
	keys := ""
	for _, rest := range strings.Split(body, "<RpeKey>")[1:] {
		key, _, _ := strings.Cut(rest, "</")
		keys += key + " "
	}
	return keys
}
