package lenient

import (
	"strings"
	"time"
)

// IsNoValue reports whether a text in the place of a number, a boolean or an object says that
// there is no value. Concur documents no such text, but companies import them. No value is
// neither zero nor false. Any other text that cannot be read is an error.
func IsNoValue(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "n/a", "n.a.", "na", "-", "--", "none", "null", "nil":
		return true
	}
	return false
}

// IsNoID reports whether a text in the place of an identifier identifies nothing: there is no
// value, or it says no, or it is -1 or consists of zeros.
func IsNoID(text string) bool {
	text = strings.TrimSpace(text)
	yes, isBool := ParseBool(text)
	return IsNoValue(text) || isBool && !yes || text == "-1" || strings.Trim(text, "0-.") == ""
}

// ParseBool reads a boolean in every form that Concur documents.
func ParseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "y", "yes", "1":
		return true, true
	case "false", "n", "no", "0":
		return false, true
	}
	return false, false
}

// The forms in which Concur prints or documents a date without and with a time.
var (
	dateForms     = []string{"2006-01-02", "1/2/2006"}
	dateTimeForms = []string{
		"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02:15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04", "1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM",
	}
	clockForms = []string{"15:04", "15:04:05", "15:04:05.999", "3:04 PM", "3:04:05 PM"}
)

// Date returns a date, or a date with a time, in ISO form. Concur prints midnight without a
// zone for a date without a time, and the first of January of the year 1 for no date. Date
// returns a text that it cannot read as it is.
func Date(text string) string {
	for _, form := range dateTimeForms {
		t, err := time.Parse(form, text)
		switch {
		case err != nil:
			continue
		case t.Year() == 1:
			return ""
		case strings.Contains(form, "Z07"):
			return t.Format("2006-01-02T15:04:05.999999999Z07:00")
		case t.Equal(t.Truncate(24 * time.Hour)):
			return t.Format(time.DateOnly)
		}
		return t.Format("2006-01-02T15:04:05.999999999")
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			if t.Year() == 1 {
				return ""
			}
			return t.Format(time.DateOnly)
		}
	}
	return text
}

// Day returns the date of a date that has no time of day, although Concur prints midnight in
// UTC.
func Day(date string) string {
	if day, clock, ok := strings.Cut(date, "T"); ok && strings.Trim(clock, "0:.") == "Z" {
		return day
	}
	return date
}

// DateAndTime joins a date and a time of day, which travel requests print apart. Concur prints
// midnight for no time.
func DateAndTime(day, clock string) string {
	date := Date(day)
	if clock == "" || date == "" || strings.ContainsAny(date, "T ") {
		return date
	}
	for _, form := range clockForms {
		at, err := time.Parse(form, strings.ToUpper(clock))
		switch {
		case err != nil:
		case at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0:
			return date
		default:
			return date + at.Format("T15:04:05")
		}
	}
	return date + " " + clock
}

// Time returns the time of a date in ISO form that is in UTC and may not say so. It returns the
// zero time if it cannot read the date.
func Time(date string) time.Time {
	for _, form := range []string{"2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(form, date); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// AllowedText drops the characters that XML 1.0 forbids.
func AllowedText(text string) string {
	return strings.Map(func(r rune) rune {
		if allowed(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, ""))
}
