package workflows

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// permit handles the update by which an activity asks whether it may write. A run permits a write
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
