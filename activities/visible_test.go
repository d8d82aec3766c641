package activities_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/activities"
	"concur-connector/expense"
)

// afterSending is an attempt after an earlier one that may have written.
var afterSending = attempt{number: 2, details: "sending"}

// readBefore returns an approval of the report that the activities read now.
func readBefore(t *testing.T, acts *activities.Activities) expense.TakeActionInput {
	t.Helper()
	in, read := actionV4(expense.Approve), fetch(t, acts, v4URI)
	in.HeaderHash, in.ContentHashes, in.ReadAt, in.Parts = read.HeaderHash, read.ContentHashes, read.ReadAt, read.Parts
	require.NotEmpty(t, in.ContentHashes)
	return in
}

func readAgainAfter(d time.Duration) func(*activities.Options) {
	return func(o *activities.Options) { o.ReadAgainAfter = d }
}

func TestWholeReportIsReadAgainBeforeALateWrite(t *testing.T) {
	t.Parallel()
	asked := func(in *expense.TakeActionInput) { in.ApproverAsked = true }
	for name, c := range map[string]struct {
		before func(*expense.TakeActionInput)
		whole  bool
	}{
		"not after a recent read":    {func(*expense.TakeActionInput) {}, false},
		"after a person was asked":   {asked, true},
		"after an old read":          {func(in *expense.TakeActionInput) { in.ReadAt = in.ReadAt.Add(-2 * time.Hour) }, true},
		"not without a content hash": {func(in *expense.TakeActionInput) { asked(in); in.ContentHashes = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			acts := n.activities(t, readAgainAfter(time.Hour))
			in := readBefore(t, acts)
			c.before(&in)
			read := len(n.requestNames())
			require.Zero(t, take(t, attempt{}, acts, in))
			seen := n.requestNames()[read:]
			if !c.whole {
				require.Equal(t, []string{"header", "approve"}, seen)
				return
			}
			require.Equal(t, []string{"header", "approve"}, seen[len(seen)-2:], "the header is read last: %v", seen)
			require.Greater(t, len(seen), 4)

			n.mu.Lock()
			n.entries++ // and no header tells of it
			n.mu.Unlock()
			got := take(t, attempt{}, acts, in)
			require.True(t, got.MayHaveMoved)
			require.NotContains(t, n.requestNames()[read+len(seen):], "approve")
		})
	}
}

func TestReportThatMovesDuringTheWholeReadIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	there, left := headerState{}, headerState{Status: "A_APPR"}
	for name, c := range map[string]struct {
		looks []headerState // by the first header, the whole read, and the last header
		kind  expense.Kind
	}{
		"and stays away":              {[]headerState{there, left, left}, expense.NotWaiting},
		"after the whole read":        {[]headerState{there, there, left}, expense.NotWaiting},
		"and is there again: retried": {[]headerState{there, left, there}, ""},
		"and was elsewhere before":    {[]headerState{left, there, there}, expense.NotWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			acts := n.activities(t)
			in := readBefore(t, acts)
			in.ApproverAsked = true
			n.mu.Lock()
			n.states = c.looks
			n.mu.Unlock()
			if c.kind != "" {
				require.Equal(t, c.kind, take(t, attempt{}, acts, in).Kind)
			} else {
				_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, in)
				failed(t, err, expense.Unavailable)
			}
			require.NotContains(t, n.requestNames(), "approve")
		})
	}
}

