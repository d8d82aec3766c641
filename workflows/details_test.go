package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// details is what the Web UI prints of the run.
func (p *play) details() string {
	answer, err := p.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(p.t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(p.t, answer.Get(&metadata))
	return metadata.CurrentDetails
}

func TestTheDetailsMarkFindingsWithoutEffect(t *testing.T) {
	p := newPlay(t)
	verdict := approval
	verdict.Version, verdict.ApproveByException = "2026-11", ""
	verdict.Findings = []expense.Finding{
		{Rule: "round", Message: "A round amount.", Shadow: true},
		{Rule: "weekend", Message: "On a *weekend*.", Warn: true},
		{Rule: "receipt", Object: "gE$1", Message: "A receipt is missing.", Values: []expense.RuleValue{
			{Name: "entry.posted", Value: "82.10 USD"}, {Name: "entry.vendor", Value: "[Mallory](http://x)"}, {Name: "c", Value: "3"}, {Name: "d", Value: "4"}, {Name: "e", Value: "5"},
		}},
	}
	verdict.Rules = []expense.RuleSummary{{Rule: "receipt", Objects: 1, Violated: 1}}
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
	p.run(callout())
	require.Contains(t, p.details(), "The rules (version `2026-11`, hash h1) say: approve\n\n"+
		"- `receipt` on `gE$1`: `A receipt is missing.` (values: `entry.posted = 82.10 USD`, `entry.vendor = [Mallory](http://x)`, `c = 3`, `d = 4`, and 1 more)\n"+
		"- warning: `weekend`: `On a *weekend*.`\n"+
		"- shadow: `round`: `A round amount.`\n")

	s := p.status()
	require.Equal(t, verdict.Findings, s.Verdict.Findings, "the status has them as they are")
	require.Equal(t, verdict.Rules, s.Verdict.Rules)
	require.Equal(t, "2026-11", s.Verdict.Version)
}

func TestTheDetailsShowForeignTextsUnchanged(t *testing.T) {
	for name, c := range map[string]struct{ text, shown string }{
		"a key":                      {"gWr1$pE%4A$x", "`gWr1$pE%4A$x`"},
		"HTML and quotes":            {`<b onclick="x">it's</b> &lt;`, "`<b onclick=\"x\">it's</b> &lt;`"},
		"Markdown":                   {`**a** _b_ [c](http://d) ![e](f) # g | h -- ... \$`, "`**a** _b_ [c](http://d) ![e](f) # g | h -- ... \\$`"},
		"one backtick":               {"a`b", "``a`b``"},
		"a fence":                    {"```js\nalert()\n```", "```` ```js alert() ``` ````"},
		"a backtick at its end":      {"a`", "`` a` ``"},
		"spaces at both ends":        {" a ", "`  a  `"},
		"lines":                      {"a\r\nb\n\n- c\td\u2028e", "`a b  - c d e`"},
		"what nobody can see":        {"a\u202eb\u200bc\x00d\x1b", "`a<U+202E>b<U+200B>c<U+0000>d<U+001B>`"},
		"what is no text":            {"a\xffb", "`a\ufffdb`"},
		"nothing":                    {"", "(nothing)"},
		"letters of other languages": {"größe 報告 😀", "`größe 報告 😀`"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			verdict := approval
			verdict.Findings = []expense.Finding{{Rule: "r", Message: c.text}}
			p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
			p.run(callout())
			require.Contains(t, p.details(), "- `r`: "+c.shown+"\n")
		})
	}
}

func TestTheDetailsListAtMostTwentyFindings(t *testing.T) {
	p := newPlay(t)
	verdict := approval
	for i := range 30 {
		verdict.Findings = append(verdict.Findings, expense.Finding{Rule: fmt.Sprint("watched-", i), Message: "m", Shadow: true})
	}
	verdict.Findings = append(verdict.Findings, expense.Finding{Rule: "last", Message: "It counts."})
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
	p.run(callout())
	require.Contains(t, p.details(), "The rules (hash h1) say")
	require.Contains(t, p.details(), "- `last`: `It counts.`\n", "findings with an effect come before those of shadow rules")
	require.Contains(t, p.details(), "- and 11 more\n")
}

func TestALargeVerdictIsCarriedOnWithoutItsExplanations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values, message int
		saw, rules      bool
	}{"small": {1, 10, true, true}, "with large values": {12, 10, false, true}, "with large messages": {12, 2000, false, false}} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			verdict := ask
			verdict.Rules = []expense.RuleSummary{{Rule: "large"}}
			for i := range 500 {
				f := expense.Finding{Rule: "large", Object: fmt.Sprint(i), Message: strings.Repeat("m", c.message)}
				for range c.values {
					f.Values = append(f.Values, expense.RuleValue{Name: "entry.purpose", Value: strings.Repeat("v", 80)})
				}
				verdict.Findings = append(verdict.Findings, f)
			}
			p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
			p.after(time.Hour, func() { p.env.SetContinueAsNewSuggested(true) })
			p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, p.env.GetWorkflowError(), &again)
			require.Less(t, again.Input.Size(), 1<<20, "a payload may have 2 MiB")
			var input workflows.ProcessInput
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
			carried := input.Memory.Evaluation.Verdict
			require.Equal(t, verdict.Action, carried.Action)
			require.Equal(t, verdict.Comment, carried.Comment)
			require.NotEmpty(t, carried.Findings)
			require.Equal(t, c.saw, len(carried.Findings[0].Values) > 0)
			require.Equal(t, c.rules, len(carried.Rules) > 0)
		})
	}
}

func TestExceptionsOfManyStepsFitIntoAPayload(t *testing.T) {
	p := newPlay(t)
	memory := workflows.Memory{MustRead: true}
	memory.Address.ObjectURI, memory.Step.ValidationID, memory.Read.Revision = callout().ObjectURI, waiting(1, 10).ValidationID, waiting(1, 10).Revision
	for step := range 6 {
		for i := range 1000 {
			name := memory.Step.ValidationID
			if step < 5 {
				name = fmt.Sprint("P_CALL ", strings.Repeat("/expense/report", 8), step)
			}
			memory.Writes.Posted = append(memory.Writes.Posted, workflows.PostedAtStep{ValidationID: name, PostedException: expense.PostedException{
				Exception: expense.Exception{ObjectType: expense.OnEntry, ObjectID: fmt.Sprintf("gWr1$pEntry%04d", i), Code: "NORECPT", Rule: strings.Repeat("r", 64)},
				State:     expense.Posted,
			}})
		}
	}
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	p.after(time.Hour, func() { p.env.SetContinueAsNewSuggested(true) })
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout(), Memory: &memory})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	require.Less(t, again.Input.Size(), 1<<20)
	var input workflows.ProcessInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
	carried := input.Memory.Writes.Posted
	require.Len(t, carried, 2000)
	require.Equal(t, memory.Step.ValidationID, carried[1000].ValidationID, "all exceptions of this step are carried on")
	require.Equal(t, memory.Writes.Posted[4000].ValidationID, carried[0].ValidationID, "and the latest of those before")
}
