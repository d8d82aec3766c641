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
	doubt := Doubt{Stop: r.Stop, Action: action}
	var taken expense.ActionTaken
	err := r.readable(ctx, func() error {
		input := expense.TakeActionInput{
			Attempt: r.attempt(ctx), ObjectURI: r.ObjectURI, Stop: r.Stop, Action: action, Comment: comment,
			ByRules: cause == byRules, Overruled: r.Overruled,
		}
		if action == expense.Approve {
			input.ExpenseRejectedComment = r.Verdict.ExpenseRejectedComment
		}
		doubt.Mark = input.Mark
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
func (r *run) acted(ctx workflow.Context, taken expense.ActionTaken, doubt Doubt, cause string) error {
	action := doubt.Action
	r.Doubt = nil
	switch {
	case taken.Moved:
		return r.mayHaveMoved(taken.Doubtful)
	case taken.Withheld != "":
		r.Withheld = taken.Withheld
		return r.showAction(action, cause)
	case taken.Confirmed:
		r.succeeded(ctx, r.Stop, action, cause, true)
		if taken.Stop != "" {
			return errAgain // it already waits at the next stop
		}
		return nil
	case taken.Kind == "":
		r.succeeded(ctx, r.Stop, action, cause, false)
		if taken.Stop != "" {
			return errAgain
		}
		return nil
	case taken.Kind == expense.NotFound:
		if taken.Doubtful {
			r.Doubt = &doubt // a report that is there again may have been moved by us
		}
		return errAgain
	case taken.Stop != "":
		return errAgain
	}
	return r.left(ctx, taken.Reading, taken.Doubtful)
}

// succeeded records that the report has left the stop by our action.
func (r *run) succeeded(ctx workflow.Context, stop string, action expense.Action, cause string, confirmed bool) {
	done := "passed on"
	r.Outcome, r.Cause = expense.Approved, ""
	switch {
	case action == expense.SendBack:
		done = fmt.Sprintf("sent back to the employee (cause: %s)", cause)
		r.Outcome, r.Cause = expense.SentBack, cause
	case slices.ContainsFunc(r.posted(stop), func(p PostedAt) bool { return !p.Approving }):
		r.Outcome = expense.ApprovedWithExceptions
	}
	if confirmed {
		done += ", confirmed by reading"
	} else {
		r.StopChanges = 0
	}
	r.did(done)
	r.Task, r.Ruling, r.Overruled, r.Changes = nil, nil, false, 0
	r.Acted, r.ActedAt = stop, workflow.Now(ctx)
	r.leaveStop()
	if r.Mark != "" || r.notification.Kind == expense.RequestObject {
		r.Rejudge = true // where it waits next may bear the name of this stop
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
	if len(r.posted(r.Stop)) > 0 || r.Doubt != nil {
		return &Trouble{Kind: expense.WritesOff, Message: "it was begun to write to this report, and now writes are withheld: " + withheldBy(r.Withheld)}
	}
	r.Shown = r.Revision
	r.Outcome, r.Cause = expense.DryRun, ""
	r.Task, r.Ruling = nil, nil
	return nil
}

// deleteFirst deletes an entry of the failed list that told of this report. It comes
// last: until then Concur still tells of it.
func (r *run) deleteFirst(ctx workflow.Context) error {
	r.enter(ctx, Deleting)
	uri := r.Owed[0]
	var gone expense.DeletedNotification
	err := r.readable(ctx, func() error {
		input := expense.DeleteNotificationInput{NotificationURI: uri, Withheld: r.Withheld}
		var err error
		gone, err = call[expense.DeletedNotification](r.concurOptions(ctx, "delete the failed notification", requestsOfDelete), &r.calls, DeleteNotification, input)
		return err
	})
	var refused *Trouble
	if errors.As(err, &refused) && refused.Kind == expense.Rejected {
		return r.deleteRefused(ctx, uri, refused)
	}
	if err != nil {
		return err
	}
	if gone.Refused != "" {
		r.drop(ctx, expense.RefusedURI{URI: uri, Why: gone.Refused})
		return nil
	}
	r.deleted(uri, workflow.Now(ctx))
	if gone.Withheld != "" {
		r.Withheld = gone.Withheld
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
func (r *run) deleteRefused(ctx workflow.Context, uri string, t *Trouble) error {
	r.RefusedDeletes++
	if r.RefusedDeletes < mostRefusedDeletes {
		t.Mend = "Concur lists the failed notification and refuses to delete it. Look at Concur's words, and at the roles of the connector's user; the run tries again by itself, and after three times leaves the notification where it is."
		return t
	}
	r.RefusedDeletes = 0
	r.deleted(uri, workflow.Now(ctx))
	r.did("a failed notification was left where it is: Concur refuses to delete it")
	return nil
}

// drop forgets a notification URI that must not be followed. It is no reason to park: nothing
// else that the run does needs it, and Concur keeps its entry.
func (r *run) drop(ctx workflow.Context, refused expense.RefusedURI) {
	r.deleted(refused.URI, workflow.Now(ctx))
	if said := "a notification URI was dropped: " + refused.Why; !slices.Contains(r.Done, said) {
		r.did(said)
	}
	workflow.GetLogger(ctx).Warn("a notification URI was dropped", "notification", r.notification.ID(), "why", refused.Why)
}

// attempt tells a write whether it may be the first at this stop. The mark is that of the
// read before the action that is in doubt, for what was read since may be of another step.
func (r *run) attempt(ctx workflow.Context) expense.Attempt {
	mark := r.Mark
	if r.doubted(r.Stop) && r.Doubt.Mark != "" {
		mark = r.Doubt.Mark
	}
	return expense.Attempt{
		OriginalRunID: workflow.GetInfo(ctx).OriginalRunID,
		Doubtful:      r.doubted(r.Stop),
		Via:           r.Via,
		Mark:          mark,
		Shown:         r.ReadShown,
		ReadAt:        r.ReadAt,
		Parts:         r.ReadParts,
		Asked:         r.Task != nil,
	}
}

func (r *run) doubted(stop string) bool { return r.Doubt != nil && r.Doubt.Stop == stop }

// doubt remembers a write that may have taken effect though it did not succeed. One
// that certainly has not settles, too, what was in doubt before it: it has read. A write
// that ended without a word of the activity may have taken effect if the run has permitted
// it; if not, nothing was sent, and what was in doubt before stays so.
func (r *run) doubt(err error, d Doubt) error {
	if err == nil {
		return nil
	}
	told, known := r.calls.told(err)
	if r.calls.mark != "" && d.Action != "" {
		d.Mark = r.calls.mark // of the read before the write that was sent last
	}
	switch {
	case known && !told.Doubtful:
		r.Doubt = nil
	case known || r.calls.permits > 0:
		r.Doubt = &d
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
	r.Looked = append(r.Looked, earlier.Looked...)
	if !earlier.Wrote {
		return
	}
	r.did("a run before this one may have written to the " + r.noun() + " at this stop")
	doubt := Doubt{Stop: read.Stop, Mark: read.Mark, Earlier: true}
	if read.Report != nil {
		doubt.Flags = read.Report.Flags()
	}
	if r.Doubt == nil {
		r.Doubt = &doubt
	}
	passesOn := expense.Exception{ObjectType: expense.OnReport, Code: earlier.Code}
	if earlier.Code != "" && !read.Via.IsV4() && doubt.Flags.Report && !r.hasPosted(passesOn) {
		item := expense.PostedException{Exception: passesOn, State: expense.Unconfirmed}
		r.Posted = append(r.Posted, PostedAt{Stop: r.Stop, Approving: true, PostedException: item})
		r.did(fmt.Sprintf("exception %s on report: unconfirmed, its flag was set before", passesOn.Code))
	}
}
