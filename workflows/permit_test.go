package workflows_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	updatepb "go.temporal.io/api/update/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// permission is an activity's question whether it may write, and the run's answer.
type permission struct {
	permitted expense.Permitted
	refused   error
	answered  chan struct{} // closed with the answer
}

func (a *permission) Accept() {}
func (a *permission) Reject(err error) {
	a.refused = err
	close(a.answered)
}
func (a *permission) Complete(answer any, err error) {
	defer close(a.answered)
	a.permitted, _ = answer.(expense.Permitted)
	a.refused = errors.Join(a.refused, err)
}

// ask asks the run whether an activity may write, and waits for the answer.
func (p *play) ask(activityID, mark string) *permission {
	a := &permission{answered: make(chan struct{})}
	p.env.UpdateWorkflow(workflows.PermitUpdate, "", a, expense.Permission{
		Activity: expense.ActivityName("default-test-workflow-id", activityID), ValidationID: waiting(1, 10).ValidationID, HeaderHash: mark,
	})
	<-a.answered
	return a
}

// byHand is a result that an operator has typed.
var byHand = expense.Answer{Of: "an operator"}

func TestAResultThatSomebodyTypedIsNotUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play  play
		calls []string
	}{
		"of a read that says it is gone": {
			play:  play{reads: []any{expense.FetchedReport{Answer: byHand, ReportState: expense.ReportState{Kind: expense.NotFound}}, waiting(1, 10)}, verdicts: []any{approval}},
			calls: []string{"read", "read", "evaluate", "approve"}},
		"of an action that says it was taken": {
			play:  play{reads: []any{waiting(1, 10)}, verdicts: []any{approval}, actions: []any{expense.ActionTaken{Answer: byHand, Confirmed: true}, expense.ActionTaken{}}},
			calls: []string{"read", "evaluate", "approve", "approve"}},
		"of a post that says all is posted": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{flagged},
				posts: []any{expense.PostedExceptions{Answer: byHand, Items: posted(expense.Posted, "").Items}, posted(expense.Posted, "")}},
			calls: []string{"read", "evaluate", "post", "post", "approve"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts, p.posts, p.actions = c.play.reads, c.play.verdicts, c.play.posts, c.play.actions
			p.run(callout())
			require.Equal(t, c.calls, p.calls)
			require.NotContains(t, p.status().Done, "approved, confirmed by reading")
		})
	}
	t.Run("three such results park the run", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{approval}, []any{
			expense.ActionTaken{Answer: byHand}, expense.ActionTaken{Answer: byHand}, expense.ActionTaken{Answer: byHand}, expense.ActionTaken{}}
		var parked *workflows.ParkReason
		p.after(5*time.Minute, func() { parked = p.status().Parked })
		p.run(callout())
		require.Equal(t, expense.Malformed, parked.Kind)
		require.Contains(t, parked.Message, "completed the activity TakeAction by hand")
	})
}

func TestTheOutcomeOfASilentWriteIsUnknownOnlyIfItWasPermitted(t *testing.T) {
	t.Parallel()
	certain := temporal.NewNonRetryableApplicationError("by hand", "", nil, expense.FailedWrite{Answer: byHand})
	for name, end := range map[string]any{
		"completed by hand":                 expense.ActionTaken{Answer: byHand},
		"failed by hand":                    handMade{temporal.NewNonRetryableApplicationError("by hand", "", nil)},
		"failed by hand, and said to be no": handMade{certain},
	} {
		for _, permitted := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
				var answer *permission
				p.actions = []any{func() any {
					if permitted {
						answer = p.ask("TakeAction-4", "m7")
					}
					return end
				}, expense.ActionTaken{}}
				p.run(callout())
				require.Len(t, p.acted, 2)
				require.Equal(t, permitted, p.acted[1].OutcomeUnknown)
				if permitted {
					require.NoError(t, answer.refused)
					require.Equal(t, "m7", p.acted[1].HeaderHash, "of the read before what may have been sent")
				}
			})
		}
	}
}

