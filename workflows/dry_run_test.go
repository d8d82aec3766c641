package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func asDryRun(read expense.FetchedReport, why expense.DryRunReason) expense.FetchedReport {
	read.DryRun = why
	return read
}

var others = expense.NotTestUser([]string{"kim"})

func TestADryRunRecordsWhatItWouldWrite(t *testing.T) {
	for name, c := range map[string]struct {
		verdict expense.Verdict
		why     expense.DryRunReason
		calls   []string
		done    []string
	}{
		"a report that is passed on": {approval, expense.DryRunMode, []string{"read", "evaluate", "approve"}, []string{"would approve the report"}},
		"a report that goes back":    {sendBack, expense.DryRunMode, []string{"read", "evaluate", "send-back"}, []string{"would send the report back to the employee (cause: rules)"}},
		"exceptions, and then it takes no action": {flagged, expense.DryRunMode, []string{"read", "evaluate", "post"},
			[]string{"would post exception NORECPT on entry e1", "would approve the report"}},
		"a question, to nobody while there are test users": {ask, others, []string{"read", "evaluate"}, []string{"would ask group finance"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{asDryRun(waiting(1, 1), c.why)}, []any{c.verdict}
			p.posts = []any{expense.PostedExceptions{DryRun: c.why}}
			p.actions = []any{expense.ActionTaken{DryRun: c.why}}
			result := p.run(failedCopy(1))
			require.Equal(t, workflows.Result{Outcome: expense.DryRun, Done: c.done, DryRun: c.why}, result)
			require.Equal(t, c.calls, p.calls, "the failed notification is not deleted: the report waits")
			require.Equal(t, []string{failedCopy(1).NotificationURI}, p.status().PendingDeletes)
		})
	}
}

func TestADryRunAsksAPerson(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asDryRun(waiting(1, 1), expense.DryRunMode)}, []any{ask}
	p.actions = []any{expense.ActionTaken{DryRun: expense.DryRunMode}}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
	require.Equal(t, workflows.Result{Outcome: expense.DryRun, DryRun: expense.DryRunMode, Done: []string{"would send the report back to the employee (cause: person)"}}, p.run(callout()))
}

func TestADryRunRecordsEachRevisionOnce(t *testing.T) {
	p := newPlay(t)
	first := asDryRun(waiting(1, 1), expense.DryRunMode)
	p.reads = []any{first, first, asDryRun(waiting(1, 2), expense.DryRunMode)}
	p.verdicts = []any{approval}
	again := func() any {
		p.env.SignalWorkflow(workflows.Notified, callout())
		return expense.ActionTaken{DryRun: expense.DryRunMode}
	}
	p.actions = []any{again, expense.ActionTaken{DryRun: expense.DryRunMode}}
	// The first notified finds what was shown, the second another revision.
	p.reads[1] = func() any { p.env.SignalWorkflow(workflows.Notified, callout()); return first }
	result := p.run(callout())
	require.Equal(t, []string{"read", "evaluate", "approve", "read", "read", "evaluate", "approve"}, p.calls)
	require.Equal(t, []string{"would approve the report", "would approve the report"}, result.Done)
}

func TestADryRunThatBeginsDuringARunWritesNothingByHalves(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asDryRun(waiting(1, 1), expense.DryRunMode)}, []any{flagged}
	p.posts = []any{expense.PostedExceptions{DryRun: expense.DryRunMode}} // and an action would be sent
	require.Equal(t, expense.DryRun, p.run(callout()).Outcome)
	require.NotContains(t, p.calls, "approve", "a report is not approved without the exceptions that a dry run did not post")
}

func TestARunThatHasWrittenDoesNotEndAsADryRun(t *testing.T) {
	t.Run("when exceptions are posted", func(t *testing.T) {
		p := newPlay(t)
		shown := asDryRun(waiting(1, 1), expense.DryRunMode)
		p.reads, p.verdicts = []any{waiting(1, 1), shown, waiting(1, 1)}, []any{flagged}
		p.posts = []any{posted(expense.Posted, "")}
		p.actions = []any{certain(expense.Rejected), expense.ActionTaken{DryRun: expense.DryRunMode}, nil}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		p.after(2*time.Minute, func() {
			status := p.status()
			require.Equal(t, expense.WritesOff, status.Parked.Kind)
			require.Contains(t, status.Parked.Message, "already written")
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.Len(t, p.posted, 1, "they are posted once")
	})
	t.Run("when the outcome of a post is unknown", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 1)}, []any{flagged}
		p.posts = []any{kind(expense.OutcomeUnknown), expense.PostedExceptions{DryRun: expense.DryRunMode}, posted(expense.Unconfirmed, "")}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		p.after(2*time.Minute, func() {
			require.Equal(t, expense.WritesOff, p.status().Parked.Kind)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	})
}

func TestADryRunOfAReportThatHasMovedEndsWithItsOutcome(t *testing.T) {
	p := newPlay(t)
	p.reads = []any{asDryRun(moved("A_APPR"), expense.DryRunMode)}
	p.deletes = []any{nil}
	result := p.run(failedCopy(1))
	require.Equal(t, expense.Superseded, result.Outcome)
	require.Equal(t, []string{"would delete the failed notification"}, result.Done)
}

func TestARunIsParkedWhenWritesAreOff(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 1)}, []any{approval}
	p.actions = []any{certain(expense.WritesOff), nil}
	p.after(time.Minute, func() {
		status := p.status()
		require.Equal(t, expense.WritesOff, status.Parked.Kind)
		require.Contains(t, status.Parked.Fix, "CONCUR_WRITES")
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}

func TestAReportAboveTheSendBackLimit(t *testing.T) {
	held := certain(expense.SendBackLimitReached)
	t.Run("is sent back when an operator retries it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 1)}, []any{sendBack}
		p.actions = []any{held, errors.New("once more"), nil}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []bool{false, true, true}, overruled(p))
	})
	t.Run("checks the limit again when it retries by itself", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 1)}, []any{sendBack}
		p.actions = []any{held, nil}
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []bool{false, false}, overruled(p))
	})
	t.Run("checks the limit again once it has changed", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 1), waiting(1, 2)}, []any{sendBack}
		p.actions = []any{held, nil}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []bool{false, false}, overruled(p))
	})
}

func overruled(p *play) (list []bool) {
	for _, in := range p.acted {
		list = append(list, in.LimitOverridden)
	}
	return list
}
