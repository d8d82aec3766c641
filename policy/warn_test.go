package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

func TestAProbableMistakeGivesAWarning(t *testing.T) {
	t.Parallel()
	p, err := policy.Load(folder(t, map[string]string{
		"rules.yaml": `apiVersion: concur-connector/v1
settings: {approveByException: APPROVED}
lists:
  unused: {file: a.csv}
  byFact: {file: a.csv}
facts:
  silent: {level: entry, url: "https://erp.example.com/", send: {id: entry.id}, answer: {x: bool}}
  asked: {level: entry, url: "https://erp.example.com/", send: {known: variables.sent}, answer: {x: bool}}
variables:
  - {name: lonely, level: report, expression: report.id}
  - {name: first, level: report, expression: report.id}
  - {name: second, level: report, expression: variables.first}
  - {name: sent, level: entry, expression: entry.type in lists.byFact}
rules:
  - {name: one, level: entry, expression: facts.asked.x && variables.second == "", message: Hm., then: {exception: {code: APPROVED}}}
`, "a.csv": "code\n"}))
	require.NoError(t, err)
	var said []string
	for _, w := range p.Warnings() {
		require.Contains(t, w.Error(), "rules.yaml:")
		said = append(said, w.Reason)
	}
	require.Equal(t, []string{
		"no rule uses the list unused",
		"the list unused has no rows",
		"the list byFact has no rows",
		"no rule reads the fact silent: it is not asked for",
		"no rule uses the variable lonely",
		"the rule one posts APPROVED, which approves reports",
	}, said)
	require.Empty(t, rules(t, [5]string{"one", "report", "has(report.purpose)", "m", "sendBack: true"}).Warnings())
}
