package workflows

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"concur-connector/expense"
)

// Elder returns the notification ID of an open run of the report that began before the
// run that asks, or nothing. A run that continues another began with that. Of two that
// began at one moment the one with the lower ID is the elder.
func (c *Client) Elder(ctx context.Context, reportID, notificationID, runID string) (string, error) {
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query:    fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.ours(), ReportIDAttribute, quoted(indexed(reportID))),
	})
	if err != nil {
		return "", fmt.Errorf("look for the runs of a report: %w", err)
	}
	var others []*workflowpb.WorkflowExecutionInfo
	for _, run := range list.GetExecutions() {
		if run.GetExecution().GetWorkflowId() != notificationID {
			others = append(others, run)
		}
	}
	if len(others) == 0 {
		return "", nil
	}
	self, err := c.temporal.DescribeWorkflowExecution(ctx, notificationID, runID)
	if err != nil {
		return "", fmt.Errorf("look for the run itself: %w", err)
	}
	for _, other := range others {
		if older(other, self.GetWorkflowExecutionInfo()) {
			return other.GetExecution().GetWorkflowId(), nil
		}
	}
	return "", nil
}

// isSeenTo reports whether a run is open of the report that another has left to it.
func (c *Client) isSeenTo(ctx context.Context, left *workflowpb.WorkflowExecutionInfo) bool {
	reportID := keyword(left.GetSearchAttributes(), ReportIDAttribute)
	if reportID == "" {
		return false
	}
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.ours(), ReportIDAttribute, quoted(indexed(reportID))),
	})
	return err == nil && n.GetCount() > 0
}

// older reports whether a run began before another, which is the first of its chain.
func older(a, b *workflowpb.WorkflowExecutionInfo) bool {
	if a.GetFirstRunId() != "" && a.GetFirstRunId() != a.GetExecution().GetRunId() {
		return true
	}
	switch began := a.GetStartTime().AsTime(); {
	case began.Equal(b.GetStartTime().AsTime()):
		return a.GetExecution().GetWorkflowId() < b.GetExecution().GetWorkflowId()
	default:
		return began.Before(b.GetStartTime().AsTime())
	}
}

// Tell has an open run know what another leaves to it, and reports whether it has ended.
func (c *Client) Tell(ctx context.Context, n expense.Notification, id string) (ended bool, err error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, id, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("look for the run of %s: %w", id, err)
	case last.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return true, nil
	}
	err = c.temporal.SignalWorkflow(ctx, id, "", Notified, n)
	if errors.As(err, &missing) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("tell the run of %s: %w", id, err)
	}
	return false, nil
}
