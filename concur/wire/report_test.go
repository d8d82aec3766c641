package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func eur(amount string) *expense.Money {
	return &expense.Money{Amount: decimal.RequireFromString(amount), Currency: "EUR"}
}

func unnamed(amount string) *expense.Money {
	return &expense.Money{Amount: decimal.RequireFromString(amount)}
}

func TestDecodeReport(t *testing.T) {
	t.Parallel()
	t.Run("the documented report is read in full", func(t *testing.T) {
		t.Parallel()
		r, err := wire.DecodeReport(payload(t, "report.xml"))
		require.NoError(t, err)
		for i := range r.Entries {
			require.NotEmpty(t, r.Entries[i].Attending)
			r.Entries[i].Attending = "" // a digest
		}
		require.Equal(t, &expense.Report{
			ID: "0A1B2C3D4E5F60718293", Key: "nHeader$pKey", Name: "Trade fair & visits", Purpose: "Spring fair",
			Currency: "EUR", Status: "A_EXTV", PaymentStatus: "P_NOTP", Policy: "nPolicy$s", Ledger: "DEFAULT",
			Owner: expense.Owner{Login: "somebody@example.org", Name: "Doe, Jo"},
			Date:  "2026-02-01", Created: "2026-02-01T09:10:11", EverSentBack: new(true), HasException: new(false),
			Total: eur("1234.56789012"), PersonalExpenses: eur("0.00000000"), DueEmployee: eur("34.50000000"), Claimed: eur("1234.56789012"),
			OrgUnits:  map[string]expense.Field{"1": {Code: "4711", Value: "Sales"}},
			Custom:    map[string]expense.Field{"1": {Code: "A 12", Value: "Project (phase 2)"}, "2": {Value: "plain text"}},
			ActionURL: "http://www.concursolutions.com/api/expense/expensereport/v1.1/report/Zo9%t8Step$p/WorkFlowAction",
			Entries: []expense.Entry{{
				ID: "nEntryOne", Type: "MEALS", TypeName: "Meals", Category: "Meals and Entertainment", Date: "2026-02-01",
				Transaction: unnamed("108.33000000"), CurrencyName: "US, Dollar", ExchangeRate: "0.92310000000000", Posted: eur("100.00000000"),
				Purpose: "Dinner", Vendor: "The Corner Inn", Location: "Bremen", Subdivision: "DE-HB", Country: "DE", PaymentType: "CASH",
				Personal: new(false), CompanyCard: new(false), PersonalCard: new(false), Itemized: new(true), HasVAT: new(true), HasExceptions: new(true), ReceiptRequired: new(true), ImageRequired: new(true), HasReceipt: new(true),
				AttendeeCount: new(5), CommentCount: new(2),
				OrgUnits: map[string]expense.Field{"6": {Code: "9", Value: "Six"}},
				Custom:   map[string]expense.Field{"40": {Code: "X", Value: "Forty"}},
				Itemizations: []expense.Itemization{{
					ID: "nItemOne", Type: "DINNR", TypeName: "Dinner", Date: "2026-02-01T19:30:00", Purpose: "With guests",
					Transaction: unnamed("108.33000000"), Posted: eur("100.00000000"), Approved: eur("100.00000000"), Personal: new(false),
					OrgUnits: map[string]expense.Field{"1": {Code: "7", Value: "Seven"}},
					Custom:   map[string]expense.Field{"1": {Code: "100", Value: "North"}},
					Allocations: []expense.Allocation{
						{
							ID: "nAllocOne", Percentage: "66.66666667", AccountCode1: "6100", AccountCode2: "6101",
							Custom: map[string]expense.Field{"2": {Code: "1234", Value: "Project"}},
						},
						{ID: "nAllocTwo", Percentage: "33.33333333"},
					},
				}},
			}, {
				ID: "nEntryTwo", Type: "TAXI", Date: "2026-02-02T08:21:33.5", Posted: eur("34.50000000"), HasReceipt: new(true), AttendeeCount: new(2),
				Itemizations: []expense.Itemization{{ID: "nItemTwo"}},
				Allocations: []expense.Allocation{
					{ID: "nAllocThree", Percentage: "50.00000000", AccountCode1: "6200", AccountCode2: "6201"},
					{ID: "nAllocFour", Percentage: "50.00000000"},
				},
			}},
		}, r)
	})

	t.Run("what is nobody's business is not kept", func(t *testing.T) {
		t.Parallel()
		r, err := wire.DecodeReport(payload(t, "report.xml"))
		require.NoError(t, err)
		r.Owner = expense.Owner{}
		stored, err := json.Marshal(r)
		require.NoError(t, err)
		for _, secret := range []string{"somebody@", "Doe", "Ann", "Guest", "getImage", "SECRET", "0123456789ABCDEF", "E-77"} {
			require.NotContains(t, string(stored), secret)
		}
	})

	t.Run("what is nil is absent, whatever stands in it", func(t *testing.T) {
		t.Parallel()
		r, err := wire.DecodeReport([]byte(`<ReportDetails xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><ReportTotal i:nil="true">5</ReportTotal>` +
			`<Entries><ExpenseEntry><RpeKey>nE</RpeKey><EreceiptId i:nil="true"/><ReceiptImageId i:nil="true">0123</ReceiptImageId>` +
			`<AttendeeDetails i:nil="1"><FirstName>Ann</FirstName></AttendeeDetails></ExpenseEntry></Entries></ReportDetails>`))
		require.NoError(t, err)
		require.Equal(t, &expense.Report{Entries: []expense.Entry{{ID: "nE", HasReceipt: new(false), AttendeeCount: new(0)}}}, r)
	})

	t.Run("the currency may stand behind the amounts", func(t *testing.T) {
		t.Parallel()
		r, err := wire.DecodeReport([]byte(`<n:ReportDetails xmlns:n="urn:any"><n:REPORTTOTAL>0E-8</n:REPORTTOTAL><n:CrnCode>usd</n:CrnCode></n:ReportDetails>`))
		require.NoError(t, err)
		require.Equal(t, "0.00 USD", r.Total.String())
	})

	t.Run("an error names the element and the entry and no value", func(t *testing.T) {
		t.Parallel()
		for body, why := range map[string]string{
			"<ReportTotal>12,secret</ReportTotal>": "ReportTotal is not a decimal number",
			"<EverSentBack>secret</EverSentBack>":  "EverSentBack is neither yes nor no",
			"<Entries><ExpenseEntry/><ExpenseEntry><PostedAmount>secret</PostedAmount></ExpenseEntry></Entries>":                                                          "entry 2: PostedAmount is not a decimal number",
			"<Entries><ExpenseEntry><AttendeeCount>secret</AttendeeCount></ExpenseEntry></Entries>":                                                                       "entry 1: AttendeeCount is not a whole number",
			"<Entries><ExpenseEntry><Allocations><Percentage>secret</Percentage></Allocations></ExpenseEntry></Entries>":                                                  "entry 1: Percentage is not a decimal number",
			"<Entries><ExpenseEntry><ItemizationList><ItemizationEntry><PostedAmount>secret</PostedAmount></ItemizationEntry></ItemizationList></ExpenseEntry></Entries>": "entry 1: itemization 1: PostedAmount is not",
			"<Custom1><Name>secret</Name></Custom1>": "Custom1 holds elements",
		} {
			r, err := wire.DecodeReport([]byte("<ReportDetails>" + body + "</ReportDetails>"))
			require.ErrorContains(t, err, why)
			require.NotContains(t, err.Error(), "secret")
			require.Nil(t, r)
		}
	})

	t.Run("an amount is a decimal number or an error", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"+12.5", "-0.10", "0E-8", ".5", "7."} {
			r, err := wire.DecodeReport([]byte("<ReportDetails><ReportTotal>" + text + "</ReportTotal></ReportDetails>"))
			require.NoError(t, err, text)
			require.NotNil(t, r.Total, text)
		}
		for _, text := range []string{"++5", ".+5", "+-5", "1,5", "1 000", "0x10", "NaN", "1E999", "1E99", "."} {
			_, err := wire.DecodeReport([]byte("<ReportDetails><ReportTotal>" + text + "</ReportTotal></ReportDetails>"))
			require.Error(t, err, text)
		}
	})

	t.Run("another document is no report", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			"", "x", "<html><body>Service</body></html>", "<Error><Message>no</Message></Error>", "<ReportDetails>",
			"<!DOCTYPE ReportDetails><ReportDetails/>", "<ReportDetails/><ReportDetails/>",
			"<ReportDetails>" + strings.Repeat("<a>", 100),
			"<ReportDetails><ReportName>&unknown;</ReportName></ReportDetails>",
		} {
			_, err := wire.DecodeReport([]byte(body))
			require.Error(t, err, body)
		}
	})
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]expense.Date{
		"2026-05-01":                 "2026-05-01",
		"2026-05-01T00:00:00":        "2026-05-01",
		"2026-05-01T00:00:00.000":    "2026-05-01",
		"2026-05-01T14:15:36":        "2026-05-01T14:15:36",
		"2026-05-01T23:33:08.21":     "2026-05-01T23:33:08.21",
		"2026-05-01T14:15:36Z":       "2026-05-01T14:15:36Z",
		"2026-05-01T14:15:36+02:00":  "2026-05-01T14:15:36+02:00",
		"2026-05-01T14:15:36.5+0000": "2026-05-01T14:15:36.5Z",
		"2026-05-01T14:15:36+0200":   "2026-05-01T14:15:36+02:00",
		"2026-05-01:14:15:36":        "2026-05-01T14:15:36",
		"2026-05-01 14:15:36":        "2026-05-01T14:15:36",
		"5/1/2026":                   "2026-05-01",
		"05/01/2026":                 "2026-05-01",
		"5/1/2026 6:15 AM":           "2026-05-01T06:15:00",
		"0001-01-01T00:00:00":        "",
		"0001-01-01":                 "",
		"":                           "",
		"2026-02-30":                 "2026-02-30",
		"6:15 AM":                    "6:15 AM",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			r, err := wire.DecodeReport([]byte("<ReportDetails><ReportDate>" + text + "</ReportDate></ReportDetails>"))
			require.NoError(t, err)
			require.Equal(t, want, r.Date)
		})
	}
}