func TestARunPermitsAWriteOnlyToTheActivityThatItWaitsFor(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
	var first, second, other *permission
	p.actions = []any{func() any {
		first, other, second = p.ask("TakeAction-4", ""), p.ask("TakeAction-3", ""), p.ask("TakeAction-4", "")
		return expense.ActionTaken{}
	}}
	p.run(callout())
	require.NoError(t, first.refused)
	require.Zero(t, first.permitted.Earlier)
	require.ErrorContains(t, other.refused, "does not wait for this activity")
	require.NoError(t, second.refused)
	require.Equal(t, 1, second.permitted.Earlier, "an attempt before may have written")
}

func TestACancelledRunPermitsNoWrite(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
	var answer *permission
	p.actions = []any{func() any {
		p.env.CancelWorkflow()
		answer = p.ask("TakeAction-4", "")
		return expense.ActionTaken{}
	}}
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	require.True(t, p.env.IsWorkflowCompleted())
	require.ErrorContains(t, answer.refused, "cancelled")
}

func TestTheOutcomeOfAnEarlierRunsWriteIsUnknown(t *testing.T) {
	t.Parallel()
	earlier := func(code string) expense.FetchedReport {
		read := waiting(1, 10)
		read.Report.HasException = new(true)
		read.Earlier = expense.EarlierRuns{CheckedRuns: []string{"r1"}, Wrote: true, Code: code}
		return read
	}
	t.Run("an exception is compared with the present flags", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.posts = []any{earlier("")}, []any{flagged}, []any{posted(expense.Unconfirmed, "")}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.True(t, p.posted[0].OutcomeUnknown)
		require.True(t, p.posted[0].Flags.Report)
		require.False(t, p.acted[0].OutcomeUnknown, "the post has waited and read")
		require.Equal(t, []string{"r1"}, p.looked(2))
	})
	t.Run("an action waits for the action of the earlier run", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{earlier("")}, []any{approval}
		p.run(callout())
		require.True(t, p.acted[0].OutcomeUnknown)
	})
	t.Run("the exception that approves the report is not posted again", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{earlier("APPROVED")}, []any{byCode}, []any{leftByIt}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.True(t, p.approvedByException[0].AlreadyPosted)
	})
}

// byCode passes a report on by an exception.
var byCode = expense.Verdict{Action: expense.Approve, ApproveByException: "APPROVED", RulesHash: "h1"}

// looked is what the read number n was told that the run knows of, if there was one.
func (p *play) looked(n int) []string {
	if len(p.read) < n {
		return []string{"r1"}
	}
	return p.read[n-1].CheckedRuns
}

// accepted is the event of a permission in the history of a run.
func accepted(t *testing.T, name string, p expense.Permission) *historypb.HistoryEvent {
	t.Helper()
	args, err := converter.GetDefaultDataConverter().ToPayloads(p)
	require.NoError(t, err)
	return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes{
		WorkflowExecutionUpdateAcceptedEventAttributes: &historypb.WorkflowExecutionUpdateAcceptedEventAttributes{
			AcceptedRequest: &updatepb.Request{Input: &updatepb.Input{Name: name, Args: args}},
		},
	}}
}

