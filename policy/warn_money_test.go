package policy_test

import (
	"os"
	"path/filepath"
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
		"  - {name: code, level: report, expression: '\"ERU\"'}\n"+
		"rules:\n  - {name: use, level: entry, expression: 'variables.limit.isNegative() || variables.spent.isNegative() || variables.code == report.name', message: m, then: {ask: x}}\n"+
		"  - name: one\n    level: entry\n    expression: |\n      "+expression+"\n    message: m\n    then: {sendBack: true}\n"+more+"groups: {x: {}}\napprovals: {defaultGroup: x}\n"))
	require.NoError(t, err)
	for _, w := range p.Warnings() {
		reasons = append(reasons, w.Reason)
	}
	return reasons
}

func TestACodeThatIsNoCurrencyIsWarnedOf(t *testing.T) {
	t.Parallel()
	for expression, code := range map[string]string{
		`entry.posted < money("1", "XQZ")`:                                                 `"XQZ", which ISO 4217 does not list: two decimals are assumed`,
		`report.currency == "ERU"`:                                                         `"ERU", which ISO 4217 does not list: two decimals are assumed`,
		`report.currency in ["EUR", "USDD"]`:                                               `"USDD", which ISO 4217 does not list: two decimals are assumed; did you mean "USD"?`,
		`entry.posted.currency() != "eur"`:                                                 `"eur", which ISO 4217 does not list: two decimals are assumed; did you mean "EUR"?`,
		`"ERU" == report.currency`:                                                         `"ERU", which`,
		`entry.posted < money("1", entry.country == "DE" ? "EUR" : "ERU")`:                 `"ERU", which`,
		`entry.posted < money("1", variables.code)`:                                        `"ERU", which`,
		`entry.posted < money({"EUR": "1", "ERU": "2"}[report.currency], report.currency)`: `"ERU", which`,
		`report.currency in {"ERU": true}`:                                                 `"ERU", which`,
		`entry.posted < money(decimal("1"), "ERU")`:                                        `"ERU", which`,
		`entry.posted.convert("1", "GPB").isNegative()`:                                    `"GPB", which ISO 4217 does not list: two decimals are assumed`,
		`sum(report.entries.map(e, e.posted), "EUX").abs().isNegative()`:                   `"EUX", which ISO 4217 does not list: two decimals are assumed; did you mean "EUR"?`,
	} {
		reasons := reasonsOf(t, expression, "")
		require.NotEmpty(t, reasons, expression)
		require.Contains(t, reasons[0], "the rule one names the currency "+code, expression)
	}
	for _, expression := range []string{`entry.posted < money("1", report.currency)`, `report.currency in ["EUR", "HRK", "BGN", "XCG", "ZWG"]`, `report.currency == ""`} {
		require.Empty(t, reasonsOf(t, expression, ""), expression)
	}
}

func TestACodeInAListThatIsNoCurrencyIsWarnedOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.csv"), []byte("code,budget\nC1,75.50 USD\nC2,1 ERU\nC3,2 ERU\nC4,\n"), 0o600))
	path := filepath.Join(dir, "rules.yaml")
	require.NoError(t, os.WriteFile(path, []byte("apiVersion: concur-connector/v1\nlists:\n  cc: {file: a.csv, columns: {budget: money}}\n"+
		"rules:\n  - {name: one, level: entry, expression: 'entry.vendor in lists.cc', message: m, then: {sendBack: true}}\n"), 0o600))
	p, err := policy.Load(path)
	require.NoError(t, err)
	require.Len(t, p.Warnings(), 1)
	require.Equal(t, `the list cc names the currency "ERU", which ISO 4217 does not list: two decimals are assumed; did you mean "EUR"?`, p.Warnings()[0].Reason)
}

func TestAnAmountOfAReportThatMeetsAWrittenCurrencyIsWarnedOf(t *testing.T) {
	t.Parallel()
	for expression, field := range map[string]string{
		`entry.posted <= money("100.00", "EUR")`:                        "posted",
		`money("100.00", "EUR") > report.total`:                         "total",
		`entry.posted + money("1", "EUR") == entry.posted`:              "posted",
		`entry.posted.abs() * 2 < -money("1", "EUR").roundToCurrency()`: "posted",
		`entry.posted.isMultipleOf(money("5", "EUR"))`:                  "posted",
		`report.entries.all(e, e.posted < money("100", "EUR"))`:         "posted",
		`entry.posted < variables.limit`:                                "posted",
		`variables.spent < money("100", "EUR")`:                         "posted",
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

func TestAVerdictNamesCurrenciesWithAssumedDecimals(t *testing.T) {
	t.Parallel()
	p := of(t, `entry.posted.roundToCurrency() == entry.posted`)
	amount := expense.Money{Currency: "XQZ"}
	v := p.Evaluate(policy.Input{Report: &expense.Report{Entries: []expense.Entry{{ID: "1", Posted: &amount}}}})
	require.Empty(t, v.Findings)
	require.Equal(t, []string{`"XQZ" is not a currency of ISO 4217: two decimals are assumed`}, v.Assumed)
	amount.Currency = "XCG"
	require.Empty(t, p.Evaluate(policy.Input{Report: &expense.Report{Entries: []expense.Entry{{ID: "1", Posted: &amount}}}}).Assumed)
}
