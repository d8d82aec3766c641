package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const requestJSON = `{
  "href": "https://us2.api.concursolutions.com/travelrequest/v4/requests/9A0F1C22D3E4450B86A7C9D8E7F60512",
  "id": "9A0F1C22D3E4450B86A7C9D8E7F60512",
  "approvalStatus": {"code": "SUBMITTED", "name": "Eingereicht"},
  "approved": false,
  "approver": {"id": "0f0f0f0f-1111-2222-3333-444444444444", "firstName": "Ada", "lastName": "Secret"},
  "businessPurpose": "Fair in Porto", "comment": "My knee hurts",
  "comments": {"href": "http://us2.api.concursolutions.com/x", "template": "hhttps://us2.api.concursolutions.com/{id}"},
  "creationDate": "2026-03-02T07:31:33.000Z", "submitDate": "2026-03-03T09:00:00.5Z", "lastModified": "2026-03-03T09:00:01Z",
  "custom1": {"value": "free text"},
  "custom2": {"code": "CC1", "value": "54F0CBD8833CB348BD45A6C7C621C951", "href": "https://us2.api.concursolutions.com/list/v4/items/54F0CBD8833CB348BD45A6C7C621C951"},
  "custom3": {"href": "x", "value": "63b7fbd9-ae08-0840-abdb-62b0b9160081"},
  "custom4": {"value": "54F0CBD8833CB348BD45A6C7C621C951"},
  "custom5": null, "custom6": {}, "custom20": {"value": true}, "custom0": {"value": "none"},
  "startDate": "2026-04-01", "startTime": "06:00", "endDate": "2026-04-03", "endTime": "00:00",
  "everSentBack": "true", "highestExceptionLevel": "WARNING",
  "mainDestination": {"city": "Porto", "name": "Porto, PORTUGAL", "countryCode": "PT", "countrySubDivisionCode": "PT-13"},
  "name": "Porto", "owner": {"firstName": "Bob", "id": "c0d9894b-98e2-48d5-86f9-1decde90dd15", "lastName": "Secret"},
  "policy": {"id": "00497B95D8055849A1B217C8D05FFB86"}, "requestId": "3AT7",
  "totalPostedAmount": {"value": 525.12345678, "currency": "eur"}, "totalApprovedAmount": {"value": 0E-8}, "totalRemainingAmount": {"value": null, "currency": "EUR"},
  "type": {"code": "TRAVEL", "label": "Travel"},
  "operations": [{"rel": "Approve", "href": "https://evil.example"}, {"rel": "sendback", "href": null}, {"rel": "approve"}]
}`

func TestDecodeRequest(t *testing.T) {
	t.Parallel()
	got, err := wire.DecodeRequest([]byte("\uFEFF" + requestJSON))
	require.NoError(t, err)
	require.Equal(t, "c0d9894b-98e2-48d5-86f9-1decde90dd15", got.OwnerID)
	r := got.TravelRequest
	require.Equal(t, expense.Owner{Name: "Bob Secret"}, r.Owner, "Concur names no login")
	r.Owner = expense.Owner{}
	require.Equal(t, "525.12345678 EUR", r.Posted.String(), "no digit is lost")
	require.Equal(t, "0.00 EUR", r.Approved.String(), "zero is an amount, in the currency of the others")
	require.Nil(t, r.Remaining, "no value is no amount")
	r.Posted, r.Approved = nil, nil
	require.Equal(t, &expense.TravelRequest{
		ID: "9A0F1C22D3E4450B86A7C9D8E7F60512", Number: "3AT7", Name: "Porto", Purpose: "Fair in Porto", Type: "TRAVEL", Currency: "EUR",
		Status: "SUBMITTED", StatusName: "Eingereicht", Ended: new(false), Policy: "00497B95D8055849A1B217C8D05FFB86",
		Created: "2026-03-02T07:31:33Z", Submitted: "2026-03-03T09:00:00.5Z", Modified: "2026-03-03T09:00:01Z",
		Start: "2026-04-01T06:00:00", End: "2026-04-03", EverSentBack: new(true), HasException: new(true),
		City: "Porto", Subdivision: "PT-13", Country: "PT",
		Custom: map[string]expense.Field{
			"1":  {Value: "free text"},
			"2":  {Value: "54F0CBD8833CB348BD45A6C7C621C951", Code: "CC1", ListItem: "54F0CBD8833CB348BD45A6C7C621C951"},
			"3":  {Value: "63b7fbd9-ae08-0840-abdb-62b0b9160081", ListItem: "63b7fbd9-ae08-0840-abdb-62b0b9160081"},
			"4":  {Value: "54F0CBD8833CB348BD45A6C7C621C951"},
			"20": {Value: "true"},
		},
		Operations: []string{"approve", "sendback"},
	}, r)
	require.True(t, r.AwaitsValidation())
	stored, err := json.Marshal(r)
	require.NoError(t, err)
	for _, personal := range []string{"Secret", "Ada", "Bob", "knee", "c0d9894b", "0f0f0f0f", "http"} {
		require.NotContains(t, string(stored), personal)
	}
}

