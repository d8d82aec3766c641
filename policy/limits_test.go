package policy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

func TestHostileRulesEnd(t *testing.T) {
	t.Parallel()
	const tooDear = "could not be evaluated: it exceeds what one evaluation may cost"
	many := entries(make([]string, 300)...)
	for i := range many.Entries {
		many.Entries[i].Vendor = strings.Repeat("a", 64)
	}
	for name, expression := range map[string]string{
		"nested loops":        `report.entries.all(a, report.entries.all(b, report.entries.all(c, a.id != b.id || c.id != "")))`,
		"loops that map":      `report.entries.map(a, report.entries.map(b, report.entries.map(c, c.id))).size() == 0`,
		"texts that grow":     `report.entries.map(a, report.entries.map(b, report.entries.map(c, c.vendor).join()).join()).join() == ""`,
		"loops that add":      `report.entries.all(a, report.entries.all(b, sum(report.entries.map(c, money("1", "USD"))) != money("0", "USD")))`,
		"sums of a long list": `report.entries.map(a, money("1", "USD")).all(a, report.entries.map(b, money("1", "USD")).all(b, sum(report.entries.map(c, b)) > a))`,
		"patterns":            `report.entries.all(a, report.entries.all(b, a.vendor.matches("(a*)*(a*)*(a*)*b") || b.vendor.matches("(a|aa)+$")))`,
		"replacements":        `report.entries.all(a, report.entries.all(b, a.vendor.replace("a", b.vendor).replace("a", b.vendor).replace("a", b.vendor) != ""))`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rules(t, [5]string{"hostile", "report", "|\n      " + expression, "Hm.", "sendBack: true"})
			v := p.Budgeted(100_000_000, time.Hour).VerdictOn(many)
			require.Equal(t, []expense.Finding{{Rule: "hostile", Message: tooDear, Error: true}}, v.Findings)
			require.Equal(t, expense.Ask, v.Action)
		})
	}
}

func TestTheCostOfAllRulesIsBounded(t *testing.T) {
	t.Parallel()
	dear := `|
      report.entries.all(a, report.entries.all(b, a.id + b.id != ""))`
	p := rules(t,
		[5]string{"cheap", "report", "false", "First.", "ask: travel"},
		[5]string{"dear", "entry", dear, "Never.", "sendBack: true"},
		[5]string{"last", "entry", "false", "Not reached.", "ask: finance, exception: {code: LAST}"},
	).Budgeted(1_000_000, time.Hour)
	v := p.VerdictOn(entries(make([]string, 200)...))
	const exhausted = "could not be evaluated: the rules together exceed what they may cost"
	require.Equal(t, expense.Ask, v.Action)
	require.Equal(t, []string{"travel", "finance"}, v.Groups())
	require.Equal(t, []expense.Finding{
		{Rule: "cheap", Message: "First."},
		{Rule: "dear", Message: exhausted, Error: true},
		{Rule: "last", Message: exhausted, Error: true},
	}, v.Findings)
	require.Empty(t, v.Exceptions)
	require.Equal(t, v, p.VerdictOn(entries(make([]string, 200)...)))
}

func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	all := make([][5]string, 60)
	for i := range all {
		all[i] = [5]string{fmt.Sprint("flag-", i), "entry", "false", "Flagged.", fmt.Sprintf("exception: {code: C%d}", i)}
	}
	v := rules(t, all...).Evaluate(policy.Input{Report: entries(make([]string, 1000)...)})
	require.Equal(t, expense.Ask, v.Action)
	require.Len(t, v.Exceptions, 50_000)
	require.Equal(t, expense.RuleSummary{Rule: "flag-49", Objects: 1000, Violated: 1000}, v.Rules[49])
	require.Equal(t, expense.RuleSummary{Rule: "flag-50", Failed: 1}, v.Rules[50])
	require.Equal(t, "and 49512 more, 10 of them could not be evaluated", v.Findings[498].Message)
}

func TestTheExplanationOfAVerdictFitsAPayload(t *testing.T) {
	t.Parallel()
	seen := make([]string, 12)
	for i := range seen {
		seen[i] = fmt.Sprintf(`entry.custom["%d"].value == "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"`, i+1)
	}
	for name, c := range map[string]struct{ text, more string }{
		"of long texts":           {"𝄞", ""},
		"of texts that grow":      {"<", ""},
		"of what is only watched": {"<", "    shadow: true\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parsed(t, "rules:\n  - name: acting\n    level: report\n    expression: report.id == 'x'\n    message: Acts.\n    then: {ask: finance}\n"+
				"  - name: "+strings.Repeat("r", 64)+"\n    level: entry\n    expression: |\n      "+strings.Join(seen, " || ")+
				"\n    messageExpression: entry.vendor\n    then: {sendBack: true}\n"+c.more)
			r := entries(make([]string, 1000)...)
			for i := range r.Entries {
				e := &r.Entries[i]
				e.Vendor, e.Custom = strings.Repeat(c.text, 600), map[string]expense.Field{}
				for n := range seen {
					e.Custom[fmt.Sprint(n+1)] = expense.Field{Value: strings.Repeat(c.text, 100)}
				}
			}
			v := p.Evaluate(policy.Input{Report: r})
			stored, err := json.Marshal(v)
			require.NoError(t, err)
			require.Less(t, len(stored), 1<<20)
			require.Len(t, v.Findings, 500)
			require.NotEmpty(t, v.Findings[0].Values, "what acts keeps its values")
			require.NotEmpty(t, v.Findings[1].Values)
			require.Len(t, []rune(v.Findings[1].Message), 500)
			require.Empty(t, v.Findings[498].Values)
			require.Len(t, []rune(v.Findings[498].Message), 80)
		})
	}
}

