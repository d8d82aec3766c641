package activities_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

var onReport = expense.Exception{ObjectType: expense.OnReport, Code: "LATE"}

func onEntry(id string) expense.Exception {
	return expense.Exception{ObjectType: expense.OnEntry, ObjectID: id, Code: "NORECPT"}
}

func onAllocation(id string) expense.Exception {
	return expense.Exception{ObjectType: expense.OnAllocation, ObjectID: id, Code: "COSTCTR"}
}

func exceptions(list ...expense.Exception) expense.PostExceptionsInput {
	return expense.PostExceptionsInput{Attempt: firstAttempt, ObjectURI: objectURI, ValidationID: validationOne, Exceptions: list}
}

// result prints Concur's answer to a post: two counts and the refusals.
func result(ok, refused int, words string) string {
	return fmt.Sprintf(`<exception-result><exceptions-succeeded>%d</exceptions-succeeded><exceptions-failed>%d</exceptions-failed>%s</exception-result>`, ok, refused, words)
}

func refusal(index int, message string) string {
	return fmt.Sprintf("<error><Index>%d</Index><message>%s</message></error>", index, message)
}

func states(posted expense.PostedExceptions) []expense.PostState {
	var all []expense.PostState
	for _, item := range posted.Items {
		all = append(all, item.State)
	}
	return all
}

func TestFirstAttemptPostsAllExceptionsAfterOneRead(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne, Flag: "Y", Flag1: "Y"}) // flags say nothing to a first attempt
	in := exceptions(onReport, onEntry("e1"), onAllocation("a2"))
	got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t, requestTimeout(time.Hour)).PostExceptions, in)
	require.NoError(t, err)
	require.Equal(t, expense.ReportState{Status: "A_EXTV", ValidationID: validationOne}, got.ReportState)
	require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
	for i, e := range in.Exceptions {
		require.Equal(t, e, got.Items[i].Exception, "in the order of the input")
	}
	require.Equal(t, []string{"read", "post"}, h.requestNames())
	require.Equal(t, reportAPI+"report/nRpt$7/Exceptions", h.requests()[1].path, "the key of the report's header")
	require.Contains(t, h.requests()[1].body,
		"<Exception><Index>3</Index><ObjectType>Allocation</ObjectType><ObjectId>a2</ObjectId><ExceptionCode>COSTCTR</ExceptionCode></Exception>")
}

func TestExceptionsAreNotPostedOnReportAtAnotherValidation(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]page{
		"moved on": {Status: "A_APPR"}, "at another step": {Status: "A_EXTV", Step: stepTwo}, "gone": {Gone: true},
	} {
		for _, try := range []attempt{{}, {number: 2}} {
			h := newFakeConcur(t, found)
			got, err := run[expense.PostedExceptions](t, try, h.activities(t).PostExceptions, exceptions(onReport, onEntry("e1")))
			require.NoError(t, err, name)
			require.NotEmpty(t, got.Kind, name)
			require.Empty(t, got.Items, name)
			require.Equal(t, []string{"read"}, h.requestNames(), name)
		}
	}
}

func TestFlagsShowALaterAttemptWhatWasPosted(t *testing.T) {
	t.Parallel()
	before := func(flags ...string) expense.Flags { return expense.Flags{Entries: flags} }
	for name, c := range map[string]struct {
		on     expense.Exception
		before expense.Flags
		now    page
		want   expense.PostState
		sent   bool
	}{
		"report, N to Y: posted":                       {onReport, expense.Flags{}, page{Flag: "Y"}, expense.Posted, false},
		"report, still N: sent":                        {onReport, expense.Flags{}, page{}, expense.Posted, true},
		"report, Y before: not sent again":             {onReport, expense.Flags{Report: true}, page{Flag: "Y"}, expense.Unconfirmed, false},
		"report, Y before and N now: not sent again":   {onReport, expense.Flags{Report: true}, page{}, expense.Unconfirmed, false},
		"entry, N to Y: posted":                        {onEntry("e1"), expense.Flags{}, page{Flag1: "Y"}, expense.Posted, false},
		"entry, still N: sent":                         {onEntry("e1"), expense.Flags{}, page{}, expense.Posted, true},
		"entry, Y before: not sent again":              {onEntry("e1"), before("e1"), page{Flag1: "Y"}, expense.Unconfirmed, false},
		"entry, the report's flag proves nothing":      {onEntry("e1"), expense.Flags{}, page{Flag: "Y"}, expense.Posted, true},
		"entry, the other entry's flag proves nothing": {onEntry("e1"), before("e2"), page{Flag2: "Y"}, expense.Posted, true},
		"report, an entry's flag proves nothing":       {onReport, before("e1"), page{Flag1: "Y"}, expense.Posted, true},
		"itemization, its entry's flag":                {onEntry("i1"), expense.Flags{}, page{Flag1: "Y"}, expense.Posted, false},
		"itemization, its entry's flag before":         {onEntry("i1"), before("e1"), page{Flag1: "Y"}, expense.Unconfirmed, false},
		"itemization, still N: sent":                   {onEntry("i1"), expense.Flags{}, page{Flag2: "Y"}, expense.Posted, true},
		"allocation of an itemization, its entry's":    {onAllocation("a1"), expense.Flags{}, page{Flag1: "Y"}, expense.Posted, false},
		"allocation of an entry, its entry's":          {onAllocation("a2"), expense.Flags{}, page{Flag2: "Y"}, expense.Posted, false},
		"allocation of an entry, Y before":             {onAllocation("a2"), before("e2"), page{Flag2: "Y"}, expense.Unconfirmed, false},
		"allocation of an entry, still N: sent":        {onAllocation("a2"), expense.Flags{}, page{Flag1: "Y"}, expense.Posted, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.now.Status, c.now.Step = "A_EXTV", stepOne
			h := newFakeConcur(t, c.now)
			in := exceptions(c.on)
			in.Flags = c.before
			got, err := run[expense.PostedExceptions](t, attempt{number: 2}, h.activities(t).PostExceptions, in)
			require.NoError(t, err)
			require.Equal(t, []expense.PostState{c.want}, states(got))
			require.Equal(t, c.sent, len(h.requestNames()) == 2, "%v", h.requestNames())
		})
	}
}

