package expense

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A company may have several application connectors, each with external validations of its
// own. No interface of Concur says to which of them a step belongs: the callouts of a
// connector come for its own steps alone, but Concur's lists show everybody's.

// Step is a kind of external validation, as far as Concur tells kinds apart.
type Step struct {
	Object ObjectKind `json:"object"`
	// Policy is the identifier of the report's policy, as one of the interfaces prints it.
	// [AnyStep] is any.
	Policy string `json:"policy"`
	// Event is the EventType of a callout, and empty for a callout without one. [AnyStep] is any.
	Event string `json:"event,omitempty"`
}

// AnyStep stands for any policy, or for any event.
const AnyStep = "*"

// AnnouncedStep is a kind of external validation that is this deployment's.
type AnnouncedStep struct {
	Step
	By    string    `json:"by"` // ByCallout or ByOperator
	Since time.Time `json:"since,omitzero"`
}

// Who has said that a step is this deployment's.
const (
	ByCallout  = "callout"
	ByOperator = "operator"
)

// Announcement is the question to remember steps, or to forget them.
type Announcement struct {
	Steps  []Step `json:"steps"`
	By     string `json:"by,omitempty"`
	Forget bool   `json:"forget,omitempty"`
}

// AnnouncedSteps are all that are remembered.
type AnnouncedSteps struct {
	Steps []AnnouncedStep `json:"steps,omitempty"`
	// Refused counts those for which there was no room.
	Refused int `json:"refused,omitempty"`
}

// OwnSteps says which external validations are this deployment's. It is asked about what no
// callout has told of: the entries of the failed list, and the rows of Concur's lists. The
// zero value says that none is.
type OwnSteps struct {
	All       bool     // there is no other connector
	Announced bool     // those that callouts have announced, and those that an operator has named
	Policies  []string // those of reports with these policies
	Events    []string // those with these names, as callouts give them
}

// ParseOwnSteps reads the setting: "all", or any of "announced", "policy:ID" and "event:NAME".
// Commas separate the entries, so a comma within a name is written as %2C.
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

// OwnsListed reports whether what a list of Concur shows may be taken up, by the policy of it. A
// list names no event.
func (o OwnSteps) OwnsListed(known []AnnouncedStep, object ObjectKind, policies ...string) bool {
	if o.All || slices.ContainsFunc(o.Policies, isAmong(policies)) {
		return true
	}
	return o.Announced && slices.ContainsFunc(known, func(k AnnouncedStep) bool {
		// A callout about a travel request does not say which one it is about.
		any := k.Policy == AnyStep && (k.Event == AnyStep || object == RequestObject)
		return k.Object == object && (any || isAmong(policies)(k.Policy))
	})
}

// MayOwn reports whether an entry of the failed list may be this deployment's, by its event
// alone. What it is about has not been read yet.
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

// Owns is MayTell when the report was read. Without a policy it is gone, or Concur does not
// say which policy it has.
func (o OwnSteps) Owns(known []AnnouncedStep, object ObjectKind, events []string, policies ...string) bool {
	told := func(by []string) bool {
		return slices.ContainsFunc(events, func(event string) bool { return slices.ContainsFunc(by, names(event)) })
	}
	named := len(o.Events) == 0 || told(o.Events)
	listed := len(o.Policies) == 0 || slices.ContainsFunc(o.Policies, isAmong(policies))
	if o.All || len(o.Events)+len(o.Policies) > 0 && named && listed {
		return true
	}
	return o.Announced && slices.ContainsFunc(known, func(k AnnouncedStep) bool {
		return k.Object == object && (k.Policy == AnyStep || isAmong(policies)(k.Policy)) && slices.ContainsFunc(events, k.isOf)
	})
}

// isOf reports whether an event is the one of the step. Concur documents no event for travel
// requests: where its callouts give none, the entries of its failed list give none either.
func (s Step) isOf(event string) bool {
	return s.Event == AnyStep || s.Event == "" && plainName(event) == "" || names(event)(s.Event)
}

func isAmong(policies []string) func(string) bool {
	return func(policy string) bool { return policy != "" && slices.Contains(policies, policy) }
}

// names reports whether a name is that of an event: all of its EventType, or the name of the
// step at its end. Capitals and the number of spaces make no difference.
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