func TestTheTimeOfAllRulesIsBounded(t *testing.T) {
	t.Parallel()
	p := rules(t, [5]string{"one", "entry", "true", "Never.", "ask: finance"}).Budgeted(1_000_000, -1)
	v := p.VerdictOn(entries("MEALS"))
	require.Equal(t, expense.Ask, v.Action)
	require.Equal(t, []string{"finance"}, v.Groups())
	require.Equal(t, "could not be evaluated: the rules together took too long", v.Findings[0].Message)
}

func TestALoopIsInterrupted(t *testing.T) {
	t.Parallel()
	loop := `report.entries.all(a, report.entries.all(b, a.id + b.id != ""))`
	p := rules(t, [5]string{"loop", "report", "|\n      " + loop, "Never.", "ask: finance"})
	report := entries(make([]string, 250)...)
	require.Equal(t, expense.Approve, p.VerdictOn(report).Action, "it ends by itself, if it may")
	v := p.Budgeted(1_000_000, 100*time.Microsecond).VerdictOn(report)
	require.Equal(t, []expense.Finding{{
		Rule: "loop", Message: "could not be evaluated: the rules together took too long", Error: true,
	}}, v.Findings)
}

func TestLargeFilesAreRefusedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	deep := "apiVersion: concur-connector/v1\nrules: " + strings.Repeat("[", 200_000)
	_, err := policy.Parse("f", []byte(deep))
	require.ErrorContains(t, err, "f:2:")

	_, err = policy.Parse("f", []byte(with("expression: "+strings.Repeat("(", 1000)+"true")))
	require.ErrorContains(t, err, `f:5:17: rule "one": expression: `)

	_, err = policy.Parse("f", []byte(with("expression: true"+strings.Repeat(" || true", 1000))))
	require.ErrorContains(t, err, `f:5:17: rule "one": expression: `)

	_, err = policy.Parse("f", []byte(head+strings.Repeat("  - {}\n", 1001)))
	require.EqualError(t, err, "f:3:3: there are 1001 rules; at most 1000 are accepted")
}

func TestTheLimitsHoldForTravelRequests(t *testing.T) {
	t.Parallel()
	const (
		loop = `|
      request.expenses.all(a, request.expenses.all(b, a.id + b.id != ""))`
		hostile = `|
      request.expenses.all(a, request.expenses.all(b, request.expenses.all(c, a.id + b.id + c.id != "")))`
		exhausted = "could not be evaluated: the rules together exceed what they may cost"
		tooLong   = "could not be evaluated: the rules together took too long"
	)
	request := &expense.TravelRequest{Expenses: make([]expense.Expected, 200)}
	for i := range request.Expenses {
		request.Expenses[i].ID = fmt.Sprint("e", i)
	}
	t.Run("one evaluation", func(t *testing.T) {
		t.Parallel()
		v := rules(t, [5]string{"hostile", "request", hostile, "Hm.", "sendBack: true"}).VerdictOnRequest(request)
		require.Equal(t, expense.Ask, v.Action)
		require.Equal(t, []expense.Finding{{
			Rule: "hostile", Message: "could not be evaluated: it exceeds what one evaluation may cost", Error: true,
		}}, v.Findings)
	})
	t.Run("all rules together", func(t *testing.T) {
		t.Parallel()
		p := rules(t,
			[5]string{"cheap", "request", "false", "First.", "ask: travel"},
			[5]string{"dear", "request", loop, "Never.", "sendBack: true"},
			[5]string{"last", "request", "false", "Not reached.", "sendBack: true"},
		)
		v := p.Budgeted(1000, time.Hour).VerdictOnRequest(request)
		require.Equal(t, expense.Ask, v.Action, "a rule that was not evaluated sends nothing back")
		require.Equal(t, []string{"travel"}, v.Groups())
		require.Equal(t, []expense.Finding{
			{Rule: "cheap", Message: "First."},
			{Rule: "last", Message: exhausted, Error: true},
		}, v.Findings)
		require.Equal(t, expense.SendBack, p.VerdictOnRequest(request).Action, "it is judged, if it may")
	})
	t.Run("rules on reports cost a travel request nothing", func(t *testing.T) {
		t.Parallel()
		p := rules(t,
			[5]string{"report", "report", `report.name + "" == ""`, "Never.", "sendBack: true"},
			[5]string{"request", "request", "true", "Never.", "sendBack: true"},
		)
		require.Equal(t, expense.Approve, p.Budgeted(1, time.Hour).VerdictOnRequest(request).Action)
	})
	t.Run("the time", func(t *testing.T) {
		t.Parallel()
		p := rules(t, [5]string{"loop", "request", loop, "Never.", "ask: finance"})
		request := &expense.TravelRequest{Expenses: slices.Concat(request.Expenses, request.Expenses[:60])} // a late timer is in time for it
		require.Equal(t, expense.Approve, p.VerdictOnRequest(request).Action, "it ends by itself, if it may")
		for _, within := range []time.Duration{-1, 100 * time.Microsecond} {
			v := p.Budgeted(1_000_000, within).VerdictOnRequest(request)
			require.Equal(t, expense.Ask, v.Action)
			require.Equal(t, []string{"finance"}, v.Groups())
			require.Equal(t, []expense.Finding{{Rule: "loop", Message: tooLong, Error: true}}, v.Findings)
		}
	})
}
