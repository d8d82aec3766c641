package activities_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

const (
	patchApprove  = "PATCH /expensereports/v4/reports/" + reportID + "/approve"
	patchSendBack = "PATCH /expensereports/v4/reports/" + reportID + "/sendBack"
)

func v4Action(a expense.Action) expense.TakeActionInput {
	in := expense.TakeActionInput{Attempt: original, ObjectURI: v4URI, Stop: v4Stop, Action: a}
	in.Via, in.Mark = expense.V4, "the mark of the read"
	if a == expense.SendBack {
		in.Comment = "A receipt is missing."
	}
	return in
}

// markOf is the mark of the report's header at a version.
func markOf(t *testing.T, version int) string {
	t.Helper()
	h := newTenant(t, &tenant{versions: []int{version}})
	got, err := run[expense.FetchedReport](t, attempt{}, h.activities(t, newer(t, expense.V4)).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
	require.NoError(t, err)
	return got.Mark
}

func refusedWith(status int, code string) http.HandlerFunc {
	return says(status, `{"httpStatus":"x","errorMessage":"No.","errorId":"63b7fbd9-ae08-0840-abdb-62b0b9160081","validationErrors":[{"id":"`+code+`","message":"No."}]}`)
}

func TestByV4AReportIsActedOnByItsIDAndWithTheGuard(t *testing.T) {
	t.Parallel()
	for act, c := range map[expense.Action]struct{ path, body string }{
		expense.Approve:  {"/approve", `{"expectedStepCode":"EXTVAL"}`},
		expense.SendBack: {"/sendBack", `{"comment":"A receipt is missing.","expectedStepCode":"EXTVAL"}`},
	} {
		h := newTenant(t, &tenant{})
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, newer(t, expense.V4)).TakeAction, v4Action(act))
		require.NoError(t, err)
		require.Zero(t, got)
		sent := h.requests()
		require.Equal(t, "/expensereports/v4/reports/"+reportID+c.path, sent[len(sent)-1].path)
		require.JSONEq(t, c.body, sent[len(sent)-1].body)
		require.Equal(t, []string{"GET header", "PATCH " + c.path[1:]}, h.short(), "the header is read, and nothing else")
	}
}

func TestByV4AnAttemptThatIsNotTheFirstLooksWhetherTheHeaderIsTheSame(t *testing.T) {
	t.Parallel()
	same, other := markOf(t, 1), markOf(t, 2)
	require.NotEqual(t, same, other)
	at := func(status, submitted string) *tenant {
		return &tenant{versions: []int{1}, statuses: []string{status}, submits: []string{submitted}}
	}
	const now = "2026-11-03T10:00:00Z"
	for name, c := range map[string]struct {
		act     expense.Action
		tenant  *tenant
		details string
		mark    string // of the input
		want    expense.ActionTaken
		sent    bool
	}{
		"it is: sent again":                       {expense.Approve, at("A_EXTV", now), "sending " + same, other, expense.ActionTaken{}, true},
		"it is not: judged anew":                  {expense.Approve, at("A_EXTV", now), "sending " + other, same, expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_EXTV", Stop: v4Stop}, Doubtful: true, Moved: true}, false},
		"of the input, when nothing was sent":     {expense.Approve, at("A_EXTV", now), "", same, expense.ActionTaken{}, true},
		"not that of the input":                   {expense.Approve, at("A_EXTV", now), "", other, expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_EXTV", Stop: v4Stop}, Doubtful: true, Moved: true}, false},
		"it has left in our direction":            {expense.Approve, at("A_ACCO", now), "sending " + same, same, expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_ACCO"}, Confirmed: true, Doubtful: true}, false},
		"it has left in the other":                {expense.Approve, at("A_RESU", now), "sending " + same, same, expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_RESU"}, Doubtful: true}, false},
		"it waits again after another submission": {expense.Approve, at("A_EXTV", "2026-11-04T10:00:00Z"), "sending " + same, same, expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_EXTV", Stop: "A_EXTV " + reportID + " 2026-11-04T10:00:00Z"}, Doubtful: true}, false},
		"it was sent back, as we would have":      {expense.SendBack, at("A_RESU", now), "sending " + same, same, expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_RESU"}, Confirmed: true, Doubtful: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTenant(t, c.tenant)
			in := v4Action(c.act)
			in.Mark = c.mark
			got, err := run[expense.ActionTaken](t, attempt{number: 2, details: c.details}, h.activities(t, newer(t, expense.V4)).TakeAction, in)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.sent, len(h.requests()) == 2)
		})
	}
}

func TestWhatIsStoredBeforeAWriteIsTheMarkOfItsRead(t *testing.T) {
	t.Parallel()
	h := newTenant(t, &tenant{versions: []int{1}})
	var details []any
	acts := h.activities(t, newer(t, expense.V4), heartbeat(func(_ context.Context, d ...any) error { details = d; return nil }))
	_, err := run[expense.ActionTaken](t, attempt{watched: time.Minute}, acts.TakeAction, v4Action(expense.Approve))
	require.NoError(t, err)
	require.Equal(t, []any{"sending " + markOf(t, 1)}, details)
}

func TestARefusalOfV4IsWhatItsCodeSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status   int
		code     string
		statuses []string
		kind     expense.Kind // of the error; "" when the re-read tells
		says     string
	}{
		"a blocking exception":   {400, "error.workflow.step_exit_blocking_by_exception", nil, expense.Blocked, "BLOCKED on entry E1"},
		"no approver":            {400, "error.workflow.no_approver", nil, expense.NoApprover, "No."},
		"another step":           {400, "error.workflow.invalid_action", nil, expense.Rejected, "No."},
		"it has moved meanwhile": {400, "error.workflow.invalid_action", []string{"A_EXTV", "A_APPR"}, "", ""},
		"no company token":       {401, "", nil, expense.Unauthorized, ""},
		"no scope":               {403, "", nil, expense.Forbidden, "expense.report.workflowstatus.write"},
		"an outage":              {503, "", nil, expense.Unavailable, ""},
		"who knows":              {500, "", nil, expense.OutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTenant(t, &tenant{statuses: c.statuses, held: map[string]bool{"E1 BLOCKED": true, "LATE": true}}).on(patchApprove, refusedWith(c.status, c.code))
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, newer(t, expense.V4)).TakeAction, v4Action(expense.Approve))
			if c.kind == "" {
				require.NoError(t, err)
				require.Equal(t, expense.Reading{Kind: expense.NotWaiting, Status: "A_APPR"}, got.Reading)
				return
			}
			e := failed(t, err, c.kind)
			require.Contains(t, e.Error(), c.says)
			require.NotContains(t, e.Error(), ownerUUID)
			var told expense.FailedWrite
			require.NoError(t, e.Details(&told))
			require.Equal(t, c.kind == expense.OutcomeUnknown, told.Doubtful)
		})
	}
}

