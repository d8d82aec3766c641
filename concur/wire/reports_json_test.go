package wire_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func money(amount, currency string) *expense.Money {
	return &expense.Money{Amount: decimal.RequireFromString(amount), Currency: currency}
}

func requireNoSecret(t *testing.T, v any) {
	t.Helper()
	stored, err := json.Marshal(v)
	require.NoError(t, err)
	for _, secret := range []string{"SECRET", "somebody@", "Doe", "Ann"} {
		require.NotContains(t, string(stored), secret)
	}
}

func TestDecodeReportV3(t *testing.T) {
	t.Parallel()
	h, err := wire.DecodeReportV3(payload(t, "report_v3.json"))
	require.NoError(t, err)
	require.Equal(t, expense.Owner{Login: "somebody@example.com", Name: "Kim Doe"}, h.Report.Owner)
	h.Report.Owner = expense.Owner{}
	require.Contains(t, h.Hash, "modified=2026-04-05T08:00:01.700")
	require.Equal(t, &expense.Report{
		ID: "0A1B2C3D4E5F60718293", Name: "Trade fair", Currency: "EUR", Status: "A_EXTV", PaymentStatus: "P_NOTP", Policy: "gPolicy$s", Ledger: "DEFAULT",
		Date: "2026-04-04", Created: "2026-04-04T23:33:08.21", Submitted: "2026-04-05T08:00:00.5", EverSentBack: new(true), HasException: new(true),
		Total: eur("134.50"), PersonalExpenses: eur("0"), DueEmployee: eur("34.5"), Claimed: eur("12345678901234.12345678"), Approved: eur("0E-8"),
		OrgUnits: map[string]expense.Field{"1": {Code: "4711", Value: "Sales"}},
		Custom:   map[string]expense.Field{"1": {Value: "(not a code) text"}, "2": {Code: "A 12", Value: "Project"}, "3": {Code: "7", Value: "Seven"}},
		Via:      expense.V3,
	}, h.Report)
	requireNoSecret(t, h.Report)
}

