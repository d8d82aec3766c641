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
// header hash of its read, if there is one. Temporal keeps the detail when an operator
// resets the number of attempts.
const sending = "sending"

// defaultTimeout replaces the heartbeat timeout of an activity that has none.
const defaultTimeout = 15 * time.Second

// errLost ends an attempt whose heartbeats Temporal no longer acknowledges: another attempt
// may have taken its place.
var errLost = errors.New("this attempt's heartbeats are not acknowledged by Temporal")

// heartbeater sends the heartbeats of one attempt. It waits for every acknowledgement, so
// that an attempt that has lost its place sends nothing more: its context ends within
// three quarters of the heartbeat timeout after the last acknowledgement, before Temporal
// can have started another attempt.
type heartbeater struct {
	beat       func(ctx context.Context, details ...any) error
	timeout    time.Duration // how long an acknowledgement is valid
	end        context.CancelCauseFunc
	permission *permission // of a write

	mu      sync.Mutex
	acked   time.Time
	details []any
}

// startHeartbeat sends heartbeats until stop is called. The context ends with the reason
// when the attempt was cancelled or has lost its place. Temporal keeps only the details of
// the last heartbeat, so an attempt repeats what an earlier attempt has stored about its
// write, until it writes itself.
func (a *Activities) startHeartbeat(ctx context.Context) (_ context.Context, _ *heartbeater, stop func()) {
	ctx, end := context.WithCancelCause(ctx)
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout <= 0 {
		timeout = defaultTimeout // an operator has removed the timeout
	}
	h := &heartbeater{beat: a.options.Heartbeat, timeout: timeout, end: end, acked: time.Now()}
	if stored := storedBefore(ctx); stored != "" {
		h.store(stored)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.run(ctx)
	}()
	return ctx, h, func() { end(nil); <-done }
}

func (h *heartbeater) run(ctx context.Context) {
	ticker := time.NewTicker(h.timeout / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := h.send(ctx); err != nil && (final(err) || h.late()) {
				h.end(reason(err))
				return
			}
		}
	}
}

// send sends one heartbeat and waits for its acknowledgement.
func (h *heartbeater) send(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, h.timeout/2)
	defer cancel()
	if err := h.beat(ctx, h.details...); err != nil {
		return err
	}
	h.acked = begun
	return nil
}

// store sets the details that the next heartbeats carry.
func (h *heartbeater) store(details ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.details = details
}

func (h *heartbeater) late() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.acked) >= h.timeout/2
}

// beforeWrite returns nil if this attempt may write now: its run has permitted the write,
// Temporal has stored that the write is about to be sent, with the header hash of the read
// before, and has just acknowledged that.
func (h *heartbeater) beforeWrite(ctx context.Context, headerHash string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	err := h.permission.permit(ctx, headerHash)
	if err != nil && !errors.Is(err, errReset) {
		return err
	}
	h.store(strings.TrimSpace(sending + " " + headerHash))
	if err != nil { // an earlier attempt may have sent the write, and its heartbeat detail is lost
		_ = h.send(ctx)
		return err
	}
	if err := h.send(ctx); err != nil {
		h.end(reason(err))
		return context.Cause(ctx)
	}
	if h.late() {
		h.end(errLost)
	}
	return context.Cause(ctx)
}

// answered is the heartbeat detail of an attempt whose write certainly had no effect.
const answered = "answered"

// afterWrite stores that a write has certainly had no effect, if its error says so: then the
// next attempt need not wait until Concur shows the write. This attempt has already waited
// for the writes of earlier attempts.
func (h *heartbeater) afterWrite(ctx context.Context, err error) {
	var e *concur.Error
	if errors.As(err, &e) && e.Kind != expense.OutcomeUnknown && e.Kind != expense.Interrupted {
		h.store(answered)
		_ = h.send(ctx) // without it the next attempt only waits longer
	}
}

// storedBefore returns the heartbeat detail of an earlier attempt of this activity that was
// about to write. It is empty if there was none.
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

// heartbeat sends one heartbeat by the worker's client.
func heartbeat(ctx context.Context, details ...any) error {
	return activity.GetClient(ctx).RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, details...)
}

// lost is the error of an attempt that has lost its place. Temporal discards the error if
// another attempt has begun.
func lost(err error) error {
	return &concur.Error{Op: "write", Kind: expense.Unavailable, Message: err.Error()}
}
