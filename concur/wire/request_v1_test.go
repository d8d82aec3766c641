package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const requestV1XML = `<TravelRequestDetails xmlns="http://www.concursolutions.com/api/travelrequest/2012/06" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<AgencyOfficeName>Secret Travel</AgencyOfficeName><ApprovalStatusKey>Q_EXTV</ApprovalStatusKey><ApprovalStatusName>Submitted & Pending &amp; &nbsp;</ApprovalStatusName>
<AuthorizedDate i:nil="true"/><LastModifiedDate>2012-06-08T16:35:20</LastModifiedDate>
<CashAdvancesList><CashAdvance><ApprovalStatusKey>A_NOTF</ApprovalStatusKey><CurrencyCode>USD</CurrencyCode></CashAdvance></CashAdvancesList>
<CommentsList><Comments><Comment>My knee</Comment><FirstName>Ada</FirstName></Comments></CommentsList>
<CreationDate>2012-06-08T23:33:39</CreationDate><CurrencyCode>MXN</CurrencyCode><EmployeeName>Secret, Ada</EmployeeName>
<EndDate>9/25/2012</EndDate><EndTime>11:59 PM</EndTime>
<EntriesList><RequestEntry><AllocationsList>
<Allocation><AllocationKey>nG$p1</AllocationKey><Percentage>33.33333334</Percentage><Custom1>(7732)TRIP</Custom1><Custom3/></Allocation>
<Allocation><AllocationKey>nG$p2</AllocationKey><Percentage>66.66666666</Percentage></Allocation></AllocationsList>
<ApprovedAmount>8947.77000000</ApprovedAmount><EntryDescription/><ExchangeRate>14.01220000000000</ExchangeRate><ExpenseTypeKey>AIRFR</ExpenseTypeKey>
<ExpenseTypeName>Boleto</ExpenseTypeName><ForeignAmount>638.57000000</ForeignAmount><ForeignCurrencyName>US, Dollar</ForeignCurrencyName>
<PostedAmount>8947.77000000</PostedAmount><RemainingAmount></RemainingAmount><RequestEntryKey>nt1</RequestEntryKey>
<SegmentsList><Segment><ApprovedAmount/><ArrivalDate>9/21/2012</ArrivalDate><ArrivalTime>8:55 AM</ArrivalTime><ClassOfServiceCode>S</ClassOfServiceCode>
<DepartureDate>9/21/2012</DepartureDate><DepartureTime>6:15 AM</DepartureTime><FromLocationName>Juarez Intl</FromLocationName><SegmentKey>nL1</SegmentKey>
<SegmentType>Air Ticket</SegmentType><ToLocationName>Dallas</ToLocationName><Custom1>aisle</Custom1></Segment>
<Segment><ArrivalDate>9/25/2012</ArrivalDate><ArrivalTime>12:00 AM</ArrivalTime></Segment><Segment/></SegmentsList>
<TransactionDate>2012-09-21T23:59:00</TransactionDate></RequestEntry><RequestEntry/></EntriesList>
<EverSentBack>N</EverSentBack><ExceptionsList><Exception><ExceptionCode>LATE</ExceptionCode><ExceptionLevel>99</ExceptionLevel><ExceptionMessage>too late</ExceptionMessage></Exception></ExceptionsList>
<HasException>Y</HasException><LoginID>ada@example.com</LoginID><Purpose>sales</Purpose><RequestID>337E</RequestID><RequestKey>nyc7$pp</RequestKey>
<RequestName><![CDATA[R & D]]></RequestName><RequestTotal>13711.92000000</RequestTotal><StartDate>9/21/2012</StartDate><StartTime>6:15 AM</StartTime>
<SubmitDate>2012-06-08T23:36:10</SubmitDate><TravelRequestPolicyKey>n$sn</TravelRequestPolicyKey>
<WorkflowActionURL>https:/www.concursolutions.com/api/travelrequest/v1.0/requests/n3/WorkFlowAction</WorkflowActionURL><Custom1>(7732)TRIP</Custom1><Custom2>(88) NEW</Custom2></TravelRequestDetails>`

func TestDecodeRequestV1(t *testing.T) {
	t.Parallel()
	r, err := wire.DecodeRequestV1([]byte(requestV1XML))
	require.NoError(t, err)
	require.Equal(t, "13711.92 MXN", r.Posted.String())
	require.Nil(t, r.Approved)
	require.Len(t, r.Expenses, 1, "an empty element is no expense")
	e := r.Expenses[0]
	require.Equal(t, "638.57", e.Transaction.String(), "of what is paid only the currency's name is given")
	require.Equal(t, "8947.77 MXN", e.Posted.String())
	require.Equal(t, "8947.77 MXN", e.Approved.String())
	require.Nil(t, e.Remaining)
	e.Transaction, e.Posted, e.Approved = nil, nil, nil
	require.Equal(t, expense.Expected{
		ID: "nt1", Type: "AIRFR", TypeName: "Boleto", Date: "2012-09-21T23:59:00", CurrencyName: "US, Dollar", ExchangeRate: "14.01220000000000",
		Allocations: []expense.Allocation{{ID: "nG$p1", Percentage: "33.33333334", Custom: map[string]expense.Field{"1": {Code: "7732", Value: "TRIP"}}}, {ID: "nG$p2", Percentage: "66.66666666"}},
		Segments: []expense.Segment{
			{ID: "nL1", Type: "Air Ticket", Class: "S", From: "Juarez Intl", To: "Dallas", Departure: "2012-09-21T06:15:00", Arrival: "2012-09-21T08:55:00", Custom: map[string]expense.Field{"1": {Value: "aisle"}}},
			{Arrival: "2012-09-25"},
		},
	}, e)
	r.Posted, r.Expenses = nil, nil
	require.Equal(t, &expense.TravelRequest{
		ID: "nyc7$pp", Number: "337E", Name: "R & D", Purpose: "sales", Currency: "MXN", Status: "Q_EXTV", Policy: "n$sn",
		Created: "2012-06-08T23:33:39", Submitted: "2012-06-08T23:36:10", Modified: "2012-06-08T16:35:20",
		Start: "2012-09-21T06:15:00", End: "2012-09-25T23:59:00", EverSentBack: new(false), HasException: new(true), Via: expense.RequestV1,
		Custom:     map[string]expense.Field{"1": {Code: "7732", Value: "TRIP"}, "2": {Code: "88", Value: "NEW"}},
		Exceptions: []expense.RequestException{{Code: "LATE", Level: new(99)}},
	}, r)
	stored, err := json.Marshal(r)
	require.NoError(t, err)
	for _, personal := range []string{"Secret", "Ada", "ada@", "knee", "too late", "WorkFlow"} {
		require.NotContains(t, string(stored), personal)
	}
}

