package workflows

import (
	"fmt"
	"strings"
	"unicode"
)

// code shows a text from outside in the run's details: as code, of which the Web UI reads
// nothing as Markdown, HTML or mathematics and in which it replaces no quotes, so that what
// is copied is the text itself. Only what nobody can see is written otherwise: see visible.
//
// Source: https://spec.commonmark.org/0.31.2/#code-spans
func code(text string) string {
	text = visible(text)
	if text == "" {
		return "(nothing)"
	}
	longest, run := 0, 0 // of the fences that the text itself holds
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	// One space at each end belongs to the fence where both ends have one.
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	fence := strings.Repeat("`", longest+1)
	return fence + text + fence
}

// visible makes one line of a text and names each character that nobody can see, such as
// one that turns the direction of writing.
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
