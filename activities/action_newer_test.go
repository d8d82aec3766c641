package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
)

func actionV4(a expense.Action) expense.TakeActionInput {
	in := action(a)
	in.ObjectURI, in.ValidationID, in.Via, in.HeaderHash = v4URI, stopV4, expense.V4, markV4()
	return in
}

func guarded(o *activities.Options) {
	o.Guard = concur.Guard{"expectedStepCode": "EXTVAL", "currentSequence": "3"}
}

// refusedV4 is a refusal of v4 with a code, which stands in either of two places.
func refusedV4(code string) http.HandlerFunc {
	const form = `{"httpStatus":"400 Bad Request","errorMessage":"In Concur's words.","errorId":%q,"validationErrors":[%s]}`
	body := fmt.Sprintf(form, "error.workflow."+code, "")
	if len(code)%2 == 0 {
		body = fmt.Sprintf(form, "63b7fbd9-ae08-0840-abdb-62b0b9160081", fmt.Sprintf(`{"id":%q}`, "error.workflow."+code))
	}
	return says(http.StatusBadRequest, body)
}

func take(t *testing.T, a attempt, acts *activities.Activities, in expense.TakeActionInput) expense.ActionTaken {
	t.Helper()
	got, err := run[expense.ActionTaken](t, a, acts.TakeAction, in)
	require.NoError(t, err)
	return got
}

// marks returns what reads of the header show as the mark, one for each version.
func marks(t *testing.T, n int) (all []string) {
	t.Helper()
	for i := range n {
		all = append(all, fetch(t, newNewer(t, look{Version: i}).activities(t), v4URI).HeaderHash)
	}
	return all
}

func TestTheFirstAttemptReadsTheHeaderAndActsWithTheGuard(t *testing.T) {
	t.Parallel()
	for via, uri := range newerReads {
		for act, c := range map[expense.Action]struct{ name, path, body string }{
			expense.Approve:  {"approve", writesAPI + "/approve", `{"currentSequence":3,"expectedStepCode":"EXTVAL"}`},
			expense.SendBack: {"send back", writesAPI + "/sendBack", `{"comment":"A receipt is missing & wanted.","currentSequence":3,"expectedStepCode":"EXTVAL"}`},
		} {
			n := newNewer(t)
			acts := n.activities(t, guarded, answerLimit(time.Hour))
			in := actionV4(act)
			in.ObjectURI, in.Via = uri, via
			require.Zero(t, take(t, attempt{}, acts, in))
			header := map[expense.Interface]string{expense.V3: "header v3", expense.V4: "header"}[via]
			require.Equal(t, []string{header, c.name}, without(n.seen(), "read"))
			last := n.requests()[len(n.requests())-1]
			require.Equal(t, c.path, last.path)
			require.Equal(t, c.body, last.body)
		}
	}
	t.Run("and says what a person said when it passes on", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		in := actionV4(expense.Approve)
		in.Comment = "Fine <by> me."
		take(t, attempt{}, n.activities(t), in)
		require.JSONEq(t, `{"comment":"Fine <by> me."}`, n.requests()[1].body)
	})
}

func TestNothingIsSentByV4ToAReportThatIsNotAtTheStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found look
		want  expense.ReportState
	}{
		"passed on":         {look{Status: "A_APPR"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}},
		"recalled":          {look{Status: "A_RESU"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}},
		"submitted again":   {look{Submitted: "2026-11-04T10:00:00Z"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV " + reportID + " 2026-11-04T10:00:00"}},
		"deleted meanwhile": {look{Gone: true}, expense.ReportState{Kind: expense.NotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
				n := newNewer(t, c.found)
				require.Equal(t, expense.ActionTaken{ReportState: c.want}, take(t, attempt{}, n.activities(t), actionV4(act)))
				require.Equal(t, []string{"header"}, n.seen())
			}
		})
	}
}

