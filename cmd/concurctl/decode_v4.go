package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// decodeNewer recognises what the v4 interfaces answer but for expense reports; ok says
// that it is one of them.
func decodeNewer(body []byte, value any) (p payload, ok bool, err error) {
	for _, form := range []struct {
		is   func(document) bool
		read func([]byte) (payload, error)
	}{
		{isFault, decodeFault}, {isTravelRequest, decodeTravelRequest}, {isTravelRequests, decodeTravelRequests},
		{isExpected, decodeExpected}, {isHeldExceptions, decodeHeldExceptions}, {isRequestExceptions, decodeRequestExceptions},
		{isComments, decodeComments}, {isUsers, decodeUsers}, {isListItem, decodeListItem}, {isListItems, decodeListItems},
		{isSent, refuseSent},
	} {
		if form.is(documentOf(value)) {
			p, err = form.read(body)
			return p, true, err
		}
	}
	return payload{}, false, nil
}

// document is what tells one JSON document from another: the names of its fields, in lower
// case, and those of the first of its objects when it is a list.
type document struct {
	object map[string]any
	item   map[string]any
	list   bool
}

func documentOf(value any) document {
	switch v := value.(type) {
	case map[string]any:
		return document{object: namesOf(v)}
	case []any:
		return document{list: true, item: firstObject(v)}
	}
	return document{}
}

// under is the list that a field of the document holds.
func (d document) under(name string) document {
	list, ok := d.object[strings.ToLower(name)].([]any)
	if !ok {
		return document{}
	}
	return document{list: true, item: firstObject(list)}
}

func firstObject(list []any) map[string]any {
	for _, value := range list {
		if o, ok := value.(map[string]any); ok {
			return namesOf(o)
		}
	}
	return nil
}

// names reports whether an object, its names in lower case, has this one.
func names(object map[string]any, name string) bool {
	_, ok := object[strings.ToLower(name)]
	return ok
}

func hasAny(object map[string]any, wanted ...string) bool {
	return slices.ContainsFunc(wanted, func(name string) bool { return names(object, name) })
}

func hasAll(object map[string]any, wanted ...string) bool {
	return !slices.ContainsFunc(wanted, func(name string) bool { return !names(object, name) })
}

func isFault(d document) bool {
	schemas, _ := d.object["schemas"].([]any)
	scim := slices.ContainsFunc(schemas, func(s any) bool { return strings.HasSuffix(fmt.Sprint(s), ":Error") })
	return scim || hasAny(d.item, "errorCode") || hasAny(d.under("errors").item, "errorCode", "errorMessage", "message") ||
		hasAny(d.object, "validationErrors", "scimType") || hasAll(d.object, "detail", "status")
}

func decodeFault(body []byte) (payload, error) {
	var view errorView
	view.Code, view.Message = wire.DecodeError(body)
	if view == (errorView{}) {
		return payload{}, errors.New("the payload is an error of Concur that says nothing")
	}
	return payload{Payload: "error", About: "an error that Concur reports", View: view}, nil
}

func isTravelRequest(d document) bool {
	status, _ := d.object["approvalstatus"].(map[string]any)
	return status != nil || hasAll(d.object, "requestId", "owner") || hasAll(d.object, "id", "totalPostedAmount")
}

// requestView is a travel request and what the connector derives from it.
type requestView struct {
	AtStop   bool                   `json:"atStop"`
	Unclear  string                 `json:"unclear,omitempty"` // why it is not known whether it waits for the connector
	Stop     string                 `json:"stop,omitempty"`
	Revision string                 `json:"revision"`
	Request  *expense.TravelRequest `json:"request"`
}

func requestViewOf(r *expense.TravelRequest) requestView {
	view := requestView{Revision: r.Revision(), Request: r}
	if r.Via == expense.RequestV1 { // which the connector does not read
		return view
	}
	standing := r.Standing(expense.ExternalValidation{})
	if view.Unclear = standing.Unclear; view.Unclear == "" {
		view.AtStop, view.Stop = standing.Stop != "", standing.Stop
	}
	return view
}

func decodeTravelRequest(body []byte) (payload, error) {
	r, err := wire.DecodeRequest(body)
	if err != nil {
		return payload{}, err
	}
	about := "a travel request (v4) without its expenses, which "
	switch standing := r.Standing(expense.ExternalValidation{}); {
	case standing.Unclear != "":
		about += "may wait for the connector: " + standing.Unclear
	case standing.Stop != "":
		about += "waits for the connector"
	default:
		about += "does not wait for the connector"
	}
	return payload{Payload: "travel request", About: about, View: requestViewOf(r.TravelRequest)}, nil
}

func isTravelRequests(d document) bool {
	rows := d.under("data")
	return rows.list && (hasAny(rows.item, "approvalStatus", "requestId") || rows.item == nil && !hasAny(d.object, "Items"))
}

// requestsView is a page of the list of travel requests, of which the connector looks at
// those that are submitted.
type requestsView struct {
	Requests  []requestView `json:"requests"`
	Submitted int           `json:"submitted"`
	More      bool          `json:"more"`             // a next page is named
	Unread    []string      `json:"unread,omitempty"` // why rows cannot be read
}

