package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	apiVersion = "concur-connector/v1"
	maxFile    = 1 << 20 // bytes
	maxRules   = 1000
)

// content is what a rules file says, before its expressions are checked.
type content struct {
	version   string
	zone      *time.Location
	settings  Settings
	stops     []Stop
	groups    []Group
	groupsAt  place
	lists     []listDeclaration
	facts     []factDeclaration
	variables []variableDeclaration
	rules     []declaration

	approveAll place // of approveAll: true; none when the file does not say so
}

// read takes the file apart. What is wrong is collected in s.
func (s *source) read(data []byte) content {
	c := content{zone: time.UTC, settings: defaultSettings()}
	if len(data) > maxFile {
		s.fail(place{}, "", "the file is larger than 1 MiB")
		return c
	}
	root := s.document(data)
	if root == nil {
		return c
	}
	top, ok := s.mapping(root, "", "the file",
		"apiVersion", "version", "timezone", "settings", "stops", "groups", "lists", "facts", "variables", "approveAll", "rules")
	if !ok {
		return c
	}
	if n := top["apiVersion"]; n == nil {
		s.fail(at(root), "", "apiVersion is missing; it must be %s", apiVersion)
	} else if v, ok := s.text(n, "", "apiVersion"); ok && v != apiVersion {
		s.fail(at(n), "", "apiVersion must be %s", apiVersion)
	}
	s.version(&c, top["version"])
	s.timezone(&c, top["timezone"])
	s.settings(&c, top["settings"])
	s.stops(&c, top["stops"])
	s.groups(&c, top["groups"])
	if n := top["groups"]; n != nil {
		c.groupsAt = at(n)
	}
	for _, section := range []string{"lists", "facts", "variables"} {
		s.declares(section, top[section])
	}
	c.lists = s.lists(top["lists"])
	c.facts = s.facts(top["facts"])
	c.variables = s.variables(top["variables"])
	c.rules = s.rules(top["rules"], root)
	if n := top["approveAll"]; n != nil && s.truth(n, "", "approveAll") {
		c.approveAll = at(n)
	}
	return c
}

func (s *source) rules(list, root *yaml.Node) []declaration {
	switch {
	case list == nil:
		s.fail(at(root), "", "rules is missing; a file that is to approve everything says rules: [] and approveAll: true")
		return nil
	case list.Kind != yaml.SequenceNode:
		s.fail(at(list), "", "rules must be a list: each rule begins with a dash")
		return nil
	case len(list.Content) > maxRules:
		s.fail(at(list), "", "there are %d rules; at most %d are accepted", len(list.Content), maxRules)
		return nil
	}
	var all []declaration
	lines := map[string]int{}
	for _, n := range list.Content {
		d, ok := s.rule(n)
		if !ok {
			continue
		}
		if before, twice := lines[d.name]; twice && d.name != "" {
			s.fail(d.at, d.name, "the name is taken by the rule in line %d", before)
			continue
		}
		lines[d.name] = d.at.line
		all = append(all, d)
	}
	return all
}

// mapping reads a mapping with known keys, each at most once.
func (s *source) mapping(n *yaml.Node, rule, what string, known ...string) (map[string]*yaml.Node, bool) {
	if n.Kind != yaml.MappingNode {
		s.fail(at(n), rule, "%s must be a mapping with %s", what, strings.Join(known, ", "))
		return nil, false
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case i > 0 && cutByComma(n, key, value):
			s.fail(at(key), rule, "%q is taken for a key: between { and } a comma ends a value, so that one which holds a comma stands in single quotes", clip(key.Value, 40))
			return nil, false
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			s.fail(at(key), rule, "unknown key %q in %s%s", clip(key.Value, 40), what, meant(values, n, i, what, known))
		case values[key.Value] != nil:
			s.fail(at(key), rule, "key %q is given twice, first in line %d", key.Value, values[key.Value].Line)
			if key.Value == "name" && what == "a rule" {
				s.errors[len(s.errors)-1].Reason += "; where the next rule begins there is a dash"
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

// entryNode is a key of a mapping and its value.
type entryNode struct {
	key         string
	name, value *yaml.Node
}

// named reads a mapping whose keys are names that the file gives, each at most once.
func (s *source) named(n *yaml.Node, what string, form *regexp.Regexp, formed string, limit int) []entryNode {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		s.fail(at(n), "", "%s must be a mapping of names", what)
		return nil
	}
	if len(n.Content)/2 > limit {
		s.fail(at(n), "", "%s has %d names; at most %d are accepted", what, len(n.Content)/2, limit)
		return nil
	}
	var all []entryNode
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !form.MatchString(key.Value):
			s.fail(at(key), "", "%q cannot be a name in %s: %s", clip(key.Value, 40), what, formed)
		case seen[key.Value] > 0:
			s.fail(at(key), "", "%q is given twice in %s, first in line %d", key.Value, what, seen[key.Value])
		default:
			seen[key.Value] = key.Line
			all = append(all, entryNode{key.Value, key, value})
		}
	}
	return all
}

// texts reads a list of texts, or one text.
func (s *source) texts(n *yaml.Node, rule, what string) (all []string, nodes []*yaml.Node) {
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
func (s *source) truth(n *yaml.Node, rule, what string) bool {
	if n.ShortTag() != "!!bool" || n.Value != "true" && n.Value != "false" {
		s.fail(at(n), rule, "%s must be true or false", what)
		return false
	}
	return n.Value == "true"
}

// text reads a scalar as it is written, whatever YAML would take it for.
func (s *source) text(n *yaml.Node, rule, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		s.fail(at(n), rule, "%s must be text", what)
		return "", false
	}
	return n.Value, true
}
