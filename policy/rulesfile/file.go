// Package rulesfile reads a rules file and validates everything but its expressions. Every
// mistake carries its line and column.
package rulesfile

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	apiVersion = "concur-connector/v1"
	MaxFile    = 1 << 20 // bytes
	maxRules   = 1000
)

// File is the content of a rules file. Its expressions are not checked yet.
type File struct {
	Version   string
	Zone      *time.Location
	Settings  Settings
	Steps     []Step
	Groups    []Group
	GroupsAt  Place
	Approvals Approvals
	Lists     []List
	Facts     []Fact
	Variables []Variable
	Rules     []Rule

	ApproveAll Place // of approveAll: true; zero when the file does not have it
}

// Read reads a rules file. The source collects every mistake.
func Read(name string, data []byte) (*Source, File) {
	s := NewSource(name, data)
	return s, s.content(data)
}

func (s *Source) content(data []byte) File {
	c := File{Zone: time.UTC, Settings: defaultSettings(), Approvals: defaultApprovals()}
	if len(data) > MaxFile {
		s.Fail(Place{}, "", "the file is larger than 1 MiB")
		return c
	}
	root := s.document(data)
	if root == nil {
		return c
	}
	top, ok := s.mapping(root, "", "the file",
		"apiVersion", "version", "timezone", "settings", "steps", "groups", "approvals", "lists", "facts", "variables", "approveAll", "rules")
	if !ok {
		return c
	}
	if n := top["apiVersion"]; n == nil {
		s.Fail(At(root), "", "apiVersion is missing; it must be %s", apiVersion)
	} else if v, ok := s.text(n, "", "apiVersion"); ok && v != apiVersion {
		s.Fail(At(n), "", "apiVersion must be %s", apiVersion)
	}
	s.version(&c, top["version"])
	s.timezone(&c, top["timezone"])
	s.settings(&c, top["settings"])
	s.steps(&c, top["steps"])
	s.groups(&c, top["groups"])
	if n := top["groups"]; n != nil {
		c.GroupsAt = At(n)
	}
	c.Approvals = s.approvals(top["approvals"])
	for _, section := range []string{"lists", "facts", "variables"} {
		s.declares(section, top[section])
	}
	c.Lists = s.lists(top["lists"])
	c.Facts = s.facts(top["facts"])
	c.Variables = s.variables(top["variables"])
	c.Rules = s.rules(top["rules"], root)
	if n := top["approveAll"]; n != nil && s.truth(n, "", "approveAll") {
		c.ApproveAll = At(n)
	}
	return c
}

func (s *Source) rules(list, root *yaml.Node) []Rule {
	switch {
	case list == nil:
		s.Fail(At(root), "", "rules is missing; to approve everything, write rules: [] and approveAll: true")
		return nil
	case list.Kind != yaml.SequenceNode:
		s.Fail(At(list), "", "rules must be a list: each rule begins with a dash")
		return nil
	case len(list.Content) > maxRules:
		s.Fail(At(list), "", "there are %d rules; at most %d are accepted", len(list.Content), maxRules)
		return nil
	}
	var all []Rule
	lines := map[string]int{}
	for _, n := range list.Content {
		d, ok := s.rule(n)
		if !ok {
			continue
		}
		if before, twice := lines[d.Name]; twice && d.Name != "" {
			s.Fail(d.At, d.Name, "the rule in line %d has the same name", before)
			continue
		}
		lines[d.Name] = d.At.Line
		all = append(all, d)
	}
	return all
}

// mapping reads a mapping with known keys, each at most once.
func (s *Source) mapping(n *yaml.Node, rule, what string, known ...string) (map[string]*yaml.Node, bool) {
	if n.Kind != yaml.MappingNode {
		s.Fail(At(n), rule, "%s must be a mapping with %s", what, strings.Join(known, ", "))
		return nil, false
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case i > 0 && cutByComma(n, key, value):
			s.Fail(At(key), rule, "%q is read as a key, because between { and } a comma ends a value; write a value with a comma in single quotes", Clip(key.Value, 40))
			return nil, false
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			s.Fail(At(key), rule, "unknown key %q in %s%s", Clip(key.Value, 40), what, meant(values, n, i, what, known))
		case values[key.Value] != nil:
			s.Fail(At(key), rule, "key %q is given twice, first in line %d", key.Value, values[key.Value].Line)
			if key.Value == "name" && what == "a rule" {
				s.Errors[len(s.Errors)-1].Reason += "; the next rule begins with a dash"
				return nil, false
			}
		default:
			values[key.Value] = value
		}
	}
	return values, true
}

// cutByComma reports whether a key is the rest of a value that holds a comma.
func cutByComma(n, key, value *yaml.Node) bool {
	return n.Style&yaml.FlowStyle != 0 && key.Kind == yaml.ScalarNode && strings.ContainsAny(key.Value, `().&|<>="`) &&
		value.ShortTag() == "!!null" && value.Value == ""
}

// Named is a key of a mapping and its value.
type Named struct {
	Key         string
	Name, Value *yaml.Node
}

// named reads a mapping whose keys are names that the file gives, each at most once.
func (s *Source) named(n *yaml.Node, what string, form *regexp.Regexp, formed string, limit int) []Named {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		s.Fail(At(n), "", "%s must be a mapping of names", what)
		return nil
	}
	if len(n.Content)/2 > limit {
		s.Fail(At(n), "", "%s has %d names; at most %d are accepted", what, len(n.Content)/2, limit)
		return nil
	}
	var all []Named
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !form.MatchString(key.Value):
			s.Fail(At(key), "", "%q cannot be a name in %s: %s", Clip(key.Value, 40), what, formed)
		case seen[key.Value] > 0:
			s.Fail(At(key), "", "%q is given twice in %s, first in line %d", key.Value, what, seen[key.Value])
		default:
			seen[key.Value] = key.Line
			all = append(all, Named{key.Value, key, value})
		}
	}
	return all
}

// texts reads a list of texts, or one text.
func (s *Source) texts(n *yaml.Node, rule, what string) (all []string, nodes []*yaml.Node) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, one := range list {
		if v, ok := s.text(one, rule, what); ok {
			all, nodes = append(all, v), append(nodes, one)
		}
	}
	return all, nodes
}

// truth reads true or false.
func (s *Source) truth(n *yaml.Node, rule, what string) bool {
	if n.ShortTag() != "!!bool" || n.Value != "true" && n.Value != "false" {
		s.Fail(At(n), rule, "%s must be true or false", what)
		return false
	}
	return n.Value == "true"
}

// text reads a scalar as it is written, even if YAML would read a number or a date.
func (s *Source) text(n *yaml.Node, rule, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		s.Fail(At(n), rule, "%s must be text", what)
		return "", false
	}
	return n.Value, true
}
