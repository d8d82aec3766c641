package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// step is the validation step at which the report waits, and what notifications call it.
//
// A callout names the workflow step in its EventType, and rules may be limited to a step.
// Anybody who knows the callout's password can send one. So a name belongs to the step at which
// the report was found when the name first arrived. A step with two names is unknown, whichever
// of them came first.
type step struct {
	ValidationID string      `json:"validationId,omitempty"`
	Changes      int         `json:"changes,omitempty"`  // in a row, while nothing else changed
	NewNames     []StepName  `json:"newNames,omitempty"` // received since the last read began
	Named        []NamedStep `json:"named,omitempty"`    // where the report was found

	nameTimer workflow.Future // the wait for another name of the step
	nameSince time.Time       // when the name arrived for which that timer runs
	trustedAt time.Time       // when the run trusts the name, while it waits
}

// NamedStep is a step at which the report was found, and the names that notifications gave it.
type NamedStep struct {
	ValidationID string     `json:"validationId"`
	Names        []StepName `json:"names,omitempty"`
	Since        time.Time  `json:"since,omitzero"` // when it got its first name
	Left         bool       `json:"left,omitempty"` // the report has left it; the next step may look the same
	// Waited is set when the run has waited for another name.
	Waited bool `json:"waited,omitempty"`
}

// StepName is the name that a notification gave to a step.
type StepName struct {
	Name   string `json:"name"`             // its EventType
	At     string `json:"at,omitempty"`     // its EventDateTime
	Listed bool   `json:"listed,omitempty"` // it came from Concur's failed list, which nobody can forge
	Stale  bool   `json:"stale,omitempty"`  // it may be about an earlier step: it can contradict a name, but is none
}

const (
	maxNamedSteps = 10 // steps of one run whose names are remembered
	maxNames      = 8  // names of one step, and new names
)

// same returns true when two names differ only in case and spaces.
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

// recordEventType keeps the name that a notification gives to the step until the next read.
func (s *step) recordEventType(n expense.Notification) {
	name := StepName{Name: n.EventType, At: n.EventDateTime, Listed: n.NotificationURI != ""}
	if name.Name == "" || !name.Listed && s.isRedelivered(name, &NamedStep{}) {
		return // NewNames holds a name once: this one must not stand there for a new callout's
	}
	s.NewNames = addName(s.NewNames, name)
}

// takeNewNames returns the names that arrived since the last read, for a read that begins.
func (s *step) takeNewNames() []StepName {
	names := s.NewNames
	s.NewNames = nil
	return names
}

// keepNewNames puts names back that a read could not bind to a step.
func (s *step) keepNewNames(names []StepName) {
	for _, name := range s.NewNames {
		names = addName(names, name)
	}
	s.NewNames = names
}

// countChange counts how often in a row the report was found at another step unchanged.
func (s *step) countChange(validationID string, unchanged bool) int {
	if s.ValidationID == "" || validationID == s.ValidationID || !unchanged {
		s.Changes = 0
	} else {
		s.Changes++
	}
	return s.Changes
}

// steady forgets the changes of the step.
func (s *step) steady() { s.Changes = 0 }

// moveTo notes at which step the report waits.
func (s *step) moveTo(validationID string) { s.ValidationID = validationID }

// here returns the step at which the report was last found, or nil.
func (s *step) here() *NamedStep {
	for i := range s.Named {
		if named := &s.Named[i]; named.ValidationID == s.ValidationID && !named.Left {
			return named
		}
	}
	return nil
}

// bindNames gives the step at which the report was just found the names that had arrived before
// the read began.
func (s *step) bindNames(names []StepName, now time.Time) {
	here := s.arrive()
	for _, name := range names {
		if s.isRedelivered(name, here) {
			continue
		}
		name.Stale = name.Listed && s.mayBeStale(name, here)
		if len(here.Names) == 0 {
			here.Since = now
		}
		here.Names = addName(here.Names, name)
	}
}

// arrive returns the step at which the report was just found.
func (s *step) arrive() *NamedStep {
	if here := s.here(); here != nil {
		return here
	}
	s.Named = append(s.Named, NamedStep{ValidationID: s.ValidationID})
	s.Named = s.Named[max(0, len(s.Named)-maxNamedSteps):]
	return &s.Named[len(s.Named)-1]
}

// takeNames gives the step at which the report was just found the names of the step before.
// Concur showed an address at only one of the two reads. They may be the same step, and no
// contradiction may be lost.
func (s *step) takeNames(before NamedStep) {
	here := s.arrive()
	if len(here.Names) == 0 {
		here.Since = before.Since
	}
	for _, name := range before.Names {
		here.Names = addName(here.Names, name)
	}
}

