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

// permit handles the update that an activity sends to ask whether it may write. A run permits a write
// only to the activity that it waits for. The history holds each permission: nothing that an
// operator does to the activity erases it.
func (r *run) permit(ctx workflow.Context) error {
	permit := func(_ workflow.Context, p expense.Permission) (expense.Permitted, error) {
		earlier := r.calls.permits
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			r.calls.full = true
			return expense.Permitted{Earlier: earlier, Full: true}, nil
		}
		r.calls.permits++
		r.calls.headerHash = p.HeaderHash
		return expense.Permitted{Earlier: earlier}, nil
	}
	refuse := func(_ workflow.Context, p expense.Permission) error {
		switch {
		case ctx.Err() != nil:
			return errors.New("the run was cancelled")
		case !r.calls.open || p.Activity != r.calls.activity:
			return errors.New("the run does not wait for this activity")
		}
		return nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, PermitUpdate, permit, workflow.UpdateHandlerOptions{
		Validator:   refuse,
		Description: "May this activity write now? Activities ask this.",
	})
}

// Permit asks a run to permit a write. An error means that the run has not permitted it.
func (c *Client) Permit(ctx context.Context, notificationID, runID string, p expense.Permission) (expense.Permitted, error) {
	var permitted expense.Permitted
	update, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: notificationID, RunID: runID, UpdateName: PermitUpdate, Args: []any{p},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = update.Get(ctx, &permitted)
	}
	if err != nil {
		return expense.Permitted{}, fmt.Errorf("ask the run of %s: %w", notificationID, err)
	}
	return permitted, nil
}

// maxEarlier is how many of a report's runs EarlierWrites checks, the newest.
const maxEarlier = 50

// EarlierWrites finds what earlier runs were permitted to write to the report at the validation step. It
// finds them by the notification and by the report, because Concur names a report in two ways. An
// open run of another notification does not count: it is the older run, and handles the report.
func (c *Client) EarlierWrites(ctx context.Context, in expense.EarlierInput) (expense.EarlierRuns, error) {
	named := fmt.Sprintf("WorkflowId = '%s'", quoted(in.NotificationID))
	if in.ReportID != "" {
		named = fmt.Sprintf("(%s OR %s = '%s')", named, ReportIDAttribute, quoted(cutForIndex(in.ReportID)))
	}
	runs, err := c.listed(ctx, c.deploymentQuery()+" AND "+named, in.RunID)
	if err != nil {
		return expense.EarlierRuns{}, fmt.Errorf("list the earlier runs of a report: %w", err)
	}
	var earlier expense.EarlierRuns
	for _, run := range runs {
		id, runID := run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()
		running := isOpen(run) && id != in.NotificationID
		if runID == in.RunID || running || slices.Contains(in.CheckedRuns, runID) {
			continue
		}
		completed := run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		closed := run.GetCloseTime().AsTime()
		if err := c.writesOf(ctx, id, runID, &earlier, func(p expense.Permission) bool {
			if completed && p.ValidationID == in.ValidationID && time.Since(closed) < in.VisibleWithin && closed.After(earlier.ActedAt) {
				earlier.ActedAt = closed
			}
			if completed { // it knew the outcome of its writes; only v1.1 has an address for each step
				return p.ValidationID == in.ValidationID && !p.Via.IsV4() && !in.Via.IsV4()
			}
			return p.ValidationID == in.ValidationID || p.Via.IsV4() != in.Via.IsV4() // each has its own ID for the same step
		}); err != nil {
			return expense.EarlierRuns{}, err
		}
		earlier.CheckedRuns = append(earlier.CheckedRuns, runID)
	}
	return earlier, nil
}

// Temporal's list of runs lags behind. listingLimit bounds how long EarlierWrites waits until the list
// holds the asking run, and listingDelay is the delay between two attempts.
const (
	listingLimit = 5 * time.Second
	listingDelay = 200 * time.Millisecond
)

// listed returns the newest runs that a query finds, once the asking run is among them. Until then
// a run that wrote just before it may be missing, too.
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
			return nil, errors.New("the asking run is not listed yet, so earlier runs may be missing, too")
		case <-time.After(listingDelay):
		}
	}
}

// writesOf adds the writes that a run was permitted and that here accepts. It skips a run that
// Temporal no longer has.
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

// noteEarlierWrites treats what runs before this one wrote at the step as unknown: only they knew
// the outcome. By v1.1, an exception that should have approved the report counts as posted when
// the report's flag is set.
func (r *run) noteEarlierWrites(read expense.FetchedReport) {
	earlier := read.Earlier
	r.Runs.checked(earlier.CheckedRuns...)
	if !earlier.Wrote {
		return
	}
	r.Progress.record("a run before this one may have written to the " + r.noun() + " at this step")
	u := UnknownWrite{ValidationID: read.ValidationID, HeaderHash: read.HeaderHash, Earlier: true}
	if read.Report != nil {
		u.Flags = read.Report.Flags()
	}
	if r.Writes.Unknown == nil {
		r.Writes.mayHaveWritten(u)
	}
	approving := expense.Exception{ObjectType: expense.OnReport, Code: earlier.Code}
	if earlier.Code != "" && !read.Via.IsV4() && u.Flags.Report && !r.Writes.hasPosted(read.ValidationID, approving) {
		r.Writes.recordApproving(read.ValidationID, approving, expense.Unconfirmed)
		r.Progress.record("exception " + approving.Code + " on report: unconfirmed, its flag was set before")
	}
}
