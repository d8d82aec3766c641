package concur

import (
	"cmp"
	"context"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	requestV1Path = "/api/travelrequest/"
	pendingView   = "view=SUBMITTED&start=0&limit=100"
	needsRequests = "the scope travelrequest.write, and its user to be allowed to see the travel request"
)

// ReadRequest reads the travel request that an object URI names: the request itself and,
// unless only the header is wanted, the expenses that it expects and the exceptions that
// Concur holds on it. A URI of Request v1, which Concur has ended, is of kind
// [InvalidArgument]. A request of which Concur claims more expenses than arrive is of kind
// [Incomplete].
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html#request-resource-get
func (c *Client) ReadRequest(ctx context.Context, objectURI string, o ReadOptions) (Read, error) {
	id, err := c.requestID("read travel request", objectURI)
	if err != nil {
		return Read{}, err
	}
	found, err := c.request(ctx, id)
	if err != nil {
		return Read{}, err
	}
	standing := found.Standing(o.External)
	if !o.Parts.HeaderOnly {
		if err := c.fillRequest(ctx, found, o.Whole || standing.ValidationID != ""); err != nil {
			return Read{}, err
		}
	}
	read := Read{
		Request: found.TravelRequest, Mark: found.Hash, Stop: standing.ValidationID, Unclear: standing.Unclear, LeftAlone: standing.SkippedReason,
	}
	if !o.Parts.HeaderOnly && read.Stop != "" {
		read.Content = contentBy("request", found.Content())
	}
	read.Theirs, err = isOneOf(ctx, c.users, found.Owner, o.Logins)
	return read, err
}

// requestID takes the identifier out of an object URI.
func (c *Client) requestID(op, objectURI string) (string, error) {
	if u, err := expense.SplitURL(objectURI); err == nil && strings.HasPrefix(strings.ToLower(u.Path), requestV1Path) {
		return "", misused(op, "Concur has ended Request v1, by which this travel request is named; its identifier in Request v4 is not known")
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
	return "", misused(op, ObjectURI+" names no travel request: it "+err.Error())
}

// fillRequest reads what a travel request only links to.
func (c *Client) fillRequest(ctx context.Context, found wire.Owned, whole bool) error {
	list, missing, err := c.expected(ctx, found.ID, found.Currency)
	if err != nil {
		return absentPart(err)
	}
	found.Expenses = list
	if missing = cmp.Or(found.MissingExpenses(found.Links), missing); missing != "" && whole {
		return &Error{Op: "read travel request", Kind: Incomplete, Message: missing}
	}
	exceptions, err := c.RequestExceptionsV4(ctx, found.ID, found.Owner)
	if err != nil {
		return absentPart(err)
	}
	found.Exceptions = exceptions
	found.HasException = new(expense.True(found.HasException) || len(exceptions) > 0)
	return nil
}

// PendingRequests hands over a page of the list of travel requests that are submitted, and
// returns what names the next page. The first page is "", and so is what follows the last.
// Whether a row waits for us says [expense.TravelRequest.Standing]. A row that cannot be read
// is an error of kind [Malformed], and stops no other. An error of yield ends the page and is
// returned as it is.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func (c *Client) PendingRequests(ctx context.Context, page string, yield func(row expense.TravelRequest, unread error) error) (next string, err error) {
	r := get("list travel requests", needsRequests, requestsPath)
	r.target.query = cmp.Or(page, pendingView)
	return onePage(ctx, c, r, wire.DecodeRequests, func(row wire.Owned, unread error) error {
		if unread != nil {
			return yield(expense.TravelRequest{}, unread)
		}
		return yield(*row.TravelRequest, nil)
	})
}

// RequestURI is the object URI of a travel request at the geolocation of the access token.
func (c *Client) RequestURI(ctx context.Context, requestID string) (string, error) {
	return c.uri(ctx, get("name travel request", "", requestsPath+"/%s", requestID))
}

// uri is the address of a request at the geolocation of the access token.
func (c *Client) uri(ctx context.Context, r request) (string, error) {
	if r.wrong != nil {
		return "", r.wrong
	}
	access, err := c.tokens.get(ctx, "")
	if err != nil {
		return "", err
	}
	return access.base + r.target.path, nil
}
