package wire_test

import (
	"encoding/xml"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const namespace = "http://www.concursolutions.com/api/expense/expensereport/2011/03"

// report decodes a waiting report with these elements.
func report(t *testing.T, inner string) *expense.Report {
	t.Helper()
	r, err := wire.DecodeReport([]byte("<ReportDetails><ApsKey>A_EXTV</ApsKey><CrnCode>EUR</CrnCode>" + inner + "</ReportDetails>"))
	require.NoError(t, err)
	return r
}

// entry decodes an expense with these elements.
func entry(t *testing.T, inner string) expense.Entry {
	t.Helper()
	r := report(t, "<Entries Count=\"1\"><ExpenseEntry><RpeKey>nE</RpeKey>"+inner+"</ExpenseEntry></Entries>")
	require.Len(t, r.Entries, 1)
	return r.Entries[0]
}

func TestTrapsOfAReportsNames(t *testing.T) {
	t.Parallel()
	t.Run("its owner has two spellings", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"X_UserID", "X-UserID"} {
			d, err := wire.DecodeDetails([]byte("<ReportDetails><" + name + "> kim@example.com </" + name + "></ReportDetails>"))
			require.NoError(t, err)
			require.Equal(t, "kim@example.com", d.Login)
			require.Equal(t, expense.Owner{Login: "kim@example.com"}, d.Report.Owner)
		}
	})
	t.Run("its elements are in no namespace, in a default one or in a prefixed one", func(t *testing.T) {
		t.Parallel()
		unused := `<ReportDetails xmlns:ns="` + namespace + `"><ApsKey>A_EXTV</ApsKey></ReportDetails>`
		var naive struct {
			ApsKey string `xml:"http://www.concursolutions.com/api/expense/expensereport/2011/03 ApsKey"`
		}
		require.NoError(t, xml.Unmarshal([]byte(unused), &naive))
		require.Empty(t, naive.ApsKey, "a reader of the declared namespace sees no status")
		for _, body := range []string{
			unused,
			`<ReportDetails xmlns="` + namespace + `"><ApsKey>A_EXTV</ApsKey></ReportDetails>`,
			`<ns:ReportDetails xmlns:ns="` + namespace + `"><ns:ApsKey>A_EXTV</ns:ApsKey></ns:ReportDetails>`,
		} {
			r, err := wire.DecodeReport([]byte(body))
			require.NoError(t, err)
			require.True(t, r.AwaitsValidation(), body)
		}
	})
	t.Run("its key is that of its header, not that of its entries", func(t *testing.T) {
		t.Parallel()
		entries := "<Entries><ExpenseEntry><RpeKey>nE</RpeKey><RptKey>nOfTheEntry</RptKey></ExpenseEntry></Entries>"
		require.Equal(t, "nOfTheHeader", report(t, "<RptKey>nOfTheHeader</RptKey>"+entries).Key)
		require.Equal(t, "nOfTheHeader", report(t, entries+"<RptKey>nOfTheHeader</RptKey>").Key)
		require.Empty(t, report(t, entries).Key, "no key is better than another one")
	})
	t.Run("one thing has two names", func(t *testing.T) {
		t.Parallel()
		want := expense.Entry{
			ID: "nE", Itemizations: []expense.Itemization{{ID: "nI"}},
			Allocations: []expense.Allocation{{ID: "nA", Percentage: "100.00000000", AccountCode2: "6101"}},
		}
		for _, inner := range []string{
			"<ItemizationsList><ItemizationEntryDetails><ItemizationKey>nI</ItemizationKey></ItemizationEntryDetails></ItemizationsList>" +
				"<Allocations><AllocationKey>nA</AllocationKey><Percentage>100.00000000%</Percentage><AccountCode2>6101</AccountCode2></Allocations>",
			"<ItemizationList><ItemizationEntry><ItemizationKey>nI</ItemizationKey></ItemizationEntry></ItemizationList>" +
				"<Allocations><allocKey>nA</allocKey><percentage>100.00000000%</percentage><AccountCode>6101</AccountCode></Allocations>",
		} {
			require.Equal(t, want, entry(t, inner))
		}
		for _, name := range []string{"WorkflowActionURL", "WorkflowActionUrl", "WorkflowStepURL"} {
			require.Equal(t, "https://h/p", report(t, "<"+name+">https://h/p</"+name+">").ActionURL, name)
		}
	})
	t.Run("an empty alias does not take away what the other name said", func(t *testing.T) {
		t.Parallel()
		e := entry(t, "<Allocations><allocKey>nA</allocKey><AccountCode2>6101</AccountCode2><AccountCode/></Allocations>")
		require.Equal(t, "6101", e.Allocations[0].AccountCode2)
	})
	t.Run("the allocations and attendees of an entry repeat without a list", func(t *testing.T) {
		t.Parallel()
		body := `<ExpenseEntry><Allocations><allocKey>n1</allocKey></Allocations><AttendeeDetails><LastName>A</LastName></AttendeeDetails>` +
			`<Allocations><allocKey>n2</allocKey></Allocations><AttendeeDetails><LastName>B</LastName></AttendeeDetails></ExpenseEntry>`
		var naive struct {
			Allocations struct {
				Key string `xml:"allocKey"`
			}
		}
		require.NoError(t, xml.Unmarshal([]byte(body), &naive))
		require.Equal(t, "n2", naive.Allocations.Key, "a reader of one element sees the last")
		e := report(t, "<Entries>"+body+"</Entries>").Entries[0]
		require.Equal(t, []expense.Allocation{{ID: "n1"}, {ID: "n2"}}, e.Allocations)
		require.Equal(t, new(2), e.AttendeeCount)
	})
	t.Run("one empty allocation or attendee is none", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, expense.Entry{ID: "nE", AttendeeCount: new(0)}, entry(t, "<Allocations></Allocations><AttendeeDetails/><ItemizationList/><Allocations><Custom1/></Allocations>"))
	})
}

