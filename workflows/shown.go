package workflows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
)

// DryRunResult is a run that has only shown what it would write.
type DryRunResult struct {
	NotificationID string    `json:"notificationId"`
	ReportID       string    `json:"reportId,omitempty"`
	Closed         time.Time `json:"closed"`
}

// shownPage is how many runs are asked for at once.
const shownPage = 200

// DryRuns lists the runs that ended dry-run, each notification once, by its newest. A later
// run may have followed one.
func (c *Client) DryRuns(ctx context.Context) ([]DryRunResult, error) {
	shown := []DryRunResult{}
	seen := map[string]bool{}
	query := fmt.Sprintf("%s AND %s = '%s'", c.ours(), OutcomeAttribute, expense.DryRun)
	var next []byte
	for {
		page, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: shownPage, NextPageToken: next})
		if err != nil {
			return nil, fmt.Errorf("list the runs that ended %s: %w", expense.DryRun, err)
		}
		for _, run := range page.GetExecutions() {
			id := run.GetExecution().GetWorkflowId()
			if !seen[id] {
				seen[id] = true
				shown = append(shown, DryRunResult{NotificationID: id, ReportID: keyword(run.GetSearchAttributes(), ReportIDAttribute), Closed: run.GetCloseTime().AsTime()})
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return shown, nil
		}
	}
}

// ours is the query of the runs of this deployment.
func (c *Client) ours() string {
	quoted := func(queue string) string { return "'" + strings.ReplaceAll(queue, "'", "''") + "'" }
	return fmt.Sprintf("WorkflowType = '%s' AND TaskQueue IN (%s, %s)", ProcessNotification, quoted(c.taskQueue), quoted(SweepQueue(c.taskQueue)))
}

// StartAfterDryRun starts a run for a notification whose last run has only shown what it would
// write, on the sweeps' queues. It reports false when the last run is another. The error
// is ErrUnknown when there is none.
func (c *Client) StartAfterDryRun(ctx context.Context, notificationID string) (started bool, err error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, notificationID, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return false, ErrNoRun
	case err != nil:
		return false, err
	}
	info := last.GetWorkflowExecutionInfo()
	if keyword(info.GetSearchAttributes(), OutcomeAttribute) != string(expense.DryRun) {
		return false, nil
	}
	events := c.temporal.GetWorkflowHistory(ctx, notificationID, info.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !events.HasNext() {
		return false, fmt.Errorf("the run of %s has no history", notificationID)
	}
	first, err := events.Next()
	if err != nil {
		return false, fmt.Errorf("read what the run of %s began with: %w", notificationID, err)
	}
	var input ProcessInput
	begun := first.GetWorkflowExecutionStartedEventAttributes().GetInput()
	if err := converter.GetDefaultDataConverter().FromPayloads(begun, &input); err != nil {
		return false, fmt.Errorf("read what the run of %s began with: %w", notificationID, err)
	}
	if input.Notification.ID() != notificationID {
		return false, fmt.Errorf("%s is not the run of a notification", notificationID)
	}
	return c.startOn(ctx, input.Notification, SweepQueue(c.taskQueue))
}
