package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clip keeps at most limit runes of a text, without control characters and
// without white space around it.
func clip(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
	return strings.TrimSpace(cut(text, limit))
}

// cut keeps at most limit runes.
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

// maxMessage bounds Concur's own words wherever they are repeated, in runes.
const maxMessage = 300

// sentence makes one bounded line of Concur's own words.
func sentence(text string) string {
	fields := strings.Fields(strings.ToValidUTF8(text, ""))
	return clip(strings.Join(fields, " "), maxMessage)
}

// legal drops what XML 1.0 cannot carry.
func legal(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r',
			r >= 0x20 && r <= 0xD7FF,
			r >= 0xE000 && r <= 0xFFFD,
			r >= 0x10000 && r <= utf8.MaxRune:
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, ""))
}

// IsGUID reports whether a text is an identifier as Concur's v4 interfaces give one: 32
// hexadecimal digits, with or without the hyphens of a UUID.
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

// expenseID writes an identifier of an expense or an allocation as v4 prints it: 32 digits in
// upper case. v3 may print the same one as a UUID. An identifier of another form stays as it is.
func expenseID(text string) string {
	if !IsGUID(text) {
		return text
	}
	return strings.ToUpper(strings.ReplaceAll(text, "-", ""))
}
