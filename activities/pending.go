package activities

import (
	"context"
	"errors"
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
func (a *Activities) ListPendingReports(ctx context.Context, in expense.ListPendingReportsInput) (expense.PendingReports, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	found := expense.PendingReports{Next: in.Page}
	var forgotten []concur.PendingReport
	before := time.Now().Add(-in.Grace)
	for range pendingPages {
		var err error
		found.Next, err = a.options.Concur.PendingReports(ctx, found.Next, func(row concur.PendingReport) error {
			if row.LastModified.After(before) {
				return nil
			}
			known, err := a.lookFor(ctx, row.PendingReport, &found)
			if err == nil && !known {
				forgotten = append(forgotten, row)
			}
			return err
		})
		if err != nil {
			return expense.PendingReports{}, a.failure(ctx, err)
		}
		if found.Next == "" {
			break
		}
	}
	if found.Forgotten == 0 {
		return found, nil
	}
	unread, err := a.options.Knower.Unread(ctx)
	switch {
	case err != nil:
		return expense.PendingReports{}, err
	case unread > 0: // the next look tells
		found.Unsure, found.Forgotten, found.Reports = found.Forgotten, 0, nil
		return found, nil
	}
	a.options.Logger.Warn("reports wait at external validation that nobody told of", "count", found.Forgotten, "reports", found.Reports)
	if in.Name {
		err = a.name(ctx, forgotten, &found)
	}
	return found, a.failure(ctx, err)
}

// lookFor counts a report that waits for long, and reports whether a run knows of it.
func (a *Activities) lookFor(ctx context.Context, row expense.PendingReport, found *expense.PendingReports) (bool, error) {
	found.Waiting++
	known, err := a.options.Knower.Knows(ctx, row.ID, row.LastModified, a.options.Writes.now())
	switch {
	case err != nil:
		return false, err
	case known:
		found.Known++
		return true, nil
	}
	found.Forgotten++
	if len(found.Reports) < maxForgotten {
		found.Reports = append(found.Reports, row.ID)
	}
	return false, nil
}

// name makes notifications of reports that the list shows, as if they had been told of.
// Their owners have to be looked up: one of which that is refused has no run, and it is
// said why; whoever mends it finds it at the next look.
func (a *Activities) name(ctx context.Context, rows []concur.PendingReport, found *expense.PendingReports) error {
	for _, row := range rows {
		uri, err := a.options.Concur.ReportURI(ctx, row)
		var e *concur.Error
		switch {
		case errors.As(err, &e) && table(e.Kind) == parked:
			found.Unnamed = e.Error()
			if e.Kind == expense.Forbidden {
				return nil // so are all
			}
			continue
		case err != nil:
			return err
		}
		n := expense.Notification{Kind: expense.ReportObject, Key: row.ID, ObjectURI: uri, ObjectType: string(expense.ReportObject)}
		if !row.LastModified.IsZero() {
			n.EventDateTime = row.LastModified.UTC().Format(time.RFC3339)
		}
		found.Notifications = append(found.Notifications, n)
	}
	return nil
}