// isRedelivered returns true when a name came with a notification of another step that Concur
// sends again. Only a time of day proves that: two notifications may have the same date. And the
// other step must have no other name. Otherwise somebody who knows the callout's password could
// announce the next step's name at that step, and have it ignored when Concur sends it.
func (s *step) isRedelivered(name StepName, here *NamedStep) bool {
	hour, minute, second := parseEventTime(name.At).Clock()
	return hour+minute+second > 0 && slices.ContainsFunc(s.Named, func(other NamedStep) bool {
		return other.isNot(here) && agreed(other.Names) != "" && slices.ContainsFunc(other.Names, func(known StepName) bool {
			return known.same(name) && known.At == name.At
		})
	})
}

// mayBeStale returns true when an entry of the failed list may be about another step: it is
// older than what named the other, or as old and of the same name.
func (s *step) mayBeStale(name StepName, here *NamedStep) bool {
	return slices.ContainsFunc(s.Named, func(other NamedStep) bool {
		return other.isNot(here) && slices.ContainsFunc(other.Names, func(known StepName) bool {
			return isBefore(name.At, known.At) || known.same(name) && !isBefore(known.At, name.At)
		})
	})
}

func (n NamedStep) isNot(here *NamedStep) bool { return n.Left || n.ValidationID != here.ValidationID }

// isBefore compares two times as Concur prints them: texts of one form sort like their times.
// It returns false for texts of two forms.
func isBefore(a, b string) bool { return len(a) == len(b) && a < b }

// leave notes that the report has left the step. Where steps look alike, the next one is not
// this one, and has no name yet. A step with an address of its own keeps its names.
func (s *step) leave(lookAlike bool) {
	if here := s.here(); here != nil && lookAlike {
		here.Left = true
	}
}

// name returns the name of the step at which the report waits. It is empty when no notification
// has named the step, and when two contradict each other.
func (s *step) name() string {
	if here := s.here(); here != nil {
		return agreed(here.Names)
	}
	return ""
}

// expectedName is what name will return after the next read if that finds the report at the same
// step.
func (s *step) expectedName() string {
	var names []StepName
	if here := s.here(); here != nil {
		names = slices.Clone(here.Names)
	}
	for _, name := range s.NewNames {
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

// names returns what notifications call the step at which the report waits, each name once.
func (s *step) names() []string {
	here := s.here()
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

// contradiction returns the names of the step at which the report waits when they differ.
func (s *step) contradiction() []string {
	if names := s.names(); len(names) > 1 {
		return names
	}
	return nil
}

// isNext returns true when a notification's name shows that the report waits at another step
// than at the last read, where the steps look alike. A name alone proves nothing: the report
// must have left the step by our action, or Concur must show a change. Before is the step's name
// before the read.
func (s *step) isNext(before string, headerChanged bool) bool {
	if before != "" {
		return headerChanged && len(s.contradiction()) > 0
	}
	now := s.name()
	if now == "" {
		return false
	}
	for _, named := range slices.Backward(s.Named) {
		if named.ValidationID == s.ValidationID && named.Left {
			left := agreed(named.Names)
			return left != "" && !StepName{Name: now}.same(StepName{Name: left})
		}
	}
	return false
}

// confirmStepName waits, once for each step, before the run does something that it would not do
// without the step's name. Concur sends a callout for every step. So when a single callout has
// named the step, a second that names it differently may be on its way.
func (r *run) confirmStepName(ctx workflow.Context, _ *pass) next {
	here := r.Step.here()
	if !r.Evaluation.DependsOnStepName || here == nil {
		return goOn()
	}
	listed := slices.ContainsFunc(here.Names, func(n StepName) bool { return n.Listed && !n.Stale })
	if !listed && !here.Waited {
		if next := r.waitForContradiction(ctx, here.Since); !next.continues() {
			return next
		}
		here.Waited = true
	}
	if r.Step.expectedName() != r.Step.name() {
		return again("a notification has named the validation step differently")
	}
	return goOn()
}

// waitForContradiction waits for EventTypeDelay after the step's first name arrived. When a
// notification arrives meanwhile, the run reads again and then waits for the rest. There is one
// timer for each name, so that a stream of notifications does not prolong the wait. The timer
// always starts ([atLeastATick]).
func (r *run) waitForContradiction(ctx workflow.Context, since time.Time) next {
	s := &r.Step
	if s.nameTimer == nil || !s.nameSince.Equal(since) {
		left := atLeastATick(since.Add(r.EventTypeDelay).Sub(workflow.Now(ctx)))
		s.nameTimer, s.nameSince = workflow.NewTimerWithOptions(ctx, left, workflow.TimerOptions{
			Summary: "one callout has named the step: another may contradict it",
		}), since
		s.trustedAt = workflow.Now(ctx).Add(left)
	}
	r.enter(ctx, Validating)
	if err := workflow.Await(ctx, func() bool { return s.nameTimer.IsReady() || r.Inbox.NotificationPending }); err != nil {
		return after(err)
	}
	if !s.nameTimer.IsReady() {
		return again("a notification arrived while the run waited for another name of the step")
	}
	s.trustedAt = time.Time{}
	return after(s.nameTimer.Get(ctx, nil)) // an error when the run was cancelled
}
