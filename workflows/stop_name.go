package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// A callout names the workflow step in its EventType, and rules may be limited to a step.
// Whoever knows the callout's password can send one. So a name belongs to the stop at which
// the report was found when the name was first heard, and a stop that was given two names is
// unknown, whichever of them came first.

// NamedStep is a stop at which the report was found, and what notifications have called it.
type NamedStep struct {
	Stop  string     `json:"stop"`
	Names []StepName `json:"names,omitempty"`
	Since time.Time  `json:"since,omitzero"` // when the first name was bound to it
	Left  bool       `json:"left,omitempty"` // the report has left it; the next stop may look the same
	// Waited is set when nothing has contradicted the first name for long enough.
	Waited bool `json:"waited,omitempty"`
}

// StepName is the name that a notification has given to a stop.
type StepName struct {
	Name   string `json:"name"`             // its EventType
	At     string `json:"at,omitempty"`     // its EventDateTime
	Listed bool   `json:"listed,omitempty"` // it came from Concur's failed list, which nobody else can write
	Stale  bool   `json:"stale,omitempty"`  // it may be about an earlier stop: it can contradict, but it names nothing
}

const (
	maxStops = 10 // stops of one run whose names are remembered
	maxNames = 8  // names of one stop, and names that wait for a read
)

// same reports whether two names differ in nothing but capitals and spaces.
func (s StepName) same(other StepName) bool {
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	return strings.EqualFold(plain(s.Name), plain(other.Name))
}

// addName adds a name to a list that holds each name once for each of the two sources. A full
// list holds different names already, so nothing is lost that could change what it says.
func addName(list []StepName, name StepName) []StepName {
	for i, known := range list {
		if known.same(name) && known.Listed == name.Listed {
			list[i].Stale = known.Stale && name.Stale
			return list
		}
	}
	if len(list) < maxNames {
		list = append(list, name)
	}
	return list
}

// hear keeps the name that a notification gives to the stop until the report has been read.
func (r *run) hear(n expense.Notification) {
	name := StepName{Name: n.EventType, At: n.EventDateTime, Listed: n.NotificationURI != ""}
	if name.Name == "" || !name.Listed && r.redelivered(name, &NamedStep{}) {
		return // Heard holds a name once: this one must not stand there for a new callout's
	}
	r.NewStepNames = addName(r.NewStepNames, name)
}

// calloutNames are the names among these that callouts have given.
func calloutNames(heard []StepName) (names []string) {
	for _, name := range heard {
		if !name.Listed {
			names = append(names, name.Name)
		}
	}
	return names
}

// announces are the events of the callouts that were received since the last read. A callout
// without an event adds an empty one.
func (r *run) announces(heard []StepName) []string {
	names := calloutNames(heard)
	if r.Nameless {
		names = append(names, "")
	}
	return names
}

// stopHere returns the stop at which the report was last found, or nil.
func (r *run) stopHere() *NamedStep {
	for i := range r.NamedSteps {
		if s := &r.NamedSteps[i]; s.Stop == r.ValidationID && !s.Left {
			return s
		}
	}
	return nil
}

// bindNames gives the stop at which the report was just found the names that were heard
// before that read began.
func (r *run) bindNames(heard []StepName, now time.Time) {
	here := r.arrive()
	for _, name := range heard {
		if r.redelivered(name, here) {
			continue
		}
		name.Stale = name.Listed && r.mayBeStale(name, here)
		if len(here.Names) == 0 {
			here.Since = now
		}
		here.Names = addName(here.Names, name)
	}
}

// arrive returns the stop at which the report was just found.
func (r *run) arrive() *NamedStep {
	if here := r.stopHere(); here != nil {
		return here
	}
	r.NamedSteps = append(r.NamedSteps, NamedStep{Stop: r.ValidationID})
	r.NamedSteps = r.NamedSteps[max(0, len(r.NamedSteps)-maxStops):]
	return &r.NamedSteps[len(r.NamedSteps)-1]
}

// takeNames gives the stop at which the report was just found the names of the stop at which
// it was found before. Concur showed the address of one of the two reads alone, so nobody can
// tell whether they are two stops, and no contradiction may be lost.
func (r *run) takeNames(before NamedStep) {
	here := r.arrive()
	if len(here.Names) == 0 {
		here.Since = before.Since
	}
	for _, name := range before.Names {
		here.Names = addName(here.Names, name)
	}
}

// redelivered reports whether a name came with a notification of another stop that is sent
// again. Only a time of day proves that: a date alone may be of two notifications. And that
// stop must have had this name alone: whoever knows the callout's password could otherwise
// announce the next stop's name at this one, and have it ignored when Concur gives it.
func (r *run) redelivered(name StepName, here *NamedStep) bool {
	hour, minute, second := said(name.At).Clock()
	return hour+minute+second > 0 && slices.ContainsFunc(r.NamedSteps, func(s NamedStep) bool {
		return (s.Left || s.Stop != here.Stop) && agreed(s.Names) != "" && slices.ContainsFunc(s.Names, func(known StepName) bool {
			return known.same(name) && known.At == name.At
		})
	})
}

