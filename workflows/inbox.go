package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// inbox takes signals as they come, so that none is only drained: a notified is
// remembered until a read has answered it, a decided is weighed and recorded.
type inbox struct {
	notified workflow.ReceiveChannel
	decided  workflow.ReceiveChannel
	retried  workflow.ReceiveChannel
}

func openInbox(ctx workflow.Context) inbox {
	return inbox{
		notified: workflow.GetSignalChannelWithOptions(ctx, Notified, workflow.SignalChannelOptions{
			Description: "Concur has notified again. Payload: a notification, or nothing to have the report read again.",
		}),
		decided: workflow.GetSignalChannelWithOptions(ctx, Decided, workflow.SignalChannelOptions{
			Description: `A person has decided. Payload: {"taskId", "decision": "approve" or "send-back", "comment", "by"}; the task ID is in the status.`,
		}),
		retried: workflow.GetSignalChannelWithOptions(ctx, Retried, workflow.SignalChannelOptions{
			Description: "An operator has mended what the run was parked for. The payload is not looked at.",
		}),
	}
}

// listen receives for as long as the run lives. It is started before the run's own
// coroutine, so in every workflow task it has taken each signal that is there when
// the run goes on: what the run then finds in its memory is all that was sent. (The
// run cannot ask the channels: a signal that wakes a selector is in no channel.)
func (r *run) listen(ctx workflow.Context) {
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(r.inbox.notified, func(c workflow.ReceiveChannel, _ bool) {
		var n expense.Notification
		if r.take(ctx, c, Notified, &n) {
			r.onNotified(n, workflow.Now(ctx))
		}
	})
	selector.AddReceive(r.inbox.decided, func(c workflow.ReceiveChannel, _ bool) {
		var d expense.Decision
		if r.take(ctx, c, Decided, &d) {
			r.onDecided(d)
		}
	})
	selector.AddReceive(r.inbox.retried, func(c workflow.ReceiveChannel, _ bool) {
		var payload converter.RawValue // whatever it is: the signal says enough
		if c.ReceiveAsync(&payload) {
			r.retry = true
		}
	})
	for {
		selector.Select(ctx)
	}
}

// onNotified remembers what the notification asks for. One with a failed-list URI
// that is known already asks for nothing.
func (r *run) onNotified(n expense.Notification, now time.Time) {
	if n.HandedOverBy != "" {
		r.HandedOverToUs, r.NotificationPending = true, true
		if n.ObjectURI != "" && !expense.IsV4Report(n.ObjectURI) {
			r.Callout = n.ObjectURI
		}
	}
	if n.NotificationURI != "" {
		if !r.owe(n.NotificationURI, now.Sub(r.DeletedAt) < r.VisibleWithin) {
			return
		}
	}
	if !r.AddressRead && n.ObjectURI != r.ObjectURI && n.ID() == r.notification.ID() &&
		len(r.Addresses) < maxAddresses && !slices.Contains(r.Addresses, n.ObjectURI) {
		r.Addresses = append(r.Addresses, n.ObjectURI)
	}
	r.heardOf(n)
	r.hear(n)
	r.NotificationPending = true
}

// heardOf remembers whether anything else than an entry of the failed list has told of the
// report. Such an entry may be another connector's.
func (r *run) heardOf(n expense.Notification) {
	switch {
	case n.NotificationURI == "":
		r.Ours = r.Ours || n.ObjectURI != "" || n.HandedOverBy != ""
		isCallout := n.ObjectURI != "" && n.HandedOverBy == "" && !n.Found && (n.Kind == expense.ReportObject || n.IsRequestV1())
		r.Nameless = r.Nameless || isCallout && n.EventType == ""
	case len(r.FailedListEventTypes) < maxNames && !slices.Contains(r.FailedListEventTypes, n.EventType):
		r.FailedListEventTypes = append(r.FailedListEventTypes, n.EventType)
	}
}

// onDecided records a decision and says whether it counts. The first one for the
// open task does; one that was sent again with its ID changes nothing.
func (r *run) onDecided(d expense.Decision) {
	for _, before := range r.Decisions {
		if d.ID != "" && d.ID == before.ID {
			return
		}
	}
	if d.ID == "" {
		r.UnnamedDecisions++
		d.ID = fmt.Sprintf("signal-%d", r.UnnamedDecisions)
	}
	if d.By == "" {
		d.By = "not said"
	}
	why := r.refuse(d)
	if why == "" {
		r.replace(d)
	}
	r.Decisions = append(r.Decisions, DecisionTaken{
		ID: d.ID, TaskID: d.TaskID, By: d.By, Decision: d.Decision, Accepted: why == "", Why: why,
	})
	r.boundDecisions()
}

// refuse says why a decision does not count, or nothing.
func (r *run) refuse(d expense.Decision) string {
	switch {
	case d.Decision != expense.DecideApprove && d.Decision != expense.DecideSendBack:
		return `the decision must be "approve" or "send-back"`
	case d.TaskID == "":
		return "the decision names no taskId; the status shows the one that is open"
	case r.Task == nil:
		return "nothing waits for a decision"
	case d.TaskID != r.Task.ID:
		return "this task is closed; the report has changed or was decided since"
	case r.AcceptedDecision != nil && !r.refusedByConcur():
		return "already decided by " + r.AcceptedDecision.By
	}
	return ""
}

// refusedByConcur reports whether the run is parked because Concur does not do what
// was decided. Another decision may then be tried.
func (r *run) refusedByConcur() bool {
	if r.Parked == nil || r.UnknownWrite != nil {
		return false
	}
	switch r.Parked.Kind {
	case expense.Rejected, expense.Blocked, expense.NoApprover, expense.CommentMissing, expense.UnclearStep, expense.InvalidArgument:
		return true
	}
	return false
}

// replace makes a decision the one that counts, in the place of one that Concur
// refused.
func (r *run) replace(d expense.Decision) {
	if r.AcceptedDecision != nil {
		for i, before := range r.Decisions {
			if before.Accepted && before.TaskID == d.TaskID {
				r.Decisions[i].Accepted, r.Decisions[i].Why = false, "Concur refused it; decided again by "+d.By
			}
		}
		r.retry = true
	}
	r.AcceptedDecision = &d
}

// boundDecisions drops the oldest refused decision when there are too many; one
// that was accepted is kept.
func (r *run) boundDecisions() {
	if len(r.Decisions) <= maxKept {
		return
	}
	for i, d := range r.Decisions {
		if !d.Accepted {
			r.Decisions = append(r.Decisions[:i:i], r.Decisions[i+1:]...)
			return
		}
	}
	r.Decisions = r.Decisions[1:]
}
