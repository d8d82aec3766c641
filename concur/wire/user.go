package wire

import (
	"errors"
	"slices"

	"concur-connector/expense"
)

// User is an account by its UUID and its login, for package concur to compare and to keep.
type User struct {
	ID, Login string
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
	if errors.Is(err, errNoList) {
		if n, given := root.count("totalResults"); given && n == 0 {
			err = nil // nobody was found: SCIM lets the list be left out
		}
	}
	more = root.text("nextCursor")+root.text("continuationToken") != ""
	if err == nil {
		err = root.err()
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
	r, err := readObject(body)
	if err == nil {
		u := readUser(r)
		r.wants(u.ID)
		if err = r.err(); err == nil {
			return u, nil
		}
	}
	return User{}, unreadable("the user", err)
}

func readUser(r record) User { return User{ID: r.text("id"), Login: r.text("userName")} }

// DecodeListItem reads one item of a list. Its code is the short one, which the older
// interfaces print, too. Below the first level of a list, the other code is that of the parent
// as well, and is not taken. An item that is deleted is not valid, and keeps code and name.
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html
func DecodeListItem(body []byte) (expense.Field, error) {
	r, err := readObject(body)
	if err == nil {
		item := readListItem(r)
		if err = r.err(); err == nil {
			return item, nil
		}
	}
	return expense.Field{}, unreadable("the list item", err)
}

func readListItem(r record) expense.Field {
	item := expense.Field{ListItem: r.text("id"), Code: r.text("shortCode", "code"), Value: r.text("value")}
	if r.text("shortCode") == "" && (r.text("parentId") != "" || !slices.Contains([]string{"", "1"}, r.text("level"))) {
		item.Code = "" // it begins with the parent's code, and where its own begins is not known
	}
	if deleted := r.told("isDeleted"); deleted != nil {
		item.Valid = new(!*deleted)
	}
	r.wants(item.ListItem)
	if item.Code == "" && item.Value == "" {
		r.refuse("it", "has neither a code nor a value")
	}
	return item
}
