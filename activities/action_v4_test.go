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
	in.ObjectURI, in.ValidationID, in.Via, in.HeaderHash = v4URI, validationV4, expense.V4, headerHashV4()
	return in
}

func guarded(o *activities.Options) {
	o.Guard = concur.Guard{"expectedStepCode": "EXTVAL", "currentSequence": "3"}
}

// refusedV4 is a refusal by v4. Its code is in one of two places.
func refusedV4(code string) http.HandlerFunc {
	const form = `{"httpStatus":"400 Bad Request","errorMessage":"In Concur's words.","errorId":%q,"validationErrors":[%s]}`
	body := fmt.Sprintf(form, "error.workflow."+code, "")
	if len(code)%2 == 0 {
		body = fmt.Sprintf(form, "63b7fbd9-ae08-0840-abdb-62b0b9160081", fmt.Sprintf(`{"id":%q}`, "error.workflow."+code))
	}
	return respond(http.StatusBadRequest, body)
}

func take(t *testing.T, a attempt, acts *activities.Activities, in expense.TakeActionInput) expense.ActionTaken {
	t.Helper()
	got, err := run[expense.ActionTaken](t, a, acts.TakeAction, in)
	require.NoError(t, err)
	return got
}

// headerHashes returns the hashes of n versions of the header.
func headerHashes(t *testing.T, n int) (all []string) {
	t.Helper()
	for i := range n {
		all = append(all, fetch(t, newFakeV4(t, headerState{Version: i}).activities(t), v4URI).HeaderHash)
	}
	return all
}

func TestFirstAttemptV4ReadsHeaderThenActsWithStepGuard(t *testing.T) {
	t.Parallel()
	for via, uri := range addressOf {
		for act, c := range map[expense.Action]struct{ name, path, body string }{
			expense.Approve:  {"approve", writesAPI + "/approve", `{"currentSequence":3,"expectedStepCode":"EXTVAL"}`},
			expense.SendBack: {"send back", writesAPI + "/sendBack", `{"comment":"A receipt is missing & wanted.","currentSequence":3,"expectedStepCode":"EXTVAL"}`},
		} {
			n := newFakeV4(t)
			acts := n.activities(t, guarded, requestTimeout(time.Hour))
			in := actionV4(act)
			in.ObjectURI, in.Via = uri, via
			require.Zero(t, take(t, attempt{}, acts, in))
			header := map[expense.Interface]string{expense.V3: "header v3", expense.V4: "header"}[via]
			require.Equal(t, []string{header, c.name}, except(n.requestNames(), "read"))
			last := n.requests()[len(n.requests())-1]
			require.Equal(t, c.path, last.path)
			require.Equal(t, c.body, last.body)
		}
	}
	t.Run("and sends a person's comment", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		in := actionV4(expense.Approve)
		in.Comment = "Fine <by> me."
		take(t, attempt{}, n.activities(t), in)
		require.JSONEq(t, `{"comment":"Fine <by> me."}`, n.requests()[1].body)
	})
}

func TestActionV4IsNotSentToReportAtAnotherValidation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found headerState
		want  expense.ReportState
	}{
		"approved":        {headerState{Status: "A_APPR"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}},
		"recalled":        {headerState{Status: "A_RESU"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}},
		"submitted again": {headerState{Submitted: "2026-11-04T10:00:00Z"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV " + reportID + " 2026-11-04T10:00:00"}},
		"deleted":         {headerState{Gone: true}, expense.ReportState{Kind: expense.NotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
				n := newFakeV4(t, c.found)
				require.Equal(t, expense.ActionTaken{ReportState: c.want}, take(t, attempt{}, n.activities(t), actionV4(act)))
				require.Equal(t, []string{"header"}, n.requestNames())
			}
		})
	}
}

