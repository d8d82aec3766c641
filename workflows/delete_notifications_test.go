package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestARefusedDeleteIsNotTriedForEver(t *testing.T) {
	t.Run("after three attempts the entry stays in the list", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.deletes = []any{kind(expense.Rejected)}
		p.after(time.Minute, func() {
			s := p.status()
			require.Equal(t, workflows.Parked, s.State)
			require.Contains(t, s.Parked.Fix, "refuses to delete it")
			require.NotContains(t, s.Parked.Fix, "exception code")
		})
		result := p.run(failedCopy(1))
		require.Equal(t, expense.Approved, result.Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "delete", "delete", "delete"}, p.calls)
		require.Contains(t, result.Done, "a failed notification stays in the list: Concur refuses to delete it")
	})
	t.Run("an entry that is gone meanwhile counts as deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.deletes = []any{kind(expense.Rejected), nil}
		result := p.run(failedCopy(1))
		require.Equal(t, expense.Approved, result.Outcome)
		require.Contains(t, result.Done, "failed notification deleted")
	})
}

func TestARunParkedForAnOutageRetriesEveryHour(t *testing.T) {
	for _, outage := range []expense.Kind{expense.Unavailable, expense.OutcomeUnknown} {
		t.Run(string(outage), func(t *testing.T) {
			p := newPlay(t)
			var at []time.Duration
			start := p.env.Now()
			answer := func() any {
				at = append(at, p.env.Now().Sub(start).Round(time.Minute))
				return kind(outage)
			}
			p.reads = []any{answer, answer, answer, answer, waiting(1, 10)}
			p.verdicts = []any{approval}
			p.after(time.Minute, func() {
				require.Equal(t, outage, p.status().Parked.Kind)
				require.Equal(t, workflows.WaitingForOperator, p.status().WaitingFor)
				require.Contains(t, p.status().Parked.Fix, "firewall")
			})
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Equal(t, []time.Duration{0, 10 * time.Minute, 70 * time.Minute, 130 * time.Minute}, at)
		})
	}
}

func TestAParkedRunShowsTheFixOfConcursErrorCode(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
	p.actions = []any{
		temporal.NewNonRetryableApplicationError("no", string(expense.NoApprover), nil, expense.FailedWrite{Fix: "Choose another approver."}),
		nil,
	}
	p.after(time.Minute, func() {
		require.Equal(t, "Choose another approver.", p.status().Parked.Fix)
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}
