package workflows

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
)

// RunRecord is the record of one run.
type RunRecord struct {
	NotificationID string
	RunID          string // the first run of the chain of runs
	ReportID       string
	Outcome        expense.Outcome // empty while the run is open
	Cause          string
	Events         []expense.TaskEvent
}

// RecordedRuns lists the runs of this deployment that were open at some time since then. A run that
// was continued as a new one is left out, because the new one has its record.
func (c *Client) RecordedRuns(ctx context.Context, since time.Time) iter.Seq2[*workflowpb.WorkflowExecutionInfo, error] {
	return c.runs(ctx, fmt.Sprintf("%s AND ExecutionStatus != 'ContinuedAsNew' AND (ExecutionStatus = 'Running' OR CloseTime >= '%s')",
		c.deploymentQuery(), since.UTC().Format(time.RFC3339Nano)))
}

// RecordOf returns the record of a run. The run's result holds it. A run that is open, or that has
// ended without a result, is asked for it, which needs a worker: otherwise the error is ErrNoAnswer.
func (c *Client) RecordOf(ctx context.Context, run *workflowpb.WorkflowExecutionInfo) (RunRecord, error) {
	id := run.GetExecution()
	record := RunRecord{
		NotificationID: id.GetWorkflowId(), RunID: run.GetFirstRunId(), ReportID: keyword(run.GetSearchAttributes(), ReportIDAttribute),
	}
	if record.RunID == "" { // an older Temporal does not say
		record.RunID = id.GetRunId()
	}
	if !isOpen(run) {
		result, err := c.resultOf(ctx, run)
		var cancelled *temporal.CanceledError
		if errors.As(err, &cancelled) && cancelled.HasDetails() {
			err = cancelled.Details(&result)
		}
		var unreachable serviceerror.ServiceError
		switch {
		case err == nil:
			record.Outcome, record.Cause, record.Events = result.Outcome, result.Cause, result.Record
			return record, nil
		case errors.As(err, &unreachable) || ctx.Err() != nil:
			return record, err
		}
	}
	status, err := c.statusOf(ctx, id.GetWorkflowId(), id.GetRunId())
	record.Outcome, record.Events = status.Outcome, status.Record
	return record, err
}
