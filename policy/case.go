package policy

import (
	"time"

	"concur-connector/expense"
)

// Case is what is judged, where, and when: a report or a travel request. The same case and
// the same rules give the same verdict.
type Case struct {
	Report  *expense.Report
	Request *expense.TravelRequest

	EventType string        // of the notification: it names the stop
	At        time.Time     // what today() is, in the time zone of the rules
	Facts     expense.Facts // what the company's own systems answered to Questions
}
