package runs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// sweepRun is a sweep that ends with a result, or an error.
func sweepRun(result workflows.SweepResult, err error) *mocks.WorkflowRun {
	run := &mocks.WorkflowRun{}
	run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		*args.Get(1).(*workflows.SweepResult) = result
	}).Return(err)
	return run
}

func TestASweepIsStartedOnItsOwnQueueAndWaitedFor(t *testing.T) {
	t.Parallel()
	want := workflows.SweepResult{Found: 4, Started: 1, Signaled: 1, Unreadable: 1, Failed: 1, Why: []expense.UnreadableEntry{{Reason: "no ObjectURI"}}}
	for id, input := range map[string]workflows.SweepInput{"sweep-own-by-hand": {}, "sweep-own-by-hand-read-only": {ReadOnly: true}} {
		d, m := clitest.Deployment(t)
		m.On("ExecuteWorkflow", mock.Anything, mock.MatchedBy(func(o client.StartWorkflowOptions) bool {
			return o.ID == id && o.TaskQueue == "own-sweep" && o.WorkflowIDConflictPolicy == enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
		}), workflows.SweepFailedNotifications, input).Return(sweepRun(want, nil), nil).Once()
		result, err := sweep(t.Context(), d, input, clitest.Silent())
		require.NoError(t, err)
		require.Equal(t, want, result)
	}
	var text strings.Builder
	printSweep(&text, want, false)
	require.Equal(t, "found 4: 1 started, 1 signaled, 0 skipped, 1 unreadable, 1 failed\n  an entry without a URI: no ObjectURI\n  and 1 more\n", text.String())
	text.Reset()
	printSweep(&text, workflows.SweepResult{Found: 4, Unreadable: 0}, true)
	require.Equal(t, "found 4, 0 unreadable; nothing was started\n", text.String())
}

func TestSweepPrintsMissedReports(t *testing.T) {
	t.Parallel()
	const nothing = "found 0: 0 started, 0 signaled, 0 skipped, 0 unreadable, 0 failed\n"
	const counted = "found 0, 0 unreadable; nothing was started\n"
	forgotten := workflows.SweepResult{Waiting: 5, Missed: 2, Undetermined: 1, MissedStarted: 1, Reports: []string{"R1"}, NotStartedReason: "no scope"}
	for _, w := range []struct {
		result   workflows.SweepResult
		readOnly bool
		prints   string
	}{
		{forgotten, false, nothing + "5 reports wait in Concur for long; no run handles 2; the next sweep determines 1 more; 1 started\n" +
			"  report R1\n  and 1 more\nno run was started for some of them: no scope\n"},
		{workflows.SweepResult{Waiting: 1, Missed: 1, Reports: []string{"R1"}}, true, counted + "1 report waits in Concur for long; no run handles 1\n  report R1\n"},
		{workflows.SweepResult{Waiting: 1}, false, nothing + "1 report waits in Concur for long; no run handles 0\n"},
		{workflows.SweepResult{NotCheckedReason: "no scope"}, true, counted + "missed reports could not be listed: no scope\n"},
		{workflows.SweepResult{Requests: 1, RequestsStarted: 1}, false, nothing + "1 travel request waits for the connector: 1 started\n"},
		{workflows.SweepResult{RequestsSkipped: 2, RequestsSkippedReason: "request 3AT7: why"}, false, nothing + "2 travel requests skipped that a person may want to check. The last is request 3AT7: why\n"},
		{workflows.SweepResult{Requests: 3}, true, counted + "3 travel requests wait for the connector\n"},
		{workflows.SweepResult{Waiting: 2, Unannounced: 2, UnannouncedReports: []string{"R1"}, UnannouncedRequests: 1, UnannouncedPolicies: []string{"P"}}, false,
			nothing + "2 reports wait in Concur for long; no run handles 0\n" +
				"2 reports wait, and 1 travel request waits with a policy for which no callout of this deployment was ever received: skipped\n" +
				"  report R1\n  and 1 more\n  policy P\nif they are for this deployment: concurctl steps add --policy POLICY, or CONCUR_OWN_STEPS\n"},
		{workflows.SweepResult{RequestsNotCheckedReason: "no scope"}, false, nothing + "travel requests could not be listed: no scope\n"},
	} {
		var text strings.Builder
		printSweep(&text, w.result, w.readOnly)
		require.Equal(t, w.prints, text.String())
	}
}

func TestASweepThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	m.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, clitest.ErrUnavailable).Once()
	_, err := sweep(t.Context(), d, workflows.SweepInput{}, clitest.Silent())
	require.EqualError(t, err, "start the sweep: no frontend")

	m.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(sweepRun(workflows.SweepResult{}, errors.New("terminated")), nil).Once()
	_, err = sweep(t.Context(), d, workflows.SweepInput{}, clitest.Silent())
	require.EqualError(t, err, "wait for the sweep sweep-own-by-hand: terminated")
}

func TestAnInterruptedWaitLeavesTheSweepAlone(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(sweepRun(workflows.SweepResult{}, context.Canceled), nil).Once()
	_, err := sweep(ctx, d, workflows.SweepInput{}, clitest.Silent())
	require.EqualError(t, err, "no longer waiting for the sweep, which goes on in Temporal as sweep-own-by-hand")
}
