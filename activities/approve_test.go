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

func approval(change ...func(*expense.ApproveByExceptionInput)) expense.ApproveByExceptionInput {
	in := expense.ApproveByExceptionInput{TakeActionInput: action(expense.Approve), Code: "APPROVED"}
	for _, f := range change {
		f(&in)
	}
	return in
}

func approvalV4(in *expense.ApproveByExceptionInput) {
	in.ObjectURI, in.ValidationID, in.Via, in.HeaderHash = v4URI, validationV4, expense.V4, headerHashV4()
}

func approve(t *testing.T, a attempt, acts *activities.Activities, in expense.ApproveByExceptionInput) expense.ActionTaken {
	t.Helper()
	got, err := run[expense.ActionTaken](t, a, acts.ApproveByException, in)
	require.NoError(t, err)
	return got
}

func TestApproveByExceptionPostsThenReadsUntilReportMoves(t *testing.T) {
	t.Parallel()
	left := expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, Confirmed: true, OutcomeUnknown: true, Posted: true}
	for name, c := range map[string]struct {
		pages []page
		want  expense.ActionTaken
		reads int // after the post; 0 is until the end
	}{
		"at once":          {[]page{waiting(), {Status: "A_APPR"}}, left, 1},
		"later":            {[]page{waiting(), waiting(), waiting(), {Status: "A_APPR"}}, left, 3},
		"to the next step": {[]page{waiting(), {Status: "A_EXTV", Step: stepTwo}}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV " + reportAPI + "report/nStep$2/WorkFlowAction"}, Confirmed: true, OutcomeUnknown: true, Posted: true}, 1},
		"sent back by somebody else": {[]page{waiting(), {Status: "A_RESU"}},
			expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}, OutcomeUnknown: true, Posted: true}, 1},
		"never": {[]page{waiting()}, expense.ActionTaken{ReportState: expense.ReportState{Status: "A_EXTV", ValidationID: validationOne}, Posted: true, StillWaiting: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, c.pages...)
			limit := visibleWithin(30 * time.Second)
			if c.want.StillWaiting {
				limit = visibleWithin(50 * time.Millisecond)
			}
			require.Equal(t, c.want, approve(t, attempt{}, h.activities(t, requestTimeout(time.Hour), limit), approval()))
			want := []string{"read", "post"}
			for range c.reads {
				want = append(want, "read")
			}
			if c.want.StillWaiting {
				require.GreaterOrEqual(t, len(h.requestNames()), 3, "the report is read again")
				want = append(want, h.requestNames()[2:]...)
			}
			require.Equal(t, want, h.requestNames())
			require.Len(t, slices.DeleteFunc(h.requestNames(), func(what string) bool { return what != "post" }), 1)
			require.Contains(t, h.requests()[1].body, "<ExceptionCode>APPROVED</ExceptionCode>")
		})
	}
}

func TestPausesBetweenReadsGrow(t *testing.T) {
	t.Parallel()
	const first = 20 * time.Millisecond
	h := newFakeConcur(t, waiting())
	approve(t, attempt{}, h.activities(t, func(o *activities.Options) { o.Delays.WriteCheck, o.Delays.VisibleWithin = first, 50*first }), approval())
	reads := h.requests()[2:]
	require.GreaterOrEqual(t, len(reads), 3)
	for i, want := 1, first; i < len(reads)-1; i, want = i+1, 2*want { // the last one comes when the time is over
		require.GreaterOrEqual(t, reads[i].at.Sub(reads[i-1].at), want, "read %d", i)
	}
}

func TestApprovalExceptionIsNotPostedTwice(t *testing.T) {
	t.Parallel()
	flagged := func(in *expense.ApproveByExceptionInput) { in.FlagWasSet = true }
	known := func(in *expense.ApproveByExceptionInput) { in.AlreadyPosted = true }
	up := page{Status: "A_EXTV", Step: stepOne, Flag: "Y"}
	for name, c := range map[string]struct {
		in    expense.ApproveByExceptionInput
		pages []page
		seen  []string
	}{
		"the report has moved":                                                  {approval(), []page{{Status: "A_APPR"}}, []string{"read"}},
		"the flag was raised: the exception is posted":                          {approval(), []page{up, {Status: "A_APPR"}}, []string{"read", "read"}},
		"the flag is down: the exception is not posted":                         {approval(), []page{waiting(), {Status: "A_APPR"}}, []string{"read", "post", "read"}},
		"the flag was up before: a waiting report proves that it is not posted": {approval(flagged), []page{up, {Status: "A_APPR"}}, []string{"read", "post", "read"}},
		"known to be posted, flag down":                                         {approval(known), []page{waiting(), {Status: "A_APPR"}}, []string{"read", "read"}},
		"known to be posted, flag up before":                                    {approval(known, flagged), []page{up, {Status: "A_APPR"}}, []string{"read", "read"}},
		"known to be posted, and the report has moved":                          {approval(known), []page{{Status: "A_APPR"}}, []string{"read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, c.pages...)
			got := approve(t, attempt{number: 2}, h.activities(t), c.in)
			require.True(t, got.Confirmed)
			require.Equal(t, c.seen, h.requestNames())
		})
	}
}