func TestATravelRequestHasEndedWhereAnySignSaysSo(t *testing.T) {
	t.Parallel()
	for sign, want := range map[string]*bool{
		`"approved": false, "closed": false, "canceledPostApproval": false, "pendingApproval": true`: new(false),
		`"pendingApproval": true`:                                      new(false),
		`"approved": null, "pendingApproval": ""`:                      nil,
		`"closed": true, "pendingApproval": true`:                      new(true),
		`"canceledPostApproval": "true", "closed": false`:              new(true),
		`"approved": false, "closed": false, "pendingApproval": false`: new(true),
	} {
		got, err := wire.DecodeRequest([]byte(`{"id": "A", "approvalStatus": {"code": "SUBMITTED"}, ` + sign + `}`))
		require.NoError(t, err, sign)
		require.Equal(t, want, got.Ended, sign)
	}
}

func TestTheMarkOfARequestChangesWithItsContentAndItsTime(t *testing.T) {
	t.Parallel()
	mark := func(body string) string {
		r, err := wire.DecodeRequest([]byte(body))
		require.NoError(t, err)
		return r.Hash
	}
	require.Equal(t, mark(`{"id":"A","approvalStatus":{"code":"SUBMITTED"}}`), mark(` {"approvalStatus": {"code": "SUBMITTED"}, "id": "A"}`))
	require.NotEqual(t, mark(`{"id":"A","approvalStatus":{"code":"SUBMITTED"}}`), mark(`{"id":"A","approvalStatus":{"code":"SUBMITTED"},"name":"x"}`))
	modified := func(at string) string {
		return mark(`{"id":"A","approvalStatus":{"code":"SUBMITTED"},"lastModified":"` + at + `"}`)
	}
	require.False(t, wire.SameHeader(modified("2026-05-01T10:00:00Z"), modified("2026-05-01T10:00:01Z")))
	require.True(t, wire.SameHeader(modified("2026-05-01T10:00:00Z"), modified("2026-05-01T12:00:00.000+02:00")))
	require.True(t, wire.SameHeader(modified("2026-05-01T10:00:00Z"), modified("")), "a field that is left out says nothing")
	require.False(t, wire.SameHeader(modified(""), ""), "no mark at all is none that is the same")
}