func TestLaterAttemptV4ReadsWhatEarlierAttemptDid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action    expense.Action
		found     headerState
		confirmed bool
	}{
		"approved, and the report has moved forward":     {expense.Approve, headerState{Status: "A_APPR"}, true},
		"approved, and the report was sent back":         {expense.Approve, headerState{Status: "A_RESU"}, false},
		"approved, and the report is gone":               {expense.Approve, headerState{Gone: true}, false},
		"approved, and the report was submitted again":   {expense.Approve, headerState{Submitted: "2026-11-04T10:00:00Z"}, false},
		"sent back, and the report was sent back":        {expense.SendBack, headerState{Status: "A_RESU"}, true},
		"sent back, and the report is not submitted":     {expense.SendBack, headerState{Status: "A_NOTF"}, true},
		"sent back, and the report has moved forward":    {expense.SendBack, headerState{Status: "A_APPR"}, false},
		"sent back, and the report was submitted again":  {expense.SendBack, headerState{Submitted: "2026-11-04T10:00:00Z"}, false},
		"approved, and the report waits for an approver": {expense.Approve, headerState{Status: "A_PEND"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t, c.found)
			got := take(t, attempt{number: 2}, n.activities(t), actionV4(c.action))
			require.Equal(t, c.confirmed, got.Confirmed)
			require.True(t, got.OutcomeUnknown)
			require.False(t, got.MayHaveMoved)
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"header"}, n.requestNames())
		})
	}
}

func TestActionV4IsSentOnlyUnderTheEvaluatedHeader(t *testing.T) {
	t.Parallel()
	m := headerHashes(t, 3)
	for name, c := range map[string]struct {
		attempt attempt
		input   expense.Attempt
		now     int // the version of the header
		acts    bool
	}{
		"the first, same header":                {attempt{}, expense.Attempt{OriginalRunID: runID, HeaderHash: m[1]}, 1, true},
		"the first, another header":             {attempt{}, expense.Attempt{OriginalRunID: runID, HeaderHash: m[1]}, 2, false},
		"after a stored header, same header":    {attempt{number: 2, details: "sending " + m[1]}, expense.Attempt{HeaderHash: m[1]}, 1, true},
		"after a stored header, another header": {attempt{number: 2, details: "sending " + m[1]}, expense.Attempt{HeaderHash: m[1]}, 2, false},
		"second attempt, same header":           {attempt{number: 2}, expense.Attempt{HeaderHash: m[1]}, 1, true},
		"second attempt, another header":        {attempt{number: 2}, expense.Attempt{HeaderHash: m[1]}, 2, false},
		"unknown outcome, same header":          {attempt{}, expense.Attempt{OriginalRunID: runID, OutcomeUnknown: true, HeaderHash: m[1]}, 1, true},
		"unknown outcome, another header":       {attempt{}, expense.Attempt{OriginalRunID: runID, OutcomeUnknown: true, HeaderHash: m[1]}, 2, false},
		"reset run, another header":             {attempt{}, expense.Attempt{OriginalRunID: "another", HeaderHash: m[1]}, 2, false},
		"reset attempts, another header":        {attempt{number: 1, details: "sending " + m[1]}, expense.Attempt{OriginalRunID: runID, HeaderHash: m[1]}, 2, false},
		"no header hash":                        {attempt{number: 2}, expense.Attempt{}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit = 40 * time.Millisecond
			n := newFakeV4(t, headerState{Version: c.now})
			in := actionV4(expense.Approve)
			in.Attempt = c.input
			in.Via = expense.V4
			began := time.Now()
			got := take(t, c.attempt, n.activities(t, requestTimeout(limit)), in)
			first := strings.HasPrefix(name, "the first")
			if !first {
				require.GreaterOrEqual(t, n.requests()[0].at.Sub(began), limit)
			}
			if c.acts {
				require.Zero(t, got)
				require.Equal(t, []string{"header", "approve"}, n.requestNames())
				return
			}
			require.Equal(t, expense.ActionTaken{
				ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: validationV4}, OutcomeUnknown: !first, MayHaveMoved: true,
			}, got)
			require.Equal(t, []string{"header"}, n.requestNames())
		})
	}
}

