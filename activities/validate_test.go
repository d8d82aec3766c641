package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/policy"
)

const byStopRules = `apiVersion: concur-connector/v1
steps: {after-submit: [SUBMIT], before-extract: [PRE-EXTRACT], third: [THIRD]}
rules:
  - {name: look, level: report, steps: [after-submit], expression: report.purpose != "odd", message: Finance looks., then: {ask: finance}}
  - {name: back, level: report, steps: [before-extract], expression: report.purpose != "bad", message: No., then: {sendBack: true}}
  - {name: audit, level: report, steps: [before-extract], expression: report.purpose != "odd audit", message: Auditors look., then: {ask: auditors}}
  - {name: look-too, level: report, steps: [after-submit], expression: report.purpose != "odd audit", message: Finance looks., then: {ask: finance}}
  - {name: trip, level: request, steps: [after-submit], expression: request.purpose != "odd", message: Finance looks., then: {ask: finance}}
`

func TestVerdictSaysWhetherItDependsOnTheStepName(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(byStopRules))
	require.NoError(t, err)
	acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Rules = rules })
	for name, c := range map[string]struct {
		purpose, event string
		action         expense.Action
		byName         bool
	}{
		"at another step than that of a rule it violates": {"odd", "PRE-EXTRACT", expense.Approve, true},
		"at the step of a rule that asks":                 {"odd", "SUBMIT", expense.Ask, false},
		"at the step of a rule that sends back":           {"bad", "PRE-EXTRACT", expense.SendBack, true},
		"at a step where it asks other people":            {"odd audit", "SUBMIT", expense.Ask, true},
		"at a step where it asks fewer people":            {"odd audit", "PRE-EXTRACT", expense.Ask, true},
		"where every rule is satisfied":                   {"fine", "PRE-EXTRACT", expense.Approve, false},
		"at an unknown step":                              {"odd", "", expense.Ask, false},
		"by a name that the rules do not know":            {"odd", "ELSEWHERE", expense.Ask, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateReport, expense.ValidateReportInput{
				Report: &expense.Report{Purpose: c.purpose}, RulesHash: rules.Hash(), EventType: c.event,
			})
			require.NoError(t, err)
			require.Equal(t, c.action, evaluated.Verdict.Action)
			require.Equal(t, c.byName, evaluated.DependsOnStepName)
		})
	}
	t.Run("of a travel request, too", func(t *testing.T) {
		t.Parallel()
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, acts.ValidateRequest, expense.ValidateRequestInput{
			Request: &expense.TravelRequest{Purpose: "odd"}, RulesHash: rules.Hash(), EventType: "THIRD",
		})
		require.NoError(t, err)
		require.Equal(t, expense.Approve, evaluated.Verdict.Action)
		require.True(t, evaluated.DependsOnStepName)
	})
	t.Run("never if the rules are the same at every step", func(t *testing.T) {
		t.Parallel()
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, newFakeConcur(t).activities(t).ValidateReport, expense.ValidateReportInput{
			Report: &expense.Report{}, RulesHash: hashOf(t, rulesFile), EventType: "SUBMIT",
		})
		require.NoError(t, err)
		require.False(t, evaluated.DependsOnStepName)
	})
}

func hashOf(t *testing.T, file string) string {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(file))
	require.NoError(t, err)
	return rules.Hash()
}
