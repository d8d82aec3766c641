package workflows_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// byException has a verdict pass the report on by an exception.
func byException(v expense.Verdict) expense.Verdict {
	v.ApproveByException = "APPROVED"
	return v
}

var (
	approving = expense.Exception{ObjectType: expense.OnReport, Code: "APPROVED"}
	leftByIt  = expense.ActionTaken{ReportState: moved("A_APPR").ReportState, Confirmed: true, OutcomeUnknown: true, Posted: true}
	stays     = expense.ActionTaken{ReportState: waiting(1, 10).ReportState, Posted: true, StillWaiting: true}
)

func TestAnExceptionApprovesAReport(t *testing.T) {
	t.Parallel()
	t.Run("a report without other exceptions", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{byException(approval)}, []any{leftByIt}
		result := p.run(callout())
		require.Equal(t, expense.Approved, result.Outcome)
		require.Equal(t, []string{"exception APPROVED posted on report to approve it", "approved, confirmed by reading"}, result.Done)
		require.Equal(t, []string{"read", "evaluate", "approve by exception"}, p.calls)
		in := p.approvedByException[0]
		require.Equal(t, "APPROVED", in.Code)
		require.Equal(t, expense.Approve, in.Action)
		require.True(t, in.ByRules, "the limit counts it")
		require.False(t, in.AlreadyPosted)
		require.False(t, in.FlagWasSet)
	})
	t.Run("after the other exceptions, which have raised the flag", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.posts, p.actions = []any{waiting(1, 10)}, []any{byException(flagged)}, []any{posted(expense.Posted, "")}, []any{leftByIt}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "approve by exception"}, p.calls)
		require.Equal(t, flagged.Exceptions, p.posted[0].Exceptions)
		require.True(t, p.approvedByException[0].FlagWasSet)
	})
	t.Run("not while Concur refuses another exception", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.posts = []any{waiting(1, 10)}, []any{byException(flagged)}, []any{posted(expense.Refused, "no such code")}
		p.after(time.Minute, func() { p.reads = []any{moved("A_RESU")}; p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.Withdrawn, p.run(callout()).Outcome)
		require.Empty(t, p.approvedByException)
	})
	t.Run("after a person's decision, whose comment is not sent", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{byException(ask)}, []any{leftByIt}
		p.after(time.Minute, func() {
			p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: p.status().Task.ID, ID: "d1", Decision: expense.DecideApprove, Comment: "Fine.", By: "kim"})
		})
		result := p.run(callout())
		require.Equal(t, expense.Approved, result.Outcome)
		require.Contains(t, result.Done, "the comment was not sent: Concur takes none with an exception")
		require.False(t, p.approvedByException[0].ByRules)
	})
	t.Run("a person's send-back uses the action", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{byException(ask)}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "send-back"}, p.calls)
	})
	t.Run("a rule does not post that code on the report", func(t *testing.T) {
		for _, verdict := range []expense.Verdict{approval, sendBack} {
			p := setUp(t)
			v := byException(verdict)
			v.Exceptions = []expense.Exception{approving, norecpt}
			p.reads, p.verdicts, p.posts, p.actions = []any{waiting(1, 10)}, []any{v}, []any{posted(expense.Posted, "")}, []any{leftByIt}
			p.run(callout())
			require.Equal(t, []expense.Exception{norecpt}, p.posted[0].Exceptions)
		}
	})
	t.Run("a dry run only records it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{byException(approval)}, []any{expense.ActionTaken{DryRun: expense.DryRunMode}}
		result := p.run(callout())
		require.Equal(t, expense.DryRun, result.Outcome)
		require.Equal(t, []string{"would post exception APPROVED on the report to approve it"}, result.Done)
	})
}

