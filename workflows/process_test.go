package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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
	unsupported.Kind = expense.TravelRequest
	tests := map[string]struct {
		play   play
		notify expense.Notification
		want   expense.Outcome
		calls  []string
	}{
		"a clean report is passed on": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{passOn}},
			want: expense.Approved, calls: []string{"read", "judge", "approve"}},
		"exceptions are posted first": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{flagged}, posts: []any{posted(expense.Posted, "")}},
			want: expense.ApprovedWithExceptions, calls: []string{"read", "judge", "post", "approve"}},
		"an unconfirmed exception counts as posted": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{flagged}, posts: []any{posted(expense.Unconfirmed, "")}},
			want: expense.ApprovedWithExceptions, calls: []string{"read", "judge", "post", "approve"}},
		"a violation sends it back": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{sendBack}},
			want: expense.SentBack, calls: []string{"read", "judge", "send-back"}},
		"a recalled report is withdrawn": {
			play: play{reads: []any{moved("A_RESU")}}, want: expense.Withdrawn, calls: []string{"read"}},
		"a report that was never submitted is withdrawn": {
			play: play{reads: []any{moved("A_NOTF")}}, want: expense.Withdrawn, calls: []string{"read"}},
		"a report that is elsewhere is superseded": {
			play: play{reads: []any{moved("A_APPR")}}, want: expense.Superseded, calls: []string{"read"}},
		"a report with a status of the company's own is superseded": {
			play: play{reads: []any{moved("X_OWN1")}}, want: expense.Superseded, calls: []string{"read"}},
		"a report that Concur does not have is gone": {
			play: play{reads: []any{expense.FetchedReport{Reading: expense.Reading{Kind: expense.NotFound}}}},
			want: expense.Gone, calls: []string{"read"}},
		"a travel request is unsupported and nothing is read": {
			notify: unsupported, want: expense.Unsupported},
		"a failed notification is deleted last": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{passOn}}, notify: failedCopy(1),
			want: expense.Approved, calls: []string{"read", "judge", "approve", "delete"}},
		"a failed notification of a report that is elsewhere is deleted": {
			play: play{reads: []any{moved("A_APPR")}}, notify: failedCopy(1),
			want: expense.Superseded, calls: []string{"read", "delete"}},
		"a report that moved between read and write is withdrawn": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{passOn}, actions: []any{
				expense.ActionTaken{Reading: moved("A_RESU").Reading}}},
			want: expense.Withdrawn, calls: []string{"read", "judge", "approve"}},
		"a doubtful approval whose report was sent back is superseded": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{passOn}, actions: []any{
				expense.ActionTaken{Reading: moved("A_RESU").Reading, Doubtful: true}}},
			want: expense.Superseded, calls: []string{"read", "judge", "approve"}},
		"an action confirmed by reading is ours": {
			play: play{reads: []any{waiting(1, 10)}, verdicts: []any{passOn}, actions: []any{
				expense.ActionTaken{Reading: moved("A_APPR").Reading, Confirmed: true, Doubtful: true}}},
			want: expense.Approved, calls: []string{"read", "judge", "approve"}},
		"another stop is another validation": {
			play: play{reads: []any{waiting(1, 10), waiting(2, 10)}, verdicts: []any{passOn}, actions: []any{
				expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_EXTV", Stop: waiting(2, 10).Stop}}, nil}},
			want: expense.Approved, calls: []string{"read", "judge", "approve", "read", "judge", "approve"}},
		"a report that vanished before the write is gone": {
			play: play{reads: []any{waiting(1, 10), expense.FetchedReport{Reading: expense.Reading{Kind: expense.NotFound}}},
				verdicts: []any{passOn}, actions: []any{expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotFound}}}},
			want: expense.Gone, calls: []string{"read", "judge", "approve", "read"}},
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

