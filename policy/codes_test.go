package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

func TestCodesDependOnTheStep(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("rules.yaml", []byte(`apiVersion: concur-connector/v1
settings: {approveByException: APPROVED}
steps:
  after-submit: [SUBMIT]
  before-extract: [PRE-EXTRACT]
rules:
  - {name: always, level: report, expression: 'true', message: m, then: {exception: {code: ALWAYS}}}
  - {name: first, level: report, steps: [after-submit], expression: 'true', message: m, then: {exception: {code: FIRST}}}
  - {name: last, level: entry, steps: [before-extract], expression: 'true', message: m, then: {exception: {code: LAST}}}
  - {name: both, level: entry, steps: [after-submit, before-extract], expression: 'true', message: m, then: {exception: {code: BOTH}}}
  - {name: watched, level: report, expression: 'true', message: m, shadow: true, then: {exception: {code: WATCHED}}}
`))
	require.NoError(t, err)
	require.Equal(t, []string{"ALWAYS", "APPROVED", "BOTH", "FIRST"}, p.CodesAt("Report - SUBMIT"))
	require.Equal(t, []string{"ALWAYS", "APPROVED", "BOTH", "LAST"}, p.CodesAt("PRE-EXTRACT"))
	require.Equal(t, []string{"ALWAYS", "APPROVED"}, p.CodesAt(""))
	require.Equal(t, []string{"ALWAYS", "APPROVED"}, p.CodesAt("Report - ANOTHER"))
}
