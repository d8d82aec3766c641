package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestASweepStartsEveryPartOfTheFailedList(t *testing.T) {
	p := newPlay(t)
	parts := map[string]expense.FailedNotifications{
		"":   {Items: []expense.Notification{failedCopy(1), failedCopy(2)}, Unreadable: []expense.UnreadableEntry{{Reason: "no ObjectURI"}}, Next: "n2"},
		"n2": {Items: []expense.Notification{failedCopy(3)}},
	}
	p.register(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		require.Positive(t, in.Limit)
		return parts[in.After], nil
	}, workflows.ListFailedNotifications)
	var told []expense.Notification
	p.register(func(_ context.Context, in expense.StartProcessingInput) (expense.StartedProcessing, error) {
		told = append(told, in.Notifications...)
		return expense.StartedProcessing{Started: len(in.Notifications)}, nil
	}, workflows.StartProcessing)
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications)
	require.NoError(t, p.env.GetWorkflowError())
	var result workflows.SweepResult
	require.NoError(t, p.env.GetWorkflowResult(&result))
	require.Equal(t, []expense.Notification{failedCopy(1), failedCopy(2), failedCopy(3)}, told)
	junk := expense.UnreadableEntry{Reason: "no ObjectURI"}
	require.Equal(t, workflows.SweepResult{Found: 4, Started: 3, Unreadable: 1, Why: []expense.UnreadableEntry{junk}, Reported: []string{junk.Hash()}, ReportedSince: result.ReportedSince}, result)
	answer, err := p.env.QueryWorkflow(workflows.StatusQuery)
	require.NoError(t, err)
	var status workflows.SweepResult
	require.NoError(t, answer.Get(&status))
	require.Equal(t, result, status, "the query says what was done")
}

func TestAnUnreadableEntryIsReportedOnceADay(t *testing.T) {
	p := newPlay(t)
	known := expense.UnreadableEntry{NotificationURI: "https://x/1", Reason: "no ObjectURI"}
	fresh := expense.UnreadableEntry{NotificationURI: "https://x/2", Reason: "no ObjectURI"}
	p.register(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		require.Equal(t, []string{known.Hash(), "one that is gone"}, in.Reported)
		return expense.FailedNotifications{Unreadable: []expense.UnreadableEntry{fresh}, Unlisted: 1, Reported: []string{known.Hash()}}, nil
	}, workflows.ListFailedNotifications)
	p.env.SetLastCompletionResult(workflows.SweepResult{Unreadable: 2, Reported: []string{known.Hash(), "one that is gone"}, ReportedSince: time.Now().Add(-time.Hour)})
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications)
	require.NoError(t, p.env.GetWorkflowError())
	var result workflows.SweepResult
	require.NoError(t, p.env.GetWorkflowResult(&result))
	require.Equal(t, workflows.SweepResult{
		Found: 2, Unreadable: 2, Why: []expense.UnreadableEntry{fresh}, Reported: []string{known.Hash(), fresh.Hash()}, ReportedSince: result.ReportedSince,
	}, result)
}

func TestASweepLooksForMissedReportsPartByPart(t *testing.T) {
	for name, test := range map[string]struct {
		next func(page string) string
		want workflows.SweepResult
	}{
		"to the end of the list": {
			func(page string) string { return map[string]string{"": "a", "a": "b"}[page] },
			workflows.SweepResult{Waiting: 6, Missed: 3, Reports: []string{"R", "Ra", "Rb"}},
		},
		"and gives a list up that has no end": {
			func(page string) string { return page + "n" },
			workflows.SweepResult{Waiting: 800, Missed: 400, NotCheckedReason: "the list of reports that wait has no end"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.register(func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
				return expense.FailedNotifications{}, nil
			}, workflows.ListFailedNotifications)
			p.register(func(_ context.Context, in expense.ListPendingReportsInput) (expense.PendingReports, error) {
				require.Equal(t, time.Hour, in.MissedAfter)
				return expense.PendingReports{Waiting: 2, Known: 1, Missed: 1, Reports: []string{"R" + in.Page}, Next: test.next(in.Page)}, nil
			}, workflows.ListPendingReports)
			p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{MissedAfter: time.Hour})
			require.NoError(t, p.env.GetWorkflowError())
			var result workflows.SweepResult
			require.NoError(t, p.env.GetWorkflowResult(&result))
			if test.want.Reports == nil {
				require.Len(t, result.Reports, 50)
				result.Reports = nil
			}
			require.Equal(t, test.want, result)
		})
	}
}

func TestAReadOnlySweepStartsNothing(t *testing.T) {
	p := newPlay(t)
	p.register(func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		return expense.FailedNotifications{Items: []expense.Notification{failedCopy(1), failedCopy(2)}}, nil
	}, workflows.ListFailedNotifications)
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{ReadOnly: true})
	require.NoError(t, p.env.GetWorkflowError())
	var result workflows.SweepResult
	require.NoError(t, p.env.GetWorkflowResult(&result))
	require.Equal(t, workflows.SweepResult{Found: 2}, result)
}

