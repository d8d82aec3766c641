package activities

import (
	"context"
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
// named, loud; nothing is started.
func (a *Activities) ListPendingReports(ctx context.Context, in expense.ListPendingReportsInput) (expense.PendingReports, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	found := expense.PendingReports{Next: in.Page}
	before := time.Now().Add(-in.Grace)
	for range pendingPages {
		var err error
		found.Next, err = a.options.Concur.PendingReports(ctx, found.Next, func(row concur.PendingReport) error {
			if row.LastModified.After(before) {
				return nil
			}
			return a.lookFor(ctx, row.PendingReport, &found)
		})
		if err != nil {
			return expense.PendingReports{}, a.failure(ctx, err)
		}
		if found.Next == "" {
			break
		}
	}
	if found.Forgotten > 0 {
		unread, err := a.options.Knower.Unread(ctx)
		if err != nil {
			return expense.PendingReports{}, err
		}
		if unread > 0 { // the next look tells
			found.Unsure, found.Forgotten, found.Reports = found.Forgotten, 0, nil
		}
	}
	if found.Forgotten > 0 {
		a.options.Logger.Warn("reports wait at external validation that nobody told of", "count", found.Forgotten, "reports", found.Reports)
	}
	return found, nil
}

// lookFor counts a report that waits for long.
func (a *Activities) lookFor(ctx context.Context, row expense.PendingReport, found *expense.PendingReports) error {
	found.Waiting++
	known, err := a.options.Knower.Knows(ctx, row.ID, row.LastModified, a.options.Writes.now())
	switch {
	case err != nil:
		return err
	case known:
		found.Known++
		return nil
	}
	found.Forgotten++
	if len(found.Reports) < maxForgotten {
		found.Reports = append(found.Reports, row.ID)
	}
	return nil
}