func TestHeartbeatStoresHeaderHashBeforeWrite(t *testing.T) {
	t.Parallel()
	m := headerHashes(t, 1)[0]
	t.Run("before the write is sent", func(t *testing.T) {
		t.Parallel()
		var noted []any
		n := newFakeV4(t)
		acts := n.activities(t, heartbeat(func(_ context.Context, details ...any) error { noted = details; return nil }))
		n.on("approve", func(w http.ResponseWriter, _ *http.Request) {
			require.Equal(t, []any{"sending " + m}, noted)
			w.WriteHeader(http.StatusNoContent)
		})
		require.Zero(t, take(t, attempt{timeout: time.Minute}, acts, actionV4(expense.Approve)))
	})
	t.Run("a waiting attempt repeats what was stored", func(t *testing.T) {
		t.Parallel()
		for _, before := range []string{"sending m", "sending"} {
			var mu sync.Mutex
			var noted [][]any
			n := newFakeV4(t, headerState{Status: "A_APPR"})
			acts := n.activities(t, requestTimeout(200*time.Millisecond), heartbeat(func(_ context.Context, details ...any) error {
				mu.Lock()
				defer mu.Unlock()
				noted = append(noted, details)
				return nil
			}))
			take(t, attempt{number: 2, details: before, timeout: 200 * time.Millisecond}, acts, actionV4(expense.Approve))
			mu.Lock()
			require.NotEmpty(t, noted)
			for _, details := range noted {
				require.Equal(t, []any{before}, details)
			}
			mu.Unlock()
		}
	})
}

func TestRefusalV4IsExplainedByAnotherRead(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]http.HandlerFunc{
		"of the step":                  refusedV4("invalid_action"),
		"of a report that is blocked":  refusedV4("step_exit_blocking_by_exception"),
		"of one without an approver":   refusedV4("no_approver.change_my_info"),
		"of a report that is not here": respond(http.StatusNotFound, "{}"),
	} {
		for where, found := range map[string]headerState{
			"moved on": {Status: "A_APPR"}, "gone": {Gone: true}, "submitted again": {Submitted: "2026-11-04T10:00:00Z"},
		} {
			n := newFakeV4(t, headerState{}, found)
			n.on("approve", refusal)
			got := take(t, attempt{}, n.activities(t), actionV4(expense.Approve))
			require.NotEmpty(t, got.Kind, "%s, %s", name, where)
			require.False(t, got.Confirmed)
			require.Equal(t, []string{"header", "approve", "header"}, n.requestNames())
		}
	}
	t.Run("the error of a report that still waits has Concur's words", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("approve", refusedV4("invalid_action"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
		e := failed(t, err, expense.Rejected)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "In Concur's words.")
	})
	t.Run("the error names the missing scope", func(t *testing.T) {
		t.Parallel()
		for status, kind := range map[int]expense.Kind{401: expense.Unauthorized, 403: expense.Forbidden, 503: expense.Unavailable} {
			n := newFakeV4(t)
			n.on("approve", respond(status, `{"errorMessage":"In Concur's words."}`))
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
			e := failed(t, err, kind)
			var detail expense.FailedWrite
			require.NoError(t, e.Details(&detail))
			require.False(t, detail.OutcomeUnknown)
			require.Equal(t, kind == expense.Forbidden, strings.Contains(e.Message(), "expense.report.workflowstatus.write"))
		}
	})
}

