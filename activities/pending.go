package activities

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"concur-connector/concur"
	"concur-connector/expense"
)

const (
	// pagesPerPart is how many pages of the list one part has. Each page is one request.
	pagesPerPart = RequestsPerActivity
	// maxMissed limits how many missed reports a result names.
	maxMissed = 50
	// maxPolicies limits how many policies of unannounced reports a result names.
	maxPolicies = 20
	// maxFailedLookups limits how many look-ups of an owner may fail before the activity is
	// retried.
	maxFailedLookups = 3
)

// ListPendingReports searches one part of Concur's list for missed reports: they have waited
// at external validation for longer than MissedAfter, and no run handles them. It counts,
// names and logs them. With in.WithNotifications it also returns a notification for each, so
// that runs can be started.
//
// An open run that has not read its report yet may handle one of them. While such a run is
// young, reports that became missed only lately are counted as undetermined. All others are
// missed: if two runs of one report meet, one hands the report over to the other.
func (a *Activities) ListPendingReports(ctx context.Context, in expense.ListPendingReportsInput) (result expense.PendingReports, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	found := expense.PendingReports{Next: in.Page}
	var missed, recent []concur.PendingReport
	started := time.Now()
	before := started.Add(-in.MissedAfter)
	steps, err := a.announcedSteps(ctx)
	if err != nil {
		return expense.PendingReports{}, err
	}
	for range pagesPerPart {
		var err error
		list := expense.ListRead{At: time.Now(), Grace: in.MissedAfter, DryRun: a.options.Writes.dryRunNow()}
		found.Next, err = a.options.Concur.PendingReports(ctx, found.Next, func(row concur.PendingReport, unreadable error) error {
			if unreadable != nil {
				found.NotStartedReason = unreadable.Error()
				return nil
			}
			if row.Since().After(before) {
				return nil
			}
			found.Waiting++
			if !a.options.OwnSteps.OwnsListed(steps, expense.ReportObject, row.Policy) {
				addUnannounced(row, &found)
				return nil
			}
			hasRun, err := a.options.RunFinder.HasRun(ctx, notificationOf(row), list)
			switch {
			case err != nil:
				return err
			case hasRun:
				found.Known++
			case row.Since().After(before.Add(-in.FirstReadWithin)):
				recent = append(recent, row)
			default:
				missed = append(missed, row)
			}
			return nil
		})
		if err != nil {
			return expense.PendingReports{}, a.failure(ctx, err)
		}
		if found.Next == "" {
			break
		}
	}
	if found.NotStartedReason != "" {
		a.options.Logger.Warn("some entries in the list of pending reports cannot be read: the sweep skips them", "error", found.NotStartedReason)
	}
	if len(recent) > 0 {
		unread, err := a.options.RunFinder.CountUnread(ctx, started.Add(-in.FirstReadWithin))
		switch {
		case err != nil:
			return expense.PendingReports{}, err
		case unread > 0:
			found.Undetermined = len(recent)
			a.options.Logger.Warn("reports wait that may belong to runs that have not read their report yet: the next sweep checks them again", "count", len(recent), "unread", unread)
		default:
			missed = append(missed, recent...)
		}
	}
	if found.Missed = len(missed); found.Missed == 0 {
		return found, nil
	}
	for _, row := range missed[:min(len(missed), maxMissed)] {
		found.Reports = append(found.Reports, row.ID)
	}
	a.options.Logger.Warn("missed reports wait at external validation", "count", found.Missed, "reports", found.Reports)
	if !in.WithNotifications {
		return found, nil
	}
	return found, a.failure(ctx, a.toNotifications(ctx, missed, &found))
}

// addUnannounced counts a report that waits at a step which this deployment does not know as
// its own. The sweep skips the report, because another connector may handle it.
func addUnannounced(row concur.PendingReport, found *expense.PendingReports) {
	found.Unannounced++
	if len(found.UnannouncedReports) < maxMissed {
		found.UnannouncedReports = append(found.UnannouncedReports, row.ID)
	}
	found.UnannouncedPolicies = addPolicy(found.UnannouncedPolicies, row.Policy)
}

func addPolicy(list []string, policy string) []string {
	if policy = cmp.Or(policy, "none"); len(list) < maxPolicies && !slices.Contains(list, policy) {
		list = append(list, policy)
	}
	return list
}

// notificationOf makes a notification of a row, as if a callout had named the report. Its
// address is not known yet.
func notificationOf(row concur.PendingReport) expense.Notification {
	n := expense.Notification{Kind: expense.ReportObject, Key: row.ID, ObjectType: string(expense.ReportObject), Found: true}
	if since := row.Since(); !since.IsZero() {
		n.EventDateTime = since.UTC().Format(time.RFC3339)
	}
	return n
}

// toNotifications adds to found a notification with an address for each row. For that it
// looks up the owners. A report whose owner is not found gets no run: found says why, and the
// next sweep tries again. This does not keep other reports from their runs, even if Concur
// does not answer about this one owner.
func (a *Activities) toNotifications(ctx context.Context, rows []concur.PendingReport, found *expense.PendingReports) error {
	failed := 0
	var last error
	for _, row := range rows {
		uri, err := a.options.Concur.ReportURI(ctx, row)
		var e *concur.Error
		switch {
		case errors.As(err, &e) && classOf(e.Kind) == parked:
			found.NotStartedReason = e.Error()
			if e.Kind == expense.Forbidden {
				return nil // Concur forbids all look-ups
			}
			continue
		case errors.As(err, &e) && e.Kind == expense.Unavailable && ctx.Err() == nil:
			found.NotStartedReason, last = e.Error(), err
			if failed++; failed == maxFailedLookups {
				return err
			}
			continue
		case err != nil:
			return err
		}
		n := notificationOf(row)
		n.ObjectURI = uri
		found.Notifications = append(found.Notifications, n)
	}
	if len(found.Notifications) == 0 {
		return last
	}
	return nil
}
