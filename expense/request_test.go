package expense_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func aRequest() *expense.TravelRequest {
	return &expense.TravelRequest{
		ID: "AB12", Status: expense.RequestSubmitted, Submitted: "2026-11-03T10:00:00Z", Operations: []string{"recall", "sendback"},
		Custom: map[string]expense.Field{"2": {Value: "G", ListItem: "G"}},
		Expenses: []expense.Expected{{ID: "e1", Custom: map[string]expense.Field{"1": {Value: "x"}},
			Allocations: []expense.Allocation{{Custom: map[string]expense.Field{"3": {Value: "y"}}}},
			Segments:    []expense.Segment{{Custom: map[string]expense.Field{"4": {Value: "z"}}}}}},
	}
}

func TestATravelRequestWaitsForUsWhenConcurOffersUsToAct(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     string
		operations []string
		at         bool
	}{
		"approve is offered":         {"SUBMITTED", []string{"approve"}, true},
		"sendback is offered":        {"SUBMITTED", []string{"recall", "sendback"}, true},
		"only what its owner may do": {"SUBMITTED", []string{"recall", "cancel"}, false},
		"nothing is offered":         {"SUBMITTED", nil, false},
		"it was decided":             {"APPROVED", []string{"approve"}, false},
		"a code of the company's":    {"X_OWN", []string{"approve"}, false},
		"another case":               {"SUBMITTED", []string{"sendBack"}, false},
	} {
		r := expense.TravelRequest{ID: "AB12", Status: c.status, Operations: c.operations, Submitted: "2026-11-03"}
		require.Equal(t, c.at, r.AtStop(), name)
		require.Equal(t, c.at, r.Stop() == "SUBMITTED AB12 2026-11-03", name)
	}
}

func TestTheRevisionOfATravelRequest(t *testing.T) {
	t.Parallel()
	aRequest := func() *expense.TravelRequest {
		r := aRequest()
		r.Expenses = append(r.Expenses, expense.Expected{ID: "e2"})
		r.Expenses[0].Allocations = append(r.Expenses[0].Allocations, expense.Allocation{ID: "a2"})
		r.Expenses[0].Segments = append(r.Expenses[0].Segments, expense.Segment{ID: "s2"})
		return r
	}
	before := aRequest()
	for name, change := range map[string]func(*expense.TravelRequest){
		"the order of expenses":    func(r *expense.TravelRequest) { slices.Reverse(r.Expenses) },
		"the order of allocations": func(r *expense.TravelRequest) { slices.Reverse(r.Expenses[0].Allocations) },
		"the order of segments":    func(r *expense.TravelRequest) { slices.Reverse(r.Expenses[0].Segments) },
		"an exception of Concur's": func(r *expense.TravelRequest) {
			r.HasException, r.Exceptions = new(true), []expense.RequestException{{Code: "X"}}
		},
		"having been sent back": func(r *expense.TravelRequest) { r.EverSentBack = new(true) },
		"what else is offered":  func(r *expense.TravelRequest) { r.Operations = []string{"approve"} },
		"when it was touched":   func(r *expense.TravelRequest) { r.Modified = "2026-11-04T10:00:00Z" },
	} {
		after := aRequest()
		change(after)
		require.Equal(t, before.Revision(), after.Revision(), name)
	}
	for name, change := range map[string]func(*expense.TravelRequest){
		"its purpose":        func(r *expense.TravelRequest) { r.Purpose = "x" },
		"an expense":         func(r *expense.TravelRequest) { r.Expenses[0].Type = "AIRFR" },
		"another submission": func(r *expense.TravelRequest) { r.Submitted = "2026-11-04T10:00:00Z" },
	} {
		after := aRequest()
		change(after)
		require.NotEqual(t, before.Revision(), after.Revision(), name)
	}
	data, err := json.Marshal(before)
	require.NoError(t, err)
	var stored expense.TravelRequest
	require.NoError(t, json.Unmarshal(data, &stored))
	require.Equal(t, before.Revision(), stored.Revision())
}

