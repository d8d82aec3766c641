package runs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"

	"concur-connector/expense"
	"concur-connector/workflows"
)

const (
	open   = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	closed = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
)

var (
	long  = clitest.RunStart
	later = long.Add(time.Hour)
)

// answers makes a run answer the status query.
func answers(m *mocks.Client, status workflows.Status) {
	value := &mocks.Value{}
	value.On("Get", mock.Anything).Run(func(args mock.Arguments) { *args.Get(0).(*workflows.Status) = status }).Return(nil)
	m.On("QueryWorkflow", mock.Anything, status.NotificationID, "", workflows.StatusQuery).Return(value, nil).Once()
}

func parkedStatus(id string, since time.Time, kind expense.Kind) workflows.Status {
	return workflows.Status{
		NotificationID: id, ReportID: "R-" + id, State: workflows.Parked, Since: since,
		Parked: &workflows.ParkReason{Kind: kind, Message: "Concur said " + string(kind), Fix: "fix it"},
	}
}

// lists makes Temporal list these runs as parked, on two pages.
func lists(m *mocks.Client, runs ...*workflowpb.WorkflowExecutionInfo) {
	asks := func(token string) any {
		return mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
			return r.Namespace == "finance" && string(r.NextPageToken) == token &&
				r.Query == "WorkflowType = 'ProcessNotification' AND TaskQueue IN ('own', 'own-sweep') AND ExecutionStatus = 'Running' AND ConcurWaitingFor = 'operator'"
		})
	}
	half := len(runs) / 2
	m.On("ListWorkflow", mock.Anything, asks("")).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: runs[:half], NextPageToken: []byte("more")}, nil).Once()
	m.On("ListWorkflow", mock.Anything, asks("more")).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: runs[half:]}, nil).Once()
}

func TestParkedRunsAreListedWithWhatIsWrongTheOldestFirst(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	lists(m, clitest.RunInfo(t, "EXPRPT:a", open, nil), clitest.RunInfo(t, "EXPRPT:b", open, nil), clitest.RunInfo(t, "EXPRPT:moved", open, nil),
		clitest.RunInfo(t, "EXPRPT:a", open, nil), clitest.RunInfo(t, "EXPRPT:gone", open, nil))
	answers(m, parkedStatus("EXPRPT:a", later, expense.Rejected))
	answers(m, parkedStatus("EXPRPT:b", long, expense.Forbidden))
	answers(m, workflows.Status{NotificationID: "EXPRPT:moved", State: workflows.Acting})
	m.On("QueryWorkflow", mock.Anything, "EXPRPT:gone", "", workflows.StatusQuery).Return(nil, clitest.ErrNotFound).Once()

	parked, err := listParked(t.Context(), d, "", nil)
	require.NoError(t, err)
	require.Equal(t, []parkedRun{
		{NotificationID: "EXPRPT:b", ReportID: "R-EXPRPT:b", Since: long, Kind: expense.Forbidden, Message: "Concur said Forbidden", Fix: "fix it"},
		{NotificationID: "EXPRPT:a", ReportID: "R-EXPRPT:a", Since: later, Kind: expense.Rejected, Message: "Concur said Rejected", Fix: "fix it"},
	}, parked)
	var text strings.Builder
	printParked(&text, parked)
	require.Equal(t, `NOTIFICATION  REPORT      SINCE                 KIND       MESSAGE
EXPRPT:b      R-EXPRPT:b  2026-03-01 08:00 UTC  Forbidden  Concur said Forbidden
EXPRPT:a      R-EXPRPT:a  2026-03-01 09:00 UTC  Rejected   Concur said Rejected
`, text.String())
}

func TestParkedRunsOfOneKindAreListed(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	lists(m, clitest.RunInfo(t, "EXPRPT:a", open, nil), clitest.RunInfo(t, "EXPRPT:b", open, nil), clitest.RunInfo(t, "EXPRPT:mute", open, nil))
	answers(m, parkedStatus("EXPRPT:a", later, expense.Rejected))
	answers(m, parkedStatus("EXPRPT:b", long, expense.Forbidden))
	m.On("QueryWorkflow", mock.Anything, "EXPRPT:mute", "", workflows.StatusQuery).Return(nil, clitest.ErrUnavailable).Once()
	parked, err := listParked(t.Context(), d, expense.Rejected, nil)
	require.NoError(t, err)
	require.Len(t, parked, 2, "one that does not answer may be of that kind")
	require.Equal(t, "EXPRPT:a", parked[1].NotificationID)
	require.Equal(t, 1, silentOnes(parked))
}

