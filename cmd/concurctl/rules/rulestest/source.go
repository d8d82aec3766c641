package rulestest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
)

// source is a file of cases and the mistakes found in it.
type source struct {
	file   string
	errors rulesfile.Errors

	currency string // of the report, for amounts that name none
	asRead   bool   // the report says which interface it was read by, so nothing is filled in
}

func (s *source) fail(n *yaml.Node, format string, args ...any) {
	s.errors = append(s.errors, &rulesfile.Error{File: s.file, Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)})
}

// err returns the mistakes in the order of the file, or nil.
func (s *source) err() error {
	if len(s.errors) == 0 {
		return nil
	}
	slices.SortStableFunc(s.errors, func(a, b *rulesfile.Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return s.errors
}

// document returns the root of the only document, or nil.
func (s *source) document(data []byte) *yaml.Node {
	root, err := rulesfile.Document(s.file, data)
	var some rulesfile.Errors
	if errors.As(err, &some) {
		s.errors = append(s.errors, some...)
	}
	return root
}

// mapping reads a mapping with known keys, each at most once. Without known keys, it accepts any.
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
			if meant := otherKeys[key.Value]; slices.Contains(known, meant) {
				s.fail(key, "unknown key %q in %s; did you mean %q?", key.Value, what, meant)
				if values[meant] == nil {
					values[meant] = value
				}
				continue
			}
			s.fail(key, "unknown key %q in %s%s", key.Value, what, spelling.Among(key.Value, known))
		case values[key.Value] != nil:
			s.fail(key, "key %q is given twice, first in line %d", key.Value, values[key.Value].Line)
		default:
			values[key.Value] = value
		}
	}
	return values, true
}

// otherKeys are words that people write in place of a key. The value is read as that of the key,
// so that one mistake gives one error.
var otherKeys = map[string]string{
	"expect": "want", "expected": "want", "then": "want", "result": "want", "amount": "posted", "expenses": "entries", "lines": "entries",
	"stop": "eventType", "step": "eventType", "event": "eventType", "today": "at", "now": "at", "expenseType": "type", "input": "report", "given": "report",
}

func with(known []string) string {
	if len(known) == 0 {
		return ""
	}
	return " with " + strings.Join(known, ", ")
}

// text reads a scalar as it is written, even if YAML would read a number or a date.
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
