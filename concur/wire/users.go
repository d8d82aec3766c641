package wire

import (
	"errors"
	"strings"

	"concur-connector/concur/wire/lenient"
)

// User is an account. Only package concur uses it.
type User struct {
	ID    string // UUID
	Login string
	Name  string // as Concur displays it
}

const searchSchema = "urn:ietf:params:scim:api:messages:concur:2.0:SearchRequest"

// EncodeUserSearch writes the search for the user with a login.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#POST-users
func EncodeUserSearch(login string) []byte {
	return encodeJSON(map[string]any{
		"schemas":    []string{searchSchema},
		"filter":     "userName eq " + string(encodeJSON(login)),
		"attributes": []string{"id", "userName"},
	})
}

// DecodeUsers reads one page of users and reports whether there is another.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#schema-userlist
func DecodeUsers(body []byte) (users []User, more bool, err error) {
	root, users, err := readRows(body, "user", readUser, "Resources")
	if errors.Is(err, lenient.ErrNoList) {
		if n := root.count("totalResults"); n != nil && *n == 0 {
			err = nil // nobody was found; SCIM then allows an answer without the list
		}
	}
	more = root.Text("nextCursor")+root.Text("continuationToken") != ""
	if err == nil {
		err = root.Err()
	}
	if err != nil {
		return nil, false, unreadable("the list of users", err)
	}
	return users, more, nil
}

// DecodeUser reads one user.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#GET-user-identity
func DecodeUser(body []byte) (User, error) {
	return readObject(body, "the user", func(r record) User {
		u := readUser(r)
		r.requireID(u.ID)
		return u
	})
}

func readUser(r record) User {
	u := User{ID: r.Text("id"), Login: r.Text("userName"), Name: r.Text("displayName")}
	if name := r.object("name"); u.Name == "" {
		u.Name = fullName(name.Text("givenName"), name.Text("familyName"))
	}
	return u
}

// fullName joins the parts of a name that are there.
func fullName(given, family string) string { return strings.TrimSpace(given + " " + family) }