func TestListFields(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]expense.Field{
		"(1234) Project":     {Code: "1234", Value: "Project"},
		"(1234)Project":      {Code: "1234", Value: "Project"},
		"(A B-1) X (y) z":    {Code: "A B-1", Value: "X (y) z"},
		"(A(1)) X":           {Code: "A(1)", Value: "X"},
		"Project (1234)":     {Value: "Project (1234)"},
		"(open":              {Value: "(open"},
		"(1234)":             {Value: "(1234)"},
		"() name":            {Value: "() name"},
		"(one) (two) (three": {Code: "one", Value: "(two) (three"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			r, err := wire.DecodeReport([]byte("<ReportDetails><Custom7>" + text + "</Custom7></ReportDetails>"))
			require.NoError(t, err)
			require.Equal(t, map[string]expense.Field{"7": want}, r.Custom)
		})
	}
}

// largeReport is the documented report with that many entries.
func largeReport(t testing.TB, entries int) []byte {
	t.Helper()
	body := payload(t, "report.xml")
	start, end := bytes.Index(body, []byte("<ExpenseEntry>")), bytes.Index(body, []byte("</ExpenseEntry>"))+len("</ExpenseEntry>")
	var entry bytes.Buffer
	entry.Write(bytes.TrimSuffix(body[start:end], []byte("</ExpenseEntry>")))
	for i := range 39 {
		fmt.Fprintf(&entry, "<Custom%d />\n", i+1)
	}
	entry.WriteString("</ExpenseEntry>\n")
	var b bytes.Buffer
	b.Write(body[:start])
	for range entries {
		b.Write(entry.Bytes())
	}
	b.WriteString("</Entries></ReportDetails>")
	return b.Bytes()
}

