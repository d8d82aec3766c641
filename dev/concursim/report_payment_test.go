package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// described makes a report from a description.
func (w *fixture) described(yaml string) reportView {
	w.t.Helper()
	var r reportView
	w.control(http.MethodPost, "/reports", yaml, &r)
	return r
}

// printed returns the text of the first element with that name from the n-th entry on, or
// "-" if there is none.
func printed(body string, n int, name string) string {
	entries := strings.Split(body, "<ExpenseEntry>")
	_, rest, found := strings.Cut(strings.Join(entries[n:], ""), "<"+name+">")
	if !found {
		return "-"
	}
	text, _, _ := strings.Cut(rest, "</")
	return text
}

func TestPaymentTypes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{} // the forms of v4
	for seed := range uint64(8) {
		w := newFixture(t, func(o *options) { o.seed = seed })
		r := w.described(`{name: r, entries: [{amount: 1}, {amount: 2, paymentType: CBCP}, {amount: 4, paymentType: IBCP, cardCharge: false}, {amount: 8, paymentType: OWN, personalCard: true}]}`)
		body := w.read(r).body
		var v4 []struct {
			PaymentType              struct{ ID, Code, Name string }
			ExpenseSourceIdentifiers map[string]any
		}
		w.get(long(r)+"/expenses", &v4)
		var v3 struct{ Items []map[string]any }
		w.get(expenseV3Path+"entries?user=ALL&reportID="+r.ReportID, &v3)
		for i, want := range []struct{ code, card, personal string }{{"CASH", "N", "N"}, {"CBCP", "Y", "N"}, {"IBCP", "N", "N"}, {"OWN", "N", "Y"}} {
			n := i + 1
			require.Equal(t, want.card, printed(body, n, "IsCreditCardCharge"))
			require.Equal(t, want.personal, printed(body, n, "IsPersonalCardCharge"))
			require.Equal(t, want.code, v4[i].PaymentType.Code)
			require.Equal(t, printed(body, n, "PaymentTypeKey"), v4[i].PaymentType.ID)
			require.Equal(t, want.card == "Y", v3.Items[i]["CompanyCardTransactionID"] != nil)
			require.Equal(t, want.personal == "Y", v3.Items[i]["IsPersonalCardCharge"])
			require.Equal(t, v4[i].PaymentType.Name, v3.Items[i]["PaymentTypeName"])
			require.NotEqual(t, v4[i].PaymentType.ID, v3.Items[i]["PaymentTypeID"])
			if sources := v4[i].ExpenseSourceIdentifiers; sources != nil {
				require.Equal(t, want.card == "Y", sources["creditCardTransactionId"] != nil)
				require.Equal(t, want.personal == "Y", sources["personalCardTransactionId"] != nil)
			}
		}
		require.Equal(t, "CASH", v4[0].PaymentType.ID)
		require.Regexp(t, `^[1-9]\d{3}$`, v4[1].PaymentType.ID)
		seen[fmt.Sprint("names its sources: ", v4[1].ExpenseSourceIdentifiers != nil)] = true
		seen[v4[0].PaymentType.Name] = true
	}
	for _, form := range []string{"names its sources: true", "names its sources: false", "Cash"} {
		require.True(t, seen[form], form)
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r := w.described(`{name: r, entries: [
  {amount: 10}, {amount: 20, personal: true}, {amount: 100, paymentType: IBCP, itemizations: [{amount: 70}, {amount: 30, personal: true}]},
  {amount: 200, paymentType: CBCP}]}`)
	body := w.read(r).body
	for name, want := range map[string]string{
		"ReportTotal": "330", "PersonalExpenses": "50", "TotalClaimedAmount": "280", "AmountDueEmployee": "10", "AmountDueCompanyCard": "70",
	} {
		require.Equal(t, want+".00000000", printed(body, 0, name), name)
	}
	var v3 map[string]any
	w.get(pendingPath+"/"+r.ReportID+"?user=terry.tester@example.com", &v3)
	for name, want := range map[string]string{"Total": "330", "PersonalAmount": "50", "TotalClaimedAmount": "280", "AmountDueEmployee": "10", "AmountDueCompanyCard": "70"} {
		require.Equal(t, want, fmt.Sprint(v3[name]), name)
	}
	v4 := w.header(r).body
	for name, want := range map[string]string{
		"reportTotal": "330", "personalAmount": "50", "claimedAmount": "280", "amountDueEmployee": "10", "amountDueCompanyCard": "70", "amountCompanyPaid": "200",
	} {
		require.Contains(t, v4, `"`+name+`":{"currencyCode":"USD","value":`+want+".00000000}", name)
	}
	require.Contains(t, w.send(http.MethodGet, long(r)+"/expenses", "").body, `"claimedAmount":{"currencyCode":"USD","value":70.00000000}`)
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r := w.described(`{name: r, receiptImage: true, entries: [{amount: 1, receipt: true}, {amount: 1, receipt: true, ereceipt: true}, {amount: 1, missingReceipt: true}]}`)
	body := w.read(r).body
	require.NotEqual(t, "-", printed(body, 1, "ReceiptImageId"))
	require.NotEqual(t, "-", printed(body, 2, "EreceiptId"))
	require.Contains(t, w.header(r).body, `"isReceiptImageAvailable":true`)
	var v4 []struct {
		ReceiptImageID, EreceiptImageID *string
		HasMissingReceiptDeclaration    bool
	}
	w.get(long(r)+"/expenses", &v4)
	require.Equal(t, []bool{true, false, false}, []bool{v4[0].ReceiptImageID != nil, v4[1].ReceiptImageID != nil, v4[2].ReceiptImageID != nil})
	require.Equal(t, []bool{false, true, false}, []bool{v4[0].EreceiptImageID != nil, v4[1].EreceiptImageID != nil, v4[2].EreceiptImageID != nil})
	require.Equal(t, []bool{false, false, true}, []bool{v4[0].HasMissingReceiptDeclaration, v4[1].HasMissingReceiptDeclaration, v4[2].HasMissingReceiptDeclaration})
	var v3 struct {
		Items []struct {
			HasImage            bool
			ElectronicReceiptID *string
		}
	}
	w.get(expenseV3Path+"entries?user=ALL&reportID="+r.ReportID, &v3)
	require.Equal(t, []bool{true, false, false}, []bool{v3.Items[0].HasImage, v3.Items[1].HasImage, v3.Items[2].HasImage})
	require.NotNil(t, v3.Items[1].ElectronicReceiptID)
	for _, wrong := range []string{"{amount: 1, ereceipt: true}", "{amount: 1, cardCharge: true, personalCard: true}"} {
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/reports", "{name: x, entries: ["+wrong+"]}").status, wrong)
	}
}

