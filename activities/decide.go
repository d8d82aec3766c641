package activities

import (
	"context"

	"concur-connector/expense"
)

// Approvers checks a decision against the approvers in force. acceptsUnsealed says whether the
// rules let a decision count for a group although nobody has verified who sent it.
type Approvers interface {
	Check(in expense.CheckDecisionInput, acceptsUnsealed func(group string) bool) expense.CheckedDecision
}

// PlanTask says when the reminders, escalations and deadlines of a task are due, by the rules in
// force.
func (a *Activities) PlanTask(ctx context.Context, in expense.PlanTaskInput) (plan expense.TaskPlan, _ error) {
	defer sign(ctx, &plan.Answer)
	plan = a.options.Rules.Current().PlanTask(in)
	plan.Notify = a.options.Notifier != nil
	return plan, nil
}

// CheckDecision says whether a decision counts, by the approvers and the rules in force. A person
// who has left a group since the task was opened can no longer decide.
func (a *Activities) CheckDecision(ctx context.Context, in expense.CheckDecisionInput) (checked expense.CheckedDecision, _ error) {
	defer sign(ctx, &checked.Answer)
	checked = a.options.Approvers.Check(in, a.options.Rules.Current().AcceptsUnsealed)
	return checked, nil
}
