package activities

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"concur-connector/concur"
	"concur-connector/expense"
)

// Steps remembers which external validations are this deployment's.
type Steps interface {
	Announce(ctx context.Context, a expense.Announcement) (expense.AnnouncedSteps, error)
	AnnouncedSteps(ctx context.Context) (expense.AnnouncedSteps, error)
}

// announceAgain is after what time a process announces the same step once more: what
// remembers it may have been ended by an operator.
const announceAgain = time.Hour

// announcePause is how long a process announces nothing after it could not, so that a run of
// RememberSteps that does not answer delays one read a minute and no other.
const announcePause = time.Minute

// announced are the steps that this process has announced, and when. It spares questions, and
// nothing rests on it.
type announced struct {
	sync.Mutex
	at     map[expense.Step]time.Time
	failed time.Time // when the last announcement failed
}

func (s *announced) lately(step expense.Step) bool {
	s.Lock()
	defer s.Unlock()
	return time.Since(s.at[step]) < announceAgain || time.Since(s.failed) < announcePause
}

func (s *announced) note(step expense.Step) {
	const most = 1000
	s.Lock()
	defer s.Unlock()
	if s.at == nil || len(s.at) >= most {
		s.at = map[expense.Step]time.Time{}
	}
	s.at[step] = time.Now()
}

func (s *announced) forget(steps []expense.Step) {
	s.Lock()
	defer s.Unlock()
	for _, step := range steps {
		delete(s.at, step)
	}
}

func (s *announced) fail() {
	s.Lock()
	defer s.Unlock()
	s.failed = time.Now()
}

// stepsOf are the steps of those events and policies.
func stepsOf(object expense.ObjectKind, events []string, policies ...string) (steps []expense.Step) {
	for _, policy := range policies {
		for _, event := range events {
			steps = append(steps, expense.Step{Object: object, Policy: policy, Event: event})
		}
	}
	return steps
}

// remembers reports whether what callouts announce is remembered.
func (a *Activities) remembers() bool { return a.options.Steps != nil && a.options.OwnSteps.Announced }

// announce has steps remembered that callouts have announced, and delays their report for
// admitLimit at most. What cannot be remembered now is announced again by a later callout:
// until then a sweep takes up less, and never more.
func (a *Activities) announce(ctx context.Context, steps []expense.Step) {
	steps = slices.DeleteFunc(steps, func(s expense.Step) bool { return s.Policy == "" || a.announced.lately(s) })
	if len(steps) == 0 || !a.remembers() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, admitLimit)
	defer cancel()
	if _, err := a.options.Steps.Announce(ctx, expense.Announcement{Steps: steps, By: expense.ByCallout}); err != nil {
		a.options.Logger.Warn("a step that a callout has announced could not be remembered: until a later callout announces it, sweeps may leave its reports alone", "error", err)
		a.announced.fail()
		return
	}
	for _, step := range steps {
		a.announced.note(step)
	}
}

// announceReport announces the steps that callouts have named of a report that was read. Asking
// v3 for its policy delays the report for admitLimit at most.
func (a *Activities) announceReport(ctx context.Context, in expense.FetchReportInput, report *expense.Report) {
	here := stepsOf(expense.ReportObject, in.CalloutEventTypes, report.Policy)
	if !a.remembers() || !slices.ContainsFunc(here, func(s expense.Step) bool { return !a.announced.lately(s) }) {
		return
	}
	soon, cancel := context.WithTimeout(ctx, admitLimit)
	defer cancel()
	listed, err := a.listedPolicy(soon, in.ObjectURI, report)
	a.announce(ctx, stepsOf(expense.ReportObject, in.CalloutEventTypes, append(listed, report.Policy)...))
	if err != nil {
		a.announced.forget(here) // a later callout asks again for the policy that the list shows
		a.announced.fail()
		return
	}
	for _, step := range here {
		if step.Policy == "" {
			a.announced.note(step) // it is not asked for again at once
		}
	}
}

// listedPolicy is the identifier of a report's policy as the list of reports prints it, if v3
// shows it to us and the report was read by another interface. An error says that v3 may show
// it later.
func (a *Activities) listedPolicy(ctx context.Context, objectURI string, report *expense.Report) ([]string, error) {
	if report.Via == expense.V3 {
		return nil, nil
	}
	policy, err := a.options.Concur.PolicyV3(ctx, objectURI)
	var e *concur.Error
	switch {
	case err == nil && policy == report.Policy:
		return nil, nil
	case err == nil:
		return []string{policy}, nil
	}
	a.options.Logger.Info("the policy of a report cannot be read by v3, as the list of reports shows it", "report", report.ID, "error", err)
	if errors.As(err, &e) && table(e.Kind) == parked {
		return nil, nil
	}
	return nil, err
}

// known returns the steps that are remembered, where the setting looks at them.
func (a *Activities) known(ctx context.Context) ([]expense.AnnouncedStep, error) {
	if a.options.OwnSteps.All || !a.remembers() {
		return nil, nil
	}
	known, err := a.options.Steps.AnnouncedSteps(ctx)
	return known.Steps, err
}

// notOursReport reports whether a report of which only the failed list tells is not this
// deployment's as far as is known, and by which policies. It is nil when it is gone.
func (a *Activities) notOursReport(ctx context.Context, in expense.FetchReportInput, report *expense.Report) (bool, []string, error) {
	if report == nil {
		return a.notOurs(ctx, in, expense.ReportObject)
	}
	notOurs, policies, err := a.notOurs(ctx, in, expense.ReportObject, report.Policy)
	if !notOurs || err != nil {
		return false, nil, err
	}
	listed, err := a.listedPolicy(ctx, in.ObjectURI, report) // only where it decides
	if err != nil {
		return false, nil, err
	}
	return a.notOurs(ctx, in, expense.ReportObject, append(policies, listed...)...)
}

func (a *Activities) notOursRequest(ctx context.Context, in expense.FetchReportInput, request *expense.TravelRequest) (bool, []string, error) {
	if request == nil {
		return a.notOurs(ctx, in, expense.RequestObject)
	}
	return a.notOurs(ctx, in, expense.RequestObject, request.Policy)
}

func (a *Activities) notOurs(ctx context.Context, in expense.FetchReportInput, object expense.ObjectKind, policies ...string) (bool, []string, error) {
	if len(in.FailedListEventTypes) == 0 {
		return false, nil, nil
	}
	known, err := a.known(ctx)
	if err != nil || a.options.OwnSteps.Owns(known, object, in.FailedListEventTypes, policies...) {
		return false, nil, err
	}
	return true, policies, nil
}
