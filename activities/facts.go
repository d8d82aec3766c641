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

// FactClient asks the company's own systems about the objects of one question: each of them is
// answered, or there is an error, which is a *facts.Error.
type FactClient interface {
	Ask(ctx context.Context, q expense.Question) (expense.Answers, error)
}

// checkAsker refuses rules that ask for facts when there is nobody to ask.
func (o Options) checkAsker() error {
	if o.Facts == nil && len(o.Rules.Current().FactURLs()) > 0 {
		return errors.New("activities: the rules ask the company's own systems for facts, and there is nothing to ask with")
	}
	return nil
}

// FetchFacts asks the company's own systems what the rules want to know of a report or a
// travel request. It writes nothing; all of it is asked again when one answer is missing, as
// the same requests, so that what a system counts it counts once. An away system is asked
// for ever: nothing is guessed.
func (a *Activities) FetchFacts(ctx context.Context, in expense.FetchFactsInput) (result expense.FetchedFacts, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	rules := a.options.Rules.Current()
	if in.RulesHash != rules.Hash() {
		return expense.FetchedFacts{Stale: true}, nil
	}
	questions, err := rules.Questions(policy.Case{Report: in.Report, Request: in.Request, EventType: in.EventType, At: in.At})
	if err != nil {
		return expense.FetchedFacts{}, a.failure(ctx, &concur.Error{Op: "ask the company's systems", Kind: expense.Rejected, Message: err.Error()})
	}
	fetched := expense.FetchedFacts{Facts: asked(rules, in)}
	for _, q := range questions {
		q.At, q.IdempotencyKey = in.At, asking(ctx)
		answers, err := a.askFor(ctx, q)
		switch {
		case err != nil && q.ShadowOnly && ctx.Err() == nil: // what is only watched holds nothing up
			a.options.Logger.Warn("a fact that only watched rules want to know was not answered", "fact", q.Fact, "error", err)
			continue // and that rule errs
		case err != nil:
			return expense.FetchedFacts{}, a.failure(ctx, err)
		}
		fetched.Facts[q.Fact] = answers
	}
	// They are judged together, and must fit together.
	judged := expense.ValidateReportInput{Report: in.Report, Facts: fetched.Facts}
	return fetched, a.failure(ctx, a.fits("ask", "the report with the answers of the company's systems", judged))
}

// asked has a place for each fact that the rules ask for: one that has no object to be asked
// about is known to have none.
func asked(rules *policy.Policy, in expense.FetchFactsInput) expense.Facts {
	names, ofRequests := rules.Asks()
	if in.Request != nil {
		names = ofRequests
	}
	all := expense.Facts{}
	for _, name := range names {
		all[name] = expense.Answers{}
	}
	return all
}

// asking names this activity, and no attempt of it.
func asking(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return fmt.Sprintf("%s %s %s", info.WorkflowExecution.ID, info.WorkflowExecution.RunID, info.ActivityID)
}

func (a *Activities) askFor(ctx context.Context, q expense.Question) (expense.Answers, error) {
	if a.options.Facts == nil {
		return nil, &facts.Error{Fact: q.Fact, Kind: expense.Untrusted, Message: "this worker is not set up to ask for facts (CONCUR_FACT_HOSTS, CONCUR_FACT_SECRET)"}
	}
	return a.options.Facts.Ask(ctx, q)
}
