package expense

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A company may have several application connectors, each with its own validation steps. A
// connector gets callouts only for its own steps, but Concur's lists show the objects of all
// connectors. No interface of Concur says to which connector a step belongs.

// Step identifies validation steps by the kind of object, the policy and the event type.
type Step struct {
	Object ObjectKind `json:"object"`
	// Policy is the identifier of the report's policy in one of the interfaces. [AnyStep]
	// matches every policy.
	Policy string `json:"policy"`
	// Event is the EventType of a callout, or empty for a callout without one. [AnyStep] matches
	// every event type.
	Event string `json:"event,omitempty"`
}

// AnyStep matches every policy or every event type.
const AnyStep = "*"

// AnnouncedStep is a validation step that belongs to this deployment.
type AnnouncedStep struct {
	Step
	By    string    `json:"by"` // ByCallout or ByOperator
	Since time.Time `json:"since,omitzero"`
}

// The sources of an [AnnouncedStep].
const (
	ByCallout  = "callout"
	ByOperator = "operator"
)

// Announcement asks to store steps as this deployment's, or to delete them.
type Announcement struct {
	Steps  []Step `json:"steps"`
	By     string `json:"by,omitempty"`
	Forget bool   `json:"forget,omitempty"`
}

// AnnouncedSteps holds all stored steps.
type AnnouncedSteps struct {
	Steps []AnnouncedStep `json:"steps,omitempty"`
	// Refused counts the steps that were not stored because the list is full.
	Refused int `json:"refused,omitempty"`
}

// OwnSteps says which validation steps belong to this deployment. It decides about objects
// that no callout has named: the entries of the failed list and the rows of Concur's other
// lists. The zero value matches no step.
type OwnSteps struct {
	All       bool     // every step: the company has no other connector
	Announced bool     // the steps that callouts have announced or an operator has named
	Policies  []string // the steps of reports with these policies
	Events    []string // the steps with these names in callouts
}

// ParseOwnSteps reads the setting: "all", or any of "announced", "policy:ID" and "event:NAME".
// Each entry is one element. A comma within a name is written as %2C.
func ParseOwnSteps(entries []string) (OwnSteps, error) {
	var own OwnSteps
	for _, entry := range entries {
		name, value, _ := strings.Cut(strings.TrimSpace(entry), ":")
		value = strings.NewReplacer("%2C", ",", "%2c", ",").Replace(strings.TrimSpace(value))
		switch {
		case name == "all" && value == "" && len(entries) == 1:
			own.All = true
		case name == "announced" && value == "":
			own.Announced = true
		case name == "policy" && value != "":
			own.Policies = append(own.Policies, value)
		case name == "event" && value != "":
			own.Events = append(own.Events, value)
		default:
			return OwnSteps{}, fmt.Errorf("want all alone, or announced, policy:ID and event:NAME separated by commas; a comma in a name is written as %%2C")
		}
	}
	return own, nil
}

// OwnsListed reports whether a row of a list of waiting objects belongs to this deployment, by
// its policy. Rows have no event type.
func (o OwnSteps) OwnsListed(known []AnnouncedStep, object ObjectKind, policies ...string) bool {
	if o.All || slices.ContainsFunc(o.Policies, isAmong(policies)) {
		return true
	}
	return o.Announced && slices.ContainsFunc(known, func(k AnnouncedStep) bool {
		// A callout about a travel request does not name the request, so its policy is unknown.
		any := k.Policy == AnyStep && (k.Event == AnyStep || object == RequestObject)
		return k.Object == object && (any || isAmong(policies)(k.Policy))
	})
}

// MayOwn reports whether an entry of the failed list may belong to this deployment, by its event
// type alone. Its object has not been read yet.
func (o OwnSteps) MayOwn(known []AnnouncedStep, object ObjectKind, event string) bool {
	switch {
	case o.All, len(o.Policies) > 0 && len(o.Events) == 0: // the policy decides
		return true
	case slices.ContainsFunc(o.Events, names(event)):
		return true
	}
	return o.Announced && slices.ContainsFunc(known, func(k AnnouncedStep) bool {
		return k.Object == object && k.isOf(event)
	})
}

// Owns reports whether an object of the failed list belongs to this deployment, by its event
// types and its policy. The object has been read. It has no policy if it is gone, or if Concur
// does not provide one.
func (o OwnSteps) Owns(known []AnnouncedStep, object ObjectKind, events []string, policies ...string) bool {
	eventFits := len(o.Events) == 0 || slices.ContainsFunc(events, func(event string) bool {
		return slices.ContainsFunc(o.Events, names(event))
	})
	policyFits := len(o.Policies) == 0 || slices.ContainsFunc(o.Policies, isAmong(policies))
	if o.All || len(o.Events)+len(o.Policies) > 0 && eventFits && policyFits {
		return true
	}
	return o.Announced && slices.ContainsFunc(known, func(k AnnouncedStep) bool {
		return k.Object == object && (k.Policy == AnyStep || isAmong(policies)(k.Policy)) && slices.ContainsFunc(events, k.isOf)
	})
}

// isOf reports whether an event type belongs to the step. An empty event type is one, too:
// Concur documents none for travel requests.
func (s Step) isOf(event string) bool {
	return s.Event == AnyStep || s.Event == "" && plainName(event) == "" || names(event)(s.Event)
}

func isAmong(policies []string) func(string) bool {
	return func(policy string) bool { return policy != "" && slices.Contains(policies, policy) }
}

// names returns a function that reports whether a name is the event type or the name of the
// step at its end. It ignores capitals and the number of spaces.
func names(event string) func(string) bool {
	event = plainName(event)
	step := event
	if i := strings.LastIndex(event, " - "); i >= 0 {
		step = event[i+len(" - "):]
	}
	return func(name string) bool {
		name = plainName(name)
		return name != "" && (name == event || name == step)
	}
}

func plainName(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
