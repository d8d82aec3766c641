package main

import (
	"context"
	"errors"
	"strings"
	"testing"

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
	want := workflows.SweepResult{Found: 4, Started: 1, Joined: 1, Quarantined: 1, Failed: 1, Why: []expense.Quarantined{{Reason: "no ObjectURI"}}}
	for id, input := range map[string]workflows.SweepInput{"sweep-own-by-hand": {}, "sweep-own-by-hand-read-only": {ReadOnly: true}} {
		d, m := reached(t)
		m.On("ExecuteWorkflow", mock.Anything, mock.MatchedBy(func(o client.StartWorkflowOptions) bool {
			return o.ID == id && o.TaskQueue == "own-sweep" && o.WorkflowIDConflictPolicy == enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
		}), workflows.SweepFailedNotifications, input).Return(sweepRun(want, nil), nil).Once()
		result, err := sweep(t.Context(), d, input, silent())
		require.NoError(t, err)
		require.Equal(t, want, result)
	}
	var text strings.Builder
	printSweep(&text, want, false)
	require.Equal(t, "found 4: 1 started, 1 joined, 0 left alone, 1 not understood, 1 failed\n  an entry without a URI: no ObjectURI\n  and 1 more\n", text.String())
	text.Reset()
	printSweep(&text, workflows.SweepResult{Found: 4, Quarantined: 0}, true)
	require.Equal(t, "found 4, of which 0 cannot be understood; nothing was started\n", text.String())
	text.Reset()
	printSweep(&text, workflows.SweepResult{Waiting: 5, Forgotten: 2, Reports: []string{"R1"}}, true)
	require.Contains(t, text.String(), "5 reports wait in Concur for long; no run knows of 2\n  report R1\n  and 1 more\n")
	text.Reset()
	printSweep(&text, workflows.SweepResult{Unlooked: "no scope"}, true)
	require.Contains(t, text.String(), "could not be looked for: no scope\n")
}

func TestASweepThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	d, m := reached(t)
	m.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, errAway).Once()
	_, err := sweep(t.Context(), d, workflows.SweepInput{}, silent())
	require.EqualError(t, err, "start the sweep: no frontend")

	m.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(sweepRun(workflows.SweepResult{}, errors.New("terminated")), nil).Once()
	_, err = sweep(t.Context(), d, workflows.SweepInput{}, silent())
	require.EqualError(t, err, "wait for the sweep sweep-own-by-hand: terminated")
}

func TestAnInterruptedWaitLeavesTheSweepAlone(t *testing.T) {
	t.Parallel()
	d, m := reached(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(sweepRun(workflows.SweepResult{}, context.Canceled), nil).Once()
	_, err := sweep(ctx, d, workflows.SweepInput{}, silent())
	require.EqualError(t, err, "no longer waiting for the sweep, which goes on in Temporal as sweep-own-by-hand")
}
