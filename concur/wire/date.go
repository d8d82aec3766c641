package wire

import (
	"strings"
	"time"

	"concur-connector/expense"
)

// The forms in which Concur prints or documents a date without and with a time.
var (
	dateForms     = []string{"2006-01-02", "1/2/2006"}
	dateTimeForms = []string{
		"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02:15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04", "1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM",
	}
)

// isoDate writes a date, or a date and a time, in ISO form. Midnight without a
// zone is how Concur prints a date that has no time; the first of January of the
// year one is how it prints none. What cannot be read is kept as it is.
func isoDate(text string) expense.Date {
	for _, form := range dateTimeForms {
		t, err := time.Parse(form, text)
		switch {
		case err != nil:
			continue
		case t.Year() == 1:
			return ""
		case strings.Contains(form, "Z07"):
			return expense.Date(t.Format("2006-01-02T15:04:05.999999999Z07:00"))
		case t.Equal(t.Truncate(24 * time.Hour)):
			return expense.Date(t.Format("2006-01-02"))
		}
		return expense.Date(t.Format("2006-01-02T15:04:05.999999999"))
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			if t.Year() == 1 {
				return ""
			}
			return expense.Date(t.Format("2006-01-02"))
		}
	}
	return expense.Date(text)
}

// day is the date of something that has no time, though Concur prints midnight in UTC.
func day(date expense.Date) expense.Date {
	if day, clock, ok := strings.Cut(string(date), "T"); ok && strings.Trim(clock, "0:.") == "Z" {
		return expense.Date(day)
	}
	return date
}

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

// utc is the time of a date that is in UTC and may not say so; the zero time when it
// cannot be read.
func utc(date expense.Date) time.Time {
	for _, form := range []string{"2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(form, string(date)); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
