package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	reportV2 = `<ReportDetails xmlns="http://us.api.concursolutions.com/api/expense/expensereport/2012/07"><UserLoginID>someone@example.com</UserLoginID>
<ReportID>0A1B2C3D4E5F60718293</ReportID><ReportKey>4711</ReportKey><CurrencyCode>EUR</CurrencyCode><ApprovalStatusCode>A_EXTV</ApprovalStatusCode><WorkflowActionURL/>
<ExpenseEntriesList><ExpenseEntry><ReportEntryID>nE</ReportEntryID><IsItemized>Y</IsItemized><PostedAmount>12.50000000</PostedAmount><ItemizationsList>
<Itemization><ItemType>Regular</ItemType><ItemizationID>nE</ItemizationID><PostedAmount>12.50000000</PostedAmount></Itemization>
<Itemization><ItemType>Child</ItemType><ItemizationID>nI</ItemizationID><PostedAmount>12.50000000</PostedAmount></Itemization></ItemizationsList></ExpenseEntry></ExpenseEntriesList></ReportDetails>`

	listV2 = `<ReportsList xmlns="http://www.concursolutions.com/api/expense/expensereport/2012/06"><ReportSummary><ReportId>J2</ReportId>
<ReportTotal>175.23000000</ReportTotal><ReportCurrency>USD</ReportCurrency><EmployeeName>Bond</EmployeeName></ReportSummary></ReportsList>`

	headerV3 = `{"ID":"0A1B","Total":307.01,"CurrencyCode":"USD","OwnerName":"Bond","ApprovalStatusCode":"A_EXTV","SubmitDate":"2026-04-04T23:33:08.21","Custom1":{"Code":"7","Value":"Seven"}}`

	headerV4 = `{"reportId":"0A1B","approvalStatusId":"A_EXTV","currencyCode":"USD","userId":"32c2fcc3-b2e8-4907-9672-5b3f49b1c643","submitDate":"2026-04-04T23:33:08Z",
"reportTotal":{"value":525.00000000,"currencyCode":"USD"},"personalAmount":{"value":0E-8,"currencyCode":"USD"},"customData":[{"id":"custom1","value":"4366A89A916F074099A971B000989A94","listItemUrl":"https://x/y"}]}`

	expenseV4 = `{"expenseId":"E1","expenseType":{"id":"LUNCH","name":"Lunch"},"postedAmount":{"value":25.00000000,"currencyCode":"EUR"},"allocationState":"NOT_ALLOCATED","attendeeCount":1}`
)

