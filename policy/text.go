package policy

import (
	"fmt"
	"strings"
	"unicode"

	"concur-connector/internal/spelling"
)

// oneLine makes a text fit into one line of a comment: control characters and
// white space in any number become one space.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// clip cuts a text to at most n characters and marks the cut with an ellipsis.
func clip(s string, n int) string {
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

// Among ends a sentence about a name that is none of those that are known: which of them
// was probably meant, and which there are.
func Among(name string, known []string) string {
	joint := "; known are "
	if meant := Suggestion(name, known); meant != "" {
		joint = meant + " Known are "
	}
	return joint + strings.Join(known, ", ")
}

// Suggestion ends a sentence about a name that is not known, where it can be told which was
// meant.
func Suggestion(name string, known []string) string {
	if best := spelling.Nearest(name, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}
