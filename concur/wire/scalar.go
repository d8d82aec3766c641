package wire

import (
	"strings"

	"concur-connector/expense"
)

// What a text of XML or of JSON says. Each is asked of a text that is not empty.

// decimalOf reads a decimal number digit by digit, without the percent sign that Concur
// prints after a percentage and without an exponent.
func decimalOf(text string) (string, bool) {
	text = strings.TrimSpace(strings.TrimSuffix(text, "%"))
	n, err := expense.ParseAmount(text)
	if err == nil && strings.ContainsAny(text, "eE") {
		text = n.String()
	}
	return text, err == nil
}

// noValue reports whether a text in the place of a number, a yes or no, or an object says that
// there is none. Concur documents no such text, and companies import them: what there is none of
// is absent, which is neither zero nor false. Any other text that cannot be read stays an error.
func noValue(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "n/a", "n.a.", "na", "-", "--", "none", "null", "nil":
		return true
	}
	return false
}

// yesOf reads a boolean in every form in which Concur documents one.
func yesOf(text string) (yes, ok bool) {
	switch strings.ToLower(text) {
	case "true", "y", "yes", "1":
		return true, true
	case "false", "n", "no", "0":
		return false, true
	}
	return false, false
}

// countOf reads a number of things, which may be printed with decimals that are zero.
func countOf(text string) (int, bool) {
	n, err := expense.ParseAmount(text)
	if err != nil || n.IsNegative() || !n.IsInteger() || n.NumDigits()+int(n.Exponent()) > 9 {
		return 0, false
	}
	return int(n.IntPart()), true
}