func TestARefusedExceptionIsSentAgainAloneAndThenParks(t *testing.T) {
	other := expense.Exception{ObjectType: expense.OnReport, Code: "NOSUCH"}
	both := flagged
	both.Exceptions = []expense.Exception{norecpt, other}
	refused := expense.PostedException{Exception: other, State: expense.Refused, Message: "Invalid Exception Code"}
	alone := expense.PostedExceptions{Items: []expense.PostedException{refused}}

	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{both}
	p.posts = []any{
		expense.PostedExceptions{Items: []expense.PostedException{{Exception: norecpt, State: expense.Posted}, refused}},
		alone, alone,
		expense.PostedExceptions{Items: []expense.PostedException{{Exception: other, State: expense.Posted}}},
	}
	p.after(5*time.Minute, func() {
		s := p.status()
		require.Equal(t, workflows.Parked, s.State)
		require.Equal(t, workflows.WaitingForOperator, s.WaitingFor)
		require.Equal(t, expense.Rejected, s.Parked.Kind)
		require.Contains(t, s.Parked.Message, "NOSUCH on report: Invalid Exception Code")
		require.NotEmpty(t, s.Parked.Mend)
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	require.Len(t, p.posted, 4)
	require.Len(t, p.posted[0].Exceptions, 2)
	for _, again := range p.posted[1:] {
		require.Equal(t, []expense.Exception{other}, again.Exceptions, "what is posted is not sent again")
	}
}

func TestAParkedRun(t *testing.T) {
	t.Parallel()

	t.Run("goes on from the read when it is retried, and judges again", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Forbidden), waiting(1, 10)}
		p.verdicts = []any{passOn}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, workflows.Retry{By: "ops"}) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "read", "judge", "approve"}, p.calls)
	})

	t.Run("tries again by itself after ten minutes, an hour, and then daily", func(t *testing.T) {
		p := newPlay(t)
		var at []time.Duration
		start := p.env.Now()
		answer := func() any { at = append(at, p.env.Now().Sub(start)); return kind(expense.Forbidden) }
		p.reads = []any{answer, answer, answer, answer, waiting(1, 10)}
		p.verdicts = []any{passOn}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Len(t, at, 4)
		require.Equal(t, []time.Duration{0, 10 * time.Minute, 70 * time.Minute, 70*time.Minute + 24*time.Hour},
			[]time.Duration{at[0].Round(time.Minute), at[1].Round(time.Minute), at[2].Round(time.Minute), at[3].Round(time.Minute)})
	})

	t.Run("goes on when the report is notified again, and takes its new address", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Untrusted), kind(expense.Untrusted), waiting(1, 10)}
		p.verdicts = []any{passOn}
		hostile := callout()
		hostile.ObjectURI = "https://evil.example/api/expense/expensereport/v1.1/reportfulldetails/gWr1$pKey"
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
		require.Equal(t, expense.Approved, p.run(hostile).Outcome)
		require.Equal(t, hostile.ObjectURI, p.read[0].ObjectURI)
		require.Equal(t, reportURI, p.read[2].ObjectURI)
	})

	t.Run("does not take the address of a stranger while its own can be read", func(t *testing.T) {
		p := newPlay(t)
		hostile := callout()
		hostile.ObjectURI = "https://evil.example/api/expense/expensereport/v1.1/reportfulldetails/gWr1$pKey"
		p.reads = []any{func() any { p.env.SignalWorkflow(workflows.Notified, hostile); return waiting(1, 10) }, waiting(1, 10)}
		p.verdicts = []any{passOn}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		for _, read := range p.read {
			require.Equal(t, reportURI, read.ObjectURI)
		}
		require.Equal(t, reportURI, p.acted[0].ObjectURI)
	})

	t.Run("while deleting resumes there", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{passOn}
		p.deletes = []any{kind(expense.Forbidden), nil}
		p.after(time.Minute, func() {
			require.Len(t, p.status().OwedDeletes, 1)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "judge", "approve", "delete", "delete"}, p.calls)
	})

	t.Run("for an untrusted notification URI goes on when another replaces it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_APPR")}, []any{passOn}
		p.deletes = []any{kind(expense.Untrusted), nil}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(2)) })
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "judge", "approve", "delete", "read", "delete"}, p.calls)
		require.Empty(t, p.status().OwedDeletes)
	})

	t.Run("an unreadable answer is asked for three times first", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Malformed), kind(expense.Malformed), kind(expense.Malformed), waiting(1, 10)}
		p.verdicts = []any{passOn}
		p.after(5*time.Minute, func() {
			require.Equal(t, workflows.Parked, p.status().State)
			require.Len(t, p.calls, 3)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})

	t.Run("after a refused action knows that it may have acted", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), moved("A_APPR")}
		p.verdicts, p.actions = []any{passOn}, []any{kind(expense.Rejected)}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		result := p.run(callout())
		require.Equal(t, expense.Approved, result.Outcome)
		require.Contains(t, result.Done, "passed on, confirmed by reading")
	})

	t.Run("after an action that was certainly not taken claims nobody else's", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), moved("A_APPR")}
		p.verdicts, p.actions = []any{passOn}, []any{certain(expense.Rejected)}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		result := p.run(callout())
		require.Equal(t, expense.Superseded, result.Outcome)
		require.Empty(t, result.Done)
	})

	t.Run("posts for the first time after a post that was certainly not made", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{flagged}
		p.posts = []any{certain(expense.Forbidden), posted(expense.Posted, "")}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.False(t, p.posted[1].Doubtful)
	})

	t.Run("repeats a doubtful write as doubtful", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{passOn}
		p.actions = []any{kind(expense.Malformed), nil}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.False(t, p.acted[0].Doubtful)
		require.True(t, p.acted[1].Doubtful)
	})

	t.Run("a stop that is another on every read parks", func(t *testing.T) {
		p := newPlay(t)
		other := func(n int) any {
			return expense.ActionTaken{Reading: expense.Reading{Kind: expense.NotWaiting, Status: "A_EXTV", Stop: waiting(n, 10).Stop}}
		}
		p.reads = []any{waiting(1, 10), waiting(3, 10), waiting(5, 10), waiting(7, 10), moved("A_APPR")}
		p.verdicts = []any{passOn}
		p.actions = []any{other(2), other(4), other(6)}
		p.after(time.Minute, func() {
			require.Equal(t, workflows.Parked, p.status().State)
			p.env.SignalWorkflow(workflows.Retried, nil)
		})
		require.Equal(t, expense.Superseded, p.run(callout()).Outcome)
		require.Len(t, p.acted, 3)
	})
}

