package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// act passes the report on or sends it back, and concludes the pass.
func (r *run) act(ctx workflow.Context, action expense.Action, comment, cause string) error {
	r.enter(ctx, Acting)
	what := "pass the " + r.noun() + " on"
	if action == expense.SendBack {
		what = "send the " + r.noun() + " back"
	}
	r.Cause = cause
	doubt := UnknownWrite{ValidationID: r.ValidationID, Action: action}
	var taken expense.ActionTaken
	err := r.readable(ctx, func() error {
		input := expense.TakeActionInput{
			Attempt: r.attempt(ctx), ObjectURI: r.ObjectURI, ValidationID: r.ValidationID, Action: action, Comment: comment,
			ByRules: cause == byRules, LimitOverridden: r.LimitOverridden,
		}
		if action == expense.Approve {
			input.ExpenseRejectedComment = r.Verdict.ExpenseRejectedComment
		}
		doubt.HeaderHash = input.HeaderHash
		var err error
		taken, err = call[expense.ActionTaken](r.concurOptions(ctx, what, requestsOfWrite), &r.calls, TakeAction, input)
		return r.doubt(err, doubt)
	})
	if err != nil {
		return err
	}
	return r.acted(ctx, taken, doubt, cause)
}

// acted goes on from what became of an action. The doubt is what stays of it when an
// earlier attempt may have acted and the report is not found.
func (r *run) acted(ctx workflow.Context, taken expense.ActionTaken, doubt UnknownWrite, cause string) error {
	action := doubt.Action
	r.UnknownWrite = nil
	switch {
	case taken.MayHaveMoved:
		return r.mayHaveMoved(taken.OutcomeUnknown)
	case taken.DryRun != "":
		r.DryRun = taken.DryRun
		return r.showAction(action, cause)
	case taken.Confirmed:
		r.succeeded(ctx, r.ValidationID, action, cause, true)
		if taken.ValidationID != "" {
			return errAgain // it already waits at the next stop
		}
		return nil
	case taken.Kind == "":
		r.succeeded(ctx, r.ValidationID, action, cause, false)
		if taken.ValidationID != "" {
			return errAgain
		}
		return nil
	case taken.Kind == expense.NotFound:
		if taken.OutcomeUnknown {
			r.UnknownWrite = &doubt // a report that is there again may have been moved by us
		}
		return errAgain
	case taken.ValidationID != "":
		return errAgain
	}
	return r.left(ctx, taken.ReportState, taken.OutcomeUnknown)
}

// succeeded records that the report has left the stop by our action.
func (r *run) succeeded(ctx workflow.Context, stop string, action expense.Action, cause string, confirmed bool) {
	done := "passed on"
	r.Outcome, r.Cause = expense.Approved, ""
	switch {
	case action == expense.SendBack:
		done = fmt.Sprintf("sent back to the employee (cause: %s)", cause)
		r.Outcome, r.Cause = expense.SentBack, cause
	case slices.ContainsFunc(r.posted(stop), func(p PostedAtStep) bool { return !p.Approves }):
		r.Outcome = expense.ApprovedWithExceptions
	}
	if confirmed {
		done += ", confirmed by reading"
	} else {
		r.StepChanges = 0
	}
	r.did(done)
	r.Task, r.AcceptedDecision, r.LimitOverridden, r.Changes = nil, nil, false, 0
	r.ActedAtValidation, r.ActedAt = stop, workflow.Now(ctx)
	r.leaveStop()
	if r.HeaderHash != "" || r.notification.Kind == expense.RequestObject {
		r.Reevaluate = true // where it waits next may bear the name of this stop
	}
}

// showAction says what would be done with the report.
func (r *run) showAction(action expense.Action, cause string) error {
	switch {
	case r.byException(action):
		r.did(fmt.Sprintf("would post exception %s on the report, to pass it on", r.Verdict.ApproveByException))
	case action == expense.SendBack:
		r.did(fmt.Sprintf("would send the %s back to the employee (cause: %s)", r.noun(), cause))
	default:
		r.did("would pass the " + r.noun() + " on")
	}
	return r.shown()
}

// shown concludes a pass that has shown what it would write. The report still waits. A
// run that has begun to write stays open: what it knows of that is nowhere else.
func (r *run) shown() error {
	if len(r.posted(r.ValidationID)) > 0 || r.UnknownWrite != nil {
		return &ParkReason{Kind: expense.WritesOff, Message: "it was begun to write to this report, and now writes are withheld: " + withheldBy(r.DryRun)}
	}
	r.DryRunRevision = r.Revision
	r.Outcome, r.Cause = expense.DryRun, ""
	r.Task, r.AcceptedDecision = nil, nil
	return nil
}

