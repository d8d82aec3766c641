package concur

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	usersPath  = "/profile/identity/v4.1/Users"
	needsUsers = "the scopes identity.user.ids.read and identity.user.core.read, and to be that of a company"
	maxLogin   = 320 // bytes; the longest address of a mailbox
)

// UserID returns the UUID of the user with exactly that login, in any case of the ASCII
// letters. The client remembers it for some hours. If nobody has the login, the error is of
// kind [NotFound]; if several users have it, of kind [Rejected].
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#POST-users
func (c *Client) UserID(ctx context.Context, login string) (string, error) {
	r := request{op: "find user", needs: needsUsers, method: http.MethodPost, accept: mediaJSON, media: mediaJSON}.at(usersPath + "/.search").ofPerson()
	if login == "" || len(login) > maxLogin || strings.ContainsFunc(login, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", invalidArgument(r.op, "the text cannot be a login")
	}
	r.body = wire.EncodeUserSearch(login)
	return c.userIDs.get(ctx, r.op, wire.FoldLogin(login), func(ctx context.Context) (string, error) {
		return ask(ctx, c, r, func(body []byte) (string, error) {
			users, more, err := wire.DecodeUsers(body)
			if err != nil {
				return "", err
			}
			return pickUser(login, users, more)
		})
	})
}

// pickUser returns the ID of the user with the login among those that the search has found.
func pickUser(login string, users []wire.User, more bool) (string, error) {
	id, shown := "", false
	for _, u := range users {
		shown = shown || u.Login != ""
		switch {
		case !wire.SameLogin(u.Login, login):
		case checkID(u.ID) != nil:
			return "", answerError(Malformed, "the user that was found has no id, or one that cannot be")
		case id != "" && !strings.EqualFold(id, u.ID):
			return "", answerError(Rejected, "more than one user has that login")
		case id == "":
			id = u.ID
		}
	}
	switch {
	case more: // there may be another on it
		return "", answerError(Malformed, "the search found more users than it answers at a time")
	case id != "":
		return id, nil
	case len(users) > 0 && !shown:
		return "", answerError(Forbidden, "the answer shows no logins: the access token needs "+needsUsers)
	}
	return "", answerError(NotFound, "no user has exactly that login")
}

// Owner returns the login and the name of the user with that UUID, who owns a report. The client
// remembers them for some hours.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#GET-user-identity
func (c *Client) Owner(ctx context.Context, userID string) (expense.Owner, error) {
	r := get("read user", needsUsers, usersPath+"/%s", userID).ofPerson()
	return c.owners.get(ctx, r.op, strings.ToLower(userID), func(ctx context.Context) (expense.Owner, error) {
		user, err := ask(ctx, c, r, rejectOther(userID, func(u wire.User) string { return u.ID }, wire.DecodeUser))
		if err == nil && user.Login == "" {
			err = &Error{Op: r.op, Kind: Forbidden, Message: "the answer shows no login: the access token needs " + needsUsers}
		}
		return wire.NewOwner(user.Name, user.Login), err
	})
}

// ownerOf is Owner for a user who may no longer exist, or whom the application may not read: such
// an owner is unknown. The rules can then still approve or send back, and only an approver who
// owns no reports may decide.
func (c *Client) ownerOf(ctx context.Context, userID string) (expense.Owner, error) {
	if userID == "" {
		return expense.Owner{}, nil
	}
	owner, err := c.users.Owner(ctx, userID)
	if errors.Is(err, NotFound) || errors.Is(err, Forbidden) {
		return expense.Owner{}, nil
	}
	return owner, asMalformed(err)
}

// sameUser compares two UUIDs, with or without hyphens.
func sameUser(a, b string) bool { return strings.EqualFold(bareID(a), bareID(b)) }

// isOneOf reports whether a user has one of these logins.
func isOneOf(ctx context.Context, users directory, userID string, logins []string) (bool, error) {
	for _, login := range logins {
		if userID == "" {
			break
		}
		switch id, err := users.UserID(ctx, login); {
		case errors.Is(err, NotFound):
		case err != nil:
			return false, err
		case strings.EqualFold(id, userID):
			return true, nil
		}
	}
	return false, nil
}
