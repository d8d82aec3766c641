package rulesfile

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// Source is the text of a rules file and the mistakes found in it.
type Source struct {
	Name   string
	lines  [][]rune
	Errors Errors

	Declared map[string]bool // "variables.limit": the file declares it, correctly or not
}

// NewSource splits a file into lines, to find places in them.
func NewSource(name string, data []byte) *Source {
	s := &Source{Name: name, Declared: map[string]bool{}}
	if len(data) > MaxFile {
		return s // it will not be read
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for line := range strings.Lines(text) {
		s.lines = append(s.lines, []rune(line))
	}
	return s
}

// Place is a line and a column, both counted from 1.
type Place struct{ Line, Column int }

// At is where a node begins.
func At(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// Fail records a mistake. The rule's name is empty outside the rules.
func (s *Source) Fail(p Place, rule, format string, args ...any) {
	s.Errors = append(s.Errors, &Error{
		File: s.Name, Line: p.Line, Column: p.Column, Rule: rule, Reason: fmt.Sprintf(format, args...),
	})
}

// Locate returns the place in the file of a character of a scalar's value. It walks through the
// file and the value side by side, because blocks, quotes and folded lines are written in another
// way than the value. Where the two do not agree (a rare escape), the scalar's beginning is the
// place.
func (s *Source) Locate(n *yaml.Node, offset int) Place {
	c := cursor{lines: s.lines, line: n.Line - 1, column: n.Column - 1}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		c.line, c.column = n.Line, 0
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		c.quote, _ = c.here()
		c.column++
	}
	value := []rune(n.Value)
	offset = min(offset, len(value))
	for _, r := range value[:offset] {
		if unicode.IsSpace(r) {
			continue
		}
		c.skipSpace()
		if !c.take(r) {
			return At(n)
		}
	}
	if offset < len(value) && !unicode.IsSpace(value[offset]) {
		c.skipSpace()
	}
	return Place{c.line + 1, c.column + 1}
}

// cursor is a place in the file, counted from 0.
type cursor struct {
	lines        [][]rune
	line, column int
	quote        rune // ' or " inside a quoted scalar
}

func (c *cursor) here() (rune, bool) {
	if c.line < 0 || c.line >= len(c.lines) || c.column < 0 || c.column >= len(c.lines[c.line]) {
		return 0, false
	}
	return c.lines[c.line][c.column], true
}

func (c *cursor) skipSpace() {
	for c.line < len(c.lines) {
		if r, ok := c.here(); !ok {
			c.line, c.column = c.line+1, 0
		} else if unicode.IsSpace(r) {
			c.column++
		} else {
			return
		}
	}
}

// take steps over one character of the value, in whatever way it is written.
func (c *cursor) take(want rune) bool {
	got, ok := c.here()
	if !ok {
		return false
	}
	c.column++
	escaped := c.quote == '"' && got == '\\' || c.quote == '\'' && got == '\''
	if escaped {
		got, ok = c.here()
		if !ok || !strings.ContainsRune(`"\/'`, got) {
			return false
		}
		c.column++
	}
	return got == want
}
