package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// exportAt is how many new events an open run exports without waiting for its end. The record of a
// run keeps maxListed events, so that none of them is dropped before it is exported.
const exportAt = maxListed / 4

// exportRecord has the events of the record stored outside Temporal. It runs beside the run, so that
// an export that fails delays nothing but the end of the run. It also runs in a cancelled run.
func (r *run) exportRecord(ctx workflow.Context) {
	var exports calls
	for {
		due := func() bool {
			n := len(r.Decision.notExported())
			return n >= exportAt || r.ending && n > 0
		}
		if workflow.Await(ctx, due) != nil {
			return
		}
		info := workflow.GetInfo(ctx)
		exported, err := call[expense.ExportedRecord](r.localOptions(ctx, "store the record of decisions"), &exports, ExportRecord, expense.ExportRecordInput{
			NotificationID: r.notification.ID(), RunID: firstRunID(info), ReportID: r.Read.ReportID,
			Outcome: r.Progress.Outcome, Cause: r.Progress.Cause, Events: slices.Clone(r.Decision.notExported()),
		})
		if err != nil { // an operator has ended the activity
			if r.pause(ctx, "the record of decisions is not stored: it is exported again") != nil {
				return
			}
			continue
		}
		r.Decision.storedUntil(exported.Last)
	}
}

// firstRunID is the same in all runs that continue each other.
func firstRunID(info *workflow.Info) string {
	if info.FirstRunID != "" {
		return info.FirstRunID
	}
	return info.WorkflowExecution.RunID
}

// finishRecord refuses the decisions that come too late, and waits until the whole record is
// exported, or until there is a reason to go on. Nothing can be added to the record between its
// return and the end of the run.
func (r *run) finishRecord(ctx workflow.Context, goesOn func() bool) error {
	defer func() { r.ending = false }()
	for !goesOn() {
		r.ending = true
		r.Decision.end(workflow.Now(ctx))
		if len(r.Decision.notExported()) == 0 {
			return nil
		}
		r.enter(ctx, Exporting)
		err := workflow.Await(ctx, func() bool {
			return len(r.Decision.notExported()) == 0 || len(r.Decision.Received) > 0 || goesOn()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// never is for a run that ends whatever happens.
func never() bool { return false }
