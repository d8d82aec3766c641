package facts

import (
	"fmt"
	"time"

	"concur-connector/expense"
)

// Error says why a fact service gave no usable answer. It names the fact and contains no
// value, no body and no secret. errors.Is finds the error of the context if the context ended
// the request.
type Error struct {
	Fact       string        // its name in the rules file
	Kind       expense.Kind  // decides how the error is handled
	Status     int           // HTTP status; 0 without an answer
	Message    string        // one sentence for an operator
	RetryAfter time.Duration // how long the service asks to wait; 0 if it does not
	Gateway    bool          // the answer is a web page, and not from the service

	cause error // the error of the context, or nil
}

// Error returns one line without secrets.
func (e *Error) Error() string {
	text := fmt.Sprintf("ask for the fact %s: %s", e.Fact, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return text + ": " + e.Message
}

// Is reports whether target is the error's kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(expense.Kind)
	return ok && kind == e.Kind
}

// Unwrap returns the error of the context that ended the request, or nil.
func (e *Error) Unwrap() error { return e.cause }
