package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
)

func TestDecodeReportJSONReadsWhatTheXMLSays(t *testing.T) {
	t.Parallel()
	want, err := wire.DecodeReport([]byte(`<ReportDetails><ReportID>R1</ReportID><CurrencyCode>SEK</CurrencyCode><ApprovalStatusCode>A_EXTV</ApprovalStatusCode>
<ReportTotal>30.00000000</ReportTotal><OrgUnit1>(7)Seven &amp; more</OrgUnit1><Custom1><Type>List</Type><Value>Eight</Value><Code>8</Code></Custom1><Custom2/>
<ExpenseEntriesList><ExpenseEntry><ReportEntryID>nE</ReportEntryID><IsItemized>Y</IsItemized><PostedAmount>30.00000000</PostedAmount><ApprovedAmount/><CommentCount>1</CommentCount>
<ItemizationsList><Itemization><ItemType>Regular</ItemType><ItemizationID>nE</ItemizationID><PostedAmount>30.00000000</PostedAmount>
<AttendeesList><Attendee><AttendeeID>a1</AttendeeID></Attendee><Attendee><AttendeeID>a2</AttendeeID></Attendee></AttendeesList></Itemization>
<Itemization><ItemType>Child</ItemType><ItemizationID>nI</ItemizationID><PostedAmount>30.00000000</PostedAmount>
<AllocationsList><Allocation><AllocationID>nA</AllocationID><Percentage>100.00000000%</Percentage><Custom3>x</Custom3></Allocation></AllocationsList></Itemization></ItemizationsList>
</ExpenseEntry></ExpenseEntriesList></ReportDetails>`))
	require.NoError(t, err)
	const header = `"ReportID":"R1","CurrencyCode":"SEK","ApprovalStatusCode":"A_EXTV","PaidDate":null,"EmployeeName":"secret","ReportTotal":"30.00000000",
"OrgUnit1":"(7)Seven & more","Custom1":{"Type":"List","Value":"Eight","Code":"8"},"Custom2":{}`
	const entry = `"ReportEntryID":"nE","IsItemized":"Y","PostedAmount":30.00000000,"ApprovedAmount":"","CommentCount":1,"ExpensePay":null`
	const regular = `{"ItemType":"Regular","ItemizationID":"nE","PostedAmount":"30.00000000"`
	const child = `{"ItemType":"Child","ItemizationID":"nI","PostedAmount":"30.00000000"`
	const allocation = `{"AllocationID":"nA","Percentage":"100.00000000%","Custom3":"x","JournalEntriesList":[]}`
	for name, text := range map[string]string{
		"lists": `{` + header + `,"ExpenseEntriesList":[{` + entry + `,"ItemizationsList":[` + regular + `,"AllocationsList":[],"AttendeesList":[{"AttendeeID":"a1"},{"AttendeeID":"a2"}]},` +
			child + `,"AllocationsList":[` + allocation + `]}]}]}`,
		"XML turned into JSON": `{"ReportDetails":{"@xmlns:i":"http://x",` + header + `,"ExpenseEntriesList":{"ExpenseEntry":{` + entry + `,"ItemizationsList":{"Itemization":[` +
			regular + `,"AttendeesList":{"Attendee":[{"AttendeeID":"a1"},{"AttendeeID":"a2"}]}},` + child + `,"AllocationsList":{"Allocation":` + allocation + `}}]}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.DecodeReportJSON([]byte("\uFEFF" + text))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestDecodeReportJSONRefusesWhatTheXMLRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`{"ExpenseEntriesList":[{},{"PostedAmount":"secret"}]}`: "entry 2: postedamount is not a decimal number",
		`{"ReportTotal":`: "ends before it is complete",
		`[]`:              "it is not a JSON object",
	} {
		_, err := wire.DecodeReportJSON([]byte(text))
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "secret")
	}
}
