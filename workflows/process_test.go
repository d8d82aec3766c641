package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestARunEndsWithTheOutcomeOfWhatItRead(t *testing.T) {
	t.Parallel()
	unsupported := callout()
	unsupported.Kind = expense.UnknownObject
	tests := map[string]struct {
		play   play
		notify expense.Notification
		want   expense.Outcome
		calls  []string
	}{
		"a clean report is passed on": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{approval}},
			want: expense.Approved, calls: []string{"read", "evaluate", "approve"}},
		"exceptions are posted first": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{flagged}, posts: []any{posted(expense.Posted, "")}},
			want: expense.ApprovedWithExceptions, calls: []string{"read", "evaluate", "post", "approve"}},
		"an unconfirmed exception counts as posted": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{flagged}, posts: []any{posted(expense.Unconfirmed, "")}},
			want: expense.ApprovedWithExceptions, calls: []string{"read", "evaluate", "post", "approve"}},
		"a violation sends it back": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{sendBack}},
			want: expense.SentBack, calls: []string{"read", "evaluate", "send-back"}},
		"a recalled report is withdrawn": {
			play: play{reads: []any{moved("A_RESU")}}, want: expense.Withdrawn, calls: []string{"read"}},
		"a report that was never submitted is withdrawn": {
			play: play{reads: []any{moved("A_NOTF")}}, want: expense.Withdrawn, calls: []string{"read"}},
		"a report that is elsewhere is superseded": {
			play: play{reads: []any{moved("A_APPR")}}, want: expense.Superseded, calls: []string{"read"}},
		"a report with a status of the company's own is superseded": {
			play: play{reads: []any{moved("X_OWN1")}}, want: expense.Superseded, calls: []string{"read"}},
		"a report that Concur does not have is gone": {
			play: play{reads: []any{expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}}},
			want: expense.Gone, calls: []string{"read", "read"}},
		"a report that Concur does not find once is not gone": {
			play: play{reads: []any{expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}, waiting(1, 10)}, verdicts: []any{approval}},
			want: expense.Approved, calls: []string{"read", "read", "evaluate", "approve"}},
		"an object of an unknown kind is unsupported and nothing is read": {
			notify: unsupported, want: expense.Unsupported},
		"a failed notification is deleted last": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{approval}}, notify: failedCopy(1),
			want: expense.Approved, calls: []string{"read", "evaluate", "approve", "delete"}},
		"a failed notification of a report that is elsewhere is deleted": {
			play: play{reads: []any{moved("A_APPR")}}, notify: failedCopy(1),
			want: expense.Superseded, calls: []string{"read", "delete"}},
		"a report that moved between read and write is withdrawn": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{approval}, actions: []any{
				expense.ActionTaken{ReportState: moved("A_RESU").ReportState}}},
			want: expense.Withdrawn, calls: []string{"read", "evaluate", "approve"}},
		"a doubtful approval whose report was sent back is superseded": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{approval}, actions: []any{
				expense.ActionTaken{ReportState: moved("A_RESU").ReportState, OutcomeUnknown: true}}},
			want: expense.Superseded, calls: []string{"read", "evaluate", "approve"}},
		"an action confirmed by reading is ours": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{approval}, actions: []any{
				expense.ActionTaken{ReportState: moved("A_APPR").ReportState, Confirmed: true, OutcomeUnknown: true}}},
			want: expense.Approved, calls: []string{"read", "evaluate", "approve"}},
		"a report that was read for other rules is read again": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{stale, approval}},
			want: expense.Approved, calls: []string{"read", "evaluate", "read", "evaluate", "approve"}},
		"another step is another validation": {
			play: play{reads: []any{waiting(1, 10), waiting(2, 10)}, verdicts: []any{approval}, actions: []any{
				expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}, nil}},
			want: expense.Approved, calls: []string{"read", "evaluate", "approve", "read", "evaluate", "approve"}},
		"a report that vanished before the write is gone": {
			play: play{reads: []any{waiting(1, 10), expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}},
				verdicts: []any{approval}, actions: []any{expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotFound}}}},
			want: expense.Gone, calls: []string{"read", "evaluate", "approve", "read", "read"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts, p.posts, p.actions = test.play.reads, test.play.verdicts, test.play.posts, test.play.actions
			n := test.notify
			if n.Kind == "" {
				n = callout()
			}
			require.Equal(t, test.want, p.run(n).Outcome)
			require.Equal(t, test.calls, p.calls)
			require.Equal(t, workflows.Closed, p.status().State)
			require.Equal(t, test.want, p.status().Outcome)
		})
	}
}

func TestAReportIDThatIsTooLongForASearchAttributeIsCut(t *testing.T) {
	p := newPlay(t)
	long := waiting(1, 10)
	long.ReportID = strings.Repeat("é", 3000)
	p.reads, p.verdicts = []any{long}, []any{approval}
	var ids []string
	p.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		attributes := args.Get(0).(temporal.SearchAttributes)
		if id, ok := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(workflows.ReportIDAttribute)); ok {
			ids = append(ids, id)
		}
	}).Return(nil)
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, []string{strings.Repeat("é", 50)}, slices.Compact(ids), "a hundred bytes, and no half of a letter")
}

func TestACancelledRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(p *play)
		calls   []string
	}{
		"while a person is asked writes nothing": {
			arrange: func(p *play) { p.verdicts = []any{ask}; p.after(time.Minute, p.env.CancelWorkflow) },
			calls:   []string{"read", "evaluate"}},
		"while parked writes nothing": {
			arrange: func(p *play) {
				p.verdicts, p.actions = []any{approval}, []any{kind(expense.Forbidden)}
				p.after(time.Minute, p.env.CancelWorkflow)
			},
			calls: []string{"read", "evaluate", "approve"}},
		"during a write records its result and deletes nothing": {
			arrange: func(p *play) {
				p.verdicts = []any{approval}
				p.actions = []any{func() any { p.env.CancelWorkflow(); return nil }}
			},
			calls: []string{"read", "evaluate", "approve"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads = []any{waiting(1, 10)}
			test.arrange(p)
			p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: failedCopy(1)})
			require.True(t, p.env.IsWorkflowCompleted())
			var cancelled *temporal.CanceledError
			require.ErrorAs(t, p.env.GetWorkflowError(), &cancelled)
			require.Equal(t, test.calls, p.calls)
			require.Equal(t, expense.Cancelled, p.status().Outcome)
		})
	}
}

func TestALongRunContinuesAsNewWithItsState(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
	p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(3)) })
	p.after(time.Hour, func() { p.env.SetContinueAsNewSuggested(true) })
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	require.True(t, p.env.IsWorkflowCompleted())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	var input workflows.ProcessInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
	require.Equal(t, p.status().Task, input.Memory.Decision.Task)
	require.Equal(t, failedCopy(3).NotificationURI, input.Memory.Deletes.Pending[0])

	// The next run asks for the same task, and its decision counts.
	q := setUp(t)
	q.reads, q.verdicts = []any{waiting(1, 10)}, []any{ask}
	q.after(time.Minute, func() { q.decide(input.Memory.Decision.Task.ID, "d1", expense.DecideApprove) })
	q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
	require.NoError(t, q.env.GetWorkflowError())
	require.Equal(t, []string{"read", "approve", "delete"}, q.calls)
}

func TestTheResultNamesTheRulesOfTheLastEvaluation(t *testing.T) {
	p := newPlay(t)
	verdict := approval
	verdict.RulesHash, verdict.Version = "0123456789abcdef", "2026-11"
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{verdict}
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, &workflows.RulesUsed{Hash: "0123456789abcdef", Version: "2026-11"}, p.rules)
}

func TestTheResultWithoutAnEvaluationNamesNoRules(t *testing.T) {
	p := newPlay(t)
	p.reads = []any{expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}}
	require.Equal(t, expense.Gone, p.run(callout()).Outcome)
	require.Nil(t, p.rules)
}

func TestAnUnknownOutcomeOutlivesAReportThatIsNotFound(t *testing.T) {
	missing := expense.ReportState{Kind: expense.NotFound}
	t.Run("the action counts as ours when the report is found again, approved", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_APPR")}, []any{approval}
		p.actions = []any{expense.ActionTaken{ReportState: missing, OutcomeUnknown: true}}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "read"}, p.calls)
	})
	t.Run("exceptions may be on a report that is found again", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{flagged}
		p.posts = []any{expense.PostedExceptions{ReportState: missing, OutcomeUnknown: true}, posted(expense.Posted, "")}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.False(t, p.posted[0].OutcomeUnknown)
		require.True(t, p.posted[1].OutcomeUnknown)
	})
	t.Run("a first attempt that finds no report leaves nothing unknown", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{flagged}
		p.posts = []any{expense.PostedExceptions{ReportState: missing}, posted(expense.Posted, "")}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.False(t, p.posted[1].OutcomeUnknown)
	})
}

func TestACalloutDoesNotShortenTheDelayBeforeAReportCountsAsGone(t *testing.T) {
	p := newPlay(t)
	p.reads = []any{expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}}
	p.after(time.Second, func() {
		require.Equal(t, []string{"read"}, p.calls)
		p.env.SignalWorkflow(workflows.Notified, callout())
	})
	p.after(59*time.Second, func() { require.Equal(t, []string{"read"}, p.calls) })
	require.Equal(t, expense.Gone, p.run(callout()).Outcome)
	require.Equal(t, []string{"read", "read", "read", "read"}, p.calls, "the callout is answered by a pass of its own")
}

func TestAnEntryThatConcurStillListsIsDeletedAgain(t *testing.T) {
	t.Run("without another read of the report", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.deletes = []any{nil, kind(expense.Forbidden), nil}
		p.after(time.Minute, func() {
			p.env.SignalWorkflow(workflows.Notified, failedCopy(1)) // a sweep sees it still
			p.env.SignalWorkflow(workflows.Retried, workflows.Retry{})
		})
		p.env.RegisterDelayedCallback(func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(2)) }, 0)
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{failedCopy(1).NotificationURI, failedCopy(2).NotificationURI, failedCopy(2).NotificationURI, failedCopy(1).NotificationURI}, p.deleted)
	})
	t.Run("at most three times", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{moved("A_APPR")}
		uri := failedCopy(1).NotificationURI
		p.after(0, func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(1)) })
		memory := &workflows.Memory{MustRead: true}
		memory.Address.ObjectURI, memory.Deletes.Deleted = reportURI, []string{uri, uri, uri}
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout(), Memory: memory})
		require.NoError(t, p.env.GetWorkflowError())
		require.Equal(t, []string{"read"}, p.calls)
	})
}
