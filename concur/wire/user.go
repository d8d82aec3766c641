package wire

import (
	"errors"
	"fmt"

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
	value, err := parseTree(body)
	var root tree
	var list []tree
	if err == nil {
		if _, bare := value.([]any); bare {
			err = errors.New("it has no Resources")
		} else if root, list, err = trees(value, "user", "Resources"); err != nil && root.fields["resources"] == nil {
			// Nobody was found: SCIM lets the list be left out.
			if err = errors.New("it has no Resources"); root.whole("totalResults") == 0 && root.get("totalResults") != nil {
				err = *root.fault
			}
		}
	}
	for _, t := range list {
		users = append(users, User{ID: t.text("id"), Login: t.text("userName")})
	}
	if err == nil {
		more = root.text("nextCursor")+root.text("continuationToken") != ""
		err = *root.fault
	}
	if err != nil {
		return nil, false, fmt.Errorf("the list of users cannot be read: %w", err)
	}
	return users, more, nil
}

// DecodeUser reads one user.
//
// Source: https://developer.concur.com/api-reference/profile/v4.1.identity.html#GET-user-identity
func DecodeUser(body []byte) (User, error) {
	value, err := parseTree(body)
	var u User
	if err == nil {
		var t tree
		if t, err = newTree(value, "an object"); err == nil {
			u = User{ID: t.text("id"), Login: t.text("userName")}
			err = *t.fault
		}
	}
	if err == nil && u.ID == "" {
		err = errors.New("it has no id")
	}
	if err != nil {
		return User{}, fmt.Errorf("the user cannot be read: %w", err)
	}
	return u, nil
}

// ListItem is an item of a list. The code of its field is the short one, which the older
// interfaces print, too.
type ListItem struct {
	expense.Field
	Deleted bool
}

// DecodeListItem reads one item of a list.
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html
func DecodeListItem(body []byte) (ListItem, error) {
	value, err := parseTree(body)
	var item ListItem
	if err == nil {
		var t tree
		if t, err = newTree(value, "an object"); err == nil {
			item, err = listItemOf(t)
		}
	}
	if err != nil {
		return ListItem{}, fmt.Errorf("the list item cannot be read: %w", err)
	}
	return item, nil
}

// DecodeListItems reads one page of the items of a list.
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html
func DecodeListItems(body []byte) ([]ListItem, error) {
	items := []ListItem{}
	value, err := parseTree(body)
	var list []tree
	if err == nil {
		_, list, err = trees(value, "item", "content")
	}
	for _, t := range list {
		var item ListItem
		if item, err = listItemOf(t); err != nil {
			break
		}
		items = append(items, item)
	}
	if err != nil {
		return nil, fmt.Errorf("the list items cannot be read: %w", err)
	}
	return items, nil
}

func listItemOf(t tree) (ListItem, error) {
	item := ListItem{
		Field:   expense.Field{ListItem: t.text("id"), Code: first(t.text("shortCode"), t.text("code")), Value: t.text("value")},
		Deleted: t.yes("isDeleted"),
	}
	switch {
	case *t.fault != nil:
		return ListItem{}, *t.fault
	case item.Field.ListItem == "":
		return ListItem{}, errors.New(t.at + "it has no id")
	case item.Code == "" && item.Value == "":
		return ListItem{}, errors.New(t.at + "it has neither a code nor a value")
	}
	return item, nil
}
