package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
)

// permitTimeout is how long an attempt waits for the permission of its run.
const permitTimeout = 10 * time.Second

// permission is what an attempt asks of its run before it writes. An operator can reset
// the number and the heartbeat details of an attempt, but not the run's history, which
// holds every permission (docs/adr/0013).
type permission struct {
	permits    Permits
	asks       expense.Permission
	mayBeFirst bool
	given      bool
}

// errReset ends an attempt that seemed to be the first one and is not. The next attempt
// knows that it is not the first.
var errReset = &concur.Error{Op: "write", Kind: expense.OutcomeUnknown, Message: "an earlier attempt may have written, and was reset"}

// errFull ends an attempt whose run has to continue as new before it can permit a write.
var errFull = &concur.Error{Op: "write", Kind: expense.Unavailable, Message: "the run's history is full: the run must continue as new before it can write"}

// permit asks the run once in an attempt, before the first request of its write.
func (p *permission) permit(ctx context.Context, headerHash string) error {
	if p.given {
		return nil
	}
	p.asks.HeaderHash = headerHash
	asking, cancel := context.WithTimeout(ctx, permitTimeout)
	defer cancel()
	run := activity.GetInfo(ctx).WorkflowExecution
	permitted, err := p.permits.Permit(asking, run.ID, run.RunID, p.asks)
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case err != nil:
		return &concur.Error{Op: "write", Kind: expense.Unavailable, Message: fmt.Sprintf("the run did not permit the write: %v", err)}
	case permitted.Earlier > 0 && p.mayBeFirst:
		return errReset // even if the run is full: only the next attempt can compare
	case permitted.Full:
		return errFull
	}
	p.given = true
	return nil
}

// waitForEarlier prepares an attempt to write. It reports whether the attempt may be the
// first one. If not, it waits until an earlier attempt can no longer be acting.
func (a *Activities) waitForEarlier(ctx context.Context, h *heartbeater, w write) (first bool, err error) {
	first = mayBeFirst(ctx, w.attempt)
	h.permission = &permission{
		permits:    a.options.Permits,
		asks:       expense.Permission{Activity: nameOf(ctx), ValidationID: w.validationID, Via: w.attempt.Via, Code: w.approvalCode},
		mayBeFirst: first,
	}
	if first {
		return true, nil
	}
	return false, wait(ctx, a.options.RequestTimeout)
}

// mayBeFirst reports whether nothing says that an earlier attempt may have written. It
// ignores how an earlier attempt ended: a killed process leaves no trace. An operator can
// reset an attempt so that it looks like the first one; the run, which permits every write,
// knows better.
func mayBeFirst(ctx context.Context, attempt expense.Attempt) bool {
	info := activity.GetInfo(ctx)
	return info.Attempt == 1 &&
		!activity.HasHeartbeatDetails(ctx) &&
		!attempt.OutcomeUnknown &&
		info.WorkflowExecution.RunID == attempt.OriginalRunID
}

// mayHaveSent reports whether an earlier attempt may have got as far as its write.
func mayHaveSent(ctx context.Context, attempt expense.Attempt) bool {
	return storedBefore(ctx) != "" || attempt.OutcomeUnknown || activity.GetInfo(ctx).WorkflowExecution.RunID != attempt.OriginalRunID
}
