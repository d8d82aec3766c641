package concur

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	requestV1Path = "/api/travelrequest/"
	pendingView   = "view=SUBMITTED&start=0&limit=100"
	needsRequests = "the scope travelrequest.write, and its user to be allowed to see the travel request"
	needsPassOn   = "the scope travelrequest.externalsystemworkflow.write and the travel request to stand at an external system step, or else the scope travelrequest.write"
	// maxExpectedPages bounds how many pages of expenses one travel request has.
	maxExpectedPages = 100
)

// ReadRequest reads the travel request that an object URI names: the request itself and,
// unless only the header is wanted, the expenses that it expects and the exceptions that
// Concur holds on it. A URI of Request v1, which Concur has ended, is of kind [Rejected].
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html#request-resource-get
func (c *Client) ReadRequest(ctx context.Context, objectURI string, o ReadOptions) (Read, error) {
	r := request{op: "read travel request", needs: needsRequests, method: http.MethodGet, accept: mediaJSON}
	id, err := c.requestID(r.op, objectURI)
	if err != nil {
		return Read{}, err
	}
	r.target.path = requestsPath + "/" + id
	a, err := c.do(ctx, r)
	if err != nil {
		return Read{}, err
	}
	found, err := wire.DecodeRequest(a.body)
	if err == nil && !strings.EqualFold(found.ID, id) {
		err = errors.New("the answer is about another travel request")
	}
	if err != nil {
		return Read{}, r.unreadable(a, err)
	}
	if !o.Parts.HeaderOnly {
		if err := c.fillRequest(ctx, found); err != nil {
			return Read{}, err
		}
	}
	theirs, err := c.owns(ctx, found.Owner, o.Logins)
	return Read{Request: found.TravelRequest, Theirs: theirs, Mark: found.Mark}, err
}

// requestID takes the identifier out of an object URI.
func (c *Client) requestID(op, objectURI string) (string, error) {
	if u, err := expense.SplitURL(objectURI); err == nil && strings.HasPrefix(strings.ToLower(u.Path), requestV1Path) {
		return "", &Error{Op: op, Kind: Rejected, Message: "Concur has ended Request v1, by which this travel request is named; its identifier in Request v4 is not known"}
	}
	t, err := c.target(op, ObjectURI, objectURI)
	if err != nil {
		return "", err
	}
	err = under(requestsPath+"/", t.path)
	if err == nil {
		id := strings.TrimSuffix(t.path[len(requestsPath)+1:], "/")
		if err = checkID(id); err == nil {
			return id, nil
		}
	}
	return "", &Error{Op: op, Kind: Untrusted, Message: ObjectURI + " " + err.Error()}
}

// fillRequest reads what a travel request only links to.
func (c *Client) fillRequest(ctx context.Context, found wire.Owned) error {
	expenses, err := c.expected(ctx, found)
	if err != nil {
		return linked(err)
	}
	found.Expenses = expenses
	r := request{op: "read exceptions of travel request", needs: needsRequests, method: http.MethodGet, accept: mediaJSON, discreet: true, silent: true}
	r.target.path = requestsPath + "/" + found.ID + "/exceptions"
	if found.Owner != "" { // wanted of a company's token
		r.target.query = "userId=" + url.QueryEscape(found.Owner)
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return linked(err)
	}
	if a.status != http.StatusNoContent {
		if isEmpty(a.body) {
			return r.hollow(a)
		}
		if found.Exceptions, err = wire.DecodeRequestExceptions(a.body); err != nil {
			return r.unreadable(a, err)
		}
	}
	if len(found.Exceptions) == 0 {
		found.Exceptions = nil
	}
	found.HasException = found.HasException || found.Exceptions != nil
	return nil
}

// linked makes of a part that is not found one that is not found now: the request itself
// was, a moment ago. Whether it is gone shows when it is read again.
func linked(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == NotFound {
		e.Kind = Unavailable
	}
	return err
}

