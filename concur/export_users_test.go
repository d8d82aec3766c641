package concur

import "context"

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
