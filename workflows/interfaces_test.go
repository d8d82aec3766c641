package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// byV4 is a read of a report that waits, by v4: its step has no name of its own.
func byV4(mark string, held ...expense.ExistingException) expense.FetchedReport {
	r := &expense.Report{ID: "R1", Status: expense.StatusExternalValidation, Via: expense.V4, Submitted: "2026-11-03T10:00:00Z",
		Entries: []expense.Entry{{ID: "e1"}}}
	return expense.FetchedReport{ReportState: expense.ReportState{Status: r.Status, ValidationID: r.ValidationID()}, ReportID: r.ID, Report: r,
		Revision: r.Revision(), ContentHash: r.ContentHash(), Via: r.Via, HeaderHash: mark, Existing: held}
}

var (
	held  = expense.ExistingException{Exception: norecpt}
	other = expense.ExistingException{Exception: expense.Exception{ObjectType: expense.OnReport, Code: "LATE"}}
)

func TestWritesUseTheInterfaceOfTheRead(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts, p.posts = []any{byV4("m1")}, []any{flagged}, []any{posted(expense.Posted, "")}
	require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	require.Equal(t, expense.V4, p.posted[0].Via)
	require.Equal(t, expense.V4, p.acted[0].Via)
	require.Equal(t, "m1", p.acted[0].HeaderHash)
}

func TestAFallbackIsRecordedOnce(t *testing.T) {
	p := newPlay(t)
	fell := waiting(1, 10)
	fell.FallbackReason = "v4 needs a scope"
	p.reads, p.verdicts = []any{fell, byV4("m1"), fell}, []any{stale, stale, approval}
	result := p.run(callout())
	require.Equal(t, []string{"approved"}, result.Done[len(result.Done)-1:])
	require.Equal(t, 1, count(result.Done, "read by v1.1, and acted on by it: v4 needs a scope"))
}

func count(lines []string, line string) (n int) {
	for _, one := range lines {
		if one == line {
			n++
		}
	}
	return n
}

func TestRunEndsDespiteTooManyForeignExceptions(t *testing.T) {
	t.Parallel()
	all := make([]expense.ExistingException, 450)
	for i := range all {
		all[i] = other
		all[i].ObjectType, all[i].ObjectID = expense.OnEntry, fmt.Sprint("e", i)
	}
	for name, cleared := range map[string]expense.DeletedExceptions{
		"that Concur does not take off":    {NotDeleted: all},
		"whose deletes are only a dry run": {DryRun: expense.DryRunMode},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{byV4("m1", all...)}, []any{approval}
			p.exceptionDeletes = []any{cleared}
			p.run(callout())
			require.Equal(t, []string{"read", "delete exceptions", "read", "delete exceptions", "evaluate", "delete exceptions", "approve"}, p.calls)
		})
	}
}

