package whatif_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/expense"
	"concur-connector/policy"
)

// rule writes one rule of level entry.
func rule(name, expression, then string) string {
	return fmt.Sprintf("  - {name: %s, level: entry, expression: '%s', message: %s, then: %s}\n", name, expression, name, then)
}

func rules(t *testing.T, list ...string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("rules.yaml", []byte("apiVersion: concur-connector/v1\nrules:\n"+strings.Join(list, "")+"approvals: {page: {fields: []}}\n"))
	require.NoError(t, err)
	return p
}

// keptFor is what a worker with these rules keeps of a report.
func keptFor(t *testing.T, list ...string) []string {
	t.Helper()
	ofReports, _ := rules(t, list...).StoredFields()
	return ofReports
}

var (
	noReceipt = rule("receipt", "entry.hasReceipt", "{exception: {code: NORECPT}}")
	vendor    = rule("vendor", `entry.vendor != "ACME"`, "{sendBack: true}")
	looked    = rule("looked", `entry.type != "MEALS"`, "{ask: finance}")
	place     = rule("place", `entry.location != "X"`, "{exception: {code: PLACE}}")
	watched   = "  - {name: watched, level: entry, shadow: true, expression: 'entry.country != \"X\"', message: m, then: {sendBack: true}}\n"
)

