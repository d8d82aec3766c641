package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

const byStop = `steps:
  after-submit: [SUBMIT, Report Submitted]
  before-extract: [PRE-EXTRACT]
rules:
  - name: early
    level: report
    steps: [after-submit]
    expression: report.name != "bad"
    message: Early.
    then: {sendBack: true}
  - name: late
    level: entry
    steps: before-extract
    expression: report.name != "bad"
    message: Late.
    then: {ask: finance, exception: {code: LATE}}
  - name: always
    level: report
    expression: "true"
    message: Never.
    then: {sendBack: true}
`

func TestTheEventTypeNamesTheStep(t *testing.T) {
	t.Parallel()
	p := parsed(t, byStop)
	require.True(t, p.DependsOnStep())
	bad := entries("TAXI")
	bad.Name = "bad"
	for event, want := range map[string]string{
		"SUBMIT":                       "early",
		"submit":                       "early",
		"  Submit\t":                   "early",
		"Report - Submit":              "early",
		"Expense Report -  SUBMIT ":    "early",
		"report   submitted":           "early",
		"after-submit":                 "early",
		"Report - PRE-EXTRACT":         "late",
		"REPORT - pre-extract":         "late",
		"PRE-EXTRACT":                  "late",
		"Report - Late - PRE-EXTRACT":  "nobody",
		"Report -PRE-EXTRACT":          "nobody",
		"EXTRACT":                      "nobody",
		"":                             "nobody",
		" - ":                          "nobody",
		strings.Repeat("x - y", 10000): "nobody",
	} {
		t.Run(event[:min(len(event), 40)], func(t *testing.T) {
			t.Parallel()
			v := p.Evaluate(policy.Input{Report: bad, EventType: event})
			var erred, violated []string
			for _, f := range v.Findings {
				if f.Error {
					erred = append(erred, f.Rule)
					require.Equal(t, "could not be evaluated: it is violated, but applies at some steps only, and the current step is unknown", f.Message)
				} else {
					violated = append(violated, f.Rule)
				}
			}
			if want == "nobody" {
				require.Equal(t, expense.Ask, v.Action)
				require.Equal(t, []string{"early", "late"}, erred)
				require.Empty(t, v.Exceptions)
				return
			}
			require.Empty(t, erred)
			require.Equal(t, []string{want}, violated)
			for _, look := range v.Rules {
				require.Equal(t, look.Rule != want && look.Rule != "always", look.OtherStep, look.Rule)
				require.Equal(t, look.OtherStep, look.Objects == 0, look.Rule)
			}
		})
	}
}

func TestASatisfiedRuleDoesNothingAtAnUnknownStep(t *testing.T) {
	t.Parallel()
	p := parsed(t, byStop)
	v := p.Evaluate(policy.Input{Report: entries("TAXI"), EventType: "REVIEW"})
	require.Equal(t, expense.Approve, v.Action)
	require.Empty(t, v.Findings)
	for i := range v.Rules {
		v.Rules[i].Values = nil
	}
	require.Equal(t, []expense.RuleSummary{
		{Rule: "early", Objects: 1, Satisfied: 1}, {Rule: "late", Objects: 1, Satisfied: 1}, {Rule: "always", Objects: 1, Satisfied: 1},
	}, v.Rules)
}

func TestTheStepIsIgnoredWhenNoRuleDependsOnIt(t *testing.T) {
	t.Parallel()
	p := rules(t, [5]string{"one", "report", "false", "Hm.", "sendBack: true"})
	require.False(t, p.DependsOnStep())
	require.Equal(t, p.Evaluate(policy.Input{Report: entries()}), p.Evaluate(policy.Input{Report: entries(), EventType: "SUBMIT"}))
}

func TestAMistakeInStepsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ steps, want string }{
		"one text for two":     {"{a: [SUBMIT], b: [Submit]}", `f:2:26: "Submit" already names the step a`},
		"one text twice":       {"{a: [SUBMIT, ' submit ']}", `f:2:21: " submit " already names the step a`},
		"an empty text":        {"{a: ['']}", `f:2:13: the text of an EventType is empty`},
		"no text":              {"{a: []}", `f:2:12: the step a needs at least one text of an EventType`},
		"a name of two words":  {"{a b: [X]}", `f:2:9: "a b" cannot be a name in steps: lower-case words joined by "-"`},
		"a list":               {"[a]", "f:2:8: steps must be a mapping of names"},
		"a name given twice":   {"{a: [X], a: [Y]}", `f:2:17: "a" is given twice in steps, first in line 2`},
		"a mapping for a text": {"{a: [{x: y}]}", "f:2:13: a text of an EventType must be text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\nsteps: "+c.steps+"\nrules: []\n"))
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\nsteps: {after-submit: [X]}\n"+strings.TrimPrefix(with("steps: [after-submitt]"), "apiVersion: concur-connector/v1\n")))
	require.EqualError(t, err, `f:9:13: rule "one": there is no step "after-submitt"; did you mean "after-submit"? Known are after-submit`)
	_, err = policy.Parse("f", []byte(with("steps: []")))
	require.EqualError(t, err, `f:8:12: rule "one": steps is empty; leave it out for a rule that applies at every step`)
}

