package activities

import (
	"context"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ApproveByException approves a report in place of TakeAction, in a company whose Concur
// workflow moves a report to its next step when the report has a certain exception. After
// the post it reads the report with growing delays until the report has moved. A report
// that still waits then is a result, not an error.
func (a *Activities) ApproveByException(ctx context.Context, in expense.ApproveByExceptionInput) (result expense.ActionTaken, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, heartbeat, stop := a.startHeartbeat(ctx)
	defer stop()
	w, err := a.write(ctx, heartbeat, write{
		op: "approve by exception", attempt: in.Attempt, objectURI: in.ObjectURI, validationID: in.ValidationID,
		action: &in.TakeActionInput, approvalCode: in.Code,
		read: func(ctx context.Context) (found, error) { return a.readUntilMoved(ctx, in.TakeActionInput) },
		unsent: func(ctx context.Context, now found, first bool) (found, int, error) {
			now, posted, err := a.approvalPosted(ctx, in, now, first)
			if posted {
				return now, 0, err
			}
			return now, 1, err
		},
		send: func(ctx context.Context, now found, _ int) error { return a.postApproval(ctx, now, in.Exception()) },
	})
	switch {
	case err != nil:
		return expense.ActionTaken{}, err
	case w.made:
		return a.waitUntilMoved(ctx, in, w)
	}
	return actionNotTaken(in.TakeActionInput, w), nil
}

// approvalPosted reports whether an earlier attempt has posted the exception. v4 lists
// exceptions. v1.1 shows only whether the report has any: this proves the post if the
// report had none before. If it had some, a report that still waits proves that the
// exception was not posted, because it would have moved the report.
func (a *Activities) approvalPosted(ctx context.Context, in expense.ApproveByExceptionInput, now found, first bool) (found, bool, error) {
	switch {
	case first || in.AlreadyPosted:
		return now, in.AlreadyPosted, nil
	case !in.Via.IsV4():
		return now, !in.FlagWasSet && expense.True(now.Report.HasException), nil
	}
	existing, now, err := a.listExceptions(ctx, in.ObjectURI, now)
	return now, contains(existing, in.Exception()), err
}

// postApproval posts one exception on the report, by the interface that the report was read by.
func (a *Activities) postApproval(ctx context.Context, now found, e expense.Exception) error {
	api := a.options.Concur
	if now.Report.Via.IsV4() {
		return api.PutExceptionV4(ctx, now.Report.ID, expense.ExistingException{Exception: e})
	}
	results, err := api.PostExceptionsV1(ctx, now.Report.Key, []expense.Exception{e})
	if err == nil && !results[0].OK {
		err = &concur.Error{Op: "approve by exception", Kind: expense.Rejected, Message: "exception " + e.Code + ": " + results[0].Message}
	}
	return err
}

// waitUntilMoved reads the report until it has left its validation step, for as long as
// Concur may take to show that. It writes nothing.
func (a *Activities) waitUntilMoved(ctx context.Context, in expense.ApproveByExceptionInput, w written) (expense.ActionTaken, error) {
	taken := expense.ActionTaken{Posted: true}
	moved, err := a.untilVisible(ctx, func() (bool, error) {
		now, err := a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
		taken.ReportState = now.ReportState
		taken.Confirmed = movedByAction(in.TakeActionInput, now)
		return now.Kind != "", err
	})
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, w.unknown)
	}
	taken.OutcomeUnknown, taken.StillWaiting = moved, !moved
	return taken, nil
}
