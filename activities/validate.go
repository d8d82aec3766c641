package activities

import (
	"context"
	"fmt"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

// maxExceptions bounds what is posted on one report, and with it what a run carries.
const maxExceptions = 1000

// ValidateReport judges a report by the rules. One that was read for other rules,
// by a worker that has not yet been replaced, may lack what these read.
func (a *Activities) ValidateReport(ctx context.Context, in expense.ValidateReportInput) (result expense.EvaluationResult, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	rules := a.options.Rules.Current()
	if in.RulesHash != rules.Hash() {
		return expense.EvaluationResult{}, nil
	}
	judged := policy.Case{Report: in.Report, EventType: in.EventType, At: in.At, Facts: in.Facts}
	verdict := rules.Evaluate(judged)
	verdict.Exceptions = addressed(in.Report, verdict.Exceptions)
	if n := len(verdict.Exceptions); n > maxExceptions {
		return expense.EvaluationResult{}, a.failure(ctx, &concur.Error{Op: "judge the report", Kind: expense.TooLarge,
			Message: fmt.Sprintf("the rules want %d exceptions posted and at most %d can be handled", n, maxExceptions)})
	}
	judgement := expense.EvaluationResult{Verdict: &verdict, DependsOnStepName: byName(rules, judged, verdict)}
	return judgement, a.failure(ctx, a.fits("judge", "the report", judgement))
}

// ValidateRequest is ValidateReport for a travel request, which takes no exceptions.
func (a *Activities) ValidateRequest(ctx context.Context, in expense.ValidateRequestInput) (result expense.EvaluationResult, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	rules := a.options.Rules.Current()
	if in.RulesHash != rules.Hash() {
		return expense.EvaluationResult{}, nil
	}
	judged := policy.Case{Request: in.Request, EventType: in.EventType, At: in.At, Facts: in.Facts}
	verdict := rules.Evaluate(judged)
	judgement := expense.EvaluationResult{Verdict: &verdict, DependsOnStepName: byName(rules, judged, verdict)}
	return judgement, a.failure(ctx, a.fits("judge", "the travel request", judgement))
}

// byName reports whether a verdict acts, or asks the people whom it asks, only because the
// stop has a name. Without the name, a violation of a rule that is limited to a stop asks a
// person.
func byName(rules *policy.Policy, judged policy.Case, verdict expense.Verdict) bool {
	if judged.EventType == "" || !rules.DependsOnStep() {
		return false
	}
	judged.EventType = ""
	without := rules.Evaluate(judged)
	return without.Action != verdict.Action || without.Group != verdict.Group
}