func TestARunThatDoesNotAnswerIsListedAllTheSame(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	lists(m, clitest.RunInfo(t, "EXPRPT:a", open, map[string]string{"ConcurReportID": "R1"}), clitest.RunInfo(t, "EXPRPT:b", open, nil))
	m.On("QueryWorkflow", mock.Anything, "EXPRPT:a", "", workflows.StatusQuery).Return(nil, serviceerror.NewDeadlineExceeded("query")).Once()
	m.On("QueryWorkflow", mock.Anything, "EXPRPT:b", "", workflows.StatusQuery).Return(nil, clitest.ErrUnavailable).Once()
	parked, err := listParked(t.Context(), d, "", nil)
	require.NoError(t, err)
	require.Equal(t, []parkedRun{
		{NotificationID: "EXPRPT:a", ReportID: "R1", Since: long, Unknown: "no worker answered in time"},
		{NotificationID: "EXPRPT:b", Since: long, Unknown: "no frontend"},
	}, parked)
	var text strings.Builder
	printParked(&text, parked)
	require.Contains(t, text.String(), "?     (no worker answered in time)")
}

func TestNoMoreThanEightRunsAreAskedAtOneTime(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	var runs []*workflowpb.WorkflowExecutionInfo
	var now, most atomic.Int32
	var filled sync.Once
	full, leave := make(chan struct{}), make(chan struct{})
	for i := range 40 {
		runs = append(runs, clitest.RunInfo(t, fmt.Sprint("EXPRPT:", i), open, nil))
	}
	lists(m, runs...)
	m.On("QueryWorkflow", mock.Anything, mock.Anything, "", workflows.StatusQuery).Run(func(mock.Arguments) {
		n := now.Add(1)
		if n > askedAtOne {
			most.Store(n)
		}
		if n == askedAtOne {
			filled.Do(func() { close(full) })
		}
		<-leave
		now.Add(-1)
	}).Return(nil, clitest.ErrUnavailable)
	done := make(chan int)
	go func() {
		parked, _ := listParked(t.Context(), d, "", nil)
		done <- len(parked)
	}()
	<-full
	close(leave)
	require.Equal(t, 40, <-done)
	require.Zero(t, most.Load(), "more than %d were asked", askedAtOne)
}

func TestAListThatCannotBeHadIsAnError(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	m.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, clitest.ErrUnavailable).Once()
	_, err := listParked(t.Context(), d, "", nil)
	require.EqualError(t, err, "list the parked runs: no frontend")

	m.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, serviceerror.NewInvalidArgument("no such attribute")).Once()
	_, err = listParked(t.Context(), d, "", nil)
	require.EqualError(t, err, "list the parked runs: no such attribute; concurctl bootstrap creates the search attributes")
}

// describes makes Temporal describe a run.
func describes(m *mocks.Client, info *workflowpb.WorkflowExecutionInfo) {
	m.On("DescribeWorkflowExecution", mock.Anything, info.Execution.WorkflowId, "").
		Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, nil).Once()
}

func TestOnlyParkedRunsAreTold(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	waits := func(whom string) map[string]string { return map[string]string{"ConcurWaitingFor": whom} }
	describes(m, clitest.RunInfo(t, "EXPRPT:a", open, waits("operator")))
	describes(m, clitest.RunInfo(t, "EXPRPT:raced", open, waits("operator")))
	describes(m, clitest.RunInfo(t, "EXPRPT:away", open, waits("operator")))
	describes(m, clitest.RunInfo(t, "EXPRPT:asks", open, waits("approver")))
	describes(m, clitest.RunInfo(t, "EXPRPT:busy", open, nil))
	describes(m, clitest.RunInfo(t, "EXPRPT:ended", closed, waits("operator")))
	m.On("DescribeWorkflowExecution", mock.Anything, "EXPRPT:never", "").Return(nil, clitest.ErrNotFound).Once()
	sweep := clitest.RunInfo(t, "sweep", open, nil)
	sweep.Type.Name = workflows.SweepFailedNotifications
	describes(m, sweep)
	retry := workflows.Retry{By: "kim"}
	m.On("SignalWorkflow", mock.Anything, "EXPRPT:a", "", "retried", retry).Return(nil).Once()
	m.On("SignalWorkflow", mock.Anything, "EXPRPT:raced", "", "retried", retry).Return(clitest.ErrNotFound).Once()
	m.On("SignalWorkflow", mock.Anything, "EXPRPT:away", "", "retried", retry).Return(clitest.ErrUnavailable).Once()

	ids := []string{"EXPRPT:a", "EXPRPT:raced", "EXPRPT:away", "EXPRPT:asks", "EXPRPT:busy", "EXPRPT:ended", "EXPRPT:never", "sweep"}
	result, err := retryAll(t.Context(), d, ids, retry, time.Microsecond, clitest.Silent())
	require.NoError(t, err)
	require.Equal(t, &retried{
		Retried: []string{"EXPRPT:a"}, NotParked: []string{"EXPRPT:asks", "EXPRPT:busy"}, Ended: []string{"EXPRPT:raced", "EXPRPT:ended"},
		Unknown: []string{},
		Failed: []failure{
			{"EXPRPT:away", "no frontend"}, {"EXPRPT:never", "no run is known for this notification"},
			{"sweep", "it is the ID of a SweepFailedNotifications, not of a notification"},
		},
	}, result)
	require.EqualError(t, result.err(), "3 runs could not be retried: no frontend")
	var text strings.Builder
	result.print(&text)
	require.Contains(t, text.String(), "not parked  EXPRPT:asks\n")
	require.Contains(t, text.String(), "\n1 retried, 2 not parked, 2 ended, 3 failed\n")
}

