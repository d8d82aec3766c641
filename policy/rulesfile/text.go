package rulesfile

import (
	"strings"
	"unicode"
)

// OneLine makes a text fit into one line of a comment: control characters and
// white space in any number become one space.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// Clip cuts a text to at most n characters and marks the cut with an ellipsis.
func Clip(s string, n int) string {
	count := 0
	cut := 0
	for i := range s {
		if count == n-1 {
			cut = i
		}
		if count++; count > n {
			return s[:cut] + "…"
		}
	}
	return s
}
