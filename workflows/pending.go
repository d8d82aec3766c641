package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// pendingParts bounds how far a list is followed that never ends.
const pendingParts = 400

// lookForForgotten is the last net: reports that wait and that neither a callout nor
// the failed list told of. For each a run is started, under the report's ID.
func (s *sweep) lookForForgotten(ctx workflow.Context, grace time.Duration) error {
	if grace == 0 {
		return nil
	}
	ask := expense.ListPendingReportsInput{MissedAfter: grace, Young: s.ConfirmDelay, WithNotifications: !s.readOnly}
	for range pendingParts {
		listed := workflow.Now(ctx)
		options := s.netOptions(ctx, "look for reports that nobody told of", requestsOfWhole)
		found, err := call[expense.PendingReports](options, &s.calls, ListPendingReports, ask)
		if unlooked, err := away(err, &s.NotCheckedReason); unlooked || err != nil {
			return err
		}
		s.Waiting += found.Waiting
		s.Missed += found.Missed
		s.Undetermined += found.Undetermined
		s.Reports = append(s.Reports, found.Reports[:min(len(found.Reports), maxWhy-len(s.Reports))]...)
		s.Unannounced += found.Unannounced
		s.UnannouncedReports = append(s.UnannouncedReports, found.UnannouncedReports[:min(len(found.UnannouncedReports), maxWhy-len(s.UnannouncedReports))]...)
		s.unannounced(ctx, "reports", found.UnannouncedPolicies)
		if found.NotStartedReason != "" {
			s.NotStartedReason = found.NotStartedReason
		}
		if err := s.startFound(ctx, found.Notifications, listed, &s.MissedStarted); err != nil {
			return err
		}
		if ask.Page = found.Next; ask.Page == "" {
			return nil
		}
	}
	s.NotCheckedReason = "the list of reports that wait has no end"
	return nil
}

// lookForRequests starts a run for each travel request that waits for us and that none
// sees to.
func (s *sweep) lookForRequests(ctx workflow.Context) error {
	if workflow.GetVersion(ctx, "travel-requests", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	var ask expense.ListPendingRequestsInput
	for range pendingParts {
		listed := workflow.Now(ctx)
		options := s.netOptions(ctx, "look for travel requests that wait", requestsOfWhole)
		found, err := call[expense.PendingRequests](options, &s.calls, ListPendingRequests, ask)
		if unlooked, err := away(err, &s.RequestsNotCheckedReason); unlooked || err != nil {
			return err
		}
		s.Requests += len(found.Notifications)
		s.UnannouncedRequests += found.Unannounced
		s.unannounced(ctx, "travel requests", found.UnannouncedPolicies)
		if found.Skipped > 0 {
			s.RequestsSkipped += found.Skipped
			s.RequestsSkippedReason = found.SkippedReason
		}
		if found.NotChecked != nil {
			s.RequestsNotCheckedReason = "one of them: " + found.NotChecked.Message
		}
		if err := s.startFound(ctx, found.Notifications, listed, &s.RequestsStarted); err != nil {
			return err
		}
		if ask.Page = found.Next; ask.Page == "" {
			return nil
		}
	}
	s.RequestsNotCheckedReason = "the list of travel requests has no end"
	return nil
}

// away says why a list could not be had. What else the sweep does is done all the same.
func away(err error, why *string) (bool, error) {
	var t *ParkReason
	switch err := trouble(err); {
	case errors.As(err, &t):
		*why = t.Error()
		return true, nil
	case err != nil:
		return false, err
	}
	return false, nil
}

// startFound starts a run for each that was found in a list of Concur, read at that moment.
func (s *sweep) startFound(ctx workflow.Context, found []expense.Notification, listed time.Time, started *int) error {
	if s.readOnly || len(found) == 0 {
		return nil
	}
	done, err := s.start(ctx, found, listed)
	*started += done.Started
	s.Failed += len(done.Failed)
	s.because(done.Failed)
	return err
}
