package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"concur-connector/expense"
)

// maxEnded limits how many older runs may end before one attempt gives up.
const maxEnded = 3

// HandOverRun looks for an older run of the report, and hands the report over to it: it
// signals the older run the report's address, the event types, and the failed notifications
// that this run would have deleted. The activity is safe to repeat.
func (a *Activities) HandOverRun(ctx context.Context, in expense.HandOverRunInput) (result expense.HandedOverRun, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	if a.options.OlderRuns == nil {
		return expense.HandedOverRun{}, nil
	}
	self := activity.GetInfo(ctx).WorkflowExecution
	handOver := expense.Notification{HandedOverBy: self.ID, ObjectURI: in.ObjectURI}
	var signals []expense.Notification
	for _, eventType := range in.EventTypes {
		n := handOver
		n.EventType = eventType
		signals = append(signals, n)
	}
	for _, uri := range in.PendingDeletes {
		n := handOver
		n.NotificationURI = uri
		signals = append(signals, n)
	}
	if len(signals) == 0 {
		signals = append(signals, handOver) // it makes the older run read the report again
	}
	for range maxEnded {
		older, err := a.options.OlderRuns.OlderRun(ctx, in.ReportID, self.ID, self.RunID)
		if err != nil || older == "" {
			return expense.HandedOverRun{}, err
		}
		ended, err := a.notifyRun(ctx, signals, older)
		if err != nil || !ended {
			return expense.HandedOverRun{To: older}, err
		}
	}
	return expense.HandedOverRun{}, errors.New("hand over run: every older run of the report ended before it received the signals")
}

// notifyRun sends signals to a run, and reports whether the run has ended.
func (a *Activities) notifyRun(ctx context.Context, signals []expense.Notification, id string) (ended bool, err error) {
	for _, n := range signals {
		if ended, err = a.options.OlderRuns.NotifyRun(ctx, n, id); err != nil || ended {
			return ended, err
		}
	}
	return false, nil
}
