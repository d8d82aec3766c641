package expense

import "slices"

// AskedGroup is a group that the rules ask, together with the groups to which it was escalated. An
// approval of any of them counts for it.
type AskedGroup struct {
	RequiredApproval
	Members   []TaskGroup    // the group itself, then those to which it was escalated
	Approvals []TaskApproval // of all members

	at []int // the positions of the members in the task
}

// Missing returns how many more people must approve.
func (a AskedGroup) Missing() int { return max(0, max(1, a.Count)-len(a.Approvals)) }

// IsComplete reports whether enough people have approved.
func (a AskedGroup) IsComplete() bool { return a.Missing() == 0 }

// AskedGroups returns the groups that the rules ask, in the order of the task. A group to which two
// others were escalated belongs to both.
func (t Task) AskedGroups() []AskedGroup {
	var asked []AskedGroup
	belongsTo := map[string]int{} // the position in asked of the first group with a name
	for i, g := range t.Groups {
		at, known := belongsTo[g.EscalatedFrom]
		if g.EscalatedFrom == "" || !known {
			at = len(asked)
			asked = append(asked, AskedGroup{RequiredApproval: g.RequiredApproval})
		}
		if _, named := belongsTo[g.Group]; !named {
			belongsTo[g.Group] = at
		}
		asked[at].Members = append(asked[at].Members, g)
		asked[at].Approvals = append(asked[at].Approvals, g.Approvals...)
		asked[at].at = append(asked[at].at, i)
	}
	return asked
}

// StillNeeded returns the groups that the rules asked and that still have to approve, with the
// number of people who are missing.
func (t Task) StillNeeded() []RequiredApproval {
	var needed []RequiredApproval
	for _, a := range t.AskedGroups() {
		if missing := a.Missing(); missing > 0 {
			needed = append(needed, RequiredApproval{Group: a.Group, Count: missing, Rules: a.Rules})
		}
	}
	return needed
}

// Asked returns the names of all groups whose approval still helps, without repetition: those that
// are needed and those to which they were escalated.
func (t Task) Asked() []string {
	var names []string
	for _, a := range t.AskedGroups() {
		for _, member := range a.Members {
			if !a.IsComplete() && !slices.Contains(names, member.Group) {
				names = append(names, member.Group)
			}
		}
	}
	return names
}

// Needs reports whether an approval of the group still helps.
func (t Task) Needs(group string) bool { return slices.Contains(t.Asked(), group) }

// Approve adds an approval of a group to the first asked group for which somebody is missing.
func (t *Task) Approve(group string, approval TaskApproval) {
	for _, a := range t.AskedGroups() {
		for _, at := range a.at {
			if !a.IsComplete() && t.Groups[at].Group == group {
				t.Groups[at].Approvals = append(t.Groups[at].Approvals, approval)
				return
			}
		}
	}
}
