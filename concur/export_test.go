package concur

import (
	"context"
	"strconv"
	"time"
)

// OnStoreStep has every step of the client's token store done by f.
func (c *Client) OnStoreStep(f func(step string, do func() error) error) { c.tokens.store.perform = f }

// Users are a directory, by login.
type Users map[string]string

// UserID returns the UUID of a login.
func (u Users) UserID(_ context.Context, login string) (string, error) {
	if id, ok := u[login]; ok {
		return id, nil
	}
	return "", &Error{Op: "look up user", Kind: NotFound, Message: "nobody has that login"}
}

// Login returns the login of a UUID.
func (u Users) Login(_ context.Context, userID string) (string, error) {
	for login, id := range u {
		if id == userID {
			return login, nil
		}
	}
	return "", &Error{Op: "look up login", Kind: NotFound, Message: "nobody has that ID"}
}

// SetUsers has the client look users up there.
func (c *Client) SetUsers(users interface {
	UserID(ctx context.Context, login string) (string, error)
	Login(ctx context.Context, userID string) (string, error)
}) {
	c.users = users
}

// Remembered puts n lookups into a memory whose older ones end after life, and returns
// how many it holds.
func Remembered(n int, life time.Duration) int {
	var l lookups[int]
	for i := range n {
		l.remember(strconv.Itoa(i), i)
		l.held[strconv.Itoa(i)] = lookedUp[int]{value: i, until: time.Now().Add(life)}
	}
	return len(l.held)
}

// Recalled returns how many lookups that end after life can be had.
func Recalled(life time.Duration) int {
	l := lookups[int]{held: map[string]lookedUp[int]{"x": {until: time.Now().Add(life)}}}
	if _, ok := l.recall("x"); ok {
		return 1
	}
	return 0
}
