package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// refusedAt is a read of an address whose host is not on the allow-list.
func refusedAt(host string) error {
	return temporal.NewNonRetryableApplicationError("Untrusted: ObjectURI names the host "+host, string(expense.Untrusted), nil,
		expense.RefusedHost{Host: host, AllowList: "list-1"})
}

const evilURI = "https://evil.example/api/expense/expensereport/v1.1/reportfulldetails/gWr1$pKey"

func hostile() expense.Notification {
	n := callout()
	n.ObjectURI = evilURI
	return n
}

func TestARunParkedForItsOwnAddressDoesNotRetryByItself(t *testing.T) {
	t.Parallel()
	for name, wake := range map[string]func(p *play){
		"until it is signalled": func(p *play) { p.env.SignalWorkflow(workflows.Retried, nil) },
		"until it is notified":  func(p *play) { p.env.SignalWorkflow(workflows.Notified, hostile()) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			memos := 0
			p.env.OnUpsertMemo(map[string]any{workflows.RefusedHostMemo: expense.RefusedHost{Host: "evil.example", AllowList: "list-1"}}).
				Return(nil).Run(func(mock.Arguments) { memos++ })
			p.reads, p.verdicts = []any{refusedAt("evil.example"), waiting(1, 10)}, []any{approval}
			p.after(90*24*time.Hour, func() {
				require.Equal(t, []string{"read"}, p.calls)
				s := p.status()
				require.Equal(t, workflows.WaitingForOperator, s.WaitingFor)
				require.Equal(t, "evil.example", s.Parked.Host)
				wake(p)
			})
			require.Equal(t, expense.Approved, p.run(hostile()).Outcome)
			require.Equal(t, 1, memos)
		})
	}
	t.Run("it does not retry after it has continued as new either", func(t *testing.T) {
		p := newPlay(t)
		p.env.OnUpsertMemo(mock.Anything).Return(nil)
		p.reads = []any{refusedAt("evil.example")}
		p.after(time.Minute, func() { p.env.SetContinueAsNewSuggested(true) })
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: hostile()})
		var again *workflow.ContinueAsNewError
		require.ErrorAs(t, p.env.GetWorkflowError(), &again)
		var input workflows.ProcessInput
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))

		q := setUp(t)
		memos := 0
		q.env.OnUpsertMemo(mock.Anything).Return(nil).Run(func(mock.Arguments) { memos++ })
		q.after(90*24*time.Hour, func() {
			require.Empty(t, q.calls)
			require.Equal(t, 1, memos, "the memo is there again")
			q.env.CancelWorkflow()
		})
		q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
		require.True(t, q.env.IsWorkflowCompleted())
	})
}

func TestAReportIsReadDespiteAForgedAddress(t *testing.T) {
	t.Parallel()
	elsewhere := callout()
	elsewhere.ObjectURI = "https://www.concursolutions.com/api/expense/expensereport/v9/x/gWr1$pKey"
	gone := expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}
	for name, first := range map[string]any{"that is refused": refusedAt("evil.example"), "that leads nowhere": gone} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{func() any {
				p.env.SignalWorkflow(workflows.Notified, hostile())
				p.env.SignalWorkflow(workflows.Notified, callout())
				return first
			}, refusedAt("evil.example"), waiting(1, 10)}, []any{approval}
			require.Equal(t, expense.Approved, p.run(elsewhere).Outcome)
			require.Equal(t, evilURI, p.read[1].ObjectURI)
			require.Equal(t, reportURI, p.read[2].ObjectURI)
		})
	}
}

func TestAForgedAddressDoesNotReplaceOneThatWasNotFoundOnce(t *testing.T) {
	t.Parallel()
	gone := expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}
	forged := callout()
	forged.ObjectURI = "https://www.concursolutions.com/api/expense/expensereport/v9/report/gWr1$pKey"
	for name, c := range map[string]struct {
		other expense.Notification
		reads []any // after the first
		asked []string
	}{
		"that is refused":    {hostile(), []any{refusedAt("evil.example"), gone, waiting(1, 10)}, []string{reportURI, evilURI, reportURI, reportURI}},
		"that leads nowhere": {forged, []any{gone, waiting(1, 10)}, []string{reportURI, forged.ObjectURI, reportURI}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads = append([]any{func() any { p.env.SignalWorkflow(workflows.Notified, c.other); return gone }}, c.reads...)
			p.verdicts = []any{approval}
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			var asked []string
			for _, in := range p.read {
				asked = append(asked, in.ObjectURI)
			}
			require.Equal(t, c.asked, asked)
		})
	}
	t.Run("a report that is gone at each address ends the run", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{func() any { p.env.SignalWorkflow(workflows.Notified, forged); return gone }, gone}
		require.Equal(t, expense.Gone, p.run(callout()).Outcome)
		require.Len(t, p.read, 4)
	})
}