func TestALongSweepContinuesAsNewWithItsResult(t *testing.T) {
	p := newPlay(t)
	p.register(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		return expense.FailedNotifications{Items: []expense.Notification{failedCopy(1)}, Next: in.After + "n"}, nil
	}, workflows.ListFailedNotifications)
	p.register(func(context.Context, expense.StartProcessingInput) (expense.StartedProcessing, error) {
		return expense.StartedProcessing{Signaled: 1}, nil
	}, workflows.StartProcessing)
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{After: "m", Before: workflows.SweepResult{Found: 7}})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	var next workflows.SweepInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.Equal(t, workflows.SweepInput{After: "m" + strings.Repeat("n", 5), Before: workflows.SweepResult{Found: 12, Signaled: 5}}, next)
}

func TestASweepChecksTheOtherListsWhenOneFails(t *testing.T) {
	type failure struct {
		err        error
		kind, says string
	}
	for name, c := range map[string]failure{
		"the failed list is away":  {errors.New("the list\nis away"), "Unavailable", "the list is away"},
		"the failed list is wrong": {temporal.NewNonRetryableApplicationError("list failed notifications: Malformed", "Malformed", nil), "Malformed", "list failed notifications: Malformed"},
		"the attempts are lost":    {temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil), "Unavailable", "ListFailedNotifications did not end in time"},
	} {
		t.Run(name, func(t *testing.T) {
			first := c.err
			p := newPlay(t)
			tries := 0
			p.register(func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
				tries++
				return expense.FailedNotifications{}, first
			}, workflows.ListFailedNotifications)
			looked := 0
			p.register(func(context.Context, expense.ListPendingReportsInput) (expense.PendingReports, error) {
				looked++
				return expense.PendingReports{}, nil
			}, workflows.ListPendingReports)
			p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{MissedAfter: time.Hour})
			var failed *temporal.ApplicationError
			require.ErrorAs(t, p.env.GetWorkflowError(), &failed, "an operator sees that it failed")
			require.Equal(t, c.kind, failed.Type())
			require.Equal(t, c.says, failed.Message())
			require.NoError(t, failed.Unwrap(), "the causes are with the activities")
			require.Equal(t, 1, looked)
			require.LessOrEqual(t, tries, 4, "and the next sweep asks again")
		})
	}
	t.Run("the list of reports cannot be read", func(t *testing.T) {
		p := newPlay(t)
		p.register(func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
			return expense.FailedNotifications{}, nil
		}, workflows.ListFailedNotifications)
		p.register(func(context.Context, expense.ListPendingReportsInput) (expense.PendingReports, error) {
			return expense.PendingReports{}, errors.New("Unavailable: away")
		}, workflows.ListPendingReports)
		p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{MissedAfter: time.Hour})
		require.NoError(t, p.env.GetWorkflowError())
		var result workflows.SweepResult
		require.NoError(t, p.env.GetWorkflowResult(&result))
		require.Contains(t, result.NotCheckedReason, "away")
	})
}

func TestTheNextSweepReportsTheEntriesThatWereTooMany(t *testing.T) {
	var junk []expense.UnreadableEntry
	for i := range 60 {
		junk = append(junk, expense.UnreadableEntry{ObjectURI: fmt.Sprint(i), Reason: "NotificationURI is empty"})
	}
	sweep := func(before *workflows.SweepResult) (result workflows.SweepResult) {
		p := setUp(t)
		p.register(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
			part := expense.FailedNotifications{Reported: in.Reported, Unlisted: len(in.Reported) + 7}
			for _, q := range junk {
				if !slices.Contains(in.Reported, q.Hash()) {
					part.Unreadable = append(part.Unreadable, q)
				}
			}
			return part, nil
		}, workflows.ListFailedNotifications)
		if before != nil {
			p.env.SetLastCompletionResult(*before)
		}
		p.env.ExecuteWorkflow(workflows.SweepFailedNotifications)
		require.NoError(t, p.env.GetWorkflowResult(&result))
		require.Equal(t, 67, result.Unreadable)
		return result
	}
	first := sweep(nil)
	second := sweep(&first)
	third := sweep(&second)
	require.Equal(t, junk[:50], first.Why)
	require.Equal(t, junk[50:], second.Why)
	require.Empty(t, third.Why)
}

func TestASweepWithTwoFailedListsNamesBothInOneError(t *testing.T) {
	p := newPlay(t)
	p.register(func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
		return expense.FailedNotifications{}, temporal.NewNonRetryableApplicationError("list failed notifications: Forbidden", "Forbidden", nil)
	}, workflows.ListFailedNotifications)
	p.register(func(context.Context, expense.ListPendingReportsInput) (expense.PendingReports, error) {
		return expense.PendingReports{Notifications: []expense.Notification{failedCopy(1)}}, nil
	}, workflows.ListPendingReports)
	p.register(func(context.Context, expense.StartProcessingInput) (expense.StartedProcessing, error) {
		return expense.StartedProcessing{}, temporal.NewNonRetryableApplicationError("the frontend is away", "wrapError", nil)
	}, workflows.StartProcessing)
	p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{MissedAfter: time.Hour})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, p.env.GetWorkflowError(), &failed)
	require.Equal(t, "Forbidden", failed.Type())
	require.Equal(t, "list failed notifications: Forbidden; and the frontend is away", failed.Message())
}