func TestDecodeReadsReportsOfEveryGeneration(t *testing.T) {
	t.Parallel()
	report := func(rest string) string {
		var view reportView
		if err := json.Unmarshal([]byte(`{"report":{`+rest+`}}`), &view); err != nil {
			panic(err)
		}
		text, _ := json.Marshal(reportView{AtStop: view.Report.AtStop(), Stop: view.Report.Stop(), Revision: view.Report.Revision(), Report: view.Report})
		return string(text)
	}
	const expense = `{"id":"E1","type":"LUNCH","typeName":"Lunch","posted":{"amount":"25","currency":"EUR"},"attendeeCount":1}`
	for name, c := range map[string]struct{ text, payload, about, view string }{
		"v2.0": {reportV2, "report", "a report (v2.0) with 1 entry, which waits at an external validation",
			report(`"id":"0A1B2C3D4E5F60718293","currency":"EUR","status":"A_EXTV","entries":[{"id":"nE","itemized":true,"posted":{"amount":"12.5","currency":"EUR"},
				"itemizations":[{"id":"nI","posted":{"amount":"12.5","currency":"EUR"}}]}],"via":"v2.0"`)},
		"a list of v2.0": {listV2, "report list", "a list of reports (v2.0) with 1 report", `[{"id":"J2","total":{"amount":"175.23","currency":"USD"}}]`},
		"a header of v3": {headerV3, "report", "the header of a report (v3), which waits at an external validation",
			report(`"id":"0A1B","currency":"USD","status":"A_EXTV","submitted":"2026-04-04T23:33:08.21","total":{"amount":"307.01","currency":"USD"},"custom":{"1":{"code":"7","value":"Seven"}},"via":"v3+v4"`)},
		"a header of v4": {headerV4, "report", "the header of a report (v4), which waits at an external validation",
			report(`"id":"0A1B","currency":"USD","status":"A_EXTV","submitted":"2026-04-04T23:33:08Z","total":{"amount":"525","currency":"USD"},"personalExpenses":{"amount":"0","currency":"USD"},
				"custom":{"1":{"value":"4366A89A916F074099A971B000989A94","listItem":"4366A89A916F074099A971B000989A94"}},"via":"v4"`)},
		"entries of v3": {`{"Items":[{"ID":"gE","ExpenseID":"E1","ReportID":"R","ExpenseTypeCode":"TAXI","PostedAmount":0.30,"HasItemizations":false,"AllocationType":"P"}],"NextPage":"https://x"}`,
			"entries", "a page of entries (v3) with 1 entry", `{"rows":[{"id":"E1","type":"TAXI","posted":{"amount":"0.3"},"itemized":false,"key":"gE","reportId":"R","allocated":true}],"more":true}`},
		"one entry of v3": {"\uFEFF" + `{"ID":"gE","ReportID":"R","ExpenseTypeCode":"TAXI"}`, "entries", "a page of entries (v3) with 1 entry",
			`{"rows":[{"id":"gE","type":"TAXI","key":"gE","reportId":"R"}],"more":false}`},
		"itemizations of v3": {`{"Items":[{"EntryID":"gE","ID":"gI","ExpenseTypeCode":"LODTX","PostedAmount":20}]}`, "itemizations", "a page of itemizations (v3) with 1 itemization",
			`{"rows":[{"id":"gI","type":"LODTX","posted":{"amount":"20"},"key":"gI","entryKey":"gE"}],"more":false}`},
		"allocations of v3": {`{"Items":[{"ID":"gW1","EntryID":"gW2","Percentage":"100.00000000"}],"NextPage":null}`, "allocations", "a page of allocations (v3) with 1 allocation",
			`{"rows":[{"id":"gW1","percentage":"100.00000000","entryKey":"gW2"}],"more":false}`},
		"expenses of v4":       {`[` + expenseV4 + `]`, "expenses", "a list of expenses (v4), of a report or of an itemized one, with 1 expense", `[` + expense + `]`},
		"one expense of v4":    {expenseV4, "expense", "an expense (v4)", expense},
		"allocations of v4":    {`[{"allocationId":"A1","percentage":50.00000000,"accountCode":"1"}]`, "allocations", "a list of allocations (v4) with 1 allocation", `[{"id":"A1","percentage":"50.00000000","accountCode1":"1"}]`},
		"one allocation of v4": {`{"allocationId":"A1","percentage":50}`, "allocations", "a list of allocations (v4) with 1 allocation", `[{"id":"A1","percentage":"50"}]`},
		"attendees of v4": {`{"noShowAttendeeCount":0,"expenseAttendeeList":[{"attendeeId":"Bond","associatedAttendeeCount":2}]}`, "attendees",
			"the attendees of an expense (v4), of which only the number is kept", `{"count":2}`},
		"reports to approve": {`[{"reportId":"R","name":"March","employee":{"employeeId":"Bond"},"hasExceptions":true}]`, "report list",
			"the list of the reports that somebody is to approve (v4) with 1 report", `[{"id":"R","name":"March","hasException":true}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decodeText(t, c.text)
			require.Equal(t, c.payload, d.Payload)
			require.Equal(t, c.about, d.About)
			require.JSONEq(t, c.view, string(d.View))
			require.NotContains(t, string(d.View), "Bond")
			require.NotContains(t, string(d.View), "someone@example.com")
		})
	}
}

func TestAReportInJSONThatCannotBeUsedIsOneSentence(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`{"reportId":"R","approvalStatusId":null,"reportTotal":null}`:                        "no approval status (approvalStatusId)",
		`{"ID":"R","ApprovalStatusCode":""}`:                                                 "no approval status (ApprovalStatusCode)",
		`{"reportId":"R","approvalStatusId":"A_EXTV","reportTotal":{"value":"private"}}`:     "reportTotal: value is not a decimal number",
		`{"Items":[{"ID":"gE","ExpenseTypeCode":"TAXI","PostedAmount":"private"}]}`:          "entry 1: PostedAmount is not a decimal number",
		`[{"expenseId":"E1","expenseType":{}},{"expenseId":"E2","attendeeCount":"private"}]`: "entry 2: attendeeCount is not a whole number",
	} {
		var out, errs strings.Builder
		require.Equal(t, 1, run(t.Context(), []string{"decode", "-"}, strings.NewReader(text), &out, &errs), text)
		require.Contains(t, errs.String(), says)
		require.NotContains(t, errs.String(), "private")
		require.Equal(t, 1, strings.Count(errs.String(), "\n"))
	}
}
