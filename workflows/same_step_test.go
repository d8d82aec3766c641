package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// elsewhere is what a write finds that may have come to another step of the same name.
var elsewhere = expense.ReportState{Kind: expense.NotWaiting, Status: expense.StatusExternalValidation, ValidationID: byV4("").ValidationID}

// movedTo is a read by v4 that shows another mark than the read before.
func movedTo(mark string, held ...expense.ExistingException) expense.FetchedReport {
	read := byV4(mark, held...)
	read.MayHaveMoved = true
	return read
}

func TestADecisionOutlivesAHeaderChangeByOurOwnExceptions(t *testing.T) {
	t.Parallel()
	asked := ask
	asked.Exceptions = []expense.Exception{norecpt}
	now := func(mark string, moved bool) expense.PostedExceptions {
		done := posted(expense.Posted, "")
		done.HeaderHash, done.MayHaveMoved = mark, moved
		return done
	}
	for name, c := range map[string]struct {
		reads, posts, actions []any
		calls                 []string
		mark                  string // with which the action is compared
	}{
		"nothing of the header": {
			[]any{byV4("m1")}, []any{now("m1", false)}, nil,
			[]string{"read", "evaluate", "post", "approve"}, "m1",
		},
		"something of it: the rules judge it anew": {
			[]any{byV4("m1"), byV4("m2", held)}, []any{now("m2", true)}, nil,
			[]string{"read", "evaluate", "post", "read", "evaluate", "approve"}, "m2",
		},
		"something of it, and the answer to the post is lost": {
			[]any{byV4("m1"), movedTo("m2", held)}, []any{kind(expense.Forbidden), now("m2", false)}, nil,
			[]string{"read", "evaluate", "post", "read", "evaluate", "post", "approve"}, "m2",
		},
		"nothing of it, and the action is refused at first": {
			[]any{byV4("m1"), byV4("m1", held)}, []any{now("m1", false)}, []any{certain(expense.NoApprover), expense.ActionTaken{}},
			[]string{"read", "evaluate", "post", "approve", "read", "evaluate", "approve"}, "m1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.posts, p.actions, p.verdicts = c.reads, c.posts, c.actions, []any{asked}
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
			require.Equal(t, c.calls, p.calls)
			require.Equal(t, c.mark, p.acted[len(p.acted)-1].HeaderHash)
		})
	}
	t.Run("each read is compared with the read before it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byV4("m1")}, []any{ask}
		p.after(time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
		p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Empty(t, p.read[0].HeaderHash)
		require.Equal(t, "m1", p.read[1].HeaderHash)
		require.Equal(t, byV4("").ValidationID, p.read[1].ValidationID)
	})
}

func TestADecisionIsNotUsedAtWhatMayBeAnotherStep(t *testing.T) {
	t.Parallel()
	asked := ask
	asked.Exceptions = []expense.Exception{norecpt}
	for name, c := range map[string]struct {
		reads, posts, actions []any
		verdict               expense.Verdict
		calls                 []string
	}{
		"which the read before the action shows": {
			[]any{byV4("m1"), byV4("m2")}, nil, []any{expense.ActionTaken{ReportState: elsewhere, MayHaveMoved: true}, expense.ActionTaken{}}, ask,
			[]string{"read", "evaluate", "approve", "read", "evaluate", "send-back"},
		},
		"which the read before the exceptions shows": {
			[]any{byV4("m1"), movedTo("m2")}, []any{expense.PostedExceptions{ReportState: elsewhere, MayHaveMoved: true}, posted(expense.Posted, "")}, nil, asked,
			[]string{"read", "evaluate", "post", "read", "evaluate", "post", "send-back"},
		},
		"which the read after a refusal shows": {
			[]any{byV4("m1"), movedTo("m2")}, nil, []any{certain(expense.NoApprover), expense.ActionTaken{}}, ask,
			[]string{"read", "evaluate", "approve", "read", "evaluate", "send-back"},
		},
		"and exceptions that were certainly not put explain nothing": {
			[]any{byV4("m1"), movedTo("m2")}, []any{certain(expense.Forbidden), posted(expense.Posted, "")}, nil, asked,
			[]string{"read", "evaluate", "post", "read", "evaluate", "post", "send-back"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.posts, p.actions, p.verdicts = c.reads, c.posts, c.actions, []any{c.verdict}
			first := ""
			p.after(time.Hour, func() {
				first = p.status().Task.ID
				p.decide(first, "d1", expense.DecideApprove)
			})
			p.after(48*time.Hour, func() {
				require.NotEqual(t, first, p.status().Task.ID)
				p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
			})
			require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
			require.Equal(t, c.calls, p.calls)
		})
	}
}

func TestAReportEditedAtItsStepIsEvaluatedAgain(t *testing.T) {
	t.Parallel()
	edited := expense.ActionTaken{ReportState: waiting(1, 10).ReportState, MayHaveMoved: true}
	edited.Kind = expense.NotWaiting
	shown := waiting(1, 10)
	shown.ContentHashes = "digest"
	t.Run("the exceptions that were posted there stay", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{shown, waiting(1, 9000)}, []any{flagged, ask}
		p.posts, p.actions = []any{posted(expense.Posted, "")}, []any{edited, expense.ActionTaken{}}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "approve", "read", "evaluate", "approve"}, p.calls)
		require.Equal(t, "digest", p.acted[0].ContentHashes)
	})
	t.Run("the run is parked when the report changes before every write", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{shown}, []any{approval}, []any{edited}
		p.after(time.Minute, func() {
			require.Equal(t, expense.Malformed, p.status().Parked.Kind)
			p.env.CancelWorkflow()
		})
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
		require.Len(t, p.acted, 3)
	})
}