func TestADoubtfulAttemptByV4ReadsWhatBecameOfTheOneBefore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action    expense.Action
		found     look
		confirmed bool
	}{
		"passed on, and it has left forward":      {expense.Approve, look{Status: "A_APPR"}, true},
		"passed on, and it was sent back":         {expense.Approve, look{Status: "A_RESU"}, false},
		"passed on, and it is gone":               {expense.Approve, look{Gone: true}, false},
		"passed on, and it was submitted again":   {expense.Approve, look{Submitted: "2026-11-04T10:00:00Z"}, false},
		"sent back, and it was sent back":         {expense.SendBack, look{Status: "A_RESU"}, true},
		"sent back, and it is not submitted":      {expense.SendBack, look{Status: "A_NOTF"}, true},
		"sent back, and it has left forward":      {expense.SendBack, look{Status: "A_APPR"}, false},
		"sent back, and it was submitted again":   {expense.SendBack, look{Submitted: "2026-11-04T10:00:00Z"}, false},
		"passed on, and it waits for an approver": {expense.Approve, look{Status: "A_PEND"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t, c.found)
			got := take(t, attempt{number: 2}, n.activities(t), actionV4(c.action))
			require.Equal(t, c.confirmed, got.Confirmed)
			require.True(t, got.OutcomeUnknown)
			require.False(t, got.MayHaveMoved)
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"header"}, n.seen())
		})
	}
}

func TestAnAttemptByV4ActsOnlyWhileTheHeaderIsTheSame(t *testing.T) {
	t.Parallel()
	m := marks(t, 3)
	for name, c := range map[string]struct {
		attempt attempt
		told    expense.Attempt
		now     int // the version of the header
		acts    bool
	}{
		"the first, the same as judged":               {attempt{}, expense.Attempt{OriginalRunID: runID, HeaderHash: m[1]}, 1, true},
		"the first, another than judged":              {attempt{}, expense.Attempt{OriginalRunID: runID, HeaderHash: m[1]}, 2, false},
		"noted by the attempt before, as judged":      {attempt{number: 2, details: "sending " + m[1]}, expense.Attempt{HeaderHash: m[1]}, 1, true},
		"noted by the attempt before, another now":    {attempt{number: 2, details: "sending " + m[1]}, expense.Attempt{HeaderHash: m[1]}, 2, false},
		"nothing noted, the same as judged":           {attempt{number: 2}, expense.Attempt{HeaderHash: m[1]}, 1, true},
		"nothing noted, another than judged":          {attempt{number: 2}, expense.Attempt{HeaderHash: m[1]}, 2, false},
		"in doubt, the same as judged":                {attempt{}, expense.Attempt{OriginalRunID: runID, OutcomeUnknown: true, HeaderHash: m[1]}, 1, true},
		"in doubt, another than judged":               {attempt{}, expense.Attempt{OriginalRunID: runID, OutcomeUnknown: true, HeaderHash: m[1]}, 2, false},
		"a run that was reset, another than judged":   {attempt{}, expense.Attempt{OriginalRunID: "another", HeaderHash: m[1]}, 2, false},
		"attempts that were reset, another than then": {attempt{number: 1, details: "sending " + m[1]}, expense.Attempt{OriginalRunID: runID, HeaderHash: m[1]}, 2, false},
		"no mark at all":                              {attempt{number: 2}, expense.Attempt{}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit = 40 * time.Millisecond
			n := newNewer(t, look{Version: c.now})
			in := actionV4(expense.Approve)
			in.Attempt = c.told
			in.Via = expense.V4
			began := time.Now()
			got := take(t, c.attempt, n.activities(t, answerLimit(limit)), in)
			first := strings.HasPrefix(name, "the first")
			if !first {
				require.GreaterOrEqual(t, n.requests()[0].at.Sub(began), limit)
			}
			if c.acts {
				require.Zero(t, got)
				require.Equal(t, []string{"header", "approve"}, n.seen())
				return
			}
			require.Equal(t, expense.ActionTaken{
				ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: stopV4}, OutcomeUnknown: !first, MayHaveMoved: true,
			}, got)
			require.Equal(t, []string{"header"}, n.seen())
		})
	}
}

