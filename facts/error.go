package facts

import (
	"fmt"
	"time"

	"concur-connector/expense"
)

// Error is why the company's systems gave no answer that can be used. It names the fact and
// holds no value, no body and no secret. An error of the context that ended the request is
// found by errors.Is.
type Error struct {
	Fact       string        // as the rules file names it
	Kind       expense.Kind  // what may be done about it
	Status     int           // HTTP status; 0 when there was no answer
	Message    string        // one sentence for an operator
	RetryAfter time.Duration // how long the system asks to wait; 0 when it does not say
	Gateway    bool          // a web page came in the place of the system's answer

	cause error // of the context; nothing else is kept
}

// Error returns one line without any secret.
func (e *Error) Error() string {
	text := fmt.Sprintf("ask for the fact %s: %s", e.Fact, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return text + ": " + e.Message
}

// Is makes errors.Is(err, kind) true for the error's kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(expense.Kind)
	return ok && kind == e.Kind
}

// Unwrap returns the error of the context that ended the request, or nil.
func (e *Error) Unwrap() error { return e.cause }
