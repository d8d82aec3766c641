package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

const inEUR = "with money in EUR: for a report in another currency that fails, and a person is asked; " +
	`write money("…", report.currency), convert the amount, or ask for report.currency == "EUR" in match`

// reasonsOf are the warnings about an expression of a rule of an entry.
func reasonsOf(t *testing.T, expression, more string) (reasons []string) {
	t.Helper()
	p, err := policy.Parse("rules.yaml", []byte("apiVersion: concur-connector/v1\n"+
		"variables:\n  - {name: limit, level: report, expression: 'money(\"75\", \"EUR\")'}\n  - {name: spent, level: entry, expression: entry.posted}\n"+
		"rules:\n  - {name: use, level: entry, expression: 'variables.limit.isNegative() || variables.spent.isNegative()', message: m, then: {ask: x}}\n"+
		"  - name: one\n    level: entry\n    expression: |\n      "+expression+"\n    message: m\n    then: {sendBack: true}\n"+more+"groups: {x: {}}\n"))
	require.NoError(t, err)
	for _, w := range p.Warnings() {
		reasons = append(reasons, w.Reason)
	}
	return reasons
}

func TestACodeThatIsNoCurrencyIsWarnedOf(t *testing.T) {
	t.Parallel()
	for expression, code := range map[string]string{
		`entry.posted < money("1", "XQZ")`:                               `"XQZ", which ISO 4217 does not list: two decimals are assumed`,
		`report.currency == "ERU"`:                                       `"ERU", which ISO 4217 does not list: two decimals are assumed`,
		`report.currency in ["EUR", "USDD"]`:                             `"USDD", which ISO 4217 does not list: two decimals are assumed; did you mean "USD"?`,
		`entry.posted.currency() != "eur"`:                               `"eur", which ISO 4217 does not list: two decimals are assumed; did you mean "EUR"?`,
		`entry.posted.convert("1", "GPB").isNegative()`:                  `"GPB", which ISO 4217 does not list: two decimals are assumed`,
		`sum(report.entries.map(e, e.posted), "EUX").abs().isNegative()`: `"EUX", which ISO 4217 does not list: two decimals are assumed; did you mean "EUR"?`,
	} {
		reasons := reasonsOf(t, expression, "")
		require.NotEmpty(t, reasons, expression)
		require.Contains(t, reasons[0], "the rule one names the currency "+code, expression)
	}
	for _, expression := range []string{`entry.posted < money("1", report.currency)`, `report.currency in ["EUR", "HRK", "BGN", "XCG", "ZWG"]`, `report.currency == ""`} {
		require.Empty(t, reasonsOf(t, expression, ""), expression)
	}
}

func TestAnAmountOfAReportThatMeetsAWrittenCurrencyIsWarnedOf(t *testing.T) {
	t.Parallel()
	for expression, field := range map[string]string{
		`entry.posted <= money("100.00", "EUR")`:                "posted",
		`money("100.00", "EUR") > report.total`:                 "total",
		`entry.posted + money("1", "EUR") == entry.posted`:      "posted",
		`entry.posted.abs() * 2 < -money("1", "EUR").rounded()`: "posted",
		`entry.posted.isMultipleOf(money("5", "EUR"))`:          "posted",
		`report.entries.all(e, e.posted < money("100", "EUR"))`: "posted",
		`entry.posted < variables.limit`:                        "posted",
		`variables.spent < money("100", "EUR")`:                 "posted",
	} {
		require.Contains(t, reasonsOf(t, expression, ""), "the rule one compares or adds "+field+" "+inEUR, expression)
	}
	for _, expression := range []string{
		`entry.posted <= money("100.00", report.currency)`,
		`entry.posted.convert("1.1", "EUR") <= money("100.00", "EUR")`,
		`report.currency != "EUR" || entry.posted <= money("100.00", "EUR")`,
		`entry.posted.currency() != "EUR" || entry.posted <= money("100.00", "EUR")`,
	} {
		require.Empty(t, reasonsOf(t, expression, ""), expression)
	}
	require.Empty(t, reasonsOf(t, `entry.posted <= money("100.00", "EUR")`, "    match: report.currency == \"EUR\"\n"))
}

func TestAVerdictSaysWhatWasAssumedOfACurrency(t *testing.T) {
	t.Parallel()
	p := of(t, `entry.posted.rounded() == entry.posted`)
	amount := expense.Money{Currency: "XQZ"}
	v := p.Evaluate(policy.Case{Report: &expense.Report{Entries: []expense.Entry{{ID: "1", Posted: &amount}}}})
	require.Empty(t, v.Findings)
	require.Equal(t, []string{`"XQZ" is not a currency of ISO 4217: two decimals are assumed`}, v.Assumed)
	amount.Currency = "XCG"
	require.Empty(t, p.Evaluate(policy.Case{Report: &expense.Report{Entries: []expense.Entry{{ID: "1", Posted: &amount}}}}).Assumed)
}
