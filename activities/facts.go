package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/facts"
	"concur-connector/policy"
)

// FactClient asks a fact service about the objects of one question. Each object is answered,
// or there is an error, which is a *facts.Error.
type FactClient interface {
	Ask(ctx context.Context, q expense.Question) (expense.Answers, error)
}

// checkFacts returns an error if the rules need facts and there is no client for them.
func (o Options) checkFacts() error {
	if o.Facts == nil && len(o.Rules.Current().FactURLs()) > 0 {
		return errors.New("activities: the rules need facts, but option Facts is missing")
	}
	return nil
}

// FetchFacts asks fact services what the rules need to know about a report or a travel
// request. If one answer is missing, the next attempt repeats all requests with the same
// keys, so that a service counts each of them once. An unavailable service is asked without
// end: nothing is guessed.
func (a *Activities) FetchFacts(ctx context.Context, in expense.FetchFactsInput) (result expense.FetchedFacts, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	rules := a.options.Rules.Current()
	if in.RulesHash != rules.Hash() {
		return expense.FetchedFacts{Stale: true}, nil
	}
	questions, err := rules.Questions(policy.Input{Report: in.Report, Request: in.Request, EventType: in.EventType, At: in.At})
	if err != nil {
		return expense.FetchedFacts{}, a.failure(ctx, &concur.Error{Op: "fetch facts", Kind: expense.Rejected, Message: err.Error()})
	}
	fetched := expense.FetchedFacts{Facts: emptyFacts(rules, in)}
	for _, q := range questions {
		q.At, q.IdempotencyKey = in.At, activityKey(ctx)
		answers, err := a.ask(ctx, q)
		switch {
		case err != nil && q.ShadowOnly && ctx.Err() == nil: // a shadow rule holds nothing up: it fails
			a.options.Logger.Warn("a fact for shadow rules was not answered", "fact", q.Fact, "error", err)
			continue
		case err != nil:
			return expense.FetchedFacts{}, a.failure(ctx, err)
		}
		fetched.Facts[q.Fact] = answers
	}
	// The report and the facts are evaluated together, so they must fit one payload.
	evaluated := expense.ValidateReportInput{Report: in.Report, Facts: fetched.Facts}
	return fetched, a.failure(ctx, a.fits("store", "the report with its facts", evaluated))
}

// emptyFacts has an empty result for each fact that the rules need. It stays empty if there
// is no object to ask about.
func emptyFacts(rules *policy.Policy, in expense.FetchFactsInput) expense.Facts {
	names, ofRequests := rules.FactNames()
	if in.Request != nil {
		names = ofRequests
	}
	all := expense.Facts{}
	for _, name := range names {
		all[name] = expense.Answers{}
	}
	return all
}

// activityKey identifies this activity. It is the same for all its attempts.
func activityKey(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return fmt.Sprintf("%s %s %s", info.WorkflowExecution.ID, info.WorkflowExecution.RunID, info.ActivityID)
}

func (a *Activities) ask(ctx context.Context, q expense.Question) (expense.Answers, error) {
	if a.options.Facts == nil {
		return nil, &facts.Error{Fact: q.Fact, Kind: expense.Untrusted, Message: "this worker has no access to fact services (CONCUR_FACT_HOSTS, CONCUR_FACT_SECRET)"}
	}
	return a.options.Facts.Ask(ctx, q)
}