// expected reads the expenses of a travel request, every page of them.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.expected-expense-resources.html#get-expected-expense-attached-request-resource
func (c *Client) expected(ctx context.Context, found wire.Owned) ([]expense.Expected, error) {
	r := request{op: "read expenses of travel request", needs: needsRequests, method: http.MethodGet, accept: mediaJSON}
	r.target.path = requestsPath + "/" + found.ID + "/expenses"
	var all []expense.Expected
	var seen []string
	for range maxExpectedPages {
		seen = append(seen, r.target.query)
		a, err := c.do(ctx, r)
		if err != nil {
			return nil, err
		}
		expenses, link, err := wire.DecodeExpected(a.body, found.Currency)
		if err != nil {
			return nil, r.unreadable(a, err)
		}
		all = append(all, expenses...)
		if link == "" {
			return all, nil
		}
		next, err := c.nextPage(r.op, link, r.target.path)
		if err != nil {
			return nil, err
		}
		if slices.Contains(seen, next) {
			return nil, &Error{Op: r.op, Kind: Malformed, Message: "the list's next page is one that was read"}
		}
		r.target.query = next
	}
	return nil, &Error{Op: r.op, Kind: TooLarge, Message: "the travel request has more expenses than are read"}
}

// owns reports whether the owner is one of the users with these logins. A login that
// nobody has is nobody's.
func (c *Client) owns(ctx context.Context, owner string, logins []string) (bool, error) {
	if owner == "" {
		return false, nil
	}
	for _, login := range logins {
		switch id, err := c.UserID(ctx, login); {
		case errors.Is(err, NotFound):
		case err != nil:
			return false, err
		case strings.EqualFold(id, owner):
			return true, nil
		}
	}
	return false, nil
}

// PendingRequests hands over a page of the travel requests that are submitted, and
// returns what names the next page: nothing after the last. The first page is named by
// nothing. A submitted request may wait for anybody: what Concur offers to do with it
// says that it waits for us, and a row that names no operations leaves that open. An error
// of yield ends it and is returned as it is.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func (c *Client) PendingRequests(ctx context.Context, page string, yield func(expense.TravelRequest) error) (next string, err error) {
	r := request{op: "list travel requests", needs: needsRequests, method: http.MethodGet, accept: mediaJSON}
	r.target = target{path: requestsPath, query: cmp.Or(page, pendingView)}
	if err := plain("?" + r.target.query); err != nil {
		return "", &Error{Op: r.op, Kind: Untrusted, Message: "the page " + err.Error()}
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return "", err
	}
	rows, link, err := wire.DecodeRequests(a.body)
	if err != nil {
		return "", r.unreadable(a, err)
	}
	for _, row := range rows {
		if row.Status != expense.RequestSubmitted {
			continue
		}
		if err := yield(*row.TravelRequest); err != nil {
			return "", err
		}
	}
	if link == "" {
		return "", nil
	}
	next, err = c.nextPage(r.op, link, requestsPath)
	if err == nil && next == r.target.query {
		err = &Error{Op: r.op, Kind: Malformed, Message: "the list's next page is the one that was read"}
	}
	return next, err
}

// TakeRequestAction passes a travel request on or sends it back, and returns the request
// as Concur's answer shows it. Only what is sent back takes a comment.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html
func (c *Client) TakeRequestAction(ctx context.Context, requestID string, action expense.Action, comment string) (*expense.TravelRequest, error) {
	r := request{op: "act on travel request", needs: needsPassOn, method: http.MethodPost, write: true, accept: mediaJSON, media: mediaJSON}
	if err := checkID(requestID); err != nil {
		return nil, &Error{Op: r.op, Kind: Untrusted, Message: "the travel request's id " + err.Error()}
	}
	switch action {
	case expense.Approve:
		r.target.path = requestsPath + "/" + requestID + "/approve"
	case expense.SendBack:
		r.target.path = requestsPath + "/" + requestID + "/sendback"
		r.body = wire.EncodeRequestComment(comment)
	default:
		return nil, &Error{Op: r.op, Kind: Rejected, Message: "Concur can only approve or send back"}
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	after, err := wire.DecodeRequest(a.body)
	if err == nil && !strings.EqualFold(after.ID, requestID) {
		err = errors.New("the answer is about another travel request")
	}
	if err != nil {
		return nil, r.unreadable(a, err)
	}
	return after.TravelRequest, nil
}

// RequestURI is the object URI of a travel request at the geolocation of the access token.
func (c *Client) RequestURI(ctx context.Context, requestID string) (string, error) {
	if err := checkID(requestID); err != nil {
		return "", &Error{Op: "name travel request", Kind: Untrusted, Message: "the travel request's id " + err.Error()}
	}
	access, err := c.tokens.get(ctx, "")
	if err != nil {
		return "", err
	}
	return access.base + requestsPath + "/" + requestID, nil
}
