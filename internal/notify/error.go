package notify

import (
	"fmt"
	"time"

	"concur-connector/expense"
)

// Error says why a message was not delivered. It names the channel and contains no address, no
// name of a person, no text of the receiver and no secret. errors.Is finds its kind.
type Error struct {
	Channel    string        // its name in the configuration
	Kind       expense.Kind  // Unavailable and RateLimited may pass; all others last
	Status     int           // HTTP status or SMTP reply; 0 without an answer
	Message    string        // one sentence for an operator
	RetryAfter time.Duration // how long the receiver asks to wait; 0 if it does not
	// ChannelDown means that other messages by the same channel would fail, too.
	ChannelDown bool
}

// Error returns one line.
func (e *Error) Error() string {
	status := ""
	if e.Status != 0 {
		status = fmt.Sprintf(" (%d)", e.Status)
	}
	return fmt.Sprintf("send a message by the channel %s: %s%s: %s", e.Channel, e.Kind, status, e.Message)
}

// Is reports whether target is the error's kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(expense.Kind)
	return ok && kind == e.Kind
}
