package expense

import "slices"

// roots returns, for each group of the task, the index of the group that the rules asked: its
// own index, or that of the group from which it was escalated.
func (t Task) roots() []int {
	roots := make([]int, len(t.Groups))
	for i, g := range t.Groups {
		roots[i] = i
		if g.EscalatedFrom == "" {
			continue
		}
		for j := range i {
			if t.Groups[j].Group == g.EscalatedFrom {
				roots[i] = roots[j]
				break
			}
		}
	}
	return roots
}

// missing returns how many more people must approve for the group with an index. Approvals of
// the groups to which it was escalated count for it.
func (t Task) missing(root int, roots []int) int {
	missing := max(1, t.Groups[root].Count)
	for i, g := range t.Groups {
		if roots[i] == root {
			missing -= len(g.Approvals)
		}
	}
	return max(0, missing)
}

// StillNeeded returns the groups that the rules asked and that still have to approve, with the
// number of people who are missing.
func (t Task) StillNeeded() []RequiredApproval {
	var needed []RequiredApproval
	roots := t.roots()
	for i, g := range t.Groups {
		if roots[i] != i {
			continue
		}
		if missing := t.missing(i, roots); missing > 0 {
			needed = append(needed, RequiredApproval{Group: g.Group, Count: missing, Rules: g.Rules})
		}
	}
	return needed
}

// Needs reports whether the task still needs an approval for the group.
func (t Task) Needs(group string) bool {
	roots := t.roots()
	for i, g := range t.Groups {
		if g.Group == group && t.missing(roots[i], roots) > 0 {
			return true
		}
	}
	return false
}

// Asked returns the names of all groups whose approval still helps, without repetition: those
// that are needed and those to which they were escalated.
func (t Task) Asked() []string {
	var names []string
	roots := t.roots()
	for i, g := range t.Groups {
		if t.missing(roots[i], roots) > 0 && !slices.Contains(names, g.Group) {
			names = append(names, g.Group)
		}
	}
	return names
}

// Approve adds an approval to the first entry of a group for which somebody is missing.
func (t *Task) Approve(group string, approval TaskApproval) {
	roots := t.roots()
	for i := range t.Groups {
		if t.Groups[i].Group == group && t.missing(roots[i], roots) > 0 {
			t.Groups[i].Approvals = append(t.Groups[i].Approvals, approval)
			return
		}
	}
}