func TestErrorNamesBlockingExceptions(t *testing.T) {
	t.Parallel()
	blocking := func(e expense.ExistingException) expense.ExistingException { e.Blocking = true; return e }
	allocation := blocking(existingOn(expense.OnAllocation, "A2", "COSTCTR"))
	allocation.ExpenseID = "E2"
	acting := func(n *fakeV4) string {
		n.on("approve", refusedV4("step_exit_blocking_by_exception"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
		e := failed(t, err, expense.Blocked)
		require.True(t, e.NonRetryable())
		var detail expense.FailedWrite
		require.NoError(t, e.Details(&detail))
		require.False(t, detail.OutcomeUnknown)
		return e.Message()
	}
	t.Run("on every object", func(t *testing.T) {
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{blocking(existingOn(expense.OnReport, "", "LATE")), existingOn(expense.OnEntry, "E1", "MILD"), blocking(existingOn(expense.OnEntry, "E1", "NORECPT")), allocation}
		said := acting(n)
		require.Contains(t, said, "blocking exceptions: LATE on report, NORECPT on entry E1, COSTCTR on allocation A2: In Concur's words.")
		require.NotContains(t, said, "MILD")
	})
	t.Run("at most ten of them", func(t *testing.T) {
		n := newFakeV4(t)
		for i := range 12 {
			n.existing = append(n.existing, blocking(existingOn(expense.OnEntry, fmt.Sprint("E", i), "X")))
		}
		require.NotContains(t, acting(n), "E10")
	})
	t.Run("unless Concur does not list them", func(t *testing.T) {
		n := newFakeV4(t)
		n.on("exceptions", respond(http.StatusForbidden, "{}"))
		require.Contains(t, acting(n), "In Concur's words.")
		require.NotContains(t, acting(newFakeV4(t)), "blocking exceptions", "or Concur lists none")
	})
	t.Run("by v1.1 they are not listed", func(t *testing.T) {
		n := newFakeV4(t)
		n.on("act", refusedV4("step_exit_blocking_by_exception"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, action(expense.Approve))
		require.Contains(t, failed(t, err, expense.Blocked).Message(), "In Concur's words.")
		require.Equal(t, []string{"read", "act", "read"}, n.requestNames())
	})
}

func TestLostAnswerV4LeavesOutcomeUnknown(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"an error of the server":         respond(http.StatusInternalServerError, `{"errorMessage":"Retry your request again"}`),
		"a bad gateway":                  respond(http.StatusBadGateway, "<html>"),
		"a web page":                     respond(http.StatusOK, "<!DOCTYPE html><html></html>"),
		"a success that speaks of error": respond(http.StatusOK, `{"errorMessage":"no","errorId":"x.y"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			n.on("approve", answer)
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
			e := failed(t, err, expense.OutcomeUnknown)
			require.False(t, e.NonRetryable())
			var detail expense.FailedWrite
			require.NoError(t, e.Details(&detail))
			require.True(t, detail.OutcomeUnknown)
			require.Equal(t, []string{"header", "approve"}, n.requestNames())
		})
	}
}

func TestActionV4IsNotSentWhenNotAllowed(t *testing.T) {
	t.Parallel()
	t.Run("not an action of Concur", func(t *testing.T) {
		t.Parallel()
		for _, none := range []expense.Action{expense.Ask, ""} {
			for _, in := range []expense.TakeActionInput{actionV4(none), actionOnRequest(none)} {
				n := newFakeV4(t)
				_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, in)
				require.True(t, failed(t, err, expense.InvalidArgument).NonRetryable())
				require.NotContains(t, n.requestNames(), "approve")
				require.NotContains(t, n.requestNames(), "approve request")
			}
		}
	})
	t.Run("writes are off", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})).TakeAction, actionV4(expense.Approve))
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		require.Equal(t, []string{"header"}, n.requestNames())
	})
	t.Run("dry run", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		got := take(t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesDryRun})), actionV4(expense.SendBack))
		require.Equal(t, expense.DryRunMode, got.DryRun)
		require.Equal(t, []string{"header"}, n.requestNames())
	})
	t.Run("send-back limit", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		in := actionV4(expense.SendBack)
		in.ByRules = true
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, func(o *activities.Options) {
			o.SendBackLimit = activities.SendBackLimit{Counter: &counter{reason: "too many"}, SendBacks: 1}
		}).TakeAction, in)
		failed(t, err, expense.SendBackLimitReached)
		require.Equal(t, []string{"header"}, n.requestNames())
	})
	t.Run("invalid step guard or interface", func(t *testing.T) {
		t.Parallel()
		options := newFakeV4(t).options(t)
		options.Guard = concur.Guard{"stepCode": "X"}
		_, err := activities.New(options)
		require.ErrorContains(t, err, "stepCode")
		options.Guard, options.Interface.Via = nil, "v5"
		_, err = activities.New(options)
		require.ErrorContains(t, err, "v5")
	})
}

func TestRejectedExpenseCommentIsSentOnlyWhenConcurAsks(t *testing.T) {
	t.Parallel()
	const why = "Your approver has rejected an expense."
	// asks refuses approvals without the comment.
	asks := func(n *fakeV4) *fakeV4 {
		return &fakeV4{fakeConcur: n.on("approve", func(w http.ResponseWriter, r *http.Request) {
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
	t.Run("after another read, and once", func(t *testing.T) {
		t.Parallel()
		n := asks(newFakeV4(t))
		require.Zero(t, take(t, attempt{}, n.activities(t, guarded), acting()))
		require.Equal(t, []string{"header", "approve", "header", "approve"}, n.requestNames())
		require.JSONEq(t, `{"currentSequence":3,"expectedStepCode":"EXTVAL"}`, n.requests()[1].body)
		require.JSONEq(t, `{"currentSequence":3,"expectedStepCode":"EXTVAL","expenseRejectedComment":"`+why+`"}`, n.requests()[3].body)
	})
	t.Run("not if Concur approves without it", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		require.Zero(t, take(t, attempt{}, n.activities(t), acting()))
		require.JSONEq(t, `{}`, n.requests()[1].body)
	})
	t.Run("not to a report that has moved", func(t *testing.T) {
		t.Parallel()
		for _, found := range []headerState{{Status: "A_APPR"}, {Status: "A_RESU"}, {Gone: true}, {Version: 2}} {
			n := asks(newFakeV4(t, headerState{}, found))
			got := take(t, attempt{}, n.activities(t), acting())
			require.NotEmpty(t, got.Kind)
			require.False(t, got.Confirmed, "Concur has refused our action")
			require.False(t, got.OutcomeUnknown)
			require.Equal(t, []string{"header", "approve", "header"}, n.requestNames())
		}
	})
	t.Run("also after the token had ended", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		header, ended := n.header, respond(http.StatusForbidden, `{"errorMessage":"The token has expired."}`)
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
		require.Equal(t, []string{"header", "approve", "header", "header", "approve", "header", "approve"}, n.requestNames())
		sent := n.requests()
		require.Contains(t, sent[len(sent)-1].body, why)
	})
	t.Run("and the second refusal is final", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("approve", refusedV4("rejectedExpenseMissingComments"))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, acting())
		require.True(t, failed(t, err, expense.CommentMissing).NonRetryable())
		require.Equal(t, []string{"header", "approve", "header", "approve", "header"}, n.requestNames())
	})
}

func TestMissingCommentErrorNamesItsSetting(t *testing.T) {
	t.Parallel()
	for code, setting := range map[string]string{
		"missingComments": "settings.approveComment", "CostObjectChangeMissingComments": "settings.approveComment",
		"BudgetObjectChangeMissingComments": "settings.approveComment", "rejectedExpenseMissingComments": "settings.expenseRejectedComment",
	} {
		n := newFakeV4(t)
		n.on("approve", refusedV4(code))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
		e := failed(t, err, expense.CommentMissing)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "In Concur's words.")
		var detail expense.FailedWrite
		require.NoError(t, e.Details(&detail))
		require.Contains(t, detail.Fix, setting)
		require.False(t, detail.OutcomeUnknown)
		require.Equal(t, []string{"header", "approve", "header"}, n.requestNames())
	}
}