func TestARequestThatCannotBeRepresentedIsAnError(t *testing.T) {
	t.Parallel()
	good := `{"id":"A","approvalStatus":{"code":"SUBMITTED"}%s}`
	cash, err := wire.DecodeRequest([]byte(strings.Replace(good, "%s", `,"totalPostedAmount":{"amount":1.50,"currency":"EUR"},"totalApprovedAmount":{"value":2,"amount":3,"currency":"EUR"}`, 1)))
	require.NoError(t, err)
	require.Equal(t, []string{"1.50 EUR", "2.00 EUR"}, []string{cash.Posted.String(), cash.Approved.String()}, "what is to be the value's name")
	for name, c := range map[string]struct{ body, says string }{
		"nothing":                 {"", "empty"},
		"no object":               {`[]`, "it is not a JSON object"},
		"null":                    {`null`, "it is not a JSON object"},
		"cut":                     {`{"id":"A","appr`, "ends before it is complete"},
		"broken":                  {`{"id":}`, "not well-formed JSON (byte 6)"},
		"something behind it":     {`{"id":"A"} {}`, "follows the end"},
		"no id":                   {`{"approvalStatus":{"code":"X"}}`, "it has no ID"},
		"no status":               {`{"id":"A","approvalStatus":{"name":"Submitted"}}`, "no approval status"},
		"a status that is a word": {`{"id":"A","approvalStatus":"secret"}`, "approvalStatus is not an object"},
		"an amount of words":      {strings.Replace(good, "%s", `,"totalPostedAmount":{"value":"secret"}`, 1), "totalPostedAmount: value is not a decimal number"},
		"an endless amount":       {strings.Replace(good, "%s", `,"totalPostedAmount":{"value":1e99}`, 1), "not a decimal number"},
		"a text that is a list":   {strings.Replace(good, "%s", `,"name":["secret"]`, 1), "name is not a text"},
		"neither yes nor no":      {strings.Replace(good, "%s", `,"everSentBack":"secret"`, 1), "everSentBack is neither yes nor no"},
		"operations of texts":     {strings.Replace(good, "%s", `,"operations":["secret"]`, 1), "operations holds something else than objects"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.DecodeRequest([]byte(c.body))
			require.ErrorContains(t, err, "the travel request cannot be read: ")
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, name == "cut", errors.Is(err, io.ErrUnexpectedEOF))
		})
	}
}

func TestDecodeRequests(t *testing.T) {
	t.Parallel()
	page, err := wire.DecodeRequests([]byte(`{"data": [
		{"id": "A", "approvalStatus": {"code": "SUBMITTED"}, "expenses": [], "owner": {"id": "u1"}},
		{"id": "B", "approvalStatus": {"code": "NOT_SUBMITTED"}}],
		"operations": [{"rel": "first", "href": "https://x/1"}, {"rel": "next", "href": "https://x/2"}]}`))
	require.NoError(t, err)
	require.Len(t, page.Rows, 2)
	require.Equal(t, "u1", page.Rows[0].OwnerID)
	require.Empty(t, page.Rows[0].Operations, "the documented rows name none")
	require.Equal(t, "https://x/2", page.Next)

	page, err = wire.DecodeRequests([]byte(`{"data": [], "operations": null}`))
	require.NoError(t, err)
	require.Empty(t, page.Rows)
	require.Empty(t, page.Next)

	page, err = wire.DecodeRequests([]byte(`{"data": [null, {"id": "B"}, {"id": "A", "approvalStatus": {"code": "S"}}, {"id": tru}]}`))
	require.NoError(t, err)
	require.Len(t, page.Rows, 1, "a row that cannot be read hides no other")
	require.Equal(t, "A", page.Rows[0].ID)
	require.EqualError(t, errors.Join(page.Unread...), "row 1 is not an object\nrow 2: it has no approval status (approvalStatus.code)\nrow 4: not well-formed")

	for body, says := range map[string]string{
		`{"errors": []}`: "it has no data",
		`{"data": null}`: "it has no data",
		`{"data": [], "operations": [{"rel": "next"}]}`:                                            "next page has no href",
		`{"data": [], "operations": [{"rel": "next", "href": "a"}, {"rel": "next", "href": "b"}]}`: "more than one next page",
	} {
		_, err := wire.DecodeRequests([]byte(body))
		require.ErrorContains(t, err, says, body)
	}
}