func TestAnUntrustedNotificationURIIsDroppedWithoutParking(t *testing.T) {
	t.Parallel()
	foreign := callout()
	foreign.NotificationURI = "https://evil.example/api/platform/notifications/v1.0/notification/n9"
	why := `NotificationURI names the host "evil.example", which is not on the allow-list`
	dropped := func(read expense.FetchedReport) expense.FetchedReport {
		read.UntrustedURIs = []expense.UntrustedURI{{URI: foreign.NotificationURI, Why: why}}
		return read
	}
	t.Run("while a person is asked, the task stays", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), dropped(waiting(1, 10))}, []any{ask}
		var task string
		p.after(time.Minute, func() { task = p.status().Task.ID; p.env.SignalWorkflow(workflows.Notified, foreign) })
		p.after(2*time.Minute, func() {
			require.Empty(t, p.status().PendingDeletes)
			require.Equal(t, []string{"a notification URI was dropped: " + why}, p.status().Done)
			p.env.SignalWorkflow(workflows.Notified, foreign) // it is known now, and wakes nobody
		})
		p.after(3*time.Minute, func() { require.Len(t, p.read, 2); p.env.SignalWorkflow(workflows.Notified, callout()) })
		p.after(4*time.Minute, func() { require.Empty(t, p.status().PendingDeletes) })
		p.after(time.Hour, func() { p.decide(task, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "read", "read", "approve"}, p.calls)
		require.Empty(t, p.read[0].UncheckedURIs)
		require.Equal(t, []string{foreign.NotificationURI}, p.read[1].UncheckedURIs)
		require.Equal(t, []string{foreign.NotificationURI}, p.read[2].UncheckedURIs)
		require.Len(t, p.status().Done, 2, "it is said once")
	})
	t.Run("by a run that has an accepted decision", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), dropped(moved("A_APPR"))}, []any{approval}
		p.actions = []any{func() any { p.env.SignalWorkflow(workflows.Notified, foreign); return nil }}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.NotContains(t, p.calls, "delete")
	})
	t.Run("before the deletes, and the other URIs are deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.deletes = []any{expense.DeletedNotification{Untrusted: why}, nil}
		p.after(0, func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(2)) })
		result := p.run(foreign)
		require.Equal(t, expense.Approved, result.Outcome)
		require.Equal(t, []string{"approved", "a notification URI was dropped: " + why, "failed notification deleted"}, result.Done)
	})
}

func TestANewAllowListRetriesTheRunsThatTheOldOneParked(t *testing.T) {
	t.Parallel()
	parked := func(id string, refused any) *workflowpb.WorkflowExecutionInfo {
		p, err := converter.GetDefaultDataConverter().ToPayload(refused)
		require.NoError(t, err)
		return &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "r-" + id},
			Memo:      &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.RefusedHostMemo: p}},
		}
	}
	m := mocks.NewClient(t)
	page := func(token, next string, runs ...*workflowpb.WorkflowExecutionInfo) {
		m.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
			return string(r.NextPageToken) == token && r.Query == "WorkflowType = 'ProcessNotification' AND TaskQueue IN ('q', 'q-sweep') "+
				"AND ExecutionStatus = 'Running' AND ConcurWaitingFor = 'operator'"
		})).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: runs, NextPageToken: []byte(next)}, nil).Once()
	}
	signals := func(id string, err error) {
		m.On("SignalWorkflow", mock.Anything, id, "r-"+id, workflows.Retried, mock.Anything).Return(err).Once()
	}
	page("", "more", parked("EXPRPT:old", expense.RefusedHost{Host: "a.example", AllowList: "list-1"}),
		parked("EXPRPT:now", expense.RefusedHost{Host: "a.example", AllowList: "list-2"}),
		parked("EXPRPT:other", expense.RefusedHost{}), parked("EXPRPT:odd", 7),
		&workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: "EXPRPT:none"}})
	page("more", "", parked("EXPRPT:ended", expense.RefusedHost{Host: "b.example", AllowList: "list-1"}))
	signals("EXPRPT:old", nil)
	signals("EXPRPT:ended", serviceerror.NewNotFound("it has ended"))
	released, err := workflows.NewClient(m, "q").Release(t.Context(), "list-2", time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, 1, released)

	page("", "", parked("EXPRPT:old", expense.RefusedHost{Host: "a.example", AllowList: "list-1"}))
	signals("EXPRPT:old", errors.New("no frontend"))
	_, err = workflows.NewClient(m, "q").Release(t.Context(), "list-2", time.Millisecond)
	require.ErrorContains(t, err, "no frontend")

	ctx, cancel := context.WithCancel(t.Context())
	page("", "", parked("EXPRPT:old", expense.RefusedHost{Host: "a.example", AllowList: "list-1"}))
	m.On("SignalWorkflow", mock.Anything, "EXPRPT:old", "r-EXPRPT:old", workflows.Retried, mock.Anything).
		Run(func(mock.Arguments) { cancel() }).Return(nil).Once()
	released, err = workflows.NewClient(m, "q").Release(ctx, "list-2", time.Hour)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, released)
}