func TestAReportIDThatIsTooLongForASearchAttributeEndsNoRun(t *testing.T) {
	p := newPlay(t)
	long := waiting(1, 10)
	long.ReportID = strings.Repeat("é", 3000)
	p.reads, p.verdicts = []any{long}, []any{passOn}
	p.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		attributes := args.Get(0).(temporal.SearchAttributes)
		if id, ok := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(workflows.ReportIDAttribute)); ok {
			require.LessOrEqual(t, len(id), 100)
			require.True(t, utf8.ValidString(id))
		}
	}).Return(nil)
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
}

func TestNotified(t *testing.T) {
	t.Parallel()

	t.Run("while finishing sends the run back to the read", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{waiting(1, 10), waiting(2, 20)}
		p.verdicts = []any{passOn}
		p.actions = []any{func() any { p.env.SignalWorkflow(workflows.Notified, callout()); return nil }, nil}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "judge", "approve", "read", "judge", "approve"}, p.calls)
	})

	t.Run("while deleting sends the run back to the read, and the outcome stands", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_RESU")}, []any{passOn}
		p.deletes = []any{func() any { p.env.SignalWorkflow(workflows.Notified, callout()); return nil }}
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "judge", "approve", "delete", "read"}, p.calls)
	})

	t.Run("with a known failed-list URI reads nothing", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(time.Minute, func() {
			p.env.SignalWorkflow(workflows.Notified, failedCopy(1))
			p.env.SignalWorkflow(workflows.Notified, failedCopy(1))
		})
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.PassOn) })
		require.Equal(t, expense.Approved, p.run(failedCopy(1)).Outcome)
		require.Equal(t, []string{"read", "judge", "approve", "delete"}, p.calls)
	})

	t.Run("that finds the report unchanged starts no task and restarts no timer", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		var before workflows.Status
		p.after(time.Minute, func() { before = p.status(); p.env.SignalWorkflow(workflows.Notified, callout()) })
		p.after(time.Hour, func() {
			now := p.status()
			require.Equal(t, before.Task, now.Task)
			require.Equal(t, before.Since, now.Since)
			require.Equal(t, workflows.WaitingForApprover, now.WaitingFor)
			p.decide(now.Task.ID, "d1", expense.PassOn)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "judge", "read", "approve"}, p.calls)
	})

	t.Run("that finds the report recalled ends the wait", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_RESU")}, []any{ask}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
		require.Equal(t, expense.Withdrawn, p.run(callout()).Outcome)
	})

	t.Run("early is taken into the first pass", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{passOn}
		p.after(0, func() { p.env.SignalWorkflow(workflows.Notified, failedCopy(7)) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, "delete", p.calls[len(p.calls)-1])
	})

	t.Run("without a payload reads the report again", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), moved("A_APPR")}, []any{ask}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, nil) })
		require.Equal(t, expense.Superseded, p.run(callout()).Outcome)
	})
}