func TestSettingsAreInTheVerdict(t *testing.T) {
	t.Parallel()
	p := parsed(t, `version: "2026-11"
timezone: Europe/Berlin
settings: {language: de, sendBackPostsExceptions: false, approveByException: APPROVED, approveComment: " Thank\n you ", expenseRejectedComment: " Not\n ours "}
rules: []
`)
	require.Equal(t, "2026-11", p.Version())
	require.Equal(t, "Europe/Berlin", p.Timezone())
	require.Equal(t, rulesfile.Settings{Language: "de", ApproveByException: "APPROVED", ApproveComment: "Thank you", ExpenseRejectedComment: "Not ours"}, p.Settings())
	require.Equal(t, expense.Verdict{
		Action: expense.Approve, Comment: "Thank you", SendBackWithoutExceptions: true, ApproveByException: "APPROVED",
		ApproveComment: "Thank you", ExpenseRejectedComment: "Not ours",
		RulesHash: p.Hash(), Version: "2026-11",
	}, p.Evaluate(policy.Input{Report: entries()}))

	for text, want := range map[string][]string{" Externe  Prüfung ": {"Externe Prüfung"}, "[A, B]": {"A", "B"}} {
		named := parsed(t, "settings: {actWithoutOperations: true, externalValidationNames: "+text+"}\nrules: []\n").Settings()
		require.Equal(t, want, named.ExternalValidationNames)
		require.True(t, named.ActWithoutOperations)
	}

	bare := parsed(t, "rules: []\n")
	require.Equal(t, rulesfile.Settings{SendBackPostsExceptions: true}, bare.Settings())
	require.Equal(t, "UTC", bare.Timezone())
	require.Equal(t, expense.Verdict{Action: expense.Approve, RulesHash: bare.Hash()}, bare.Evaluate(policy.Input{Report: entries()}))
}

func TestSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`settings: {language: German}`:              `f:2:22: language must be a tag such as en or de-CH, not "German"`,
		`settings: {sendBackPostsExceptions: no}`:   `f:2:37: sendBackPostsExceptions must be true or false`,
		`settings: {actWithoutOperations: yes}`:     `f:2:34: actWithoutOperations must be true or false`,
		`settings: {externalValidationNames: "--"}`: `f:2:37: a name in externalValidationNames must be a text of 1 to 100 characters`,
		`settings: {approveByException: approved}`:  `f:2:32: approveByException must be 1 to 8 of A-Z, 0-9 and _, not "approved"; did you mean "APPROVED"?`,
		`settings: {aproveByException: OK}`:         `f:2:12: unknown key "aproveByException" in settings; did you mean "approveByException"?`,
		`settings: [a]`:                             `f:2:11: settings must be a mapping with language`,
		`timezone: CET+1`:                           `f:2:11: timezone "CET+1" is not known; give a name such as Europe/Berlin, or UTC`,
		`timezone: Local`:                           `f:2:11: timezone "Local" is not known`,
		`timezone: ../../etc/passwd`:                `is not known`,
		`version: ""`:                               `f:2:10: version must be a text of 1 to 40 characters`,
		`version: [1]`:                              `f:2:10: version must be text`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+line+"\nrules: []\n"))
			require.ErrorContains(t, err, want)
		})
	}
}

func TestTodayIsADayInTheTimeZoneOfTheRules(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 5, 31, 23, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{"UTC": "2026-05-31", "Europe/Berlin": "2026-06-01", "America/New_York": "2026-05-31"} {
		p := parsed(t, "timezone: "+zone+"\n"+`rules:
  - {name: one, level: report, expression: 'today == date("2020-01-01")', messageExpression: string(today), then: {sendBack: true}}
`)
		require.Equal(t, want, p.Evaluate(policy.Input{Report: entries(), At: night}).Comment)
		v := p.Evaluate(policy.Input{Report: entries()})
		require.Contains(t, v.Findings[0].Message, "the time of the evaluation is unknown")
	}
}
