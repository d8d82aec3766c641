package notify

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
)

// source collects what is wrong with the configuration file.
type source struct {
	name   string
	errors rulesfile.Errors
}

func (s *source) fail(n *yaml.Node, format string, args ...any) {
	s.errors = append(s.errors, &rulesfile.Error{File: s.name, Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)})
}

func (s *source) err() error {
	if len(s.errors) == 0 {
		return nil
	}
	return s.errors.Sorted()
}

// document returns the root of the only document, or nil.
func (s *source) document(data []byte) *yaml.Node {
	root, err := rulesfile.Document(s.name, data)
	var some rulesfile.Errors
	if errors.As(err, &some) {
		s.errors = append(s.errors, some...)
	}
	return root
}

// entry is a key of a mapping and its value.
type entry struct{ key, value *yaml.Node }

// entries reads a mapping whose keys the file chooses, each at most once.
func (s *source) entries(n *yaml.Node, what string) (all []entry) {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		s.fail(n, "%s must be a mapping of names", what)
		return nil
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || clean(key.Value, maxName) != key.Value || key.Value == "":
			s.fail(key, "a name in %s must be 1 to %d printable characters", what, maxName)
		case lines[key.Value] > 0:
			s.fail(key, "%q is given twice in %s, first in line %d", key.Value, what, lines[key.Value])
		default:
			lines[key.Value] = key.Line
			all = append(all, entry{key, value})
		}
	}
	return all
}

// mapping reads a mapping with known keys, each at most once.
func (s *source) mapping(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	values := map[string]*yaml.Node{}
	for _, e := range s.entries(n, what) {
		if !slices.Contains(known, e.key.Value) {
			s.fail(e.key, "unknown key %q in %s%s", e.key.Value, what, spelling.Among(e.key.Value, known))
			continue
		}
		values[e.key.Value] = e.value
	}
	return values
}

// text reads a scalar as it is written. A missing node is an empty text.
func (s *source) text(n *yaml.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" || n.Value == "" {
		s.fail(n, "%s must be text", what)
		return ""
	}
	return n.Value
}

// texts reads a list of texts, or one text.
func (s *source) texts(n *yaml.Node, what string) (nodes []*yaml.Node) {
	if n == nil {
		return nil
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, one := range list {
		if s.text(one, what) != "" {
			nodes = append(nodes, one)
		}
	}
	return nodes
}

// oneOf reads a text that must be one of some values. A missing node is the first of them.
func (s *source) oneOf(n *yaml.Node, what string, values ...string) string {
	text := s.text(n, what)
	switch {
	case text == "":
		return values[0]
	case !slices.Contains(values, text):
		s.fail(n, "%s cannot be %q%s", what, clean(text, maxName), spelling.Among(text, values))
		return values[0]
	}
	return text
}
