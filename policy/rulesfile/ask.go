package rulesfile

import (
	"strconv"

	"go.yaml.in/yaml/v4"
)

const (
	maxAsked = 10 // groups that one rule asks
	maxCount = 10 // people of one group
)

// Asked is one group that a rule asks, as the file names it.
type Asked struct {
	// Group is a name or, if Mapping is true and no group has this name, an expression.
	Group   string
	Mapping bool // it is written {group: …, count: …}
	Count   int  // how many different people must approve, at least 1
	Node    *yaml.Node
}

// asked reads whom a rule asks: a group, {group, count}, or a list of these.
func (s *Source) asked(d *Rule, n *yaml.Node) []Asked {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	switch {
	case len(list) == 0:
		s.Fail(At(n), d.Name, "ask is an empty list; name a group, or leave ask out")
	case len(list) > maxAsked:
		s.Fail(At(n), d.Name, "ask has %d groups; at most %d are accepted", len(list), maxAsked)
		return nil
	}
	var all []Asked
	lines := map[string]int{}
	for _, one := range list {
		a, ok := s.askedGroup(d, one)
		if !ok {
			continue
		}
		if lines[a.Group] > 0 {
			s.Fail(At(a.Node), d.Name, "ask names the group %s twice; two people of one group are written {group: %s, count: 2}", Clip(a.Group, 60), Clip(a.Group, 60))
			continue
		}
		lines[a.Group] = a.Node.Line
		all = append(all, a)
	}
	return all
}

func (s *Source) askedGroup(d *Rule, n *yaml.Node) (a Asked, ok bool) {
	a = Asked{Count: 1, Node: n}
	switch n.Kind {
	case yaml.MappingNode:
		keys, ok := s.mapping(n, d.Name, "ask", "group", "count")
		if !ok {
			return a, false
		}
		if a.Mapping, a.Node = true, keys["group"]; a.Node == nil {
			s.Fail(At(n), d.Name, "ask needs group: a group, or an expression that gives its name")
			return a, false
		}
		if v := keys["count"]; v != nil {
			a.Count = s.count(d, v)
		}
		a.Group, ok = s.text(a.Node, d.Name, "group")
		return a, ok
	case yaml.SequenceNode:
		s.Fail(At(n), d.Name, "ask is a list of groups, not a list of lists")
		return a, false
	}
	if a.Group, ok = s.text(n, d.Name, "ask"); ok && !groupForm.MatchString(a.Group) {
		s.Fail(At(n), d.Name, "ask must name a group: %s; an expression that gives the name is written ask: {group: '…'}", groupFormed)
		return a, false
	}
	return a, ok
}

func (s *Source) count(d *Rule, n *yaml.Node) int {
	v, ok := s.text(n, d.Name, "count")
	count, err := strconv.Atoi(v)
	if ok && (err != nil || count < 1 || count > maxCount) {
		s.Fail(At(n), d.Name, "count must be a whole number of people from 1 to %d, not %q", maxCount, Clip(v, 40))
		return 1
	}
	return count
}

// IsGroupName reports whether a text has the form of a group's name.
func IsGroupName(text string) bool { return groupForm.MatchString(text) }
