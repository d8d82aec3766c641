package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"concur-connector/expense"
)

// mostMeetings is how many runs of a report one attempt may find that end before they can
// be told.
const mostMeetings = 3

// HandOverRun looks for another run of the report that is to see to it, and leaves the report
// to that one: it is told to look again, by which address a callout names the report, and of
// the failed notifications that this run would have deleted. It is safe to repeat.
func (a *Activities) HandOverRun(ctx context.Context, in expense.HandOverRunInput) (result expense.HandedOverRun, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if a.options.OlderRuns == nil {
		return expense.HandedOverRun{}, nil
	}
	self := activity.GetInfo(ctx).WorkflowExecution
	left := expense.Notification{HandedOverBy: self.ID, ObjectURI: in.ObjectURI}
	var tell []expense.Notification
	for _, name := range in.EventTypes {
		n := left
		n.EventType = name
		tell = append(tell, n)
	}
	for _, uri := range in.PendingDeletes {
		n := left
		n.NotificationURI = uri
		tell = append(tell, n)
	}
	if len(tell) == 0 {
		tell = append(tell, left) // it reads the report again
	}
	for range mostMeetings {
		other, err := a.options.OlderRuns.OlderRun(ctx, in.ReportID, self.ID, self.RunID)
		if err != nil || other == "" {
			return expense.HandedOverRun{}, err
		}
		ended, err := a.tell(ctx, tell, other)
		if err != nil || !ended {
			return expense.HandedOverRun{To: other}, err
		}
	}
	return expense.HandedOverRun{}, errors.New("join run: the other runs of the report end before they can be told")
}

// tell tells an open run, and reports whether it has ended.
func (a *Activities) tell(ctx context.Context, all []expense.Notification, id string) (ended bool, err error) {
	for _, n := range all {
		if ended, err = a.options.OlderRuns.NotifyRun(ctx, n, id); err != nil || ended {
			return ended, err
		}
	}
	return false, nil
}