func TestLaterAttemptWaitsUntilAnActionIsVisible(t *testing.T) {
	t.Parallel()
	unknown := actionV4(expense.Approve)
	unknown.OutcomeUnknown = true
	for name, c := range map[string]struct {
		attempt attempt
		in      expense.TakeActionInput
	}{
		"by an earlier attempt":  {afterSending, actionV4(expense.Approve)},
		"by an earlier activity": {attempt{}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t, headerState{}, headerState{}, headerState{Status: "A_APPR"})
			got := take(t, c.attempt, n.activities(t, visibleWithin(time.Minute)), c.in)
			require.True(t, got.Confirmed)
			require.Equal(t, []string{"header", "header", "header"}, n.requestNames())
		})
	}
	t.Run("and sends it again when the report still waits", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		require.Zero(t, take(t, afterSending, n.activities(t, visibleWithin(2*time.Second)), actionV4(expense.Approve)))
		require.Greater(t, len(n.requestNames()), 2)
		require.Equal(t, 1, len(n.paths("approve")))
	})
	t.Run("but not when the report was changed", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{Version: 1})
		require.True(t, take(t, afterSending, n.activities(t, visibleWithin(time.Hour)), actionV4(expense.Approve)).MayHaveMoved)
		require.Equal(t, []string{"header"}, n.requestNames())
	})
	for name, a := range map[string]attempt{
		"not when nothing was sent":                  {number: 2},
		"not when the write certainly had no effect": {number: 2, details: "answered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			require.Zero(t, take(t, a, n.activities(t, visibleWithin(time.Hour)), actionV4(expense.Approve)))
			require.Equal(t, []string{"header", "approve"}, n.requestNames())
		})
	}
	t.Run("not longer than the run is open", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		acts := n.activities(t, heartbeat(cancelled), func(o *activities.Options) { o.Delays.WriteCheck, o.Delays.VisibleWithin = time.Hour, time.Hour })
		a := afterSending
		a.timeout = time.Second
		_, err := run[expense.ActionTaken](t, a, acts.TakeAction, actionV4(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Equal(t, []string{"header"}, n.requestNames())
	})
}

func TestLaterAttemptWaitsUntilAFlagIsVisible(t *testing.T) {
	t.Parallel()
	up := waiting()
	up.Flag1 = "Y"
	for name, c := range map[string]struct {
		attempt attempt
		pages   []page
		shown   time.Duration
		kind    expense.Kind
		posts   int
		reads   int // 0: some
	}{
		"until it is up":                    {afterSending, []page{waiting(), waiting(), up}, time.Hour, "", 0, 3},
		"until the report has moved":        {afterSending, []page{waiting(), waiting(), {Status: "A_APPR"}}, time.Hour, expense.NotWaiting, 0, 3},
		"and then the exception is posted":  {afterSending, []page{waiting()}, 2 * time.Second, "", 1, 0},
		"but not when nothing was sent yet": {attempt{number: 2}, []page{waiting()}, time.Hour, "", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, c.pages...)
			got := post(t, c.attempt, h.activities(t, visibleWithin(c.shown)), exceptions(onEntry("e1")))
			require.Equal(t, c.kind, got.Kind)
			if c.kind == "" {
				require.Equal(t, []expense.PostState{expense.Posted}, states(got))
			}
			require.Len(t, except(h.requestNames(), "read"), c.posts)
			reads := len(except(h.requestNames(), "post"))
			if c.reads == 0 {
				require.GreaterOrEqual(t, reads, 2)
			} else {
				require.Equal(t, c.reads, reads)
			}
		})
	}
}

// listLate makes the first answers of the list of exceptions show its present state.
func (n *fakeV4) listLate(times int) {
	var mu sync.Mutex
	before := slices.Clone(n.existing)
	n.on("exceptions", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		times--
		late := times >= 0
		mu.Unlock()
		if !late {
			n.exceptions(w, r)
			return
		}
		(&fakeV4{fakeConcur: &fakeConcur{}, existing: before}).exceptions(w, r)
	})
}

func TestExceptionListedLateIsWaitedFor(t *testing.T) {
	t.Parallel()
	t.Run("after it was put", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.listLate(3)
		got := post(t, attempt{}, n.activities(t, visibleWithin(time.Hour)), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.Equal(t, []string{"header", "exceptions", "put", "exceptions", "exceptions", "exceptions", "header"}, n.requestNames())
	})
	t.Run("when an earlier attempt may have put it", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.listLate(2)
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE")}
		got := post(t, afterSending, n.activities(t, visibleWithin(time.Hour)), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.Empty(t, n.paths("put"))
	})
	t.Run("and the report is read again before one is put", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{}, headerState{Status: "A_APPR"})
		got := post(t, afterSending, n.activities(t, visibleWithin(300*time.Millisecond)), exceptionsV4(onReport))
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Empty(t, n.paths("put"))
	})
	t.Run("but not when no attempt has written", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		post(t, attempt{number: 2}, n.activities(t, visibleWithin(time.Hour)), exceptionsV4(onReport))
		require.Len(t, n.paths("put"), 1)
	})
	t.Run("and a deleted one, too", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE")}
		n.listLate(3)
		in := expense.DeleteExceptionsInput{Attempt: exceptionsV4().Attempt, ObjectURI: v4URI, ValidationID: validationV4, Exceptions: slices.Clone(n.existing)}
		got, err := run[expense.DeletedExceptions](t, attempt{}, n.activities(t, visibleWithin(time.Hour)).DeleteExceptions, in)
		require.NoError(t, err)
		require.Equal(t, in.Exceptions, got.Deleted)
		require.Empty(t, got.NotDeleted)
		require.Len(t, n.paths("delete exception"), 1)
	})
}