func TestTheMarkIsNotedBeforeTheWriteAndCarriedOn(t *testing.T) {
	t.Parallel()
	m := marks(t, 1)[0]
	t.Run("before it is sent", func(t *testing.T) {
		t.Parallel()
		var noted []any
		n := newNewer(t)
		acts := n.activities(t, heartbeat(func(_ context.Context, details ...any) error { noted = details; return nil }))
		n.on("approve", func(w http.ResponseWriter, _ *http.Request) {
			require.Equal(t, []any{"sending " + m}, noted)
			w.WriteHeader(http.StatusNoContent)
		})
		require.Zero(t, take(t, attempt{watched: time.Minute}, acts, actionV4(expense.Approve)))
	})
	t.Run("by an attempt that waits, for another that may come after it", func(t *testing.T) {
		t.Parallel()
		for _, before := range []string{"sending m", "sending"} {
			var mu sync.Mutex
			var noted [][]any
			n := newNewer(t, look{Status: "A_APPR"})
			acts := n.activities(t, answerLimit(200*time.Millisecond), heartbeat(func(_ context.Context, details ...any) error {
				mu.Lock()
				defer mu.Unlock()
				noted = append(noted, details)
				return nil
			}))
			take(t, attempt{number: 2, details: before, watched: 200 * time.Millisecond}, acts, actionV4(expense.Approve))
			mu.Lock()
			require.NotEmpty(t, noted)
			for _, details := range noted {
				require.Equal(t, []any{before}, details)
			}
			mu.Unlock()
		}
	})
}

func TestARefusalByV4IsExplainedByAnotherRead(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]http.HandlerFunc{
		"of the step":                  refusedV4("invalid_action"),
		"of a report that is blocked":  refusedV4("step_exit_blocking_by_exception"),
		"of one without an approver":   refusedV4("no_approver.change_my_info"),
		"of a report that is not here": says(http.StatusNotFound, "{}"),
	} {
		for where, found := range map[string]look{
			"moved on": {Status: "A_APPR"}, "gone": {Gone: true}, "submitted again": {Submitted: "2026-11-04T10:00:00Z"},
		} {
			n := newNewer(t, look{}, found)
			n.on("approve", refusal)
			got := take(t, attempt{}, n.activities(t), actionV4(expense.Approve))
			require.NotEmpty(t, got.Kind, "%s, %s", name, where)
			require.False(t, got.Confirmed)
			require.Equal(t, []string{"header", "approve", "header"}, n.seen())
		}
	}
	t.Run("at the same stop it is Concur's word", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("approve", refusedV4("invalid_action"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
		e := failed(t, err, expense.Rejected)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "In Concur's words.")
	})
	t.Run("and what is missing of our access is named", func(t *testing.T) {
		t.Parallel()
		for status, kind := range map[int]expense.Kind{401: expense.Unauthorized, 403: expense.Forbidden, 503: expense.Unavailable} {
			n := newNewer(t)
			n.on("approve", says(status, `{"errorMessage":"In Concur's words."}`))
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
			e := failed(t, err, kind)
			var told expense.FailedWrite
			require.NoError(t, e.Details(&told))
			require.False(t, told.OutcomeUnknown)
			require.Equal(t, kind == expense.Forbidden, strings.Contains(e.Message(), "expense.report.workflowstatus.write"))
		}
	})
}