const expectedJSON = `[{
  "href": "https://us2.api.concursolutions.com/travelrequest/v4/expenses/E1", "id": "E1",
  "allocations": [
    {"allocationId": "L1", "percentage": 33.33333334, "allocationAmount": {"value": 1, "currency": "USD"}, "custom1": {"code": "P1", "value": "54F0CBD8833CB348BD45A6C7C621C951"}},
    {"allocationId": "L2", "percentage": "66.66666666"}],
  "approvedAmount": {"value": 90, "currency": "USD"}, "postedAmount": {"value": 100.1}, "remainingAmount": null,
  "businessPurpose": "taxi", "exchangeRate": {"value": 1.25, "operation": "MULTIPLY"}, "expenseType": {"id": "TAXIX", "name": "Taxi"},
  "orgUnit2": {"code": "OU", "value": "54F0CBD8833CB348BD45A6C7C621C951"}, "custom40": {"value": "last"},
  "transactionAmount": {"value": 80.08, "currency": "EUR"}, "transactionDate": "2026-04-01T00:00:00.000Z",
  "vendor": {"name": "Jane Driver"},
  "tripData": {"segmentType": {"category": "REQ_SEG_AIRFR", "code": "AIRFR"}, "legs": [
    {"id": "S1", "class": [{"code": "1ST", "value": "05F71FA4ED235D479C6C7039F397DA79"}], "startDate": "2026-04-01", "startTime": "08:00",
     "startLocation": {"name": "Charles De Gaulle Intl", "city": "Paris"}, "endDate": "2026-04-01", "endTime": "9:15 AM", "endLocation": {"iataCode": "BER"}},
    {"id": "S2", "classOfService": "Y", "startDate": "2026-04-03", "custom3": {"value": "window"}}]}
}, {"id": "E2", "allocations": {"allocationId": "L3", "percentage": 100}, "exchangeRate": {"value": 0.8, "operation": "DIVIDE"}, "transactionDate": "2026-04-02T11:30:00Z"}]`

func TestDecodeExpected(t *testing.T) {
	t.Parallel()
	page, err := wire.DecodeExpected([]byte(expectedJSON), "USD")
	require.NoError(t, err)
	require.Empty(t, page.Next)
	expenses := page.Rows
	require.Len(t, expenses, 2)
	e := expenses[0]
	require.Equal(t, "80.08 EUR", e.Transaction.String())
	require.Equal(t, "100.10 USD", e.Posted.String(), "in the request's currency")
	require.Equal(t, "90.00 USD", e.Approved.String())
	e.Transaction, e.Posted, e.Approved = nil, nil, nil
	require.Equal(t, expense.Expected{
		ID: "E1", Type: "TAXIX", TypeName: "Taxi", Date: "2026-04-01", Purpose: "taxi", ExchangeRate: "1.25",
		OrgUnits: map[string]expense.Field{"2": {Value: "54F0CBD8833CB348BD45A6C7C621C951", Code: "OU", ListItem: "54F0CBD8833CB348BD45A6C7C621C951"}},
		Custom:   map[string]expense.Field{"40": {Value: "last"}},
		Allocations: []expense.Allocation{
			{ID: "L1", Percentage: "33.33333334", Custom: map[string]expense.Field{"1": {Value: "54F0CBD8833CB348BD45A6C7C621C951", Code: "P1", ListItem: "54F0CBD8833CB348BD45A6C7C621C951"}}},
			{ID: "L2", Percentage: "66.66666666"},
		},
		Segments: []expense.Segment{
			{ID: "S1", Type: "AIRFR", Class: "1ST", From: "Charles De Gaulle Intl", To: "BER", Departure: "2026-04-01T08:00:00", Arrival: "2026-04-01T09:15:00"},
			{ID: "S2", Type: "AIRFR", Class: "Y", Departure: "2026-04-03", Custom: map[string]expense.Field{"3": {Value: "window"}}},
		},
	}, e)
	require.Equal(t, expense.Expected{ID: "E2", Date: "2026-04-02T11:30:00Z", ExchangeRate: "1.25", Allocations: []expense.Allocation{{ID: "L3", Percentage: "100"}}},
		expenses[1], "a rate to divide by is turned over, and an allocation may stand alone")

	require.Empty(t, page.Missing)

	page, err = wire.DecodeExpected([]byte(`{"data": [{"id": "E3"}], "operations": [{"rel": "next", "href": "https://x/?start=1"}]}`), "")
	require.NoError(t, err)
	require.Len(t, page.Rows, 1)
	require.Equal(t, "https://x/?start=1", page.Next)
	page, err = wire.DecodeExpected([]byte(`{"id": "E4"}`), "")
	require.NoError(t, err, "read singly")
	require.Len(t, page.Rows, 1)
	page, err = wire.DecodeExpected([]byte(`[]`), "")
	require.NoError(t, err)
	require.Empty(t, page.Rows)
	for legs, missing := range map[string]bool{"": true, `, "legs": []`: true, `, "legs": null`: true, `, "legs": [{"id": "S1"}]`: false} {
		page, err = wire.DecodeExpected([]byte(`[{"id": "E1"}, {"id": "E2", "tripData": {"segmentType": {"code": "AIRFR"}`+legs+`}}, {"id": "E3", "tripData": {"segmentType": null}}]`), "USD")
		require.NoError(t, err)
		require.Equal(t, missing, page.Missing != "", "segments are announced with legs %q", legs)
	}
	for _, body := range []string{`{}`, `[{}]`, `[1]`, `"x"`, `[{"id": "E", "postedAmount": {"value": "1,50"}}]`, `[{"id": "E", "allocations": "x"}]`} {
		_, err := wire.DecodeExpected([]byte(body), "USD")
		require.ErrorContains(t, err, "the expenses of the travel request cannot be read", body)
	}
}

