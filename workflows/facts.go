package workflows

import (
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// fetchFacts asks the fact services for the facts that the rules need. It waits for as long as
// one is away. The answers serve this evaluation only: a report that has changed is asked about
// again.
func (r *run) fetchFacts(ctx workflow.Context, read expense.FetchedReport, eventType string, at time.Time) (expense.Facts, next) {
	if len(read.FactNames) == 0 {
		return nil, goOn()
	}
	r.Evaluation.fetches(read.FactNames)
	if r.Decision.Task == nil {
		r.enter(ctx, FetchingFacts)
	}
	var fetched expense.FetchedFacts
	err := r.retryUnreadableFrom(ctx, "an answer of a fact service", func() (err error) {
		fetched, err = call[expense.FetchedFacts](r.factOptions(ctx, "fetch facts: "+cutForIndex(strings.Join(read.FactNames, ", "))), &r.calls, FetchFacts, expense.FetchFactsInput{
			Report: read.Report, Request: read.Request, RulesHash: read.RulesHash, EventType: eventType, At: at,
		})
		return err
	})
	var t *ParkReason
	switch {
	case errors.As(err, &t):
		t.Fix = fixForFact(t.Kind)
		return nil, parked(t)
	case err != nil:
		return nil, after(err)
	case fetched.Stale:
		return nil, r.readForNewRules(ctx)
	case r.Evaluation.restarts(r.Inbox.NotificationPending):
		return nil, again("a notification arrived while facts were fetched: the report may have changed")
	}
	return fetched.Facts, goOn()
}

// fixForFact says what a person can do when a fact service does not answer.
func fixForFact(k expense.Kind) string {
	switch k {
	case expense.Unavailable:
		return "A proxy, firewall or gateway refuses the request to the service that the message names: have it let the request through. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "The service that the message names refuses the connector's signature. Give the service the secret of CONCUR_FACT_SECRET, and check its log."
	case expense.Rejected:
		return "The service that the message names refuses the request. Check its log. The rules file says to which address the connector sends what."
	case expense.Untrusted:
		return "If the company's data may go to this host, add it to CONCUR_FACT_HOSTS, set CONCUR_FACT_SECRET, and restart the workers. If not, remove the fact from the rules file."
	case expense.Malformed:
		return "Change the service that the message names so that it answers as docs/policy/fact-answer.schema.json says."
	}
	return fixFor(k)
}
