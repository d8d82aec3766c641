package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// exportedNumbers are the numbers of the events that were exported, in order.
func (p *play) exportedNumbers() (numbers []int) {
	for _, in := range p.exported {
		for _, e := range in.Events {
			numbers = append(numbers, e.Number)
		}
	}
	return numbers
}

// upTo returns the numbers from 1 to n.
func upTo(n int) (numbers []int) {
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}

// playThatAsks is a play of a report about which people are asked.
func playThatAsks(t *testing.T) *play {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	return p
}

func TestARunExportsItsRecordOnceBeforeItEnds(t *testing.T) {
	p := playThatAsks(t)
	p.after(time.Minute, func() {
		p.decide("another task", "other", expense.DecideApprove)
		p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.exported, 1)
	in := p.exported[0]
	require.Equal(t, callout().ID(), in.NotificationID)
	require.Equal(t, "R1", in.ReportID)
	require.NotEmpty(t, in.RunID)
	require.Equal(t, expense.Approved, in.Outcome)
	require.Equal(t, p.record, in.Events)
	require.Equal(t, p.status().Record, in.Events)
	require.Equal(t, upTo(len(in.Events)), p.exportedNumbers())
	for _, e := range in.Events {
		known := e.TaskID != "another task"
		require.Equal(t, known, e.RulesHash == ask.RulesHash, "under which rules: %v", e)
		require.Equal(t, known, e.Revision == waiting(1, 10).Revision, "on which revision: %v", e)
	}
}

func TestARunWithoutARecordExportsNothing(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Empty(t, p.exported)
}

func TestAnExportThatFailsDelaysOnlyTheEndOfTheRun(t *testing.T) {
	p := playThatAsks(t)
	works := false
	p.export = func() error {
		if works {
			return nil
		}
		return temporal.NewApplicationError("the disk is full", string(expense.Unavailable))
	}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
	p.after(5*time.Hour, func() {
		require.Len(t, p.acted, 1, "Concur has got the action")
		require.Equal(t, []string{failedCopy(1).NotificationURI}, p.deleted)
		require.Equal(t, workflows.Exporting, p.status().State)
		require.False(t, p.env.IsWorkflowCompleted())
		works = true
	})
	require.Equal(t, expense.SentBack, p.run(failedCopy(1)).Outcome)
	require.Greater(t, len(p.exported), 2)
	require.Equal(t, p.exported[0].Events, p.exported[len(p.exported)-1].Events)
}

func TestANotificationIsHandledWhileAnExportFails(t *testing.T) {
	p := playThatAsks(t)
	works := false
	p.export = func() error {
		if works {
			return nil
		}
		return errors.New("the disk is full")
	}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
	p.after(time.Hour, func() {
		p.reads, p.verdicts = []any{waiting(1, 20)}, []any{approval} // submitted again
		p.env.SignalWorkflow(workflows.Notified, callout())
	})
	p.after(2*time.Hour, func() {
		require.Len(t, p.acted, 2, "the export delays no action")
		works = true
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, p.record, p.exported[len(p.exported)-1].Events)
}

func TestACancelledRunExportsItsRecord(t *testing.T) {
	p := playThatAsks(t)
	p.after(time.Minute, p.env.CancelWorkflow)
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, p.env.GetWorkflowError(), &cancelled)
	require.Len(t, p.exported, 1)
	last := p.exported[0].Events[len(p.exported[0].Events)-1]
	require.Equal(t, expense.TaskWithdrawn, last.Kind)
	require.Equal(t, expense.Cancelled, p.exported[0].Outcome)
	var result workflows.Result
	require.NoError(t, cancelled.Details(&result))
	require.Equal(t, p.exported[0].Events, result.Record)
}

func TestADecisionDuringTheExportIsExported(t *testing.T) {
	p := playThatAsks(t)
	first := true
	p.export = func() error {
		if first {
			first = false
			p.decide("EXPRPT:gWr1$pKey/0000/1", "late", expense.DecideApprove)
		}
		return nil
	}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	p.run(callout())
	require.Len(t, p.exported, 2)
	require.Equal(t, "late", p.exported[1].Events[0].DecisionID)
	require.Equal(t, upTo(p.record[len(p.record)-1].Number), p.exportedNumbers())
}

func TestAFloodOfRefusedDecisionsIsExportedWhole(t *testing.T) {
	p := playThatAsks(t)
	const flood = 500
	for i := range flood {
		p.after(time.Duration(i+1)*time.Second, func() { p.decide("another task", fmt.Sprint("d", i), expense.DecideApprove) })
	}
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "last", expense.DecideApprove) })
	p.run(callout())
	require.Less(t, len(p.record), flood, "the run itself keeps the newest")
	require.Equal(t, upTo(p.record[len(p.record)-1].Number), p.exportedNumbers())
	require.Greater(t, len(p.exportedNumbers()), flood)
}

func TestTheRunThatContinuesExportsEachEventOnce(t *testing.T) {
	p := playThatAsks(t)
	for i := range 60 {
		p.after(time.Duration(i+1)*time.Second, func() { p.decide("another task", fmt.Sprint("d", i), expense.DecideApprove) })
	}
	p.after(time.Hour, func() { p.env.SetContinueAsNewSuggested(true); p.env.SignalWorkflow(workflows.Notified, callout()) })
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	before := p.exportedNumbers()
	require.Equal(t, upTo(50), before)

	var input workflows.ProcessInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
	next := setUp(t)
	next.reads, next.verdicts = []any{waiting(1, 10)}, []any{ask}
	next.after(time.Minute, func() { next.decide(next.status().Task.ID, "last", expense.DecideApprove) })
	next.env.ExecuteWorkflow(workflows.ProcessNotification, input)
	require.NoError(t, next.env.GetWorkflowError())
	all := append(before, next.exportedNumbers()...)
	require.Equal(t, upTo(all[len(all)-1]), all)
	require.Greater(t, len(all), 60)
}
