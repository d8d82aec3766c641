package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// digests plays SendDigests with an activity that fails until it is told not to.
func digests(t *testing.T, deliver func(expense.DeliverDigestsInput) error) (*testsuite.TestWorkflowEnvironment, time.Time) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	begun := time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
	env.SetStartTime(begun)
	w := workflows.Workflows{Settings: workflows.DefaultSettings()}
	env.RegisterWorkflowWithOptions(w.SendDigests, workflow.RegisterOptions{Name: workflows.SendDigests})
	env.RegisterActivityWithOptions(func(_ context.Context, in expense.DeliverDigestsInput) error { return deliver(in) },
		activity.RegisterOptions{Name: workflows.DeliverDigests})
	env.ExecuteWorkflow(workflows.SendDigests)
	require.True(t, env.IsWorkflowCompleted())
	return env, begun
}

func TestADigestKeepsItsTimeWhileItIsTriedAgain(t *testing.T) {
	t.Parallel()
	var times []time.Time
	env, begun := digests(t, func(in expense.DeliverDigestsInput) error {
		times = append(times, in.At)
		if len(times) < 3 {
			return errors.New("the mail server is away")
		}
		return nil
	})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, times, 3)
	for _, at := range times {
		require.True(t, begun.Equal(at), "the messages of one digest have the same IDs")
	}
}

func TestADigestThatCannotBeSentEndsBeforeTheNext(t *testing.T) {
	t.Parallel()
	env, begun := digests(t, func(expense.DeliverDigestsInput) error { return errors.New("the mail server is away") })
	require.Error(t, env.GetWorkflowError())
	require.Less(t, env.Now().Sub(begun), 24*time.Hour)
}
