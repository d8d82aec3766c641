package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// byException reports whether the report is passed on by an exception, and not by the
// action: this company's workflow moves a report on that has it. A travel request takes none.
func (r *run) byException(action expense.Action) bool {
	return action == expense.Approve && r.Verdict.ApproveByException != "" && r.notification.Kind != expense.RequestObject
}

// approving is the exception that passes the report on.
func (r *run) approving() expense.Exception {
	return expense.Exception{ObjectType: expense.OnReport, Code: r.Verdict.ApproveByException}
}

// requestsOfLooks are those of the looks whether the report has left, beside the write.
const requestsOfLooks = 6 * requestsOfRead

// approveByException passes the report on by an exception, and concludes the pass. It is a
// write of its own, after every other exception is on the report: one that Concur refuses
// must not be left behind. A report that does not leave is parked, and it is not posted
// again: it is on the report.
func (r *run) approveByException(ctx workflow.Context, read expense.FetchedReport, comment, cause string) error {
	r.enter(ctx, Acting)
	r.Cause = cause
	exception := r.approving()
	own := r.Written
	r.Written = true
	doubt := UnknownWrite{ValidationID: r.ValidationID, Action: expense.Approve, Code: exception.Code, Flags: expense.Flags{Report: r.flagged(read)}}
	var taken expense.ActionTaken
	err := r.readable(ctx, func() error {
		input := expense.ApproveByExceptionInput{
			TakeActionInput: expense.TakeActionInput{
				Attempt: r.attempt(ctx), ObjectURI: r.ObjectURI, ValidationID: r.ValidationID, Action: expense.Approve,
				ByRules: cause == byRules, LimitOverridden: r.LimitOverridden,
			},
			Code: exception.Code, AlreadyPosted: r.hasPosted(exception), FlagWasSet: doubt.Flags.Report,
		}
		doubt.HeaderHash = input.HeaderHash
		var err error
		taken, err = call[expense.ActionTaken](r.concurOptions(ctx, "pass the report on by an exception", requestsOfWrite+requestsOfLooks), &r.calls, ApproveByException, input)
		return r.doubt(err, doubt)
	})
	if err != nil {
		r.Written = own || r.UnknownWrite != nil
		return err
	}
	if taken.Posted && !r.hasPosted(exception) {
		item := expense.PostedException{Exception: exception, State: expense.Posted}
		r.Posted = append(r.Posted, PostedAtStep{ValidationID: r.ValidationID, Approves: true, PostedException: item})
		r.did(fmt.Sprintf("exception %s posted on report, to pass it on", exception.Code))
		if comment != "" {
			r.did("the comment was not sent: Concur takes none with an exception")
		}
	}
	if taken.StillWaiting {
		r.UnknownWrite = &doubt
		if r.NotificationPending {
			return errAgain // it may have come to another stop that bears this one's name
		}
		return stays(exception.Code)
	}
	return r.acted(ctx, taken, doubt, cause)
}

// stays is what a person must mend when the report has not left.
func stays(code string) *ParkReason {
	return &ParkReason{
		Kind:    expense.Rejected,
		Message: fmt.Sprintf("exception %s is on the report (approveByException), and Concur's workflow does not move the report on", code),
		Fix: "Look in Concur whether the workflow of this report moves on that exception code. Then pass the report on there by hand, and the run ends; " +
			"or take approveByException out of the rules file, and it is passed on by the action at the next try.",
	}
}

// hasPosted reports whether an exception is on the report since this stop.
func (r *run) hasPosted(e expense.Exception) bool {
	return slices.ContainsFunc(r.posted(r.ValidationID), func(p PostedAtStep) bool { return p.Same(e) })
}

// flagged reports whether the report's flag was up before the exception was posted, or may
// have been: what was posted at this stop may have raised it since the read.
func (r *run) flagged(read expense.FetchedReport) bool {
	if r.doubted(r.ValidationID) && r.UnknownWrite.Code == r.Verdict.ApproveByException {
		return r.UnknownWrite.Flags.Report
	}
	return read.Report.Flags().Report || len(r.posted(r.ValidationID)) > 0
}

// movedOn forgets an exception that was to pass the report on once that waits at another
// stop. Whether it was the exception that moved it is not said.
func (r *run) movedOn(elsewhere bool) {
	if !elsewhere || r.UnknownWrite == nil || r.UnknownWrite.Code == "" {
		return
	}
	r.did(fmt.Sprintf("the report waits at another stop than that at which exception %s was posted", r.UnknownWrite.Code))
	r.UnknownWrite = nil
}
