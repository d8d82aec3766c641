package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// sweepPart is how many entries of the failed list one activity result holds, and
// sweepParts after how many parts a sweep continues as new, so that neither a result
// nor a history grows with the list.
const (
	sweepPart  = 200
	sweepParts = 20
)

// SweepInput says how to sweep. It may be left out: a sweep then acts.
type SweepInput struct {
	ReadOnly bool `json:"readOnly,omitempty"` // count, and start nothing

	// Grace is how long a report may wait before it is missed when no run knows of it.
	// Zero: reports that nobody told of are not looked for.
	Grace time.Duration `json:"grace,omitempty"`

	After  string      `json:"after,omitempty"` // of a sweep that continued as this one
	Before SweepResult `json:"before,omitzero"` // what it had done
}

// SweepResult is what one sweep of the failed list did.
type SweepResult struct {
	Found   int `json:"found"`
	Started int `json:"started"`           // a new run
	Joined  int `json:"joined"`            // an open run was told
	Left    int `json:"left,omitempty"`    // left alone: its last run says so
	Strange int `json:"strange,omitempty"` // not understood, left where they are
	Failed  int `json:"failed,omitempty"`  // refused by Temporal

	// Why names the first of the strange and the failed ones.
	Why []expense.Quarantined `json:"why,omitempty"`

	Waiting   int      `json:"waiting,omitempty"`   // reports at external validation longer than the grace
	Forgotten int      `json:"forgotten,omitempty"` // of those, the ones that no run knows of
	Reports   []string `json:"reports,omitempty"`   // the first of the forgotten
	Unlooked  string   `json:"unlooked,omitempty"`  // why they could not be looked for
}

// maxWhy bounds how many reasons a result holds.
const maxWhy = 50

// SweepFailedNotifications starts a run for every notification that Concur could
// not deliver, or tells the open one, by the same code as a callout. It deletes
// nothing: that is for each run to do, last.
func (w Workflows) SweepFailedNotifications(ctx workflow.Context, input SweepInput) (SweepResult, error) {
	result := input.Before
	after := input.After
	for range sweepParts {
		var part expense.FailedNotifications
		call := w.concurOptions(ctx, "list failed notifications", requestsOfRead)
		ask := expense.ListFailedNotificationsInput{After: after, Limit: sweepPart}
		if err := workflow.ExecuteActivity(call, ListFailedNotifications, ask).Get(ctx, &part); err != nil {
			return result, err
		}
		result.Found += len(part.Items) + len(part.Quarantined)
		result.Strange += len(part.Quarantined)
		result.because(part.Quarantined)
		if len(part.Items) > 0 && !input.ReadOnly {
			var done expense.StartedProcessing
			call := w.localOptions(ctx, "start "+count(len(part.Items), "run"))
			todo := expense.StartProcessingInput{Notifications: part.Items}
			if err := workflow.ExecuteActivity(call, StartProcessing, todo).Get(ctx, &done); err != nil {
				return result, err
			}
			result.Started += done.Started
			result.Joined += done.Joined
			result.Left += done.Left
			result.Failed += len(done.Failed)
			result.because(done.Failed)
		}
		if part.Next == "" {
			return w.lookForForgotten(ctx, input.Grace, result)
		}
		after = part.Next
	}
	input.After, input.Before = after, result
	return result, workflow.NewContinueAsNewError(ctx, SweepFailedNotifications, input)
}

// lookForForgotten is the last net: reports that wait and that neither a callout nor
// the failed list told of.
func (w Workflows) lookForForgotten(ctx workflow.Context, grace time.Duration, result SweepResult) (SweepResult, error) {
	if grace == 0 {
		return result, nil
	}
	var found expense.PendingReports
	call := w.concurOptions(ctx, "look for reports that nobody told of", requestsOfList)
	err := workflow.ExecuteActivity(call, ListPendingReports, expense.ListPendingReportsInput{Grace: grace}).Get(ctx, &found)
	var t *Trouble
	switch err := trouble(err); {
	case errors.As(err, &t):
		result.Unlooked = t.Error() // the failed list was swept all the same
	case err != nil:
		return result, err
	}
	result.Waiting, result.Forgotten, result.Reports = found.Waiting, found.Forgotten, found.Reports
	return result, nil
}

func (r *SweepResult) because(why []expense.Quarantined) {
	r.Why = append(r.Why, why[:min(len(why), maxWhy-len(r.Why))]...)
}
