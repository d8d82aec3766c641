package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func action(a expense.Action) expense.TakeActionInput {
	in := expense.TakeActionInput{Attempt: firstAttempt, ObjectURI: objectURI, ValidationID: validationOne, Action: a}
	if a == expense.SendBack {
		in.Comment = "A receipt is missing & wanted."
	}
	return in
}

func TestFirstAttemptReadsThenActs(t *testing.T) {
	t.Parallel()
	for act, words := range map[expense.Action]string{
		expense.Approve:  "<Action>Approve</Action>",
		expense.SendBack: "<Action>Send Back to Employee</Action><Comment>A receipt is missing &amp; wanted.</Comment>",
	} {
		h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne + "?session=3"})
		acts := h.activities(t, requestTimeout(time.Hour)) // it does not wait
		got, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(act))
		require.NoError(t, err)
		require.Zero(t, got)
		require.Equal(t, []string{"read", "act"}, h.requestNames())
		require.Equal(t, reportAPI+"report/nStep$1/WorkFlowAction", h.requests()[1].path)
		require.Contains(t, h.requests()[1].body, words)
	}
}

func TestActionIsNotSentToReportAtAnotherValidation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found page
		want  expense.ReportState
	}{
		"at the next step":                           {page{Status: "A_EXTV", Step: stepTwo}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV " + reportAPI + "report/nStep$2/WorkFlowAction"}},
		"waiting without a step":                     {page{Status: "A_EXTV", withoutStepURL: true}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV"}},
		"approved by somebody else":                  {page{Status: "A_APPR", Step: stepOne}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}},
		"recalled by the employee":                   {page{Status: "A_RESU", Step: stepOne}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}},
		"with a status that the company has defined": {page{Status: "X_7", Step: stepOne}, expense.ReportState{Kind: expense.NotWaiting, Status: "X_7"}},
		"deleted": {page{Gone: true}, expense.ReportState{Kind: expense.NotFound}},
		"waiting, with an action URL on another host": {page{Status: "A_EXTV", Step: "https://evil.example/x"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV /x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
				h := newFakeConcur(t, c.found)
				got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(act))
				require.NoError(t, err)
				require.Equal(t, expense.ActionTaken{ReportState: c.want}, got, "a first attempt has a known outcome and confirms nothing")
				require.Equal(t, []string{"read"}, h.requestNames())
			}
		})
	}
}

func TestActionURLOnAnotherHostIsUntrusted(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, page{Status: "A_EXTV", Step: "https://evil.example" + reportAPI + "report/nStep$1/WorkFlowAction"})
	_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
	require.True(t, failed(t, err, expense.Untrusted).NonRetryable())
	require.Equal(t, []string{"read"}, h.requestNames())
}

// notFirst are the ways to know that an attempt may not be the first one.
var notFirst = map[string]struct {
	attempt attempt
	input   expense.Attempt
}{
	"a second attempt":                                  {attempt{number: 2}, firstAttempt},
	"a hundredth attempt":                               {attempt{number: 100}, firstAttempt},
	"an attempt with heartbeat details":                 {attempt{details: "sending"}, firstAttempt},
	"an attempt after a write whose outcome is unknown": {attempt{}, expense.Attempt{OriginalRunID: runID, OutcomeUnknown: true}},
	"an attempt of a run that was reset":                {attempt{}, expense.Attempt{OriginalRunID: "another-run"}},
	"an attempt without an original run":                {attempt{}, expense.Attempt{}},
	"an attempt with all of these at once":              {attempt{number: 2, details: "sending"}, expense.Attempt{OriginalRunID: "another-run", OutcomeUnknown: true}},
}

