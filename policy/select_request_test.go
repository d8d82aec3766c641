package policy_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// asked returns what is kept of a travel request for a rule that reads the fields.
func asked(fields ...string) []string {
	all := append([]string{"currency", "ended", "id", "number", "operations", "status", "statusName", "submitted"}, fields...)
	slices.Sort(all)
	return slices.Compact(all)
}

func TestSelectRequestFields(t *testing.T) {
	t.Parallel()
	t.Run("without rules only what the connector needs is kept", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, asked(), held(t, rules(t).SelectRequestFields(fullRequest(t))))
	})
	t.Run("of no request nothing is kept", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, rules(t).SelectRequestFields(nil))
	})
	t.Run("it waits where it waited", func(t *testing.T) {
		t.Parallel()
		r := fullRequest(t)
		r.Status, r.Operations = expense.RequestSubmitted, []string{"approve", "sendback"}
		require.NotEmpty(t, r.ValidationID())
		require.Equal(t, r.ValidationID(), rules(t).SelectRequestFields(r).ValidationID())
	})
	t.Run("the copy and the request share nothing that changes", func(t *testing.T) {
		t.Parallel()
		p, r := of(t, "request == request", "level: request"), fullRequest(t)
		before := encoded(t, r)
		kept := p.SelectRequestFields(r)
		require.Equal(t, r, kept)
		kept.Operations[0], kept.Exceptions[0].Code = "cancel", "XXX"
		kept.Posted.Currency = "XXX"
		kept.Expenses[0].Segments[0].From = "XXX"
		kept.EachField(func(f *expense.Field) { *f = expense.Field{Value: "XXX"} })
		clear(kept.Expenses)
		require.Equal(t, before, encoded(t, r))
	})
	t.Run("what is read of a report is not kept of a request, nor the other way round", func(t *testing.T) {
		t.Parallel()
		p := rules(t,
			[5]string{"a", "entry", "entry.allocations.all(a, a.accountCode1 != \"\")", "m", "ask: g"},
			[5]string{"b", "request", "request.expenses.all(e, e.allocations.all(a, a.percentage != \"\"))", "m", "ask: g"},
		)
		require.Equal(t, and("entries.allocations.id", "entries.allocations.accountCode1"), held(t, p.SelectFields(full(t))))
		require.Equal(t, asked("expenses.allocations.percentage"), held(t, p.SelectRequestFields(fullRequest(t))))
	})
}

func TestOnlyTheFieldsOfARequestThatRulesReadAreSelected(t *testing.T) {
	t.Parallel()
	everything := held(t, fullRequest(t))
	expenses := under(everything, "expenses")
	for expression, want := range map[string][]string{
		`has(request.purpose)`:                                     {"purpose"},
		`request.custom["2"].code == ""`:                           {"custom.2"},
		`request.custom[request.type].code == ""`:                  append(under(everything, "custom"), "type"),
		`sum(request.expenses.map(e, e.posted)) == request.posted`: {"expenses.posted", "posted"},
		`request.expenses.all(e, e.segments.all(s, s.departure > s.arrival))`: {
			"expenses.segments.departure", "expenses.segments.arrival"},
		`request.expenses.exists(e, e.custom["3"].value == "")`: {"expenses.custom.3"},
		`request.exceptions.exists(x, x.blocking)`:              {"exceptions.blocking"},
		`request.expenses.size() > 1`:                           nil,
		`request.expenses[0] == request.expenses[1]`:            expenses,
		`request == request`:                                    everything,
		`[].exists(e, e.city == "")`:                            everything,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			p := of(t, expression, "level: request")
			require.Equal(t, asked(want...), held(t, p.SelectRequestFields(fullRequest(t))))
			require.Equal(t, and(), held(t, p.SelectFields(full(t))))
		})
	}
}

// requestSpoken returns for each field of a travel request, by its place, an expression
// that says it.
func requestSpoken(t testing.TB) map[string]string {
	t.Helper()
	return spokenAt(t, []spot{
		{reflect.TypeFor[expense.TravelRequest](), "", "request", "%s"},
		{reflect.TypeFor[expense.Expected](), "expenses.", "e", `"=" + request.expenses.map(e, %s).join()`},
		{reflect.TypeFor[expense.RequestException](), "exceptions.", "x", `"=" + request.exceptions.map(x, %s).join()`},
		{reflect.TypeFor[expense.Allocation](), "expenses.allocations.", "a",
			`"=" + request.expenses.map(e, e.allocations.map(a, %s).join()).join()`},
		{reflect.TypeFor[expense.Segment](), "expenses.segments.", "s",
			`"=" + request.expenses.map(e, e.segments.map(s, %s).join()).join()`},
	})
}

// A field that a travel request gains and KeepRequest does not know of fails here: a rule
// cannot name it, or it is not kept.
func TestEveryFieldOfARequestIsSelectedForTheRuleThatReadsIt(t *testing.T) {
	t.Parallel()
	everything := held(t, fullRequest(t))
	covered := asked()
	for place, expression := range requestSpoken(t) {
		want := under(everything, place)
		require.NotEmpty(t, want, place)
		covered = append(covered, want...)
		if strings.HasSuffix(expression, ".size())") || strings.Contains(expression, ".size())).join") {
			want = nil // how many there are says nothing of what they are
		}
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			kept := saying(t, expression, "level: request").SelectRequestFields(fullRequest(t))
			require.Equal(t, asked(want...), held(t, kept))
		})
	}
	slices.Sort(covered)
	require.Equal(t, everything, slices.Compact(covered))
}

func TestSelectedFieldsOfARequestGiveTheSameVerdict(t *testing.T) {
	t.Parallel()
	policies := map[string]*policy.Policy{}
	example, err := policy.Load(shipped)
	require.NoError(t, err)
	policies["the example file"] = example
	for place, expression := range requestSpoken(t) {
		policies["saying "+place] = saying(t, expression, "level: request")
	}
	for _, expression := range []string{
		`has(request.city) && has(request.approved) && !has(request.exceptions)`,
		`request.posted <= money("75.00", request.currency)`,
		`sum(request.expenses.filter(e, has(e.posted)).map(e, e.posted), "USD") < money("100", "USD")`,
		`request.expenses.exists(e, e.segments.exists(s, s.custom["2"].code == e.type))`,
		`request.expenses[0] == request.expenses[1] || request.expenses[0].custom == request.custom`,
		`[request.custom][0] == {}`,
	} {
		policies[expression] = of(t, expression, "level: request", "then: {sendBack: true}")
	}
	for name, p := range policies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(26, 2))
			verdicts := map[string]bool{}
			for n := range 60 {
				r := filled[expense.TravelRequest](t, random.IntN)
				before := encoded(t, r)
				want := p.VerdictOnRequest(r)
				require.Equal(t, want, p.VerdictOnRequest(p.SelectRequestFields(r)), "request %d", n)
				require.Equal(t, want, p.VerdictOnRequest(stored(t, p.SelectRequestFields(r))), "request %d, stored", n)
				require.Equal(t, before, encoded(t, r), "request %d is untouched", n)
				verdicts[fmt.Sprint(want)] = true
			}
			require.Greater(t, len(verdicts), 1, "the requests tell nothing about this rule")
		})
	}
}