func TestTrapsOfAReportsValues(t *testing.T) {
	t.Parallel()
	t.Run("an amount that is empty is none, and not zero", func(t *testing.T) {
		t.Parallel()
		for _, none := range []string{"", "<ApprovedAmount/>", "<ApprovedAmount> </ApprovedAmount>", `<ApprovedAmount nil="true">0</ApprovedAmount>`} {
			require.Nil(t, entry(t, none).Approved, none)
		}
		require.Equal(t, eur("0"), entry(t, "<ApprovedAmount>0</ApprovedAmount>").Approved)
	})
	t.Run("amounts and shares are exact", func(t *testing.T) {
		t.Parallel()
		e := entry(t, "<PostedAmount>0.10000000</PostedAmount><ApprovedAmount>0.20000000</ApprovedAmount><ExchangeRate>0.92310000000001</ExchangeRate>"+
			"<Allocations><Percentage>33.33333334%</Percentage></Allocations><Allocations><Percentage>33.33333333%</Percentage></Allocations><Allocations><Percentage>33.33333333%</Percentage></Allocations>")
		sum, err := e.Posted.Add(*e.Approved)
		require.NoError(t, err)
		require.True(t, sum.Amount.Equal(eur("0.3").Amount))
		a, b := 0.1, 0.2
		require.NotEqual(t, 0.3, a+b, "binary fractions are not")
		require.Equal(t, "0.92310000000001", e.ExchangeRate, "fourteen decimals")
		shares := decimal.Zero
		for _, allocation := range e.Allocations {
			shares = shares.Add(decimal.RequireFromString(allocation.Percentage))
		}
		require.True(t, shares.Equal(decimal.NewFromInt(100)), "three shares make a whole: %s", shares)
	})
	t.Run("what was paid has a currency that is only named", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"US, Dollar", "Dollar, United States", "Dollar américain"} {
			e := entry(t, "<TransactionAmount>12.00000000</TransactionAmount><PostedAmount>11.00000000</PostedAmount><TransactionCurrencyName>"+name+"</TransactionCurrencyName>")
			require.Equal(t, unnamed("12"), scaled(e.Transaction))
			require.Equal(t, eur("11"), scaled(e.Posted))
			require.Equal(t, name, e.CurrencyName)
			_, err := e.Transaction.Compare(*e.Posted)
			require.ErrorIs(t, err, expense.ErrMixedCurrencies)
		}
	})
	t.Run("yes and no are said in four ways", func(t *testing.T) {
		t.Parallel()
		_, err := strconv.ParseBool("Y")
		require.Error(t, err)
		for _, yes := range []string{"Y", "Yes", "true", "1", "y"} {
			require.Equal(t, new(true), entry(t, "<IsPersonal>"+yes+"</IsPersonal>").Personal, yes)
		}
		for _, no := range []string{"N", "No", "false", "0"} {
			require.Equal(t, new(false), entry(t, "<IsPersonal>"+no+"</IsPersonal>").Personal, no)
		}
		require.Nil(t, entry(t, "<IsPersonal/>").Personal, "nothing is said")
	})
	t.Run("HasAllocation is neither yes nor no", func(t *testing.T) {
		t.Parallel()
		for _, word := range []string{"P", "F", "N", "Y"} {
			require.Equal(t, expense.Entry{ID: "nE"}, entry(t, "<HasAllocation>"+word+"</HasAllocation>"), word)
		}
	})
	t.Run("a field may say more than is documented", func(t *testing.T) {
		t.Parallel()
		e := entry(t, "<Custom1><Code>4711</Code><Label>Cost centre</Label><Type>List</Type><Value>Sales</Value></Custom1>")
		require.Equal(t, map[string]expense.Field{"1": {Code: "4711", Value: "Sales"}}, e.Custom)
		_, err := wire.DecodeReport([]byte("<ReportDetails><Custom1>a<b>c</b></Custom1></ReportDetails>"))
		require.ErrorContains(t, err, "Custom1 holds elements where a text is expected")
	})
	t.Run("no identifier is too long", func(t *testing.T) {
		t.Parallel()
		long := strings.Repeat("nLong$p", 40) // 13 are documented, 34 are printed
		require.Equal(t, long, report(t, "<RptKey>"+long+"</RptKey>").Key)
		require.Equal(t, long, entry(t, "<ItemizationList><ItemizationEntry><ItemizationKey>"+long+"</ItemizationKey></ItemizationEntry></ItemizationList>").Itemizations[0].ID)
	})
	t.Run("a status is its code, which may be the company's own, and never its name", func(t *testing.T) {
		t.Parallel()
		r := report(t, "<ApvStatusName>Genehmigt</ApvStatusName><PayKey>P_OWN</PayKey><PayStatusName>Bezahlt</PayStatusName>")
		require.True(t, r.AwaitsValidation())
		require.Equal(t, "P_OWN", r.PaymentStatus)
		own, err := wire.DecodeReport([]byte("<ReportDetails><ApsKey>002003</ApsKey><ApvStatusName>Pending External Validation</ApvStatusName></ReportDetails>"))
		require.NoError(t, err)
		require.False(t, own.AwaitsValidation())
		require.Equal(t, "002003", own.Status)
	})
	t.Run("a raw ampersand is refused and nothing is guessed", func(t *testing.T) {
		t.Parallel()
		_, err := wire.DecodeReport([]byte("<ReportDetails><ApsKey>A_EXTV</ApsKey><ReportName>R & D</ReportName></ReportDetails>"))
		require.ErrorContains(t, err, "not well-formed XML")
	})
}