func TestDecodeRowsV3(t *testing.T) {
	t.Parallel()
	t.Run("entries", func(t *testing.T) {
		t.Parallel()
		page, err := wire.DecodeEntriesV3(payload(t, "entries_v3.json"))
		require.NoError(t, err)
		require.Equal(t, "https://www.concursolutions.com/api/v3.0/expense/entries?offset=abc", page.Next)
		require.Equal(t, []wire.EntryV3{{Key: "gEntry$sOne", ReportID: "0A1B2C3D4E5F60718293", Allocated: true, HasAttendees: new(true), HasComments: new(true), Owner: "somebody@example.com", Entry: expense.Entry{
			ID: "99F8CC6B1AEE6049B03652F018CAF096", Type: "MEALS", TypeName: "Meals", Category: "Entertainment", Date: "2026-04-04",
			Transaction: money("108.33000000", "USD"), ExchangeRate: "0.92310000000000", Posted: unnamed("100.00000001"),
			Purpose: "Dinner", Vendor: "The Corner Inn", Location: "Bremen", Subdivision: "DE-HB", Country: "DE", PaymentType: "gPay$p",
			Personal: new(false), CompanyCard: new(true), PersonalCard: new(false), Itemized: new(true), HasVAT: new(true), HasExceptions: new(false),
			ImageRequired: new(true), HasReceipt: new(true), // there are attendees and comments, and how many is not said
			Custom: map[string]expense.Field{"40": {Code: "X", Value: "Forty"}},
		}}, {Key: "gEntryTwo", ReportID: "0A1B2C3D4E5F60718293", Entry: expense.Entry{
			ID: "gEntryTwo", Transaction: unnamed("0E-8"), Posted: unnamed("34.5"), Itemized: new(false), HasReceipt: new(true),
		}}}, page.Rows)
		requireNoSecret(t, page)
	})
	t.Run("itemizations", func(t *testing.T) {
		t.Parallel()
		page, err := wire.DecodeItemizationsV3([]byte(`{"Items":[{"EntryID":"gE","ReportID":"R","ReportOwnerID":"somebody@example.com","ExpenseTypeCode":"LODTX",
"ExpenseTypeName":"Hotel Tax","TransactionDate":"2026-08-07T00:00:00","TransactionAmount":20,"PostedAmount":20.00000001,"ApprovedAmount":0,"Description":"test",
"IsPersonal":true,"AllocationType":"F","OrgUnit1":null,"Custom1":{"Code":"1","Value":"One"},"ID":"gI"}],"NextPage":null}`))
		require.NoError(t, err)
		require.Empty(t, page.Next)
		require.Equal(t, []wire.ItemizationV3{{Key: "gI", EntryKey: "gE", Allocated: true, Itemization: expense.Itemization{
			ID: "gI", Type: "LODTX", TypeName: "Hotel Tax", Date: "2026-08-07", Transaction: unnamed("20"), Posted: unnamed("20.00000001"), Approved: unnamed("0"),
			Purpose: "test", Personal: new(true), Custom: map[string]expense.Field{"1": {Code: "1", Value: "One"}},
		}}}, page.Rows)
	})
	t.Run("allocations", func(t *testing.T) {
		t.Parallel()
		page, err := wire.DecodeAllocationsV3([]byte(`{"Items":[{"EntryID":"gE","Percentage":"33.33333334","IsHidden":true,"AccountCode1":"1","AccountCode2":null,
"Custom1":{"Code":"A","Label":"Cost centre","Sequence":1,"Type":"List","Value":"Alpha"},"ID":"gA"},{"EntryID":"gE","Percentage":66.66666666,"AccountNumber":"2","ID":"gB"}]}`))
		require.NoError(t, err)
		require.Equal(t, []wire.AllocationV3{
			{EntryKey: "gE", Allocation: expense.Allocation{ID: "gA", Percentage: "33.33333334", AccountCode1: "1", Hidden: new(true), Custom: map[string]expense.Field{"1": {Code: "A", Value: "Alpha"}}}},
			{EntryKey: "gE", Allocation: expense.Allocation{ID: "gB", Percentage: "66.66666666", AccountCode1: "2"}},
		}, page.Rows)
	})
}

func TestDecodeReportV4(t *testing.T) {
	t.Parallel()
	h, err := wire.DecodeReportV4(payload(t, "report_v4.json"))
	require.NoError(t, err)
	require.Equal(t, "32c2fcc3-b2e8-4907-9672-5b3f49b1c643", h.OwnerID)
	require.Equal(t, &expense.Report{
		ID: "764428DD6A664AF0BFCB", Name: "March", Purpose: "Renovation", Currency: "USD", Status: "A_EXTV", PaymentStatus: "P_NOTP",
		Policy: "EE095F66AEF52B4A9CE62952601E5CB1", Ledger: "DEFAULT", Date: "2026-03-25", Created: "2026-03-25T20:42:39Z", Submitted: "2026-04-05T08:00:00Z", EverSentBack: new(true),
		Total: money("525.00000000", "USD"), DueCompanyCard: money("0E-8", "USD"), Claimed: money("525.12345678", "USD"), Approved: money("525.00000000", "USD"),
		OrgUnits: map[string]expense.Field{"1": {Value: "582AE31D0F506C4BAA97573F2A90F03B", ListItem: "582AE31D0F506C4BAA97573F2A90F03B", Valid: new(true)}},
		Custom: map[string]expense.Field{
			"15": {Value: "4366A89A916F074099A971B000989A94", ListItem: "4366A89A916F074099A971B000989A94", Valid: new(true)},
			"16": {Value: "1366A89A916F074099A971B000989A94", Valid: new(true)},
		},
		Via: expense.V4,
	}, h.Report)
	requireNoSecret(t, h.Report)
}

