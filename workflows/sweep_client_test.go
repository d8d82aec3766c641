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

func TestASweepStartsRunsOnItsOwnQueueUnlessItSkipsThem(t *testing.T) {
	t.Parallel()
	event := failedCopy(1)
	event.EventDateTime = "2026-11-03T10:00:00"
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	closed := func(status enumspb.WorkflowExecutionStatus, outcome expense.Outcome, when time.Time) *workflowpb.WorkflowExecutionInfo {
		info := &workflowpb.WorkflowExecutionInfo{Status: status, CloseTime: timestamppb.New(when)}
		if outcome != "" {
			payload, err := converter.GetDefaultDataConverter().ToPayload(outcome)
			require.NoError(t, err)
			info.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{workflows.OutcomeAttribute: payload}}
		}
		return info
	}
	others := expense.NotTestUser([]string{"kim"})
	remembering := func(info *workflowpb.WorkflowExecutionInfo, uri string) *workflowpb.WorkflowExecutionInfo {
		payload, err := converter.GetDefaultDataConverter().ToPayload(uri)
		require.NoError(t, err)
		info.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.NotificationMemo: payload}}
		return info
	}
	begun := func(uri string) *workflowpb.WorkflowExecutionInfo {
		return remembering(closed(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "", at), uri)
	}
	done := func(uri string, outcome expense.Outcome) *workflowpb.WorkflowExecutionInfo {
		return remembering(closed(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, outcome, at), uri)
	}
	const (
		completed  = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		canceled   = enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED
		terminated = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
		running    = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	)
	for name, c := range map[string]struct {
		last  *workflowpb.WorkflowExecutionInfo // nil: there was none
		knows []string                          // notification URIs that the last run owed
		mute  bool                              // the last run does not answer
		open  bool
		late  time.Duration // how long after the event the list was read
		times int           // how many runs have deleted it
		now   expense.DryRunReason
		why   expense.DryRunReason // why the last run only showed
		owned bool                 // what the last run left to others is known to be ours
		want  expense.Swept
	}{
		"one that was never seen is started":                         {want: expense.SweptStarted},
		"one whose last run is done is started":                      {last: closed(completed, expense.Approved, at), want: expense.SweptStarted},
		"one whose run is open is told to it":                        {last: closed(running, "", at), open: true, want: expense.SweptSignaled},
		"one whose open run began with it is not told":               {last: begun(event.NotificationURI), want: expense.SweptSignaled},
		"one whose open run began with another is told":              {last: begun("https://other"), open: true, want: expense.SweptSignaled},
		"one that its last run was deleting is skipped":              {last: done(event.NotificationURI, expense.Approved), want: expense.SweptSkipped},
		"one that is listed once it was deleted is owed":             {last: done(event.NotificationURI, expense.Approved), late: time.Minute, times: 1, want: expense.SweptStarted},
		"one that was deleted twice is owed again":                   {last: done(event.NotificationURI, expense.Superseded), late: time.Minute, times: 2, want: expense.SweptStarted},
		"one that was deleted three times is told of":                {last: done(event.NotificationURI, expense.Superseded), late: time.Minute, times: 3, want: expense.SweptStillListed},
		"one that stays is tried again after a day":                  {last: done(event.NotificationURI, expense.Superseded), late: 25 * time.Hour, times: 3, want: expense.SweptStarted},
		"one whose report has another that stays, too":               {last: done("https://other", expense.Superseded), late: time.Minute, times: 3, want: expense.SweptStillListed},
		"one beside another that stays is owed again":                {last: done("https://other", expense.Superseded), late: time.Minute, times: 2, want: expense.SweptStarted},
		"one whose run left it in the list is skipped":               {last: done(event.NotificationURI, expense.Superseded), late: time.Minute, now: others, why: others, want: expense.SweptSkipped},
		"one that a dry run left is owed with writes":                {last: done(event.NotificationURI, expense.Superseded), late: time.Minute, times: 1, why: others, want: expense.SweptStarted},
		"one whose last run dealt with another is started":           {last: done("https://other", expense.Approved), want: expense.SweptStarted},
		"one that its last run only showed is taken up":              {last: done(event.NotificationURI, expense.DryRun), want: expense.SweptStarted},
		"one whose cancelled run does not answer waits":              {last: closed(canceled, expense.Cancelled, at.Add(time.Hour)), mute: true, want: expense.SweptUnknown},
		"a dry run whose result cannot be read is repeated":          {last: closed(completed, expense.DryRun, at.Add(-time.Minute)), now: expense.DryRunMode, why: expense.DryRunMode, mute: true, want: expense.SweptStarted},
		"an object that we do not handle is skipped":                 {last: closed(completed, expense.Unsupported, at.AddDate(-1, 0, 0)), want: expense.SweptSkipped},
		"one that its last run left to others is left":               {last: done(event.NotificationURI, expense.NotOurs), late: 48 * time.Hour, want: expense.SweptSkipped},
		"one that is known to be ours by now is taken up":            {last: done(event.NotificationURI, expense.NotOurs), owned: true, want: expense.SweptStarted},
		"one beside another that was left to others":                 {last: done("https://other", expense.NotOurs), want: expense.SweptStarted},
		"one cancelled long after the event is skipped":              {last: closed(canceled, expense.Cancelled, at.Add(13*time.Hour)), want: expense.SweptSkipped},
		"one terminated long after the event is skipped":             {last: closed(terminated, "", at.Add(13*time.Hour)), want: expense.SweptSkipped},
		"one cancelled before the event is started":                  {last: closed(canceled, expense.Cancelled, at.Add(-time.Hour)), want: expense.SweptStarted},
		"one cancelled within the zones' doubt is started":           {last: closed(canceled, expense.Cancelled, at.Add(time.Hour)), want: expense.SweptStarted},
		"a dry run after the event is skipped":                       {last: closed(completed, expense.DryRun, at.Add(time.Minute)), now: expense.DryRunMode, why: expense.DryRunMode, want: expense.SweptSkipped},
		"a report that was submitted again gets another dry run":     {last: closed(completed, expense.DryRun, at.Add(-time.Minute)), now: expense.DryRunMode, why: expense.DryRunMode, want: expense.SweptStarted},
		"one that the run which showed knew is skipped":              {last: closed(completed, expense.DryRun, at.Add(-time.Minute)), knows: []string{event.NotificationURI}, now: expense.DryRunMode, why: expense.DryRunMode, want: expense.SweptSkipped},
		"another owner's dry run is skipped for the same test users": {last: closed(completed, expense.DryRun, at.Add(24*time.Hour)), now: others, why: others, want: expense.SweptSkipped},
		"a dry run for other test users is started":                  {last: closed(completed, expense.DryRun, at.Add(24*time.Hour)), now: others, why: expense.NotTestUser([]string{"sam"}), want: expense.SweptStarted},
		"a dry run of the mode is started for test users":            {last: closed(completed, expense.DryRun, at.Add(24*time.Hour)), now: others, why: expense.DryRunMode, want: expense.SweptStarted},
		"a dry run for test users is skipped in dry-run mode":        {last: closed(completed, expense.DryRun, at.Add(24*time.Hour)), now: expense.DryRunMode, why: others, want: expense.SweptSkipped},
		"a dry run is started once writes are on":                    {last: closed(completed, expense.DryRun, at.Add(24*time.Hour)), want: expense.SweptStarted},
		"one that the cancelled run knew of is skipped":              {last: closed(canceled, expense.Cancelled, at.Add(time.Hour)), knows: []string{event.NotificationURI}, want: expense.SweptSkipped},
		"one beside what the cancelled run knew is started":          {last: closed(canceled, expense.Cancelled, at.Add(time.Hour)), knows: []string{"https://other"}, want: expense.SweptStarted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			describe := m.On("DescribeWorkflowExecution", mock.Anything, calloutID, "")
			if c.last == nil {
				describe.Return(nil, errMissing)
			} else {
				describe.Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: c.last}, nil)
			}
			result := &mocks.WorkflowRun{}
			result.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
				*args.Get(1).(*workflows.Result) = workflows.Result{DryRun: c.why, FailedListEventTypes: []string{"E"}, Policies: []string{"P"}}
			}).Return(nil)
			m.On("GetWorkflow", mock.Anything, mock.Anything, mock.Anything).Return(result).Maybe()
			answer := mocks.NewEncodedValue(t)
			answer.On("Get", mock.Anything).Run(func(args mock.Arguments) {
				args.Get(0).(*workflows.Status).PendingDeletes = c.knows
			}).Return(nil).Maybe()
			query := m.On("QueryWorkflow", mock.Anything, calloutID, "", workflows.StatusQuery)
			if c.mute {
				query.Return(nil, errAway)
			} else {
				query.Return(answer, nil).Maybe()
			}
			deleted := &workflowservice.ListWorkflowExecutionsResponse{}
			for range c.times {
				deleted.Executions = append(deleted.Executions, done(event.NotificationURI, expense.Superseded), done("https://other", expense.Approved))
			}
			m.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(in *workflowservice.ListWorkflowExecutionsRequest) bool {
				return in.GetQuery() == "WorkflowId = 'EXPRPT:gWr1$pKey' AND ExecutionStatus = 'Completed'"
			})).Return(deleted, nil).Maybe()
			input := workflows.ProcessInput{Notification: event}
			if c.want == expense.SweptStarted || c.open {
				execute := m.On("ExecuteWorkflow", mock.Anything, startOptions("own-sweep", true, event), workflows.ProcessNotification, input).Once()
				execute.Return(nil, nil)
				if c.open {
					execute.Return(nil, errStarted)
					m.On("SignalWithStartWorkflow", mock.Anything, calloutID, workflows.Notified, event, startOptions("own-sweep", false, event),
						workflows.ProcessNotification, input).Return(nil, nil).Once()
				}
			}
			got, err := workflows.NewClient(m, "own").Sweep(t.Context(), event, expense.ListRead{
				At: at.Add(c.late), DryRun: c.now,
				Owns: func(object expense.ObjectKind, events, policies []string) bool {
					require.Equal(t, []any{event.Kind, []string{"E"}, []string{"P"}}, []any{object, events, policies})
					return c.owned
				},
			})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
