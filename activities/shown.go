package activities

import (
	"context"
	"time"

	"concur-connector/expense"
)

// untilShown reads, by look, until that shows a write of ours, and no longer than Concur may
// take to show one. It pauses between two reads, for longer each time. A write is never made
// again only because it is not shown yet.
func (a *Activities) untilShown(ctx context.Context, look func() (shown bool, err error)) (shown bool, err error) {
	end := time.Now().Add(a.options.Delays.VisibleWithin)
	for delay := a.options.Delays.WriteCheck; ; delay *= 2 {
		shown, err = look()
		left := time.Until(end)
		if err != nil || shown || left <= 0 {
			return shown, err
		}
		if err := wait(ctx, min(delay, left)); err != nil {
			return false, err
		}
	}
}

// readActed is readJudged for an action. When an attempt before this one may have acted, it
// first waits until the report has left the stop, as long as that may take to be shown.
func (a *Activities) readActed(ctx context.Context, objectURI, stop string, attempt expense.Attempt) (found, error) {
	var now found
	sent := mayHaveSent(ctx, attempt)
	if _, err := a.untilShown(ctx, func() (_ bool, err error) {
		now, err = a.readAt(ctx, objectURI, stop, attempt.Via)
		return !sent || now.Kind != "" || !now.at(stop, attempt), err
	}); err != nil {
		return found{}, err
	}
	return a.readWhole(ctx, objectURI, stop, attempt, now)
}
