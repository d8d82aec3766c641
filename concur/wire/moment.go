package wire

import (
	"strings"
	"time"

	"concur-connector/expense"
)

// clockForms are the forms in which Concur prints a time of day.
var clockForms = []string{"15:04", "15:04:05", "15:04:05.999", "3:04 PM", "3:04:05 PM"}

// moment joins a date and a time of day, which travel requests print apart. Midnight is
// how Concur prints that there is no time.
func moment(day, clock string) expense.Date {
	date := isoDate(day)
	if clock == "" || date == "" || strings.ContainsAny(string(date), "T ") {
		return date
	}
	for _, form := range clockForms {
		at, err := time.Parse(form, strings.ToUpper(clock))
		switch {
		case err != nil:
		case at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0:
			return date
		default:
			return date + expense.Date(at.Format("T15:04:05"))
		}
	}
	return date + expense.Date(" "+clock)
}

// isGUID reports whether a text is an identifier as Concur's v4 interfaces give one: 32
// hexadecimal digits, with or without the hyphens of a UUID.
func isGUID(text string) bool {
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
