package activities

import (
	"context"
	"time"
)

// untilVisible repeats a read until it shows a write of the connector, for as long as
// Concur may take to show one. The pauses between two reads grow. Nothing is written again
// only because Concur does not show it yet.
func (a *Activities) untilVisible(ctx context.Context, read func() (visible bool, err error)) (visible bool, err error) {
	end := time.Now().Add(a.options.Delays.VisibleWithin)
	for delay := a.options.Delays.WriteCheck; ; delay *= 2 {
		visible, err = read()
		left := time.Until(end)
		if err != nil || visible || left <= 0 {
			return visible, err
		}
		if err := wait(ctx, min(delay, left)); err != nil {
			return false, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
