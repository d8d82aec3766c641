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
	in := expense.TakeActionInput{Attempt: original, ObjectURI: objectURI, ValidationID: stopOne, Action: a}
	if a == expense.SendBack {
		in.Comment = "A receipt is missing & wanted."
	}
	return in
}

func TestTheFirstAttemptReadsAndThenActs(t *testing.T) {
	t.Parallel()
	for act, words := range map[expense.Action]string{
		expense.Approve:  "<Action>Approve</Action>",
		expense.SendBack: "<Action>Send Back to Employee</Action><Comment>A receipt is missing &amp; wanted.</Comment>",
	} {
		h := newHouse(t, page{Status: "A_EXTV", Step: stepOne + "?session=3"})
		acts := h.activities(t, answerLimit(time.Hour)) // it does not wait
		got, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(act))
		require.NoError(t, err)
		require.Zero(t, got)
		require.Equal(t, []string{"read", "act"}, h.seen())
		require.Equal(t, reportAPI+"report/nStep$1/WorkFlowAction", h.requests()[1].path)
		require.Contains(t, h.requests()[1].body, words)
	}
}

func TestNothingIsSentToAReportThatIsNotAtTheStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found page
		want  expense.ReportState
	}{
		"at the next stop":          {page{Status: "A_EXTV", Step: stepTwo}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV " + reportAPI + "report/nStep$2/WorkFlowAction"}},
		"waiting without a step":    {page{Status: "A_EXTV", withoutStepURL: true}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV"}},
		"passed on by somebody":     {page{Status: "A_APPR", Step: stepOne}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}},
		"recalled by the employee":  {page{Status: "A_RESU", Step: stepOne}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}},
		"with a status of its own":  {page{Status: "X_7", Step: stepOne}, expense.ReportState{Kind: expense.NotWaiting, Status: "X_7"}},
		"deleted":                   {page{Gone: true}, expense.ReportState{Kind: expense.NotFound}},
		"waiting, with a wild step": {page{Status: "A_EXTV", Step: "https://evil.example/x"}, expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: "A_EXTV /x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
				h := newHouse(t, c.found)
				got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(act))
				require.NoError(t, err)
				require.Equal(t, expense.ActionTaken{ReportState: c.want}, got, "a first attempt has no doubt, and confirms nothing")
				require.Equal(t, []string{"read"}, h.seen())
			}
		})
	}
}

func TestAHostWithTheSamePathIsNotTheSamePlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, page{Status: "A_EXTV", Step: "https://evil.example" + reportAPI + "report/nStep$1/WorkFlowAction"})
	_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
	require.True(t, failed(t, err, expense.Untrusted).NonRetryable())
	require.Equal(t, []string{"read"}, h.seen())
}

// doubtful are the ways in which an attempt may not be the first.
var doubtful = map[string]struct {
	attempt attempt
	told    expense.Attempt
}{
	"a second attempt":                     {attempt{number: 2}, original},
	"a hundredth attempt":                  {attempt{number: 100}, original},
	"an attempt with heartbeat details":    {attempt{details: "sending"}, original},
	"an attempt after a write in doubt":    {attempt{}, expense.Attempt{OriginalRunID: runID, OutcomeUnknown: true}},
	"an attempt of a run that was reset":   {attempt{}, expense.Attempt{OriginalRunID: "another-run"}},
	"an attempt that knows no run":         {attempt{}, expense.Attempt{}},
	"an attempt that is all of it at once": {attempt{number: 2, details: "sending"}, expense.Attempt{OriginalRunID: "another-run", OutcomeUnknown: true}},
}

func TestEveryOtherAttemptWaitsAndThenReads(t *testing.T) {
	t.Parallel()
	const limit = 60 * time.Millisecond
	for name, c := range doubtful {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, page{Status: "A_APPR"})
			in := action(expense.Approve)
			in.Attempt = c.told
			began := time.Now()
			got, err := run[expense.ActionTaken](t, c.attempt, h.activities(t, answerLimit(limit)).TakeAction, in)
			require.NoError(t, err)
			require.Equal(t, expense.ActionTaken{
				ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, Confirmed: true, OutcomeUnknown: true,
			}, got)
			require.Equal(t, []string{"read"}, h.seen())
			require.GreaterOrEqual(t, h.requests()[0].at.Sub(began), limit)
		})
	}
}