// The documents and real answers leave some values out or print them in several ways. With
// enough reports each way occurs.
func TestSomeValuesAreShownBySomeReportsOnly(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	seen := map[string]bool{}
	for i := range 24 {
		r := w.described(fmt.Sprintf(`{name: r%d, entries: [{amount: 1, allocations: [{accountCode: "1"}]}]}`, i))
		body := w.read(r).body
		seen["submitted by v1.1: "+fmt.Sprint(printed(body, 0, "SubmitDate") != noTime)] = true
		second := printed(body, 1, "AccountCode2") + printed(body, 1, "AccountCode")
		seen["pending: "+fmt.Sprint(strings.Contains(second, "Pending Client"))] = true
		var v3 struct{ Items []map[string]any }
		w.get(expenseV3Path+"entries?user=ALL&reportID="+r.ReportID, &v3)
		rate, given := v3.Items[0]["ExchangeRate"]
		seen["rate: "+fmt.Sprint(rate != nil, given)] = true
		var header, single map[string]any
		w.get(long(r), &header)
		for _, name := range []string{"isSubmitted", "isSentBack", "isReportEverSentBack", "hasBlockingExceptions"} {
			_, given := header[name]
			seen[name+": "+fmt.Sprint(given)] = true
		}
		require.NotNil(t, header["submitDate"])
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[0], &single)
		seen["modified: "+fmt.Sprint(single["lastModifiedDate"] != nil)] = true
	}
	for _, form := range []string{
		"submitted by v1.1: true", "submitted by v1.1: false", "pending: true", "pending: false", "rate: true true", "rate: false true", "rate: false false",
		"isSubmitted: true", "isSubmitted: false", "isSentBack: true", "isSentBack: false", "isReportEverSentBack: true", "isReportEverSentBack: false",
		"hasBlockingExceptions: true", "hasBlockingExceptions: false", "modified: true", "modified: false",
	} {
		require.True(t, seen[form], form)
	}
}