func TestDecodeExpensesV4(t *testing.T) {
	t.Parallel()
	want := wire.ExpenseV4{Allocated: true, Entry: expense.Entry{
		ID: "84FCBB92BD4E5342B849DAC29FD163A1", Type: "LUNCH", TypeName: "Lunch", Date: "2026-03-11",
		Transaction: money("31.25000000", "USD"), ExchangeRate: "0.8", Posted: eur("25.00000000"), Approved: eur("25.00000000"),
		Purpose: "Lunch with guests", Vendor: "The Corner Inn", Location: "Bremen", Subdivision: "DE-HB", Country: "DE", PaymentType: "CBCP",
		Personal: new(false), CompanyCard: new(true), PersonalCard: new(false), HasVAT: new(true), HasExceptions: new(true), ReceiptRequired: new(true), ImageRequired: new(true), Rejected: new(false), HasReceipt: new(true), AttendeeCount: new(3),
		Custom: map[string]expense.Field{"9": {Value: "AB8596D91C994F4DBBD820D6DCBDC599", ListItem: "AB8596D91C994F4DBBD820D6DCBDC599", Valid: new(true)}},
	}}
	body := payload(t, "expense_v4.json")
	one, err := wire.DecodeExpenseV4(body)
	require.NoError(t, err)
	require.Equal(t, want, one)
	requireNoSecret(t, one)
	all, err := wire.DecodeExpensesV4(slices.Concat([]byte("\uFEFF ["), body, []byte(","), body, []byte("]\n")))
	require.NoError(t, err)
	require.Equal(t, []wire.ExpenseV4{want, want}, all)
	all, err = wire.DecodeExpensesV4([]byte("[]"))
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestAnExpenseV4AsItIsSeen(t *testing.T) {
	t.Parallel()
	read := func(inner string) wire.ExpenseV4 {
		e, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E"` + inner + `}`))
		require.NoError(t, err, inner)
		return e
	}
	const self = `,"links":[{"rel":"self"}]`
	require.True(t, read(self).MaybeItemization)
	require.False(t, read(self+`,"parentExpenseId":null`).MaybeItemization, "it says that it has no parent")
	e := read(`,"expenseSourceIdentifiers":{"receipts":[{"imageId":"SECRET"}],"creditCardTransaction":{"id":"SECRET"}},"transactionDate":"2026-03-11T00:00:00.000Z"`)
	require.Equal(t, new(true), e.HasReceipt)
	require.Equal(t, new(true), e.CompanyCard)
	require.Equal(t, expense.Date("2026-03-11"), e.Date)
	requireNoSecret(t, e)
	h, err := wire.DecodeReportV4([]byte(`{"reportId":"R","approvalStatusId":"A_EXTV","hasBlockingExceptions":true,"reportDate":"2026-03-11T00:00:00Z"}`))
	require.NoError(t, err)
	require.Equal(t, new(true), h.Report.HasException)
	require.Equal(t, expense.Date("2026-03-11"), h.Report.Date)
}

func TestDecodeAllocationsV4(t *testing.T) {
	t.Parallel()
	all, err := wire.DecodeAllocationsV4([]byte(`[{"customData":[{"id":"custom9","value":"D3954B47BCEC9446A4FFC49E0000B46E","isValid":false},{"id":"custom1","value":"text"},{"id":"custom2","value":null,"isValid":false}],
"allocationId":"3BBB","isSystemAllocation":true,"accountCode":"Pending Client","overLimitAccountCode":null,"allocationAmount":{"value":250.00,"currencyCode":"USD"},"percentage":50.00000000},
{"allocationId":"4DB0","percentage":5E1,"overLimitAccountCode":"77","isSystemAllocation":false},{"allocationId":"5DB0"}]`))
	require.NoError(t, err)
	require.Equal(t, []expense.Allocation{{
		ID: "3BBB", Percentage: "50.00000000", AccountCode1: "Pending Client", Hidden: new(true),
		Custom: map[string]expense.Field{"9": {Value: "D3954B47BCEC9446A4FFC49E0000B46E", ListItem: "D3954B47BCEC9446A4FFC49E0000B46E", Valid: new(false)}, "1": {Value: "text"}},
	}, {ID: "4DB0", Percentage: "50", AccountCode2: "77", Hidden: new(false)}, {ID: "5DB0"}}, all)
}

func TestPeopleAreCountedAndNotNamed(t *testing.T) {
	t.Parallel()
	a, err := wire.DecodeAttendeesV4([]byte(`{"noShowAttendeeCount":1,"expenseAttendeeList":[{"attendeeId":"A","associatedAttendeeCount":3},{"attendeeId":"B"}]}`))
	require.NoError(t, err)
	require.NotEmpty(t, a.Digest)
	require.Equal(t, wire.Attendees{Count: 4, NoShow: 1, Digest: a.Digest}, a)
	other, err := wire.DecodeAttendeesV4([]byte(`{"noShowAttendeeCount":1,"expenseAttendeeList":[{"attendeeId":"A","associatedAttendeeCount":3},{"attendeeId":"C"}]}`))
	require.NoError(t, err)
	require.NotEqual(t, a.Digest, other.Digest)
	a, err = wire.DecodeAttendeesV4([]byte(`{"noShowAttendeeCount":2,"expenseAttendeeList":null}`))
	require.NoError(t, err)
	require.Equal(t, wire.Attendees{NoShow: 2}, a)
	for _, body := range []string{`{}`, `{"expenseAttendeeList":null}`, `[]`, `{"expenseAttendeeList":[null]}`} {
		_, err := wire.DecodeAttendeesV4([]byte(body))
		require.Error(t, err, body)
	}
}

func TestTrapsOfAHeader(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, inner string) wire.Header {
		t.Helper()
		h, err := wire.DecodeReportV4([]byte(`{"reportId":"R","approvalStatusId":"A_EXTV"` + inner + `}`))
		require.NoError(t, err)
		return h
	}
	t.Run("its names are found in any case", func(t *testing.T) {
		t.Parallel()
		h, err := wire.DecodeReportV3([]byte(`{"id":"R","APPROVALSTATUSCODE":"A_EXTV","custom1":{"code":"1","VALUE":"x"}}`))
		require.NoError(t, err)
		require.Equal(t, &expense.Report{ID: "R", Status: "A_EXTV", Custom: map[string]expense.Field{"1": {Code: "1", Value: "x"}}, Via: expense.V3}, h.Report)
	})
	t.Run("a name that is there twice does no harm", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "new", read(t, `,"name":"old","Name":"new","NAME":null`).Report.Name)
	})
	t.Run("the mark shows nothing that is no sign of another step", func(t *testing.T) {
		t.Parallel()
		mark := func(inner string) string { return read(t, inner).Hash }
		for _, other := range []string{
			`,"a":1`, `,"links":[{"href":"https://a"}]`, `,"approvalStatus":"Offen"`, `,"receiptUrl":"https://a"`, `,"hasExceptions":true`,
			`,"reportVersion":{"no":"number"}`, `,"WorkflowActionUrl":"x"`, `,"LastComment":["x"]`,
		} {
			require.Equal(t, mark(""), mark(other), other)
		}
		require.NotEqual(t, mark(`,"reportVersion":1`), mark(`,"reportVersion":2`))
		require.NotEqual(t, mark(`,"name":"x"`), mark(`,"name":"y"`))
	})
	t.Run("a boolean has many forms", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]*bool{"true": new(true), `"true"`: new(true), `"Y"`: new(true), `"Yes"`: new(true), "1": new(true), "false": new(false), `"N"`: new(false), "null": nil, `""`: nil, `"No"`: new(false)} {
			require.Equal(t, want, read(t, `,"isReportEverSentBack":`+text).Report.EverSentBack, text)
		}
	})
	t.Run("an amount that is absent is not zero", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"null", `""`, `{"value":null,"currencyCode":"USD"}`, `{}`} {
			require.Nil(t, read(t, `,"reportTotal":`+text).Report.Total, text)
		}
	})
}

