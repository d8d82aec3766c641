package wire

import (
	"strings"
	"unicode"
)

// clip returns at most limit runes of a text, without control characters and without white
// space around it.
func clip(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
	return strings.TrimSpace(cut(text, limit))
}

// cut returns at most limit runes of a text.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for i := range text {
		if limit == 0 {
			return text[:i]
		}
		limit--
	}
	return text
}

// maxMessage limits a text of Concur that the connector repeats, in runes.
const maxMessage = 300

// sentence returns a text of Concur as one line of limited length.
func sentence(text string) string {
	fields := strings.Fields(strings.ToValidUTF8(text, ""))
	return clip(strings.Join(fields, " "), maxMessage)
}

// IsGUID reports whether a text is an identifier of the v4 interfaces: 32 hexadecimal digits,
// with or without the hyphens of a UUID.
func IsGUID(text string) bool {
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'f', r >= 'A' && r <= 'F':
			digits++
		case r == '-' && len(text) == 36 && (i == 8 || i == 13 || i == 18 || i == 23):
		default:
			return false
		}
	}
	return digits == 32 && (len(text) == 32 || len(text) == 36)
}

// expenseID writes the identifier of an expense or an allocation as v4 prints it: 32 digits in
// upper case. v3 may print the same identifier as a UUID. An identifier in another form stays as
// it is.
func expenseID(text string) string {
	if !IsGUID(text) {
		return text
	}
	return strings.ToUpper(strings.ReplaceAll(text, "-", ""))
}
