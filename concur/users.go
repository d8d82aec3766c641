package concur

import (
	"context"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
)

const (
	usersPath  = "/profile/identity/v4.1/Users"
	needsUsers = "the scopes identity.user.ids.read and identity.user.core.read, and to be that of a company"
	maxLogin   = 320 // bytes; the longest address of a mailbox
)

// UserID returns the UUID of the user with exactly that login, in any case of the letters
// of ASCII. It is remembered for some hours. A login that nobody has is of kind
// [NotFound], one that several have of kind [Rejected]. The search changes nothing.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#POST-users
func (c *Client) UserID(ctx context.Context, login string) (string, error) {
	r := request{op: "find user", needs: needsUsers, method: http.MethodPost, accept: mediaJSON, media: mediaJSON, discreet: true}
	if login == "" || len(login) > maxLogin || strings.ContainsFunc(login, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", &Error{Op: r.op, Kind: Rejected, Message: "what is looked for cannot be a login"}
	}
	return c.userIDs.get(ctx, r.op, foldLogin(login), func(ctx context.Context) (string, error) {
		r.target.path, r.body = usersPath+"/.search", wire.EncodeUserSearch(login)
		a, err := c.do(ctx, r)
		if err != nil {
			return "", err
		}
		users, more, err := wire.DecodeUsers(a.body)
		if err != nil {
			return "", r.unreadable(a, err)
		}
		return r.theOne(a, login, users, more)
	})
}

// theOne picks the user with the login out of what was found.
func (r request) theOne(a *answer, login string, users []wire.User, more bool) (string, error) {
	refuse := &Error{Op: r.op, Status: a.status, CorrelationID: a.correlation}
	id, shown := "", false
	for _, u := range users {
		shown = shown || u.Login != ""
		switch {
		case !sameLogin(u.Login, login):
		case checkID(u.ID) != nil:
			refuse.Kind, refuse.Message = Malformed, "the user that was found has no id, or one that cannot be"
			return "", refuse
		case id != "" && !strings.EqualFold(id, u.ID):
			refuse.Kind, refuse.Message = Rejected, "more than one user has that login"
			return "", refuse
		case id == "":
			id = u.ID
		}
	}
	switch {
	case more: // there may be another on it
		refuse.Kind, refuse.Message = Malformed, "the search found more users than it answers at a time"
	case id != "":
		return id, nil
	case len(users) > 0 && !shown:
		refuse.Kind, refuse.Message = Forbidden, "the answer shows no logins: the access token needs "+r.needs
	default:
		refuse.Kind, refuse.Message = NotFound, "no user has exactly that login"
	}
	return "", refuse
}

// Login returns the login of the user with that UUID. It is remembered for some hours.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#GET-user-identity
func (c *Client) Login(ctx context.Context, userID string) (string, error) {
	r := request{op: "read user", needs: needsUsers, method: http.MethodGet, accept: mediaJSON, discreet: true}
	if err := checkID(userID); err != nil {
		return "", &Error{Op: r.op, Kind: Untrusted, Message: "the user's id " + err.Error()}
	}
	return c.logins.get(ctx, r.op, strings.ToLower(userID), func(ctx context.Context) (string, error) {
		r.target.path = usersPath + "/" + userID
		a, err := c.do(ctx, r)
		if err != nil {
			return "", err
		}
		user, err := wire.DecodeUser(a.body)
		switch {
		case err != nil:
			return "", r.unreadable(a, err)
		case !strings.EqualFold(user.ID, userID):
			return "", &Error{Op: r.op, Kind: Malformed, Status: a.status, CorrelationID: a.correlation, Message: "the answer is about another user"}
		case user.Login == "":
			return "", &Error{Op: r.op, Kind: Forbidden, Status: a.status, CorrelationID: a.correlation,
				Message: "the answer shows no login: the access token needs " + r.needs}
		}
		return user.Login, nil
	})
}