// mayBeStale reports whether an entry of the failed list may be about another stop than this
// one: it is older than what named another, or as old and of the same name.
func (r *run) mayBeStale(name StepName, here *NamedStep) bool {
	return r.anyElsewhere(here, func(known StepName) bool {
		return isBefore(name.At, known.At) || known.same(name) && !isBefore(known.At, name.At)
	})
}

func (r *run) anyElsewhere(here *NamedStep, is func(StepName) bool) bool {
	return slices.ContainsFunc(r.NamedSteps, func(s NamedStep) bool {
		return (s.Left || s.Stop != here.Stop) && slices.ContainsFunc(s.Names, is)
	})
}

// isBefore compares two times as Concur prints them: texts of one form, whose order is that
// of the times. Of others nothing is known.
func isBefore(a, b string) bool { return len(a) == len(b) && a < b }

// leaveStop notes that the report has left the stop. A stop that has an address of its own
// keeps its names. Where stops look alike, the names are those of the one that was
// left.
func (r *run) leaveStop() {
	if here := r.stopHere(); here != nil && r.stopsLookAlike() {
		here.Left = true
	}
}

// stopsLookAlike reports whether Concur gives the steps of this object no address by which
// one can be told from another.
func (r *run) stopsLookAlike() bool {
	return r.HeaderHash != "" || r.notification.Kind == expense.RequestObject
}

// stopName returns the name of the stop at which the report waits. It is empty when no
// notification has named the stop, and when notifications contradict each other.
func (r *run) stopName() string {
	if here := r.stopHere(); here != nil {
		return agreed(here.Names)
	}
	return ""
}

// expectedName is what stopName will return after the next read if that finds the report at
// the same stop.
func (r *run) expectedName() string {
	var names []StepName
	if here := r.stopHere(); here != nil {
		names = slices.Clone(here.Names)
	}
	for _, name := range r.NewStepNames {
		names = addName(names, name)
	}
	return agreed(names)
}

// agreed returns the name on which all agree.
func agreed(names []StepName) (agreed string) {
	for _, name := range names {
		if !name.same(names[0]) {
			return ""
		}
		if !name.Stale && agreed == "" {
			agreed = name.Name
		}
	}
	return agreed
}

// namesHere returns what notifications have called the stop at which the report waits, each
// name once.
func (r *run) namesHere() []string {
	here := r.stopHere()
	if here == nil {
		return nil
	}
	var names []string
	for i, name := range here.Names {
		if !slices.ContainsFunc(here.Names[:i], name.same) {
			names = append(names, name.Name)
		}
	}
	return names
}

// contradiction returns the names of the stop at which the report waits when they differ.
func (r *run) contradiction() []string {
	if names := r.namesHere(); len(names) > 1 {
		return names
	}
	return nil
}

// nextStep reports whether the report waits at another step than at the last read, where
// Concur shows none: a notification then names it. Without an action of ours, and without a
// change of what Concur shows, a name alone proves nothing.
func (r *run) nextStep(before string, markChanged bool) bool {
	if !r.stopsLookAlike() {
		return false
	}
	if before != "" && len(r.contradiction()) > 0 {
		return markChanged
	}
	now := r.stopName()
	if before != "" || now == "" {
		return false
	}
	for _, s := range slices.Backward(r.NamedSteps) {
		if s.Stop == r.ValidationID && s.Left {
			left := agreed(s.Names)
			return left != "" && !StepName{Name: now}.same(StepName{Name: left})
		}
	}
	return false
}

// trustName waits, once for each stop, before something is done that would not be done
// without the name of the stop. Concur sends a callout for every step, so where a single
// callout has named this one, a second that names it differently may be on its way. The error
// is errAgain when a notification has come meanwhile.
func (r *run) trustName(ctx workflow.Context) error {
	here := r.stopHere()
	if !r.DependsOnStepName || here == nil {
		return nil
	}
	listed := slices.ContainsFunc(here.Names, func(n StepName) bool { return n.Listed && !n.Stale })
	if !listed && !here.Waited {
		if err := r.waitForContradiction(ctx, here.Since); err != nil {
			return err
		}
		here.Waited = true
	}
	if r.expectedName() != r.stopName() {
		return errAgain
	}
	return nil
}

// waitForContradiction waits until nothing has contradicted the stop's first name, which was
// heard at that time, for NameDelay.
// The error is errAgain when a notification has come meanwhile: the rest of the wait follows
// the next read. There is one timer for each name, so that a stream of notifications does not
// prolong the wait. It is always started ([atLeastATick]).
func (r *run) waitForContradiction(ctx workflow.Context, since time.Time) error {
	if r.nameTimer == nil || !r.nameSince.Equal(since) {
		left := atLeastATick(since.Add(r.EventTypeDelay).Sub(workflow.Now(ctx)))
		r.nameTimer, r.nameSince = workflow.NewTimerWithOptions(ctx, left, workflow.TimerOptions{
			Summary: "one callout has named the stop: another may contradict it",
		}), since
		r.trustAt = workflow.Now(ctx).Add(left)
	}
	r.enter(ctx, Validating)
	if err := workflow.Await(ctx, func() bool { return r.nameTimer.IsReady() || r.NotificationPending }); err != nil {
		return err
	}
	if !r.nameTimer.IsReady() {
		return errAgain
	}
	r.trustAt = time.Time{}
	return r.nameTimer.Get(ctx, nil) // an error when the run was cancelled
}