func BenchmarkDecodeReport(b *testing.B) {
	body := largeReport(b, 2000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := wire.DecodeReport(body)
		require.NoError(b, err)
		require.Len(b, r.Entries, 2000)
	}
}

func TestWhoAttendsIsComparedAndNotStored(t *testing.T) {
	t.Parallel()
	decode := func(details string) *expense.Report {
		r, err := wire.DecodeReport([]byte("<ReportDetails><Entries><ExpenseEntry><RpeKey>e</RpeKey>" + details + "</ExpenseEntry></Entries></ReportDetails>"))
		require.NoError(t, err)
		return r
	}
	const ada = "<AttendeeDetails><AttendeeKey>k1</AttendeeKey><FirstName>Ada</FirstName><TotalAmountYtd>1</TotalAmountYtd></AttendeeDetails>"
	before := decode(ada)
	for name, c := range map[string]struct {
		details string
		same    bool
	}{
		"the same attendee, who had more this year": {strings.Replace(ada, ">1<", ">2<", 1), true},
		"another one":               {strings.Replace(ada, "Ada", "Bo", 1), false},
		"another of the same name":  {strings.Replace(ada, "k1", "k2", 1), false},
		"one more":                  {ada + ada, false},
		"nobody, for it is all nil": {`<AttendeeDetails nil="true">` + strings.TrimPrefix(ada, "<AttendeeDetails>"), false},
	} {
		after := decode(c.details)
		require.Equal(t, c.same, after.ContentWithAttendees() == before.ContentWithAttendees(), name)
	}
	stored, err := json.Marshal(before)
	require.NoError(t, err)
	require.NotContains(t, string(stored), before.Entries[0].Attending)
	require.Equal(t, 1, *before.Entries[0].AttendeeCount)
}

