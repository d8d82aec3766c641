package expense_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func aRequest() *expense.TravelRequest {
	return &expense.TravelRequest{
		ID: "AB12", Status: expense.RequestSubmitted, StatusName: "Pending External Validation", Submitted: "2026-11-03T10:00:00Z",
		Operations: []string{"recall", "sendback"},
		Custom:     map[string]expense.Field{"2": {Value: "G", ListItem: "G"}},
		Expenses: []expense.Expected{{ID: "e1", Custom: map[string]expense.Field{"1": {Value: "x"}},
			Allocations: []expense.Allocation{{Custom: map[string]expense.Field{"3": {Value: "y"}}}},
			Segments:    []expense.Segment{{Custom: map[string]expense.Field{"4": {Value: "z"}}}}}},
	}
}

func TestTravelRequestWaitsIfStatusAndOperationsAgree(t *testing.T) {
	t.Parallel()
	const external, managers, german = "Pending External Validation", "Submitted & Pending Approval", "Externe Prüfung steht aus"
	decide, recall, nothing := []string{"approve", "sendback"}, []string{"recall", "cancel"}, []string{}
	german1 := expense.ExternalValidation{Names: []string{german}}
	bare := expense.ExternalValidation{WithoutOperations: true}
	const waits, elsewhere, offered, unknown = "waits", "", "although the status", "and Concur does not offer" // anything else is a part of what is unclear
	for name, c := range map[string]struct {
		code, name string
		operations []string
		x          expense.ExternalValidation
		want       string
	}{
		"both say so":                               {"SUBMITTED", external, decide, expense.ExternalValidation{}, waits},
		"both say so, one action is offered":        {"SUBMITTED", external, []string{"recall", "sendback"}, expense.ExternalValidation{}, waits},
		"both say so, spelt otherwise":              {"SUBMITTED", " pending  EXTERNAL-validation", decide, expense.ExternalValidation{}, waits},
		"both say so, by the code of events":        {"Q_EXTV", "", decide, expense.ExternalValidation{}, waits},
		"both say so, in the company's language":    {"SUBMITTED", german, decide, german1, waits},
		"and in English all the same":               {"SUBMITTED", external, decide, german1, waits},
		"the status alone":                          {"SUBMITTED", external, recall, expense.ExternalValidation{}, "does not offer the connector"},
		"the status alone, nothing is offered":      {"SUBMITTED", external, nothing, bare, "does not offer the connector"},
		"the status, and no operations":             {"SUBMITTED", external, nil, expense.ExternalValidation{}, "settings.actWithoutOperations"},
		"the status, and that is enough":            {"SUBMITTED", external, nil, bare, waits},
		"the operations alone":                      {"SUBMITTED", managers, decide, expense.ExternalValidation{}, offered},
		"the operations alone, for a cost object":   {"SUBMITTED", "Pending Cost Object Approval", decide, expense.ExternalValidation{}, offered},
		"the operations alone, in another language": {"SUBMITTED", "Genehmigung steht aus", decide, german1, offered},
		"the operations alone, by another code":     {"Q_PEND", "", decide, expense.ExternalValidation{}, offered},
		"neither":                                   {"SUBMITTED", managers, recall, expense.ExternalValidation{}, elsewhere},
		"neither, and no operations":                {"SUBMITTED", managers, nil, bare, elsewhere},
		"a name that is not known":                  {"SUBMITTED", german, decide, expense.ExternalValidation{}, `"Externe Prüfung steht aus" is not known`},
		"such a name, and no operations":            {"SUBMITTED", german, nil, bare, "settings.externalValidationNames"},
		"such a name, and only what its owner may":  {"SUBMITTED", german, recall, expense.ExternalValidation{}, unknown},
		"no name":                                  {"SUBMITTED", "", decide, german1, "settings.externalValidationNames"},
		"no name, and only what its owner may":     {"SUBMITTED", "", recall, expense.ExternalValidation{}, unknown},
		"such a name, and nothing":                 {"SUBMITTED", german, nothing, bare, unknown},
		"a travel agency's, and no operations":     {"SUBMITTED", "Pending Travel Agency Update", nil, bare, elsewhere},
		"an accent that is a character of its own": {"SUBMITTED", "Externe Pru\u0308fung steht aus", decide, german1, waits},
		"operations in another case":               {"SUBMITTED", external, []string{"sendBack"}, expense.ExternalValidation{}, "does not offer the connector"},
		"it was decided":                           {"APPROVED", "Approved", []string{"approve"}, expense.ExternalValidation{}, elsewhere},
		"it was decided, and has our name":         {"APPROVED", external, decide, expense.ExternalValidation{}, "contradict each other"},
		"it was sent back, and has our name":       {"SENTBACK", external, nil, bare, "contradict each other"},
		"our code, and another's name":             {"Q_EXTV", managers, decide, expense.ExternalValidation{}, "contradict each other"},
		"a code that is not known":                 {"X_OWN", "", decide, expense.ExternalValidation{}, `"X_OWN" is not known`},
		"a code that is not known, our name":       {"002003", external, recall, expense.ExternalValidation{}, `"002003" is not known`},
		"a code that is not known, another's name": {"002003", managers, recall, expense.ExternalValidation{}, elsewhere},
	} {
		r := expense.TravelRequest{ID: "AB12", Status: c.code, StatusName: c.name, Operations: c.operations, Submitted: "2026-11-03"}
		got := r.Standing(c.x)
		switch c.want {
		case waits:
			require.Equal(t, expense.Standing{ValidationID: "SUBMITTED AB12 2026-11-03"}, got, name)
		case elsewhere:
			require.Zero(t, got, name)
		case offered, unknown:
			require.Contains(t, got.SkippedReason, c.want, name)
			require.Equal(t, expense.Standing{SkippedReason: got.SkippedReason}, got, name)
		default:
			require.Contains(t, got.Unclear, c.want, name)
			require.Equal(t, "SUBMITTED AB12 2026-11-03", got.ValidationID, "%s: it may wait for the connector", name)
		}
	}
	ended := expense.TravelRequest{Status: "SUBMITTED", StatusName: external, Operations: decide, Ended: new(true)}
	require.Contains(t, ended.Standing(expense.ExternalValidation{}).Unclear, "approved, closed")
	long := expense.TravelRequest{Status: "SUBMITTED", StatusName: strings.Repeat("x", 500) + "\n", Operations: decide}
	require.Less(t, len(long.Standing(expense.ExternalValidation{}).Unclear), 300)
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
		"having been sent back":   func(r *expense.TravelRequest) { r.EverSentBack = new(true) },
		"what else is offered":    func(r *expense.TravelRequest) { r.Operations = []string{"approve"} },
		"the words of its status": func(r *expense.TravelRequest) { r.StatusName, r.Status = "", "Q_EXTV" },
		"when it was touched":     func(r *expense.TravelRequest) { r.Modified = "2026-11-04T10:00:00Z" },
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

func TestEachFieldCoversEveryField(t *testing.T) {
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

func TestV4ValidationIDIsTheSubmission(t *testing.T) {
	t.Parallel()
	r := readReport(t)
	r.Via = expense.V3
	require.Contains(t, r.ValidationID(), "WorkFlowAction", "unless v1.1 has shown the step")
	require.True(t, r.ShowsStep())
	r.ActionURL = ""
	for _, submitted := range []expense.Date{"2026-11-03T10:00:00", "2026-11-03T10:00:00.123", "2026-11-03T11:00:00+01:00", "2026-11-03T10:00:00Z"} {
		content := r.ContentHash()
		r.Submitted = submitted
		require.Equal(t, "A_EXTV 0B1C 2026-11-03T10:00:00", r.ValidationID(), "in whatever zone and precision it is printed")
		if submitted != "2026-11-03T10:00:00" {
			require.Equal(t, content, r.ContentHash())
		}
	}
	require.False(t, r.ShowsStep())
	require.True(t, expense.V3.IsV4() && expense.V4.IsV4() && !expense.V1.IsV4() && !expense.Interface("").IsV4())
}

func TestRequestV1AddressesAreRecognized(t *testing.T) {
	t.Parallel()
	for uri, trigger := range map[string]bool{
		host + "/api/travelrequest/v1.0/requests/gT4$p": true,
		host + "/travelrequest/v4/requests/AB12":        false,
		host + "/TravelRequest/V4/requests/AB12":        false,
	} {
		kind, key, err := expense.Identify(uri)
		require.NoError(t, err)
		require.Equal(t, expense.RequestObject, kind)
		require.Equal(t, trigger, expense.Notification{Kind: kind, Key: key, ObjectURI: uri}.IsRequestV1(), uri)
	}
	kind, key, err := expense.Identify(host + "/expensereports/v4/users/u/context/TRAVELER/reports/0A1B")
	require.NoError(t, err)
	require.Equal(t, "EXPRPT:0A1B", expense.Notification{Kind: kind, Key: key}.ID())
	require.False(t, expense.Notification{Kind: kind, Key: key, ObjectURI: "x"}.IsRequestV1())
}

func TestActionsCanLeadToRequestStatuses(t *testing.T) {
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
		require.Equal(t, c.approve, expense.Approve.CanLeadTo(status), status)
		require.Equal(t, c.sendBack, expense.SendBack.CanLeadTo(status), status)
		require.Equal(t, c.withdrawn, expense.IsWithdrawn(status), status)
	}
}

func TestAnotherStatusNameShowsThatARequestHasLeftItsStep(t *testing.T) {
	t.Parallel()
	named := func(name string) *expense.TravelRequest { return &expense.TravelRequest{StatusName: name} }
	const waiting = "Pending External Validation"
	require.True(t, named("Pending Second Look").HasLeft(named(waiting)))
	require.False(t, named(" pending external-validation").HasLeft(named(waiting)))
	require.False(t, named("").HasLeft(named(waiting)))
	require.False(t, named(waiting).HasLeft(named("")))
}
