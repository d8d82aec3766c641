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

func TestAWriteIsAnnouncedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	var announced atomic.Bool
	h := newHouse(t, waiting())
	h.on("act", func(w http.ResponseWriter, r *http.Request) {
		if !announced.Load() {
			says(http.StatusTeapot, "")(w, r)
			return
		}
		says(http.StatusOK, success)(w, r)
	})
	acts := h.activities(t, heartbeat(func(_ context.Context, details ...any) error {
		if len(details) == 1 && details[0] == "sending" {
			announced.Store(true)
		}
		return nil
	}))
	_, err := run[expense.ActionTaken](t, attempt{watched: time.Minute}, acts.TakeAction, action(expense.Approve))
	require.NoError(t, err)
	require.True(t, announced.Load())
}

func TestAnAttemptThatIsNotAcknowledgedSendsNothing(t *testing.T) {
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
		watched time.Duration
		beat    func(context.Context, ...any) error
	}{
		"no connection":                  {time.Minute, unacknowledged},
		"no answer":                      {200 * time.Millisecond, silent},
		"an answer that comes too late":  {200 * time.Millisecond, late},
		"an attempt that was given away": {time.Minute, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, waiting())
			_, err := run[expense.ActionTaken](t, attempt{watched: c.watched}, h.activities(t, heartbeat(c.beat)).TakeAction, action(expense.Approve))
			require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
			require.NotContains(t, h.seen(), "act")
		})
	}
}

func TestAnAttemptThatLosesItsPlaceWhileItWaitsEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, waiting())
	var beats atomic.Int32
	lost := heartbeat(func(ctx context.Context, details ...any) error {
		beats.Add(1)
		return gone(ctx, details...)
	})
	acts := h.activities(t, lost, answerLimit(time.Hour))
	_, err := run[expense.ActionTaken](t, attempt{number: 2, watched: 200 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
	require.Contains(t, failed(t, err, expense.Unavailable).Message(), "acknowledge")
	require.Empty(t, h.seen())
	require.EqualValues(t, 1, beats.Load(), "Temporal's word is final")
}

func TestAnAttemptWithoutAConnectionEndsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, waiting())
	acts := h.activities(t, heartbeat(unacknowledged), answerLimit(time.Hour))
	_, err := run[expense.ActionTaken](t, attempt{number: 2, watched: 100 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
	e := failed(t, err, expense.Unavailable)
	require.False(t, e.NonRetryable())
	require.Contains(t, e.Message(), errNoConnection.Error())
	require.Empty(t, h.seen())
}

func TestOneHeartbeatThatFailsEndsNothing(t *testing.T) {
	t.Parallel()
	var beats atomic.Int32
	again := make(chan struct{})
	h := newHouse(t, waiting())
	h.on("read", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-again:
			says(http.StatusOK, waiting().xml())(w, r)
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
	_, err := run[expense.ActionTaken](t, attempt{watched: 2 * time.Second}, acts.TakeAction, action(expense.Approve))
	require.NoError(t, err)
	require.Equal(t, []string{"read", "act"}, h.seen())
}

func TestACancelledAttemptSendsNothing(t *testing.T) {
	t.Parallel()
	t.Run("before it writes", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		_, err := run[expense.ActionTaken](t, attempt{watched: time.Minute}, h.activities(t, heartbeat(cancelled)).TakeAction, action(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Equal(t, []string{"read"}, h.seen())
	})
	t.Run("while it waits", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		acts := h.activities(t, heartbeat(cancelled), answerLimit(time.Hour))
		_, err := run[expense.ActionTaken](t, attempt{number: 2, watched: 40 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Empty(t, h.seen())
	})
	t.Run("while it reads", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting()).on("read", never)
		acts := h.activities(t, heartbeat(cancelled))
		_, err := run[expense.ActionTaken](t, attempt{watched: 40 * time.Millisecond}, acts.TakeAction, action(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.NotContains(t, h.seen(), "act")
	})
}

func TestAWriteInFlightIsNotInterrupted(t *testing.T) {
	t.Parallel()
	cancelling := func() (attempt, func()) {
		var cancel context.CancelCauseFunc
		return attempt{watched: time.Minute, cancel: func(f context.CancelCauseFunc) { cancel = f }},
			func() { cancel(temporal.NewCanceledError()) }
	}
	t.Run("and its success is the result", func(t *testing.T) {
		t.Parallel()
		try, cancel := cancelling()
		h := newHouse(t, waiting()).on("act", func(w http.ResponseWriter, r *http.Request) {
			cancel()
			says(http.StatusOK, success)(w, r)
		})
		got, err := run[expense.ActionTaken](t, try, h.activities(t, heartbeat(acknowledged)).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Zero(t, got)
	})
	t.Run("and its refusal is explained", func(t *testing.T) {
		t.Parallel()
		try, cancel := cancelling()
		h := newHouse(t, waiting(), page{Status: "A_APPR"}).on("act", func(w http.ResponseWriter, r *http.Request) {
			cancel()
			says(http.StatusOK, failure)(w, r)
		})
		got, err := run[expense.ActionTaken](t, try, h.activities(t, heartbeat(acknowledged)).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Equal(t, []string{"read", "act", "read"}, h.seen())
	})
	t.Run("and what was posted is the result", func(t *testing.T) {
		t.Parallel()
		try, cancel := cancelling()
		h := newHouse(t, waiting()).on("post", func(w http.ResponseWriter, r *http.Request) {
			cancel()
			says(http.StatusOK, result(1, 0, ""))(w, r)
		})
		got, err := run[expense.PostedExceptions](t, try, h.activities(t, heartbeat(acknowledged)).PostExceptions, exceptions(onEntry("e1")))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
	})
}
