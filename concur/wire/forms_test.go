package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestADateMayNameItsZoneWithoutAColon(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]expense.Date{
		"2026-02-03T04:05:06+0000":     "2026-02-03T04:05:06Z",
		"2026-02-03T04:05:06.120-0530": "2026-02-03T04:05:06.12-05:30",
		"0001-01-01T00:00:00+0000":     "",
	} {
		require.Equal(t, want, report(t, "<SubmitDate>"+text+"</SubmitDate>").Submitted, text)
		h, err := wire.DecodeReportV4([]byte(`{"reportId":"R1","approvalStatusId":"A_EXTV","submitDate":"` + text + `"}`))
		require.NoError(t, err)
		require.Equal(t, want, h.Report.Submitted, text)
	}
}

func TestANumberHasNoExponentInAnyGeneration(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1.5", entry(t, "<ExchangeRate>15E-1</ExchangeRate>").ExchangeRate)
	require.Equal(t, "1.50000000000000", entry(t, "<ExchangeRate>1.50000000000000</ExchangeRate>").ExchangeRate)
	e, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E1","exchangeRate":{"value":15E-1,"operation":"MULTIPLY"}}`))
	require.NoError(t, err)
	require.Equal(t, "1.5", e.ExchangeRate)
	page, err := wire.DecodeExpected([]byte(`[{"id":"E1","exchangeRate":{"value":15E-1},"allocations":[{"percentage":1E+2}]}]`), "")
	require.NoError(t, err)
	require.Equal(t, "1.5", page.Rows[0].ExchangeRate)
	require.Equal(t, "100", page.Rows[0].Allocations[0].Percentage)
}

func TestAnEmptyTextIsNoObject(t *testing.T) {
	t.Parallel()
	e, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E1","vendor":"","location":" ","exchangeRate":"","transactionAmount":"","customData":"","links":""}`))
	require.NoError(t, err)
	require.Equal(t, expense.Entry{ID: "E1"}, e.Entry)
	r, err := wire.DecodeRequest([]byte(`{"id":"R1","approvalStatus":{"code":"SUBMITTED"},"owner":"","policy":"","operations":"","totalPostedAmount":"","mainDestination":"","type":""}`))
	require.NoError(t, err)
	require.Equal(t, expense.TravelRequest{ID: "R1", Status: "SUBMITTED"}, *r.TravelRequest)
	_, err = wire.DecodeExpenseV4([]byte(`{"expenseId":"E1","vendor":"a text"}`))
	require.ErrorContains(t, err, "vendor is not an object")
}

func TestACountMayBePrintedWithDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"3": 3, "3.0": 3, "3.00000000": 3, "0E-8": 0, "30E-1": 3, " 3 ": 3} {
		require.Equal(t, &want, entry(t, "<CommentCount>"+text+"</CommentCount>").CommentCount, text)
		e, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E1","attendeeCount":"` + text + `"}`))
		require.NoError(t, err)
		require.Equal(t, &want, e.AttendeeCount, text)
	}
	for _, text := range []string{"-1", "1.5", "1E30", "10000000000", "three"} {
		_, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E1","attendeeCount":"` + text + `"}`))
		require.ErrorContains(t, err, "attendeeCount is not a whole number", text)
	}
}

func TestWhatWasPaidHasACurrencyWhereItsCodeIsGiven(t *testing.T) {
	t.Parallel()
	const paid = `<TransactionAmount>12.5</TransactionAmount><PostedAmount>10</PostedAmount><IsItemized>Y</IsItemized><ItemizationsList>
<Itemization><ItemType>Regular</ItemType><ItemizationID>nE</ItemizationID><TransactionAmount>12.5</TransactionAmount></Itemization>
<Itemization><ItemType>Child</ItemType><ItemizationID>nI</ItemizationID><TransactionAmount>12.5</TransactionAmount></Itemization></ItemizationsList>`
	e := entry(t, paid+"<TransactionCurrencyCode>chf</TransactionCurrencyCode>")
	require.Equal(t, "CHF", e.Transaction.Currency)
	require.Equal(t, "CHF", e.Itemizations[0].Transaction.Currency)
	require.Equal(t, "EUR", e.Posted.Currency)
	e = entry(t, paid)
	require.Empty(t, e.Transaction.Currency)
	require.Empty(t, e.Itemizations[0].Transaction.Currency)
}

func TestAFieldMayHoldMoreThanWeKnow(t *testing.T) {
	t.Parallel()
	r := report(t, "<Custom1><Sequence>1</Sequence><Type>List</Type><Value>Seven</Value><Code>7</Code><ListItemID>g</ListItemID></Custom1>")
	require.Equal(t, map[string]expense.Field{"1": {Code: "7", Value: "Seven"}}, r.Custom)
	_, err := wire.DecodeReport([]byte("<ReportDetails><Custom1><Sequence>1</Sequence></Custom1></ReportDetails>"))
	require.ErrorContains(t, err, "Custom1 holds elements where a text is expected")
}

func TestAllocationsOfATravelRequestHaveFields(t *testing.T) {
	t.Parallel()
	all, err := wire.DecodeAllocationsV4([]byte(`[{"allocationId":"A1","percentage":70,"custom2":{"value":"x1"},"custom3":{"value":"63b7fbd9-ae08-0840-abdb-62b0b9160081","code":"7"},"custom4":null}]`))
	require.NoError(t, err)
	require.Equal(t, []expense.Allocation{{ID: "A1", Percentage: "70", Custom: map[string]expense.Field{
		"2": {Value: "x1"}, "3": {Value: "63b7fbd9-ae08-0840-abdb-62b0b9160081", Code: "7", ListItem: "63b7fbd9-ae08-0840-abdb-62b0b9160081"},
	}}}, all)
}

func TestAnEmptyElementTakesNothingBack(t *testing.T) {
	t.Parallel()
	r := report(t, "<ReportDate>2026-01-02</ReportDate><ReportDate/><ReportName>n</ReportName><ReportName/><ReportTotal>5</ReportTotal><ReportTotal/><HasException>Y</HasException><HasException/>")
	require.Equal(t, expense.Date("2026-01-02"), r.Date)
	require.Equal(t, "n", r.Name)
	require.Equal(t, "5", r.Total.Amount.String())
	require.Equal(t, new(true), r.HasException)
}

func TestAFieldsNumberMayBeginWithAZero(t *testing.T) {
	t.Parallel()
	e, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E1","customData":[{"id":"custom09","value":"nine"},{"id":"custom10","value":"ten"},{"id":"custom0","value":"x"},{"id":"custom009","value":"x"},{"id":"custom+7","value":"x"}]}`))
	require.NoError(t, err)
	require.Equal(t, map[string]expense.Field{"9": {Value: "nine"}, "10": {Value: "ten"}}, e.Custom)
}