func TestARequestOfV1ThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"": "empty",
		"<TravelRequestDetails><ApprovalStatusKey/></TravelRequestDetails>": "no approval status",
		"<TravelRequestDetails><ApprovalStatusKey>Q":                        "ends before it is complete",
		"<TravelRequestDetails>&</b></TravelRequestDetails>":                "not well-formed XML",
		"<ReportDetails/>": "the root element is not TravelRequestDetails",
		"<TravelRequestDetails><RequestTotal>secret &</RequestTotal></TravelRequestDetails>":                                                  "RequestTotal is not a decimal number",
		"<TravelRequestDetails><EntriesList><RequestEntry><PostedAmount>x</PostedAmount></RequestEntry></EntriesList></TravelRequestDetails>": "entry 1: PostedAmount is not a decimal number",
		`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><TravelRequestDetails>&e;</TravelRequestDetails>`:                              "document type declaration",
	} {
		_, err := wire.DecodeRequestV1([]byte(body))
		require.ErrorContains(t, err, says, body)
		require.NotContains(t, err.Error(), "secret")
	}
	r, err := wire.DecodeRequestV1([]byte(`<TravelRequestDetails><!-- a & b --><ApprovalStatusKey>Q_PEND</ApprovalStatusKey><Purpose>a && b &#38; &xyz; <![CDATA[& &amp;]]></Purpose></TravelRequestDetails>`))
	require.NoError(t, err)
	require.Equal(t, "a && b & &xyz; & &amp;", r.Purpose)
	_, err = wire.DecodeReport([]byte(`<ReportDetails><Purpose>a & b</Purpose></ReportDetails>`))
	require.ErrorContains(t, err, "not well-formed", "no other payload is read like that")
	r, err = wire.DecodeRequestV1([]byte("<TravelRequestDetails><ApprovalStatusKey>Q</ApprovalStatusKey><Purpose>" + strings.Repeat("&", 1<<20) + "</Purpose></TravelRequestDetails>"))
	require.NoError(t, err)
	require.Len(t, r.Purpose, 1<<20)
}

func TestDecodeRequestListV1(t *testing.T) {
	t.Parallel()
	rows, err := wire.DecodeRequestListV1([]byte(`<RequestsWithCount xmlns="http://www.concursolutions.com/api/travelrequest/2012/06"><RequestsList><RequestSummary>
		<ApprovalStatus>Submitted &amp; Pending Approval</ApprovalStatus><ApproverLoginID>boss@example.com</ApproverLoginID><RequestCurrency>USD</RequestCurrency>
		<EmployeeName>Secret</EmployeeName><Purpose>d</Purpose><RequestDate>2013-03-07T08:25:57</RequestDate>
		<RequestDetailsUrl>https://www.concursolutions.com/api/travelrequest/v1.0/requests/nf0</RequestDetailsUrl><RequestID>APXT</RequestID>
		<RequestName>T</RequestName><RequestTotal>10.50000000</RequestTotal></RequestSummary><RequestSummary/></RequestsList><TotalCount>1</TotalCount></RequestsWithCount>`))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "10.50 USD", rows[0].Posted.String())
	rows[0].Posted = nil
	require.Equal(t, expense.TravelRequest{ID: "nf0", Number: "APXT", Name: "T", Purpose: "d", Currency: "USD", Created: "2013-03-07T08:25:57", Via: expense.RequestV1}, rows[0])
	rows, err = wire.DecodeRequestListV1([]byte(`<RequestsList/>`))
	require.NoError(t, err)
	require.Empty(t, rows)
	_, err = wire.DecodeRequestListV1([]byte(`<Other/>`))
	require.Error(t, err)
}

func TestABareAmpersandIsReadInUTF16(t *testing.T) {
	t.Parallel()
	const body = "<TravelRequestDetails><RequestName>Food & drink&#xB;</RequestName><ApprovalStatusKey>Q_PEND</ApprovalStatusKey></TravelRequestDetails>"
	want, err := wire.DecodeRequestV1([]byte(body))
	require.NoError(t, err)
	require.Equal(t, "Food & drink\uFFFD", want.Name)
	got, err := wire.DecodeRequestV1([]byte(utf16(t, body)))
	require.NoError(t, err)
	require.Equal(t, want, got)
}
