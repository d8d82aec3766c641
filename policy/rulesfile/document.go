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

// Document reads a YAML file and returns the root of its only document. Like a rules file, the
// file must have no anchors, aliases and tags. The error is of type [Errors] and names the file.
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
	if !s.isLiteral(root) {
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
	at, hint := s.explainYAML(one)
	text := strings.Join(strings.Fields(one.ContextMsg+" "+one.Message), " ")
	s.Fail(at, "", "not YAML: %s%s", text, hint)
}

// explainYAML says where a mistake is, and what to write instead. It goes by the stage at which
// the YAML reader stopped and by the characters that stand there, not by the reader's words.
func (s *Source) explainYAML(e *yaml.LoadError) (Place, string) {
	at, begin := Place{e.Mark.Line, e.Mark.Column}, Place{e.ContextMark.Line, e.ContextMark.Column}
	here, first := s.runeAt(at), s.runeAt(begin)
	inside := begin.Line > 0 && begin != at // the reader stopped inside of what begins there
	scanning := e.Stage == yaml.ScannerStage
	const tag = "; what begins with ! is written in single quotes, or under a |"
	switch {
	case here == '\t':
		return at, "; indent with spaces, not with tabs"
	case here == '!':
		return at, tag
	case e.Stage != yaml.ParserStage && strings.ContainsRune("%@`*", here):
		return at, fmt.Sprintf("; a text that begins with %q is written in quotes", here)
	case !inside && scanning && here == ':' && s.isExpression(at.Line):
		return at, "; an expression that holds a colon and a space stands in single quotes, or under a |"
	case !inside && scanning && here == ':':
		return at, "; a text with a colon and a space in it is written in quotes, and keys that belong together begin in the same column"
	case !inside || scanning && strings.ContainsRune("|>&*%", first):
		return at, ""
	case first == '!':
		return begin, tag
	case scanning && here == '\\':
		return begin, "; between double quotes a backslash begins an escape: write the text in single quotes"
	case scanning && (first == '"' || first == '\''):
		return begin, "; a quote is opened and not closed"
	case scanning:
		return begin, "; a key is followed by a colon and a space"
	case first == '{' || first == '[':
		return begin, "; what begins here is not closed, or holds a text with a comma, a colon or a bracket that must stand in quotes"
	case first == '-':
		return at, "; the keys of a rule begin in the same column, below its name"
	case s.isExpression(at.Line):
		return at, "; a value that begins with a quote ends with the next one: write such an expression under a |"
	}
	return at, "; a value that begins with a quote ends with the next one: between single quotes an apostrophe is written twice"
}

func (s *Source) runeAt(p Place) rune {
	c := cursor{lines: s.lines, line: p.Line - 1, column: p.Column - 1}
	r, _ := c.here()
	return r
}

// isExpression reports whether a line gives an expression of a rule.
func (s *Source) isExpression(line int) bool {
	return line > 0 && line <= len(s.lines) && expressionKey.MatchString(string(s.lines[line-1]))
}

var expressionKey = regexp.MustCompile(`^[\s{-]*(match|expression|messageExpression|approverMessageExpression|group)\s*:`)

// isLiteral refuses anchors, aliases and tags. So every value stands where it is used, and a small
// file cannot expand into a large one.
func (s *Source) isLiteral(n *yaml.Node) bool {
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
		ok = s.isLiteral(child) && ok
	}
	return ok
}