func TestWhatBlocksAnActionIsNamed(t *testing.T) {
	t.Parallel()
	blocking := func(e expense.ExistingException) expense.ExistingException { e.Blocking = true; return e }
	allocation := blocking(heldOn(expense.OnAllocation, "A2", "COSTCTR"))
	allocation.ExpenseID = "E2"
	acting := func(n *newer) string {
		n.on("approve", refusedV4("step_exit_blocking_by_exception"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
		e := failed(t, err, expense.Blocked)
		require.True(t, e.NonRetryable())
		var told expense.FailedWrite
		require.NoError(t, e.Details(&told))
		require.False(t, told.OutcomeUnknown)
		return e.Message()
	}
	t.Run("on whichever object", func(t *testing.T) {
		n := newNewer(t)
		n.held = []expense.ExistingException{blocking(heldOn(expense.OnReport, "", "LATE")), heldOn(expense.OnEntry, "E1", "MILD"), blocking(heldOn(expense.OnEntry, "E1", "NORECPT")), allocation}
		said := acting(n)
		require.Contains(t, said, "blocking exceptions: LATE on report, NORECPT on entry E1, COSTCTR on allocation A2: In Concur's words.")
		require.NotContains(t, said, "MILD")
	})
	t.Run("the first of many", func(t *testing.T) {
		n := newNewer(t)
		for i := range 12 {
			n.held = append(n.held, blocking(heldOn(expense.OnEntry, fmt.Sprint("E", i), "X")))
		}
		require.NotContains(t, acting(n), "E10")
	})
	t.Run("unless that cannot be listed", func(t *testing.T) {
		n := newNewer(t)
		n.on("exceptions", says(http.StatusForbidden, "{}"))
		require.Contains(t, acting(n), "In Concur's words.")
		require.NotContains(t, acting(newNewer(t)), "blocking exceptions", "or Concur lists none")
	})
	t.Run("and by v1.1 nothing is asked of v4", func(t *testing.T) {
		n := newNewer(t)
		n.on("act", refusedV4("step_exit_blocking_by_exception"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, action(expense.Approve))
		require.Contains(t, failed(t, err, expense.Blocked).Message(), "In Concur's words.")
		require.Equal(t, []string{"read", "act", "read"}, n.seen())
	})
}

func TestALostAnswerByV4IsRetriedAsDoubt(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"an error of the server":         says(http.StatusInternalServerError, `{"errorMessage":"Retry your request again"}`),
		"a bad gateway":                  says(http.StatusBadGateway, "<html>"),
		"a web page":                     says(http.StatusOK, "<!DOCTYPE html><html></html>"),
		"a success that speaks of error": says(http.StatusOK, `{"errorMessage":"no","errorId":"x.y"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			n.on("approve", answer)
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
			e := failed(t, err, expense.OutcomeUnknown)
			require.False(t, e.NonRetryable())
			var told expense.FailedWrite
			require.NoError(t, e.Details(&told))
			require.True(t, told.OutcomeUnknown)
			require.Equal(t, []string{"header", "approve"}, n.seen())
		})
	}
}

func TestNothingIsSentByV4ThatIsHeld(t *testing.T) {
	t.Parallel()
	t.Run("by not being an action of Concur's", func(t *testing.T) {
		t.Parallel()
		for _, none := range []expense.Action{expense.Ask, ""} {
			for _, in := range []expense.TakeActionInput{actionV4(none), actionOnRequest(none)} {
				n := newNewer(t)
				_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, in)
				require.True(t, failed(t, err, expense.InvalidArgument).NonRetryable())
				require.NotContains(t, n.seen(), "approve")
				require.NotContains(t, n.seen(), "approve request")
			}
		}
	})
	t.Run("by writes that are off", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})).TakeAction, actionV4(expense.Approve))
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		require.Equal(t, []string{"header"}, n.seen())
	})
	t.Run("by a dry run", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		got := take(t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesDryRun})), actionV4(expense.SendBack))
		require.Equal(t, expense.DryRunMode, got.DryRun)
		require.Equal(t, []string{"header"}, n.seen())
	})
	t.Run("by the brake", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		in := actionV4(expense.SendBack)
		in.ByRules = true
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, func(o *activities.Options) {
			o.SendBackLimit = activities.SendBackLimit{Counter: &brake{held: "too many"}, SendBacks: 1}
		}).TakeAction, in)
		failed(t, err, expense.SendBackLimitReached)
		require.Equal(t, []string{"header"}, n.seen())
	})
	t.Run("by a guard that is none", func(t *testing.T) {
		t.Parallel()
		options := newNewer(t).options(t)
		options.Guard = concur.Guard{"stepCode": "X"}
		_, err := activities.New(options)
		require.ErrorContains(t, err, "stepCode")
		options.Guard, options.Interface.Via = nil, "v5"
		_, err = activities.New(options)
		require.ErrorContains(t, err, "v5")
	})
}

func TestACommentAboutRejectedExpensesIsSentWhenConcurAsksForIt(t *testing.T) {
	t.Parallel()
	const why = "Your approver has rejected an expense."
	// asks refuses approvals that do not have the comment.
	asks := func(n *newer) *newer {
		return &newer{house: n.on("approve", func(w http.ResponseWriter, r *http.Request) {
			if sent := n.requests(); strings.Contains(sent[len(sent)-1].body, why) {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			refusedV4("rejectedExpenseMissingComments")(w, r)
		})}
	}
	acting := func() expense.TakeActionInput {
		in := actionV4(expense.Approve)
		in.ExpenseRejectedComment = why
		return in
	}
	t.Run("after another look, and once", func(t *testing.T) {
		t.Parallel()
		n := asks(newNewer(t))
		require.Zero(t, take(t, attempt{}, n.activities(t, guarded), acting()))
		require.Equal(t, []string{"header", "approve", "header", "approve"}, n.seen())
		require.JSONEq(t, `{"currentSequence":3,"expectedStepCode":"EXTVAL"}`, n.requests()[1].body)
		require.JSONEq(t, `{"currentSequence":3,"expectedStepCode":"EXTVAL","expenseRejectedComment":"`+why+`"}`, n.requests()[3].body)
	})
	t.Run("not to a report that Concur passes on without it", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		require.Zero(t, take(t, attempt{}, n.activities(t), acting()))
		require.JSONEq(t, `{}`, n.requests()[1].body)
	})
	t.Run("not to one that has moved meanwhile", func(t *testing.T) {
		t.Parallel()
		for _, found := range []look{{Status: "A_APPR"}, {Status: "A_RESU"}, {Gone: true}, {Version: 2}} {
			n := asks(newNewer(t, look{}, found))
			got := take(t, attempt{}, n.activities(t), acting())
			require.NotEmpty(t, got.Kind)
			require.False(t, got.Confirmed, "Concur has said that it was not us")
			require.False(t, got.OutcomeUnknown)
			require.Equal(t, []string{"header", "approve", "header"}, n.seen())
		}
	})
	t.Run("also after the access token had ended", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		header, ended := n.header, says(http.StatusForbidden, `{"errorMessage":"The token has expired."}`)
		reads := 0
		n.on("header", func(w http.ResponseWriter, r *http.Request) {
			if reads++; reads == 2 {
				ended(w, r)
				return
			}
			header(w, r)
		})
		writes := 0
		n.on("approve", func(w http.ResponseWriter, r *http.Request) {
			switch writes++; writes {
			case 1:
				ended(w, r)
			case 2:
				refusedV4("rejectedExpenseMissingComments")(w, r)
			default:
				w.WriteHeader(http.StatusNoContent)
			}
		})
		require.Zero(t, take(t, attempt{}, n.activities(t, guarded), acting()))
		require.Equal(t, []string{"header", "approve", "header", "header", "approve", "header", "approve"}, n.seen())
		sent := n.requests()
		require.Contains(t, sent[len(sent)-1].body, why)
	})
	t.Run("and is refused no second time", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("approve", refusedV4("rejectedExpenseMissingComments"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, acting())
		require.True(t, failed(t, err, expense.CommentMissing).NonRetryable())
		require.Equal(t, []string{"header", "approve", "header", "approve", "header"}, n.seen())
	})
}

func TestAMissingCommentNamesItsSetting(t *testing.T) {
	t.Parallel()
	for code, setting := range map[string]string{
		"missingComments": "settings.passOnComment", "CostObjectChangeMissingComments": "settings.passOnComment",
		"BudgetObjectChangeMissingComments": "settings.passOnComment", "rejectedExpenseMissingComments": "settings.expenseRejectedComment",
	} {
		n := newNewer(t)
		n.on("approve", refusedV4(code))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
		e := failed(t, err, expense.CommentMissing)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "In Concur's words.")
		var told expense.FailedWrite
		require.NoError(t, e.Details(&told))
		require.Contains(t, told.Fix, setting)
		require.False(t, told.OutcomeUnknown)
		require.Equal(t, []string{"header", "approve", "header"}, n.seen())
	}
}