func TestEveryFieldIsReached(t *testing.T) {
	t.Parallel()
	r := aRequest()
	n := 0
	r.EachField(func(f *expense.Field) { n++; f.Code = "C" })
	require.Equal(t, 4, n)
	require.Equal(t, "C", r.Expenses[0].Segments[0].Custom["4"].Code)

	custom := func() map[string]expense.Field { return map[string]expense.Field{"1": {Value: "x"}} }
	allocated := []expense.Allocation{{Custom: custom()}}
	report := expense.Report{OrgUnits: custom(), Custom: custom(), Entries: []expense.Entry{{OrgUnits: custom(), Custom: custom(), Allocations: allocated,
		Itemizations: []expense.Itemization{{OrgUnits: custom(), Custom: custom(), Allocations: []expense.Allocation{{Custom: custom()}}}}}}}
	n = 0
	report.EachField(func(*expense.Field) { n++ })
	require.Equal(t, 8, n)
}

func TestByV4TheStopIsTheSubmission(t *testing.T) {
	t.Parallel()
	r := judged(t)
	r.Via = expense.V3
	require.Contains(t, r.Stop(), "WorkFlowAction", "unless v1.1 has shown the step")
	require.True(t, r.NamesStep())
	r.ActionURL = ""
	for _, submitted := range []expense.Date{"2026-11-03T10:00:00", "2026-11-03T10:00:00.123", "2026-11-03T11:00:00+01:00", "2026-11-03T10:00:00Z"} {
		content := r.Content()
		r.Submitted = submitted
		require.Equal(t, "A_EXTV 0B1C 2026-11-03T10:00:00", r.Stop(), "in whatever zone and precision it is printed")
		if submitted != "2026-11-03T10:00:00" {
			require.Equal(t, content, r.Content())
		}
	}
	require.False(t, r.NamesStep())
	require.True(t, expense.V3.IsV4() && expense.V4.IsV4() && !expense.V1.IsV4() && !expense.Interface("").IsV4())
}

func TestANotificationOfRequestV1IsATrigger(t *testing.T) {
	t.Parallel()
	for uri, trigger := range map[string]bool{
		host + "/api/travelrequest/v1.0/requests/gT4$p": true,
		host + "/travelrequest/v4/requests/AB12":        false,
		host + "/TravelRequest/V4/requests/AB12":        false,
	} {
		kind, key, err := expense.Identify(uri)
		require.NoError(t, err)
		require.Equal(t, expense.RequestObject, kind)
		require.Equal(t, trigger, expense.Notification{Kind: kind, Key: key, ObjectURI: uri}.IsTrigger(), uri)
	}
	kind, key, err := expense.Identify(host + "/expensereports/v4/users/u/context/TRAVELER/reports/0A1B")
	require.NoError(t, err)
	require.Equal(t, "EXPRPT:0A1B", expense.Notification{Kind: kind, Key: key}.ID())
	require.False(t, expense.Notification{Kind: kind, Key: key, ObjectURI: "x"}.IsTrigger())
}

func TestARequestIsExplainedByItsOwnCodes(t *testing.T) {
	t.Parallel()
	for status, c := range map[string]struct{ approve, sendBack, withdrawn bool }{
		expense.RequestApproved:     {true, false, false},
		expense.RequestSubmitted:    {true, false, false},
		expense.RequestSentBack:     {false, true, true},
		expense.RequestNotSubmitted: {false, false, true},
		expense.RequestCanceled:     {false, false, true},
		"A_RESU":                    {false, true, true},
		"A_APPR":                    {true, false, false},
	} {
		require.Equal(t, c.approve, expense.Approve.Explains(status), status)
		require.Equal(t, c.sendBack, expense.SendBack.Explains(status), status)
		require.Equal(t, c.withdrawn, expense.IsWithdrawn(status), status)
	}
}
