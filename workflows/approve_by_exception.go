package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

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