func TestExceptionsOfAnEarlierSubmissionAreDeletedBeforeTheEvaluation(t *testing.T) {
	t.Parallel()
	t.Run("exceptions that Concur does not delete stay", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1", held, other), byV4("m2", other)}
		p.exceptionDeletes = []any{expense.DeletedExceptions{Deleted: []expense.ExistingException{held}, NotDeleted: []expense.ExistingException{other}}}
		p.verdicts = []any{approval}
		result := p.run(callout())
		require.Equal(t, []string{"read", "delete exceptions", "read", "evaluate", "approve"}, p.calls)
		require.Equal(t, []string{"exception NORECPT deleted from entry e1", "exception LATE stays on report: Concur does not delete it", "approved"}, result.Done)
		require.Equal(t, expense.V4, p.deletedExceptions[0].Via)
	})
	t.Run("exceptions that were posted at this step stay", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1"), byV4("m2", held)}
		p.verdicts, p.posts = []any{flagged}, []any{posted(expense.Posted, "")}
		p.actions = []any{certain(expense.Blocked), expense.ActionTaken{}}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "approve", "read", "evaluate", "approve"}, p.calls)
	})
	t.Run("exceptions that a new verdict does not want are deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1"), byV4("m2", held)}
		p.verdicts, p.posts = []any{flagged, approval}, []any{posted(expense.Posted, "")}
		p.actions = []any{certain(expense.Blocked), expense.ActionTaken{}}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "approve", "read", "evaluate", "delete exceptions", "approve"}, p.calls)
	})
	t.Run("an exception with another visibility is deleted", func(t *testing.T) {
		p := newPlay(t)
		all := held
		all.Visibility = expense.VisibleToAll
		narrow := flagged
		narrow.Exceptions = []expense.Exception{norecpt}
		narrow.Exceptions[0].Visibility = expense.VisibleToProcessors
		p.reads = []any{byV4("m1"), byV4("m2", all)}
		p.verdicts, p.posts = []any{flagged, narrow}, []any{posted(expense.Posted, "")}
		p.actions = []any{certain(expense.Blocked), expense.ActionTaken{}}
		require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "approve", "read", "evaluate", "delete exceptions", "post", "approve"}, p.calls)
		require.Equal(t, expense.VisibleToProcessors, p.posted[1].Exceptions[0].Visibility)
	})
	t.Run("an exception of a post with unknown outcome is deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1"), byV4("m1", held)}
		p.verdicts, p.posts = []any{flagged, approval}, []any{kind(expense.Forbidden)}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "post", "read", "evaluate", "delete exceptions", "approve"}, p.calls)
	})
	t.Run("after a dry run they are deleted once writes are on", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byV4("m1", held)}
		p.verdicts = []any{ask}
		p.exceptionDeletes = []any{expense.DeletedExceptions{DryRun: expense.DryRunMode}, expense.DeletedExceptions{Deleted: []expense.ExistingException{held}}}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "delete exceptions", "read", "evaluate", "delete exceptions", "approve"}, p.calls)
	})
	t.Run("a dry run only records the deletes", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byV4("m1", held)}, []any{approval}
		p.exceptionDeletes = []any{expense.DeletedExceptions{DryRun: expense.DryRunMode}}
		p.actions = []any{expense.ActionTaken{DryRun: expense.DryRunMode}}
		result := p.run(callout())
		require.Equal(t, expense.DryRun, result.Outcome)
		require.Equal(t, []string{"would delete exception NORECPT from entry e1", "would approve the report"}, result.Done)
	})
}

func TestAReportThatMayHaveMovedIsEvaluatedAgain(t *testing.T) {
	t.Parallel()
	t.Run("when the outcome of a write is unknown", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byV4("m1"), byV4("m2")}, []any{approval, sendBack}
		p.actions = []any{expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, ValidationID: byV4("").ValidationID}, MayHaveMoved: true, OutcomeUnknown: true}, expense.ActionTaken{}}
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "read", "evaluate", "send-back"}, p.calls)
	})
	t.Run("when the outcome is unknown and the run was parked since", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byV4("m1"), byV4("m2"), byV4("m2")}, []any{approval, approval, sendBack}
		p.actions = []any{
			kind(expense.Forbidden), // of an attempt that was not the first
			expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, ValidationID: byV4("").ValidationID}, MayHaveMoved: true, OutcomeUnknown: true},
			expense.ActionTaken{},
		}
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "evaluate", "approve", "read", "evaluate", "approve", "read", "evaluate", "send-back"}, p.calls)
		require.Equal(t, "m1", p.acted[1].HeaderHash, "of the write in doubt")
		require.True(t, p.acted[1].OutcomeUnknown)
		require.Equal(t, "m2", p.acted[2].HeaderHash)
	})
	t.Run("when a notification names another step", func(t *testing.T) {
		p := newPlay(t)
		first, second := callout(), callout()
		first.EventType, second.EventType = "Step - SUBMIT", "Step - PRE-EXTRACT"
		p.reads, p.verdicts = []any{byV4("m1"), movedTo("m2")}, []any{ask, approval}
		p.after(time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, second) })
		require.Equal(t, expense.Approved, p.run(first).Outcome)
		require.Equal(t, []string{"read", "evaluate", "read", "evaluate", "approve"}, p.calls)
	})
	t.Run("not when a notification names the same step again", func(t *testing.T) {
		p := newPlay(t)
		again := callout()
		again.EventType = "Step - SUBMIT"
		p.reads, p.verdicts = []any{byV4("m1")}, []any{ask}
		p.after(time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, again) })
		p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(again).Outcome)
		require.Equal(t, []string{"read", "evaluate", "read", "approve"}, p.calls)
	})
}

