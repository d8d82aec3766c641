package policy_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// heldSeeing returns what a verdict says that the first rule saw of the whole while it held.
func heldSeeing(t *testing.T, expression string, report *expense.Report) []expense.RuleValue {
	t.Helper()
	p := rules(t, [5]string{"one", "report", quoted(expression), "m", "sendBack: true"})
	v := p.Evaluate(policy.Input{Report: report})
	require.Equal(t, expense.Approve, v.Action)
	return v.Rules[0].Values
}

func TestAVerdictHasTheValuesOfSatisfiedRulesOnTheWhole(t *testing.T) {
	t.Parallel()
	report := lunch(t)
	require.Equal(t, []expense.RuleValue{
		{Name: "report.total", Value: "80.00 USD"}, {Name: `money("5000", report.currency)`, Value: "5000.00 USD"},
		{Name: "report.currency", Value: "USD"},
	}, heldSeeing(t, `report.total <= money("5000", report.currency)`, report))
	require.Equal(t, []expense.RuleValue{
		{Name: "sum(report.entries.map(e, e.posted))", Value: "80.00 USD"},
	}, heldSeeing(t, `sum(report.entries.map(e, e.posted)) <= money("5000", "USD")`, report))
	many := journey(t, 1000)
	require.Empty(t, heldSeeing(t, `report.entries.all(e, e.posted < money("5000", "USD"))`, many), "what takes long is not done twice")
}

func TestTracingOfValuesIsBounded(t *testing.T) {
	t.Parallel()
	p := rules(t, [5]string{"dear", "entry", quoted(`report.entries.exists(a, report.entries.exists(b, b.id == ""))`), "m", "exception: {code: X}"})
	many := journey(t, 200)
	v := p.Evaluate(policy.Input{Report: many})
	told := 0
	for _, f := range v.Findings {
		if len(f.Values) > 0 {
			told++
		}
	}
	require.Greater(t, len(v.Findings), 20)
	require.Positive(t, told)
	require.Less(t, told, len(v.Findings)/2, fmt.Sprint(told))
}
