package policy_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// onRequests returns a policy of one rule for travel requests.
func onRequests(t testing.TB, expression, message, then string) *policy.Policy {
	t.Helper()
	return rules(t, [5]string{"one", "request", expression, message, then})
}

func aRequest(t testing.TB) *expense.TravelRequest {
	return &expense.TravelRequest{
		ID: "AB12", Number: "3AT7", Currency: "USD", Status: expense.RequestSubmitted, Submitted: "2026-11-03T10:00:00Z",
		Posted: in(t, "494.56000000", "USD"), Start: "2026-11-20", Operations: []string{"approve", "sendback"},
		Custom:   map[string]expense.Field{"2": {Value: "GUID", ListItem: "GUID"}},
		Expenses: []expense.Expected{{ID: "e1", Type: "AIRFR", Posted: in(t, "494.56", "USD"), Segments: []expense.Segment{{From: "BER", To: "OSA"}}}},
	}
}

func TestOnlyRulesForTravelRequestsApplyToTravelRequests(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"purpose", "request", `has(request.purpose)`, "Please say what for.", "sendBack: true"},
		[5]string{"costly", "request", `request.posted <= money("100", request.currency)`, "Costly.", "ask: finance"},
		[5]string{"report", "report", `false`, "Never of a request.", "ask: audit"},
	)
	require.True(t, p.HasRequestRules())
	v := p.VerdictOnRequest(aRequest(t))
	require.Equal(t, expense.SendBack, v.Action)
	require.Equal(t, "Please say what for.", v.Comment)
	require.Len(t, v.Findings, 2)
	require.Empty(t, v.Exceptions)
	require.Equal(t, p.Hash(), v.RulesHash)

	v = p.VerdictOn(&expense.Report{})
	require.Len(t, v.Findings, 1)
	require.Equal(t, "report", v.Findings[0].Rule)
}

func TestAVerdictOnATravelRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expression, then string
		want             expense.Action
		says             string
	}{
		"nothing found is approved":      {`request.expenses.all(e, e.type == "AIRFR")`, "sendBack: true", expense.Approve, ""},
		"a person is asked":              {`request.start > date("2026-12-01")`, "ask: finance", expense.Ask, "m"},
		"what errs asks":                 {`request.approved > request.posted`, "sendBack: true", expense.Ask, "could not be evaluated: request.approved is absent"},
		"a segment can be looked at":     {`request.expenses.all(e, e.segments.all(s, s.to != "OSA"))`, "sendBack: true", expense.SendBack, "m"},
		"an absent field reads as empty": {`request.custom["7"].code == "" && request.exceptions.size() == 0`, "sendBack: true", expense.Approve, ""},
		"two currencies are no verdict":  {`request.posted > money("1", "EUR")`, "sendBack: true", expense.Ask, "currencies"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := onRequests(t, c.expression, "m", c.then).VerdictOnRequest(aRequest(t))
			require.Equal(t, c.want, v.Action)
			if c.says != "" {
				require.Contains(t, v.Findings[0].Message, c.says)
			}
		})
	}
	t.Run("there must be one", func(t *testing.T) {
		t.Parallel()
		v := onRequests(t, "true", "m", "sendBack: true").VerdictOnRequest(nil)
		require.Equal(t, expense.Ask, v.Action)
	})
}

func TestOnlyTheFieldsOfATravelRequestThatRulesReadAreStored(t *testing.T) {
	t.Parallel()
	p := onRequests(t, `request.posted > money("1", "USD") && request.custom["2"].code != "X"`, "m", "ask: finance")
	request := aRequest(t)
	kept := p.SelectRequestFields(request)
	require.Equal(t, &expense.TravelRequest{
		ID: "AB12", Number: "3AT7", Currency: "USD", Status: expense.RequestSubmitted, Submitted: "2026-11-03T10:00:00Z",
		Posted: in(t, "494.56000000", "USD"), Operations: []string{"approve", "sendback"},
		Custom: map[string]expense.Field{"2": {Value: "GUID", ListItem: "GUID"}},
	}, kept)
	require.Equal(t, request.ValidationID(), kept.ValidationID())
	kept.EachField(func(f *expense.Field) { f.Code, f.Value = "CEN1", "Centre" })
	require.Equal(t, "GUID", request.Custom["2"].Value, "the request is untouched")
	require.Equal(t, "CEN1", kept.Custom["2"].Code)
	require.Nil(t, p.SelectRequestFields(nil))
}

