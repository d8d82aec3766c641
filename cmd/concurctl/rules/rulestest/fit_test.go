package rulestest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// consulting has a fact of each level, with a value of each kind.
const consulting = `apiVersion: concur-connector/v1
settings: {sendBackPostsExceptions: false}
steps: {late: [PRE-EXTRACT]}
facts:
  whole: {level: report, url: "https://erp.example.com/w", send: {id: report.id}, answer: {open: bool}}
  budget: {level: allocation, url: "https://erp.example.com/b", send: {id: allocation.id}, answer: {left: money, rate: decimal}}
rules:
  - {name: open, level: report, match: has(facts.whole.open), expression: facts.whole.open, message: It is closed., then: {sendBack: true}}
  - {name: budget, level: allocation, expression: 'facts.budget.left >= money("10", "USD") && facts.budget.rate > decimal(1)', message: Too little., then: {exception: {code: LEFT}}}
  - {name: late, level: report, steps: [late], expression: 'report.name != "x"', message: Late., then: {ask: f}}
`

func consult(t *testing.T, one string) []string {
	t.Helper()
	p, err := policy.Parse("rules.yaml", []byte(consulting))
	require.NoError(t, err)
	cases, err := rulestest.Load(written(t, "x_test.yaml", "cases:\n  - {name: one, "+one+"}\n"), never)
	require.NoError(t, err)
	return rulestest.Run(p, cases).Cases[0].Diff
}

const split = `report: {currency: USD, entries: [{allocations: [{}, {id: A7}], itemizations: [{allocations: [{}]}]}]}, `

func TestAnAnswerNamesItsObjectAsTheCaseDoes(t *testing.T) {
	t.Parallel()
	enough := `{left: 10 USD, rate: 1.5}`
	require.Empty(t, consult(t, split+`facts: {whole: {report: {open: true}}, budget: {1/1: `+enough+`, A7: {left: "10.00", rate: "2"}, 1.1/1: {left: {amount: "10", currency: USD}, rate: 3}}}, want: none`))
	require.Empty(t, consult(t, split+`facts: {whole: {"0": {open: true}}, budget: {1.0.1: `+enough+`, 1.0.2: `+enough+`, 1.1.1: `+enough+`}}, want: none`),
		"the keys of the questions are names, too")
}

func TestAnAnswerThatNothingAsksForFailsTheCase(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		`! the fact budget is of allocation, and there is none that is called "1/3"; did you mean "1/1"? Known are 1.0.1, 1.0.2, 1.1.1, 1.1/1, 1/1, A7`,
		`! the rules have no fact "hole"; did you mean "whole"? Known are budget, whole`,
		`! the fact whole answers no "opn"; did you mean "open"? Known are open`,
	}, consult(t, split+`facts: {hole: {}, whole: {report: {opn: true}}, budget: {1/3: {}}}, want: {action: ask}`))
}

func TestADifferenceSaysWhyARuleErred(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"- violated: budget",
		"! erred: budget on 1/1: could not be evaluated: amounts of different currencies cannot be compared or added",
	}, consult(t, `report: {currency: USD, entries: [{allocations: [{}]}]}, facts: {budget: {1/1: {left: 1 EUR, rate: 2}}}, want: {violated: [budget]}`))
}

func TestACaseWithoutAStepReportsIt(t *testing.T) {
	t.Parallel()
	const erred = "! erred: late on the whole: could not be evaluated: it is violated, but applies at some steps only, and the current step is unknown"
	require.Equal(t, []string{"- violated: late", erred, `! the event "lat" is at none of the steps; did you mean "late"? Known are late`},
		consult(t, `report: {name: x}, eventType: lat, want: {violated: [late]}`))
	require.Equal(t, []string{"- violated: late", erred, "! it names no event, so its step is unknown; the steps are late"},
		consult(t, `report: {name: x}, want: {violated: [late]}`))
	require.Empty(t, consult(t, `report: {name: x}, eventType: late, want: {violated: [late]}`))
}

func TestAReportThatIsSentBackHasTheExceptionsThatArePosted(t *testing.T) {
	t.Parallel()
	require.Empty(t, consult(t, `report: {currency: USD, entries: [{allocations: [{}]}]},
    facts: {whole: {report: {open: false}}, budget: {1/1: {left: 1 USD, rate: 2}}}, want: {action: send-back, violated: [open, budget], exceptions: []}`))
}

func TestATabInACaseIsExplained(t *testing.T) {
	t.Parallel()
	_, err := rulestest.Load(written(t, "x_test.yaml", "cases:\n  - name: a\n\treport: {}\n"), never)
	require.ErrorContains(t, err, ":3:1: not YAML: ")
	require.ErrorContains(t, err, "; indent with spaces, not with tabs")
}

func TestAWordForAKeyIsOneMistake(t *testing.T) {
	t.Parallel()
	_, err := rulestest.Load(written(t, "x_test.yaml", "cases: [{name: a, report: {currency: EUR, expenses: [{amount: 5}]}, expect: none}]\n"), never)
	var all rulesfile.Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 3)
	require.ErrorContains(t, all[0], `unknown key "expenses" in report; did you mean "entries"?`)
	require.ErrorContains(t, all[1], `unknown key "amount" in one of entries; did you mean "posted"?`)
	require.ErrorContains(t, all[2], `unknown key "expect" in a case; did you mean "want"?`)
}

func TestAnImpossibleCaseIsAMistake(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`report: {date: 01.05.2026}`:               `:3:16: date must be a date like "2026-05-01"`,
		`report: {submitted: "2026-02-30"}`:        `:3:21: submitted must be a date like "2026-05-01"`,
		`report: {currency: eur}`:                  `:3:20: "eur" is not a currency: three capital letters`,
		`report: {total: 5 €}`:                     `:3:17: "€" is not a currency: three capital letters`,
		`report: {total: "5"}`:                     `:3:17: total has no currency: write it behind the number, as in "129.00 USD", or give the whole a currency`,
		`report: {custom: {41: x}}`:                `:3:19: custom has no field "41": they are 1 to 40`,
		`report: {orgUnits: {"07": x}}`:            `:3:21: orgUnits has no field "07": they are 1 to 6`,
		`report: {entry: []}`:                      `:3:10: unknown key "entry" in report; did you mean "entries"? Known are`,
		`report: {}, want: {action: approved}`:     `:3:28: action must be approve, send-back or ask, not "approved"; did you mean "approve"?`,
		`report: {}, eventType: X, wants: none`:    `:3:27: unknown key "wants" in a case; did you mean "want"? Known are`,
		`report: {}, want: {exception: [NORECPT]}`: `:3:20: unknown key "exception" in want; did you mean "exceptions"? Known are`,
	} {
		path := filepath.Join(t.TempDir(), "x_test.yaml")
		require.NoError(t, os.WriteFile(path, []byte("cases: [\n{name: a,\n"+text+"\n}]\n"), 0o600))
		_, err := rulestest.Load(path, never)
		require.ErrorContains(t, err, says, text)
	}
}
