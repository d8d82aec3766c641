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

// OlderRun returns the notification ID of the open run to which the run that asks leaves a
// report, or nothing. The run that asks has shown the report's ID before it asks.
//
// Two kinds of runs meet: those of callouts, under the key of v1.1, and the one under the
// report's own ID. A callout's run leaves the report to the latter if that has read the
// report; Temporal knows that of a single run at once. The run under the report's ID leaves
// it to any callout's run, which Temporal lists a moment late; it asks only after that
// moment. So of two such runs at least one sees the other. Of two callouts' runs the
// younger leaves it.
func (c *Client) OlderRun(ctx context.Context, reportID, notificationID, runID string) (string, error) {
	own := expense.Notification{Kind: expense.ReportObject, Key: reportID}.ID()
	if notificationID != own {
		last, err := c.temporal.DescribeWorkflowExecution(ctx, own, "")
		var missing *serviceerror.NotFound
		info := last.GetWorkflowExecutionInfo()
		switch {
		case errors.As(err, &missing):
		case err != nil:
			return "", fmt.Errorf("look for the run of %s: %w", own, err)
		case info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING &&
			keyword(info.GetSearchAttributes(), ReportIDAttribute) == indexed(reportID):
			return own, nil
		}
	}
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query:    fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.ours(), ReportIDAttribute, quoted(indexed(reportID))),
	})
	if err != nil {
		return "", fmt.Errorf("look for the runs of a report: %w", err)
	}
	var others []*workflowpb.WorkflowExecutionInfo
	for _, run := range list.GetExecutions() {
		if id := run.GetExecution().GetWorkflowId(); id != notificationID && id != own {
			others = append(others, run)
		}
	}
	if len(others) == 0 {
		return "", nil
	}
	if notificationID == own {
		return others[0].GetExecution().GetWorkflowId(), nil
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

// NotifyRun has an open run know what another leaves to it, and reports whether it has ended.
func (c *Client) NotifyRun(ctx context.Context, n expense.Notification, id string) (ended bool, err error) {
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
