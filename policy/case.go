package policy

import (
	"time"

	"concur-connector/expense"
	"concur-connector/policy/value"
)

// AsWritten is the location of a time that was written without a zone: it is that day, and
// that time of day, wherever the rules are.
var AsWritten = time.FixedZone("as written", 0)

// dayAt is the day that a time is in the time zone of the rules.
func (p *Policy) dayAt(t time.Time) value.Date {
	if t.Location() == AsWritten {
		return value.DateOf(t)
	}
	return value.DateOf(t.In(p.zone))
}

// Moment returns when a time begins that may be [AsWritten], in the time zone of the rules.
func (p *Policy) Moment(t time.Time) time.Time {
	if t.Location() != AsWritten {
		return t
	}
	at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), p.zone)
	if at.Day() != t.Day() { // where clocks change at midnight there is no such hour
		at = at.Add(time.Hour)
	}
	return at
}

// Case is what is judged, where, and when: a report or a travel request. The same case and
// the same rules give the same verdict.
type Case struct {
	Report  *expense.Report
	Request *expense.TravelRequest

	EventType string        // of the notification: it names the stop
	At        time.Time     // what today is, in the time zone of the rules; or [AsWritten]
	Facts     expense.Facts // what the company's own systems answered to Questions
}
