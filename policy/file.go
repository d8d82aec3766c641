package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
		"apiVersion", "version", "timezone", "settings", "stops", "groups", "lists", "facts", "variables", "rules")
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
	c.lists = s.lists(top["lists"])
	c.facts = s.facts(top["facts"])
	c.variables = s.variables(top["variables"])
	c.rules = s.rules(top["rules"], root)
	return c
}

func (s *source) rules(list, root *yaml.Node) []declaration {
	switch {
	case list == nil:
		s.fail(at(root), "", "rules is missing; a file without rules says rules: []")
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

// document returns the root of the only document of the file.
func (s *source) document(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		s.fail(place{}, "", "%v", err)
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		s.fail(place{}, "", "the file is empty")
		return nil
	} else if err != nil {
		s.failYAML(err)
		return nil
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		s.failYAML(err)
		return nil
	default:
		s.fail(at(&second), "", "a second document begins here; the file must hold one")
		return nil
	}
	root := &doc
	if root.Kind == yaml.DocumentNode {
		if len(root.Content) != 1 {
			s.fail(place{}, "", "the file is empty")
			return nil
		}
		root = root.Content[0]
	}
	if !s.literal(root) {
		return nil
	}
	return root
}

func (s *source) failYAML(err error) {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		s.fail(place{}, "", "not YAML: %v", err)
		return
	}
	text := strings.Join(strings.Fields(one.ContextMsg+" "+one.Message), " ")
	at := place{one.Mark.Line, one.Mark.Column}
	if strings.Contains(text, "quoted scalar") && one.ContextMark.Line > 0 {
		at = place{one.ContextMark.Line, one.ContextMark.Column} // where the quote is opened
	}
	s.fail(at, "", "not YAML: %s%s", text, s.hintYAML(text, one.Mark.Line, one.Mark.Column))
}

// hintYAML says what is probably wrong where YAML says only what it cannot read.
func (s *source) hintYAML(text string, line, column int) string {
	c := cursor{lines: s.lines, line: line - 1, column: column - 1}
	here, _ := c.here()
	switch {
	case here == '\t' || strings.Contains(text, "found a tab"):
		return "; indent with spaces, not with tabs"
	case strings.Contains(text, "cannot start any token"), strings.Contains(text, "unknown anchor"):
		return fmt.Sprintf("; a text that begins with %q is written in quotes", here)
	case strings.Contains(text, "mapping values are not allowed"):
		return `; a text with a colon and a space in it is written in quotes, and keys that belong together begin in the same column`
	case strings.Contains(text, "expected key"):
		return "; a value that begins with a quote ends with the next one: write such an expression under a |"
	case strings.Contains(text, "expected '-' indicator"):
		return "; the keys of a rule begin in the same column, below its name"
	case strings.Contains(text, "quoted scalar"):
		return "; a quote is opened and not closed"
	}
	return ""
}

// literal refuses anchors, aliases and tags: a file of rules says what it means
// where it means it, and cannot be made to expand.
func (s *source) literal(n *yaml.Node) bool {
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		meant := ""
		if n.Kind == yaml.ScalarNode && !strings.HasPrefix(n.Tag, "!!") {
			meant = "; what begins with ! is written in quotes, or under a |"
		}
		s.fail(at(n), "", "anchors, aliases and tags are not accepted%s", meant)
		return false
	}
	ok := true
	for _, child := range n.Content {
		ok = s.literal(child) && ok
	}
	return ok
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
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			s.fail(at(key), rule, "unknown key %q in %s%s", clip(key.Value, 40), what, among(key.Value, known))
		case values[key.Value] != nil:
			s.fail(at(key), rule, "key %q is given twice, first in line %d", key.Value, values[key.Value].Line)
		default:
			values[key.Value] = value
		}
	}
	return values, true
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
