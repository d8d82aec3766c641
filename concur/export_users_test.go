package concur

import (
	"context"

	"concur-connector/expense"
)

// Users are a directory, by login.
type Users map[string]string

// UserID returns the UUID of a login.
func (u Users) UserID(_ context.Context, login string) (string, error) {
	if id, ok := u[login]; ok {
		return id, nil
	}
	return "", &Error{Op: "look up user", Kind: NotFound, Message: "nobody has that login"}
}

// Owner returns the login of a UUID.
func (u Users) Owner(_ context.Context, userID string) (expense.Owner, error) {
	for login, id := range u {
		if id == userID {
			return expense.Owner{Login: login}, nil
		}
	}
	return expense.Owner{}, &Error{Op: "look up login", Kind: NotFound, Message: "nobody has that ID"}
}

// SetUsers has the client look users up there.
func (c *Client) SetUsers(users interface {
	UserID(ctx context.Context, login string) (string, error)
	Owner(ctx context.Context, userID string) (expense.Owner, error)
}) {
	c.users = users
}