func TestLaterAttemptWaitsThenReads(t *testing.T) {
	t.Parallel()
	const limit = 60 * time.Millisecond
	for name, c := range notFirst {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, page{Status: "A_APPR"})
			in := action(expense.Approve)
			in.Attempt = c.input
			began := time.Now()
			got, err := run[expense.ActionTaken](t, c.attempt, h.activities(t, requestTimeout(limit)).TakeAction, in)
			require.NoError(t, err)
			require.Equal(t, expense.ActionTaken{
				ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, Confirmed: true, OutcomeUnknown: true,
			}, got)
			require.Equal(t, []string{"read"}, h.requestNames())
			require.GreaterOrEqual(t, h.requests()[0].at.Sub(began), limit)
		})
	}
}

func TestLaterAttemptReadsWhatEarlierAttemptDid(t *testing.T) {
	t.Parallel()
	next := page{Status: "A_EXTV", Step: stepTwo}
	for name, c := range map[string]struct {
		action    expense.Action
		found     page
		confirmed bool
	}{
		"approved, and the report has moved forward":       {expense.Approve, page{Status: "A_APPR"}, true},
		"approved, and the report waits at the next step":  {expense.Approve, next, true},
		"approved, and the report was sent back":           {expense.Approve, page{Status: "A_RESU"}, false},
		"approved, and the report is not submitted":        {expense.Approve, page{Status: "A_NOTF"}, false},
		"approved, and the report is gone":                 {expense.Approve, page{Gone: true}, false},
		"sent back, and the report was sent back":          {expense.SendBack, page{Status: "A_RESU"}, true},
		"sent back, and the report is not submitted":       {expense.SendBack, page{Status: "A_NOTF"}, true},
		"sent back, and the report has moved forward":      {expense.SendBack, page{Status: "A_APPR"}, false},
		"sent back, and the report waits at the next step": {expense.SendBack, next, false},
		"sent back, and the report is gone":                {expense.SendBack, page{Gone: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, c.found)
			got, err := run[expense.ActionTaken](t, attempt{number: 2}, h.activities(t).TakeAction, action(c.action))
			require.NoError(t, err)
			require.Equal(t, c.confirmed, got.Confirmed)
			require.True(t, got.OutcomeUnknown)
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"read"}, h.requestNames())
		})
	}
	t.Run("a report that still waits is acted on once", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		got, err := run[expense.ActionTaken](t, attempt{number: 2}, h.activities(t).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Zero(t, got)
		require.Equal(t, []string{"read", "act"}, h.requestNames())
	})
}

func TestRefusalIsExplainedByAnotherRead(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]http.HandlerFunc{
		"a failure inside 200":     respond(http.StatusOK, failure),
		"a bad request":            respond(http.StatusBadRequest, "<Error><Message>The report was changed by somebody.</Message></Error>"),
		"a step that is not known": respond(http.StatusNotFound, ""),
	} {
		for where, found := range map[string]page{
			"moved on": {Status: "A_APPR"}, "gone": {Gone: true}, "at another step": {Status: "A_EXTV", Step: stepTwo},
		} {
			t.Run(name+", and it has "+where, func(t *testing.T) {
				t.Parallel()
				h := newFakeConcur(t, waiting(), found).on("act", refusal)
				got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
				require.NoError(t, err)
				require.NotEmpty(t, got.Kind)
				require.False(t, got.Confirmed, "Concur has refused our action")
				require.Equal(t, []string{"read", "act", "read"}, h.requestNames())
			})
		}
	}
	t.Run("the error of a report that still waits has Concur's words", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("act", respond(http.StatusOK, failure))
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		e := failed(t, err, expense.Rejected)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "The report was changed by somebody.")
		require.Equal(t, []string{"read", "act", "read"}, h.requestNames())
	})
	t.Run("a 404 for a report that still waits is not retried", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("act", respond(http.StatusNotFound, ""))
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Rejected).NonRetryable())
	})
	t.Run("a failed read is retried", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		h.on("act", func(w http.ResponseWriter, r *http.Request) {
			h.on("read", respond(http.StatusServiceUnavailable, ""))
			respond(http.StatusOK, failure)(w, r)
		})
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
	})
}

