package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// maxPayload is how large a payload may be that Temporal takes.
const maxPayload = 2 << 20

// sealed is a decision that names a person. The check of a play accepts the seal "fits" only.
func sealed(by, id, seal string) expense.Decision {
	return expense.Decision{
		ID: id, Decision: expense.DecideApprove, By: by, Actor: &expense.Actor{Name: by, IdentifiedBy: expense.ByToken}, At: time.Now(), Seal: seal,
	}
}

// checkSeals accepts decisions whose seal begins with "fits".
func checkSeals(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
	if !strings.HasPrefix(in.Decision.Seal, "fits") {
		return expense.CheckedDecision{By: expense.Unverified, Why: "nobody has verified who sent this decision"}, nil
	}
	return expense.CheckedDecision{Accepted: true, By: in.Decision.Actor.Name, Groups: in.Task.Asked(), IdentifiedBy: expense.ByToken}, nil
}

// send sends a decision on the open task.
func (p *play) send(d expense.Decision) {
	d.TaskID = p.status().Task.ID
	p.env.SignalWorkflow(workflows.Decided, d)
}

// continued plays until the run continues as new, and returns the size of the next run's input.
func (p *play) continued() (input workflows.ProcessInput, size int) {
	p.t.Helper()
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(p.t, p.env.GetWorkflowError(), &again)
	require.NoError(p.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
	return input, again.Input.Size()
}

func TestNobodyCanUseUpTheIDOfAnothersDecision(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]expense.Decision{
		"by a decision without a seal":         {ID: "approve-1", Decision: expense.DecideApprove, By: "anna"},
		"by a forged seal":                     sealed("anna", "approve-1", "forged"),
		"as an approver who may not decide":    sealed("eve", "approve-1", "fits, but eve is no member"),
		"by a decision of another task":        {ID: "approve-1", TaskID: "another", Decision: expense.DecideApprove},
		"by an ID like those of unnamed ones":  {ID: "signal-1", Decision: expense.DecideApprove},
		"by a signal that claims to be a list": {ID: "approve-1", Decision: "everything"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
			p.check = func(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
				checked, err := checkSeals(in)
				if checked.By == "eve" {
					checked.Accepted, checked.Groups, checked.Why = false, nil, "eve is in no group that has to decide"
				}
				return checked, err
			}
			p.after(time.Hour, func() {
				if before.TaskID == "" {
					before.TaskID = p.status().Task.ID
				}
				p.env.SignalWorkflow(workflows.Decided, before)
			})
			p.after(2*time.Hour, func() {
				require.Len(t, refused(p.status()), 1)
				p.send(sealed("anna", "approve-1", "fits"))
			})
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Len(t, p.acted, 1)
		})
	}
}

