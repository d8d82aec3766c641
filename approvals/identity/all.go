package identity

import (
	"errors"
	"net/http"

	"concur-connector/expense"
)

// All identifies the sender of a request by whatever the request says about them.
type All []Identifier

// Identify asks every identifier. It refuses a request that names two different people, and one in
// which anything that is said about the sender is not true. It returns ErrNone if nothing is said.
func (all All) Identify(r *http.Request) (expense.Actor, error) {
	var actor expense.Actor
	var said int
	for _, one := range all {
		found, err := one.Identify(r)
		switch {
		case errors.Is(err, ErrNone):
			continue
		case err != nil:
			return expense.Actor{}, err
		case said > 0 && found.Name != actor.Name:
			return expense.Actor{}, refuse(ErrInvalid, "the request names two different people")
		case said == 0:
			actor = found
		}
		said++
	}
	if said == 0 {
		return expense.Actor{}, ErrNone
	}
	return actor, nil
}
