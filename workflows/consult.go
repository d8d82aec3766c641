package workflows

import (
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// consult asks the company's own systems for the facts that the rules ask for, if they do.
// It waits for as long as one is away. What was answered serves the judgement that follows
// and no other: a report that has changed is asked about anew.
func (r *run) consult(ctx workflow.Context, read expense.FetchedReport, eventType string, at time.Time) (expense.Facts, error) {
	if len(read.FactNames) == 0 {
		return nil, nil
	}
	r.asked = read.FactNames
	if r.Task == nil {
		r.enter(ctx, FetchingFacts)
	}
	names := strings.Join(read.FactNames, ", ")
	var fetched expense.FetchedFacts
	err := r.legible(ctx, "an answer of the company's systems", func() error {
		var err error
		fetched, err = call[expense.FetchedFacts](r.factOptions(ctx, "ask the company's systems: "+indexed(names)), &r.calls, FetchFacts, expense.FetchFactsInput{
			Report: read.Report, Request: read.Request, RulesHash: read.RulesHash, EventType: eventType, At: at,
		})
		return err
	})
	var t *ParkReason
	switch {
	case errors.As(err, &t):
		t.Fix = mendFact(t.Kind)
		return nil, t
	case err != nil:
		return nil, err
	case fetched.Stale:
		return nil, r.readAnew(ctx)
	case r.NotificationPending && !r.hurried:
		r.hurried = true     // once: a stream of notifications must not keep the rules from judging
		return nil, errAgain // that was asked about a report which may have changed since
	}
	r.hurried = false
	return fetched.Facts, nil
}

// mendFact says what a person can do when the company's own systems give no fact.
func mendFact(k expense.Kind) string {
	switch k {
	case expense.Unavailable:
		return "Have whoever runs the proxy, the firewall or the gateway before the system that the message names let this request through. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "Give the system that the message names the secret of CONCUR_FACT_SECRET, and look at its own log: it refuses what the connector signs."
	case expense.Rejected:
		return "Look at the log of the system that the message names: it refuses the question. The address and what is sent are in the rules file."
	case expense.Untrusted:
		return "If the company's data may go to this host, add it to CONCUR_FACT_HOSTS, give CONCUR_FACT_SECRET, and restart the workers. If not, take the fact out of the rules file."
	case expense.Malformed:
		return "Have the system that the message names answer as docs/policy/fact-answer.schema.json says."
	}
	return mend(k)
}
