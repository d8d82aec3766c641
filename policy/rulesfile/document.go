package rulesfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Document returns the root of the only document of a YAML file that is written as rules
// files are: without anchors, aliases and tags. The name stands for the file in what is
// wrong, which is [Errors].
func Document(name string, data []byte) (*yaml.Node, error) {
	s := NewSource(name, data)
	if root := s.document(data); root != nil {
		return root, nil
	}
	return nil, s.Errors
}

// document returns the root of the only document of the file.
func (s *Source) document(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		s.Fail(Place{}, "", "%v", err)
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		s.Fail(Place{}, "", "the file is empty")
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
		s.Fail(At(&second), "", "a second document begins here; the file must hold one")
		return nil
	}
	root := &doc
	if root.Kind == yaml.DocumentNode {
		if len(root.Content) != 1 {
			s.Fail(Place{}, "", "the file is empty")
			return nil
		}
		root = root.Content[0]
	}
	if !s.literal(root) {
		return nil
	}
	return root
}

func (s *Source) failYAML(err error) {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		s.Fail(Place{}, "", "not YAML: %v", err)
		return
	}
	text := strings.Join(strings.Fields(one.ContextMsg+" "+one.Message), " ")
	at := Place{one.Mark.Line, one.Mark.Column}
	if opened.MatchString(text) && one.ContextMark.Line > 0 {
		at = Place{one.ContextMark.Line, one.ContextMark.Column}
	}
	s.Fail(at, "", "not YAML: %s%s", text, s.hintYAML(text, at.Line, at.Column))
}

// opened is said of what begins somewhere and does not end: it is shown where it begins.
var opened = regexp.MustCompile(`quoted scalar|flow (mapping|sequence) did not find|simple key could not find|scanning a tag`)

// hintYAML says what is probably wrong where YAML says only what it cannot read.
func (s *Source) hintYAML(text string, line, column int) string {
	c := cursor{lines: s.lines, line: line - 1, column: column - 1}
	here, _ := c.here()
	switch {
	case here == '\t' || strings.Contains(text, "found a tab"):
		return "; indent with spaces, not with tabs"
	case here == '!' || strings.Contains(text, " tag "):
		return "; what begins with ! is written in single quotes, or under a |"
	case strings.Contains(text, "cannot start any token"), strings.Contains(text, "unknown anchor"):
		return fmt.Sprintf("; a text that begins with %q is written in quotes", here)
	case strings.Contains(text, "mapping values are not allowed") && s.isExpression(line):
		return "; an expression that holds a colon and a space stands in single quotes, or under a |"
	case strings.Contains(text, "mapping values are not allowed"):
		return `; a text with a colon and a space in it is written in quotes, and keys that belong together begin in the same column`
	case strings.Contains(text, "expected key") && !s.isExpression(line):
		return "; a value that begins with a quote ends with the next one: between single quotes an apostrophe is written twice"
	case strings.Contains(text, "expected key"):
		return "; a value that begins with a quote ends with the next one: write such an expression under a |"
	case strings.Contains(text, "simple key"):
		return "; a key is followed by a colon and a space"
	case strings.Contains(text, "flow mapping"), strings.Contains(text, "flow sequence"):
		return "; what begins here is not closed, or holds a text with a comma, a colon or a bracket that must stand in quotes"
	case strings.Contains(text, "expected '-' indicator"):
		return "; the keys of a rule begin in the same column, below its name"
	case strings.Contains(text, "quoted scalar"):
		return "; a quote is opened and not closed"
	}
	return ""
}

// isExpression reports whether a line gives an expression of a rule.
func (s *Source) isExpression(line int) bool {
	return line > 0 && line <= len(s.lines) && expressionKey.MatchString(string(s.lines[line-1]))
}

var expressionKey = regexp.MustCompile(`^[\s{-]*(match|expression|messageExpression)\s*:`)

// literal refuses anchors, aliases and tags: a file of rules says what it means
// where it means it, and cannot be made to expand.
func (s *Source) literal(n *yaml.Node) bool {
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		meant := ""
		if n.Kind == yaml.ScalarNode && !strings.HasPrefix(n.Tag, "!!") {
			meant = "; what begins with ! is written in quotes, or under a |"
		}
		s.Fail(At(n), "", "anchors, aliases and tags are not accepted%s", meant)
		return false
	}
	ok := true
	for _, child := range n.Content {
		ok = s.literal(child) && ok
	}
	return ok
}
