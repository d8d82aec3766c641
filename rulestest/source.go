package rulestest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/policy"
)

// source is a file of cases, and what was found wrong with it.
type source struct {
	file   string
	errors policy.Errors

	currency string // of the report that is read: of amounts that name none
}

func (s *source) fail(n *yaml.Node, format string, args ...any) {
	s.errors = append(s.errors, &policy.Error{File: s.file, Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)})
}

// err is nil where nothing was found.
func (s *source) err() error {
	if len(s.errors) == 0 {
		return nil
	}
	return s.errors
}

// document returns the root of the only document, or nil.
func (s *source) document(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		s.failYAML(err)
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) || err == nil && len(doc.Content) != 1 {
		s.fail(&yaml.Node{}, "the file is empty")
		return nil
	} else if err != nil {
		s.failYAML(err)
		return nil
	}
	if err := loader.Load(&second); err == nil {
		s.fail(&second, "a second document begins here; the file must hold one")
		return nil
	} else if !errors.Is(err, io.EOF) {
		s.failYAML(err)
		return nil
	}
	if !s.literal(doc.Content[0]) {
		return nil
	}
	return doc.Content[0]
}

func (s *source) failYAML(err error) {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		s.fail(&yaml.Node{}, "not YAML: %v", err)
		return
	}
	s.fail(&yaml.Node{Line: one.Mark.Line, Column: one.Mark.Column}, "not YAML: %s",
		strings.Join(strings.Fields(one.ContextMsg+" "+one.Message), " "))
}

// literal refuses anchors, aliases and tags, as in a file of rules.
func (s *source) literal(n *yaml.Node) bool {
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		s.fail(n, "anchors, aliases and tags are not accepted")
		return false
	}
	ok := true
	for _, child := range n.Content {
		ok = s.literal(child) && ok
	}
	return ok
}

// mapping reads a mapping with known keys, each at most once; with none known, any are.
func (s *source) mapping(n *yaml.Node, what string, known ...string) (map[string]*yaml.Node, bool) {
	if n.Kind != yaml.MappingNode {
		s.fail(n, "%s must be a mapping%s", what, with(known))
		return nil, false
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			s.fail(key, "a key of %s must be text", what)
		case len(known) > 0 && !slices.Contains(known, key.Value):
			s.fail(key, "unknown key %q in %s; known are %s", key.Value, what, strings.Join(known, ", "))
		case values[key.Value] != nil:
			s.fail(key, "key %q is given twice, first in line %d", key.Value, values[key.Value].Line)
		default:
			values[key.Value] = value
		}
	}
	return values, true
}

func with(known []string) string {
	if len(known) == 0 {
		return ""
	}
	return " with " + strings.Join(known, ", ")
}

// text reads a scalar as it is written, whatever YAML would take it for.
func (s *source) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		s.fail(n, "%s must be text", what)
		return ""
	}
	return n.Value
}

func (s *source) truth(n *yaml.Node, what string) bool {
	if n.ShortTag() != "!!bool" || n.Value != "true" && n.Value != "false" {
		s.fail(n, "%s must be true or false", what)
	}
	return n.Value == "true"
}

func (s *source) list(n *yaml.Node, what string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		s.fail(n, "%s must be a list", what)
		return nil
	}
	return n.Content
}