func TestADecisionThatIsSentAgainChangesNothing(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}, checkSeals
	claim := sealed("anna", "claim", "fits")
	claim.Decision = expense.ClaimTask
	release := sealed("anna", "release", "fits")
	release.Decision = expense.ReleaseTask
	p.after(1*time.Minute, func() { p.send(claim) })
	p.after(2*time.Minute, func() { p.send(release) })
	p.after(3*time.Minute, func() { p.send(claim) }) // recorded from Temporal and sent again
	p.after(4*time.Minute, func() {
		for i := range 400 { // pushes what it can out of the record
			p.send(expense.Decision{ID: fmt.Sprint(i), Decision: expense.DecideApprove})
		}
	})
	p.after(5*time.Minute, func() { p.send(claim) })
	resealed := claim
	resealed.Seal = "fits, with another time" // the endpoint seals a decision anew when it is sent again
	p.after(6*time.Minute, func() { p.send(resealed) })
	p.after(7*time.Minute, func() {
		require.Empty(t, p.status().Task.ClaimedBy)
		p.send(sealed("anna", "approve", "fits"))
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	n := 0
	for _, e := range p.record {
		if e.DecisionID == "claim" {
			n++
		}
	}
	require.Equal(t, 1, n)
}

func TestTheRunKeepsNothingOfADecisionThatIsTooLarge(t *testing.T) {
	t.Parallel()
	long, huge := strings.Repeat("x", 3000), strings.Repeat("x", 1<<20)
	for name, d := range map[string]expense.Decision{
		"in its comment":         {ID: "d", Comment: long},
		"in its ID":              {ID: long},
		"in its recipient":       {ID: "d", To: long},
		"in its choice":          {ID: "d", Decision: expense.DecisionChoice(huge)},
		"in its seal":            {ID: "d", Seal: long},
		"in its name":            {ID: "d", By: huge},
		"in its actor":           {ID: "d", Actor: &expense.Actor{Groups: []string{huge}}},
		"in many small texts":    {ID: "d", Actor: &expense.Actor{Logins: strings.Split(huge[:300<<10], "")}},
		"with invisible letters": {ID: "d\x1b[2J"},
		"with a reversed name":   {ID: "d", To: "\u202eeve"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{ask}, checkSeals
			if d.Decision == "" {
				d.Decision = expense.DecideApprove
			}
			p.after(time.Hour, func() { p.send(d) })
			p.after(2*time.Hour, func() {
				answer, err := p.env.QueryWorkflow(workflows.StatusQuery)
				require.NoError(t, err)
				var text converter.RawValue
				require.NoError(t, answer.Get(&text))
				require.Less(t, len(text.Payload().GetData()), 8<<10)
				require.Regexp(t, "larger|at most|cannot be read", p.status().Record[1].Why)
				require.Empty(t, p.checked)
				p.send(sealed("anna", "d", "fits"))
			})
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		})
	}
}

func TestWhatARunKeepsOfDecisionsFitsIntoAPayload(t *testing.T) {
	t.Parallel()
	worst := strings.Repeat("<", expense.MaxComment) // 6 bytes each in JSON
	verdict := askingGroups("finance", "owners")
	verdict.Findings = make([]expense.Finding, 50)
	verdict.Findings[40].Message = strings.Repeat("m", 500<<10) // the details show the first
	t.Run("in its record", func(t *testing.T) {
		p, task := newPlay(t), ""
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
		p.check = func(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
			checked, err := checkSeals(in)
			checked.Groups = []string{"finance"}
			return checked, err
		}
		p.after(time.Minute, func() {
			first := sealed("anna", "first", "fits")
			first.Comment = "The employee reads this."
			p.send(first)
			task = p.status().Task.ID
		})
		p.after(time.Hour, func() {
			for i := range 250 {
				d := sealed("anna", fmt.Sprint("comment-", i, strings.Repeat("<", 80)), "fits")
				d.Decision, d.Comment, d.TaskID = expense.AddComment, worst, task
				p.after(time.Duration(i)*time.Second, func() { p.env.SignalWorkflow(workflows.Decided, d) })
			}
		})
		p.after(2*time.Hour, func() { p.env.SetContinueAsNewSuggested(true); p.env.SignalWorkflow(workflows.Notified, callout()) })
		input, size := p.continued()
		require.Less(t, size, maxPayload)
		record := input.Memory.Decision.Record
		require.Len(t, record, 200)
		require.Equal(t, worst, record[199].Comment)
		require.Contains(t, record[100].Comment, "cut")

		q := setUp(t)
		q.reads, q.verdicts, q.check = []any{waiting(1, 10)}, []any{verdict}, checkSeals
		q.after(time.Minute, func() { q.send(sealed("lee", "last", "fits")) })
		q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
		require.NoError(t, q.env.GetWorkflowError())
		require.Contains(t, q.acted[0].Comment, "The employee reads this.")
	})
	t.Run("before they are checked", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
		p.check = func(expense.CheckDecisionInput) (expense.CheckedDecision, error) {
			return expense.CheckedDecision{}, fmt.Errorf("the approvers' file cannot be read")
		}
		p.after(time.Hour, func() {
			d := sealed("anna", "", "fits")
			d.Comment, d.TaskID = worst, p.status().Task.ID
			for i := range 250 {
				d.ID = fmt.Sprint("d-", i)
				p.env.SignalWorkflow(workflows.Decided, d)
			}
		})
		p.after(2*time.Hour, func() { p.env.SetContinueAsNewSuggested(true); p.env.SignalWorkflow(workflows.Notified, callout()) })
		input, size := p.continued()
		require.Less(t, size, maxPayload)
		require.NotEmpty(t, input.Memory.Decision.Received)
		require.Contains(t, refused(p.status())[0].Why, "too many decisions wait")
		require.Equal(t, "fits", refused(p.status())[0].Seal)
	})
}