func TestByV4TooNothingIsSentThatIsWithheld(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*activities.Options){
		"in a dry run":              func(o *activities.Options) { o.Writes.Mode = activities.WritesDryRun },
		"to others than test users": func(o *activities.Options) { o.Writes.TestUsers = []string{"other@example.com"} },
	} {
		h := newTenant(t, &tenant{held: map[string]bool{"E1 LATE": true}})
		acts := h.activities(t, newer(t, expense.V4), change)
		taken, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, v4Action(expense.Approve))
		require.NoError(t, err, name)
		require.NotEmpty(t, taken.Withheld)
		posted, err := run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, v4Post("LATE"))
		require.NoError(t, err, name)
		require.NotEmpty(t, posted.Withheld)
		cleared, err := run[expense.ClearedExceptions](t, attempt{}, acts.ClearExceptions, v4Clear("LATE"))
		require.NoError(t, err, name)
		require.NotEmpty(t, cleared.Withheld)
		for _, r := range h.requests() {
			require.NotRegexp(t, "^(PUT|PATCH|DELETE)", r.name, name)
		}
	}
}

func TestATravelRequestIsActedOnAndTheAnswerLookedAt(t *testing.T) {
	t.Parallel()
	stop := "SUBMITTED " + requestID + " 2026-11-03T10:00:00Z"
	for name, c := range map[string]struct {
		act      expense.Action
		statuses []string // read, answer, read again
		want     expense.Reading
		kind     expense.Kind
		path     string
	}{
		"passed on":                        {expense.Approve, []string{"SUBMITTED*", "APPROVED"}, expense.Reading{}, "", "/approve"},
		"passed on to an approver":         {expense.Approve, []string{"SUBMITTED*", "SUBMITTED"}, expense.Reading{}, "", "/approve"},
		"sent back":                        {expense.SendBack, []string{"SUBMITTED*", "SENTBACK"}, expense.Reading{}, "", "/sendback"},
		"an answer of something else":      {expense.SendBack, []string{"SUBMITTED*", "SUBMITTED", "SUBMITTED*"}, expense.Reading{}, expense.Rejected, "/sendback"},
		"an answer that it was recalled":   {expense.Approve, []string{"SUBMITTED*", "NOT_SUBMITTED"}, expense.Reading{Kind: expense.NotWaiting, Status: "NOT_SUBMITTED"}, "", "/approve"},
		"with somebody else before we act": {expense.Approve, []string{"SUBMITTED"}, expense.Reading{Kind: expense.NotWaiting, Status: "SUBMITTED"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTenant(t, &tenant{requests: c.statuses})
			in := expense.TakeActionInput{Attempt: original, ObjectURI: v4Request, Stop: stop, Action: c.act, Comment: "Why."}
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, newer(t, "")).TakeAction, in)
			if c.kind != "" {
				failed(t, err, c.kind)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Reading)
			if c.path == "" {
				require.Len(t, h.requests(), 1)
				return
			}
			require.Equal(t, "/travelrequest/v4/requests/"+requestID+c.path, h.requests()[1].path)
		})
	}
}

