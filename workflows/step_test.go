package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// byStop is a read for rules that differ between stops.
func byStop(read expense.FetchedReport) expense.FetchedReport {
	read.DependsOnStep = true
	return read
}

func named(n expense.Notification, eventType string) expense.Notification {
	n.EventType = eventType
	return n
}

// judgedFor are the stops for which the rules were asked.
func (p *play) judgedFor() (all []string) {
	for _, in := range p.judged {
		all = append(all, in.EventType)
	}
	return all
}

func TestAVerdictAppliesToTheNamedStep(t *testing.T) {
	t.Parallel()
	t.Run("one that was made while none was known is made anew when a callout names it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{ask, passOn}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "SUBMIT")) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"", "SUBMIT"}, p.judgedFor())
	})
	t.Run("and stays where rules are the same at every stop, or the stop is", func(t *testing.T) {
		for name, c := range map[string]struct {
			read   expense.FetchedReport
			second string
		}{"same rules": {waiting(1, 10), "PRE-EXTRACT"}, "same stop": {byStop(waiting(1, 10)), "SUBMIT"}, "not said": {byStop(waiting(1, 10)), ""}} {
			t.Run(name, func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{c.read}, []any{ask}
				p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), c.second)) })
				p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
				require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
				require.Equal(t, []string{"SUBMIT"}, p.judgedFor())
			})
		}
	})
	t.Run("and of a verdict that says the same the person's task stays", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{ask}
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
		require.Len(t, p.judged, 2)
	})
}

func TestTheNameOfALeftStepDoesNotNameTheNext(t *testing.T) {
	t.Parallel()
	next := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}
	t.Run("the next stop is unknown until it is named", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}
		p.verdicts, p.actions = []any{passOn, ask, passOn}, []any{next, nil}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "PRE-EXTRACT")) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "", "PRE-EXTRACT"}, p.judgedFor())
	})
	t.Run("and so it is when somebody else has moved it", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}
		p.verdicts = []any{ask, passOn}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "")) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", ""}, p.judgedFor())
	})
	t.Run("a callout that comes while the report is passed on names the next", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}
		p.verdicts = []any{passOn}
		p.actions = []any{func() any {
			p.env.SignalWorkflow(workflows.Notified, named(callout(), "PRE-EXTRACT"))
			return next
		}, nil}
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.judgedFor())
	})
	t.Run("a callout of which the report could not be read yet names it when it can", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStop(waiting(1, 10)), kind(expense.Forbidden), byStop(waiting(2, 10))}
		p.verdicts = []any{ask, passOn}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, named(callout(), "PRE-EXTRACT")) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.judgedFor())
	})
	t.Run("a copy of the failed list that tells of the stop before names none", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}
		p.verdicts, p.actions = []any{passOn, ask}, []any{next, nil}
		first, late, older := named(callout(), "SUBMIT"), named(failedCopy(1), "SUBMIT"), named(failedCopy(2), "EARLIER")
		first.EventDateTime, late.EventDateTime, older.EventDateTime = "2026-11-03T10:00:00Z", "2026-11-03T10:00:00Z", "2026-11-02T10:00:00Z"
		p.after(time.Minute, func() {
			p.env.SignalWorkflow(workflows.Notified, late)
			p.env.SignalWorkflow(workflows.Notified, older)
		})
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(first).Outcome)
		require.Equal(t, []string{"SUBMIT", ""}, p.judgedFor())
	})
}

func TestTheRulesTodayIsTheDayOfTheEvaluation(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	begun := p.env.Now()
	p.after(72*time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
	p.after(73*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.judged, 1, "days that pass are no reason to judge anew")
	require.WithinDuration(t, begun, p.judged[0].At, time.Minute)
}