func TestLaterAttemptToPostWaitsThenComparesFlags(t *testing.T) {
	t.Parallel()
	const limit = 60 * time.Millisecond
	for name, c := range notFirst {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne, Flag1: "Y"})
			in := exceptions(onEntry("e1"))
			in.Attempt = c.input
			began := time.Now()
			got, err := run[expense.PostedExceptions](t, c.attempt, h.activities(t, requestTimeout(limit)).PostExceptions, in)
			require.NoError(t, err)
			require.Equal(t, []expense.PostState{expense.Posted}, states(got))
			require.Equal(t, []string{"read"}, h.requestNames())
			require.GreaterOrEqual(t, h.requests()[0].at.Sub(began), limit)
		})
	}
}

func TestAnswerAboutEachExceptionIsAResult(t *testing.T) {
	t.Parallel()
	t.Run("a refusal of some", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("post", respond(http.StatusOK, result(2, 1, "<errors>"+refusal(2, "The code is not set up")+"</errors>")))
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions(onReport, onEntry("e1"), onEntry("e2")))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Posted, expense.Refused, expense.Posted}, states(got))
		require.Equal(t, "The code is not set up", got.Items[1].Message)
		require.Empty(t, got.Items[0].Message)
	})
	t.Run("a refusal of all", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("post", respond(http.StatusOK, result(0, 2, "<errors>"+refusal(1, "no")+refusal(2, "nor this")+"</errors>")))
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions(onReport, onEntry("e1")))
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Refused, expense.Refused}, states(got))
	})
	t.Run("an index in the answer counts the exceptions that were sent", func(t *testing.T) {
		t.Parallel()
		// The flag of e1 proves the exceptions on e1 and a1. Those on the report and e2 are sent,
		// with the indexes 1 and 2.
		h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne, Flag1: "Y"}).on("post",
			respond(http.StatusOK, result(1, 1, "<errors>"+refusal(2, "not here")+"</errors>")))
		in := exceptions(onEntry("e1"), onReport, onAllocation("a1"), onEntry("e2"))
		got, err := run[expense.PostedExceptions](t, attempt{number: 2}, h.activities(t).PostExceptions, in)
		require.NoError(t, err)
		require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted, expense.Refused}, states(got))
		require.Equal(t, "not here", got.Items[3].Message)
		body := h.requests()[1].body
		require.Equal(t, 2, strings.Count(body, "<Exception>"))
		require.Contains(t, body, "<Index>1</Index><ObjectType>Report</ObjectType>")
		require.Contains(t, body, "<Index>2</Index><ObjectType>Entry</ObjectType><ObjectId>e2</ObjectId>")
	})
	t.Run("counts that do not add up leave the outcome unknown", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("post", respond(http.StatusOK, result(1, 0, "")))
		_, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions(onReport, onEntry("e1")))
		require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
	})
	t.Run("the error of a refused request has Concur's words", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting()).on("post", respond(http.StatusBadRequest, "<Error><Message>The list is closed.</Message></Error>"))
		_, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions(onReport))
		e := failed(t, err, expense.Rejected)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "The list is closed.")
	})
}

func TestNothingIsPostedWithoutExceptions(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, waiting())
	got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions())
	require.NoError(t, err)
	require.Empty(t, got.Items)
	require.Equal(t, []string{"read"}, h.requestNames())
}

func TestUnacknowledgedAttemptPostsNothing(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, waiting())
	_, err := run[expense.PostedExceptions](t, attempt{timeout: time.Minute}, h.activities(t, heartbeat(unacknowledged)).PostExceptions, exceptions(onReport))
	require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
	require.Equal(t, []string{"read"}, h.requestNames())
}
