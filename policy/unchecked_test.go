package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

func TestAFileThatApprovesEverythingIsReported(t *testing.T) {
	t.Parallel()
	const (
		none    = "there is no rule, so every report would be approved"
		idle    = "no rule for reports can have an effect"
		others  = "there are rules for travel requests only, so every report would be approved"
		trips   = "no rule for travel requests can have an effect"
		acts    = "  - {name: acts, level: entry, expression: entry.hasReceipt, message: m, then: {ask: finance}}\n"
		trip    = "  - {name: trip, level: request, expression: has(request.purpose), message: m, then: {sendBack: true}}\n"
		shadow  = "  - {name: shadow, level: entry, expression: entry.hasReceipt, message: m, shadow: true, then: {sendBack: true}}\n"
		warns   = "  - {name: warns, level: entry, expression: entry.hasReceipt, message: m, then: {warn: true}}\n"
		watched = "  - {name: watched, level: request, expression: has(request.purpose), message: m, shadow: true, then: {sendBack: true}}\n"
	)
	holds := func(expression string) string {
		return "  - name: holds\n    level: entry\n    expression: " + expression + "\n    message: m\n    then: {sendBack: true}\n"
	}
	matches := func(match string) string {
		return "  - name: matches\n    level: entry\n    match: " + match + "\n    expression: entry.hasReceipt\n    message: m\n    then: {sendBack: true}\n"
	}
	for name, c := range map[string]struct{ before, rules, why string }{
		"no rule":                              {"", "rules: []\n", none},
		"a shadow rule":                        {"", "rules:\n" + shadow, idle},
		"a rule that only warns":               {"", "rules:\n" + warns, idle},
		"both":                                 {"", "rules:\n" + shadow + warns, idle},
		"rules for travel requests":            {"", "rules:\n" + trip, others},
		"a shadow rule for travel requests":    {"", "rules:\n" + watched, others},
		"travel requests that none judges":     {"", "rules:\n" + acts + watched, trips},
		"a rule that is true":                  {"", "rules:\n" + holds("true"), idle},
		"a rule that compares two texts":       {"", "rules:\n" + holds(`'"a" == "a"'`), idle},
		"a rule that is true on one side":      {"", "rules:\n" + holds("entry.hasReceipt || true"), idle},
		"a rule by an amount":                  {"", "rules:\n" + holds(`money("1.00", "USD") < money("2.00", "USD")`), idle},
		"a rule by a variable that is true":    {"variables: [{name: off, level: report, expression: 'true'}]\n", "rules:\n" + holds("variables.off || entry.hasReceipt"), idle},
		"a rule by variables of variables":     {"variables: [{name: a, level: report, expression: 'false'}, {name: b, level: entry, expression: '!variables.a'}]\n", "rules:\n" + holds("variables.b"), idle},
		"a rule that never applies":            {"", "rules:\n" + matches("false"), idle},
		"a rule that is switched off":          {"variables: [{name: live, level: report, expression: 'false'}]\n", "rules:\n" + matches("variables.live && entry.personal"), idle},
		"a rule that acts":                     {"", "rules:\n" + acts, ""},
		"a rule that posts an exception":       {"", "rules:\n  - {name: x, level: entry, expression: entry.hasReceipt, message: m, then: {exception: {code: X}}}\n", ""},
		"one that acts beside others":          {"", "rules:\n" + shadow + warns + holds("true") + acts, ""},
		"a rule for each":                      {"", "rules:\n" + acts + trip, ""},
		"a rule that is never met":             {"", "rules:\n" + holds("false"), ""},
		"a rule by the day":                    {"", "rules:\n" + holds(`today >= date("2000-01-01")`), ""},
		"a rule by a variable of a report":     {"variables: [{name: a, level: report, expression: report.name}]\n", "rules:\n" + holds(`variables.a != ""`), ""},
		"a rule by what may be absent":         {"", "rules:\n" + holds("has(entry.vendor)"), ""},
		"a rule that always errs":              {"", "rules:\n" + holds(`'money("1.00", "USD") < money("2.00", "EUR")'`), ""},
		"a rule that is limited to one stop":   {"steps: {early: [SUBMIT]}\n", "rules:\n  - {name: x, level: entry, steps: [early], expression: entry.hasReceipt, message: m, then: {sendBack: true}}\n", ""},
		"no rule, and that is meant":           {"approveAll: true\n", "rules: []\n", ""},
		"shadow rules, and that is meant":      {"approveAll: true\n", "rules:\n" + shadow, ""},
		"only travel requests, and it is mean": {"approveAll: true\n", "rules:\n" + trip, ""},
		"no rule, and that is not meant":       {"approveAll: false\n", "rules: []\n", none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+c.before+c.rules))
			require.NoError(t, err)
			if c.why == "" {
				require.Empty(t, p.ApprovesUnchecked())
				return
			}
			require.Contains(t, p.ApprovesUnchecked(), c.why)
			require.Contains(t, p.Warnings()[0].Error(), "f: a worker refuses this file: "+c.why, "and whoever checks the file is told")
		})
	}
}

func TestApproveAllBesideARuleThatActsIsRefused(t *testing.T) {
	t.Parallel()
	const file = "apiVersion: concur-connector/v1\napproveAll: true\nrules:\n"
	for name, rules := range map[string]string{
		"a rule for reports": "  - {name: one, level: entry, expression: entry.hasReceipt, message: m, then: {ask: finance}}\n",
		"beside a shadow rule": "  - {name: two, level: entry, expression: entry.hasReceipt, message: m, shadow: true, then: {ask: finance}}\n" +
			"  - {name: one, level: entry, expression: entry.hasReceipt, message: m, then: {ask: finance}}\n",
	} {
		_, err := policy.Parse("f", []byte(file+rules))
		require.ErrorContains(t, err, "f:2:13: approveAll: true contradicts the rules: one has an effect; take out approveAll, or the rules that have one", name)
	}
}

func TestWarningsOfRulesThatDoNothing(t *testing.T) {
	t.Parallel()
	said := func(file string) (all []string) {
		p, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+file))
		require.NoError(t, err)
		for _, w := range p.Warnings() {
			all = append(all, w.Error())
		}
		return all
	}
	const acts = "  - {name: acts, level: entry, expression: entry.hasReceipt, message: m, then: {ask: finance}}\n"
	require.Equal(t, []string{
		"f:4:12: the expression of always is true whatever it looks at: the rule does nothing",
		"f:5:12: the match of never is false whatever it looks at: the rule does nothing",
	}, said("rules:\n"+acts+
		"  - {name: always, level: entry, expression: 'true', message: m, then: {ask: finance}}\n"+
		"  - {name: never, level: entry, match: 'false', expression: entry.hasReceipt, message: m, then: {ask: finance}}\n"))
	require.Equal(t, []string{
		"f: no rule acts at the step late: every report that waits there is approved without anybody looking at it",
	}, said("steps: {early: [SUBMIT], late: [PRE-EXTRACT]}\nrules:\n"+
		"  - {name: acts, level: entry, steps: [early], expression: entry.hasReceipt, message: m, then: {ask: finance}}\n"+
		"  - {name: warns, level: entry, expression: entry.hasReceipt, message: m, then: {warn: true}}\n"))
	require.Equal(t, []string{
		"f:2:13: approveAll is true: there is no rule, so every report is approved without anybody looking at it",
	}, said("approveAll: true\nrules: []\n"))
	require.Empty(t, said("rules:\n"+acts))
}
