package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// act approves the report or sends it back, and ends the pass.
func (r *run) act(ctx workflow.Context, p *pass) next {
	r.enter(ctx, Acting)
	r.Progress.acts(p.cause)
	if r.byException(p.action) {
		return r.approveByException(ctx, p)
	}
	summary := "approve the " + r.noun()
	if p.action == expense.SendBack {
		summary = "send the " + r.noun() + " back"
	}
	unknown := UnknownWrite{ValidationID: r.Step.ValidationID, Action: p.action}
	var taken expense.ActionTaken
	err := r.retryUnreadable(ctx, func() (err error) {
		input := r.actionInput(ctx, p)
		unknown.HeaderHash = input.HeaderHash
		taken, err = call[expense.ActionTaken](r.concurOptions(ctx, summary, requestsOfWrite), &r.calls, TakeAction, input)
		return r.recordOutcome(err, unknown)
	})
	if err != nil {
		return after(err)
	}
	return r.acted(ctx, p, taken, unknown)
}

func (r *run) actionInput(ctx workflow.Context, p *pass) expense.TakeActionInput {
	input := expense.TakeActionInput{
		Attempt: r.attempt(ctx), ObjectURI: r.Address.ObjectURI, ValidationID: r.Step.ValidationID, Action: p.action,
		ByRules: p.cause != byPerson, LimitOverridden: r.Writes.LimitOverridden,
	}
	if r.byException(p.action) {
		return input
	}
	input.Comment = p.comment
	if p.action == expense.Approve {
		input.ExpenseRejectedComment = r.Evaluation.Verdict.ExpenseRejectedComment
	}
	return input
}

// acted goes on from what became of an action. If the report is not found, its outcome may stay
// unknown.
func (r *run) acted(ctx workflow.Context, p *pass, taken expense.ActionTaken, unknown UnknownWrite) next {
	r.Writes.resolved()
	switch {
	case taken.MayHaveMoved:
		return r.reportChanged(ctx, taken.OutcomeUnknown)
	case taken.DryRun != "":
		r.Writes.dryRun(taken.DryRun)
		return r.dryRunAction(ctx, p)
	case taken.Confirmed, taken.Kind == "":
		r.succeeded(ctx, unknown.ValidationID, p.action, p.cause, taken.Confirmed)
		if taken.ValidationID != "" {
			return again("the " + r.noun() + " already waits at its next step")
		}
		return done()
	case taken.Kind == expense.NotFound:
		if taken.OutcomeUnknown {
			r.Writes.mayHaveWritten(unknown) // we may have moved a report that is found again
		}
		return again("Concur did not find the " + r.noun() + " when the action was to be taken")
	case taken.ValidationID != "":
		return again("the " + r.noun() + " waited at another step when the action was to be taken")
	}
	return r.endNotWaiting(ctx, taken.ReportState, taken.OutcomeUnknown)
}

// succeeded records that the report has left the step by our action.
func (r *run) succeeded(ctx workflow.Context, validationID string, action expense.Action, cause string, confirmed bool) {
	said := "approved"
	switch {
	case action == expense.SendBack:
		said = fmt.Sprintf("sent back to the employee (cause: %s)", cause)
		r.Progress.sentBack(cause)
	case slices.ContainsFunc(r.Writes.postedAt(validationID), func(p PostedAtStep) bool { return !p.Approves }):
		r.Progress.end(expense.ApprovedWithExceptions)
	default:
		r.Progress.end(expense.Approved)
	}
	if confirmed {
		said += ", confirmed by reading"
	} else {
		r.Step.steady()
	}
	r.Progress.record(said)
	r.Decision.carriedOut(said, workflow.Now(ctx))
	r.Writes.actedAt(validationID, workflow.Now(ctx))
	r.Step.leave(r.stepsLookAlike())
	if r.stepsLookAlike() {
		r.Evaluation.again() // where it waits next may look like this step
	}
}

// byException returns true when an exception approves the report instead of the action: this
// company's workflow moves a report on that has it. A travel request takes no exceptions.
func (r *run) byException(action expense.Action) bool {
	return action == expense.Approve && r.Evaluation.Verdict.ApproveByException != "" && r.notification.Kind != expense.RequestObject
}

// approving is the exception that approves the report.
func (r *run) approving() expense.Exception {
	return expense.Exception{ObjectType: expense.OnReport, Code: r.Evaluation.Verdict.ApproveByException}
}

// requestsOfChecks are the requests that check whether the report has left, in addition to the
// write.
const requestsOfChecks = 6 * requestsOfRead

// approveByException approves the report by an exception, and ends the pass. It comes after all
// other exceptions, so that the report does not leave without one that Concur refuses. A report
// that does not leave is parked. The exception is not posted again: it is on the report.
func (r *run) approveByException(ctx workflow.Context, p *pass) next {
	exception, validationID := r.approving(), r.Step.ValidationID
	nothingWritten := r.Writes.begin()
	unknown := UnknownWrite{ValidationID: validationID, Action: expense.Approve, Code: exception.Code, Flags: expense.Flags{Report: r.wasFlagged(p.read)}}
	var taken expense.ActionTaken
	err := r.retryUnreadable(ctx, func() (err error) {
		input := expense.ApproveByExceptionInput{
			TakeActionInput: r.actionInput(ctx, p),
			Code:            exception.Code, AlreadyPosted: r.Writes.hasPosted(validationID, exception), FlagWasSet: unknown.Flags.Report,
		}
		unknown.HeaderHash = input.HeaderHash
		taken, err = call[expense.ActionTaken](r.concurOptions(ctx, "approve the report by an exception", requestsOfWrite+requestsOfChecks), &r.calls, ApproveByException, input)
		return r.recordOutcome(err, unknown)
	})
	if err != nil {
		nothingWritten()
		return after(err)
	}
	if taken.Posted && !r.Writes.hasPosted(validationID, exception) {
		r.Writes.recordApproving(validationID, exception, expense.Posted)
		r.Progress.record(fmt.Sprintf("exception %s posted on report to approve it", exception.Code))
		if p.comment != "" {
			r.Progress.record("the comment was not sent: Concur takes none with an exception")
		}
	}
	if !taken.StillWaiting {
		return r.acted(ctx, p, taken, unknown)
	}
	r.Writes.mayHaveWritten(unknown)
	if r.Inbox.NotificationPending {
		return again("a notification arrived: the report may wait at another step that looks like this one")
	}
	return parked(&ParkReason{
		Kind:    expense.Rejected,
		Message: fmt.Sprintf("exception %s is on the report (approveByException), and the report has not left its step", exception.Code),
		Fix: "Check in Concur whether the workflow of this report moves on for that exception code. Then approve the report there by hand, and the run ends. " +
			"Or remove approveByException from the rules file: at the next try the connector approves the report by the action.",
	})
}

// wasFlagged returns true when the report's exception flag was set before the exception was
// posted, or may have been: another exception at this step may have set it since the read.
func (r *run) wasFlagged(read expense.FetchedReport) bool {
	validationID := r.Step.ValidationID
	if r.Writes.unknownAt(validationID) && r.Writes.Unknown.Code == r.Evaluation.Verdict.ApproveByException {
		return r.Writes.Unknown.Flags.Report
	}
	return read.Report.Flags().Report || len(r.Writes.postedAt(validationID)) > 0
}