// deleteFirst deletes an entry of the failed list that told of this report. It comes
// last: until then Concur still tells of it.
func (r *run) deleteFirst(ctx workflow.Context) error {
	r.enter(ctx, Deleting)
	uri := r.PendingDeletes[0]
	var gone expense.DeletedNotification
	err := r.readable(ctx, func() error {
		input := expense.DeleteNotificationInput{NotificationURI: uri, DryRun: r.DryRun}
		var err error
		gone, err = call[expense.DeletedNotification](r.concurOptions(ctx, "delete the failed notification", requestsOfDelete), &r.calls, DeleteNotification, input)
		return err
	})
	var refused *ParkReason
	if errors.As(err, &refused) && refused.Kind == expense.Rejected {
		return r.deleteRefused(ctx, uri, refused)
	}
	if err != nil {
		return err
	}
	if gone.Untrusted != "" {
		r.drop(ctx, expense.UntrustedURI{URI: uri, Why: gone.Untrusted})
		return nil
	}
	r.deleted(uri, workflow.Now(ctx))
	if gone.DryRun != "" {
		r.DryRun = gone.DryRun
		r.did("would delete the failed notification")
	} else {
		r.did("failed notification deleted")
	}
	return nil
}

// mostRefusedDeletes is how often a run asks Concur to delete an entry that Concur lists and
// refuses to delete.
const mostRefusedDeletes = 3

// deleteRefused parks a run of which Concur refuses to delete a failed notification, and lists it
// still. After some times the entry is left where it is: nothing else waits for it, and the next
// sweep tells of it.
func (r *run) deleteRefused(ctx workflow.Context, uri string, t *ParkReason) error {
	r.RefusedDeletes++
	if r.RefusedDeletes < mostRefusedDeletes {
		t.Fix = "Concur lists the failed notification and refuses to delete it. Look at Concur's words, and at the roles of the connector's user; the run tries again by itself, and after three times leaves the notification where it is."
		return t
	}
	r.RefusedDeletes = 0
	r.deleted(uri, workflow.Now(ctx))
	r.did("a failed notification was left where it is: Concur refuses to delete it")
	return nil
}

// drop forgets a notification URI that must not be followed. It is no reason to park: nothing
// else that the run does needs it, and Concur keeps its entry.
func (r *run) drop(ctx workflow.Context, refused expense.UntrustedURI) {
	r.deleted(refused.URI, workflow.Now(ctx))
	if said := "a notification URI was dropped: " + refused.Why; !slices.Contains(r.Done, said) {
		r.did(said)
	}
	workflow.GetLogger(ctx).Warn("a notification URI was dropped", "notification", r.notification.ID(), "why", refused.Why)
}

// attempt tells a write whether it may be the first at this stop. The mark is that of the
// read before the action that is in doubt, for what was read since may be of another step.
func (r *run) attempt(ctx workflow.Context) expense.Attempt {
	mark := r.HeaderHash
	if r.doubted(r.ValidationID) && r.UnknownWrite.HeaderHash != "" {
		mark = r.UnknownWrite.HeaderHash
	}
	return expense.Attempt{
		OriginalRunID:  workflow.GetInfo(ctx).OriginalRunID,
		OutcomeUnknown: r.doubted(r.ValidationID),
		Via:            r.Via,
		HeaderHash:     mark,
		ContentHashes:  r.ReadHashes,
		ReadAt:         r.ReadAt,
		Parts:          r.ReadParts,
		ApproverAsked:  r.Task != nil,
	}
}

func (r *run) doubted(stop string) bool {
	return r.UnknownWrite != nil && r.UnknownWrite.ValidationID == stop
}

// doubt remembers a write that may have taken effect though it did not succeed. One
// that certainly has not settles, too, what was in doubt before it: it has read. A write
// that ended without a word of the activity may have taken effect if the run has permitted
// it; if not, nothing was sent, and what was in doubt before stays so.
func (r *run) doubt(err error, d UnknownWrite) error {
	if err == nil {
		return nil
	}
	told, known := r.calls.told(err)
	if r.calls.mark != "" && d.Action != "" {
		d.HeaderHash = r.calls.mark // of the read before the write that was sent last
	}
	switch {
	case known && !told.OutcomeUnknown:
		r.UnknownWrite = nil
	case known || r.calls.permits > 0:
		r.UnknownWrite = &d
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func first(lines []string, n int) []string {
	if len(lines) > n {
		return append(lines[:n:n], fmt.Sprintf("and %d more", len(lines)-n))
	}
	return lines
}

// doubtEarlier doubts what runs before this one have written at the stop: what became of it
// only they knew. An exception that was to pass the report on is taken to be there when the
// report's flag is up.
func (r *run) doubtEarlier(read expense.FetchedReport) {
	earlier := read.Earlier
	r.CheckedRuns = append(r.CheckedRuns, earlier.CheckedRuns...)
	if !earlier.Wrote {
		return
	}
	r.did("a run before this one may have written to the " + r.noun() + " at this stop")
	doubt := UnknownWrite{ValidationID: read.ValidationID, HeaderHash: read.HeaderHash, Earlier: true}
	if read.Report != nil {
		doubt.Flags = read.Report.Flags()
	}
	if r.UnknownWrite == nil {
		r.UnknownWrite = &doubt
	}
	passesOn := expense.Exception{ObjectType: expense.OnReport, Code: earlier.Code}
	if earlier.Code != "" && !read.Via.IsV4() && doubt.Flags.Report && !r.hasPosted(passesOn) {
		item := expense.PostedException{Exception: passesOn, State: expense.Unconfirmed}
		r.Posted = append(r.Posted, PostedAtStep{ValidationID: r.ValidationID, Approves: true, PostedException: item})
		r.did(fmt.Sprintf("exception %s on report: unconfirmed, its flag was set before", passesOn.Code))
	}
}