func decodeTravelRequests(body []byte) (payload, error) {
	page, err := wire.DecodeRequests(body)
	if err != nil {
		return payload{}, err
	}
	view := requestsView{Requests: []requestView{}, More: page.Next != "", Unread: messages(page.Unread)}
	for _, row := range page.Rows {
		view.Requests = append(view.Requests, requestViewOf(row.TravelRequest))
		if row.Status == expense.RequestSubmitted {
			view.Submitted++
		}
	}
	about := fmt.Sprintf("a page of the list of travel requests (v4) with %s, of which %d are submitted", count(len(page.Rows), "request"), view.Submitted)
	if len(view.Unread) > 0 {
		about += "; other rows cannot be read"
	}
	return payload{Payload: "travel request list", About: about, View: view}, nil
}

func isExpected(d document) bool {
	is := func(item map[string]any) bool {
		return hasAny(item, "transactionAmount", "tripData", "remainingAmount") && !hasAny(item, "expenseId", "reportId", "expenseTypeCode")
	}
	return is(d.item) || is(d.object) || is(d.under("data").item)
}

func decodeExpected(body []byte) (payload, error) {
	page, err := wire.DecodeExpected(body, "")
	if err != nil {
		return payload{}, err
	}
	about := "the expenses of a travel request (v4), of which there are " + fmt.Sprint(len(page.Rows))
	if page.Next != "" {
		about = "a page of " + about[len("the "):] + " on it"
	}
	return payload{Payload: "expected expenses", About: about, View: page.Rows}, nil
}

func isHeldExceptions(d document) bool { return hasAny(d.item, "exceptionCode") }

func decodeHeldExceptions(body []byte) (payload, error) {
	held, err := wire.DecodeHeldExceptions(body)
	if err != nil {
		return payload{}, err
	}
	blocking := 0
	for _, e := range held {
		if e.Blocking {
			blocking++
		}
	}
	about := fmt.Sprintf("what a report holds (v4): %s, of which %d stop an approval", count(len(held), "exception"), blocking)
	return payload{Payload: "held exceptions", About: about, View: held}, nil
}

func isRequestExceptions(d document) bool {
	return hasAll(d.item, "code") && hasAny(d.item, "level", "isBlocking", "source")
}

func decodeRequestExceptions(body []byte) (payload, error) {
	held, err := wire.DecodeRequestExceptions(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "request exceptions", About: "what a travel request holds (v4): " + count(len(held), "exception"), View: held}, nil
}

func isComments(d document) bool {
	is := func(item map[string]any) bool {
		return hasAny(item, "comment", "value") && hasAny(item, "author", "isLatest")
	}
	return is(d.item) || is(d.under("commentDetails").item)
}

func decodeComments(body []byte) (payload, error) {
	comments, err := wire.DecodeComments(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "comments", About: "a list of " + count(len(comments), "comment") + ", whose authors are not kept", View: comments}, nil
}

func isUsers(d document) bool {
	return d.under("Resources").list || hasAny(d.object, "userName") ||
		hasAny(d.object, "totalResults") && hasAny(d.object, "itemsPerPage", "startIndex", "schemas")
}

// usersView counts users. Who they are is not shown.
type usersView struct {
	Users  int  `json:"users"`
	Logins int  `json:"logins"` // of them whose login is shown
	More   bool `json:"more"`   // there is another page
	Unique bool `json:"unique"` // one user alone, with an id and a login: a search can be answered with it
}

func decodeUsers(body []byte) (payload, error) {
	users, more, err := wire.DecodeUsers(body)
	about := "an answer to a search for users with "
	if err != nil {
		user, notOne := wire.DecodeUser(body)
		if notOne != nil {
			return payload{}, err
		}
		users, more, about = []wire.User{user}, false, "the identity of "
	}
	view := usersView{Users: len(users), More: more}
	for _, u := range users {
		if u.Login != "" {
			view.Logins++
		}
	}
	view.Unique = !more && len(users) == 1 && view.Logins == 1 && users[0].ID != ""
	return payload{Payload: "users", About: about + count(len(users), "user"), View: view}, nil
}

func isListItem(d document) bool {
	return hasAny(d.object, "shortCode") || hasAll(d.object, "code", "value") && hasAny(d.object, "level", "isDeleted", "parentId", "lists")
}

func decodeListItem(body []byte) (payload, error) {
	item, err := wire.DecodeListItem(body)
	if err != nil {
		return payload{}, err
	}
	about := "an item of a list"
	if item.Valid != nil && !*item.Valid {
		about += ", which is deleted: rules read its code and its name, and that it is not valid"
	}
	return payload{Payload: "list item", About: about, View: item}, nil
}

func isListItems(d document) bool {
	page := d.under("content")
	return hasAny(page.item, "shortCode") || hasAny(d.item, "shortCode") || page.list && page.item == nil && hasAny(d.object, "page")
}

func decodeListItems(body []byte) (payload, error) {
	items, err := wire.DecodeListItems(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "list items", About: "a page of a list with " + count(len(items), "item"), View: items}, nil
}

// isSent finds what is sent to act, by its few fields.
func isSent(d document) bool {
	return hasAny(d.object, "exceptionCode") || hasAny(d.object, "comment", "expectedStepCode", "expectedStepSequence", "statusId", "reportSource") && len(d.object) <= 6 && !hasAny(d.object, "id", "creationDate")
}

func refuseSent([]byte) (payload, error) {
	return payload{}, errors.New("the payload is what the connector sends to act or to put an exception, not what Concur answers")
}
