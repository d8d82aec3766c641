package workflows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// inbox is what the run remembers of its signals.
type inbox struct {
	NotificationPending bool               `json:"notificationPending,omitempty"` // one came since the last read began
	Unreadable          []UnreadableSignal `json:"unreadable,omitempty"`          // the newest
}

// taken notes that a read begins, which answers every notification received before it.
func (i *inbox) taken() { i.NotificationPending = false }

// signals are the channels of the run's signals.
type signals struct {
	notified workflow.ReceiveChannel
	decided  workflow.ReceiveChannel
	retried  workflow.ReceiveChannel
}

func openSignals(ctx workflow.Context) signals {
	return signals{
		notified: workflow.GetSignalChannelWithOptions(ctx, Notified, workflow.SignalChannelOptions{
			Description: "Concur has notified again. Payload: a notification, or nothing to have the report read again.",
		}),
		decided: workflow.GetSignalChannelWithOptions(ctx, Decided, workflow.SignalChannelOptions{
			Description: `A person has decided. Payload: {"taskId", "decision": "approve" or "send-back", "comment", "by"}; the task ID is in the status.`,
		}),
		retried: workflow.GetSignalChannelWithOptions(ctx, Retried, workflow.SignalChannelOptions{
			Description: "An operator has fixed what the run was parked for. The payload is ignored.",
		}),
	}
}

// listen receives signals for as long as the run is open. It starts before the run's own
// coroutine: in every workflow task it receives all signals first, and the run then finds them
// in its memory. (The run cannot ask the channels: a signal that wakes a selector is in no
// channel.)
func (r *run) listen(ctx workflow.Context) {
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(r.signals.notified, func(c workflow.ReceiveChannel, _ bool) {
		var n expense.Notification
		if r.receive(ctx, c, Notified, &n) {
			r.onNotified(n, workflow.Now(ctx))
		}
	})
	selector.AddReceive(r.signals.decided, func(c workflow.ReceiveChannel, _ bool) {
		var d expense.Decision
		if r.receive(ctx, c, Decided, &d) {
			r.Decision.receive(d, workflow.Now(ctx))
		}
	})
	selector.AddReceive(r.signals.retried, func(c workflow.ReceiveChannel, _ bool) {
		var payload converter.RawValue // ignored
		if c.ReceiveAsync(&payload) {
			r.Parking.retryNow()
		}
	})
	for {
		selector.Select(ctx)
	}
}

// onNotified remembers a notification until the next read. One that names an entry of the
// failed list which is known already changes nothing.
func (r *run) onNotified(n expense.Notification, now time.Time) {
	if n.HandedOverBy != "" {
		r.Runs.handedOverToUs()
		r.Address.addCallout(n.ObjectURI)
		r.Inbox.NotificationPending = true
	}
	if n.NotificationURI != "" {
		recent := now.Sub(r.Deletes.DeletedAt) < r.Read.VisibleWithin
		if isNew := r.Deletes.add(n.NotificationURI, recent, r.Writes.DryRun); !isNew {
			return
		}
	}
	if n.ID() == r.notification.ID() {
		r.Address.addOther(n.ObjectURI)
	}
	r.Origin.note(n)
	r.Step.recordEventType(n)
	r.Inbox.NotificationPending = true
}

// UnreadableSignal is a signal whose payload cannot be decoded. It shows nothing of the
// payload, which may hold anything.
type UnreadableSignal struct {
	Signal  string    `json:"signal"`
	At      time.Time `json:"at"`
	Problem string    `json:"problem"`
	Example string    `json:"example"` // a payload that can be decoded
}

// maxUnreadableSignals bounds how many of them a run remembers.
const maxUnreadableSignals = 20

