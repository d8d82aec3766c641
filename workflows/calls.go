package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// calls is the activity that a run waits for, or waited for last, and how many there were.
type calls struct {
	n       int
	of      string // its expense.ActivityName
	open    bool   // it has not ended
	permits int    // how often it was permitted to write
	mark    string // of the read before the last of these writes
	full    bool   // it was not permitted to write, because the run has to continue as new
}

// result is the result of an activity.
type result interface{ AnswerOf() string }

// call calls an activity and waits for its result. A result that the activity has not given
// is not used: an operator can complete an activity by hand. Its error is then a *Trouble.
func call[R result](ctx workflow.Context, c *calls, name string, input any) (R, error) {
	c.n++
	options := workflow.GetActivityOptions(ctx)
	options.ActivityID = fmt.Sprintf("%s-%d", name, c.n)
	*c = calls{n: c.n, open: true, of: expense.ActivityName(workflow.GetInfo(ctx).WorkflowExecution.ID, options.ActivityID)}
	var got R
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), name, input).Get(ctx, &got)
	c.open = false
	var failed *temporal.ActivityError
	switch {
	case err == nil && got.AnswerOf() == c.of:
		return got, nil
	case err == nil, !errors.As(err, &failed) && !temporal.IsCanceledError(err):
		err = byHand(name)
	}
	var none R
	return none, err
}

// byHand is the trouble of an activity that somebody has completed.
func byHand(name string) *ParkReason {
	return &ParkReason{
		Kind:    expense.Malformed,
		Message: fmt.Sprintf("the activity %s was completed by hand; its result is not used, because the connector did not give it", name),
		Fix:     "Nothing has to be mended: the run calls the activity again. Leave activities to the connector; to end the run, cancel it.",
	}
}

// told returns what the failure of a write says of itself. It reports false when the
// activity has not said it: a timeout, or an operator who failed it by hand.
func (c *calls) told(err error) (expense.FailedWrite, bool) {
	var told expense.FailedWrite
	var ended *temporal.ActivityError
	if !errors.As(err, &ended) {
		return told, false
	}
	switch cause := ended.Unwrap().(type) {
	case *temporal.ApplicationError:
		if cause.HasDetails() && cause.Details(&told) != nil {
			return expense.FailedWrite{}, false
		}
	case *temporal.CanceledError:
		if cause.HasDetails() && cause.Details(&told) != nil {
			return expense.FailedWrite{}, false
		}
	}
	return told, told.Of == c.of
}
