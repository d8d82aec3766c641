package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"concur-connector/concur"
	"concur-connector/expense"
)

// sending is the heartbeat detail of an attempt that is about to write, followed by the
// mark of what it has read, if there is one. It stays with the activity when an operator
// resets its attempts to 1.
const sending = "sending"

// unwatched is how long an acknowledgement is good for when the activity has no heartbeat
// timeout.
const unwatched = 15 * time.Second

// errLost ends an attempt that Temporal no longer acknowledges: another may have
// taken its place.
var errLost = errors.New("this attempt's heartbeats are not acknowledged")

// pulse keeps the heartbeat of one attempt. It waits for every acknowledgement, so
// that an attempt that has lost its place sends nothing more: its context ends within
// three quarters of the heartbeat timeout after the last acknowledgement, before
// Temporal can have given its place to another.
type pulse struct {
	beat  func(ctx context.Context, details ...any) error
	limit time.Duration // how long an acknowledgement is good for
	end   context.CancelCauseFunc
	asks  *permission // of a write

	mu      sync.Mutex
	acked   time.Time
	details []any
}

// alive keeps the attempt's heartbeat going until stop is called. Its context ends
// with the reason when the attempt has been cancelled or has lost its place. Temporal
// keeps the details of the last heartbeat alone: what an attempt before has stored of its
// write is carried on until this one writes.
func (a *Activities) alive(ctx context.Context) (_ context.Context, _ *pulse, stop func()) {
	ctx, end := context.WithCancelCause(ctx)
	limit := activity.GetInfo(ctx).HeartbeatTimeout
	if limit <= 0 {
		limit = unwatched // an operator has taken the timeout away
	}
	p := &pulse{beat: a.options.Heartbeat, limit: limit, end: end, acked: time.Now()}
	if stored := storedBefore(ctx); stored != "" {
		p.note(stored)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(ctx)
	}()
	return ctx, p, func() { end(nil); <-done }
}

func (p *pulse) run(ctx context.Context) {
	ticker := time.NewTicker(p.limit / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := p.send(ctx); err != nil && (final(err) || p.late()) {
				p.end(reason(err))
				return
			}
		}
	}
}

// send sends one heartbeat and waits for its acknowledgement.
func (p *pulse) send(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.limit/2)
	defer cancel()
	if err := p.beat(ctx, p.details...); err != nil {
		return err
	}
	p.acked = begun
	return nil
}

// note is what the next heartbeats carry.
func (p *pulse) note(details ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.details = details
}

func (p *pulse) late() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.acked) >= p.limit/2
}

// beforeWrite returns nil when this attempt may write now: its run has permitted it, and
// Temporal has just acknowledged it and has stored that it is about to, and the mark of what
// it has read.
func (p *pulse) beforeWrite(ctx context.Context, mark string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	err := p.asks.permit(ctx, mark)
	if err != nil && !errors.Is(err, errReset) {
		return err
	}
	p.note(strings.TrimSpace(sending + " " + mark))
	if err != nil { // an attempt before this one may have sent it, and its note is lost
		_ = p.send(ctx)
		return err
	}
	if err := p.send(ctx); err != nil {
		p.end(reason(err))
		return context.Cause(ctx)
	}
	if p.late() {
		p.end(errLost)
	}
	return context.Cause(ctx)
}

// answered is the heartbeat detail of an attempt whose write certainly had no effect.
const answered = "answered"

// afterWrite notes that a write has certainly had no effect, if that is what its error says:
// the next attempt then need not wait for it to be shown. An attempt before this one that may
// have written was waited for already.
func (p *pulse) afterWrite(ctx context.Context, err error) {
	var e *concur.Error
	if errors.As(err, &e) && e.Kind != expense.OutcomeUnknown && e.Kind != expense.Interrupted {
		p.note(answered)
		_ = p.send(ctx) // without it the next attempt only waits longer
	}
}

// storedBefore is the detail of an attempt of this activity that was about to write; empty
// when there was none.
func storedBefore(ctx context.Context) string {
	var detail string
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &detail) != nil || !strings.HasPrefix(detail, sending) {
		return ""
	}
	return detail
}

// final reports whether Temporal itself has ended the attempt.
func final(err error) bool {
	return temporal.IsCanceledError(err) || isGone(err) ||
		errors.Is(err, activity.ErrActivityPaused) || errors.Is(err, activity.ErrActivityReset)
}

// isCancelled reports whether the attempt's context has ended because the run was cancelled.
func isCancelled(ctx context.Context) bool { return temporal.IsCanceledError(context.Cause(ctx)) }

func reason(err error) error {
	if temporal.IsCanceledError(err) {
		return err
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// heartbeat sends one by the worker's client.
func heartbeat(ctx context.Context, details ...any) error {
	return activity.GetClient(ctx).RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, details...)
}

// lost is what an attempt answers that may not write any more. Temporal discards
// it when another attempt has taken its place.
func lost(err error) error {
	return &concur.Error{Op: "write", Kind: expense.Unavailable, Message: err.Error()}
}
