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

// Steps remembers which external validations belong to this deployment.
type Steps interface {
	Announce(ctx context.Context, a expense.Announcement) (expense.AnnouncedSteps, error)
	AnnouncedSteps(ctx context.Context) (expense.AnnouncedSteps, error)
}

const (
	// announceAgain is the time after which a process announces the same step again: an
	// operator may have ended the run that remembers steps.
	announceAgain = time.Hour
	// announcePause is the time without announcements after one has failed, so that a
	// RememberSteps run that does not answer delays only one read a minute.
	announcePause = time.Minute
	// maxAnnounced limits how many steps a process remembers as announced.
	maxAnnounced = 1000
)

// announcedSteps are the steps that this process has announced, and when. They only save
// announcements: no decision depends on them.
type announcedSteps struct {
	sync.Mutex
	at     map[expense.Step]time.Time
	failed time.Time // when the last announcement failed
}

func (s *announcedSteps) lately(step expense.Step) bool {
	s.Lock()
	defer s.Unlock()
	return time.Since(s.at[step]) < announceAgain || time.Since(s.failed) < announcePause
}

func (s *announcedSteps) add(step expense.Step) {
	s.Lock()
	defer s.Unlock()
	if s.at == nil || len(s.at) >= maxAnnounced {
		s.at = map[expense.Step]time.Time{}
	}
	s.at[step] = time.Now()
}

func (s *announcedSteps) remove(steps []expense.Step) {
	s.Lock()
	defer s.Unlock()
	for _, step := range steps {
		delete(s.at, step)
	}
}

func (s *announcedSteps) fail() {
	s.Lock()
	defer s.Unlock()
	s.failed = time.Now()
}

// stepsOf combines event types and policies to steps.
func stepsOf(object expense.ObjectKind, events []string, policies ...string) (steps []expense.Step) {
	for _, policy := range policies {
		for _, event := range events {
			steps = append(steps, expense.Step{Object: object, Policy: policy, Event: event})
		}
	}
	return steps
}

// remembersSteps reports whether the deployment remembers the steps that callouts announce.
func (a *Activities) remembersSteps() bool {
	return a.options.Steps != nil && a.options.OwnSteps.Announced
}

// announce remembers steps that callouts have announced. It delays the read of their report by
// maxQuestionTime at most. If it fails, a later callout announces the steps again; until then
// a sweep starts fewer runs, never more.
func (a *Activities) announce(ctx context.Context, steps []expense.Step) {
	steps = slices.DeleteFunc(steps, func(s expense.Step) bool { return s.Policy == "" || a.announced.lately(s) })
	if len(steps) == 0 || !a.remembersSteps() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, maxQuestionTime)
	defer cancel()
	if _, err := a.options.Steps.Announce(ctx, expense.Announcement{Steps: steps, By: expense.ByCallout}); err != nil {
		a.options.Logger.Warn("a step that a callout announced was not remembered: sweeps may skip its reports until a later callout announces the step", "error", err)
		a.announced.fail()
		return
	}
	for _, step := range steps {
		a.announced.add(step)
	}
}

// announceReport announces the steps that callouts have named of a report that was read. It
// also asks v3 for the report's policy, which delays the read by maxQuestionTime at most.
func (a *Activities) announceReport(ctx context.Context, in expense.FetchReportInput, report *expense.Report) {
	here := stepsOf(expense.ReportObject, in.CalloutEventTypes, report.Policy)
	if !a.remembersSteps() || !slices.ContainsFunc(here, func(s expense.Step) bool { return !a.announced.lately(s) }) {
		return
	}
	soon, cancel := context.WithTimeout(ctx, maxQuestionTime)
	defer cancel()
	listed, err := a.listedPolicy(soon, in.ObjectURI, report)
	a.announce(ctx, stepsOf(expense.ReportObject, in.CalloutEventTypes, append(listed, report.Policy)...))
	if err != nil {
		a.announced.remove(here) // a later callout asks v3 again
		a.announced.fail()
		return
	}
	for _, step := range here {
		if step.Policy == "" {
			a.announced.add(step) // v3 is not asked again at once
		}
	}
}

// listedPolicy returns the identifier that the list of reports prints for the report's policy,
// if v3 shows it and it differs from the identifier that the report was read with. An error
// says that v3 may show it later.
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
	a.options.Logger.Info("v3 does not show the policy of a report, which the list of reports prints", "report", report.ID, "error", err)
	if errors.As(err, &e) && classOf(e.Kind) == parked {
		return nil, nil
	}
	return nil, err
}

// announcedSteps returns the remembered steps, if the settings depend on them.
func (a *Activities) announcedSteps(ctx context.Context) ([]expense.AnnouncedStep, error) {
	if a.options.OwnSteps.All || !a.remembersSteps() {
		return nil, nil
	}
	announced, err := a.options.Steps.AnnouncedSteps(ctx)
	return announced.Steps, err
}

// notOursReport reports whether a report that only the failed list has named belongs to
// another deployment, as far as this one knows. It also returns the policies of that report. The
// report is nil if it is gone.
func (a *Activities) notOursReport(ctx context.Context, in expense.FetchReportInput, report *expense.Report) (bool, []string, error) {
	if report == nil {
		return a.notOurs(ctx, in, expense.ReportObject)
	}
	notOurs, policies, err := a.notOurs(ctx, in, expense.ReportObject, report.Policy)
	if !notOurs || err != nil {
		return false, nil, err
	}
	listed, err := a.listedPolicy(ctx, in.ObjectURI, report) // only now, when it decides
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
	steps, err := a.announcedSteps(ctx)
	if err != nil || a.options.OwnSteps.Owns(steps, object, in.FailedListEventTypes, policies...) {
		return false, nil, err
	}
	return true, policies, nil
}
