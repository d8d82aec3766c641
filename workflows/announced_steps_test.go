package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func stepOf(policy, event string) expense.Step {
	return expense.Step{Object: expense.ReportObject, Policy: policy, Event: event}
}

func TestTheStepsOfThisDeploymentAreRemembered(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	w := workflows.Workflows{Settings: workflows.DefaultSettings()}
	env.RegisterWorkflowWithOptions(w.RememberSteps, workflow.RegisterOptions{Name: workflows.RememberSteps})
	tell := func(a expense.Announcement) {
		env.UpdateWorkflow(workflows.AnnounceUpdate, "", &testsuite.TestUpdateCallback{
			OnReject: func(err error) { require.NoError(t, err) }, OnAccept: func() {},
			OnComplete: func(_ any, err error) { require.NoError(t, err) },
		}, a)
	}
	env.RegisterDelayedCallback(func() {
		tell(expense.Announcement{Steps: []expense.Step{stepOf("P", "SUBMIT"), stepOf("Q", "SUBMIT")}})
		tell(expense.Announcement{Steps: []expense.Step{stepOf("P", "SUBMIT")}})
		tell(expense.Announcement{Steps: []expense.Step{stepOf("R", "*")}, By: expense.ByOperator})
		tell(expense.Announcement{Steps: []expense.Step{stepOf("Q", "SUBMIT")}, Forget: true})
	}, time.Minute)
	env.RegisterDelayedCallback(func() {
		var many expense.Announcement
		for i := range 600 {
			many.Steps = append(many.Steps, stepOf(fmt.Sprint(i), "E"))
		}
		tell(many)
	}, time.Hour)
	env.RegisterDelayedCallback(func() {
		env.SetContinueAsNewSuggested(true)
		tell(expense.Announcement{})
	}, 2*time.Hour)
	var seen expense.AnnouncedSteps
	env.RegisterDelayedCallback(func() {
		answer, err := env.QueryWorkflow(workflows.StatusQuery)
		require.NoError(t, err)
		require.NoError(t, answer.Get(&seen))
		require.Len(t, seen.Steps, 2)
		require.Equal(t, stepOf("P", "SUBMIT"), seen.Steps[0].Step)
		require.Equal(t, expense.ByCallout, seen.Steps[0].By)
		require.Equal(t, stepOf("R", "*"), seen.Steps[1].Step)
		require.Equal(t, expense.ByOperator, seen.Steps[1].By)
	}, 2*time.Minute)
	env.ExecuteWorkflow(workflows.RememberSteps, expense.AnnouncedSteps{})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again, "it never ends")
	var next expense.AnnouncedSteps
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.Len(t, next.Steps, 500)
	require.Equal(t, 102, next.Refused)
	require.Equal(t, seen.Steps, next.Steps[:2])
}

// notOurs is the read of a report that is not known to be this deployment's.
func notOurs() expense.FetchedReport {
	read := moved("A_APPR")
	read.NotOurs, read.Policies = true, []string{"Q"}
	return read
}

func TestAReportOnlyInTheFailedListMayBeForAnotherConnector(t *testing.T) {
	t.Run("then the run writes nothing, and its entry stays", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{notOurs()}
		result := p.run(failedCopy(1))
		require.Equal(t, expense.NotOurs, result.Outcome)
		require.Equal(t, []string{failedCopy(1).EventType}, result.FailedListEventTypes)
		require.Equal(t, []string{"Q"}, result.Policies)
		require.Equal(t, []string{failedCopy(1).EventType}, p.read[0].FailedListEventTypes)
		require.Empty(t, p.read[0].CalloutEventTypes)
		require.Equal(t, []string{"read"}, p.calls)
	})
	t.Run("a callout makes it ours, and its entry is deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{func() any {
			if len(p.read[len(p.read)-1].FailedListEventTypes) > 0 {
				return notOurs()
			}
			return moved("A_APPR")
		}}
		p.env.RegisterDelayedCallback(func() { p.env.SignalWorkflow(workflows.Notified, callout()) }, 0)
		result := p.run(failedCopy(1))
		require.Equal(t, expense.Superseded, result.Outcome)
		require.Empty(t, p.read[len(p.read)-1].FailedListEventTypes)
		require.Equal(t, []string{failedCopy(1).NotificationURI}, p.deleted)
	})
	t.Run("a callout's run does not check whose report it is", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{moved("A_APPR")}
		named := callout()
		named.EventType = "SUBMIT"
		p.run(named)
		require.Empty(t, p.read[0].FailedListEventTypes)
		require.Equal(t, []string{"SUBMIT"}, p.read[0].CalloutEventTypes)
	})
	t.Run("a callout without an event type announces an empty one", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{moved("A_APPR")}
		nameless := callout()
		nameless.EventType = ""
		p.run(nameless)
		require.Equal(t, []string{""}, p.read[0].CalloutEventTypes)
	})
	t.Run("a report that a sweep has found announces nothing", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{moved("A_APPR")}
		found := callout()
		found.Found, found.EventType = true, ""
		p.run(found)
		require.Empty(t, p.read[0].FailedListEventTypes)
		require.Empty(t, p.read[0].CalloutEventTypes)
	})
}