// refusals are bodies that cannot be represented, by what is said of them.
var refusals = map[string]string{
	``:                              "empty",
	"[1]":                           "it is not a JSON object",
	`{"reportId":"R"}`:              "has no approval status",
	`{"reportId":"R"} 1`:            "something follows the end",
	`{"reportId":`:                  "ends before it is complete",
	`{"reportId" "R"}`:              "not well-formed JSON (byte",
	`{"approvalStatusId":"A_EXTV"}`: "it has no ID",
	`{"reportId":"R/secret?","approvalStatusId":"A_EXTV","reportTotal":"1,5 secret"}`:         "reportTotal is not a decimal number",
	`{"reportId":"R","approvalStatusId":"A_EXTV","reportTotal":{"value":"secret"}}`:           "reportTotal: value is not a decimal number",
	`{"reportId":"R","approvalStatusId":"A_EXTV","reportTotal":{"value":1E99}}`:               "reportTotal: value is not a decimal number",
	`{"reportId":"R","approvalStatusId":"A_EXTV","reportTotal":["secret"]}`:                   "reportTotal is not a text",
	`{"reportId":"R","approvalStatusId":"A_EXTV","isReportEverSentBack":"secret"}`:            "isReportEverSentBack is neither yes nor no",
	`{"reportId":"R","approvalStatusId":"A_EXTV","name":{"secret":1}}`:                        "name is not a text",
	`{"reportId":"R","approvalStatusId":"A_EXTV","customData":"secret"}`:                      "customData is not a list",
	`{"reportId":"R","approvalStatusId":"A_EXTV","customData":[["secret"]]}`:                  "customData holds something else than objects",
	`{"reportId":"R","approvalStatusId":"A_EXTV","x":` + strings.Repeat("[", 99):              "nested deeper than 32 values",
	`{"reportId":"R","approvalStatusId":"A_EXTV","x":[` + strings.Repeat("0,", 1<<20) + "0]}": "more than 1048576 values",
}