func TestAllMeansThoseThatAreParkedAndOfTheKind(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	lists(m, clitest.RunInfo(t, "EXPRPT:a", open, nil), clitest.RunInfo(t, "EXPRPT:b", open, nil))
	ids, silent, err := parkedIDs(t.Context(), d, "", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"EXPRPT:a", "EXPRPT:b"}, ids)
	require.Empty(t, silent)

	lists(m, clitest.RunInfo(t, "EXPRPT:a", open, nil), clitest.RunInfo(t, "EXPRPT:b", open, nil), clitest.RunInfo(t, "EXPRPT:mute", open, nil))
	m.On("QueryWorkflow", mock.Anything, "EXPRPT:mute", "", workflows.StatusQuery).Return(nil, clitest.ErrUnavailable).Once()
	answers(m, parkedStatus("EXPRPT:a", later, expense.Rejected))
	answers(m, parkedStatus("EXPRPT:b", long, expense.Forbidden))
	ids, silent, err = parkedIDs(t.Context(), d, expense.Forbidden, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"EXPRPT:b"}, ids)
	require.Equal(t, []string{"EXPRPT:mute"}, silent)
	result := &retried{Unknown: silent}
	require.ErrorContains(t, result.err(), "1 run did not say which kind of error")
	var text strings.Builder
	result.print(&text)
	require.Contains(t, text.String(), "no answer   EXPRPT:mute\n")
}

func TestTheRateIsThePauseBetweenTwoRuns(t *testing.T) {
	t.Parallel()
	for rate, want := range map[string]time.Duration{"5/s": 200 * time.Millisecond, "30/m": 2 * time.Second, "0.5/s": 2 * time.Second, "1/h": time.Hour} {
		pause, err := cli.ParseRate(rate)
		require.NoError(t, err)
		require.Equal(t, want, pause, rate)
	}
	d, m := clitest.Deployment(t)
	for _, id := range []string{"EXPRPT:a", "EXPRPT:b", "EXPRPT:c"} {
		describes(m, clitest.RunInfo(t, id, closed, nil))
	}
	began := time.Now()
	_, err := retryAll(t.Context(), d, []string{"EXPRPT:a", "EXPRPT:b", "EXPRPT:c"}, workflows.Retry{}, 20*time.Millisecond, clitest.Silent())
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond)
}

func TestAnInterruptedRetrySaysHowFarItCame(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	ctx, cancel := context.WithCancel(t.Context())
	m.On("DescribeWorkflowExecution", mock.Anything, "EXPRPT:a", "").Run(func(mock.Arguments) { cancel() }).
		Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: clitest.RunInfo(t, "EXPRPT:a", closed, nil)}, nil).Once()
	result, err := retryAll(ctx, d, []string{"EXPRPT:a", "EXPRPT:b"}, workflows.Retry{}, time.Hour, clitest.Silent())
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "stopped after 1 of 2 runs")
	require.Equal(t, []string{"EXPRPT:a"}, result.Ended)
}

func TestRunsOfEveryKindCanBeAskedFor(t *testing.T) {
	t.Parallel()
	for _, kind := range append(workflows.Kinds(), expense.Blocked, expense.NoApprover) {
		require.NoError(t, checkKind(string(kind)))
	}
	require.ErrorContains(t, checkKind("blocked"), "SendBackLimitReached, Blocked, NoApprover")
}
