package workflows_test

import (
	"errors"
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

// asking is a verdict that asks these groups.
func askingGroups(groups ...string) expense.Verdict {
	verdict := ask
	verdict.Approvals = asks(groups...)
	return verdict
}

// countsFor has each decision count for the group that is written before the dash of its ID.
func countsFor(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
	group, _, _ := strings.Cut(in.Decision.ID, "-")
	return expense.CheckedDecision{Accepted: true, By: in.Decision.ID, Groups: []string{group}}, nil
}

// kinds lists the kinds of a record's events.
func kinds(s workflows.Status) (all []expense.TaskEventKind) {
	for _, e := range s.Record {
		all = append(all, e.Kind)
	}
	return all
}

// newsOf lists what approvers were told.
func newsOf(p *play) (all []expense.TaskNews) {
	for _, n := range p.news {
		all = append(all, n.News)
	}
	return all
}

func TestApprovalsAddUpUntilNothingIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		approvals []expense.RequiredApproval
		decides   []string // the IDs of approvals, in order; the last one decides
	}{
		"of one group":              {asks("finance"), []string{"finance-1"}},
		"of two groups":             {asks("finance", "owners"), []string{"owners-1", "finance-1"}},
		"of two people of a group":  {[]expense.RequiredApproval{{Group: "finance", Count: 2}}, []string{"finance-1", "finance-2"}},
		"of anybody":                {nil, []string{"-1"}},
		"of two people and a group": {[]expense.RequiredApproval{{Group: "finance", Count: 2}, {Group: "owners", Count: 1}}, []string{"finance-1", "owners-1", "finance-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			verdict := ask
			verdict.Approvals = c.approvals
			p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{verdict}, countsFor
			for i, id := range c.decides {
				p.after(time.Duration(i+1)*time.Hour, func() {
					require.Empty(t, p.acted)
					require.Equal(t, workflows.Waiting, p.status().State)
					p.decide(p.status().Task.ID, id, expense.DecideApprove)
				})
			}
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Len(t, p.checked, len(c.decides))
			require.Equal(t, expense.TaskCarriedOut, p.status().Record[len(p.status().Record)-1].Kind)
		})
	}
}

func TestOneSendBackDecidesForAllGroups(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}, countsFor
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "finance-1", expense.DecideApprove) })
	p.after(2*time.Hour, func() {
		p.env.SignalWorkflow(workflows.Decided, expense.Decision{
			TaskID: p.status().Task.ID, ID: "owners-1", Decision: expense.DecideSendBack, Comment: "Not for our cost centre."})
	})
	result := p.run(callout())
	require.Equal(t, expense.SentBack, result.Outcome)
	require.Equal(t, "person", result.Cause)
	require.Equal(t, "Not for our cost centre.", p.acted[0].Comment)
}

func TestTheEmployeeReadsWhatAllApproversWrote(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}, countsFor
	for i, id := range []string{"finance-1", "owners-1"} {
		p.after(time.Duration(i+1)*time.Hour, func() {
			p.env.SignalWorkflow(workflows.Decided, expense.Decision{
				TaskID: p.status().Task.ID, ID: id, Decision: expense.DecideApprove, Comment: "Seen by " + id + "."})
		})
	}
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, "Seen by finance-1.\nSeen by owners-1.", p.acted[0].Comment)
}

