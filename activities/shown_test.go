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

// sent is an attempt after one that may have written.
var sent = attempt{number: 2, details: "sending"}

// readBefore is an approval of what those activities read now.
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

func TestWhatWasJudgedLongAgoIsReadWholeBeforeAWrite(t *testing.T) {
	t.Parallel()
	asked := func(in *expense.TakeActionInput) { in.ApproverAsked = true }
	for name, c := range map[string]struct {
		before func(*expense.TakeActionInput)
		whole  bool
	}{
		"not what was read just now":      {func(*expense.TakeActionInput) {}, false},
		"what a person was asked about":   {asked, true},
		"what was read a long time ago":   {func(in *expense.TakeActionInput) { in.ReadAt = in.ReadAt.Add(-2 * time.Hour) }, true},
		"not what was read by v1.1 alone": {func(in *expense.TakeActionInput) { asked(in); in.ContentHashes = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			acts := n.activities(t, readAgainAfter(time.Hour))
			in := readBefore(t, acts)
			c.before(&in)
			read := len(n.seen())
			require.Zero(t, take(t, attempt{}, acts, in))
			seen := n.seen()[read:]
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
			require.NotContains(t, n.seen()[read+len(seen):], "approve")
		})
	}
}

func TestAReportThatMovesWhileItIsReadWholeIsLeftAlone(t *testing.T) {
	t.Parallel()
	there, left := look{}, look{Status: "A_APPR"}
	for name, c := range map[string]struct {
		looks []look // by the first header, the whole read, and the last header
		kind  expense.Kind
	}{
		"and stays away":                      {[]look{there, left, left}, expense.NotWaiting},
		"after it was read whole":             {[]look{there, there, left}, expense.NotWaiting},
		"and is there again: it is retried":   {[]look{there, left, there}, ""},
		"and it was elsewhere from the first": {[]look{left, there, there}, expense.NotWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			acts := n.activities(t)
			in := readBefore(t, acts)
			in.ApproverAsked = true
			n.mu.Lock()
			n.looks = c.looks
			n.mu.Unlock()
			if c.kind != "" {
				require.Equal(t, c.kind, take(t, attempt{}, acts, in).Kind)
			} else {
				_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, in)
				failed(t, err, expense.Unavailable)
			}
			require.NotContains(t, n.seen(), "approve")
		})
	}
}

func TestAnActionThatMayHaveBeenSentIsWaitedFor(t *testing.T) {
	t.Parallel()
	doubtful := actionV4(expense.Approve)
	doubtful.OutcomeUnknown = true
	for name, c := range map[string]struct {
		attempt attempt
		in      expense.TakeActionInput
	}{
		"by an attempt before":  {sent, actionV4(expense.Approve)},
		"by an activity before": {attempt{}, doubtful},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t, look{}, look{}, look{Status: "A_APPR"})
			got := take(t, c.attempt, n.activities(t, shownWithin(time.Minute)), c.in)
			require.True(t, got.Confirmed)
			require.Equal(t, []string{"header", "header", "header"}, n.seen())
		})
	}
	t.Run("and taken again when the report stays", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		require.Zero(t, take(t, sent, n.activities(t, shownWithin(300*time.Millisecond)), actionV4(expense.Approve)))
		require.Greater(t, len(n.seen()), 2)
		require.Equal(t, 1, len(n.paths("approve")))
	})
	t.Run("but not when the report was changed", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{Version: 1})
		require.True(t, take(t, sent, n.activities(t, shownWithin(time.Hour)), actionV4(expense.Approve)).MayHaveMoved)
		require.Equal(t, []string{"header"}, n.seen())
	})
	for name, a := range map[string]attempt{
		"nor when nothing was sent":                      {number: 2},
		"nor when what was sent certainly had no effect": {number: 2, details: "answered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			require.Zero(t, take(t, a, n.activities(t, shownWithin(time.Hour)), actionV4(expense.Approve)))
			require.Equal(t, []string{"header", "approve"}, n.seen())
		})
	}
	t.Run("nor longer than the run goes on", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		acts := n.activities(t, heartbeat(cancelled), func(o *activities.Options) { o.Delays.WriteCheck, o.Delays.VisibleWithin = time.Hour, time.Hour })
		a := sent
		a.watched = time.Second
		_, err := run[expense.ActionTaken](t, a, acts.TakeAction, actionV4(expense.Approve))
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Equal(t, []string{"header"}, n.seen())
	})
}

func TestAFlagThatMayBeRaisedIsWaitedFor(t *testing.T) {
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
		"until it is up":                    {sent, []page{waiting(), waiting(), up}, time.Hour, "", 0, 3},
		"until the report has left":         {sent, []page{waiting(), waiting(), {Status: "A_APPR"}}, time.Hour, expense.NotWaiting, 0, 3},
		"and then the exception is posted":  {sent, []page{waiting()}, 300 * time.Millisecond, "", 1, 0},
		"but not when nothing was sent yet": {attempt{number: 2}, []page{waiting()}, time.Hour, "", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, c.pages...)
			got := post(t, c.attempt, h.activities(t, shownWithin(c.shown)), exceptions(onEntry("e1")))
			require.Equal(t, c.kind, got.Kind)
			if c.kind == "" {
				require.Equal(t, []expense.PostState{expense.Posted}, states(got))
			}
			require.Len(t, without(h.seen(), "read"), c.posts)
			reads := len(without(h.seen(), "post"))
			if c.reads == 0 {
				require.GreaterOrEqual(t, reads, 2)
			} else {
				require.Equal(t, c.reads, reads)
			}
		})
	}
}

