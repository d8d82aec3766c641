package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// pendingParts bounds how many parts of an endless list are read.
const pendingParts = 400

// lookForMissed finds reports that arrived neither by callout nor through the failed list, and
// starts a run for each under the report's ID.
func (s *sweep) lookForMissed(ctx workflow.Context, grace time.Duration) error {
	if grace == 0 {
		return nil
	}
	ask := expense.ListPendingReportsInput{MissedAfter: grace, FirstReadWithin: s.ConfirmDelay, WithNotifications: !s.readOnly}
	for range pendingParts {
		listed := workflow.Now(ctx)
		options := s.listOptions(ctx, "look for missed reports", requestsOfWhole)
		found, err := call[expense.PendingReports](options, &s.calls, ListPendingReports, ask)
		if failed, err := recordListError(err, &s.NotCheckedReason); failed || err != nil {
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

// lookForRequests starts a run for each travel request that waits for the connector without a run.
func (s *sweep) lookForRequests(ctx workflow.Context) error {
	var ask expense.ListPendingRequestsInput
	for range pendingParts {
		listed := workflow.Now(ctx)
		options := s.listOptions(ctx, "look for travel requests that wait", requestsOfWhole)
		found, err := call[expense.PendingRequests](options, &s.calls, ListPendingRequests, ask)
		if failed, err := recordListError(err, &s.RequestsNotCheckedReason); failed || err != nil {
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

// recordListError records why a list could not be read. The sweep goes on with the other lists.
func recordListError(err error, why *string) (bool, error) {
	var t *ParkReason
	switch err := asParkReason(err); {
	case errors.As(err, &t):
		*why = t.Error()
		return true, nil
	case err != nil:
		return false, err
	}
	return false, nil
}

// startFound starts a run for each object of a list that was read at that time.
func (s *sweep) startFound(ctx workflow.Context, found []expense.Notification, listed time.Time, started *int) error {
	if s.readOnly || len(found) == 0 {
		return nil
	}
	done, err := s.start(ctx, found, listed)
	*started += done.Started
	s.Failed += len(done.Failed)
	s.addWhy(done.Failed)
	return err
}

// sweepError is the error of a sweep, or nil when none of its parts has failed. Its type is the kind
// of the first error, and its message names each. The history shows the causes, with the activities.
func sweepError(parts ...error) error {
	var kind expense.Kind
	var messages []string
	for _, err := range parts {
		if temporal.IsCanceledError(err) {
			return err
		}
		var t *ParkReason
		if !errors.As(asParkReason(err), &t) {
			continue
		}
		if late := lateActivity(err); late != "" {
			t.Message = late
		}
		if !slices.Contains(Kinds(), t.Kind) {
			t.Kind = expense.Unavailable // of the connector or of Temporal
		}
		if kind == "" {
			kind = t.Kind
		}
		messages = append(messages, strings.Join(strings.Fields(t.Message), " "))
	}
	if kind == "" {
		return nil
	}
	return temporal.NewApplicationError(strings.Join(messages, "; and "), string(kind))
}

// lateActivity says which activity did not end in time, when that is why it failed.
func lateActivity(err error) string {
	var activity *temporal.ActivityError
	var timeout *temporal.TimeoutError
	if !errors.As(err, &activity) || !errors.As(err, &timeout) {
		return ""
	}
	return fmt.Sprintf("%s did not end in time", activity.ActivityType().GetName())
}
