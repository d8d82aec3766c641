package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestAnExceptionThatConcurAcceptsAndDoesNotListIsNotPostedAgain(t *testing.T) {
	passedOn := approval
	passedOn.Exceptions = []expense.Exception{norecpt}
	p := newPlay(t)
	p.reads = []any{byV4("m1"), byV4("m1"), byV4("m1", held)}
	p.verdicts, p.posts = []any{passedOn}, []any{posted(expense.Unlisted, "")}
	p.after(time.Minute, func() {
		require.Equal(t, expense.Rejected, p.status().Parked.Kind)
		require.Contains(t, p.status().Parked.Message, "does not list them")
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	p.after(2*time.Minute, func() {
		require.NotNil(t, p.status().Parked, "it is not listed yet")
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	require.Equal(t, []string{"read", "evaluate", "post", "read", "evaluate", "read", "evaluate", "approve"}, p.calls)
}
