package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// calls is the activity that the run has called last, and how many it has called.
type calls struct {
	n          int
	activity   string // its expense.ActivityName
	open       bool   // it has not ended
	permits    int    // how often the run has permitted it to write
	headerHash string // of the read before the last of these writes
	full       bool   // the run did not permit it to write, because the history is too long
}

// result is the result of an activity. It names its activity.
type result interface{ AnswerOf() string }

// call calls an activity and waits for its result. An operator can complete an activity by hand:
// call does not use a result that does not name its activity, and returns a *ParkReason.
func call[R result](ctx workflow.Context, c *calls, name string, input any) (R, error) {
	c.n++
	options := workflow.GetActivityOptions(ctx)
	options.ActivityID = fmt.Sprintf("%s-%d", name, c.n)
	*c = calls{n: c.n, open: true, activity: expense.ActivityName(workflow.GetInfo(ctx).WorkflowExecution.ID, options.ActivityID)}
	var got R
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), name, input).Get(ctx, &got)
	c.open = false
	var failed *temporal.ActivityError
	switch {
	case err == nil && got.AnswerOf() == c.activity:
		return got, nil
	case err == nil, !errors.As(err, &failed) && !temporal.IsCanceledError(err):
		err = byHand(name)
	}
	var none R
	return none, err
}

// byHand is the park reason for an activity that somebody has completed.
func byHand(name string) *ParkReason {
	return &ParkReason{
		Kind:    expense.Malformed,
		Message: fmt.Sprintf("somebody completed the activity %s by hand; the run does not use that result", name),
		Fix:     "Nothing has to be fixed: the run calls the activity again. Do not complete activities by hand. To end the run, cancel it.",
	}
}

// failedWrite returns what an activity says about its failed write. It returns false when the
// activity has said nothing: it timed out, or an operator failed it by hand.
func (c *calls) failedWrite(err error) (expense.FailedWrite, bool) {
	var failed expense.FailedWrite
	var ended *temporal.ActivityError
	if !errors.As(err, &ended) {
		return failed, false
	}
	switch cause := ended.Unwrap().(type) {
	case *temporal.ApplicationError:
		if cause.HasDetails() && cause.Details(&failed) != nil {
			return expense.FailedWrite{}, false
		}
	case *temporal.CanceledError:
		if cause.HasDetails() && cause.Details(&failed) != nil {
			return expense.FailedWrite{}, false
		}
	}
	return failed, failed.Of == c.activity
}

// maxUnreadable is how often the run asks for an answer that cannot be parsed, or that lacks
// something, before it is parked.
const maxUnreadable = 3

// retryUnreadable calls an activity, and calls it again when Concur's answer could not be parsed,
// or lacked what Concur claims. Its error is a *ParkReason, or the run's cancellation.
func (r *run) retryUnreadable(ctx workflow.Context, call func() error) error {
	return r.retryUnreadableFrom(ctx, "Concur's answer", call)
}

// retryUnreadableFrom is retryUnreadable for the answer of another system.
func (r *run) retryUnreadableFrom(ctx workflow.Context, answer string, call func() error) error {
	for attempt := 1; ; attempt++ {
		err := asParkReason(call())
		var t *ParkReason
		if !errors.As(err, &t) || t.Kind != expense.Malformed && t.Kind != expense.Incomplete && t.Kind != expense.UnclearStep || attempt == maxUnreadable {
			return err
		}
		why := answer + " could not be parsed: asking again"
		if t.Kind != expense.Malformed {
			why = "something is missing from " + answer + ": asking again"
		}
		if err := r.pause(ctx, why); err != nil {
			return err
		}
	}
}

// pause waits before something is asked for again.
func (r *run) pause(ctx workflow.Context, why string) error {
	return wait(ctx, r.RereadDelay, why)
}

func wait(ctx workflow.Context, delay time.Duration, why string) error {
	return workflow.NewTimerWithOptions(ctx, atLeastATick(delay), workflow.TimerOptions{Summary: why}).Get(ctx, nil)
}

// atLeastATick returns d, but at least a millisecond. Temporal starts no timer for a wait of no
// time. Whether there is a timer must not depend on a setting: otherwise a run cannot be replayed
// once the setting has changed.
func atLeastATick(d time.Duration) time.Duration { return max(d, time.Millisecond) }

// asParkReason turns any failure of an activity into a *ParkReason: a run that cannot go on is parked,
// never failed. It returns a cancellation as it is.
func asParkReason(err error) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	var known *ParkReason
	if errors.As(err, &known) {
		return known
	}
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return &ParkReason{Kind: expense.Unavailable, Message: err.Error()}
	}
	kind := expense.Kind(failed.Type())
	if !slices.Contains(Kinds(), kind) { // an operator has failed the activity by hand
		kind = expense.Unavailable
	}
	t := &ParkReason{Kind: kind, Message: failed.Message()}
	if kind == expense.Untrusted && failed.HasDetails() {
		_ = failed.Details(&t.RefusedHost) // a failed write has other details, and no host
	}
	var write expense.FailedWrite
	if failed.HasDetails() && failed.Details(&write) == nil {
		t.Fix = write.Fix
	}
	return t
}