func TestAPersonDecides(t *testing.T) {
	t.Parallel()

	t.Run("the first decision on the open task counts, every other is refused and kept", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(0, func() { p.decide("EXPRPT:gWr1$pKey/0000/9", "early", expense.PassOn) })
		p.after(time.Minute, func() {
			task := p.status().Task
			require.Equal(t, "finance", task.Group)
			p.decide("another task", "other", expense.PassOn)
			p.decide("", "none", expense.PassOn)
			p.decide(task.ID, "odd", "maybe")
			p.env.SignalWorkflow(workflows.Decided, "not an object")
			p.env.SignalWorkflow(workflows.Decided, expense.Decision{TaskID: task.ID, Decision: expense.PassOn}) // from the Web UI
			p.decide(task.ID, "late", expense.RulingSendBack)
			p.decide(task.ID, "late", expense.RulingSendBack)
		})
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		accepted := map[string]bool{}
		for _, d := range p.status().Decisions {
			accepted[d.ID] = d.Accepted
			if !d.Accepted {
				require.NotEmpty(t, d.Why)
			}
		}
		require.Equal(t, map[string]bool{"early": false, "other": false, "none": false, "odd": false, "signal-1": true, "late": false}, accepted)
	})

	t.Run("a send-back carries the person's comment, or else the rules' messages", func(t *testing.T) {
		for comment, want := range map[string]string{"": "Too large.", " \t\u0001": "Too large.", "Split it, please.": "Split it, please."} {
			t.Run(fmt.Sprintf("%q", comment), func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
				p.after(time.Minute, func() {
					p.env.SignalWorkflow(workflows.Decided, expense.Decision{
						TaskID: p.status().Task.ID, ID: "d1", Decision: expense.RulingSendBack, Comment: comment, By: "kim"})
				})
				result := p.run(callout())
				require.Equal(t, expense.SentBack, result.Outcome)
				require.Equal(t, "person", result.Cause)
				require.Equal(t, want, p.acted[0].Comment)
			})
		}
	})

	t.Run("a changed report is another task, and the old task's decision is refused", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), waiting(1, 99)}, []any{ask}
		var old string
		p.after(time.Minute, func() { old = p.status().Task.ID; p.env.SignalWorkflow(workflows.Notified, callout()) })
		p.after(time.Hour, func() {
			require.NotEqual(t, old, p.status().Task.ID)
			p.decide(old, "stale", expense.PassOn)
		})
		p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d2", expense.PassOn) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	})

	t.Run("silence never approves", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.after(90*24*time.Hour, func() {
			require.Equal(t, workflows.Waiting, p.status().State)
			require.Empty(t, p.acted)
			p.env.CancelWorkflow()
		})
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
		require.True(t, p.env.IsWorkflowCompleted())
		require.Empty(t, p.acted)
	})

	t.Run("a decision survives a parked run and an unchanged verdict", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{ask}
		p.actions = []any{kind(expense.Forbidden), nil}
		p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.PassOn) })
		p.after(2*time.Minute, func() { p.env.SignalWorkflow(workflows.Retried, nil) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "judge", "approve", "read", "judge", "approve"}, p.calls)
	})
}

func TestACancelledRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(p *play)
		calls   []string
	}{
		"while a person is asked writes nothing": {
			arrange: func(p *play) { p.verdicts = []any{ask}; p.after(time.Minute, p.env.CancelWorkflow) },
			calls:   []string{"read", "judge"}},
		"while parked writes nothing": {
			arrange: func(p *play) {
				p.verdicts, p.actions = []any{passOn}, []any{kind(expense.Forbidden)}
				p.after(time.Minute, p.env.CancelWorkflow)
			},
			calls: []string{"read", "judge", "approve"}},
		"during a write records its result and deletes nothing": {
			arrange: func(p *play) {
				p.verdicts = []any{passOn}
				p.actions = []any{func() any { p.env.CancelWorkflow(); return nil }}
			},
			calls: []string{"read", "judge", "approve"}},
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
	require.Equal(t, p.status().Task, input.Memory.Task)
	require.Equal(t, failedCopy(3).NotificationURI, input.Memory.Owed[0])

	// The next run asks for the same task, and its decision counts.
	q := stage(t)
	q.reads, q.verdicts = []any{waiting(1, 10)}, []any{ask}
	q.after(time.Minute, func() { q.decide(input.Memory.Task.ID, "d1", expense.PassOn) })
	q.env.ExecuteWorkflow(workflows.ProcessNotification, input)
	require.NoError(t, q.env.GetWorkflowError())
	require.Equal(t, []string{"read", "approve", "delete"}, q.calls)
}
