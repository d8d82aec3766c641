package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a rules file. Line and Column count from 1
// and are 0 where they are not known.
type Error struct {
	File   string
	Line   int
	Column int
	Rule   string // the rule's name; empty when it has none, or outside the rules
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

// Errors is everything that is wrong with a rules file, in the order of the file.
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

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}

// failure is an error of an evaluation whose text holds no value of what is judged.
type failure string

func (f failure) Error() string { return string(f) }

// absences are what the errors say that has() takes for nothing being there.
var absences = []string{" is absent", " was not asked for", errNoneIsMin.Error(), errEmptySum.Error(), errOutside.Error()}

// isAbsence reports whether a value could not be had because something is not there, and not
// because something is wrong.
func isAbsence(err error) bool {
	text := reason(err)
	if strings.Contains(text, notAsked) || strings.Contains(text, notAnswered) {
		return false
	}
	return slices.ContainsFunc(absences, func(one string) bool { return strings.Contains(text, one) })
}

const errOutside = failure("it asks for what lies outside a list, a text or a range of numbers")

// reason says why an evaluation failed without a value of what is judged. CEL's own
// errors quote what they were given, so none of them is passed on.
func reason(err error) string {
	var own failure
	if errors.As(err, &own) {
		return string(own)
	}
	switch text := err.Error(); {
	case strings.Contains(text, "cost limit exceeded"):
		return "it exceeds what one evaluation may cost"
	case strings.HasSuffix(text, "by zero"):
		return "it divides by zero"
	case strings.HasSuffix(text, "overflow"):
		return "a number grows too large"
	case strings.HasPrefix(text, "no such key"):
		return errNoKey.Error()
	case strings.HasPrefix(text, "insert failed"):
		return "two values of a map have the same key; use groupBy()"
	case strings.Contains(text, "index out of bounds"), strings.Contains(text, "out of range"):
		return errOutside.Error()
	}
	return "a value does not fit what is done with it"
}
