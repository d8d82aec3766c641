package activities_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/activities"
	"concur-connector/expense"
)

func byException(change ...func(*expense.ApproveByExceptionInput)) expense.ApproveByExceptionInput {
	in := expense.ApproveByExceptionInput{TakeActionInput: action(expense.Approve), Code: "APPROVED"}
	for _, f := range change {
		f(&in)
	}
	return in
}

func byExceptionV4(in *expense.ApproveByExceptionInput) {
	in.ObjectURI, in.ValidationID, in.Via, in.HeaderHash = v4URI, stopV4, expense.V4, markV4()
}

func approve(t *testing.T, a attempt, acts *activities.Activities, in expense.ApproveByExceptionInput) expense.ActionTaken {
	t.Helper()
	got, err := run[expense.ActionTaken](t, a, acts.ApproveByException, in)
	require.NoError(t, err)
	return got
}

func TestAnExceptionIsPostedAndThenItIsLookedWhetherTheReportHasLeft(t *testing.T) {
	t.Parallel()
	left := expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, Confirmed: true, OutcomeUnknown: true, Posted: true}
	for name, c := range map[string]struct {
		pages []page
		want  expense.ActionTaken
		reads int // after the post; 0 is until the end
	}{
		"at once":          {[]page{waiting(), {Status: "A_APPR"}}, left, 1},
		"a little later":   {[]page{waiting(), waiting(), waiting(), {Status: "A_APPR"}}, left, 3},
		"to the next stop": {[]page{waiting(), {Status: "A_EXTV", Step: stepTwo}}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV " + reportAPI + "report/nStep$2/WorkFlowAction"}, Confirmed: true, OutcomeUnknown: true, Posted: true}, 1},
		"back, by somebody else": {[]page{waiting(), {Status: "A_RESU"}},
			expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}, OutcomeUnknown: true, Posted: true}, 1},
		"never": {[]page{waiting()}, expense.ActionTaken{ReportState: expense.ReportState{Status: "A_EXTV", ValidationID: stopOne}, Posted: true, StillWaiting: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, c.pages...)
			limit := shownWithin(30 * time.Second)
			if c.want.StillWaiting {
				limit = shownWithin(50 * time.Millisecond)
			}
			require.Equal(t, c.want, approve(t, attempt{}, h.activities(t, answerLimit(time.Hour), limit), byException()))
			want := []string{"read", "post"}
			for range c.reads {
				want = append(want, "read")
			}
			if c.want.StillWaiting {
				require.GreaterOrEqual(t, len(h.seen()), 3, "it is looked")
				want = append(want, h.seen()[2:]...)
			}
			require.Equal(t, want, h.seen())
			require.Len(t, slices.DeleteFunc(h.seen(), func(what string) bool { return what != "post" }), 1)
			require.Contains(t, h.requests()[1].body, "<ExceptionCode>APPROVED</ExceptionCode>")
		})
	}
}

func TestTheLooksGrowFurtherApart(t *testing.T) {
	t.Parallel()
	const first = 20 * time.Millisecond
	h := newHouse(t, waiting())
	approve(t, attempt{}, h.activities(t, func(o *activities.Options) { o.Delays.WriteCheck, o.Delays.VisibleWithin = first, 50*first }), byException())
	looks := h.requests()[2:]
	require.GreaterOrEqual(t, len(looks), 3)
	for i, want := 1, first; i < len(looks)-1; i, want = i+1, 2*want { // the last one comes when the time is over
		require.GreaterOrEqual(t, looks[i].at.Sub(looks[i-1].at), want, "look %d", i)
	}
}

func TestAnExceptionThatMayBePostedIsNotPostedTwice(t *testing.T) {
	t.Parallel()
	flagged := func(in *expense.ApproveByExceptionInput) { in.FlagWasSet = true }
	known := func(in *expense.ApproveByExceptionInput) { in.AlreadyPosted = true }
	up := page{Status: "A_EXTV", Step: stepOne, Flag: "Y"}
	for name, c := range map[string]struct {
		in    expense.ApproveByExceptionInput
		pages []page
		seen  []string
	}{
		"it has left: it was that":               {byException(), []page{{Status: "A_APPR"}}, []string{"read"}},
		"the flag is up since: it is there":      {byException(), []page{up, {Status: "A_APPR"}}, []string{"read", "read"}},
		"the flag is down: it is not there":      {byException(), []page{waiting(), {Status: "A_APPR"}}, []string{"read", "post", "read"}},
		"the flag was up: that it waits tells":   {byException(flagged), []page{up, {Status: "A_APPR"}}, []string{"read", "post", "read"}},
		"it is known to be there, flag or no":    {byException(known), []page{waiting(), {Status: "A_APPR"}}, []string{"read", "read"}},
		"it is known to be there, and was up":    {byException(known, flagged), []page{up, {Status: "A_APPR"}}, []string{"read", "read"}},
		"it is known to be there, and has moved": {byException(known), []page{{Status: "A_APPR"}}, []string{"read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, c.pages...)
			got := approve(t, attempt{number: 2}, h.activities(t), c.in)
			require.True(t, got.Confirmed)
			require.Equal(t, c.seen, h.seen())
		})
	}
}