func TestAPlanRemindsEscalatesAndNeverApproves(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{ask}, countsFor
	p.plan = expense.TaskPlan{Notify: true, Steps: []expense.TaskStep{
		{Kind: expense.Remind, Group: "finance"},
		{Kind: expense.Escalate, Group: "finance", To: "controllers"},
		{Kind: expense.Deadline, Group: "finance", Then: expense.ThenKeepWaiting},
	}}
	p.planned = []time.Duration{24 * time.Hour, 48 * time.Hour, 72 * time.Hour}
	p.after(25*time.Hour, func() {
		require.Equal(t, []expense.TaskEventKind{expense.TaskOpened, expense.TaskReminded}, kinds(p.status()))
		require.Equal(t, []string{"finance"}, p.status().Task.Asked())
	})
	p.after(49*time.Hour, func() {
		require.Equal(t, []string{"finance", "controllers"}, p.status().Task.Asked())
	})
	p.after(90*24*time.Hour, func() {
		require.Empty(t, p.acted)
		require.Equal(t, workflows.Waiting, p.status().State)
		p.decide(p.status().Task.ID, "controllers-1", expense.DecideApprove)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, []expense.TaskEventKind{expense.TaskOpened, expense.TaskReminded, expense.TaskEscalated, expense.TaskOverdue,
		expense.TaskCounted, expense.TaskCarriedOut}, kinds(p.status()))
	require.Equal(t, []expense.TaskNews{expense.NewsOpened, expense.NewsReminder, expense.NewsEscalated, expense.NewsOverdue}, newsOf(p))
	require.Equal(t, []string{"finance", "controllers"}, p.news[2].Groups)
}

func TestADeadlineCanSendBack(t *testing.T) {
	t.Parallel()
	sendsBack := func(p *play) {
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.plan = expense.TaskPlan{Steps: []expense.TaskStep{{Kind: expense.Deadline, Group: "finance", Then: expense.ThenSendBack}}}
		p.planned = []time.Duration{24 * time.Hour}
	}
	t.Run("with a cause of its own and the rules' message", func(t *testing.T) {
		p := newPlay(t)
		sendsBack(p)
		begun := p.env.Now()
		result := p.run(callout())
		require.Equal(t, expense.SentBack, result.Outcome)
		require.Equal(t, "deadline", result.Cause)
		require.Equal(t, "Too large.", p.acted[0].Comment)
		require.WithinDuration(t, begun.Add(24*time.Hour), p.env.Now(), time.Minute)
	})
	t.Run("but not when somebody has decided before", func(t *testing.T) {
		p := newPlay(t)
		sendsBack(p)
		p.after(23*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})
	t.Run("although a decision cannot be checked", func(t *testing.T) {
		p := newPlay(t)
		sendsBack(p)
		p.check = func(expense.CheckDecisionInput) (expense.CheckedDecision, error) {
			return expense.CheckedDecision{}, errors.New("the approvers' file cannot be read")
		}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Hour, func() { require.Equal(t, 1, p.status().Unchecked) })
		result := p.run(callout())
		require.Equal(t, "deadline", result.Cause)
		require.Equal(t, "d1", refused(p.status())[0].DecisionID)
	})
	t.Run("and a message that is never delivered delays nothing", func(t *testing.T) {
		p := newPlay(t)
		sendsBack(p)
		p.plan.Notify = true
		p.tell = func(expense.NotifyApproversInput) error { return errors.New("no mail server") }
		begun := p.env.Now()
		require.Equal(t, "deadline", p.run(callout()).Cause)
		require.WithinDuration(t, begun.Add(24*time.Hour), p.env.Now(), 5*time.Minute)
	})
}

func TestAReportIsReadAgainWhileItWaitsForADecision(t *testing.T) {
	t.Parallel()
	t.Run("and the task with its approvals stays when nothing has changed", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.check = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}, countsFor
		p.plan = expense.TaskPlan{CheckEvery: time.Hour, Steps: []expense.TaskStep{{Kind: expense.Remind, Group: "owners"}}}
		p.planned = []time.Duration{150 * time.Minute}
		p.after(30*time.Minute, func() { p.decide(p.status().Task.ID, "finance-1", expense.DecideApprove) })
		p.after(5*time.Hour+30*time.Minute, func() {
			require.Equal(t, []string{"owners"}, p.status().Task.Asked())
			require.Greater(t, len(p.read), 5)
			p.decide(p.status().Task.ID, "owners-1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []expense.TaskEventKind{expense.TaskOpened, expense.TaskCounted, expense.TaskReminded, expense.TaskCounted, expense.TaskCarriedOut}, kinds(p.status()))
	})
	t.Run("and the task is withdrawn when it was recalled", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_RESU")}, []any{ask}
		p.plan = expense.TaskPlan{CheckEvery: time.Hour, Notify: true}
		require.Equal(t, expense.Withdrawn, p.run(callout()).Outcome)
		require.Equal(t, []expense.TaskEventKind{expense.TaskOpened, expense.TaskWithdrawn}, kinds(p.status()))
		require.Equal(t, []expense.TaskNews{expense.NewsOpened, expense.NewsWithdrawn}, newsOf(p))
		require.Empty(t, p.acted)
	})
	t.Run("and approvals of the old revision do not count for the new one", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.check = []any{waiting(1, 10), waiting(1, 99)}, []any{askingGroups("finance", "owners")}, countsFor
		p.plan = expense.TaskPlan{CheckEvery: time.Hour}
		p.after(30*time.Minute, func() { p.decide(p.status().Task.ID, "finance-1", expense.DecideApprove) })
		p.after(2*time.Hour+30*time.Minute, func() {
			require.Equal(t, []string{"finance", "owners"}, p.status().Task.Asked())
			p.decide(p.status().Task.ID, "owners-1", expense.DecideApprove)
			p.decide(p.status().Task.ID, "finance-2", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Contains(t, kinds(p.status()), expense.TaskWithdrawn)
	})
}

func TestADecisionThatWasNotCheckedNeverCounts(t *testing.T) {
	t.Parallel()
	t.Run("when an operator completes the check by hand", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.check = func(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
			if len(p.checked) == 1 {
				return expense.CheckedDecision{Answer: expense.Answer{Of: "an operator"}, Accepted: true, By: "eve", Groups: []string{"finance"}}, nil
			}
			return expense.CheckedDecision{Accepted: in.Decision.ID == "d2", Why: map[bool]string{true: "", false: "not a member"}[in.Decision.ID == "d2"], By: in.Decision.By, Groups: []string{"finance"}}, nil
		}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Hour, func() {
			require.Empty(t, p.acted)
			require.Equal(t, "not a member", refused(p.status())[0].Why)
			p.decide(p.status().Task.ID, "d2", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})
	t.Run("when the task has closed during the check", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_RESU")}, []any{ask}
		p.check = func(expense.CheckDecisionInput) (expense.CheckedDecision, error) {
			return expense.CheckedDecision{}, errors.New("the approvers' file cannot be read")
		}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
		require.Equal(t, expense.Withdrawn, p.run(callout()).Outcome)
		require.Equal(t, []expense.TaskEventKind{expense.TaskOpened, expense.TaskWithdrawn, expense.TaskRefused}, kinds(p.status()))
	})
}

func TestRefusedDecisionsCannotPushOutThoseThatCount(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{askingGroups("finance", "owners")}
	p.check = func(in expense.CheckDecisionInput) (expense.CheckedDecision, error) {
		if !strings.HasPrefix(in.Decision.ID, "real-") {
			return expense.CheckedDecision{By: expense.Unverified, Why: "nobody has verified who sent this decision"}, nil
		}
		return expense.CheckedDecision{Accepted: true, By: in.Decision.ID, Groups: []string{strings.TrimPrefix(in.Decision.ID, "real-")}}, nil
	}
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "real-finance", expense.DecideApprove) })
	for i := range 500 {
		p.after(2*time.Hour+time.Duration(i)*time.Second, func() { p.decide(p.status().Task.ID, fmt.Sprint("flood", i), expense.DecideApprove) })
	}
	p.after(3*time.Hour, func() {
		s := p.status()
		require.LessOrEqual(t, len(s.Record), 200)
		require.Equal(t, []string{"owners"}, s.Task.Asked())
		require.Equal(t, "real-finance", s.Record[1].DecisionID)
		p.decide(s.Task.ID, "real-owners", expense.DecideApprove)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}

func TestClaimsCommentsAndDelegationsDecideNothing(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	for i, choice := range []expense.DecisionChoice{expense.ClaimTask, expense.AddComment, expense.DelegateTask} {
		p.after(time.Duration(i+1)*time.Minute, func() {
			p.env.SignalWorkflow(workflows.Decided, expense.Decision{
				TaskID: p.status().Task.ID, ID: string(choice), Decision: choice, Comment: "Hm.", To: "lee", By: "kim"})
		})
	}
	p.after(time.Hour, func() {
		s := p.status()
		require.Empty(t, p.acted)
		require.Equal(t, "kim", s.Task.ClaimedBy)
		require.Equal(t, []expense.Delegate{{To: "lee", From: "kim"}}, s.Task.Delegates)
		require.Equal(t, "Hm.", s.Record[2].Comment)
		p.decide(s.Task.ID, "release", expense.ReleaseTask)
	})
	p.after(2*time.Hour, func() {
		require.Empty(t, p.status().Task.ClaimedBy)
		p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}

func TestAContinuedRunChecksWhatWasNotChecked(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	p.check = func(expense.CheckDecisionInput) (expense.CheckedDecision, error) {
		return expense.CheckedDecision{}, errors.New("the approvers' file cannot be read")
	}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	p.after(time.Hour, func() { p.env.SetContinueAsNewSuggested(true) })
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	var input workflows.ProcessInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))

	q := setUp(t)
	q.reads, q.verdicts = []any{waiting(1, 10)}, []any{ask}
	q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
	require.NoError(t, q.env.GetWorkflowError())
	require.Equal(t, "d1", q.checked[0].Decision.ID)
	require.Len(t, q.acted, 1)
}

func TestATaskIsWithdrawnWhenNothingIsWritten(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	p.plan = expense.TaskPlan{Notify: true}
	p.actions = []any{expense.ActionTaken{DryRun: expense.DryRunMode}}
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.DryRun, p.run(callout()).Outcome)
	s := p.status()
	require.Equal(t, []expense.TaskEventKind{expense.TaskOpened, expense.TaskCounted, expense.TaskWithdrawn}, kinds(s))
	require.Contains(t, s.Record[2].Why, "dry run")
	require.Contains(t, newsOf(p), expense.NewsWithdrawn)
}

func TestAMessageIsDeliveredBeforeALongRunIsContinued(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	p.plan = expense.TaskPlan{Notify: true}
	p.tell = func(expense.NotifyApproversInput) error {
		if len(p.news) == 1 {
			p.env.SetContinueAsNewSuggested(true)
			return errors.New("no mail server")
		}
		return nil
	}
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	require.Len(t, p.news, 2, "the second attempt has delivered it")
}