func TestAnOutcomeIsDecidedOnlyWhereNoUnknownRuleCouldChangeIt(t *testing.T) {
	t.Parallel()
	kept := keptFor(t, noReceipt, looked, vendor)
	missing := expense.Exception{ObjectType: expense.OnEntry, ObjectID: "1", Code: "NORECPT"}
	placed := expense.Exception{ObjectType: expense.OnEntry, ObjectID: "1", Code: "PLACE"}
	for name, c := range map[string]struct {
		rules []string
		kept  []string
		entry expense.Entry
		old   expense.Verdict
		want  whatif.Change
	}{
		"the same": {
			[]string{noReceipt, vendor}, kept, expense.Entry{},
			expense.Verdict{Action: expense.Approve, Exceptions: []expense.Exception{missing}, Findings: []expense.Finding{{Rule: "receipt", Object: "1"}}},
			whatif.Change{Result: whatif.Same, Old: "approve", New: "approve"},
		},
		"another action": {
			[]string{looked}, kept, expense.Entry{Type: "MEALS"}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Changed, Old: "approve", New: "ask finance", Rules: []string{"looked"}},
		},
		"an exception more, and one less": {
			[]string{noReceipt}, kept, expense.Entry{},
			expense.Verdict{Action: expense.Approve, Exceptions: []expense.Exception{placed}},
			whatif.Change{Result: whatif.Changed, Old: "approve", New: "approve", Added: []string{"NORECPT"}, Removed: []string{"PLACE"}, Rules: []string{"receipt"}},
		},
		"an unknown rule may err, or post": {
			[]string{noReceipt, place}, kept, expense.Entry{HasReceipt: new(true)}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Unknown, Old: "approve", Unknown: []string{"place"}, Missing: []string{"entry.location"}},
		},
		"sending back is decided, and what an unknown rule posts is not": {
			[]string{vendor, place}, kept, expense.Entry{Vendor: "ACME"},
			expense.Verdict{Action: expense.SendBack, Exceptions: []expense.Exception{placed}, Findings: []expense.Finding{{Rule: "vendor", Object: "1"}}},
			whatif.Change{Result: whatif.Unknown, Old: "send-back", New: "send-back", Unknown: []string{"place"}, Missing: []string{"entry.location"}},
		},
		"sending back is another outcome whatever else is unknown": {
			[]string{vendor, place}, kept, expense.Entry{Vendor: "ACME"}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Changed, Old: "approve", New: "send-back", Rules: []string{"vendor"}, Unknown: []string{"place"}, Missing: []string{"entry.location"}},
		},
		"asking is not decided where an unknown rule may send back": {
			[]string{looked, vendor}, keptFor(t, looked), expense.Entry{Type: "MEALS"}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Unknown, Old: "approve", Rules: []string{"looked"}, Unknown: []string{"vendor"}, Missing: []string{"entry.vendor"}},
		},
		"asking is decided where an unknown rule only asks the same": {
			[]string{looked, rule("city", `entry.location != "X"`, "{ask: finance}")}, kept, expense.Entry{Type: "MEALS"}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Changed, Old: "approve", New: "ask finance", Rules: []string{"looked"}, Unknown: []string{"city"}, Missing: []string{"entry.location"}},
		},
		"whom to ask is not decided where an unknown rule asks others": {
			[]string{looked, rule("city", `entry.location != "X"`, "{ask: travel}")}, kept, expense.Entry{Type: "MEALS"}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Unknown, Old: "approve", Rules: []string{"looked"}, Unknown: []string{"city"}, Missing: []string{"entry.location"}},
		},
		"a rule that is only watched changes nothing": {
			[]string{noReceipt, watched}, kept, expense.Entry{HasReceipt: new(true)}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Same, Old: "approve", New: "approve", Unknown: []string{"watched"}, Missing: []string{"entry.country"}},
		},
		"a run that did not record what it kept": {
			[]string{noReceipt}, nil, expense.Entry{}, expense.Verdict{Action: expense.Approve},
			whatif.Change{Result: whatif.Unknown, Old: "approve", Unknown: []string{"receipt"}, Missing: []string{"(the run did not record which fields it stored)"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.entry.ID, c.entry.HasReceipt = "1", cmp.Or(c.entry.HasReceipt, new(false))
			past := whatif.Past{Kept: c.kept, Verdict: c.old, Input: policy.Input{Report: &expense.Report{Entries: []expense.Entry{c.entry}}}}
			got := whatif.Compare(rules(t, c.rules...), past)
			if len(got.Rules) == 0 {
				got.Rules = nil
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestARuleOfAnotherStepIsNotUnknown(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("rules.yaml", []byte(`apiVersion: concur-connector/v1
steps: {early: SUBMIT, late: EXTRACT}
rules:
  - {name: place, level: entry, steps: late, expression: 'entry.location != "X"', message: m, then: {sendBack: true}}
`))
	require.NoError(t, err)
	past := whatif.Past{Kept: keptFor(t, noReceipt), Verdict: expense.Verdict{Action: expense.Approve}, Input: policy.Input{EventType: "SUBMIT", Report: &expense.Report{Entries: []expense.Entry{{ID: "1"}}}}}
	require.Equal(t, whatif.Same, whatif.Compare(p, past).Result)
	past.EventType = "EXTRACT"
	require.Equal(t, whatif.Unknown, whatif.Compare(p, past).Result)
	past.EventType = "" // it may be any
	require.Equal(t, whatif.Unknown, whatif.Compare(p, past).Result)
}

func TestAFactThatWasNotFetchedIsUnknown(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("rules.yaml", []byte(`apiVersion: concur-connector/v1
facts:
  twins: {level: entry, url: "https://erp.example.com/", send: {id: entry.id}, answer: {twin: bool}}
rules:
  - {name: twin, level: entry, expression: "!facts.twins.twin", message: m, then: {sendBack: true}}
`))
	require.NoError(t, err)
	past := whatif.Past{Whole: true, Verdict: expense.Verdict{Action: expense.Approve}, Input: policy.Input{Report: &expense.Report{Entries: []expense.Entry{{ID: "1"}}}}}
	c := whatif.Compare(p, past)
	require.Equal(t, whatif.Unknown, c.Result)
	require.Equal(t, []string{"facts.twins"}, c.Missing)

	past.Facts = expense.Facts{"twins": {"1": {"twin": []byte("true")}}}
	require.Equal(t, "send-back", whatif.Compare(p, past).New)
}

func TestASendBackThatPostsNothingHasNoExceptions(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("rules.yaml", []byte("apiVersion: concur-connector/v1\nsettings: {sendBackPostsExceptions: false}\nrules:\n"+noReceipt+vendor))
	require.NoError(t, err)
	past := whatif.Past{Whole: true, Input: policy.Input{Report: &expense.Report{Entries: []expense.Entry{{ID: "1", Vendor: "ACME"}}}}, Verdict: expense.Verdict{
		Action: expense.SendBack, Exceptions: []expense.Exception{{ObjectType: expense.OnEntry, ObjectID: "1", Code: "NORECPT"}},
	}}
	c := whatif.Compare(p, past)
	require.Equal(t, []string{"NORECPT"}, c.Removed)
	require.Equal(t, whatif.OtherExceptions, c.Kind())
}

func TestTwoFilesAreComparedOnNewPayloads(t *testing.T) {
	t.Parallel()
	past := whatif.Past{Whole: true, Input: policy.Input{Report: &expense.Report{Entries: []expense.Entry{{ID: "1", Vendor: "ACME", HasReceipt: new(true)}}}}}
	c := whatif.CompareBoth(rules(t, noReceipt), rules(t, vendor), past)
	require.Equal(t, "approve → send-back", c.Kind())
	require.Equal(t, whatif.Same, whatif.CompareBoth(rules(t, vendor), rules(t, vendor), past).Result)
}

func TestASummaryKeepsABoundedNumberOfChanges(t *testing.T) {
	t.Parallel()
	tally := whatif.NewTally(2)
	for i := range 1000 {
		tally.Add(whatif.Change{ID: fmt.Sprint(i), Result: whatif.Changed, Old: "approve", New: "send-back", Added: []string{"A", "A"}, Removed: []string{"B"}})
		tally.Add(whatif.Change{Result: whatif.Unknown, Unknown: []string{"one"}, Missing: []string{"entry.type"}})
		tally.Add(whatif.Change{Result: whatif.Skipped, Skipped: whatif.NotEvaluated})
		tally.Add(whatif.Change{Result: whatif.Same})
	}
	require.Equal(t, 4000, tally.Runs)
	require.Equal(t, 1000, tally.Same)
	require.Equal(t, 1000, tally.SkippedRuns())
	require.Equal(t, map[string]int{"approve → send-back": 1000}, tally.Kinds)
	require.Equal(t, map[string]int{"A": 2000}, tally.Added)
	require.Equal(t, map[string]int{"B": 1000}, tally.Removed)
	require.Equal(t, map[string]int{"one": 1000}, tally.UnknownRules)
	require.Equal(t, map[string]int{"entry.type": 1000}, tally.UnknownFields)
	require.Len(t, tally.Examples, 2)
}