// A field that the domain gains is one that a rule can name, or deliberately not.
func TestEveryFieldOfATravelRequestIsInTheLanguageOrDeliberatelyNot(t *testing.T) {
	t.Parallel()
	for place, typ := range map[string]reflect.Type{
		"request.%s":                            reflect.TypeFor[expense.TravelRequest](),
		"request.expenses[0].%s":                reflect.TypeFor[expense.Expected](),
		"request.expenses[0].segments[0].%s":    reflect.TypeFor[expense.Segment](),
		"request.exceptions[0].%s":              reflect.TypeFor[expense.RequestException](),
		"request.expenses[0].allocations[0].%s": reflect.TypeFor[expense.Allocation](),
		`request.custom["1"].%s`:                reflect.TypeFor[expense.Field](),
	} {
		for _, f := range reflect.VisibleFields(typ) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			expression := strings.Replace(place, "%s", name, 1)
			_, err := policy.Parse("f", []byte(with("level: request", "expression: "+quoted("has("+expression+")"), "then: {ask: finance}")))
			if slices.Contains([]string{"operations", "statusName", "ended", "via", "listItem", "owner"}, name) {
				require.ErrorContains(t, err, "undefined field", expression)
				continue
			}
			require.NoError(t, err, expression)
		}
	}
}

func TestAMistakeInARuleForTravelRequestsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ level, expression, then, says string }{
		"an exception":             {"request", "true", "exception: {code: NORECPT}", "no exceptions on travel requests"},
		"a report":                 {"request", "report.total == report.total", "ask: g", `"report" is only known to rules of level report`},
		"an entry":                 {"request", "entry.personal", "ask: g", `"entry" is only known to rules of level entry`},
		"a request in a report":    {"report", "has(request.purpose)", "ask: g", `"request" is only known to rules of level request`},
		"a request in an entry":    {"entry", "has(request.purpose)", "ask: g", `"request" is only known to rules of level request`},
		"a field that nobody has":  {"request", "has(request.vendor)", "ask: g", "undefined field 'vendor'"},
		"a number that nobody has": {"request", `request.custom["21"].value == ""`, "ask: g", `they are "1" to "20"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with("level: "+c.level, "expression: "+quoted(c.expression), "then: {"+c.then+"}")))
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestPartsAreThoseThatTheRulesRead(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]expense.Parts{
		`entry.posted > money("1", "USD") && report.custom["1"].code == ""`: {},
		`entry.custom["1"].code == ""`:                                      {Details: true},
		`entry.orgUnits.size() == 0`:                                        {Details: true},
		`has(entry.category)`:                                               {}, // v4 has none anywhere
		`!entry.rejected`:                                                   {Details: true},
		`!entry.hasVat`:                                                     {Details: true},
		`!entry.itemized`:                                                   {Itemizations: true},
		`entry.itemizations.size() > 1`:                                     {Itemizations: true},
		`entry.itemizations.all(i, i.custom["2"].value == "")`:              {Itemizations: true, Details: true},
		`entry.allocations.all(a, a.percentage == "100")`:                   {Itemizations: true, Allocations: true},
		`entry.itemizations.all(i, i.allocations.size() == 1)`:              {Itemizations: true, Allocations: true},
		`entry.attendeeCount > 1`:                                           {Attendees: true},
		`entry.commentCount > 0`:                                            {Comments: true},
		`!report.hasException`:                                              {Exceptions: true},
		`report.entries[0] == entry`:                                        {Details: true, Itemizations: true, Allocations: true, Attendees: true, Comments: true},
	} {
		require.Equal(t, want, of(t, expression).Parts(), expression)
	}
	require.Equal(t, expense.Parts{}, onRequests(t, `request == request`, "m", "ask: g").Parts())
}

func TestCodesAreThoseThatTheRulesPost(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"a", "report", "true", "m", "exception: {code: LATE}"},
		[5]string{"b", "entry", "true", "m", "exception: {code: EARLY}"},
		[5]string{"c", "entry", "true", "m", "exception: {code: LATE}"},
		[5]string{"d", "entry", "true", "m", "ask: g"},
	)
	require.Equal(t, []string{"EARLY", "LATE"}, p.Codes())
	require.Empty(t, onRequests(t, "true", "m", "ask: g").Codes())
	require.False(t, p.HasRequestRules())
}