func TestAReportInJSONThatCannotBeRepresentedIsRefused(t *testing.T) {
	t.Parallel()
	for body, why := range refusals {
		h, err := wire.DecodeReportV4([]byte(body))
		require.ErrorContains(t, err, why)
		require.NotContains(t, err.Error(), "secret")
		require.Zero(t, h)
	}
	_, err := wire.DecodeReportV3([]byte(`{"ID":"R","approvalStatusId":"A_EXTV"}`))
	require.ErrorContains(t, err, "has no approval status (ApprovalStatusCode)")
}

func TestARowThatCannotBeRepresentedIsNamedByItsNumber(t *testing.T) {
	t.Parallel()
	for body, why := range map[string]string{
		`{"Items":[{"ID":"a"},{"ID":"b","PostedAmount":"secret"}]}`: "the list of entries cannot be read: entry 2: PostedAmount is not a decimal number",
		`{"Items":[{"ID":"a","ExchangeRate":"secret"}]}`:            "entry 1: ExchangeRate is not a decimal number",
		`{"Items":[{"PostedAmount":1}]}`:                            "entry 1: it has no ID",
		`{"Items":[{"ID":"a","Custom1":["secret"]}]}`:               "entry 1: custom1 holds something else than objects",
		`{"Items":[{"ID":"a"},null]}`:                               "entry 2 is not an object",
		`{"Items":[],"items":[]}`:                                   "it holds more than one list",
		`{"Items":"secret"}`:                                        "items is not a list",
		`{"NextPage":null}`:                                         "it has no Items",
		`{"NextPage":["secret"],"Items":[]}`:                        "NextPage is not a text",
		`[{"ID":"a"}]`:                                              "it has no Items",
	} {
		_, err := wire.DecodeEntriesV3([]byte(body))
		require.ErrorContains(t, err, why)
		require.NotContains(t, err.Error(), "secret")
	}
	for body, why := range map[string]string{
		`[{"expenseId":"a"},{"expenseId":"b","transactionAmount":{"value":"secret"}}]`: "entry 2: transactionAmount: value is not a decimal number",
		`[{"expenseId":"a","exchangeRate":{"value":2,"operation":"secret"}}]`:          "entry 1: exchangeRate is neither to multiply nor to divide by",
		`[{"expenseId":"a","exchangeRate":{"value":0E-14,"operation":"DIVIDE"}}]`:      "entry 1: exchangeRate is to divide by zero",
		`[{"expenseId":"a","attendeeCount":-1}]`:                                       "entry 1: attendeeCount is not a whole number",
		`[{"expenseId":"a","expenseType":"secret"}]`:                                   "entry 1: expenseType is not an object",
		`[{"expenseId":null}]`: "entry 1: it has no ID",
		`["secret"]`:           "entry 1 is not an object",
		`[null]`:               "entry 1 is not an object",
		`null`:                 "it is not a JSON list",
		`{"expenseId":"a"}`:    "it is not a JSON list",
		`[{"expenseId":"a"}`:   "ends before it is complete",
		`[{"expenseId":"a"}]x`: "something follows the end",
	} {
		_, err := wire.DecodeExpensesV4([]byte(body))
		require.ErrorContains(t, err, why)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestTheRowsOfAListAreBounded(t *testing.T) {
	t.Parallel()
	rows := func(n int) []byte { return []byte("[" + strings.Repeat("{},", n-1) + "{}]") }
	comments, err := wire.DecodeComments(rows(100_000))
	require.NoError(t, err)
	require.Len(t, comments, 100_000)
	_, err = wire.DecodeComments(rows(100_001))
	require.EqualError(t, err, "the comments cannot be read: more than 100000 rows")
}

// FuzzDecodeReportJSON looks for a body that makes a decoder of v3 or v4 panic or accept
// what it cannot represent.
func FuzzDecodeReportJSON(f *testing.F) {
	for _, name := range []string{"report_v3.json", "entries_v3.json", "report_v4.json", "expense_v4.json"} {
		f.Add(payload(f, name))
	}
	for body := range refusals {
		if len(body) < 1000 {
			f.Add([]byte(body))
		}
	}
	f.Add([]byte(`[{"expenseId":"a","exchangeRate":{"value":3,"operation":"divide"},"customData":[{"id":"custom1","value":1}]}]`))
	f.Add([]byte(`{"Items":[{"EntryID":"a","ID":"b","Percentage":"1%","Custom1":"(1) x"}],"NextPage":"x"}`))
	f.Add([]byte(`{"expenseAttendeeList":[{"associatedAttendeeCount":2147483647}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, decode := range map[string]func([]byte) (any, error){
			"report v3": func(b []byte) (any, error) { return wire.DecodeReportV3(b) },
			"report v4": func(b []byte) (any, error) { return wire.DecodeReportV4(b) },
			"expense":   func(b []byte) (any, error) { return wire.DecodeExpenseV4(b) },
			"expenses":  func(b []byte) (any, error) { return wire.DecodeExpensesV4(b) },
			"allocs v4": func(b []byte) (any, error) { return wire.DecodeAllocationsV4(b) },
			"attendees": func(b []byte) (any, error) { return wire.DecodeAttendeesV4(b) },
			"comments":  func(b []byte) (any, error) { return wire.DecodeComments(b) },
			"entries":   func(b []byte) (any, error) { return wire.DecodeEntriesV3(b) },
			"items":     func(b []byte) (any, error) { return wire.DecodeItemizationsV3(b) },
			"allocs v3": func(b []byte) (any, error) { return wire.DecodeAllocationsV3(b) },
		} {
			value, err := decode(body)
			if err != nil {
				continue
			}
			stored, err := json.Marshal(value)
			require.NoError(t, err, name)
			require.NotContains(t, string(stored), `\u0000`, name)
		}
	})
}