// receive takes a signal from its channel and decodes the payload into value. No payload leaves
// value as it is. It returns false when the payload cannot be decoded, and records the signal. (A
// channel that decodes by itself drops such a signal.)
func (r *run) receive(ctx workflow.Context, c workflow.ReceiveChannel, signal string, value any) bool {
	var raw converter.RawValue
	if !c.ReceiveAsync(&raw) {
		return false
	}
	payload := raw.Payload()
	if payload == nil || len(payload.GetData()) == 0 {
		return true
	}
	problem := ""
	if signal == Decided && len(payload.GetData()) > expense.MaxDecisionSize {
		problem = fmt.Sprintf("its payload is larger than %d KiB", expense.MaxDecisionSize>>10)
	} else if err := converter.GetDefaultDataConverter().FromPayload(payload, value); err == nil {
		return true
	} else {
		problem = problemOf(payload.GetData(), value)
	}
	list := append(r.Inbox.Unreadable, UnreadableSignal{Signal: signal, At: workflow.Now(ctx), Problem: problem, Example: r.example(signal)})
	r.Inbox.Unreadable = list[max(0, len(list)-maxUnreadableSignals):]
	if signal == Decided {
		r.Decision.unreadable(problem, workflow.Now(ctx))
	}
	workflow.GetLogger(ctx).Warn("a signal cannot be decoded", "notification", r.notification.ID(), "signal", signal)
	r.show(ctx)
	return false
}

// problemOf says why a payload cannot be decoded, without quoting it.
func problemOf(data []byte, value any) string {
	what := fmt.Sprintf("its payload of %s is %s", count(len(data), "byte"), jsonKind(data))
	var mistyped *json.UnmarshalTypeError
	if errors.As(json.Unmarshal(data, value), &mistyped) && mistyped.Field != "" {
		return fmt.Sprintf("%s whose field %q holds a value of the type %s, not %s", what, mistyped.Field, mistyped.Value, mistyped.Type.Kind())
	}
	return what + ", not the object that is expected"
}

func jsonKind(data []byte) string {
	data = bytes.TrimSpace(data)
	if !json.Valid(data) {
		return "no JSON"
	}
	switch data[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	}
	return "a number"
}

// example is a payload that the run can decode.
func (r *run) example(signal string) string {
	if signal != Decided {
		return "{}"
	}
	return decisionExample(r.Decision.Task)
}

// origin is what the run knows about who announced the report. An entry of Concur's failed
// list may belong to another connector; a callout, a sweep and an operator always address this one.
type origin struct {
	// Ours is set when the report is known to be for this deployment.
	Ours bool `json:"ours,omitempty"`
	// CalloutWithoutEventType is set when a callout named no event type.
	CalloutWithoutEventType bool `json:"calloutWithoutEventType,omitempty"`
	// FailedListEventTypes are the event types that entries of the failed list named.
	FailedListEventTypes []string `json:"failedListEventTypes,omitempty"`
	// Policies are those of a report that is not known to be for this deployment.
	Policies []string `json:"policies,omitempty"`
}

// note records what a notification says about the origin.
func (o *origin) note(n expense.Notification) {
	switch {
	case n.NotificationURI == "":
		o.Ours = o.Ours || n.ObjectURI != "" || n.HandedOverBy != ""
		isCallout := n.ObjectURI != "" && n.HandedOverBy == "" && !n.Found && (n.Kind == expense.ReportObject || n.IsRequestV1())
		o.CalloutWithoutEventType = o.CalloutWithoutEventType || isCallout && n.EventType == ""
	case len(o.FailedListEventTypes) < maxNames && !slices.Contains(o.FailedListEventTypes, n.EventType):
		o.FailedListEventTypes = append(o.FailedListEventTypes, n.EventType)
	}
}

// noteRead records what a read says about the origin.
func (o *origin) noteRead(read expense.FetchedReport) {
	o.Ours = o.Ours || !read.NotOurs
	if read.NotOurs {
		o.Policies = read.Policies
	}
}

// unproven returns the event types that FetchReport needs to check whose report it is. There are
// none if the run knows already.
func (o *origin) unproven() []string {
	if o.Ours {
		return nil
	}
	return o.FailedListEventTypes
}

// calloutEventTypes are the event types of the callouts among these names. A callout without
// an event type adds an empty one.
func (o *origin) calloutEventTypes(names []StepName) (eventTypes []string) {
	for _, name := range names {
		if !name.Listed {
			eventTypes = append(eventTypes, name.Name)
		}
	}
	if o.CalloutWithoutEventType {
		eventTypes = append(eventTypes, "")
	}
	return eventTypes
}