func FuzzDecodeReport(f *testing.F) {
	f.Add(payload(f, "report.xml"))
	f.Add(payload(f, "report_v2.xml"))
	f.Add([]byte("<ReportDetails><Entries><ExpenseEntry><Allocations><Allocations><Percentage>1%</Percentage></Allocations></Allocations></ExpenseEntry></Entries></ReportDetails>"))
	f.Add([]byte("<ReportDetails><ReportTotal>1E99</ReportTotal></ReportDetails>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := wire.DecodeReport(body)
		if err != nil {
			require.Nil(t, r)
			return
		}
		stored, err := json.Marshal(r)
		require.NoError(t, err)
		require.True(t, utf8.Valid(stored))
		var again expense.Report
		require.NoError(t, json.Unmarshal(stored, &again))
		require.Equal(t, r.Revision(), again.Revision())
	})
}

func TestAReplacedCharacterDoesNotChangeTheRevisionFromReadToRead(t *testing.T) {
	t.Parallel()
	revision := func(vendor string) string {
		r, err := wire.DecodeReport([]byte("<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><Entries><ExpenseEntry><RpeKey>E</RpeKey><VendorDescription>" + vendor + "</VendorDescription></ExpenseEntry></Entries></ReportDetails>"))
		require.NoError(t, err)
		return r.Revision()
	}
	require.Equal(t, revision("Caf&#xB;e"), revision("Caf&#xB;e"))
	require.Equal(t, revision("Caf&#xB;e"), revision("Caf&#11;e"), "however it is written")
	require.Equal(t, revision("Caf&#xB;e"), revision("Caf\x0be"))
	require.NotEqual(t, revision("Caf&#xB;e"), revision("Cafe"))
}
