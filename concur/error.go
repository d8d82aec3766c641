package concur

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
)

// The kinds of error that the client gives: errors.Is(err, concur.RateLimited).
const (
	// Unavailable: no connection, no answer within the answer limit, a 5xx or the answer of a
	// gateway, whatever its status, in answer to a read, or a 503. Try again later; RetryAfter
	// says when, if Concur did.
	Unavailable = expense.Unavailable
	// RateLimited: too many requests. Try again after RetryAfter, or more slowly.
	RateLimited = expense.RateLimited
	// Deadlock: Concur's database could not do it now. Try again soon; nothing was done.
	Deadlock = expense.Deadlock
	// Unauthorized: Concur refuses the access token, after one refresh. A person renews it.
	Unauthorized = expense.Unauthorized
	// Forbidden: a role or a scope is missing, and the message names it. A person grants it. Of
	// a write it may also mean that the report does not stand where the action applies, or that
	// the access token has ended: read the report again, and ask [Client.Renewed] and
	// [Client.GrantedSince].
	Forbidden = expense.Forbidden
	// NotFound: Concur does not have the object. Of a report that is read it means that the
	// report is gone.
	NotFound = expense.NotFound
	// NotWaiting: a code of Concur's says that the report does not stand at the step where the
	// action would apply: somebody has acted, or it was recalled. Nothing was done; read the
	// report again. v1.1 has no codes: there the same refusal is Rejected.
	NotWaiting = expense.NotWaiting
	// Rejected: Concur understood the request and refused it. Nothing was done; the message has
	// Concur's words. A redirect of Concur's is one, too.
	Rejected = expense.Rejected
	// InvalidArgument: the caller passed what cannot be right: an empty ID, no comment where
	// Concur wants one, a guard with an unknown name, the address of a travel request for that of
	// a report. No connection was opened. Fix the program.
	InvalidArgument = expense.InvalidArgument
	// Interrupted: the caller's own context was cancelled or its deadline has passed; errors.Is
	// finds context.Canceled or context.DeadlineExceeded. It says nothing about Concur. Of a
	// write it proves that nothing was done.
	Interrupted = expense.Interrupted
	// Untrusted: the client does not follow an address from outside. Nothing was sent there.
	// Find out where the address came from, or add its host to the allow-list.
	Untrusted = expense.Untrusted
	// Malformed: Concur answered what cannot be read or is about something else. Report it to
	// Concur's support with the correlation ID.
	Malformed = expense.Malformed
	// Incomplete: Concur claims more of the report than arrived. Read it again.
	Incomplete = expense.Incomplete
	// TooLarge: the answer is above a limit of the client.
	TooLarge = expense.TooLarge
	// OutcomeUnknown: a write was sent, and its answer was lost or is none. It may have taken
	// effect: read before anything else.
	OutcomeUnknown = expense.OutcomeUnknown
	// WritesOff: the client was made to read only. Nothing was sent.
	WritesOff = expense.WritesOff
	// Blocked: an exception that blocks keeps the report where it is. A person deletes it in Concur.
	Blocked = expense.Blocked
	// NoApprover: the owner has no approver to whom the report could go. A person names one.
	NoApprover = expense.NoApprover
	// CommentMissing: Concur requires a comment with this action, and Error.Wants names the
	// fields. Nothing was done; read the report again and send the action with a comment.
	CommentMissing = expense.CommentMissing
)

// argumentError is an error of kind [InvalidArgument] that names arguments.
type argumentError struct{ error }

func (e argumentError) Unwrap() error { return e.error }

// Is makes errors.Is(err, InvalidArgument) true.
func (e argumentError) Is(target error) bool { return target == error(InvalidArgument) }

// invalidArgument returns the error of an argument that cannot be right.
func invalidArgument(op, message string) *Error {
	return &Error{Op: op, Kind: InvalidArgument, Message: message}
}

// interrupted returns the error of a caller whose context has ended.
func interrupted(op string, err error) *Error {
	cause := contextError(err)
	if cause == nil { // a wait would have outlived the deadline
		cause = context.DeadlineExceeded
	}
	message := "the caller cancelled it"
	if errors.Is(cause, context.DeadlineExceeded) {
		message = "the caller's deadline has passed, or would before it is its turn"
	}
	return &Error{Op: op, Kind: Interrupted, Message: message, cause: cause}
}

// Refused reports whether Concur has answered that it did not do a write, or would not have
// done it. The reason in the answer proves little: read again before you conclude anything.
func Refused(err error) bool {
	return slices.ContainsFunc([]expense.Kind{
		Rejected, InvalidArgument, NotWaiting, NotFound, Blocked, NoApprover, CommentMissing, Forbidden, Unauthorized,
	}, func(kind expense.Kind) bool { return errors.Is(err, kind) })
}

// asMalformed turns the error of a wrong argument into one of kind [Malformed]. It is for an
// identifier that Concur has given: the caller made no mistake.
func asMalformed(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != InvalidArgument {
		return err
	}
	other := *e
	other.Kind = Malformed
	return &other
}

// Error is the failure of one operation. It holds no token, no body and no URL. errors.Is
// finds the error of the context that ended the operation.
type Error struct {
	Op            string        // the operation, such as "read report"
	Kind          expense.Kind  // what may be done about it
	Status        int           // HTTP status; 0: no answer
	Code          string        // Concur's code or ID of the error, if it gave one
	Message       string        // one line for an operator, often Concur's own words
	CorrelationID string        // for Concur's support
	RetryAfter    time.Duration // how long Concur asks to wait; 0: it does not say
	Fix           string        // what a person can do, if Concur's code shows it
	// Gateway is true if a proxy, a firewall or a gateway has answered in Concur's place. The
	// answer may have any status. Its text is not kept.
	Gateway        bool
	RequiredFields []string // of CommentMissing: the fields that Concur requires, [Comment] or [ExpenseRejectedComment]

	cause       error  // of the context; nothing else is kept
	partMissing bool   // a part of the report was not found, not the report itself
	generation  int    // of the access token that was refused
	scopes      string // of that token, as Concur granted them; empty: Concur has not said
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
