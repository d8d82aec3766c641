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

// OlderRun returns the notification ID of the open run to which the asking run hands its report over,
// or nothing. The asking run has set the report's ID as search attribute before.
//
// Two kinds of runs meet: those of callouts, under the key of v1.1, and the one under the report's
// own ID. A callout's run hands over to the latter if that has read the report: Temporal knows that
// of a single run at once. The run under the report's ID hands over to any callout's run. Temporal
// lists those with a delay, so it asks only after that delay. So at least one of two such runs finds
// the other. Of two callouts' runs, the younger hands over.
func (c *Client) OlderRun(ctx context.Context, reportID, notificationID, runID string) (string, error) {
	own := expense.Notification{Kind: expense.ReportObject, Key: reportID}.ID()
	if notificationID != own {
		last, err := c.temporal.DescribeWorkflowExecution(ctx, own, "")
		var missing *serviceerror.NotFound
		info := last.GetWorkflowExecutionInfo()
		switch {
		case errors.As(err, &missing):
		case err != nil:
			return "", fmt.Errorf("describe the run of %s: %w", own, err)
		case info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING &&
			keyword(info.GetSearchAttributes(), ReportIDAttribute) == cutForIndex(reportID):
			return own, nil
		}
	}
	list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: knownRuns,
		Query:    fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.deploymentQuery(), ReportIDAttribute, quoted(cutForIndex(reportID))),
	})
	if err != nil {
		return "", fmt.Errorf("list the runs of a report: %w", err)
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
		return "", fmt.Errorf("describe the asking run: %w", err)
	}
	for _, other := range others {
		if startedBefore(other, self.GetWorkflowExecutionInfo()) {
			return other.GetExecution().GetWorkflowId(), nil
		}
	}
	return "", nil
}

// hasOpenRun returns true when an open run handles the report of a run that has handed it over.
func (c *Client) hasOpenRun(ctx context.Context, closed *workflowpb.WorkflowExecutionInfo) bool {
	reportID := keyword(closed.GetSearchAttributes(), ReportIDAttribute)
	if reportID == "" {
		return false
	}
	n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND %s = '%s' AND ExecutionStatus = 'Running'", c.deploymentQuery(), ReportIDAttribute, quoted(cutForIndex(reportID))),
	})
	return err == nil && n.GetCount() > 0
}

// startedBefore returns true when run a began before run b. Run b has continued no other run.
func startedBefore(a, b *workflowpb.WorkflowExecutionInfo) bool {
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

// NotifyRun signals an open run what another run hands over to it. It returns ended when no run is open.
func (c *Client) NotifyRun(ctx context.Context, n expense.Notification, id string) (ended bool, err error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, id, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("describe the run of %s: %w", id, err)
	case last.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return true, nil
	}
	err = c.temporal.SignalWorkflow(ctx, id, "", Notified, n)
	if errors.As(err, &missing) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("signal the run of %s: %w", id, err)
	}
	return false, nil
}
