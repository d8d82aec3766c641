package identity

import (
	"net/http"
	"strings"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
)

// People is the approvers' file of the moment; [approvers.Watched] implements it.
type People interface{ Current() *approvers.Approvers }

// Tokens identifies approvers by the bearer tokens of the approvers' file.
type Tokens struct{ People People }

// Identify returns the person to whom the bearer token of the request belongs. It returns ErrNone
// for a bearer token that is none of ours by its form.
func (t Tokens) Identify(r *http.Request) (expense.Actor, error) {
	token, err := bearer(r)
	if err != nil {
		return expense.Actor{}, err
	}
	if !strings.HasPrefix(token, approvers.TokenPrefix) {
		return expense.Actor{}, ErrNone
	}
	p := t.People.Current().WithToken(token)
	if p == nil {
		return expense.Actor{}, refuse(ErrInvalid, "the token is not, or no longer, in the approvers' file")
	}
	return actorOf(p, expense.ByToken, nil, nil), nil
}

// bearer returns the bearer token of a request, or ErrNone.
func bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", ErrNone
	}
	scheme, token, found := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !found || token == "" || !strings.EqualFold(scheme, "Bearer") {
		return "", refuse(ErrInvalid, "the request must have one Authorization header, and it must be Bearer and a token")
	}
	return token, nil
}
