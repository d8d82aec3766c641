package approvers

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
)

// Problem is one thing that is wrong with an approvers' file. Line and Column count from 1 and
// are 0 where they are not known. It never contains a digest.
type Problem struct {
	File         string
	Line, Column int
	Reason       string
}

// Error prints `file:line:column: reason`.
func (p *Problem) Error() string {
	at := p.File
	if p.Line > 0 {
		at += fmt.Sprintf(":%d", p.Line)
	}
	if p.Column > 0 {
		at += fmt.Sprintf(":%d", p.Column)
	}
	return at + ": " + p.Reason
}

// reader reads one approvers' file and collects everything that is wrong with it.
type reader struct {
	file     string
	problems []*Problem
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	p := &Problem{File: r.file, Reason: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	r.problems = append(r.problems, p)
}

// err returns everything that is wrong, one line each, in the order of the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	all := make([]error, len(r.problems))
	for i, p := range r.problems {
		all[i] = p
	}
	return errors.Join(all...)
}

// oldFormat is a line of the format that came before YAML.
var oldFormat = regexp.MustCompile(`(?m)^[^\n#:]+:sha256:[0-9A-Fa-f]{64}\s*$`)

// document returns the root of the only document of the file, which is nil if something is wrong.
func (r *reader) document(text []byte) *yaml.Node {
	if at := oldFormat.FindIndex(text); at != nil {
		r.problems = append(r.problems, &Problem{File: r.file, Line: 1 + strings.Count(string(text[:at[0]]), "\n"),
			Reason: "the lines NAME:sha256:HEX are no longer read: move this file away, and add each person with `concurctl approver add NAME`; their old tokens may be kept as `tokens: [{sha256: HEX}]`"})
		return nil
	}
	loader, err := yaml.NewLoader(strings.NewReader(string(text)))
	if err != nil {
		r.fail(nil, "%v", err)
		return nil
	}
	var doc, second yaml.Node
	err = loader.Load(&doc)
	if err == nil {
		if next := loader.Load(&second); next == nil {
			r.fail(&second, "a second document begins here; the file must hold one")
			return nil
		} else if !errors.Is(next, io.EOF) {
			err = next
		}
	}
	var wrong *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF), err == nil && len(doc.Content) != 1:
		r.fail(nil, "the file is empty; a file without anybody says approvers: []")
		return nil
	case errors.As(err, &wrong):
		r.problems = append(r.problems, &Problem{File: r.file, Line: wrong.Mark.Line, Column: wrong.Mark.Column,
			Reason: "not YAML: " + strings.Join(strings.Fields(wrong.ContextMsg+" "+wrong.Message), " ")})
		return nil
	case err != nil:
		r.fail(nil, "not YAML: %v", err)
		return nil
	}
	if !r.literal(doc.Content[0]) {
		return nil
	}
	return doc.Content[0]
}

// literal refuses anchors, aliases and tags, so that a file cannot expand and says what it means
// where it means it.
func (r *reader) literal(n *yaml.Node) bool {
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		r.fail(n, "anchors, aliases and tags are not accepted")
		return false
	}
	return !slices.ContainsFunc(n.Content, func(child *yaml.Node) bool { return !r.literal(child) })
}

// mapping reads a mapping with known keys, each at most once.
func (r *reader) mapping(n *yaml.Node, what string, known ...string) (map[string]*yaml.Node, bool) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping with %s", what, strings.Join(known, ", "))
		return nil, false
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			r.fail(key, "unknown key %q in %s%s", clip(key.Value), what, spelling.Among(clip(key.Value), known))
		case values[key.Value] != nil:
			r.fail(key, "key %q is given twice, first in line %d", key.Value, values[key.Value].Line)
		default:
			values[key.Value] = value
		}
	}
	return values, true
}

// items returns the items of a list. A missing list has none.
func (r *reader) items(n *yaml.Node, what string, most int) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		r.fail(n, "%s must be a list", what)
	case len(n.Content) > most:
		r.fail(n, "%s has %d items; at most %d are accepted", what, len(n.Content), most)
	default:
		return n.Content
	}
	return nil
}

// text reads a text of 1 to most printable characters that neither begins nor ends with a space.
func (r *reader) text(n *yaml.Node, what string, most int) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.fail(n, "%s must be a text", what)
		return "", false
	}
	if why := checkText(n.Value, most); why != "" {
		r.fail(n, "%s %s", what, why)
		return "", false
	}
	return n.Value, true
}

// clip shortens a text that is quoted in an error.
func clip(text string) string {
	if utf8.RuneCountInString(text) <= 40 {
		return text
	}
	return string([]rune(text)[:40]) + "…"
}
