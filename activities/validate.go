package activities

import (
	"context"
	"fmt"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

// maxExceptions limits how many exceptions the rules may post on one report, and so the size
// of a run.
const maxExceptions = 1000

// ValidateReport evaluates the rules on a report. The result has no verdict if the report was
// read for other rules: it may then lack fields that the current rules read.
func (a *Activities) ValidateReport(ctx context.Context, in expense.ValidateReportInput) (result expense.EvaluationResult, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	return a.evaluate(ctx, "the report", in.RulesHash, policy.Input{Report: in.Report, EventType: in.EventType, At: in.At, Facts: in.Facts})
}

// ValidateRequest is ValidateReport for a travel request, on which no exceptions are posted.
func (a *Activities) ValidateRequest(ctx context.Context, in expense.ValidateRequestInput) (result expense.EvaluationResult, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	return a.evaluate(ctx, "the travel request", in.RulesHash, policy.Input{Request: in.Request, EventType: in.EventType, At: in.At, Facts: in.Facts})
}

func (a *Activities) evaluate(ctx context.Context, what, rulesHash string, on policy.Input) (expense.EvaluationResult, error) {
	rules := a.options.Rules.Current()
	if rulesHash != rules.Hash() {
		return expense.EvaluationResult{}, nil
	}
	verdict := rules.Evaluate(on)
	verdict.Exceptions = addressable(on.Report, verdict.Exceptions)
	a.options.Links.addTo(&verdict, on.Report, on.Request)
	if n := len(verdict.Exceptions); n > maxExceptions {
		return expense.EvaluationResult{}, a.failure(ctx, &concur.Error{Op: "evaluate " + what, Kind: expense.TooLarge,
			Message: fmt.Sprintf("the rules post %d exceptions, but at most %d can be handled", n, maxExceptions)})
	}
	evaluated := expense.EvaluationResult{Verdict: &verdict, DependsOnStepName: dependsOnStepName(rules, on, verdict)}
	return evaluated, a.failure(ctx, a.fits("evaluate", what, evaluated))
}

// dependsOnStepName reports whether the verdict would be another one without the name of the
// validation step: it acts, or it asks these people, only because of the name. Without a name,
// a violation of a rule for certain steps asks a person.
func dependsOnStepName(rules *policy.Policy, on policy.Input, verdict expense.Verdict) bool {
	if on.EventType == "" || !rules.DependsOnStep() {
		return false
	}
	on.EventType = ""
	unnamed := rules.Evaluate(on)
	return unnamed.Action != verdict.Action || !unnamed.SameApprovals(verdict)
}
