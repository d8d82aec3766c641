package policy_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// declared is a file with a fact and variables.
const declared = `apiVersion: concur-connector/v1
facts:
  duplicates: {level: entry, url: "https://erp.example.com/facts", send: {vendor: entry.vendor}, answer: {duplicate: bool}}
variables:
  - {name: limit, level: report, expression: 'money("75.00", report.currency)'}
rules:
`

// seenBy is what a rule on one entry saw of it.
func seenBy(t *testing.T, expression string, c policy.Input, more ...string) []expense.RuleValue {
	t.Helper()
	p, err := policy.Parse("f", []byte(declared+strings.TrimPrefix(with(append([]string{"expression: |\n      " + expression}, more...)...), head)))
	require.NoError(t, err)
	v := p.Evaluate(c)
	require.NotEmpty(t, v.Findings, "it is violated")
	return v.Findings[0].Values
}

func TestAFindingHasTheValuesThatTheRuleRead(t *testing.T) {
	t.Parallel()
	r := told(&expense.Report{ID: "R1", Currency: "USD", Name: "Trip", Purpose: "secret", Entries: []expense.Entry{{
		ID: "E1", Type: "MEALS", Vendor: "Trattoria\nda Vinci", Posted: usd(t, "80.00"), Date: "2026-05-02", AttendeeCount: new(2),
		Custom: map[string]expense.Field{"3": {Code: "C12", Value: "Berlin"}},
	}}})
	r.EverSentBack = nil
	c := policy.Input{Report: r}
	for name, want := range map[string][]expense.RuleValue{
		`entry.hasReceipt`: {{Name: "entry.hasReceipt", Value: "false"}},
		`entry.hasReceipt || entry.posted <= money("75.00", report.currency)`: {
			{Name: "entry.hasReceipt", Value: "false"}, {Name: "entry.posted", Value: "80.00 USD"},
			{Name: `money("75.00", report.currency)`, Value: "75.00 USD"}, {Name: "report.currency", Value: "USD"},
		},
		`entry.hasReceipt && entry.attendeeCount > 2`:  {{Name: "entry.hasReceipt", Value: "false"}},
		`entry.vendor == "x"`:                          {{Name: "entry.vendor", Value: "Trattoria da Vinci"}},
		`entry.custom["3"].code == "C13"`:              {{Name: `entry.custom["3"].code`, Value: "C12"}},
		`entry.posted <= variables.limit`:              {{Name: "entry.posted", Value: "80.00 USD"}, {Name: "variables.limit", Value: "75.00 USD"}},
		`has(entry.category)`:                          {{Name: "has(entry.category)", Value: "false"}},
		`entry.date.weekday() != "saturday"`:           {{Name: "entry.date.weekday()", Value: "saturday"}, {Name: "entry.date", Value: "2026-05-02"}},
		`report.entries.exists(e, e.personal)`:         {{Name: "report.entries.exists(e, e.personal)", Value: "false"}},
		`entry.approved > money("1", "USD")`:           {{Name: "entry.approved", Value: "absent"}},
		`report.everSentBack`:                          {{Name: "report.everSentBack", Value: "absent"}},
		`facts.duplicates.duplicate`:                   {},
		`false`:                                        {},
		`entry.type in ["TAXI"]`:                       {{Name: "entry.type", Value: "MEALS"}},
		`entry.vendor.size() < 3 && entry.type == "A"`: {{Name: "entry.vendor.size()", Value: "18"}, {Name: "entry.vendor", Value: "Trattoria da Vinci"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, append([]expense.RuleValue{}, seenBy(t, name, c)...))
		})
	}
	asked := policy.Input{Report: r, Facts: expense.Facts{"duplicates": {"1": {"duplicate": []byte("true")}}}}
	require.Equal(t, []expense.RuleValue{{Name: "facts.duplicates.duplicate", Value: "true"}}, seenBy(t, `!facts.duplicates.duplicate`, asked))
	require.Equal(t, []expense.RuleValue{{Name: "entry.type", Value: "MEALS"}, {Name: "entry.hasReceipt", Value: "false"}},
		seenBy(t, "entry.hasReceipt", c, `match: entry.type == "MEALS"`), "the match comes first")
	require.NotContains(t, encoded(t, seenBy(t, `entry.hasReceipt`, c)), "secret")
}

