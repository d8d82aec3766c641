package workflows

import (
	"context"
	"fmt"
	"iter"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// repeatDryRun ends the pass when a dry run has already recorded the writes for this revision.
func (r *run) repeatDryRun(ctx workflow.Context, p *pass) next {
	if r.Writes.DryRun == "" || r.Writes.DryRunRevision != p.read.Revision {
		return goOn()
	}
	return r.endDryRun(ctx)
}

// dryRunAction records the action that the run would take.
func (r *run) dryRunAction(ctx workflow.Context, p *pass) next {
	switch {
	case r.byException(p.action):
		r.Progress.record(fmt.Sprintf("would post exception %s on the report to approve it", r.Evaluation.Verdict.ApproveByException))
	case p.action == expense.SendBack:
		r.Progress.record(fmt.Sprintf("would send the %s back to the employee (cause: %s)", r.noun(), p.cause))
	default:
		r.Progress.record("would approve the " + r.noun())
	}
	return r.endDryRun(ctx)
}

// endDryRun ends a pass that has recorded what it would write. The report still waits. A run
// that has begun to write stays open: only this run knows what it has written.
func (r *run) endDryRun(ctx workflow.Context) next {
	if len(r.Writes.postedAt(r.Step.ValidationID)) > 0 || r.Writes.Unknown != nil {
		return parked(&ParkReason{Kind: expense.WritesOff, Message: "this run has already written to the report, and now writes are off: " + dryRunText(r.Writes.DryRun)})
	}
	r.Writes.endDryRun(r.Read.Revision)
	r.Progress.end(expense.DryRun)
	if r.Decision.Task != nil {
		why := "nothing is written: " + dryRunText(r.Writes.DryRun)
		r.tell(ctx, expense.NewsWithdrawn, workflow.Now(ctx), why)
		r.Decision.withdraw(why, workflow.Now(ctx))
	}
	return done()
}

func dryRunText(why expense.DryRunReason) string {
	if why.IsNotTestUser() {
		return "the report's owner is not among the test users (CONCUR_TEST_USERS)"
	}
	return "this is a dry run (CONCUR_WRITES)"
}

// DryRunResult is a run that ended as a dry run.
type DryRunResult struct {
	NotificationID string    `json:"notificationId"`
	ReportID       string    `json:"reportId,omitempty"`
	Closed         time.Time `json:"closed"`
}

// DryRuns lists the runs that ended as dry runs: for each notification the newest of them. A later
// run may have ended otherwise.
func (c *Client) DryRuns(ctx context.Context) ([]DryRunResult, error) {
	list := []DryRunResult{}
	seen := map[string]bool{}
	for run, err := range c.runs(ctx, fmt.Sprintf("%s AND %s = '%s'", c.deploymentQuery(), OutcomeAttribute, expense.DryRun)) {
		if err != nil {
			return nil, fmt.Errorf("list the runs that ended %s: %w", expense.DryRun, err)
		}
		id := run.GetExecution().GetWorkflowId()
		if !seen[id] {
			seen[id] = true
			list = append(list, DryRunResult{NotificationID: id, ReportID: keyword(run.GetSearchAttributes(), ReportIDAttribute), Closed: run.GetCloseTime().AsTime()})
		}
	}
	return list, nil
}

// runs returns all runs that a query finds, the newest first.
func (c *Client) runs(ctx context.Context, query string) iter.Seq2[*workflowpb.WorkflowExecutionInfo, error] {
	return func(yield func(*workflowpb.WorkflowExecutionInfo, error) bool) {
		request := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 200}
		for {
			page, err := c.temporal.ListWorkflow(ctx, request)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, run := range page.GetExecutions() {
				if !yield(run, nil) {
					return
				}
			}
			if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
				return
			}
		}
	}
}

// deploymentQuery finds the runs of this deployment. Another deployment in the same namespace has
// other task queues.
func (c *Client) deploymentQuery() string {
	return fmt.Sprintf("WorkflowType = '%s' AND TaskQueue IN ('%s', '%s')", ProcessNotification, quoted(c.taskQueue), quoted(SweepQueue(c.taskQueue)))
}

// StartAfterDryRun starts a run for a notification whose last run was a dry run, on the queues of
// the sweep. It returns false when the last run was no dry run, and ErrNoRun when there is no run.
func (c *Client) StartAfterDryRun(ctx context.Context, notificationID string) (started bool, err error) {
	last, err := c.latest(ctx, notificationID)
	switch {
	case err != nil:
		return false, err
	case last == nil:
		return false, ErrNoRun
	case keyword(last.GetSearchAttributes(), OutcomeAttribute) != string(expense.DryRun):
		return false, nil
	}
	events := c.temporal.GetWorkflowHistory(ctx, notificationID, last.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !events.HasNext() {
		return false, fmt.Errorf("the run of %s has no history", notificationID)
	}
	first, err := events.Next()
	var input ProcessInput
	if err == nil {
		err = converter.GetDefaultDataConverter().FromPayloads(first.GetWorkflowExecutionStartedEventAttributes().GetInput(), &input)
	}
	switch {
	case err != nil:
		return false, fmt.Errorf("read the input of the run of %s: %w", notificationID, err)
	case input.Notification.ID() != notificationID:
		return false, fmt.Errorf("%s is not the run of a notification", notificationID)
	}
	return c.startOn(ctx, input.Notification, SweepQueue(c.taskQueue))
}