func TestLostAnswerLeavesOutcomeUnknown(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		respond(http.StatusOK, "<ActionStatus><Status>SUCC")(w, nil)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"an error of the server": respond(http.StatusInternalServerError, ""),
		"a bad gateway":          respond(http.StatusBadGateway, "<html>"),
		"a web page":             respond(http.StatusOK, "<!DOCTYPE html><html><body>Sign in</body></html>"),
		"an empty body":          respond(http.StatusOK, ""),
		"a body that was cut":    cut,
		"a body of another kind": respond(http.StatusOK, "<ReportDetails/>"),
		"no answer in time":      hang,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting()).on("act", answer)
			options := h.options(t)
			options.Concur = h.client(t, func(o *concur.Options) {
				if name == "no answer in time" {
					o.RequestTimeout = 500 * time.Millisecond
				}
			})
			acts := mustNew(t, options)
			_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(expense.Approve))
			require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
			require.Equal(t, []string{"read", "act"}, h.requestNames())
		})
	}
}

func TestReportChangedSinceEvaluationIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	evaluated := func(t *testing.T) expense.Attempt {
		t.Helper()
		read, err := run[expense.FetchedReport](t, attempt{}, newFakeConcur(t, waiting()).activities(t).FetchReport, expense.FetchReportInput{ObjectURI: objectURI})
		require.NoError(t, err)
		require.NotEmpty(t, read.ContentHashes)
		a := firstAttempt
		a.Via, a.ContentHashes = expense.V1, read.ContentHashes
		return a
	}
	edited, flagged := waiting(), waiting()
	edited.Purpose = "somebody has edited it"
	flagged.Flag, flagged.Flag1 = "Y", "Y"
	for name, c := range map[string]struct {
		page  page
		moved bool
	}{"edited": {edited, true}, "flagged": {flagged, false}, "as it was": {waiting(), false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants := func(requests ...string) []string {
				if c.moved {
					return requests[:1]
				}
				return requests
			}
			h := newFakeConcur(t, c.page)
			taken, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction,
				expense.TakeActionInput{Attempt: evaluated(t), ObjectURI: objectURI, ValidationID: validationOne, Action: expense.Approve})
			require.NoError(t, err)
			require.Equal(t, c.moved, taken.MayHaveMoved)
			require.Equal(t, wants("read", "act"), h.requestNames())

			h = newFakeConcur(t, c.page)
			posted, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, expense.PostExceptionsInput{
				Attempt: evaluated(t), ObjectURI: objectURI, ValidationID: validationOne,
				Exceptions: []expense.Exception{{ObjectType: expense.OnEntry, ObjectID: "e1", Code: "NORECPT"}},
			})
			require.NoError(t, err)
			require.Equal(t, c.moved, posted.MayHaveMoved)
			require.Equal(t, wants("read", "post"), h.requestNames())
		})
	}
}

func TestADocumentOfV2IsActedOnLikeOneOfV11(t *testing.T) {
	t.Parallel()
	const document = `<ReportDetails xmlns="http://www.concursolutions.com/api/expense/expensereport/2012/07"><ReportID>0B1C</ReportID><ApprovalStatusCode>A_EXTV</ApprovalStatusCode>` +
		`<CurrencyCode>USD</CurrencyCode><WorkflowActionURL>` + stepOne + `</WorkflowActionURL><ExpenseEntriesList><ExpenseEntry><ReportEntryID>e1</ReportEntryID></ExpenseEntry></ExpenseEntriesList></ReportDetails>`
	h := newFakeConcur(t, waiting()).on("read", respond(http.StatusOK, document))
	in := action(expense.Approve)
	read := fetch(t, h.activities(t), objectURI)
	in.Via, in.ContentHashes = read.Via, read.ContentHashes
	require.Equal(t, expense.V2, in.Via)
	require.Empty(t, take(t, attempt{}, h.activities(t), in).Kind)
	require.Equal(t, []string{"read", "read", "act"}, h.requestNames())
}
