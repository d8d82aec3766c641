package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// dependingOnStep is a read for rules that differ between steps.
func dependingOnStep(read expense.FetchedReport) expense.FetchedReport {
	read.DependsOnStep = true
	return read
}

func named(n expense.Notification, eventType string) expense.Notification {
	n.EventType = eventType
	return n
}

// evaluatedFor returns the step names for which the rules were evaluated.
func (p *play) evaluatedFor() (all []string) {
	for _, in := range p.evaluated {
		all = append(all, in.EventType)
	}
	return all
}

func TestAVerdictAppliesToTheNamedStep(t *testing.T) {
	t.Parallel()
	t.Run("it is evaluated again when a callout names the unknown step", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{ask, approval}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "SUBMIT")) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"", "SUBMIT"}, p.evaluatedFor())
	})
	t.Run("it stays when the rules or the step are the same", func(t *testing.T) {
		for name, c := range map[string]struct {
			read   expense.FetchedReport
			second string
		}{"same rules": {waiting(1, 10), "PRE-EXTRACT"}, "same step": {dependingOnStep(waiting(1, 10)), "SUBMIT"}, "no name": {dependingOnStep(waiting(1, 10)), ""}} {
			t.Run(name, func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{c.read}, []any{ask}
				p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), c.second)) })
				p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
				require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
				require.Equal(t, []string{"SUBMIT"}, p.evaluatedFor())
			})
		}
	})
	t.Run("the task stays when the new verdict is the same", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{ask}
		var task string
		p.after(time.Minute, func() {
			task = p.status().Task.ID
			p.env.SignalWorkflow(workflows.Notified, named(callout(), "SUBMIT"))
		})
		p.after(time.Hour, func() {
			require.Equal(t, task, p.status().Task.ID)
			p.decide(task, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Len(t, p.evaluated, 2)
	})
}

func TestTheNameOfALeftStepDoesNotNameTheNext(t *testing.T) {
	t.Parallel()
	next := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}
	t.Run("the next step is unknown until a notification names it", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
		p.verdicts, p.actions = []any{approval, ask, approval}, []any{next, nil}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "PRE-EXTRACT")) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "", "PRE-EXTRACT"}, p.evaluatedFor())
	})
	t.Run("also when somebody else has moved the report", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
		p.verdicts = []any{ask, approval}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "")) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", ""}, p.evaluatedFor())
	})
	t.Run("a callout that arrives during the approval names the next step", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
		p.verdicts = []any{approval}
		p.actions = []any{func() any {
			p.env.SignalWorkflow(workflows.Notified, named(callout(), "PRE-EXTRACT"))
			return next
		}, nil}
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.evaluatedFor())
	})
	t.Run("a callout before a failed read names the step of the next read", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStep(waiting(1, 10)), kind(expense.Forbidden), dependingOnStep(waiting(2, 10))}
		p.verdicts = []any{ask, approval}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "PRE-EXTRACT")) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.evaluatedFor())
	})
	t.Run("a failed-list entry about the step before names no step", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
		p.verdicts, p.actions = []any{approval, ask}, []any{next, nil}
		first, late, older := named(callout(), "SUBMIT"), named(failedCopy(1), "SUBMIT"), named(failedCopy(2), "EARLIER")
		first.EventDateTime, late.EventDateTime, older.EventDateTime = "2026-11-03T10:00:00Z", "2026-11-03T10:00:00Z", "2026-11-02T10:00:00Z"
		p.after(time.Minute, func() {
			p.env.SignalWorkflow(workflows.Notified, late)
			p.env.SignalWorkflow(workflows.Notified, older)
		})
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(first).Outcome)
		require.Equal(t, []string{"SUBMIT", ""}, p.evaluatedFor())
	})
}

func TestTheRulesTodayIsTheDayOfTheEvaluation(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	begun := p.env.Now()
	p.after(72*time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
	p.after(73*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.evaluated, 1, "days that pass are no reason to judge anew")
	require.WithinDuration(t, begun, p.evaluated[0].At, time.Minute)
}