func TestARunHandsItsReportOverToAnotherRun(t *testing.T) {
	t.Parallel()
	other := expense.HandedOverRun{To: "EXPRPT:R1"}
	t.Run("and the failed notifications that it would have deleted", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.handOvers = []any{waiting(1, 10)}, []any{other}
		result := p.run(failedCopy(1))
		require.Equal(t, expense.HandedOver, result.Outcome)
		require.Equal(t, []string{"read", "join"}, p.calls)
		require.Equal(t, []expense.HandOverRunInput{{ReportID: "R1", ObjectURI: reportURI, PendingDeletes: []string{failedCopy(1).NotificationURI}}}, p.handedOver)
		require.Equal(t, []string{"handed over to the run EXPRPT:R1"}, result.Done)
	})
	t.Run("after other runs can find it, and before it writes", func(t *testing.T) {
		p := newPlay(t)
		shown := ""
		p.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
			attributes := args.Get(0).(temporal.SearchAttributes)
			if id, ok := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(workflows.ReportIDAttribute)); ok {
				shown = id
			}
		}).Return(nil).Maybe()
		p.reads, p.verdicts = []any{byV4("m1", held), byV4("m2")}, []any{approval}
		p.handOvers = []any{func() any { require.Equal(t, "R1", shown); return expense.HandedOverRun{} }}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "join", "delete exceptions", "read"}, p.calls[:4])
		require.Len(t, p.handedOver, 1, "and once")
	})
	found := callout()
	found.Key, found.Found = "R1", true
	t.Run("a run of a sweep first waits until other runs have read their reports", func(t *testing.T) {
		p := newPlay(t)
		began, looked := p.env.Now(), time.Time{}
		p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
		p.handOvers = []any{func() any { looked = p.env.Now(); return expense.HandedOverRun{} }}
		require.Equal(t, expense.Approved, p.run(found).Outcome)
		require.GreaterOrEqual(t, looked.Sub(began), time.Minute)
		require.Equal(t, []string{"read", "join", "read", "evaluate", "approve"}, p.calls, "and what it had read is read again")
	})
	t.Run("it does not continue until it has looked for other runs", func(t *testing.T) {
		p := newPlay(t)
		away := make([]any, 9)
		for i := range away {
			away[i] = errors.New("no frontend")
		}
		p.reads, p.handOvers = []any{waiting(1, 10)}, append(away, other)
		require.Equal(t, expense.HandedOver, p.run(callout()).Outcome)
		require.Len(t, p.handedOver, 10)
	})
	t.Run("of two that hand over to each other, the run under the report's ID continues", func(t *testing.T) {
		for n, want := range map[expense.Notification]expense.Outcome{found: expense.Approved, callout(): expense.HandedOver} {
			p := setUp(t)
			p.reads, p.verdicts, p.handOvers = []any{waiting(1, 10)}, []any{approval}, []any{func() any {
				if len(p.handedOver) == 1 {
					p.env.SignalWorkflow(workflows.Notified, expense.Notification{HandedOverBy: "EXPRPT:other"})
				}
				return other
			}}
			require.Equal(t, want, p.run(n).Outcome)
			require.Equal(t, n.Found, len(p.handedOver) == 1)
		}
	})
}

const requestURI = "https://us2.api.concursolutions.com/travelrequest/v4/requests/"

// request is a read of a travel request that waits for us.
func request() expense.FetchedReport {
	r := &expense.TravelRequest{ID: "AB12", Status: expense.RequestSubmitted, Submitted: "2026-11-03T10:00:00Z", Operations: []string{"approve", "sendback"}}
	return expense.FetchedReport{ReportState: expense.ReportState{Status: r.Status, ValidationID: r.ValidationID()}, ReportID: r.ID, Request: r, Revision: r.Revision(), ContentHash: r.ContentHash()}
}

