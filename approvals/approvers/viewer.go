package approvers

import (
	"slices"
	"time"

	"concur-connector/expense"
)

// Viewer is an identified person in one version of the approvers' file.
type Viewer struct {
	approvers *Approvers
	who       person
	unknown   string // why the person is nobody in the file
}

// Part says how a person may take part in a task.
type Part struct {
	// Groups are the task's groups for which the person may act, in their own right or for others.
	Groups     []string
	OnBehalfOf []string // those for whom the person may act
	OwnReport  bool     // the report or travel request is the person's own
	Why        string   // why the person may not take part; empty if they may
}

// Viewer finds the person whom the endpoint has identified.
func (a *Approvers) Viewer(actor expense.Actor) Viewer {
	c := &check{Approvers: a, actor: actor}
	who, why := c.identify()
	return Viewer{approvers: a, who: who, unknown: why}
}

// Part says whether the person may see a task and take part in it. Whether a decision counts
// depends on more: [Approvers.Check] says so.
func (v Viewer) Part(task expense.Task, owner expense.Owner, at time.Time) Part {
	if v.unknown != "" {
		return Part{Why: v.unknown}
	}
	if why := ownReport(v.who, owner); why != "" {
		return Part{OwnReport: v.who.owns(owner), Why: why}
	}
	c := &check{
		Approvers: v.approvers, in: expense.CheckDecisionInput{Task: task, Owner: owner, At: at}, asked: task.AskedGroups(),
	}
	var part Part
	for _, as := range c.capacities(v.who) {
		if as.onBehalfOf != nil {
			if why := ownReport(*as.onBehalfOf, owner); why != "" {
				part.Why = firstOf(part.Why, why)
				continue
			}
			part.OnBehalfOf = append(part.OnBehalfOf, as.onBehalfOf.name)
		}
		for _, group := range as.groups {
			if !slices.Contains(part.Groups, group) {
				part.Groups = append(part.Groups, group)
			}
		}
	}
	if len(part.Groups) > 0 {
		part.Why = ""
	} else {
		part.Why = firstOf(part.Why, c.notAMember(v.who))
	}
	return part
}

// owns reports whether a report or travel request certainly belongs to a person.
func (p person) owns(owner expense.Owner) bool {
	key := looseKey(owner.Login)
	return key != "" && slices.ContainsFunc(p.logins, func(login string) bool { return looseKey(login) == key })
}
