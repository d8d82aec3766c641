package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestASweepStartsEveryPartOfTheFailedList(t *testing.T) {
	p := newPlay(t)
	parts := map[string]expense.FailedNotifications{
		"":   {Items: []expense.Notification{failedCopy(1), failedCopy(2)}, Quarantined: []expense.Quarantined{{Reason: "no ObjectURI"}}, Next: "n2"},
		"n2": {Items: []expense.Notification{failedCopy(3)}},
	}
	p.env.RegisterActivityWithOptions(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		require.Positive(t, in.Limit)
		return parts[in.After], nil
	}, activity.RegisterOptions{Name: workflows.ListFailedNotifications})
	var told []expense.Notification
	p.env.RegisterActivityWithOptions(func(_ context.Context, in expense.StartProcessingInput) (expense.StartedProcessing, error) {
		told = append(told, in.Notifications...)
		return expense.StartedProcessing{Started: len(in.Notifications)}, nil
	}, activity.RegisterOptions{Name: workflows.StartProcessing})
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications)
	require.NoError(t, p.env.GetWorkflowError())
	var result workflows.SweepResult
	require.NoError(t, p.env.GetWorkflowResult(&result))
	require.Equal(t, []expense.Notification{failedCopy(1), failedCopy(2), failedCopy(3)}, told)
	require.Equal(t, workflows.SweepResult{Found: 4, Started: 3, Quarantined: []expense.Quarantined{{Reason: "no ObjectURI"}}}, result)
}