func TestATravelRequestIsReadEvaluatedAndDecided(t *testing.T) {
	t.Parallel()
	n := expense.Notification{Kind: expense.RequestObject, Key: "AB12", ObjectURI: requestURI + "AB12"}
	gone := func(status string) expense.FetchedReport {
		return expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: status}, ReportID: "AB12"}
	}
	for name, c := range map[string]struct {
		reads, verdicts, actions []any
		want                     expense.Outcome
		calls                    []string
	}{
		"approved":           {[]any{request()}, []any{approval}, nil, expense.Approved, []string{"read request", "judge request", "approve"}},
		"sent back":          {[]any{request()}, []any{sendBack}, nil, expense.SentBack, []string{"read request", "judge request", "send-back"}},
		"recalled":           {[]any{gone(expense.RequestNotSubmitted)}, nil, nil, expense.Withdrawn, []string{"read request"}},
		"cancelled":          {[]any{gone(expense.RequestCanceled)}, nil, nil, expense.Withdrawn, []string{"read request"}},
		"approved by others": {[]any{gone(expense.RequestApproved)}, nil, nil, expense.Superseded, []string{"read request"}},
		"with an approver":   {[]any{gone(expense.RequestSubmitted)}, nil, nil, expense.Superseded, []string{"read request"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts, p.actions = c.reads, c.verdicts, c.actions
			require.Equal(t, c.want, p.run(n).Outcome)
			require.Equal(t, c.calls, p.calls)
		})
	}
}

func TestATravelRequestIsEvaluatedAgainAtItsNextStep(t *testing.T) {
	t.Parallel()
	next := request()
	next.MayHaveMoved = true
	for name, c := range map[string]struct {
		reads []any
		again int // reads after the action
	}{
		"shown at once":                      {[]any{request(), next}, 1},
		"shown as it was before for a while": {[]any{request(), request(), request(), next}, 3},
		"and looks like the first":           {[]any{request()}, 5}, // until Concur should have shown it
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = c.reads, []any{approval, sendBack}
			p.actions = []any{expense.ActionTaken{ReportState: expense.ReportState{ValidationID: request().ValidationID}}, expense.ActionTaken{}}
			require.Equal(t, expense.SentBack, p.run(expense.Notification{Kind: expense.RequestObject, Key: "AB12", ObjectURI: requestURI + "AB12"}).Outcome)
			calls := []string{"read request", "judge request", "approve"}
			for range c.again {
				calls = append(calls, "read request")
			}
			require.Equal(t, append(calls, "judge request", "send-back"), p.calls)
		})
	}
}

func TestACalloutAboutATravelRequestStartsRunsForAllThatWait(t *testing.T) {
	t.Parallel()
	trigger := expense.Notification{Kind: expense.RequestObject, Key: "gT4$p", ObjectURI: "https://www.concursolutions.com/api/travelrequest/v1.0/requests/gT4$p",
		NotificationURI: failedCopy(7).NotificationURI}
	waits := expense.Notification{Kind: expense.RequestObject, Key: "AB12", ObjectURI: requestURI + "AB12"}
	take := func(p *play, answer expense.StartedProcessing) {
		p.register(func(_ context.Context, in expense.StartProcessingInput) (expense.StartedProcessing, error) {
			p.started = append(p.started, in.Notifications...)
			return answer, nil
		}, workflows.StartProcessing)
	}
	t.Run("page by page, and then deletes the failed notification", func(t *testing.T) {
		p := newPlay(t)
		take(p, expense.StartedProcessing{Started: 1})
		p.lists = []any{expense.PendingRequests{Next: "start=100"}, expense.PendingRequests{Notifications: []expense.Notification{waits}}}
		result := p.run(trigger)
		require.Equal(t, expense.HandedOver, result.Outcome)
		require.Equal(t, []expense.Notification{waits}, p.started)
		require.Equal(t, []string{"handed over to TRAVELREQ:AB12", "failed notification deleted"}, result.Done)
		require.Equal(t, []string{"list", "list", "delete"}, p.calls)
	})
	t.Run("it waits for an operator when one request cannot be checked", func(t *testing.T) {
		p := newPlay(t)
		take(p, expense.StartedProcessing{Started: 1})
		p.lists = []any{
			expense.PendingRequests{Notifications: []expense.Notification{waits}, NotChecked: &expense.NotChecked{Kind: expense.Malformed, Message: "it cannot be read"}},
			expense.PendingRequests{Notifications: []expense.Notification{waits}},
		}
		p.after(time.Minute, func() {
			require.Equal(t, expense.Malformed, p.status().Parked.Kind)
			require.Len(t, p.status().PendingDeletes, 1)
		})
		result := p.run(trigger)
		require.Equal(t, expense.HandedOver, result.Outcome)
		require.Equal(t, []string{"handed over to TRAVELREQ:AB12", "failed notification deleted"}, result.Done)
	})
	t.Run("it is superseded when no request waits", func(t *testing.T) {
		p := newPlay(t)
		p.lists = []any{expense.PendingRequests{}}
		require.Equal(t, expense.Superseded, p.run(trigger).Outcome)
	})
	t.Run("it is unsupported and deletes nothing when no rule is for travel requests", func(t *testing.T) {
		p := newPlay(t)
		require.Equal(t, expense.Unsupported, p.run(trigger).Outcome)
		require.Empty(t, p.calls)
	})
}

