package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// permit handles the update by which an activity asks whether it may write. A run permits a
// write only to the activity that it waits for. The history holds each permission, so that
// nothing that is done to the activity erases it.
func (r *run) permit(ctx workflow.Context) error {
	permit := func(_ workflow.Context, p expense.Permission) (expense.Permitted, error) {
		earlier := r.calls.permits
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			r.calls.full = true
			return expense.Permitted{Earlier: earlier, Full: true}, nil
		}
		r.calls.permits++
		r.calls.mark = p.HeaderHash
		return expense.Permitted{Earlier: earlier}, nil
	}
	refuse := func(_ workflow.Context, p expense.Permission) error {
		switch {
		case ctx.Err() != nil:
			return errors.New("the run was cancelled")
		case !r.calls.open || p.Activity != r.calls.of:
			return errors.New("the run does not wait for this activity")
		}
		return nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, PermitUpdate, permit, workflow.UpdateHandlerOptions{
		Validator:   refuse,
		Description: "May this activity write now? Asked by the activities.",
	})
}

// Permit has a run permit a write. An error means that it is not permitted.
func (c *Client) Permit(ctx context.Context, notificationID, runID string, p expense.Permission) (expense.Permitted, error) {
	var permitted expense.Permitted
	asked, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: notificationID, RunID: runID, UpdateName: PermitUpdate, Args: []any{p},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = asked.Get(ctx, &permitted)
	}
	if err != nil {
		return expense.Permitted{}, fmt.Errorf("ask the run of %s: %w", notificationID, err)
	}
	return permitted, nil
}

// maxEarlier is how many of a report's runs are looked at, the newest first.
const maxEarlier = 50

// EarlierWrites looks for what runs before one have written to its report at its stop. It finds
// them by the notification and by the report, for Concur names a report in two ways. A run
// of another notification counts once it has ended: an open one is the elder.
func (c *Client) EarlierWrites(ctx context.Context, in expense.EarlierInput) (expense.EarlierRuns, error) {
	named := fmt.Sprintf("WorkflowId = '%s'", quoted(in.NotificationID))
	if in.ReportID != "" {
		named = fmt.Sprintf("(%s OR %s = '%s')", named, ReportIDAttribute, quoted(indexed(in.ReportID)))
	}
	runs, err := c.listed(ctx, c.ours()+" AND "+named, in.RunID)
	if err != nil {
		return expense.EarlierRuns{}, fmt.Errorf("look for earlier runs of a report: %w", err)
	}
	var earlier expense.EarlierRuns
	for _, run := range runs {
		id, runID := run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()
		running := run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && id != in.NotificationID
		if runID == in.RunID || running || slices.Contains(in.CheckedRuns, runID) {
			continue
		}
		completed := run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		closed := run.GetCloseTime().AsTime()
		if err := c.writesOf(ctx, id, runID, &earlier, func(p expense.Permission) bool {
			if completed && p.ValidationID == in.ValidationID && time.Since(closed) < in.VisibleWithin && closed.After(earlier.ActedAt) {
				earlier.ActedAt = closed
			}
			if completed { // it knew what became of its writes; only v1.1 has a name for each stop
				return p.ValidationID == in.ValidationID && p.Via == expense.V1 && in.Via == expense.V1
			}
			return p.ValidationID == in.ValidationID || p.Via.IsV4() != in.Via.IsV4() // they name one stop differently
		}); err != nil {
			return expense.EarlierRuns{}, err
		}
		earlier.CheckedRuns = append(earlier.CheckedRuns, runID)
	}
	return earlier, nil
}

// Temporal's list of runs lags behind. listingLimit bounds how long a run waits until it is in
// the list itself, and listingDelay is how long it waits before it looks again.
const (
	listingLimit = 5 * time.Second
	listingDelay = 200 * time.Millisecond
)

// listed returns the newest runs that a query finds, once the run that asks is among them:
// until then one that wrote and ended just before it may be missing, too.
func (c *Client) listed(ctx context.Context, query, self string) ([]*workflowpb.WorkflowExecutionInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, listingLimit)
	defer cancel()
	for {
		list, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: maxEarlier, Query: query})
		if err != nil {
			return nil, err
		}
		runs := list.GetExecutions()
		isSelf := func(run *workflowpb.WorkflowExecutionInfo) bool { return run.GetExecution().GetRunId() == self }
		if len(runs) >= maxEarlier || slices.ContainsFunc(runs, isSelf) {
			return runs, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("the run that asks is not in Temporal's list yet, so others may be missing too")
		case <-time.After(listingDelay):
		}
	}
}

// writesOf notes the writes at a stop that a run was permitted. A run that Temporal no
// longer has is not looked at.
func (c *Client) writesOf(ctx context.Context, id, runID string, earlier *expense.EarlierRuns, here func(expense.Permission) bool) error {
	events := c.temporal.GetWorkflowHistory(ctx, id, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var missing *serviceerror.NotFound
	for events.HasNext() {
		event, err := events.Next()
		switch {
		case errors.As(err, &missing):
			return nil
		case err != nil:
			return fmt.Errorf("read the history of an earlier run of %s: %w", id, err)
		}
		asked := event.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput()
		if asked.GetName() != PermitUpdate {
			continue
		}
		var p expense.Permission
		if err := converter.GetDefaultDataConverter().FromPayloads(asked.GetArgs(), &p); err != nil {
			return fmt.Errorf("read the history of an earlier run of %s: %w", id, err)
		}
		if here(p) {
			earlier.Wrote = true
			if p.Code != "" {
				earlier.Code = p.Code
			}
		}
	}
	return nil
}
