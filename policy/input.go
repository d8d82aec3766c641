package policy

import (
	"time"

	"concur-connector/expense"
	"concur-connector/policy/value"
)

// AsWritten is the location of a time without a zone: the day and the time of day hold in
// every time zone.
var AsWritten = time.FixedZone("as written", 0)

// dayAt is the calendar day of a time in the time zone of the rules.
func (p *Policy) dayAt(t time.Time) value.Date {
	if t.Location() == AsWritten {
		return value.DateOf(t)
	}
	return value.DateOf(t.In(p.zone))
}

// Moment returns the point in time of t; an [AsWritten] time is read in the time zone of the
// rules.
func (p *Policy) Moment(t time.Time) time.Time {
	if t.Location() != AsWritten {
		return t
	}
	at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), p.zone)
	if at.Day() != t.Day() { // midnight does not exist where clocks change at midnight
		at = at.Add(time.Hour)
	}
	return at
}

// Input is what the rules are evaluated on: a report or a travel request, its step and the
// time. The same input and the same rules give the same verdict.
type Input struct {
	Report  *expense.Report
	Request *expense.TravelRequest

	EventType string        // of the notification: it names the step
	At        time.Time     // gives today, in the time zone of the rules or [AsWritten]
	Facts     expense.Facts // the answers of the fact services to Questions
}

// owner is the owner of the report or travel request. It is nil if nothing is known of the owner.
func (c Input) owner() *expense.Owner {
	var owner expense.Owner
	switch {
	case c.Report != nil:
		owner = c.Report.Owner
	case c.Request != nil:
		owner = c.Request.Owner
	}
	if owner == (expense.Owner{}) {
		return nil
	}
	return &owner
}