func TestASweepStartsRunsForMissedReports(t *testing.T) {
	t.Parallel()
	report := expense.Notification{Kind: expense.ReportObject, Key: "R1", ObjectURI: "https://us2.api.concursolutions.com/expensereports/v4/users/u/context/TRAVELER/reports/R1"}
	request := expense.Notification{Kind: expense.RequestObject, Key: "AB12", ObjectURI: requestURI + "AB12"}
	for name, c := range map[string]struct {
		input workflows.SweepInput
		want  workflows.SweepResult
		told  []expense.Notification
	}{
		"the reports and the travel requests": {workflows.SweepInput{MissedAfter: time.Hour},
			workflows.SweepResult{Waiting: 1, Missed: 1, MissedStarted: 1, Requests: 1, RequestsStarted: 1}, []expense.Notification{report, request}},
		"and nothing when it only reads": {workflows.SweepInput{MissedAfter: time.Hour, ReadOnly: true},
			workflows.SweepResult{Waiting: 1, Missed: 1, Requests: 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.lists = []any{expense.PendingRequests{Notifications: []expense.Notification{request}}}
			named := func(name string, f any) {
				p.register(f, name)
			}
			named(workflows.ListFailedNotifications, func(context.Context, expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
				return expense.FailedNotifications{}, nil
			})
			named(workflows.ListPendingReports, func(_ context.Context, in expense.ListPendingReportsInput) (expense.PendingReports, error) {
				found := expense.PendingReports{Waiting: 1, Missed: 1}
				if in.WithNotifications {
					found.Notifications = []expense.Notification{report}
				}
				return found, nil
			})
			named(workflows.StartProcessing, func(_ context.Context, in expense.StartProcessingInput) (expense.StartedProcessing, error) {
				p.started = append(p.started, in.Notifications...)
				return expense.StartedProcessing{Started: len(in.Notifications)}, nil
			})
			p.env.ExecuteWorkflow(workflows.SweepFailedNotifications, c.input)
			require.NoError(t, p.env.GetWorkflowError())
			var result workflows.SweepResult
			require.NoError(t, p.env.GetWorkflowResult(&result))
			require.Equal(t, c.want, result)
			require.Equal(t, c.told, p.started)
		})
	}
}

func TestARunThatHasWrittenByV4KeepsUsingIt(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{byV4("m1"), byV4("m2", held)}, []any{flagged}
	p.posts, p.actions = []any{posted(expense.Posted, "")}, []any{certain(expense.Blocked), expense.ActionTaken{}}
	require.Equal(t, expense.ApprovedWithExceptions, p.run(callout()).Outcome)
	require.Len(t, p.read, 2)
	require.Empty(t, p.read[0].WrittenVia)
	require.Equal(t, expense.V4, p.read[1].WrittenVia)
}

func TestAReportThatIsRecalledWhileExceptionsArePostedIsWithdrawn(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{byV4("m1"), moved(expense.StatusToBeResubmitted)}, []any{flagged}
	p.posts = []any{kind(expense.Forbidden)}
	require.Equal(t, expense.Withdrawn, p.run(callout()).Outcome)
}
