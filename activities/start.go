package activities

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"concur-connector/expense"
)

// startProgress is the heartbeat detail of StartProcessing: the next attempt continues where
// an interrupted one ended.
type startProgress struct {
	Next   int                       `json:"next"`
	Result expense.StartedProcessing `json:"result"`
}

// StartProcessing starts a run for each notification, signals the open run, or skips the
// notification, by the same code as a callout. A notification that Temporal refuses does not
// stop the others. The activity is safe to repeat: a notification URI wakes a run only once.
func (a *Activities) StartProcessing(ctx context.Context, in expense.StartProcessingInput) (result expense.StartedProcessing, _ error) {
	defer sign(ctx, &result.Answer)
	var progress startProgress
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &progress) != nil {
		progress = startProgress{} // of another version of the worker: to start over is safe
	}
	steps, err := a.announcedSteps(ctx)
	if err != nil {
		return result, err
	}
	owns := func(object expense.ObjectKind, events, policies []string) bool {
		return a.options.OwnSteps.Owns(steps, object, events, policies...)
	}
	ctx, heartbeat, stop := a.startHeartbeat(ctx)
	defer stop()
	result = progress.Result
	for i := progress.Next; i < len(in.Notifications); i++ {
		n := in.Notifications[i]
		heartbeat.store(startProgress{Next: i, Result: result})
		list := expense.ListRead{At: in.ListedAt, Grace: in.Grace, DryRun: a.options.Writes.dryRunNow(), Owns: owns, VisibleWithin: a.options.Delays.VisibleWithin}
		swept, err := a.options.Starter.Sweep(ctx, n, list)
		fail := func(reason string) {
			result.Failed = append(result.Failed, expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI, Reason: reason})
		}
		var refused *serviceerror.InvalidArgument
		switch {
		case errors.As(err, &refused):
			fail(refused.Error())
		case err != nil:
			return result, err
		case swept == expense.SweptUnknown:
			fail("an operator ended the last run of " + n.ID() + ", and Temporal does not say whether this notification was the reason")
		case swept == expense.SweptStillListed:
			fail("Concur still lists this entry, although runs have deleted it or were refused; it is deleted again once a day")
		case swept == expense.SweptStarted:
			result.Started++
		case swept == expense.SweptSignaled:
			result.Signaled++
		default:
			result.Skipped++
		}
	}
	return result, nil
}
