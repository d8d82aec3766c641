package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

func TestAMistypedNameInAnExpressionSuggestsTheRightOne(t *testing.T) {
	t.Parallel()
	for expression, says := range map[string]string{
		"entry.hasReciept":                       `undefined field 'hasReciept'; did you mean "hasReceipt"?`,
		"entry.hasreceipt":                       `; did you mean "hasReceipt"?`,
		`report.curency == "USD"`:                `; did you mean "currency"?`,
		"report.entries.all(e, e.persnal)":       `; did you mean "personal"?`,
		`entry.custom["3"].cod == "x"`:           `; did you mean "code"?`,
		"entry.posted <= variables.limt":         `undefined field 'limt'; did you mean "limit"?`,
		"facts.duplicate.found":                  `undefined field 'duplicate'; did you mean "duplicates"?`,
		`entry.posted <= mony("1", "USD")`:       `undeclared reference to 'mony' (did you mean 'money'?)`,
		`entri.posted <= money("1", "USD")`:      `undeclared reference to 'entri' (did you mean 'entry'?)`,
		"hass(entry.vendor)":                     `undeclared reference to 'hass' (did you mean 'has'?)`,
		"date(\"2026-01-01\") < todays":          `undeclared reference to 'todays' (did you mean 'today'?)`,
		"entry.posted <=\n  variables\n  . limt": `; did you mean "limit"?`,
	} {
		_, err := policy.Parse("rules.yaml", []byte(`apiVersion: concur-connector/v1
facts:
  duplicates: {level: entry, url: "https://erp.example.com/", send: {id: entry.id}, answer: {found: bool}}
variables:
  - {name: limit, level: report, expression: 'money("75.00", "USD")'}
rules:
  - name: one
    level: entry
    expression: `+scalar(expression)+`
    message: m
    then: {warn: true}
`))
		require.ErrorContains(t, err, says, expression)
	}
}

func TestANameThatIsFarFromAllSuggestsNothing(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("rules.yaml", []byte(`apiVersion: concur-connector/v1
rules: [{name: one, level: entry, expression: entry.zebra, message: m, then: {warn: true}}]
`))
	require.ErrorContains(t, err, "undefined field 'zebra'")
	require.NotContains(t, err.Error(), "did you mean")
}

// scalar writes an expression as a scalar of YAML.
func scalar(expression string) string {
	data, err := json.Marshal(expression)
	if err != nil {
		panic(err)
	}
	return string(data)
}
