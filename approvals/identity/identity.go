// Package identity finds out who sends a request to the approvals endpoint: by a bearer token of
// the approvers' file, by OpenID Connect, or by a header of a single sign-on proxy.
package identity

import (
	"errors"
	"net/http"

	"concur-connector/expense"
)

// Identifier finds out who sends a request. Its errors are those below, each wrapped in one
// sentence that may be shown to whoever sent the request.
type Identifier interface {
	Identify(r *http.Request) (expense.Actor, error)
}

var (
	// ErrNone means that the request does not say who sends it.
	ErrNone = errors.New("the request does not say who sends it")
	// ErrInvalid means that what the request says about its sender is not true, not valid any
	// more, or contradicts itself.
	ErrInvalid = errors.New("the request does not prove who sends it")
	// ErrNotApprover means that the sender is known and is no approver.
	ErrNotApprover = errors.New("the sender is not an approver")
	// ErrUnavailable means that nobody can tell at the moment, because the OpenID provider does not
	// answer.
	ErrUnavailable = errors.New("the OpenID provider does not answer")
)

// refusal is one of the errors above with a sentence of its own.
type refusal struct {
	kind     error
	sentence string
}

func (r *refusal) Error() string { return r.sentence }
func (r *refusal) Unwrap() error { return r.kind }

func refuse(kind error, sentence string) error { return &refusal{kind, sentence} }
