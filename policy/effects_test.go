package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// effective is what a verdict does: without what is only told, and what watched rules found.
func effective(v expense.Verdict) expense.Verdict {
	v.Findings = slices.DeleteFunc(slices.Clone(v.Findings), func(f expense.Finding) bool { return f.Shadow })
	v.Rules = slices.DeleteFunc(slices.Clone(v.Rules), func(l expense.RuleSummary) bool { return l.Shadow })
	v.RulesHash = ""
	if len(v.Findings) == 0 {
		v.Findings = nil
	}
	return v
}

// some are rules that hold, are violated, err, or cost more than they may.
var some = []string{
	"true", "false", `entry.hasReceipt`, `entry.posted < money("100", "USD")`, `entry.type == "MEALS"`,
	`report.entries.all(a, report.entries.all(b, report.entries.all(c, a.id + b.id + c.id != "")))`,
	`variables.dear`, `variables.broken > money("1", "USD")`,
}

const variablesOfSome = `variables:
  - {name: dear, level: report, expression: 'report.entries.all(a, report.entries.all(b, a.id != "" || b.id != ""))'}
  - {name: broken, level: report, expression: report.total}
`

func TestAShadowRuleHasNoEffect(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	effects := []string{"sendBack: true", "ask: finance", "exception: {code: X}", "warn: true", "ask: travel, exception: {code: Y}"}
	for range 30 {
		var with, without strings.Builder
		for _, b := range []*strings.Builder{&with, &without} {
			b.WriteString(variablesOfSome + "rules:\n")
		}
		for i := range 2 + r.IntN(5) {
			rule := fmt.Sprintf("  - {name: r%d, level: entry, expression: %s, message: Of %d., then: {%s}", i, quoted(some[r.IntN(len(some))]), i, effects[r.IntN(len(effects))])
			if r.IntN(2) == 0 {
				with.WriteString(rule + ", shadow: true}\n")
				continue
			}
			with.WriteString(rule + "}\n")
			without.WriteString(rule + "}\n")
		}
		if !strings.Contains(without.String(), "name: r") {
			continue
		}
		report := entries(make([]string, 1+r.IntN(12))...)
		for i := range report.Entries {
			report.Entries[i].HasReceipt = new(r.IntN(2) == 0)
		}
		const small = 600_000 // so that the rules together may cost too much
		watched, bare := parsed(t, with.String()).Budgeted(small, 1<<40), parsed(t, without.String()).Budgeted(small, 1<<40)
		c := policy.Input{Report: report}
		require.Equal(t, effective(bare.Evaluate(c)), effective(watched.Evaluate(c)), with.String())
	}
}

func TestShadowFindingsKeepTheirPlaceInTheFile(t *testing.T) {
	t.Parallel()
	p := parsed(t, `rules:
  - {name: watched, level: report, expression: "false", message: Watched., shadow: true, then: {sendBack: true, exception: {code: W}}}
  - {name: broken, level: report, expression: 'report.total > money("1", "USD")', message: Hm., shadow: true, then: {ask: travel}}
  - {name: biting, level: report, expression: "false", message: Bites., then: {ask: finance}}
`)
	v := p.VerdictOn(entries())
	require.Equal(t, expense.Verdict{
		Action: expense.Ask, Approvals: []expense.RequiredApproval{{Group: "finance", Count: 1, Rules: []string{"biting"}}}, Comment: "Bites.", RulesHash: p.Hash(),
		Findings: []expense.Finding{
			{Rule: "watched", Message: "Watched.", Shadow: true},
			{Rule: "broken", Message: "could not be evaluated: report.total is absent; ask with has() before reading it", Error: true, Shadow: true},
			{Rule: "biting", Message: "Bites."},
		},
	}, v)
	require.Equal(t, []expense.RuleSummary{
		{Rule: "watched", Objects: 1, Violated: 1, Shadow: true}, {Rule: "broken", Objects: 1, Failed: 1, Shadow: true}, {Rule: "biting", Objects: 1, Violated: 1},
	}, p.Evaluate(policy.Input{Report: entries()}).Rules)
	require.Empty(t, p.Codes(), "what it would post is not to be created")
	require.Equal(t, []string{"finance"}, p.AskedGroups())
}

func TestShadowRulesTakeNoBudgetFromOthers(t *testing.T) {
	t.Parallel()
	biting := [5]string{"biting", "entry", "false", "Bites.", "warn: true"}
	watched := [5]string{"watched", "entry", "false", "Watched.", "warn: true"}
	file := func(all ...[5]string) *policy.Policy {
		text := head
		for _, r := range all {
			text += fmt.Sprintf("  - name: %s\n    level: %s\n    expression: %s\n    message: %s\n    then: {%s}\n    shadow: %v\n", r[0], r[1], r[2], r[3], r[4], r[0] == "watched")
		}
		p, err := policy.Parse("f", []byte(text))
		require.NoError(t, err)
		return p
	}
	for _, n := range []int{100, 300, 499, 500, 501} {
		report := entries(make([]string, n)...)
		alone, both := file(biting).VerdictOn(report), file(watched, biting).VerdictOn(report)
		require.Equal(t, effective(alone), effective(both))
		require.LessOrEqual(t, len(both.Findings), 500)
		require.Len(t, both.Findings, min(500, 2*n))
	}
}

