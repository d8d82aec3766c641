package decode

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	headerV3 = `{"ID":"0A1B","Total":307.01,"CurrencyCode":"USD","OwnerName":"Bond","ApprovalStatusCode":"A_EXTV","SubmitDate":"2026-04-04T23:33:08.21","Custom1":{"Code":"7","Value":"Seven"}}`

	headerV4 = `{"reportId":"0A1B","approvalStatusId":"A_EXTV","currencyCode":"USD","userId":"32c2fcc3-b2e8-4907-9672-5b3f49b1c643","submitDate":"2026-04-04T23:33:08Z",
"reportTotal":{"value":525.00000000,"currencyCode":"USD"},"personalAmount":{"value":0E-8,"currencyCode":"USD"},"customData":[{"id":"custom1","value":"4366A89A916F074099A971B000989A94","listItemUrl":"https://x/y"}]}`

	expenseV4 = `{"expenseId":"E1","expenseType":{"id":"LUNCH","name":"Lunch"},"postedAmount":{"value":25.00000000,"currencyCode":"EUR"},"allocationState":"NOT_ALLOCATED","attendeeCount":1}`
)

func TestDecodeReadsReportsOfV3AndV4(t *testing.T) {
	t.Parallel()
	report := func(rest string) string {
		var view Report
		if err := json.Unmarshal([]byte(`{"report":{`+rest+`}}`), &view); err != nil {
			panic(err)
		}
		text, _ := json.Marshal(Report{AwaitsValidation: view.Report.AwaitsValidation(), ValidationID: view.Report.ValidationID(), Revision: view.Report.Revision(), Report: view.Report})
		return string(text)
	}
	const expense = `{"id":"E1","type":"LUNCH","typeName":"Lunch","posted":{"amount":"25","currency":"EUR"},"attendeeCount":1}`
	for name, c := range map[string]struct{ text, payload, about, view string }{
		"a header of v3": {headerV3, "report", "the header of a report (v3), which waits at an external validation",
			report(`"id":"0A1B","currency":"USD","status":"A_EXTV","submitted":"2026-04-04T23:33:08.21","total":{"amount":"307.01","currency":"USD"},"custom":{"1":{"code":"7","value":"Seven"}},"via":"v3+v4"`)},
		"a header of v4": {headerV4, "report", "the header of a report (v4), which waits at an external validation",
			report(`"id":"0A1B","currency":"USD","status":"A_EXTV","submitted":"2026-04-04T23:33:08Z","total":{"amount":"525","currency":"USD"},"personalExpenses":{"amount":"0","currency":"USD"},
				"custom":{"1":{"value":"4366A89A916F074099A971B000989A94","listItem":"4366A89A916F074099A971B000989A94"}},"via":"v4"`)},
		"entries of v3": {`{"Items":[{"ID":"gE","ExpenseID":"E1","ReportID":"R","ExpenseTypeCode":"TAXI","PostedAmount":0.30,"HasItemizations":false,"AllocationType":"P"}],"NextPage":"https://x"}`,
			"entries", "a page of entries (v3) with 1 entry", `{"rows":[{"id":"E1","type":"TAXI","posted":{"amount":"0.3"},"itemized":false,"key":"gE","reportId":"R","allocated":true}],"more":true}`},
		"one entry of v3": {"\uFEFF" + `{"ID":"gE","ReportID":"R","ExpenseTypeCode":"TAXI"}`, "entries", "a page of entries (v3) with 1 entry",
			`{"rows":[{"id":"gE","type":"TAXI","key":"gE","reportId":"R"}],"more":false}`},
		"expenses of v4":    {`[` + expenseV4 + `]`, "expenses", "a list of expenses (v4) with 1 expense", `[` + expense + `]`},
		"one expense of v4": {expenseV4, "expense", "an expense (v4)", expense},
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
		`{"reportId":"R","approvalStatusId":null,"reportTotal":null}`:                              "no approval status (approvalStatusId)",
		`{"ID":"R","ApprovalStatusCode":""}`:                                                       "no approval status (ApprovalStatusCode)",
		`{"reportId":"R","approvalStatusId":"A_EXTV","reportTotal":{"value":"private"}}`:           "reportTotal: value is not a decimal number",
		`{"Items":[{"ID":"gE","ReportID":"R","ExpenseTypeCode":"TAXI","PostedAmount":"private"}]}`: "entry 1: PostedAmount is not a decimal number",
		`[{"expenseId":"E1","expenseType":{}},{"expenseId":"E2","attendeeCount":"private"}]`:       "entry 2: attendeeCount is not a whole number",
	} {
		ended := concurctl.Run(t, text, "decode", "-")
		require.Equal(t, 1, ended.Code, text)
		require.Contains(t, ended.Errs, says)
		require.NotContains(t, ended.Errs, "private")
		require.Equal(t, 1, strings.Count(ended.Errs, "\n"))
	}
}
