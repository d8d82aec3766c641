package workflows

import (
	"fmt"
	"strings"
	"unicode"
)

// code shows a foreign text in the run's details as a code span. The Web UI then does not read it as
// Markdown, HTML or mathematics, and does not replace quotes. Only invisible characters change: see
// visible.
//
// Source: https://spec.commonmark.org/0.31.2/#code-spans
func code(text string) string {
	text = visible(text)
	if text == "" {
		return "(nothing)"
	}
	longest, run := 0, 0 // rows of backticks in the text
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	// Markdown drops one space at each end when both ends have one.
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	fence := strings.Repeat("`", longest+1)
	return fence + text + fence
}

// visible makes one line of a text and names each invisible character, such as one that reverses the
// direction of writing.
func visible(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\ufffd") {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