func TestTheValuesInAFindingAreBounded(t *testing.T) {
	t.Parallel()
	fields := []string{"vendor", "type", "typeName", "category", "purpose", "location", "subdivision", "country", "paymentType", "currencyName", "exchangeRate", "id"}
	var each []string
	for _, f := range fields {
		each = append(each, `entry.`+f+` == "`+strings.Repeat("y", 10)+`"`)
	}
	each = append(each, "entry.hasReceipt", "entry.personal", "entry.itemized")
	r := entries("TAXI")
	r.Entries[0].Vendor = strings.Repeat("ø", 5000)
	saw := seenBy(t, strings.Join(each, " || "), policy.Input{Report: r})
	require.Len(t, saw, 12)
	for _, s := range saw {
		require.LessOrEqual(t, len([]rune(s.Name)), 80)
		require.LessOrEqual(t, len([]rune(s.Value)), 80)
	}
	require.True(t, strings.HasSuffix(saw[0].Value, "…"))
}

// What is explained is what the verdict says, whatever the report.
func TestAnExplanationAgreesWithTheVerdict(t *testing.T) {
	t.Parallel()
	p := parsed(t, `steps: {early: [SUBMIT], late: [EXTRACT]}
variables:
  - {name: dear, level: entry, expression: 'entry.posted > money("75", "USD")'}
rules:
  - {name: receipts, level: entry, match: entry.type == "MEALS", expression: 'entry.hasReceipt || !variables.dear', message: No receipt., then: {exception: {code: NO}}}
  - {name: total, level: report, steps: [early], expression: 'report.total < money("100", "USD")', message: Too much., then: {ask: finance}}
  - {name: late, level: report, steps: [late], expression: "false", message: Late., then: {sendBack: true}}
  - {name: items, level: itemization, expression: itemization.type == entry.type, messageExpression: itemization.type, then: {sendBack: true}}
  - {name: parts, level: allocation, expression: 'allocation.percentage == "75" && !itemization.personal', message: Parts., then: {warn: true}, shadow: true}
  - {name: fields, level: entry, expression: 'entry.custom["3"].code in ["2", "75"] && [entry.vendor].all(v, v != "Fair")', message: Fields., then: {warn: true}}
`)
	r := rand.New(rand.NewPCG(5, 6))
	for range 150 {
		c := policy.Input{Report: filled[expense.Report](t, r.IntN), EventType: []string{"", "SUBMIT", "EXTRACT"}[r.IntN(3)]}
		v, looks := p.Evaluate(c), p.Explain(c)
		require.Equal(t, v, p.Evaluate(c), "it is the same every time")
		counted := map[string]*expense.RuleSummary{}
		for i := range v.Rules {
			counted[v.Rules[i].Rule] = &expense.RuleSummary{Rule: v.Rules[i].Rule, Shadow: v.Rules[i].Shadow}
		}
		var found []expense.Finding
		for _, l := range looks {
			look := counted[l.Rule]
			switch l.Result {
			case policy.Satisfied:
				look.Satisfied++
			case policy.Violated:
				look.Violated++
			case policy.Failed:
				look.Failed++
			case policy.OtherStep:
				look.OtherStep = true
			}
			if l.Result != policy.NoMatch && l.Result != policy.OtherStep {
				look.Objects++
			}
			if l.Result == policy.Violated || l.Result == policy.Failed {
				found = append(found, expense.Finding{
					Rule: l.Rule, Object: l.Object, Message: l.Message, Error: l.Result == policy.Failed,
					Shadow: l.Shadow, Values: l.Values, Warn: l.Rule == "parts" || l.Rule == "fields",
				})
			}
		}
		require.Equal(t, found, v.Findings)
		for _, want := range v.Rules {
			want.Values = nil
			require.Equal(t, want, *counted[want.Rule])
		}
	}
}