func TestDecodeRequestExceptions(t *testing.T) {
	t.Parallel()
	got, err := wire.DecodeRequestExceptions([]byte(`[
		{"code": "CALWARN2", "level": 1, "message": "somebody's (€0.00)", "isBlocking": false, "source": {"type": "HEADER"}, "parameters": {}},
		{"code": "MISS", "level": "99", "isBlocking": true, "source": [{"type": "EXPENSE"}]}]`))
	require.NoError(t, err)
	require.Equal(t, []expense.RequestException{{Code: "CALWARN2", Level: new(1), Blocking: new(false)}, {Code: "MISS", Level: new(99), Blocking: new(true)}}, got)
	for _, body := range []string{`{}`, `[{"level": 1}]`, `[{"code": "A", "level": "high"}]`} {
		_, err := wire.DecodeRequestExceptions([]byte(body))
		require.ErrorContains(t, err, "the exceptions of the travel request cannot be read", body)
	}
}

// What is accepted can be stored, and says what it is.
func FuzzDecodeTravelRequest(f *testing.F) {
	f.Add([]byte(requestJSON))
	f.Add([]byte(expectedJSON))
	f.Add([]byte(`{"data": [{"id": "A", "approvalStatus": {"code": "SUBMITTED"}}], "operations": [{"rel": "next", "href": "x"}]}`))
	f.Add([]byte(`[{"code": "A", "level": 1, "isBlocking": "Y"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if r, err := wire.DecodeRequest(body); err == nil {
			require.NotEmpty(t, r.ID)
			require.NotEmpty(t, r.Status)
			require.NotEmpty(t, r.Revision())
		}
		if page, err := wire.DecodeRequests(body); err == nil {
			for _, r := range page.Rows {
				require.NotEmpty(t, r.ID)
			}
		}
		if expenses, err := wire.DecodeExpected(body, "EUR"); err == nil {
			_, err := json.Marshal(expenses)
			require.NoError(t, err)
		}
		_, _ = wire.DecodeRequestExceptions(body)
	})
}
