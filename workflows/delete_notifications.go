package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// deletes is what the run knows about entries of Concur's failed list that announced its report.
type deletes struct {
	Pending   []string  `json:"pending,omitempty"`   // notification URIs to delete
	Unchecked []string  `json:"unchecked,omitempty"` // those of them that no read has checked
	Deleted   []string  `json:"deleted,omitempty"`   // each as often as Concur said that it deleted it
	DeletedAt time.Time `json:"deletedAt,omitzero"`  // the last time
	// Refusals counts how often Concur refused to delete the first pending one, and still listed it.
	Refusals int `json:"refusals,omitempty"`
}

// add remembers a notification URI to be deleted, and returns true when it is new. One that was
// deleted before is still in Concur's list. It is pending again, unless the list was read too
// recently to show the delete, and is no news of the report.
func (d *deletes) add(uri string, recent bool, dryRun expense.DryRunReason) (isNew bool) {
	if uri == "" || slices.Contains(d.Pending, uri) {
		return false
	}
	times := 0
	for _, deleted := range d.Deleted {
		if deleted == uri {
			times++
		}
	}
	if times == 0 || times < mostDeletes && dryRun == "" && !recent {
		d.Pending = append(d.Pending, uri)
		d.Unchecked = append(d.Unchecked, uri)
	}
	return times == 0
}

// checked notes that a read has checked that many of the unchecked ones.
func (d *deletes) checked(n int) { d.Unchecked = d.Unchecked[n:] }

// deleted notes that nothing is left to do about a notification URI.
func (d *deletes) deleted(uri string, now time.Time) {
	d.DeletedAt = now
	d.Pending = slices.DeleteFunc(d.Pending, func(u string) bool { return u == uri })
	d.Deleted = append(d.Deleted, uri)
	if len(d.Deleted) > maxListed {
		d.Deleted = slices.Clone(d.Deleted[len(d.Deleted)-maxListed:])
	}
}

// handedOver notes that another run deletes them.
func (d *deletes) handedOver() { d.Pending = nil }

// refused counts a delete that Concur refused, and returns false when it is not to be tried again.
func (d *deletes) refused() (tryAgain bool) {
	if d.Refusals++; d.Refusals >= maxRefusedDeletes {
		d.Refusals = 0
	}
	return d.Refusals > 0
}

// deleteNotifications deletes the failed notifications. It comes last: until then, Concur's list
// still announces the report if the run is lost. It stops when a notification arrives, which
// sends the run back to the read.
func (r *run) deleteNotifications(ctx workflow.Context) next {
	keep := []expense.Outcome{expense.DryRun, expense.Unsupported, expense.NotOurs} // the report still waits, or is not for us
	for len(r.Deletes.Pending) > 0 && !r.Inbox.NotificationPending && !slices.Contains(keep, r.Progress.Outcome) {
		if next := r.deleteNotification(ctx, r.Deletes.Pending[0]); !next.continues() {
			return next
		}
	}
	return done()
}

func (r *run) deleteNotification(ctx workflow.Context, uri string) next {
	r.enter(ctx, Deleting)
	var gone expense.DeletedNotification
	err := r.retryUnreadable(ctx, func() (err error) {
		input := expense.DeleteNotificationInput{NotificationURI: uri, DryRun: r.Writes.DryRun}
		gone, err = call[expense.DeletedNotification](r.concurOptions(ctx, "delete the failed notification", requestsOfDelete), &r.calls, DeleteNotification, input)
		return err
	})
	var refused *ParkReason
	switch {
	case errors.As(err, &refused) && refused.Kind == expense.Rejected:
		return r.deleteRefused(ctx, uri, refused)
	case err != nil:
		return after(err)
	case gone.Untrusted != "":
		r.dropDelete(ctx, expense.UntrustedURI{URI: uri, Why: gone.Untrusted})
		return goOn()
	}
	r.Deletes.deleted(uri, workflow.Now(ctx))
	if gone.DryRun != "" {
		r.Writes.dryRun(gone.DryRun)
		r.Progress.record("would delete the failed notification")
	} else {
		r.Progress.record("failed notification deleted")
	}
	return goOn()
}

// maxRefusedDeletes is how often a run asks Concur to delete an entry that Concur lists and
// refuses to delete.
const maxRefusedDeletes = 3

// deleteRefused parks the run when Concur refuses to delete an entry and still lists it. In the
// end the entry stays where it is: nothing else waits for it, and the next sweep reports it.
func (r *run) deleteRefused(ctx workflow.Context, uri string, t *ParkReason) next {
	if r.Deletes.refused() {
		t.Fix = "Concur lists the failed notification and refuses to delete it. Check Concur's message and the roles of the connector's user. The run tries again by itself; after three times it leaves the notification in the list."
		return parked(t)
	}
	r.Deletes.deleted(uri, workflow.Now(ctx))
	r.Progress.record("a failed notification stays in the list: Concur refuses to delete it")
	return goOn()
}

// dropDelete forgets a notification URI that the connector does not trust. The run goes on:
// nothing else depends on the entry, and Concur keeps it.
func (r *run) dropDelete(ctx workflow.Context, untrusted expense.UntrustedURI) {
	r.Deletes.deleted(untrusted.URI, workflow.Now(ctx))
	r.Progress.recordOnce("a notification URI was dropped: " + untrusted.Why)
	workflow.GetLogger(ctx).Warn("a notification URI was dropped", "notification", r.notification.ID(), "why", untrusted.Why)
}
