package concur

import (
	"fmt"
	"strings"
	"time"

	"concur-connector/expense"
)

// The kinds of error that the client gives: errors.Is(err, concur.RateLimited).
const (
	Unavailable    = expense.Unavailable
	RateLimited    = expense.RateLimited
	Deadlock       = expense.Deadlock
	Unauthorized   = expense.Unauthorized
	Forbidden      = expense.Forbidden
	NotFound       = expense.NotFound
	Rejected       = expense.Rejected
	Untrusted      = expense.Untrusted
	Malformed      = expense.Malformed
	Incomplete     = expense.Incomplete
	TooLarge       = expense.TooLarge
	OutcomeUnknown = expense.OutcomeUnknown
	WritesOff      = expense.WritesOff
	Blocked        = expense.Blocked
	NoApprover     = expense.NoApprover
)

// Error is what went wrong with one operation. It holds no token, no body and no
// URL. An error of the context that ended the operation is found by errors.Is.
type Error struct {
	Op            string        // what was tried: "read report"
	Kind          expense.Kind  // what may be done about it
	Status        int           // HTTP status; 0 when there was no answer
	Code          string        // Concur's code or ID of the error, if it gave one
	Message       string        // one line for an operator, often Concur's own words
	CorrelationID string        // to be named to Concur's support
	RetryAfter    time.Duration // how long Concur asks to wait; 0 when it does not say

	cause  error // of the context; nothing else is kept
	absent bool  // something that a report needs was not found, and not the report
}

// Error returns one line without any secret.
func (e *Error) Error() string {
	var about []string
	if e.Status != 0 {
		about = append(about, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.Code != "" {
		about = append(about, "code "+e.Code)
	}
	if e.CorrelationID != "" {
		about = append(about, "correlation "+e.CorrelationID)
	}
	text := e.Op + ": " + string(e.Kind)
	if len(about) > 0 {
		text += " (" + strings.Join(about, ", ") + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Is makes errors.Is(err, kind) true for the error's kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(expense.Kind)
	return ok && kind == e.Kind
}

// Unwrap returns the error of the context that ended the operation, or nil.
func (e *Error) Unwrap() error { return e.cause }