func TestByV4TheListTellsWhetherAnExceptionIsThere(t *testing.T) {
	t.Parallel()
	there := func(n *newer) { n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "APPROVED")} }
	for name, c := range map[string]struct {
		try     attempt
		arrange func(*newer)
		version int // of the header
		seen    []string
		moved   bool
	}{
		"a first attempt puts it, whatever is there":      {attempt{}, there, 0, []string{"header", "put", "header"}, false},
		"a first attempt puts nothing under a new header": {attempt{}, there, 1, []string{"header"}, true},
		"another finds it":                     {attempt{number: 2}, there, 0, []string{"header", "exceptions", "header"}, false},
		"another misses it, of another header": {attempt{number: 2}, func(*newer) {}, 1, []string{"header", "exceptions"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t, look{Version: c.version}, look{Status: "A_APPR"})
			c.arrange(n)
			got := approve(t, c.try, n.activities(t), byException(byExceptionV4))
			require.Equal(t, c.seen, n.seen())
			require.Equal(t, c.moved, got.MayHaveMoved)
			require.Equal(t, !c.moved, got.Confirmed)
		})
	}
	t.Run("another misses it, of the same header", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{}, look{}, look{Status: "A_APPR"})
		fetched := fetch(t, n.activities(t), v4URI)
		in := byException(byExceptionV4)
		in.HeaderHash = fetched.HeaderHash
		n = newNewer(t, look{}, look{Status: "A_APPR"})
		require.True(t, approve(t, attempt{number: 2}, n.activities(t), in).Confirmed)
		require.Equal(t, []string{"header", "exceptions", "put", "header"}, n.seen())
	})
}

func TestWhatStopsAnActionStopsAnExceptionThatPassesOn(t *testing.T) {
	t.Parallel()
	withheld := func(mode activities.WriteMode) func(*activities.Options) {
		return writes(activities.Writes{Mode: mode})
	}
	t.Run("a dry run", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		require.Equal(t, expense.DryRunMode, approve(t, attempt{}, h.activities(t, withheld(activities.WritesDryRun)), byException()).DryRun)
		require.Equal(t, []string{"read"}, h.seen())
	})
	t.Run("reports of test users alone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		got := approve(t, attempt{}, h.activities(t, writes(activities.Writes{TestUsers: []string{"kim@example.com"}})), byException())
		require.True(t, got.DryRun.IsNotTestUser())
		require.Equal(t, []string{"read"}, h.seen())
	})
	t.Run("writes that are off", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, withheld(activities.WritesOff)).ApproveByException, byException())
		require.False(t, doubts(t, failed(t, err, expense.WritesOff)))
		require.Equal(t, []string{"read"}, h.seen())
	})
	t.Run("a heartbeat that is not acknowledged", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		_, err := run[expense.ActionTaken](t, attempt{watched: time.Second}, h.activities(t, heartbeat(gone)).ApproveByException, byException())
		failed(t, err, expense.Unavailable)
		require.NotContains(t, h.seen(), "post")
	})
	t.Run("and the brake counts it for shares", func(t *testing.T) {
		t.Parallel()
		h, b := newHouse(t, waiting(), page{Status: "A_APPR"}), &brake{}
		in := byException(func(in *expense.ApproveByExceptionInput) { in.ByRules = true })
		approve(t, attempt{}, h.activities(t, func(o *activities.Options) { o.SendBackLimit = activities.SendBackLimit{Counter: b, Share: 0.5} }), in)
		require.Len(t, b.asked, 1)
		require.Equal(t, expense.Approve, b.asked[0].Action)
	})
}

func TestARefusedExceptionPassesNothingOn(t *testing.T) {
	t.Parallel()
	t.Run("by v1.1, of a report that waits", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting()).on("post", says(http.StatusOK, result(0, 1, "<errors>"+refusal(1, "Invalid Exception Code")+"</errors>")))
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).ApproveByException, byException())
		e := failed(t, err, expense.Rejected)
		require.Contains(t, e.Message(), "exception APPROVED: Invalid Exception Code")
		require.False(t, doubts(t, e))
		require.Equal(t, []string{"read", "post", "read"}, h.seen())
	})
	t.Run("by v4, of a report that has moved meanwhile", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{}, look{Status: "A_RESU"})
		n.on("put", says(http.StatusBadRequest, `{"errorMessage":"In Concur's words."}`))
		got := approve(t, attempt{}, n.activities(t), byException(byExceptionV4))
		require.Equal(t, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}}, got)
	})
	t.Run("an answer that is lost is doubt", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting()).on("post", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).ApproveByException, byException())
		require.True(t, doubts(t, failed(t, err, expense.OutcomeUnknown)))
	})
}

// doubts reports whether a failed write may have taken effect, as it says.
func doubts(t *testing.T, e *temporal.ApplicationError) bool {
	t.Helper()
	var told expense.FailedWrite
	require.NoError(t, e.Details(&told))
	return told.OutcomeUnknown
}