func TestCancelledWaitReturnsWhatConcurAccepted(t *testing.T) {
	t.Parallel()
	late := existingOn(expense.OnReport, "", "LATE")
	cancelling := func(n *fakeV4, name string, write http.HandlerFunc) attempt {
		var cancel context.CancelCauseFunc
		n.on(name, func(w http.ResponseWriter, r *http.Request) {
			write(w, r)
			cancel(temporal.NewCanceledError())
		})
		return attempt{timeout: time.Minute, cancel: func(f context.CancelCauseFunc) { cancel = f }}
	}
	n := newFakeV4(t)
	try := cancelling(n, "put", n.put)
	got := post(t, try, n.activities(t, visibleWithin(time.Hour)), exceptionsV4(onReport))
	require.Equal(t, []expense.PostState{expense.Posted}, states(got))

	n = newFakeV4(t)
	n.existing = []expense.ExistingException{late}
	try = cancelling(n, "delete exception", n.deleteException)
	in := expense.DeleteExceptionsInput{Attempt: exceptionsV4().Attempt, ObjectURI: v4URI, ValidationID: validationV4, Exceptions: slices.Clone(n.existing)}
	cleared, err := run[expense.DeletedExceptions](t, try, n.activities(t, visibleWithin(time.Hour)).DeleteExceptions, in)
	require.NoError(t, err)
	require.Equal(t, in.Exceptions, cleared.Deleted)
}

func TestHeartbeatStoresThatAWriteHadNoEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a role is missing":  {respond(http.StatusForbidden, ""), "answered"},
		"Concur refuses":     {respond(http.StatusBadRequest, ""), "answered"},
		"Concur is away":     {respond(http.StatusServiceUnavailable, ""), "answered"},
		"the answer is lost": {respond(http.StatusInternalServerError, ""), "sending"},
		"it was taken":       {nil, "sending"},
	} {
		for method, write := range map[string]string{"TakeAction": "act", "PostExceptions": "post", "ApproveByException": "post"} {
			t.Run(name+" of "+method, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				last := ""
				h := newFakeConcur(t, waiting())
				if c.answer != nil {
					h.on(write, c.answer)
				}
				acts := h.activities(t, heartbeat(func(_ context.Context, details ...any) error {
					mu.Lock()
					defer mu.Unlock()
					if len(details) == 1 {
						last, _ = details[0].(string)
					}
					return nil
				}))
				switch method {
				case "TakeAction":
					_, _ = execute(attempt{}, acts.TakeAction, action(expense.Approve))
				case "PostExceptions":
					_, _ = execute(attempt{}, acts.PostExceptions, exceptions(onEntry("e1")))
				default:
					_, _ = execute(attempt{}, acts.ApproveByException, approval())
				}
				mu.Lock()
				defer mu.Unlock()
				require.Equal(t, c.want, last)
			})
		}
	}
}

func TestHeartbeatStoresNoEffectOnlyBeforeTheFirstAcceptedPut(t *testing.T) {
	t.Parallel()
	for put, want := range []string{"answered", "sending " + headerHashV4()} {
		var mu sync.Mutex
		last, puts := "", 0
		n := newFakeV4(t)
		n.on("put", func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			puts++
			refused := puts > put
			mu.Unlock()
			if refused {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			n.put(w, r)
		})
		_, _ = execute(attempt{}, n.activities(t, heartbeat(func(_ context.Context, details ...any) error {
			mu.Lock()
			defer mu.Unlock()
			if len(details) == 1 {
				last, _ = details[0].(string)
			}
			return nil
		})).PostExceptions, exceptionsV4(onReport, onEntry("E1")))
		require.Equal(t, want, last)
	}
}
