package policy

import (
	"slices"
	"time"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// PlanTask says when the reminders, escalations and deadlines of a task are due. The worker sets
// Notify.
func (p *Policy) PlanTask(in expense.PlanTaskInput) expense.TaskPlan {
	var plan expense.TaskPlan
	for _, required := range in.Groups {
		group, declared := p.group(required.Group)
		if !declared {
			continue
		}
		add := func(after time.Duration, step expense.TaskStep) {
			if after > 0 {
				step.At, step.Group = in.OpenedAt.Add(after), group.Name
				plan.Steps = append(plan.Steps, step)
			}
		}
		for _, after := range group.Reminders {
			add(after, expense.TaskStep{Kind: expense.Remind})
		}
		add(group.EscalateAfter, expense.TaskStep{Kind: expense.Escalate, To: group.EscalateTo})
		add(group.DeadlineAfter, expense.TaskStep{Kind: expense.Deadline, Then: group.DeadlineThen})
	}
	slices.SortStableFunc(plan.Steps, func(a, b expense.TaskStep) int { return a.At.Compare(b.At) })
	return plan
}

// AcceptsUnsealed reports whether decisions count for a group although nobody has verified who
// sent them. By default they do not.
func (p *Policy) AcceptsUnsealed(name string) bool {
	group, declared := p.group(name)
	return declared && group.AcceptsUnsealed
}

func (p *Policy) group(name string) (rulesfile.Group, bool) {
	i := slices.IndexFunc(p.groups, func(g rulesfile.Group) bool { return g.Name == name })
	if i < 0 {
		return rulesfile.Group{}, false
	}
	return p.groups[i], true
}
