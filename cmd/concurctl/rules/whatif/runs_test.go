package whatif_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"

	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/expense"
)

// lists has Temporal list so many runs on each page.
func lists(r *whatif.Reader, pages ...int) {
	m := r.Temporal.(*mocks.Client)
	n := 0
	for i, size := range pages {
		answer := &workflowservice.ListWorkflowExecutionsResponse{}
		for range size {
			answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: fmt.Sprint("EXPRPT:", n), RunId: "r"}})
			n++
		}
		if i < len(pages)-1 {
			answer.NextPageToken = []byte(fmt.Sprint(i + 1))
		}
		token := ""
		if i > 0 {
			token = fmt.Sprint(i)
		}
		m.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(q *workflowservice.ListWorkflowExecutionsRequest) bool {
			return q.Namespace == "finance" && q.Query == "q" && string(q.NextPageToken) == token
		})).Return(answer, nil).Once()
	}
}

func oneJudged(t *testing.T) *whatif.Reader {
	h := history(t)
	h.evaluated(&expense.Report{ID: "R1"}, "h", nil, &expense.Verdict{Action: expense.Approve}, evaluatedAt)
	return reader(t, h.list, nil)
}

func same(past whatif.Past) whatif.Change { return whatif.Change{ID: past.ID, Result: whatif.Same} }

func TestEveryRunIsReadOnceInTheOrderOfTheList(t *testing.T) {
	t.Parallel()
	r := oneJudged(t)
	lists(r, 30, 0, 5)
	var seen []string
	require.NoError(t, r.Each(t.Context(), whatif.Asked{Query: "q"}, same, func(c whatif.Change) error {
		seen = append(seen, c.ID)
		return nil
	}))
	require.Len(t, seen, 35)
	for i, id := range seen {
		require.Equal(t, fmt.Sprint("EXPRPT:", i), id)
	}
}

func TestALimitEndsTheList(t *testing.T) {
	t.Parallel()
	for limit, pages := range map[int][]int{3: {5}, 5: {5}, 7: {5, 5}} {
		r := oneJudged(t)
		listed := append(pages, 5)[:len(pages)+1]
		lists(r, listed...)
		n := 0
		require.NoError(t, r.Each(t.Context(), whatif.Asked{Query: "q", Limit: limit}, same, func(whatif.Change) error { n++; return nil }))
		require.Equal(t, limit, n)
		r.Temporal.(*mocks.Client).ExpectedCalls = nil // the last page is not asked for
	}
}

func TestOnlyAFewHistoriesAreReadAtOneTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := oneJudged(t)
		lists(r, 100)
		var now atomic.Int32
		leave := make(chan struct{})
		compare := func(past whatif.Past) whatif.Change {
			now.Add(1)
			<-leave
			return same(past)
		}
		ended := make(chan error, 1)
		go func() {
			ended <- r.Each(t.Context(), whatif.Asked{Query: "q"}, compare, func(whatif.Change) error { return nil })
		}()
		<-time.After(time.Minute) // of the bubble's clock: the rate lets all of them begin
		synctest.Wait()           // until nobody can go on
		require.Equal(t, int32(8), now.Load())
		close(leave)
		require.NoError(t, <-ended)
		require.Equal(t, int32(100), now.Load())
	})
}

func TestTheReadingIsRateLimited(t *testing.T) {
	t.Parallel()
	r := oneJudged(t)
	lists(r, 5)
	began := time.Now()
	require.NoError(t, r.Each(t.Context(), whatif.Asked{Query: "q", Pause: 20 * time.Millisecond}, same, func(whatif.Change) error { return nil }))
	require.GreaterOrEqual(t, time.Since(began), 80*time.Millisecond)
}

func TestAnErrorEndsTheReading(t *testing.T) {
	t.Parallel()
	away := serviceerror.NewUnavailable("away")
	r := reader(t, nil, away)
	lists(r, 3)
	require.ErrorContains(t, r.Each(t.Context(), whatif.Asked{Query: "q"}, same, nil), "read the history of EXPRPT:")

	m := mocks.NewClient(t)
	m.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, away).Once()
	require.EqualError(t, (&whatif.Reader{Temporal: m}).Each(t.Context(), whatif.Asked{}, same, nil), "list the runs: away")

	r = oneJudged(t)
	lists(r, 3)
	full := errors.New("the disk is full")
	require.Equal(t, full, r.Each(t.Context(), whatif.Asked{Query: "q"}, same, func(whatif.Change) error { return full }))
}

func TestADeletedRunIsSkipped(t *testing.T) {
	t.Parallel()
	r := reader(t, nil, serviceerror.NewNotFound("gone"))
	lists(r, 2)
	tally := whatif.NewTally(0)
	require.NoError(t, r.Each(t.Context(), whatif.Asked{Query: "q"}, same, func(c whatif.Change) error { tally.Add(c); return nil }))
	require.Equal(t, map[whatif.Skip]int{whatif.NotThere: 2}, tally.Skipped)
}

func TestAnInterruptEndsTheReading(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := oneJudged(t)
	r.Temporal.(*mocks.Client).On("ListWorkflow", mock.Anything, mock.Anything).Run(func(mock.Arguments) { cancel() }).
		Return(func(context.Context, *workflowservice.ListWorkflowExecutionsRequest) *workflowservice.ListWorkflowExecutionsResponse {
			return &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{{}, {}}}
		}, nil).Once()
	err := r.Each(ctx, whatif.Asked{Query: "q", Pause: time.Hour}, same, func(whatif.Change) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	r.Temporal.(*mocks.Client).ExpectedCalls = nil
}