func v4Post(codes ...string) expense.PostExceptionsInput {
	in := expense.PostExceptionsInput{Attempt: original, ObjectURI: v4URI, Stop: v4Stop}
	in.Via = expense.V4
	for _, code := range codes {
		in.Exceptions = append(in.Exceptions, expense.Exception{ObjectType: expense.OnEntry, ObjectID: "E1", Code: code})
	}
	return in
}

func v4Clear(codes ...string) expense.ClearExceptionsInput {
	in := expense.ClearExceptionsInput{Attempt: original, ObjectURI: v4URI, Stop: v4Stop}
	in.Via = expense.V4
	for _, e := range v4Post(codes...).Exceptions {
		in.Exceptions = append(in.Exceptions, expense.HeldException{Exception: e, ExpenseID: e.ObjectID})
	}
	return in
}

func newerStates(p expense.PostedExceptions) (all []expense.PostState) {
	for _, item := range p.Items {
		all = append(all, item.State)
	}
	return all
}

func TestByV4WhatIsMissingIsPutAndLookedFor(t *testing.T) {
	t.Parallel()
	t.Run("one by one, each after a read of its own", func(t *testing.T) {
		t.Parallel()
		tn := &tenant{held: map[string]bool{"E1 LATE": true}}
		h := newTenant(t, tn)
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t, newer(t, expense.V4)).PostExceptions, v4Post("LATE", "EARLY", "NOSUCH", "ODD"))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Refused, expense.Posted}, newerStates(got))
		require.Contains(t, got.Items[2].Message, "not configured")
		require.Equal(t, []string{"E1 EARLY", "E1 ODD"}, tn.puts)
		require.Equal(t, []string{"GET header", "GET exceptions", "PUT exceptions", "GET header", "PUT exceptions", "GET header", "GET header", "PUT exceptions", "GET exceptions"}, h.short())
	})
	t.Run("and not twice after a lost answer", func(t *testing.T) {
		t.Parallel()
		tn := &tenant{}
		h := newTenant(t, tn)
		acts := h.activities(t, newer(t, expense.V4))
		h.on("PUT /expensereports/v4/reports/"+reportID+"/expenses/E1/exceptions", func(w http.ResponseWriter, _ *http.Request) {
			h.mu.Lock()
			tn.held["E1 LATE"] = true
			h.mu.Unlock()
			w.WriteHeader(http.StatusInternalServerError)
		})
		_, err := run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, v4Post("LATE"))
		failed(t, err, expense.OutcomeUnknown)
		got, err := run[expense.PostedExceptions](t, attempt{number: 2, details: "sending m"}, acts.PostExceptions, v4Post("LATE"))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Posted}, newerStates(got))
		require.Equal(t, []string{"GET header", "GET exceptions", "PUT exceptions", "GET header", "GET exceptions"}, h.short())
	})
	t.Run("until the report moves", func(t *testing.T) {
		t.Parallel()
		tn := &tenant{statuses: []string{"A_EXTV", "A_RESU"}}
		h := newTenant(t, tn)
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t, newer(t, expense.V4)).PostExceptions, v4Post("LATE", "EARLY"))
		require.NoError(t, err)
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Equal(t, []string{"E1 LATE"}, tn.puts)
	})
	t.Run("and refused when it is accepted and not shown", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{}).on("PUT /expensereports/v4/reports/"+reportID+"/expenses/E1/exceptions", says(200, ""))
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t, newer(t, expense.V4)).PostExceptions, v4Post("LATE"))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Refused}, newerStates(got))
	})
	t.Run("unless writes are off", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{})
		acts := h.activities(t, newer(t, expense.V4), func(o *activities.Options) { o.Writes.Mode = activities.WritesOff })
		_, err := run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, v4Post("LATE"))
		failed(t, err, expense.WritesOff)
	})
}

func TestExceptionsAreTakenOffAndOthersAreLeft(t *testing.T) {
	t.Parallel()
	tn := &tenant{held: map[string]bool{"E1 LATE": true, "E1 OWN": true}}
	h := newTenant(t, tn)
	in := v4Clear("LATE", "OWN", "GONE")
	got, err := run[expense.ClearedExceptions](t, attempt{}, h.activities(t, newer(t, expense.V4)).ClearExceptions, in)
	require.NoError(t, err)
	require.Equal(t, []expense.HeldException{in.Exceptions[0], in.Exceptions[2]}, got.Cleared)
	require.Equal(t, []expense.HeldException{in.Exceptions[1]}, got.Kept)
	require.Equal(t, map[string]bool{"E1 OWN": true}, tn.held)

	h = newTenant(t, &tenant{statuses: []string{"A_APPR"}, held: map[string]bool{"E1 LATE": true}})
	got, err = run[expense.ClearedExceptions](t, attempt{}, h.activities(t, newer(t, expense.V4)).ClearExceptions, v4Clear("LATE"))
	require.NoError(t, err)
	require.Equal(t, expense.NotWaiting, got.Kind)
	require.Len(t, h.requests(), 1)
}