// scaled is the same amount without the zeros at its end.
func scaled(m *expense.Money) *expense.Money {
	return &expense.Money{Amount: decimal.RequireFromString(m.Amount.String()), Currency: m.Currency}
}

func TestADateIsThatDayInWhateverFormItIsPrinted(t *testing.T) {
	t.Parallel()
	for day := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2030; day = day.AddDate(0, 0, 13) {
		want := day.Format(time.DateOnly)
		for _, form := range []string{
			time.DateOnly, "2006-01-02T00:00:00", "2006-01-02T00:00:00.000", "2006-01-02T00:00:00.0000000", "2006-01-02 00:00:00", "2006-01-02T00:00",
			"1/2/2006", "01/02/2006", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM",
		} {
			r, err := wire.DecodeReport([]byte("<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><ReportDate>" + day.Format(form) + "</ReportDate></ReportDetails>"))
			require.NoError(t, err)
			require.Equal(t, want, string(r.Date), form)
			page, err := wire.DecodeEntriesV3([]byte(`{"Items":[{"ID":"E","TransactionDate":"` + day.Format(form) + `"}]}`))
			require.NoError(t, err)
			require.Equal(t, want, string(page.Rows[0].Date), form)
		}
		for _, form := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05-08:00", "2006-01-02T23:30:00+14:00"} {
			page, err := wire.DecodeEntriesV3([]byte(`{"Items":[{"ID":"E","TransactionDate":"` + day.Format(form) + `"}]}`))
			require.NoError(t, err)
			require.Equal(t, want, string(page.Rows[0].Date[:10]), form)
		}
	}
}
