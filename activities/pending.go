package activities

import (
	"context"
	"time"

	"concur-connector/expense"
)

// maxForgotten bounds how many forgotten reports are named.
const maxForgotten = 50

// ListPendingReports looks for reports that wait at external validation, longer than
// the grace, and that no run knows of. They are counted and named, loud; nothing is
// started.
func (a *Activities) ListPendingReports(ctx context.Context, in expense.ListPendingReportsInput) (expense.PendingReports, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	var found expense.PendingReports
	before := time.Now().Add(-in.Grace)
	err := a.options.Concur.PendingReports(ctx, func(row expense.PendingReport) error {
		if row.LastModified.After(before) {
			return nil
		}
		found.Waiting++
		known, err := a.options.Knower.Knows(ctx, row.ID, row.LastModified)
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
	})
	if err != nil {
		return expense.PendingReports{}, a.failure(ctx, err)
	}
	if found.Forgotten > 0 {
		a.options.Logger.Warn("reports wait at external validation that nobody told of", "count", found.Forgotten, "reports", found.Reports)
	}
	return found, nil
}
