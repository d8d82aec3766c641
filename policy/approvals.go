package policy

import (
	"slices"
	"time"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// PlanTask says when the reminders, escalations and deadlines of a task are due, in UTC. A group
// to which a task is escalated gets its own reminders, and escalates further, counted from the
// escalation. The deadline is that of the group that the rules ask. The worker sets Notify.
func (p *Policy) PlanTask(in expense.PlanTaskInput) expense.TaskPlan {
	plan := expense.TaskPlan{
		CommentRequired: p.approval.CommentRequired, DifferentPeople: p.approval.DifferentPeople, CheckEvery: p.approval.CheckEvery,
	}
	for _, required := range in.Groups {
		plan.Steps = append(plan.Steps, p.stepsOf(required.Group, in.OpenedAt)...)
	}
	slices.SortStableFunc(plan.Steps, func(a, b expense.TaskStep) int { return a.At.Compare(b.At) })
	plan.Steps = slices.Compact(plan.Steps)
	return plan
}

// stepsOf are the steps of a task for a group that the rules ask.
func (p *Policy) stepsOf(name string, opened time.Time) []expense.TaskStep {
	group, declared := p.group(name)
	if !declared {
		return nil
	}
	var steps []expense.TaskStep
	var deadline time.Time
	if !group.DeadlineAfter.IsZero() {
		deadline = p.after(opened, group.DeadlineAfter).UTC()
		steps = append(steps, expense.TaskStep{At: deadline, Kind: expense.Deadline, Group: group.Name, Then: group.DeadlineThen})
	}
	add := func(at time.Time, step expense.TaskStep) bool {
		inTime := deadline.IsZero() || at.Before(deadline)
		if step.At = at.UTC(); inTime {
			steps = append(steps, step)
		}
		return inTime
	}
	for declared { // no circle: they are refused when the rules are loaded
		for _, after := range group.Reminders {
			add(p.after(opened, after), expense.TaskStep{Kind: expense.Remind, Group: group.Name})
		}
		if group.EscalateTo == "" {
			break
		}
		opened = p.after(opened, group.EscalateAfter)
		if !add(opened, expense.TaskStep{Kind: expense.Escalate, Group: group.Name, To: group.EscalateTo}) {
			break
		}
		group, declared = p.group(group.EscalateTo)
	}
	return steps
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
