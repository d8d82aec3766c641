package activities

import (
	"context"
	"errors"

	"concur-connector/expense"
)

// JoinRun leaves a report to an older run of it: that one is told to look again, and of
// the failed notifications that this run would have deleted. It is safe to repeat.
func (a *Activities) JoinRun(ctx context.Context, in expense.JoinRunInput) (result expense.JoinedRun, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if a.options.Elders == nil {
		return expense.JoinedRun{}, errors.New("join run: nothing to tell runs with")
	}
	var tell []expense.Notification
	for _, name := range in.EventTypes {
		tell = append(tell, expense.Notification{EventType: name})
	}
	for _, uri := range in.Owed {
		tell = append(tell, expense.Notification{NotificationURI: uri})
	}
	if len(tell) == 0 {
		tell = []expense.Notification{{}} // it reads the report again
	}
	for _, n := range tell {
		ended, err := a.options.Elders.Tell(ctx, n, in.Elder)
		if err != nil || ended {
			return expense.JoinedRun{Ended: ended}, err
		}
	}
	return expense.JoinedRun{}, nil
}
