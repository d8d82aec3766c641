package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
)

// permitLimit bounds how long an attempt waits for the permission of its run.
const permitLimit = 10 * time.Second

// permission is what an attempt asks its run before it writes. Heartbeat details and the
// number of an attempt can be reset by an operator, in any interface of Temporal. What a run
// has permitted is in its history, and is not.
type permission struct {
	permits Permits
	asks    expense.Permission
	first   bool // the attempt has found nothing that says otherwise
	given   bool
}

// errReset ends an attempt that took itself for the first and is not. The one that follows
// knows that it is not.
var errReset = &concur.Error{Op: "write", Kind: expense.OutcomeUnknown, Message: "an attempt before this one may have written, and was reset"}

// errFull ends an attempt whose run has to continue as new before it can permit a write.
var errFull = &concur.Error{Op: "write", Kind: expense.Unavailable, Message: "the run has tried so often that it has to continue as new"}

// permit asks once in an attempt, before its first write.
func (p *permission) permit(ctx context.Context, mark string) error {
	if p.given {
		return nil
	}
	p.asks.HeaderHash = mark
	asking, cancel := context.WithTimeout(ctx, permitLimit)
	defer cancel()
	run := activity.GetInfo(ctx).WorkflowExecution
	permitted, err := p.permits.Permit(asking, run.ID, run.RunID, p.asks)
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case err != nil:
		return &concur.Error{Op: "write", Kind: expense.Unavailable, Message: fmt.Sprintf("the run has not permitted it: %v", err)}
	case permitted.Earlier > 0 && p.first:
		return errReset // even if the run is full: only the next attempt can say what is in doubt
	case permitted.Full:
		return errFull
	}
	p.given = true
	return nil
}

// ready prepares an attempt to write. It says whether this is the first one and, when it is
// not, waits until the one before it could no longer be acting.
func (a *Activities) ready(ctx context.Context, pulse *pulse, attempt expense.Attempt, stop, code string) (bool, error) {
	pulse.asks = &permission{
		permits: a.options.Permits,
		asks:    expense.Permission{Activity: nameOf(ctx), ValidationID: stop, Via: attempt.Via, Code: code},
		first:   first(ctx, attempt),
	}
	if pulse.asks.first {
		return true, nil
	}
	return false, wait(ctx, a.options.RequestTimeout)
}