func TestAReportThatDoesNotLeaveIsParkedAndTheExceptionIsNotPostedAgain(t *testing.T) {
	t.Parallel()
	t.Run("the run ends when the report leaves", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{byException(approval)}, []any{stays}
		p.after(time.Minute, func() {
			s := p.status()
			require.Equal(t, expense.Rejected, s.Parked.Kind)
			require.Contains(t, s.Parked.Message, "exception APPROVED is on the report (approveByException)")
			require.Contains(t, s.Parked.Fix, "workflow")
		})
		p.after(2*time.Hour, func() { p.reads = []any{moved("A_APPR")} })
		result := p.run(callout())
		require.Equal(t, expense.Approved, result.Outcome, "it has left in the direction of what we did")
		require.Greater(t, len(p.approvedByException), 1)
		for _, again := range p.approvedByException[1:] {
			require.True(t, again.AlreadyPosted)
			require.True(t, again.OutcomeUnknown)
		}
		require.Equal(t, 1, count(result.Done, "exception APPROVED posted on report to approve it"))
	})
	t.Run("a person's decision is done when the report leaves", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{byException(ask)}, []any{stays}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Minute, func() {
			p.reads = []any{moved("A_APPR")}
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		result := p.run(callout())
		require.Equal(t, expense.Approved, result.Outcome)
		require.Equal(t, []string{"exception APPROVED posted on report to approve it", "approved, confirmed by reading"}, result.Done)
	})
	t.Run("later rules may approve it by the action", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{byException(approval), approval}, []any{stays, nil}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve by exception", "read", "evaluate", "approve"}, p.calls)
		require.True(t, p.acted[0].OutcomeUnknown, "it may move at any time")
	})
	t.Run("by v4 the exception stays, unless the report is sent back", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1"), byV4("m2", expense.ExistingException{Exception: approving})}
		p.verdicts = []any{byException(approval), byException(approval), byException(sendBack)}
		p.actions = []any{stays, stays, nil}
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve by exception", "read", "evaluate", "approve by exception", "read", "evaluate", "delete exceptions", "send-back"}, p.calls)
	})
	t.Run("by v4, another step name posts the exception at the next step", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1"), movedTo("m2", expense.ExistingException{Exception: approving}), byV4("m3")}
		p.verdicts = []any{byException(approval)}
		p.actions = []any{func() any {
			p.env.SignalWorkflow(workflows.Notified, named(callout(), "Step - PRE-EXTRACT"))
			return stays
		}, leftByIt}
		result := p.run(named(callout(), "Step - SUBMIT"))
		require.Equal(t, expense.Approved, result.Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve by exception", "read", "delete exceptions", "read", "evaluate", "approve by exception"}, p.calls)
		require.False(t, p.approvedByException[1].AlreadyPosted, "it is posted again at another step")
		require.False(t, p.approvedByException[1].OutcomeUnknown)
		require.Contains(t, result.Done, "the report waits at another step than the one at which exception APPROVED was posted")
	})
	t.Run("by v1.1, another step forgets the exception", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), waiting(2, 10)}
		p.verdicts, p.actions = []any{byException(approval)}, []any{stays, leftByIt}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.False(t, p.approvedByException[1].AlreadyPosted)
		require.False(t, p.approvedByException[1].OutcomeUnknown)
	})
}

func TestTheFlagBeforeALostAnswerIsComparedAfterIt(t *testing.T) {
	p := newPlay(t)
	up := waiting(1, 10)
	raised := *up.Report
	raised.HasException = new(true)
	up.Report = &raised
	p.reads, p.verdicts = []any{waiting(1, 10), up}, []any{byException(approval)}
	p.actions = []any{kind(expense.Forbidden), leftByIt}
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.True(t, p.approvedByException[1].OutcomeUnknown)
	require.False(t, p.approvedByException[1].FlagWasSet, "it was down before the post in doubt")
}

func TestASendBackWithoutExceptionsPostsNone(t *testing.T) {
	t.Parallel()
	bare := sendBack
	bare.Exceptions, bare.SendBackWithoutExceptions = []expense.Exception{norecpt}, true
	t.Run("exceptions that were posted before are deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1"), byV4("m2", held)}
		p.verdicts, p.posts = []any{flagged, bare}, []any{posted(expense.Posted, "")}
		p.actions = []any{certain(expense.Blocked), nil}
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "approve", "read", "evaluate", "delete exceptions", "send-back"}, p.calls)
	})
	t.Run("a person's send-back posts none either", func(t *testing.T) {
		p := newPlay(t)
		asks := bare
		asks.Action = expense.Ask
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{asks}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "send-back"}, p.calls)
	})
	t.Run("an approval posts them", func(t *testing.T) {
		p := newPlay(t)
		asks := bare
		asks.Action = expense.Ask
		p.reads, p.verdicts, p.posts = []any{waiting(1, 10)}, []any{asks}, []any{posted(expense.Posted, "")}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	})
}

func TestTheCommentsOfTheSettingsGoWithAnApproval(t *testing.T) {
	t.Parallel()
	said := func(v expense.Verdict) expense.Verdict {
		v.ApproveComment, v.ExpenseRejectedComment = "Checked.", "An expense was rejected."
		return v
	}
	t.Run("of the rules", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{said(approval)}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, "An expense was rejected.", p.acted[0].ExpenseRejectedComment)
	})
	for comment, want := range map[string]string{"": "Checked.", " \n": "Checked.", "Seen.": "Seen."} {
		t.Run("of a person who says "+strconv.Quote(comment), func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{waiting(1, 10)}, []any{said(ask)}
			p.after(time.Minute, func() {
				p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: p.status().Task.ID, ID: "d1", Decision: expense.DecideApprove, Comment: comment, By: "kim"})
			})
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Equal(t, want, p.acted[0].Comment)
			require.Equal(t, "An expense was rejected.", p.acted[0].ExpenseRejectedComment)
		})
	}
	t.Run("a send-back has none of them", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{said(sendBack)}
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, sendBack.Comment, p.acted[0].Comment)
		require.Empty(t, p.acted[0].ExpenseRejectedComment)
	})
}

func TestAPersonCanDecideAgainWithTheCommentThatConcurRequires(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{ask}, []any{certain(expense.CommentMissing), expense.ActionTaken{}}
	decide := func(id, comment string) {
		p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: p.status().Task.ID, ID: id, Decision: expense.DecideApprove, Comment: comment, By: "kim"})
	}
	p.after(time.Minute, func() { decide("d1", "") })
	p.after(2*time.Minute, func() {
		require.Contains(t, p.status().Parked.Fix, "settings of the rules file")
		decide("d2", "Seen.")
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, "Seen.", p.acted[1].Comment)
}
