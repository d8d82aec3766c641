package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// asking is a read of a report of which the rules ask the company's own systems.
func asking(n, amount int) expense.FetchedReport {
	read := waiting(n, amount)
	read.RulesHash, read.FactNames = "h1", []string{"duplicates", "centres"}
	return read
}

// answered is what they say of one entry.
func answered(duplicate string) expense.FetchedFacts {
	return expense.FetchedFacts{Facts: expense.Facts{"duplicates": {"1": {"duplicate": json.RawMessage(duplicate)}}}}
}

// unanswered is a failure of the activity that asks.
func unanswered(k expense.Kind, options temporal.ApplicationErrorOptions) error {
	return temporal.NewApplicationErrorWithOptions("ask for the fact duplicates: "+string(k)+": so it is", string(k), options)
}

func TestTheRulesGetTheFactsOfTheFactServices(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asking(1, 10)}, []any{approval}
	p.facts = []any{answered("true")}
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, []string{"read", "ask for facts", "evaluate", "approve"}, p.calls)
	require.Equal(t, "h1", p.asked[0].RulesHash)
	require.NotNil(t, p.asked[0].Report)
	require.False(t, p.asked[0].At.IsZero())
	require.Equal(t, answered("true").Facts, p.evaluated[0].Facts)
	require.Equal(t, p.asked[0].At, p.evaluated[0].At, "both are of one day")
}

func TestFactsAreFetchedForTravelRequests(t *testing.T) {
	p := newPlay(t)
	request := &expense.TravelRequest{ID: "T1"}
	p.reads = []any{expense.FetchedReport{ReportState: expense.ReportState{Status: "PENDING_EXT", ValidationID: "stop"}, ReportID: "T1",
		Request: request, Revision: "r1", RulesHash: "h1", FactNames: []string{"budget"}}}
	p.verdicts, p.facts = []any{approval}, []any{answered("true")}
	p.run(expense.Notification{Kind: expense.RequestObject, Key: "T1", ObjectURI: "https://us2.api.concursolutions.com/travelrequest/v4/requests/T1"})
	require.Equal(t, []string{"read request", "ask for facts", "judge request", "approve"}, p.calls)
	require.Equal(t, "T1", p.asked[0].Request.ID)
	require.Nil(t, p.asked[0].Report)
}

func TestNoFactServiceIsAskedWhenTheRulesNeedNoFacts(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{waiting(1, 10)}, []any{approval}
	p.run(callout())
	require.Empty(t, p.asked)
	require.Nil(t, p.evaluated[0].Facts)
	require.False(t, p.evaluated[0].At.IsZero())
}

func TestARunWaitsForAFactServiceThatIsAwayAndNamesTheFact(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asking(1, 10)}, []any{approval}
	away := unanswered(expense.Unavailable, temporal.ApplicationErrorOptions{NextRetryDelay: 3 * time.Hour})
	p.facts = []any{away, away, away, answered("false")}
	p.after(4*time.Hour, func() {
		status := p.status()
		require.Equal(t, workflows.FetchingFacts, status.State)
		require.Equal(t, []string{"duplicates", "centres"}, status.Facts)
		require.Empty(t, status.WaitingFor)
		require.Empty(t, status.Done)
		require.Contains(t, p.details(), "**Fetches facts**: `duplicates, centres`")
		require.Equal(t, []string{"read", "ask for facts", "ask for facts"}, p.calls, "nothing is guessed")
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.asked, 4)
	require.Equal(t, p.asked[0], p.asked[3])
	require.Empty(t, p.status().Facts)
}

