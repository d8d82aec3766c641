package rulesfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in a rules file. Line and Column count from 1; 0 means unknown.
type Error struct {
	File   string
	Line   int
	Column int
	Rule   string // the rule's name; empty outside the rules and for a rule without a name
	Reason string
}

// Error prints `file:line:column: rule "name": reason`.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	if e.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", e.Rule)
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Errors are all mistakes in a rules file.
type Errors []*Error

// Error prints one line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each error reachable by errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Sorted sorts the errors into the order of the file.
func (e Errors) Sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}