// listsLate has the list of exceptions show what it was at first in so many answers.
func (n *newer) listsLate(times int) {
	var mu sync.Mutex
	before := slices.Clone(n.held)
	n.on("exceptions", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		times--
		late := times >= 0
		mu.Unlock()
		if !late {
			n.exceptions(w, r)
			return
		}
		(&newer{house: &house{}, held: before}).exceptions(w, r)
	})
}

func TestAnExceptionThatIsListedLateIsWaitedFor(t *testing.T) {
	t.Parallel()
	t.Run("after it was put", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.listsLate(3)
		got := post(t, attempt{}, n.activities(t, shownWithin(time.Hour)), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.Equal(t, []string{"header", "exceptions", "put", "exceptions", "exceptions", "exceptions", "header"}, n.seen())
	})
	t.Run("when an attempt before may have put it", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.listsLate(2)
		n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE")}
		got := post(t, sent, n.activities(t, shownWithin(time.Hour)), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.Empty(t, n.paths("put"))
	})
	t.Run("and the report is read again before one is put", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{}, look{Status: "A_APPR"})
		got := post(t, sent, n.activities(t, shownWithin(300*time.Millisecond)), exceptionsV4(onReport))
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Empty(t, n.paths("put"))
	})
	t.Run("but not when no attempt has written", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		post(t, attempt{number: 2}, n.activities(t, shownWithin(time.Hour)), exceptionsV4(onReport))
		require.Len(t, n.paths("put"), 1)
	})
	t.Run("and so is one that was taken off", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE")}
		n.listsLate(3)
		in := expense.DeleteExceptionsInput{Attempt: exceptionsV4().Attempt, ObjectURI: v4URI, ValidationID: stopV4, Exceptions: slices.Clone(n.held)}
		got, err := run[expense.DeletedExceptions](t, attempt{}, n.activities(t, shownWithin(time.Hour)).DeleteExceptions, in)
		require.NoError(t, err)
		require.Equal(t, in.Exceptions, got.Deleted)
		require.Empty(t, got.NotDeleted)
		require.Len(t, n.paths("take off"), 1)
	})
}

func TestWhatConcurHasAcceptedIsTheResultOfACancelledWait(t *testing.T) {
	t.Parallel()
	late := heldOn(expense.OnReport, "", "LATE")
	cancelling := func(n *newer, name string, write http.HandlerFunc) attempt {
		var cancel context.CancelCauseFunc
		n.on(name, func(w http.ResponseWriter, r *http.Request) {
			write(w, r)
			cancel(temporal.NewCanceledError())
		})
		return attempt{watched: time.Minute, cancel: func(f context.CancelCauseFunc) { cancel = f }}
	}
	n := newNewer(t)
	try := cancelling(n, "put", n.put)
	got := post(t, try, n.activities(t, shownWithin(time.Hour)), exceptionsV4(onReport))
	require.Equal(t, []expense.PostState{expense.Posted}, states(got))

	n = newNewer(t)
	n.held = []expense.ExistingException{late}
	try = cancelling(n, "take off", n.takeOff)
	in := expense.DeleteExceptionsInput{Attempt: exceptionsV4().Attempt, ObjectURI: v4URI, ValidationID: stopV4, Exceptions: slices.Clone(n.held)}
	cleared, err := run[expense.DeletedExceptions](t, try, n.activities(t, shownWithin(time.Hour)).DeleteExceptions, in)
	require.NoError(t, err)
	require.Equal(t, in.Exceptions, cleared.Deleted)
}

func TestAWriteWithoutEffectIsNoted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a role is missing":  {says(http.StatusForbidden, ""), "answered"},
		"Concur refuses":     {says(http.StatusBadRequest, ""), "answered"},
		"Concur is away":     {says(http.StatusServiceUnavailable, ""), "answered"},
		"the answer is lost": {says(http.StatusInternalServerError, ""), "sending"},
		"it was taken":       {nil, "sending"},
	} {
		for method, write := range map[string]string{"TakeAction": "act", "PostExceptions": "post", "ApproveByException": "post"} {
			t.Run(name+" of "+method, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				last := ""
				h := newHouse(t, waiting())
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
					_, _ = execute(attempt{}, acts.ApproveByException, byException())
				}
				mu.Lock()
				defer mu.Unlock()
				require.Equal(t, c.want, last)
			})
		}
	}
}

func TestOnlyTheFirstExceptionThatIsPutCanBeNotedAsWithoutEffect(t *testing.T) {
	t.Parallel()
	for put, want := range []string{"answered", "sending " + markV4()} {
		var mu sync.Mutex
		last, puts := "", 0
		n := newNewer(t)
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
