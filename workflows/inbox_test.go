package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestANotificationForAnOpenRun(t *testing.T) {
	t.Parallel()

	t.Run("while finishing sends the run back to the read", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), waiting(2, 20)}
		p.verdicts = []any{approval}
		p.actions = []any{func() any { p.env.SignalWorkflow(workflows.Notified, callout()); return nil }, nil}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "read", "evaluate", "approve"}, p.calls)
	})

	t.Run("while deleting sends the run back to the read, and the outcome stands", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_RESU")}, []any{approval}
		p.deletes = []any{func() any { p.env.SignalWorkflow(workflows.Notified, callout()); return nil }}
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "delete", "read"}, p.calls)
	})

	t.Run("with a known failed-list URI reads nothing", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(time.Minute, func() {
			p.env.SignalWorkflow(workflows.Notified, failedCopy(1))
			p.env.SignalWorkflow(workflows.Notified, failedCopy(1))
		})
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "delete"}, p.calls)
	})

	t.Run("that finds the report unchanged starts no task and restarts no timer", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		var before workflows.Status
		p.after(time.Minute, func() { before = p.status(); p.env.SignalWorkflow(workflows.Notified, callout()) })
		p.after(time.Hour, func() {
			now := p.status()
			require.Equal(t, before.Task, now.Task)
			require.Equal(t, before.Since, now.Since)
			require.Equal(t, workflows.WaitingForApprover, now.WaitingFor)
			p.decide(now.Task.ID, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "read", "approve"}, p.calls)
	})

	t.Run("that finds the report recalled ends the wait", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_RESU")}, []any{ask}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
		require.Equal(t, expense.Withdrawn, p.run(callout()).Outcome)
	})

	t.Run("before the first read is part of the first pass", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.after(0, func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(7)) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, "delete", p.calls[len(p.calls)-1])
	})

	t.Run("without a payload reads the report again", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_APPR")}, []any{ask}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, nil) })
		require.Equal(t, expense.Superseded, p.run(callout()).Outcome)
	})
}

func TestAPersonDecides(t *testing.T) {
	t.Parallel()

	t.Run("the first decision on the open task counts, every other is refused and kept", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(0, func() { p.decide("EXPRPT:gWr1$pKey/0000/9", "early", expense.DecideApprove) })
		p.after(time.Minute, func() {
			task := p.status().Task
			require.Equal(t, "finance", task.Groups[0].Group)
			p.decide("another task", "other", expense.DecideApprove)
			p.decide("", "none", expense.DecideApprove)
			p.decide(task.ID, "odd", "maybe")
			p.env.SignalWorkflow(workflows.Decided, "not an object")
			p.env.SignalWorkflow(workflows.Decided, []string{"approve"})
			p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: task.ID, Decision: expense.DecideApprove}) // from the Web UI
			p.decide(task.ID, "late", expense.DecideSendBack)
			p.decide(task.ID, "late", expense.DecideSendBack)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		accepted := map[string]bool{}
		for _, e := range p.status().Record {
			if e.DecisionID != "" {
				accepted[e.DecisionID] = e.Kind == expense.TaskCounted
				require.Equal(t, e.Kind == expense.TaskRefused, e.Why != "")
			}
		}
		require.Equal(t, map[string]bool{"early": false, "other": false, "none": false, "odd": false, "signal-1": true, "late": false}, accepted)
	})

	t.Run("a send-back carries the person's comment, or else the rules' messages", func(t *testing.T) {
		for comment, want := range map[string]string{"": "Too large.", " \t\u0001": "Too large.", "Split it, please.": "Split it, please."} {
			t.Run(fmt.Sprintf("%q", comment), func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
				p.after(time.Minute, func() {
					p.env.SignalWorkflow(workflows.Decided, expense.Decision{
						TaskID: p.status().Task.ID, ID: "d1", Decision: expense.DecideSendBack, Comment: comment, By: "kim"})
				})
				result := p.run(callout())
				require.Equal(t, expense.SentBack, result.Outcome)
				require.Equal(t, "person", result.Cause)
				require.Equal(t, want, p.acted[0].Comment)
			})
		}
	})

	t.Run("a changed report opens another task, and a decision on the old one is refused", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), waiting(1, 99)}, []any{ask}
		var old string
		p.after(time.Minute, func() { old = p.status().Task.ID; p.env.SignalWorkflow(workflows.Notified, callout()) })
		p.after(time.Hour, func() {
			require.NotEqual(t, old, p.status().Task.ID)
			p.decide(old, "stale", expense.DecideApprove)
		})
		p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d2", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})

	t.Run("silence never approves", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(90*24*time.Hour, func() {
			require.Equal(t, workflows.Waiting, p.status().State)
			require.Empty(t, p.acted)
			p.env.CancelWorkflow()
		})
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
		require.True(t, p.env.IsWorkflowCompleted())
		require.Empty(t, p.acted)
	})

	t.Run("a decision that Concur refuses may be replaced", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.actions = []any{certain(expense.Rejected), nil}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Minute, func() {
			require.Equal(t, workflows.Parked, p.status().State)
			p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
		})
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "read", "evaluate", "send-back"}, p.calls)
		var counted []string
		for _, e := range p.status().Record {
			if e.Kind == expense.TaskCounted {
				counted = append(counted, e.DecisionID)
			}
		}
		require.Equal(t, []string{"d1", "d2"}, counted)
	})

	t.Run("a decision survives a parked run and an unchanged verdict", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.actions = []any{kind(expense.Forbidden), nil}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "read", "evaluate", "approve"}, p.calls)
	})
}