func TestListV4ShowsWhetherApprovalExceptionIsPosted(t *testing.T) {
	t.Parallel()
	there := func(n *fakeV4) {
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "APPROVED")}
	}
	for name, c := range map[string]struct {
		try     attempt
		arrange func(*fakeV4)
		version int // of the header
		seen    []string
		moved   bool
	}{
		"a first attempt puts it without a list":            {attempt{}, there, 0, []string{"header", "put", "header"}, false},
		"a first attempt puts nothing under another header": {attempt{}, there, 1, []string{"header"}, true},
		"a later attempt finds it in the list":              {attempt{number: 2}, there, 0, []string{"header", "exceptions", "header"}, false},
		"a later attempt puts nothing under another header": {attempt{number: 2}, func(*fakeV4) {}, 1, []string{"header", "exceptions"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t, headerState{Version: c.version}, headerState{Status: "A_APPR"})
			c.arrange(n)
			got := approve(t, c.try, n.activities(t), approval(approvalV4))
			require.Equal(t, c.seen, n.requestNames())
			require.Equal(t, c.moved, got.MayHaveMoved)
			require.Equal(t, !c.moved, got.Confirmed)
		})
	}
	t.Run("a later attempt puts it under the same header", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{}, headerState{}, headerState{Status: "A_APPR"})
		fetched := fetch(t, n.activities(t), v4URI)
		in := approval(approvalV4)
		in.HeaderHash = fetched.HeaderHash
		n = newFakeV4(t, headerState{}, headerState{Status: "A_APPR"})
		require.True(t, approve(t, attempt{number: 2}, n.activities(t), in).Confirmed)
		require.Equal(t, []string{"header", "exceptions", "put", "header"}, n.requestNames())
	})
}

func TestApproveByExceptionIsNotSentWhenNotAllowed(t *testing.T) {
	t.Parallel()
	mode := func(m activities.WriteMode) func(*activities.Options) {
		return writes(activities.Writes{Mode: m})
	}
	t.Run("a dry run", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		require.Equal(t, expense.DryRunMode, approve(t, attempt{}, h.activities(t, mode(activities.WritesDryRun)), approval()).DryRun)
		require.Equal(t, []string{"read"}, h.requestNames())
	})
	t.Run("only reports of test users", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		got := approve(t, attempt{}, h.activities(t, writes(activities.Writes{TestUsers: []string{"kim@example.com"}})), approval())
		require.True(t, got.DryRun.IsNotTestUser())
		require.Equal(t, []string{"read"}, h.requestNames())
	})
	t.Run("writes that are off", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, mode(activities.WritesOff)).ApproveByException, approval())
		require.False(t, outcomeUnknown(t, failed(t, err, expense.WritesOff)))
		require.Equal(t, []string{"read"}, h.requestNames())
	})
	t.Run("an unacknowledged heartbeat", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		_, err := run[expense.ActionTaken](t, attempt{timeout: time.Second}, h.activities(t, heartbeat(gone)).ApproveByException, approval())
		failed(t, err, expense.Unavailable)
		require.NotContains(t, h.requestNames(), "post")
	})
	t.Run("the send-back limit counts it for shares", func(t *testing.T) {
		t.Parallel()
		h, b := newFakeConcur(t, waiting(), page{Status: "A_APPR"}), &counter{}
		in := approval(func(in *expense.ApproveByExceptionInput) { in.ByRules = true })
		approve(t, attempt{}, h.activities(t, func(o *activities.Options) { o.SendBackLimit = activities.SendBackLimit{Counter: b, Share: 0.5} }), in)
		require.Len(t, b.checks, 1)
		require.Equal(t, expense.Approve, b.checks[0].Action)
	})
}

func TestRefusedApprovalExceptionApprovesNothing(t *testing.T) {
	t.Parallel()
	t.Run("by v1.1, the report still waits", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("post", respond(http.StatusOK, result(0, 1, "<errors>"+refusal(1, "Invalid Exception Code")+"</errors>")))
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).ApproveByException, approval())
		e := failed(t, err, expense.Rejected)
		require.Contains(t, e.Message(), "exception APPROVED: Invalid Exception Code")
		require.False(t, outcomeUnknown(t, e))
		require.Equal(t, []string{"read", "post", "read"}, h.requestNames())
	})
	t.Run("by v4, the report has moved", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{}, headerState{Status: "A_RESU"})
		n.on("put", respond(http.StatusBadRequest, `{"errorMessage":"In Concur's words."}`))
		got := approve(t, attempt{}, n.activities(t), approval(approvalV4))
		require.Equal(t, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}}, got)
	})
	t.Run("a lost answer leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("post", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).ApproveByException, approval())
		require.True(t, outcomeUnknown(t, failed(t, err, expense.OutcomeUnknown)))
	})
}

// outcomeUnknown returns what a failed write says about its outcome.
func outcomeUnknown(t *testing.T, e *temporal.ApplicationError) bool {
	t.Helper()
	var detail expense.FailedWrite
	require.NoError(t, e.Details(&detail))
	return detail.OutcomeUnknown
}