func TestAWarningHasNoEffect(t *testing.T) {
	t.Parallel()
	v := rules(t, [5]string{"warns", "entry", "false", "Look.", "warn: true"}).VerdictOn(entries("TAXI"))
	require.Equal(t, expense.Approve, v.Action)
	require.Empty(t, v.Comment)
	require.Equal(t, []expense.Finding{{Rule: "warns", Object: "E1", Message: "Look.", Warn: true}}, v.Findings)

	v = rules(t, [5]string{"warns", "entry", `entry.posted > money("1", "USD")`, "Look.", "warn: true"}).VerdictOn(entries("TAXI"))
	require.Equal(t, expense.Ask, v.Action, "a rule that errs never approves")

	_, err := policy.Parse("f", []byte(with("then: {warn: true, sendBack: true}")))
	require.ErrorContains(t, err, `f:7:11: rule "one": warn`)
}

func TestAnExceptionKeepsItsVisibility(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"a", "entry", "false", "A.", "exception: {code: X, visibility: PROCESSOR}"},
		[5]string{"b", "entry", "false", "B.", "exception: {code: X}"},
		[5]string{"c", "report", "false", "C.", "exception: {code: X, visibility: APPROVER_PROCESSOR}"},
		[5]string{"d", "report", "false", "D.", "exception: {code: Y}"},
	)
	require.Equal(t, []expense.Exception{
		{ObjectType: expense.OnEntry, ObjectID: "E1", Code: "X", Rule: "a", Visibility: expense.VisibleToProcessors},
		{ObjectType: expense.OnReport, Code: "X", Rule: "c", Visibility: expense.VisibleToApprovers},
		{ObjectType: expense.OnReport, Code: "Y", Rule: "d"},
	}, p.VerdictOn(entries("TAXI")).Exceptions, "each code once for each object, as the first rule has it")
	require.Equal(t, []policy.Code{
		{Code: "X", Object: expense.OnReport, Level: "report", Visibility: "APPROVER_PROCESSOR", Rules: []string{"c"}},
		{Code: "X", Object: expense.OnEntry, Level: "entry", Visibility: "ALL", Rules: []string{"b"}},
		{Code: "X", Object: expense.OnEntry, Level: "entry", Visibility: "PROCESSOR", Rules: []string{"a"}},
		{Code: "Y", Object: expense.OnReport, Level: "report", Visibility: "ALL", Rules: []string{"d"}},
	}, p.PostedCodes())
}

func TestMessagesAreInTheLanguageOfTheSettings(t *testing.T) {
	t.Parallel()
	message := "message: {de: Beleg fehlt., en: No receipt.}"
	for language, want := range map[string]string{"de": "Beleg fehlt.", "en": "No receipt."} {
		p, err := policy.Parse("f", []byte(strings.Replace(with(message, "expression: false"), "rules:", "settings: {language: "+language+"}\nrules:", 1)))
		require.NoError(t, err)
		require.Equal(t, want, p.VerdictOn(entries("TAXI")).Comment)
	}
	_, err := policy.Parse("f", []byte(with(message)))
	require.EqualError(t, err, `f:6:19: rule "one": the message is given in several languages, but settings.language does not choose one`)
	_, err = policy.Parse("f", []byte(strings.Replace(with(message), "rules:", "settings: {language: fr}\nrules:", 1)))
	require.EqualError(t, err, `f:7:19: rule "one": there is no message in the language "fr" of settings.language`)
	_, err = policy.Parse("f", []byte(with("message:", "messageExpression: {de: entry.tipe, en: entry.type}")))
	require.ErrorContains(t, err, `undefined field 'tipe'; did you mean "type"?`, "other languages are checked, too")
}

func TestTheCommentFollowsTheReport(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"parts", "allocation", `allocation.id != "A4"`, "Allocation.", "sendBack: true"},
		[5]string{"items", "itemization", `itemization.id != "I1"`, "Itemization.", "sendBack: true"},
		[5]string{"entries", "entry", `entry.id == "E2"`, "Entry.", "sendBack: true"},
		[5]string{"whole", "report", "false", "Report.", "sendBack: true"},
		[5]string{"first", "allocation", `allocation.id != "A2"`, "First.", "sendBack: true"},
		[5]string{"again", "entry", `entry.id != "E3"`, "Report.", "sendBack: true"},
	)
	require.Equal(t, "Report.\nEntry.\nFirst.\nItemization.\nAllocation.", p.VerdictOn(deep(t)).Comment)
}
