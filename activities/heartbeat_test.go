package activities_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
)

func TestHeartbeatAnnouncesWriteBeforeItIsSent(t *testing.T) {
	t.Parallel()
	var announced atomic.Bool
	h := newFakeConcur(t, waiting())
	h.on("act", func(w http.ResponseWriter, r *http.Request) {
		if !announced.Load() {
			respond(http.StatusTeapot, "")(w, r)
			return
		}
		respond(http.StatusOK, success)(w, r)
	})
	acts := h.activities(t, heartbeat(func(_ context.Context, details ...any) error {
		if len(details) == 1 && details[0] == "sending" {
			announced.Store(true)
		}
		return nil
	}))
	_, err := run[expense.ActionTaken](t, attempt{timeout: time.Minute}, acts.TakeAction, action(expense.Approve))
	require.NoError(t, err)
	require.True(t, announced.Load())
}

func TestUnacknowledgedAttemptSendsNothing(t *testing.T) {
	t.Parallel()
	silent := func(ctx context.Context, _ ...any) error {
		<-ctx.Done()
		return ctx.Err()
	}
	late := func(ctx context.Context, _ ...any) error {
		<-ctx.Done()
		return nil
	}
	for name, c := range map[string]struct {
		timeout time.Duration
		beat    func(context.Context, ...any) error
	}{
		"no connection":                         {time.Minute, unacknowledged},
		"no answer":                             {200 * time.Millisecond, silent},
		"an answer that comes too late":         {200 * time.Millisecond, late},
		"an attempt that Temporal has replaced": {time.Minute, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting())
			_, err := run[expense.ActionTaken](t, attempt{timeout: c.timeout}, h.activities(t, heartbeat(c.beat)).TakeAction, action(expense.Approve))
			require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
			require.NotContains(t, h.requestNames(), "act")
		})
	}
}

func TestAttemptThatLosesItsPlaceEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, waiting())
	var beats atomic.Int32
	lost := heartbeat(func(ctx context.Context, details ...any) error {
		beats.Add(1)
		return gone(ctx, details...)
	})
	acts := h.activities(t, lost, requestTimeout(time.Hour))
	_, err := run[expense.ActionTaken](t, attempt{number: 2, timeout: 200 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
	require.Contains(t, failed(t, err, expense.Unavailable).Message(), "acknowledge")
	require.Empty(t, h.requestNames())
	require.EqualValues(t, 1, beats.Load(), "Temporal's word is final")
}

func TestAttemptWithoutConnectionEndsAfterItsTimeout(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, waiting())
	acts := h.activities(t, heartbeat(unacknowledged), requestTimeout(time.Hour))
	_, err := run[expense.ActionTaken](t, attempt{number: 2, timeout: 100 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
	e := failed(t, err, expense.Unavailable)
	require.False(t, e.NonRetryable())
	require.Contains(t, e.Message(), errNoConnection.Error())
	require.Empty(t, h.requestNames())
}

func TestOneFailedHeartbeatEndsNothing(t *testing.T) {
	t.Parallel()
	var beats atomic.Int32
	again := make(chan struct{})
	h := newFakeConcur(t, waiting())
	h.on("read", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-again:
			respond(http.StatusOK, waiting().xml())(w, r)
		case <-r.Context().Done():
		}
	})
	acts := h.activities(t, heartbeat(func(context.Context, ...any) error {
		switch beats.Add(1) {
		case 1:
			return errNoConnection
		case 2:
			close(again)
		}
		return nil
	}))
	_, err := run[expense.ActionTaken](t, attempt{timeout: 2 * time.Second}, acts.TakeAction, action(expense.Approve))
	require.NoError(t, err)
	require.Equal(t, []string{"read", "act"}, h.requestNames())
}

func TestCancelledAttemptSendsNothing(t *testing.T) {
	t.Parallel()
	t.Run("before it writes", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		_, err := run[expense.ActionTaken](t, attempt{timeout: time.Minute}, h.activities(t, heartbeat(cancelled)).TakeAction, action(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Equal(t, []string{"read"}, h.requestNames())
	})
	t.Run("while it waits", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		acts := h.activities(t, heartbeat(cancelled), requestTimeout(time.Hour))
		_, err := run[expense.ActionTaken](t, attempt{number: 2, timeout: 40 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Empty(t, h.requestNames())
	})
	t.Run("while it reads", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("read", hang)
		acts := h.activities(t, heartbeat(cancelled))
		_, err := run[expense.ActionTaken](t, attempt{timeout: 40 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.NotContains(t, h.requestNames(), "act")
	})
}

func TestWriteInFlightIsNotInterrupted(t *testing.T) {
	t.Parallel()
	cancelling := func() (attempt, func()) {
		var cancel context.CancelCauseFunc
		return attempt{timeout: time.Minute, cancel: func(f context.CancelCauseFunc) { cancel = f }},
			func() { cancel(temporal.NewCanceledError()) }
	}
	t.Run("its success is the result", func(t *testing.T) {
		t.Parallel()
		try, cancel := cancelling()
		h := newFakeConcur(t, waiting()).on("act", func(w http.ResponseWriter, r *http.Request) {
			cancel()
			respond(http.StatusOK, success)(w, r)
		})
		got, err := run[expense.ActionTaken](t, try, h.activities(t, heartbeat(acknowledged)).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Zero(t, got)
	})
	t.Run("its refusal is explained", func(t *testing.T) {
		t.Parallel()
		try, cancel := cancelling()
		h := newFakeConcur(t, waiting(), page{Status: "A_APPR"}).on("act", func(w http.ResponseWriter, r *http.Request) {
			cancel()
			respond(http.StatusOK, failure)(w, r)
		})
		got, err := run[expense.ActionTaken](t, try, h.activities(t, heartbeat(acknowledged)).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Equal(t, []string{"read", "act", "read"}, h.requestNames())
	})
	t.Run("posted exceptions are the result", func(t *testing.T) {
		t.Parallel()
		try, cancel := cancelling()
		h := newFakeConcur(t, waiting()).on("post", func(w http.ResponseWriter, r *http.Request) {
			cancel()
			respond(http.StatusOK, result(1, 0, ""))(w, r)
		})
		got, err := run[expense.PostedExceptions](t, try, h.activities(t, heartbeat(acknowledged)).PostExceptions, exceptions(onEntry("e1")))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
	})
}
