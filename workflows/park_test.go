package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestARefusedExceptionIsSentAgainAloneAndThenParks(t *testing.T) {
	other := expense.Exception{ObjectType: expense.OnReport, Code: "NOSUCH"}
	both := flagged
	both.Exceptions = []expense.Exception{norecpt, other}
	refused := expense.PostedException{Exception: other, State: expense.Refused, Message: "Invalid Exception Code"}
	alone := expense.PostedExceptions{Items: []expense.PostedException{refused}}

	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{both}
	p.posts = []any{
		expense.PostedExceptions{Items: []expense.PostedException{{Exception: norecpt, State: expense.Posted}, refused}},
		alone, alone,
		expense.PostedExceptions{Items: []expense.PostedException{{Exception: other, State: expense.Posted}}},
	}
	p.after(5*time.Minute, func() {
		s := p.status()
		require.Equal(t, workflows.Parked, s.State)
		require.Equal(t, workflows.WaitingForOperator, s.WaitingFor)
		require.Equal(t, expense.Rejected, s.Parked.Kind)
		require.Contains(t, s.Parked.Message, "NOSUCH on report: Invalid Exception Code")
		require.NotEmpty(t, s.Parked.Fix)
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	require.Len(t, p.posted, 4)
	require.Len(t, p.posted[0].Exceptions, 2)
	for _, again := range p.posted[1:] {
		require.Equal(t, []expense.Exception{other}, again.Exceptions, "what is posted is not sent again")
	}
}

func TestAParkedRun(t *testing.T) {
	t.Parallel()

	t.Run("reads and evaluates again when an operator retries it", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Forbidden), waiting(1, 10)}
		p.verdicts = []any{approval}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, workflows.Retry{By: "ops"}) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "read", "evaluate", "approve"}, p.calls)
	})

	t.Run("retries by itself after ten minutes, an hour, and then daily", func(t *testing.T) {
		p := newPlay(t)
		var at []time.Duration
		start := p.env.Now()
		answer := func() any { at = append(at, p.env.Now().Sub(start)); return kind(expense.Forbidden) }
		p.reads = []any{answer, answer, answer, answer, waiting(1, 10)}
		p.verdicts = []any{approval}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Len(t, at, 4)
		require.Equal(t, []time.Duration{0, 10 * time.Minute, 70 * time.Minute, 70*time.Minute + 24*time.Hour},
			[]time.Duration{at[0].Round(time.Minute), at[1].Round(time.Minute), at[2].Round(time.Minute), at[3].Round(time.Minute)})
	})

	t.Run("retries when a notification arrives, and uses its address", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Untrusted), kind(expense.Untrusted), waiting(1, 10)}
		p.verdicts = []any{approval}
		hostile := callout()
		hostile.ObjectURI = "https://evil.example/api/expense/expensereport/v1.1/reportfulldetails/gWr1$pKey"
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
		require.Equal(t, expense.Approved, p.run(hostile).Outcome)
		require.Equal(t, hostile.ObjectURI, p.read[0].ObjectURI)
		require.Equal(t, reportURI, p.read[2].ObjectURI)
	})

	t.Run("does not use another address while its own can be read", func(t *testing.T) {
		p := newPlay(t)
		hostile := callout()
		hostile.ObjectURI = "https://evil.example/api/expense/expensereport/v1.1/reportfulldetails/gWr1$pKey"
		p.reads = []any{func() any { p.env.SignalWorkflow(workflows.Notified, hostile); return waiting(1, 10) }, waiting(1, 10)}
		p.verdicts = []any{approval}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		for _, read := range p.read {
			require.Equal(t, reportURI, read.ObjectURI)
		}
		require.Equal(t, reportURI, p.acted[0].ObjectURI)
	})

	t.Run("resumes with the deletes when it was parked there", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.deletes = []any{kind(expense.Forbidden), nil}
		p.after(time.Minute, func() {
			require.Len(t, p.status().PendingDeletes, 1)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "delete", "delete"}, p.calls)
	})

	t.Run("is parked after three answers that cannot be parsed", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Malformed), kind(expense.Malformed), kind(expense.Malformed), waiting(1, 10)}
		p.verdicts = []any{approval}
		p.after(5*time.Minute, func() {
			require.Equal(t, workflows.Parked, p.status().State)
			require.Len(t, p.calls, 3)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})

	t.Run("may fall back only in the last read of an incomplete report", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Incomplete), kind(expense.Malformed), kind(expense.Incomplete), kind(expense.Incomplete), waiting(1, 10)}
		p.verdicts = []any{approval}
		p.after(5*time.Minute, func() {
			require.Equal(t, expense.Incomplete, p.status().Parked.Kind)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		var again []bool
		for _, in := range p.read {
			again = append(again, in.ReadAgain)
		}
		require.Equal(t, []bool{true, true, false, true, true}, again, "the next three are read anew")
	})

	t.Run("knows after a refused action that an earlier one may have succeeded", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), moved("A_APPR")}
		p.verdicts, p.actions = []any{approval}, []any{kind(expense.Rejected)}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		result := p.run(callout())
		require.Equal(t, expense.Approved, result.Outcome)
		require.Contains(t, result.Done, "approved, confirmed by reading")
	})

	t.Run("does not claim another's action when its own was certainly not taken", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), moved("A_APPR")}
		p.verdicts, p.actions = []any{approval}, []any{certain(expense.Rejected)}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		result := p.run(callout())
		require.Equal(t, expense.Superseded, result.Outcome)
		require.Empty(t, result.Done)
	})

	t.Run("treats the next post as the first one when the last one was certainly not made", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{flagged}
		p.posts = []any{certain(expense.Forbidden), posted(expense.Posted, "")}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.False(t, p.posted[1].OutcomeUnknown)
	})

	t.Run("repeats a write whose outcome is unknown as such", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.actions = []any{kind(expense.Malformed), nil}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.False(t, p.acted[0].OutcomeUnknown)
		require.True(t, p.acted[1].OutcomeUnknown)
	})

	t.Run("is parked when the report is at another step on every read", func(t *testing.T) {
		p := newPlay(t)
		other := func(n int) any {
			return expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(n, 10).ValidationID}}
		}
		p.reads = []any{waiting(1, 10), waiting(3, 10), waiting(5, 10), waiting(7, 10), moved("A_APPR")}
		p.verdicts = []any{approval}
		p.actions = []any{other(2), other(4), other(6)}
		p.after(time.Minute, func() {
			require.Equal(t, workflows.Parked, p.status().State)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Superseded, p.run(callout()).Outcome)
		require.Len(t, p.acted, 3)
	})
}

func TestAParkedRunContinuesAsNewWithoutARetry(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{approval}, []any{certain(expense.Forbidden)}
	p.after(time.Minute, func() { p.env.SetContinueAsNewSuggested(true) })
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	var input workflows.ProcessInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))

	q := setUp(t)
	q.env.SetStartTime(input.Memory.Parking.Since.Add(2 * time.Minute))
	q.reads, q.verdicts = []any{waiting(1, 10)}, []any{approval}
	q.after(7*time.Minute, func() {
		s := q.status()
		require.Equal(t, workflows.Parked, s.State)
		require.Equal(t, expense.Forbidden, s.Parked.Kind)
		require.True(t, input.Memory.Parking.Since.Equal(s.Since))
		require.Empty(t, q.calls, "a long history is no reason to try again")
	})
	q.after(9*time.Minute, func() { require.NotEmpty(t, q.calls, "ten minutes after it was parked it tries by itself") })
	q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
	require.NoError(t, q.env.GetWorkflowError())
	require.Equal(t, []string{"read", "evaluate", "approve"}, q.calls)
}
