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
	// maxForgotten bounds how many forgotten reports are named.
	maxForgotten = 50
	// pendingPages is how many pages of the list one part has, a request each.
	pendingPages = RequestsPerActivity
)

// ListPendingReports looks, in a part of the list, for reports that wait at external
// validation, longer than the grace, and that no run knows of. They are counted and
// named, loud; in.Name has them named so that runs can be started.
//
// A run that has not read its report yet may see to one of them. While such a run is young
// it holds back those alone for which the grace has only just passed, and these, too, are
// counted and logged. Any other is taken up: if two runs of one report meet, they join.
func (a *Activities) ListPendingReports(ctx context.Context, in expense.ListPendingReportsInput) (result expense.PendingReports, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	found := expense.PendingReports{Next: in.Page}
	var forgotten, fresh []concur.PendingReport
	started := time.Now()
	before := started.Add(-in.MissedAfter)
	known, err := a.known(ctx)
	if err != nil {
		return expense.PendingReports{}, err
	}
	for range pendingPages {
		var err error
		seen := expense.ListRead{At: time.Now(), Grace: in.MissedAfter, DryRun: a.options.Writes.now()}
		found.Next, err = a.options.Concur.PendingReports(ctx, found.Next, func(row concur.PendingReport, unread error) error {
			if unread != nil {
				found.NotStartedReason = unread.Error()
				return nil
			}
			if row.Since().After(before) {
				return nil
			}
			found.Waiting++
			if !a.options.OwnSteps.OwnsListed(known, expense.ReportObject, row.Policy) {
				unannounced(row, &found)
				return nil
			}
			knows, err := a.options.RunFinder.HasRun(ctx, notificationOf(row), seen)
			switch {
			case err != nil:
				return err
			case knows:
				found.Known++
			case row.Since().After(before.Add(-in.Young)):
				fresh = append(fresh, row)
			default:
				forgotten = append(forgotten, row)
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
		a.options.Logger.Warn("a report in the list of reports that wait cannot be read: what waits there is not seen", "error", found.NotStartedReason)
	}
	if len(fresh) > 0 {
		unread, err := a.options.RunFinder.CountUnread(ctx, started.Add(-in.Young))
		switch {
		case err != nil:
			return expense.PendingReports{}, err
		case unread > 0:
			found.Undetermined = len(fresh)
			a.options.Logger.Warn("reports wait at external validation of which a run that has yet to read may know: the next sweep tells", "count", len(fresh), "unread", unread)
		default:
			forgotten = append(forgotten, fresh...)
		}
	}
	if found.Missed = len(forgotten); found.Missed == 0 {
		return found, nil
	}
	for _, row := range forgotten[:min(len(forgotten), maxForgotten)] {
		found.Reports = append(found.Reports, row.ID)
	}
	a.options.Logger.Warn("reports wait at external validation that nobody told of", "count", found.Missed, "reports", found.Reports)
	if !in.WithNotifications {
		return found, nil
	}
	return found, a.failure(ctx, a.name(ctx, forgotten, &found))
}

// maxPolicies bounds how many policies of such reports are named.
const maxPolicies = 20

// unannounced counts a report that is not known to be at a step of this deployment. It is left
// alone: another connector may be seeing to it.
func unannounced(row concur.PendingReport, found *expense.PendingReports) {
	found.Unannounced++
	if len(found.UnannouncedReports) < maxForgotten {
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

// notificationOf makes the notification of a report that the list shows, as if it had been
// told of. Where the report is read is not known yet.
func notificationOf(row concur.PendingReport) expense.Notification {
	n := expense.Notification{Kind: expense.ReportObject, Key: row.ID, ObjectType: string(expense.ReportObject), Found: true}
	if since := row.Since(); !since.IsZero() {
		n.EventDateTime = since.UTC().Format(time.RFC3339)
	}
	return n
}

// mostAway is how many owners may be looked up in vain before the look-up counts as away.
const mostAway = 3

// name makes notifications of reports that the list shows, as if they had been told of.
// Their owners have to be looked up. A report whose owner cannot be found has no run yet, and
// found.Unnamed says why; the next sweep tries again. It keeps no other report from its run,
// also where Concur has no answer about this one owner.
func (a *Activities) name(ctx context.Context, rows []concur.PendingReport, found *expense.PendingReports) error {
	away := 0
	var last error
	for _, row := range rows {
		uri, err := a.options.Concur.ReportURI(ctx, row)
		var e *concur.Error
		switch {
		case errors.As(err, &e) && table(e.Kind) == parked:
			found.NotStartedReason = e.Error()
			if e.Kind == expense.Forbidden {
				return nil // so are all
			}
			continue
		case errors.As(err, &e) && e.Kind == expense.Unavailable && ctx.Err() == nil:
			found.NotStartedReason, last = e.Error(), err
			if away++; away == mostAway {
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
