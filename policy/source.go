package policy

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// source is a rules file as text, and what was found wrong with it.
type source struct {
	name   string
	lines  [][]rune
	errors Errors
	listed int // cells and rows of all lists

	declared map[string]bool // "variables.limit": what the file declares, right or wrong
	waiting  map[string]bool // those of them that are still to be checked
}

func newSource(name string, data []byte) *source {
	s := &source{name: name, declared: map[string]bool{}, waiting: map[string]bool{}}
	if len(data) > maxFile {
		return s // it will not be read
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for line := range strings.Lines(text) {
		s.lines = append(s.lines, []rune(line))
	}
	return s
}

// place is a line and a column, both counted from 1.
type place struct{ line, column int }

func at(n *yaml.Node) place { return place{n.Line, n.Column} }

func (s *source) fail(p place, rule, format string, args ...any) {
	s.errors = append(s.errors, &Error{
		File: s.name, Line: p.line, Column: p.column, Rule: rule, Reason: fmt.Sprintf(format, args...),
	})
}

// locate finds the character of a scalar's value in the file: blocks, quotes and
// folded lines are walked through side by side with the value. Where they do not
// agree (a rare escape), the place is where the scalar begins.
func (s *source) locate(n *yaml.Node, offset int) place {
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
			return at(n)
		}
	}
	if offset < len(value) && !unicode.IsSpace(value[offset]) {
		c.skipSpace()
	}
	return place{c.line + 1, c.column + 1}
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