func TestEarlierRunsAreFoundByTheirPermissions(t *testing.T) {
	t.Parallel()
	here := expense.EarlierInput{NotificationID: calloutID, RunID: "self", ReportID: "R1", ValidationID: "stop", CheckedRuns: []string{"known"}}
	self := &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: calloutID, RunId: "self"}}
	const (
		completed  = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		terminated = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
		running    = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	)
	for name, c := range map[string]struct {
		id     string // empty: the run is of the same notification
		runID  string
		status enumspb.WorkflowExecutionStatus
		update string
		wrote  expense.Permission
		via    expense.Interface // of the read; empty: v1.1
		want   bool
		unread bool // its history is not asked for
	}{
		"one that was terminated":                             {status: terminated, wrote: expense.Permission{ValidationID: "stop", Via: expense.V1}, want: true},
		"one that Temporal still lists as open":               {status: running, wrote: expense.Permission{ValidationID: "stop", Via: expense.V1}, want: true},
		"one that wrote at another stop":                      {status: terminated, wrote: expense.Permission{ValidationID: "before", Via: expense.V1}},
		"one that wrote by an interface that names no stop":   {status: terminated, wrote: expense.Permission{ValidationID: "x", Via: expense.V4}, want: true},
		"one that came to its end, at this very stop":         {status: completed, wrote: expense.Permission{ValidationID: "stop"}, want: true},
		"one that came to its end, and says v1.1":             {status: completed, wrote: expense.Permission{ValidationID: "stop", Via: expense.V1}, want: true},
		"one that came to its end, at a stop without a name":  {status: completed, wrote: expense.Permission{ValidationID: "stop", Via: expense.V4}, via: expense.V4},
		"one that was asked something else":                   {status: terminated, update: "checkSendBack", wrote: expense.Permission{ValidationID: "stop"}},
		"one of another notification of the report":           {id: "EXPRPT:R1", status: terminated, wrote: expense.Permission{ValidationID: "stop", Via: expense.V1}, want: true},
		"one of another notification that is open, the elder": {id: "EXPRPT:R1", status: running, unread: true},
		"one that was looked at before":                       {runID: "known", status: terminated, unread: true},
		"itself":                                              {runID: "self", status: running, unread: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := here
			if c.via != "" {
				in.Via = c.via
			}
			run := &commonpb.WorkflowExecution{WorkflowId: calloutID, RunId: "r1"}
			if c.id != "" {
				run.WorkflowId = c.id
			}
			if c.runID != "" {
				run.RunId = c.runID
			}
			if c.update == "" {
				c.update = workflows.PermitUpdate
			}
			api := mocks.NewClient(t)
			api.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
				return strings.Contains(r.GetQuery(), "(WorkflowId = 'EXPRPT:gWr1$pKey' OR ConcurReportID = 'R1')")
			})).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{self, {Execution: run, Status: c.status}}}, nil)
			if !c.unread {
				events := mocks.NewHistoryEventIterator(t)
				events.On("HasNext").Return(true).Once()
				events.On("Next").Return(accepted(t, c.update, c.wrote), nil)
				events.On("HasNext").Return(false)
				api.On("GetWorkflowHistory", mock.Anything, run.WorkflowId, run.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Return(events)
			}
			got, err := workflows.NewClient(api, "").EarlierWrites(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Wrote)
			require.Equal(t, c.unread, len(got.CheckedRuns) == 0)
		})
	}
	t.Run("a list without the asking run is requested again", func(t *testing.T) {
		t.Parallel()
		api, events := mocks.NewClient(t), mocks.NewHistoryEventIterator(t)
		api.On("ListWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.ListWorkflowExecutionsResponse{}, nil).Once()
		api.On("ListWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.ListWorkflowExecutionsResponse{
			Executions: []*workflowpb.WorkflowExecutionInfo{self, {Execution: &commonpb.WorkflowExecution{WorkflowId: calloutID, RunId: "r1"}, Status: terminated}}}, nil)
		api.On("GetWorkflowHistory", mock.Anything, calloutID, "r1", false, mock.Anything).Return(events)
		events.On("HasNext").Return(true).Once()
		events.On("Next").Return(accepted(t, workflows.PermitUpdate, expense.Permission{ValidationID: "stop", Via: expense.V1}), nil)
		events.On("HasNext").Return(false)
		got, err := workflows.NewClient(api, "").EarlierWrites(t.Context(), here)
		require.NoError(t, err)
		require.True(t, got.Wrote)
	})
	t.Run("a list that never holds the asking run is an error", func(t *testing.T) {
		t.Parallel()
		api := mocks.NewClient(t)
		api.On("ListWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.ListWorkflowExecutionsResponse{}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := workflows.NewClient(api, "").EarlierWrites(ctx, here)
		require.ErrorContains(t, err, "not listed yet")
	})
	t.Run("a long report ID is cut as in the search attribute", func(t *testing.T) {
		t.Parallel()
		api, in := mocks.NewClient(t), here
		in.ReportID = strings.Repeat("R", 300)
		api.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
			return strings.Contains(r.GetQuery(), " = '"+strings.Repeat("R", 100)+"')")
		})).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{self}}, nil)
		_, err := workflows.NewClient(api, "").EarlierWrites(t.Context(), in)
		require.NoError(t, err)
	})
	t.Run("a list that cannot be read is an error", func(t *testing.T) {
		t.Parallel()
		api := mocks.NewClient(t)
		api.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, errAway)
		_, err := workflows.NewClient(api, "").EarlierWrites(t.Context(), here)
		require.ErrorIs(t, err, errAway)
	})
	t.Run("a history that Temporal no longer has is skipped", func(t *testing.T) {
		t.Parallel()
		api, events := mocks.NewClient(t), mocks.NewHistoryEventIterator(t)
		api.On("ListWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.ListWorkflowExecutionsResponse{
			Executions: []*workflowpb.WorkflowExecutionInfo{self, {Execution: &commonpb.WorkflowExecution{WorkflowId: calloutID, RunId: "r1"}, Status: terminated}}}, nil)
		api.On("GetWorkflowHistory", mock.Anything, mock.Anything, mock.Anything, false, mock.Anything).Return(events)
		events.On("HasNext").Return(true)
		events.On("Next").Return(nil, errMissing)
		got, err := workflows.NewClient(api, "").EarlierWrites(t.Context(), here)
		require.NoError(t, err)
		require.False(t, got.Wrote)
	})
}

