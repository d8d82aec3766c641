package workflows

import (
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// sweepPart is how many entries of the failed list one activity result holds.
const sweepPart = 200

// SweepResult is what one sweep of the failed list did.
type SweepResult struct {
	Found       int                   `json:"found"`
	Started     int                   `json:"started"`
	Joined      int                   `json:"joined"`
	Quarantined []expense.Quarantined `json:"quarantined,omitempty"` // not understood, left where they are
}

// SweepFailedNotifications starts a run for every notification that Concur could
// not deliver, or tells the open one, by the same code as a callout. It deletes
// nothing: that is for each run to do, last.
func (w Workflows) SweepFailedNotifications(ctx workflow.Context) (SweepResult, error) {
	var result SweepResult
	for after := ""; ; {
		var part expense.FailedNotifications
		call := w.concurOptions(ctx, "list failed notifications", requestsOfRead)
		input := expense.ListFailedNotificationsInput{After: after, Limit: sweepPart}
		if err := workflow.ExecuteActivity(call, ListFailedNotifications, input).Get(ctx, &part); err != nil {
			return result, err
		}
		result.Found += len(part.Items) + len(part.Quarantined)
		result.Quarantined = append(result.Quarantined, part.Quarantined...)
		if len(part.Items) > 0 {
			var started expense.StartedProcessing
			call := w.localOptions(ctx, "start "+count(len(part.Items), "run"))
			input := expense.StartProcessingInput{Notifications: part.Items}
			if err := workflow.ExecuteActivity(call, StartProcessing, input).Get(ctx, &started); err != nil {
				return result, err
			}
			result.Started += started.Started
			result.Joined += started.Joined
		}
		if part.Next == "" {
			return result, nil
		}
		after = part.Next
	}
}
