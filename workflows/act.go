package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// act approves the report or sends it back, and ends the pass.
func (r *run) act(ctx workflow.Context, p *pass) next {
	r.enter(ctx, Acting)
	r.Progress.acts(p.cause)
	if r.byException(p.action) {
		return r.approveByException(ctx, p)
	}
	summary := "approve the " + r.noun()
	if p.action == expense.SendBack {
		summary = "send the " + r.noun() + " back"
	}
	unknown := UnknownWrite{ValidationID: r.Step.ValidationID, Action: p.action}
	var taken expense.ActionTaken
	err := r.retryUnreadable(ctx, func() (err error) {
		input := r.actionInput(ctx, p)
		unknown.HeaderHash = input.HeaderHash
		taken, err = call[expense.ActionTaken](r.concurOptions(ctx, summary, requestsOfWrite), &r.calls, TakeAction, input)
		return r.recordOutcome(err, unknown)
	})
	if err != nil {
		return after(err)
	}
	return r.acted(ctx, p, taken, unknown)
}

func (r *run) actionInput(ctx workflow.Context, p *pass) expense.TakeActionInput {
	input := expense.TakeActionInput{
		Attempt: r.attempt(ctx), ObjectURI: r.Address.ObjectURI, ValidationID: r.Step.ValidationID, Action: p.action,
		ByRules: p.cause == byRules, LimitOverridden: r.Writes.LimitOverridden,
	}
	if r.byException(p.action) {
		return input
	}
	input.Comment = p.comment
	if p.action == expense.Approve {
		input.ExpenseRejectedComment = r.Evaluation.Verdict.ExpenseRejectedComment
	}
	return input
}

// acted goes on from what became of an action. If the report is not found, its outcome may stay
// unknown.
func (r *run) acted(ctx workflow.Context, p *pass, taken expense.ActionTaken, unknown UnknownWrite) next {
	r.Writes.resolved()
	switch {
	case taken.MayHaveMoved:
		return r.reportChanged(taken.OutcomeUnknown)
	case taken.DryRun != "":
		r.Writes.dryRun(taken.DryRun)
		return r.dryRunAction(p)
	case taken.Confirmed, taken.Kind == "":
		r.succeeded(ctx, unknown.ValidationID, p.action, p.cause, taken.Confirmed)
		if taken.ValidationID != "" {
			return again("the " + r.noun() + " already waits at its next step")
		}
		return done()
	case taken.Kind == expense.NotFound:
		if taken.OutcomeUnknown {
			r.Writes.mayHaveWritten(unknown) // we may have moved a report that is found again
		}
		return again("Concur did not find the " + r.noun() + " when the action was to be taken")
	case taken.ValidationID != "":
		return again("the " + r.noun() + " waited at another step when the action was to be taken")
	}
	return r.endNotWaiting(ctx, taken.ReportState, taken.OutcomeUnknown)
}

// succeeded records that the report has left the step by our action.
func (r *run) succeeded(ctx workflow.Context, validationID string, action expense.Action, cause string, confirmed bool) {
	said := "approved"
	switch {
	case action == expense.SendBack:
		said = fmt.Sprintf("sent back to the employee (cause: %s)", cause)
		r.Progress.sentBack(cause)
	case slices.ContainsFunc(r.Writes.postedAt(validationID), func(p PostedAtStep) bool { return !p.Approves }):
		r.Progress.end(expense.ApprovedWithExceptions)
	default:
		r.Progress.end(expense.Approved)
	}
	if confirmed {
		said += ", confirmed by reading"
	} else {
		r.Step.steady()
	}
	r.Progress.record(said)
	r.Decision.close()
	r.Writes.actedAt(validationID, workflow.Now(ctx))
	r.Step.leave(r.stepsLookAlike())
	if r.stepsLookAlike() {
		r.Evaluation.again() // where it waits next may look like this step
	}
}