func TestASweepReportsOnceWhatItSkipsForOtherConnectors(t *testing.T) {
	other := expense.UnreadableEntry{NotificationURI: "https://x/1", Reason: "of another connector"}
	sweep := func(before *workflows.SweepResult) (result workflows.SweepResult) {
		p := setUp(t)
		p.register(func(_ context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
			if len(in.Reported) > 0 {
				return expense.FailedNotifications{NotOurs: 1, Reported: in.Reported[:1]}, nil
			}
			return expense.FailedNotifications{NotOurs: 1, NotOursEntries: []expense.UnreadableEntry{other}}, nil
		}, workflows.ListFailedNotifications)
		p.register(func(context.Context, expense.ListPendingReportsInput) (expense.PendingReports, error) {
			return expense.PendingReports{Waiting: 2, Unannounced: 2, UnannouncedReports: []string{"R1", "R2"}, UnannouncedPolicies: []string{"Q"}}, nil
		}, workflows.ListPendingReports)
		p.lists = []any{expense.PendingRequests{Unannounced: 3, UnannouncedPolicies: []string{"T"}}}
		if before != nil {
			p.env.SetLastCompletionResult(*before)
		}
		p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, workflows.SweepInput{MissedAfter: time.Hour})
		require.NoError(t, p.env.GetWorkflowError())
		require.NoError(t, p.env.GetWorkflowResult(&result))
		require.Empty(t, p.started)
		return result
	}
	t.Parallel()
	first := sweep(nil)
	require.Equal(t, []expense.UnreadableEntry{other}, first.Why)
	require.Len(t, first.Reported, 3, "the entry and both policies")
	require.False(t, first.ReportedSince.IsZero())
	second := sweep(&first)
	require.Empty(t, second.Why, "it was named")
	require.ElementsMatch(t, first.Reported, second.Reported)
	old := first
	old.ReportedSince = first.ReportedSince.Add(-25 * time.Hour)
	third := sweep(&old)
	require.Equal(t, first.Why, third.Why, "it is named once a day")
	require.True(t, third.ReportedSince.After(old.ReportedSince))
	second.Why, second.Reported, first.Reported = first.Why, nil, nil
	require.Equal(t, first, second)
	first.ReportedSince = time.Time{}
	require.Equal(t, workflows.SweepResult{Found: 1, NotOurs: 1, Why: first.Why, Waiting: 2, Unannounced: 2,
		UnannouncedReports: []string{"R1", "R2"}, UnannouncedPolicies: []string{"Q", "T"}, UnannouncedRequests: 3}, first)
}

func TestTheStepsOfAnEndedRunAreKept(t *testing.T) {
	t.Parallel()
	before := expense.AnnouncedSteps{Steps: []expense.AnnouncedStep{{Step: stepOf("P", "SUBMIT"), By: expense.ByCallout}}}
	for status, begins := range map[enumspb.WorkflowExecutionStatus]expense.AnnouncedSteps{
		enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED: before,
		enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:    {},
	} {
		m, answer, told := mocks.NewClient(t), &mocks.Value{}, &mocks.WorkflowUpdateHandle{}
		m.On("DescribeWorkflowExecution", mock.Anything, workflows.StepsID("own"), "").Return(&workflowservice.DescribeWorkflowExecutionResponse{
			WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status},
		}, nil)
		m.On("QueryWorkflow", mock.Anything, workflows.StepsID("own"), "", workflows.StatusQuery).Maybe().Return(answer, nil)
		answer.On("Get", mock.Anything).Maybe().Return(func(known any) error { *known.(*expense.AnnouncedSteps) = before; return nil })
		m.On("NewWithStartWorkflowOperation", mock.Anything, workflows.RememberSteps, begins).Return(nil)
		m.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Return(told, nil)
		told.On("Get", mock.Anything, mock.Anything).Return(nil)
		_, err := workflows.NewClient(m, "own").Announce(t.Context(), expense.Announcement{Steps: []expense.Step{stepOf("Q", "SUBMIT")}})
		require.NoError(t, err)
	}
}
