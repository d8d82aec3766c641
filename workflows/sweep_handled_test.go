package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// TestOnlyAnOpenRunHandlesAWaitingReportWithoutATimeLimit asks what Knows makes of the runs
// of a report that a list shows as waiting, and that was changed three hours ago.
func TestOnlyAnOpenRunHandlesAWaitingReportWithoutATimeLimit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	ended := func(id string, status enumspb.WorkflowExecutionStatus, outcome expense.Outcome, ago time.Duration) *workflowpb.WorkflowExecutionInfo {
		info := &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "r"}, Status: status, CloseTime: timestamppb.New(now.Add(-ago)),
		}
		if outcome != "" {
			payload, err := converter.GetDefaultDataConverter().ToPayload(outcome)
			require.NoError(t, err)
			info.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{workflows.OutcomeAttribute: payload}}
		}
		return info
	}
	const (
		completed  = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		canceled   = enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED
		terminated = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
		failed     = enumspb.WORKFLOW_EXECUTION_STATUS_FAILED
		timedOut   = enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT
		own, key   = "EXPRPT:O'R1", "EXPRPT:key"
		late, soon = 61 * time.Minute, 59 * time.Minute
	)
	type runs = []*workflowpb.WorkflowExecutionInfo
	tests := map[string]struct {
		runs runs
		why  expense.DryRunReason // why a run that ended dry-run has only shown
		now  expense.DryRunReason
		want bool
	}{
		"no run":                               {want: false},
		"an open run":                          {runs: runs{{Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}}, want: true},
		"an open run beside one that is gone":  {runs: runs{ended(own, completed, expense.Gone, late), {Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}}, want: true},
		"a dry run whose reason still applies": {runs: runs{ended(key, completed, expense.DryRun, late)}, why: expense.DryRunMode, now: expense.DryRunMode, want: true},
		"a dry run a day ago":                  {runs: runs{ended(key, completed, expense.DryRun, 25*time.Hour)}, why: expense.DryRunMode, now: expense.DryRunMode, want: false},
		"two runs of sweeps that have acted":   {runs: runs{ended(own, completed, expense.Approved, late), ended(own, completed, expense.SentBack, 2*late)}, want: false},
		"a dry run, and writes are on now":     {runs: runs{ended(key, completed, expense.DryRun, time.Minute)}, why: expense.DryRunMode, want: false},
		"one that joined another":              {runs: runs{ended(key, completed, expense.HandedOver, time.Minute)}, want: false},
		"two runs of sweeps in vain, lately":   {runs: runs{ended(own, completed, expense.Gone, late), ended(own, completed, expense.Gone, 2*late)}, want: true},
		"two runs of sweeps in vain":           {runs: runs{ended(own, completed, expense.Gone, 121*time.Minute), ended(own, completed, expense.Gone, 3*late)}, want: false},
	}
	for name, one := range map[string]struct {
		status  enumspb.WorkflowExecutionStatus
		outcome expense.Outcome
	}{
		"a run that found it gone": {completed, expense.Gone}, "a superseded run": {completed, expense.Superseded},
		"a withdrawn run": {completed, expense.Withdrawn}, "an unsupported run": {completed, expense.Unsupported},
		"a cancelled run": {canceled, expense.Cancelled}, "a terminated run": {terminated, ""}, "a failed run": {failed, ""},
		"a run that timed out": {timedOut, ""}, "a run that approved it, perhaps at the step before": {completed, expense.Approved},
		"a run that approved it with exceptions": {completed, expense.ApprovedWithExceptions}, "a run that sent it back": {completed, expense.SentBack},
	} {
		c := tests[name]
		c.runs, c.want = runs{ended(key, one.status, one.outcome, soon)}, true
		tests[name+", within the grace"] = c
		c.runs, c.want = runs{ended(key, one.status, one.outcome, late)}, false
		tests[name+", after the grace"] = c
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, result := mocks.NewClient(t), &mocks.WorkflowRun{}
			m.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(in *workflowservice.ListWorkflowExecutionsRequest) bool {
				return in.GetQuery() == "(ConcurReportID = 'O''R1' OR WorkflowId = 'EXPRPT:O''R1') AND "+
					"(ExecutionStatus = 'Running' OR CloseTime > '2026-11-03T07:00:00Z')"
			})).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: c.runs}, nil).Once()
			result.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
				args.Get(1).(*workflows.Result).DryRun = c.why
			}).Return(nil)
			m.On("GetWorkflow", mock.Anything, mock.Anything, mock.Anything).Return(result).Maybe()
			n := expense.Notification{Kind: expense.ReportObject, Key: "O'R1", EventDateTime: "2026-11-03T07:00:00Z"}
			knows, err := workflows.NewClient(m, "own").HasRun(t.Context(), n, expense.ListRead{At: now, Grace: time.Hour, DryRun: c.now})
			require.NoError(t, err)
			require.Equal(t, c.want, knows)
		})
	}
}
