package approvers

import (
	"strings"

	"concur-connector/expense"
)

// family is a group that the rules ask, with the groups to which it was escalated. An approval of
// any of them counts for the group.
type family struct {
	root      string
	count     int
	groups    []expense.TaskGroup
	approvals []expense.TaskApproval // of all groups
}

// complete reports whether enough people have approved.
func (f family) complete() bool { return len(f.approvals) >= f.count }

// familiesOf returns the groups of a task, in its order. A group that was escalated twice leads
// back to the first.
func familiesOf(task expense.Task) []family {
	var all []family
	of := map[string]int{} // the family of a group, by the group's name
	for _, g := range task.Groups {
		at, known := of[g.EscalatedFrom]
		if g.EscalatedFrom == "" || !known {
			at = len(all)
			all = append(all, family{root: g.Group, count: max(1, g.Count)})
		}
		if _, taken := of[g.Group]; !taken {
			of[g.Group] = at
		}
		all[at].groups = append(all[at].groups, g)
		all[at].approvals = append(all[at].approvals, g.Approvals...)
	}
	return all
}

// missing names the groups that still have to decide.
func (c *check) missing() string {
	var names []string
	for _, f := range c.families {
		if !f.complete() {
			for _, g := range f.groups {
				names = append(names, groupName(g.Group))
			}
		}
	}
	if len(names) == 0 {
		return "every group has decided"
	}
	return strings.Join(names, ", ")
}

func groupName(group string) string {
	if group == "" {
		return "any approver"
	}
	return group
}