func TestARefusedFactParksTheRunWithAFix(t *testing.T) {
	for kind, mend := range map[expense.Kind]string{
		expense.Forbidden: "CONCUR_FACT_SECRET",
		expense.Rejected:  "refuses the request",
		expense.Untrusted: "CONCUR_FACT_HOSTS",
		expense.TooLarge:  "by hand",
	} {
		t.Run(string(kind), func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{asking(1, 10)}, []any{approval}
			p.facts = []any{unanswered(kind, temporal.ApplicationErrorOptions{NonRetryable: true}), answered("false")}
			p.after(time.Minute, func() {
				status := p.status()
				require.Equal(t, workflows.Parked, status.State)
				require.Equal(t, kind, status.Parked.Kind)
				require.Contains(t, status.Parked.Message, "the fact duplicates")
				require.Contains(t, status.Parked.Fix, mend)
				require.NotContains(t, status.Parked.Fix, "Concur's words")
				require.NotContains(t, status.Parked.Fix, "user in Concur")
				p.env.SignalWorkflow(workflows.Retried, nil)
			})
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Equal(t, []string{"read", "ask for facts", "read", "ask for facts", "evaluate", "approve"}, p.calls)
		})
	}
}

func TestAFactAnswerThatCannotBeParsedIsRequestedAgainAndThenParks(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asking(1, 10)}, []any{approval}
	torn := unanswered(expense.Malformed, temporal.ApplicationErrorOptions{NonRetryable: true})
	p.facts = []any{torn, torn, torn, answered("false")}
	p.after(5*time.Minute, func() {
		require.Equal(t, expense.Malformed, p.status().Parked.Kind)
		require.Contains(t, p.status().Parked.Fix, "fact-answer.schema.json")
		require.Len(t, p.asked, 3)
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.asked, 4)
}

func TestFactsAreFetchedAgainForAChangedReport(t *testing.T) {
	p := newPlay(t)
	p.reads = []any{asking(1, 10), asking(1, 20)}
	p.verdicts = []any{ask, approval}
	p.facts = []any{answered("true"), answered("false")}
	p.after(time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.asked, 2)
	require.Equal(t, answered("false").Facts, p.evaluated[1].Facts, "what was answered of the other is not used")
	require.True(t, p.asked[1].At.After(p.asked[0].At))
}

func TestFactsAreNotFetchedAgainForAnUnchangedReport(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asking(1, 10)}, []any{ask}
	p.facts = []any{answered("true")}
	p.after(time.Hour, func() { p.env.SignalWorkflow(workflows.Notified, callout()) })
	p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Len(t, p.asked, 1)
}

func TestTheReportIsReadAgainWhenTheRulesChangedBeforeTheFacts(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asking(1, 10)}, []any{approval}
	p.facts = []any{expense.FetchedFacts{Stale: true}, answered("false")}
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, []string{"read", "ask for facts", "read", "ask for facts", "evaluate", "approve"}, p.calls)
}

func TestARunThatWaitsForAFactServiceCanBeCancelled(t *testing.T) {
	p := newPlay(t)
	p.reads = []any{asking(1, 10)}
	p.facts = []any{unanswered(expense.Unavailable, temporal.ApplicationErrorOptions{NextRetryDelay: time.Hour})}
	p.after(time.Minute, func() { p.env.CancelWorkflow() })
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout()})
	require.True(t, p.env.IsWorkflowCompleted())
	require.True(t, temporal.IsCanceledError(p.env.GetWorkflowError()))
	require.Equal(t, []string{"read", "ask for facts"}, p.calls)
}

func TestANotificationDuringAFactOutageHasTheReportReadAgain(t *testing.T) {
	p := newPlay(t)
	p.reads, p.verdicts = []any{asking(1, 10), asking(1, 20)}, []any{approval}
	away := unanswered(expense.Unavailable, temporal.ApplicationErrorOptions{NextRetryDelay: 3 * time.Hour})
	p.facts = []any{away, answered("false"), answered("true")}
	p.after(time.Hour, func() {
		p.env.SignalWorkflow(workflows.Notified, callout())
		p.env.SignalWorkflow(workflows.Retried, nil)
	})
	require.Equal(t, expense.Approved, p.run(callout()).Outcome)
	require.Equal(t, []string{"read", "ask for facts", "ask for facts", "read", "ask for facts", "evaluate", "approve"}, p.calls)
	require.Len(t, p.evaluated, 1)
	require.Equal(t, answered("true").Facts, p.evaluated[0].Facts, "what was answered of the report as it was is not used")
}
