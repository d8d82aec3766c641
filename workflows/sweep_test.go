package workflows_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

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
	require.Equal(t, workflows.SweepResult{Found: 4, Started: 3, Strange: 1, Why: []expense.Quarantined{{Reason: "no ObjectURI"}}}, result)
}

func TestASweepThatOnlyReadsStartsNothing(t *testing.T) {
	p := newPlay(t)
	p.env.RegisterActivityWithOptions(func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		return expense.FailedNotifications{Items: []expense.Notification{failedCopy(1), failedCopy(2)}}, nil
	}, activity.RegisterOptions{Name: workflows.ListFailedNotifications})
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{ReadOnly: true})
	require.NoError(t, p.env.GetWorkflowError())
	var result workflows.SweepResult
	require.NoError(t, p.env.GetWorkflowResult(&result))
	require.Equal(t, workflows.SweepResult{Found: 2}, result)
}

func TestALongSweepContinuesAsNewWithWhatItHasDone(t *testing.T) {
	p := newPlay(t)
	p.env.RegisterActivityWithOptions(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		return expense.FailedNotifications{Items: []expense.Notification{failedCopy(1)}, Next: in.After + "n"}, nil
	}, activity.RegisterOptions{Name: workflows.ListFailedNotifications})
	p.env.RegisterActivityWithOptions(func(context.Context, expense.StartProcessingInput) (expense.StartedProcessing, error) {
		return expense.StartedProcessing{Joined: 1}, nil
	}, activity.RegisterOptions{Name: workflows.StartProcessing})
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{After: "m", Before: workflows.SweepResult{Found: 7}})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	var next workflows.SweepInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.Equal(t, workflows.SweepInput{After: "m" + strings.Repeat("n", 20), Before: workflows.SweepResult{Found: 27, Joined: 20}}, next)
}