func TestARunThatCannotHandOverItsReportIsParked(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
	p.handOvers = []any{handMade{temporal.NewNonRetryableApplicationError("by hand", "", nil)}, expense.HandedOverRun{}}
	var parked *workflows.ParkReason
	p.after(time.Minute, func() { parked = p.status().Parked })
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, expense.Unavailable, parked.Kind)
}

func TestARunWithAFullHistoryPermitsNoWriteAndContinuesAsNew(t *testing.T) {
	for name, before := range map[string]int{"and nothing was sent": 0, "and an attempt before may have written": 1} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
			var full *permission
			p.actions = []any{func() any {
				for range before {
					p.ask("TakeAction-4", "")
				}
				p.env.SetContinueAsNewSuggested(true)
				full = p.ask("TakeAction-4", "")
				return handMade{temporal.NewNonRetryableApplicationError("full", string(expense.Unavailable), nil)}
			}}
			p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
			require.NoError(t, full.refused, "%v", p.calls)
			require.Equal(t, expense.Permitted{Earlier: before, Full: true}, full.permitted)
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, p.env.GetWorkflowError(), &again)
			var input workflows.ProcessInput
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
			require.Nil(t, input.Memory.Parking.Reason, "there is nothing that a person must mend")
			require.Equal(t, []string{"default-test-run-id"}, input.Memory.Runs.CheckedRuns, "the memory says what the run has written")

			q := setUp(t)
			q.reads, q.verdicts = []any{waiting(1, 10)}, []any{approval}
			q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
			require.NoError(t, q.env.GetWorkflowError())
			require.Equal(t, []string{"read", "approve"}, q.calls)
			require.Equal(t, before > 0, q.acted[0].OutcomeUnknown)
			require.Equal(t, []string{"default-test-run-id"}, q.read[0].CheckedRuns)
		})
	}
}

func TestAPostWaitsForADeleteWithAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, permitted := range []bool{false, true} {
		p := setUp(t)
		p.reads, p.verdicts, p.posts = []any{byV4("m1", held), byV4("m1")}, []any{flagged}, []any{posted(expense.Posted, "")}
		p.exceptionDeletes = []any{func() any {
			if permitted {
				require.NoError(t, p.ask("DeleteExceptions-3", "m1").refused)
			}
			return expense.DeletedExceptions{Answer: byHand}
		}, expense.DeletedExceptions{Deleted: []expense.ExistingException{held}}}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.Len(t, p.deletedExceptions, 2)
		require.Equal(t, permitted, p.deletedExceptions[1].OutcomeUnknown)
		require.False(t, p.posted[0].OutcomeUnknown, "the second has waited")
	}
}
