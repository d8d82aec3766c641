package workflows

import (
	"slices"

	"concur-connector/expense"
)

// origin is what the run knows about who announced the report. An entry of Concur's failed
// list may belong to another connector; a callout, a sweep and an operator mean this one.
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

// note takes up what a notification says about the origin.
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

// noteRead takes up what a read says about the origin.
func (o *origin) noteRead(read expense.FetchedReport) {
	o.Ours = o.Ours || !read.NotOurs
	if read.NotOurs {
		o.Policies = read.Policies
	}
}

// unproven returns the event types by which FetchReport checks whose report it is: none when
// that is known.
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