func TestADelegationIsKeptOnceAndATaskIsDelegatedAFewTimesOnly(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{ask}, checkSeals
	delegate := func(id, to string) {
		d := sealed("anna", id, "fits")
		d.Decision, d.To = expense.DelegateTask, to
		p.send(d)
	}
	for i := range 3 {
		p.after(time.Duration(i+1)*time.Minute, func() { delegate(fmt.Sprint("again-", i), "lee") })
	}
	p.after(time.Hour, func() {
		require.Len(t, p.status().Task.Delegates, 1)
		for i := range 50 {
			delegate(fmt.Sprint(i), fmt.Sprint("person ", i))
		}
	})
	p.after(2*time.Hour, func() {
		require.Len(t, p.status().Task.Delegates, 20)
		require.Contains(t, refused(p.status())[0].Why, "delegated")
		p.send(sealed("anna", "approve", "fits"))
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}

func TestWhatADecisionSaysIsNotMarkdown(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}, countsFor
	const trap = "` [click](https://evil.example) <img src=x>\n# **Approved**"
	p.after(time.Minute, func() {
		p.send(expense.Decision{ID: "finance-1", Decision: expense.DecideApprove, Comment: trap, By: trap})
	})
	p.after(2*time.Minute, func() {
		p.send(expense.Decision{ID: "owners-<b>", Decision: expense.DecisionChoice(trap), Comment: trap})
	})
	p.after(time.Hour, func() {
		details := p.details()
		require.NotContains(t, details, "\n# **Approved**")
		require.Contains(t, details, "`` ` [click](https://evil.example) <img src=x> # **Approved** ``", "as a code span")
		p.send(expense.Decision{ID: "owners-1", Decision: expense.DecideApprove})
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}

// A run that waits receives signals until Temporal suggests that it continues as new. It does so at
// once, whoever sends the signals, and the task with its approvals stays.
func TestAFloodOfSignalsDoesNotKeepARunFromContinuing(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}, checkSeals
	p.check = func(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
		checked, err := checkSeals(in)
		if checked.Accepted {
			checked.Groups = []string{"finance"}
		}
		return checked, err
	}
	p.after(time.Minute, func() { p.send(sealed("anna", "approve", "fits")) })
	for i := range 300 {
		p.after(time.Hour+time.Duration(i)*time.Second, func() {
			if i == 200 {
				p.env.SetContinueAsNewSuggested(true)
			}
			p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: "EXPRPT:gWr1$pKey/0000/1", ID: fmt.Sprint(i), Decision: expense.DecideApprove})
		})
	}
	input, _ := p.continued()
	require.Equal(t, []string{"owners"}, input.Memory.Decision.Task.Asked())
	require.Less(t, len(p.checked), 210)
	require.Len(t, p.read, 1, "Concur is not asked again because of signals")
}

func TestATaskThatAnOperatorPlansByHandIsNotUsed(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	p.plan = expense.TaskPlan{Answer: expense.Answer{Of: "an operator"}}
	p.after(time.Minute, func() {
		require.Equal(t, workflows.Parked, p.status().State)
		require.Nil(t, p.status().Task)
		p.plan = expense.TaskPlan{}
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}
