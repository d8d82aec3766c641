package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
)

// asked is a group that a rule asks, ready to use.
type asked struct {
	group      string      // empty if expression gives it
	expression *expression // nil if group is given
	count      int
}

// asks makes ready whom a rule asks. compile makes an expression of the rule ready.
func (l *loader) asks(d rulesfile.Rule, compile func(n *rulesfile.Asked) *expression) []asked {
	declared := rulesfile.GroupNames(l.policy.groups)
	var all []asked
	for _, a := range d.Asks {
		one := asked{group: a.Group, count: a.Count}
		switch {
		case slices.Contains(declared, a.Group):
		case !a.Mapping || rulesfile.IsGroupName(a.Group) && !strings.Contains(a.Group, "."):
			if len(declared) > 0 {
				l.Fail(rulesfile.At(a.Node), d.Name, "there is no group %q in groups%s", rulesfile.Clip(a.Group, 40), spelling.Among(a.Group, declared))
			}
		case len(declared) == 0:
			l.Fail(rulesfile.At(a.Node), d.Name, "the expression of ask gives the name of a group, but the file declares none; declare them under groups")
		default:
			if one.group, one.expression = "", compile(&a); one.expression == nil {
				continue
			}
		}
		all = append(all, one)
	}
	return all
}

// checkDefaultGroup refuses a file without the group that decides where a rule cannot be
// evaluated. A file that declares no groups needs none: any approver decides.
func (l *loader) checkDefaultGroup(c rulesfile.File) {
	name, declared := c.Approvals.DefaultGroup, rulesfile.GroupNames(c.Groups)
	switch {
	case len(declared) == 0:
	case name != "" && !slices.Contains(declared, name):
		l.Fail(rulesfile.At(c.Approvals.DefaultGroupAt), "", "defaultGroup: there is no group %q in groups%s", rulesfile.Clip(name, 40), spelling.Among(name, declared))
	case name == "" && slices.ContainsFunc(c.Rules, func(d rulesfile.Rule) bool { return !d.Shadow }):
		l.Fail(c.GroupsAt, "", "the group that decides where a rule cannot be evaluated is missing; add the line: approvals: {defaultGroup: %s}", declared[0])
	}
}

// whom returns the groups that a violated rule asks on an object, and why one of them is not
// known.
func (e *evaluation) whom(r *rule, at *scope) (all []expense.RequiredApproval, unknown error) {
	for _, a := range r.asks {
		group := a.group
		if a.expression != nil {
			v, err := at.eval(a.expression)
			if err != nil {
				unknown = e.reason(err)
				continue
			}
			if group = strings.TrimSpace(string(v.(types.String))); !e.policy.declares(group) {
				unknown = unknownGroup(group)
				continue
			}
		}
		all = append(all, expense.RequiredApproval{Group: group, Count: a.count})
	}
	return all, unknown
}

// unknownGroup says that a group is not declared. It quotes only what could be the name of one.
func unknownGroup(name string) error {
	switch {
	case name == "":
		return errNoGroup
	case !rulesfile.IsGroupName(name):
		return errGroupName
	}
	return fmt.Errorf("%q is not declared in groups", name)
}

func (p *Policy) declares(group string) bool {
	return slices.ContainsFunc(p.groups, func(g rulesfile.Group) bool { return g.Name == group })
}

// maxAskedBy is how many rules an approval names.
const maxAskedBy = 50

// approvals are the groups that the rules ask, each once with the highest count, in the order of
// the file. A rule that failed asks the default group; without one, it asks its own groups.
func (p *Policy) approvals(found []violation, crowd bool) []expense.RequiredApproval {
	var all []expense.RequiredApproval
	add := func(a expense.RequiredApproval, rule string) {
		i := slices.IndexFunc(all, func(other expense.RequiredApproval) bool { return other.Group == a.Group })
		if i < 0 {
			i, all = len(all), append(all, expense.RequiredApproval{Group: a.Group})
		}
		all[i].Count = max(all[i].Count, a.Count)
		if rule != "" && len(all[i].Rules) < maxAskedBy && !slices.Contains(all[i].Rules, rule) {
			all[i].Rules = append(all[i].Rules, rule)
		}
	}
	standard := expense.RequiredApproval{Group: p.approval.DefaultGroup, Count: 1}
	for _, v := range found {
		switch {
		case v.failed && standard.Group != "":
			add(standard, v.rule.Name)
		case v.failed:
			for _, a := range v.rule.asks {
				if a.group != "" {
					add(expense.RequiredApproval{Group: a.group, Count: a.count}, v.rule.Name)
				}
			}
		default:
			for _, a := range v.asked {
				add(a, v.rule.Name)
			}
		}
	}
	if crowd && standard.Group != "" {
		add(standard, "")
	}
	return all
}
