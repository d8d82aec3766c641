package approvers

import (
	"fmt"
	"slices"

	"concur-connector/expense"
)

// person is somebody who decides, or on whose behalf somebody decides.
type person struct {
	name           string
	listed         *Person // nil for a person whom only the provider knows
	logins         []string
	groups         []string
	submitsReports bool
}

// in reports whether a person is a member of a group. Everybody in the file is a member of the
// group without a name.
func (p person) in(group string) bool {
	if group == "" {
		return p.listed != nil
	}
	return slices.Contains(p.groups, group)
}

func (p *Person) in(group string) bool { return group == "" || slices.Contains(p.Groups, group) }

// listed returns a person as the approvers' file alone describes them.
func listed(p *Person) person {
	return person{name: p.Name, listed: p, logins: p.Logins, groups: p.Groups, submitsReports: p.SubmitsReports}
}

// identify finds the person whom the endpoint has identified in today's file. The endpoint names
// people of the file by their name there.
func (c *check) identify() (who person, why string) {
	found := c.Named(c.actor.Name)
	if found == nil && c.actor.IdentifiedBy != expense.ByOIDC && c.actor.IdentifiedBy != expense.ByProxy {
		return person{name: c.actor.Name}, c.actor.Name + " is no longer in the approvers' file"
	}
	for _, p := range c.Identified(c.actor.Logins, "") {
		if found == nil {
			found = p
		} else if p != found {
			return person{name: c.actor.Name}, fmt.Sprintf("the logins of %s belong to another person or to several people of the approvers' file", c.actor.Name)
		}
	}
	who = person{name: c.actor.Name, submitsReports: true}
	if found != nil {
		who = listed(found)
	}
	who.logins = slices.Concat(who.logins, c.actor.Logins)
	who.groups = slices.Concat(who.groups, c.actor.Groups)
	return who, ""
}

// ownReport says why a person may not decide about a report: it is their own, or nobody can tell
// whether it is.
func ownReport(p person, owner expense.Owner) string {
	key := looseKey(owner.Login)
	known := 0
	for _, login := range p.logins {
		if one := looseKey(login); one != "" {
			known++
			if one == key {
				return "nobody decides about their own report or request, and this one belongs to " + p.name
			}
		}
	}
	switch {
	case !p.submitsReports:
		return ""
	case key == "":
		return fmt.Sprintf("Concur does not say whose report or request this is, so that it may be that of %s; "+
			"an approver for whom the approvers' file says submitsReports: false may decide", p.name)
	case known == 0:
		return fmt.Sprintf("the approvers' file has no Concur login of %s, so that nobody can tell whether this is their own report or request; "+
			"add it with concurctl approver add --login", p.name)
	}
	return ""
}

// capacity is a way in which a person may take part: in their own right, or on behalf of another.
type capacity struct {
	who        person
	onBehalfOf *person
	groups     []string // the task's groups, whether or not they have decided
}

func (as capacity) principal() string {
	if as.onBehalfOf == nil {
		return ""
	}
	return as.onBehalfOf.name
}

// in reports whether a decision in this capacity can count for a group.
func (as capacity) in(group string) bool { return slices.Contains(as.groups, group) }

// capacities lists the ways in which a person may take part in the task: in their own right, by a
// delegation of this task, by a delegation for a period. What was delegated to a person cannot be
// passed on: the one on whose behalf somebody decides must be in a group by the file.
func (c *check) capacities(who person) []capacity {
	var all []capacity
	add := func(principal person, onBehalfOf *person) {
		as := capacity{who: who, onBehalfOf: onBehalfOf}
		for _, g := range c.in.Task.Groups {
			if principal.in(g.Group) && !slices.Contains(as.groups, g.Group) {
				as.groups = append(as.groups, g.Group)
			}
		}
		if len(as.groups) > 0 {
			all = append(all, as)
		}
	}
	add(who, nil)
	for _, name := range c.delegators(who) {
		if from := c.Named(name); from != nil && name != who.name {
			principal := listed(from)
			add(principal, &principal)
		}
	}
	return all
}

// delegators names the people who have delegated to a person, each once.
func (c *check) delegators(who person) []string {
	var names []string
	for _, d := range c.in.Task.Delegates {
		if d.To == who.name && !slices.Contains(names, d.From) {
			names = append(names, d.From)
		}
	}
	for _, d := range c.Delegations {
		if d.To == who.name && d.InForce(c.in.At) && !slices.Contains(names, d.From) {
			names = append(names, d.From)
		}
	}
	return names
}

// notAMember says why a person may not take part in the task.
func (c *check) notAMember(who person) string {
	if len(c.capacities(who)) > 0 {
		return fmt.Sprintf("the group of %s has decided already; these still have to decide: %s", who.name, c.missing())
	}
	for _, name := range c.delegators(who) {
		from := c.Named(name)
		if from != nil && len(c.delegators(listed(from))) > 0 {
			return fmt.Sprintf("%s may decide for %s only what %s may decide in their own right: a delegation cannot be passed on", who.name, name, name)
		}
	}
	return fmt.Sprintf("%s is in no group that has to decide: %s", who.name, c.missing())
}