func TestADoubtfulAttemptReadsWhatBecameOfTheOneBefore(t *testing.T) {
	t.Parallel()
	next := page{Status: "A_EXTV", Step: stepTwo}
	for name, c := range map[string]struct {
		action    expense.Action
		found     page
		confirmed bool
	}{
		"passed on, and it has left forward":       {expense.Approve, page{Status: "A_APPR"}, true},
		"passed on, and it waits at the next stop": {expense.Approve, next, true},
		"passed on, and it was sent back":          {expense.Approve, page{Status: "A_RESU"}, false},
		"passed on, and it is not submitted":       {expense.Approve, page{Status: "A_NOTF"}, false},
		"passed on, and it is gone":                {expense.Approve, page{Gone: true}, false},
		"sent back, and it was sent back":          {expense.SendBack, page{Status: "A_RESU"}, true},
		"sent back, and it is not submitted":       {expense.SendBack, page{Status: "A_NOTF"}, true},
		"sent back, and it has left forward":       {expense.SendBack, page{Status: "A_APPR"}, false},
		"sent back, and it waits at the next stop": {expense.SendBack, next, false},
		"sent back, and it is gone":                {expense.SendBack, page{Gone: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, c.found)
			got, err := run[expense.ActionTaken](t, attempt{number: 2}, h.activities(t).TakeAction, action(c.action))
			require.NoError(t, err)
			require.Equal(t, c.confirmed, got.Confirmed)
			require.True(t, got.OutcomeUnknown)
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"read"}, h.seen())
		})
	}
	t.Run("still at the stop, it acts, once", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		got, err := run[expense.ActionTaken](t, attempt{number: 2}, h.activities(t).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Zero(t, got)
		require.Equal(t, []string{"read", "act"}, h.seen())
	})
}

func TestARefusalIsExplainedByAnotherRead(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]http.HandlerFunc{
		"a failure inside 200":     says(http.StatusOK, failure),
		"a bad request":            says(http.StatusBadRequest, "<Error><Message>The report was changed by somebody.</Message></Error>"),
		"a step that is not known": says(http.StatusNotFound, ""),
	} {
		for where, found := range map[string]page{
			"moved on": {Status: "A_APPR"}, "gone": {Gone: true}, "at another stop": {Status: "A_EXTV", Step: stepTwo},
		} {
			t.Run(name+", and it has "+where, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, waiting(), found).on("act", refusal)
				got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
				require.NoError(t, err)
				require.NotEmpty(t, got.Kind)
				require.False(t, got.Confirmed, "Concur has said that it was not us")
				require.Equal(t, []string{"read", "act", "read"}, h.seen())
			})
		}
	}
	t.Run("still at the stop, a person reads Concur's words", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting()).on("act", says(http.StatusOK, failure))
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		e := failed(t, err, expense.Rejected)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "The report was changed by somebody.")
		require.Equal(t, []string{"read", "act", "read"}, h.seen())
	})
	t.Run("an unknown step at the same stop is not tried again", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting()).on("act", says(http.StatusNotFound, ""))
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Rejected).NonRetryable())
	})
	t.Run("a read that fails says so, and is retried", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		h.on("act", func(w http.ResponseWriter, r *http.Request) {
			h.on("read", says(http.StatusServiceUnavailable, ""))
			says(http.StatusOK, failure)(w, r)
		})
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
	})
}

func TestALostAnswerIsRetriedAsDoubt(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		says(http.StatusOK, "<ActionStatus><Status>SUCC")(w, nil)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"an error of the server": says(http.StatusInternalServerError, ""),
		"a bad gateway":          says(http.StatusBadGateway, "<html>"),
		"a web page":             says(http.StatusOK, "<!DOCTYPE html><html><body>Sign in</body></html>"),
		"an empty body":          says(http.StatusOK, ""),
		"a body that was cut":    cut,
		"a body of another kind": says(http.StatusOK, "<ReportDetails/>"),
		"no answer in time":      never,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, waiting()).on("act", answer)
			options := h.options(t)
			options.Concur = h.client(t, func(o *concur.Options) {
				if name == "no answer in time" {
					o.AnswerLimit = 500 * time.Millisecond
				}
			})
			acts := mustNew(t, options)
			_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(expense.Approve))
			require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
			require.Equal(t, []string{"read", "act"}, h.seen())
		})
	}
}

func TestAReportThatWasChangedAtItsStopIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	judged := func(t *testing.T) expense.Attempt {
		t.Helper()
		read, err := run[expense.FetchedReport](t, attempt{}, newHouse(t, waiting()).activities(t).FetchReport, expense.FetchReportInput{ObjectURI: objectURI})
		require.NoError(t, err)
		require.NotEmpty(t, read.ContentHashes)
		a := original
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
			h := newHouse(t, c.page)
			taken, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction,
				expense.TakeActionInput{Attempt: judged(t), ObjectURI: objectURI, ValidationID: stopOne, Action: expense.Approve})
			require.NoError(t, err)
			require.Equal(t, c.moved, taken.MayHaveMoved)
			require.Equal(t, wants("read", "act"), h.seen())

			h = newHouse(t, c.page)
			posted, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, expense.PostExceptionsInput{
				Attempt: judged(t), ObjectURI: objectURI, ValidationID: stopOne,
				Exceptions: []expense.Exception{{ObjectType: expense.OnEntry, ObjectID: "e1", Code: "NORECPT"}},
			})
			require.NoError(t, err)
			require.Equal(t, c.moved, posted.MayHaveMoved)
			require.Equal(t, wants("read", "post"), h.seen())
		})
	}
}
