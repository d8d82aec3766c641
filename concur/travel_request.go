package concur

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	requestV1Path = "/api/travelrequest/"
	pendingView   = "view=SUBMITTED&start=0&limit=100"
	needsRequests = "the scope travelrequest.write, and its user to be allowed to see the travel request"
)

// ReadRequest reads the travel request that an object URI names, and unless the options ask
// for the header only, its expected expenses and its exceptions. A URI of Request v1, which
// Concur has ended, is of kind [InvalidArgument]. If Concur claims more expenses than arrive,
// the error is of kind [Incomplete].
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
		if err := c.fillRequest(ctx, found, o.Full || standing.ValidationID != ""); err != nil {
			return Read{}, err
		}
	}
	read := Read{
		Request: found.TravelRequest, HeaderHash: found.Hash, Validation: standing.ValidationID, Unclear: standing.Unclear, SkippedReason: standing.SkippedReason,
	}
	if !o.Parts.HeaderOnly && read.Validation != "" {
		read.Content = contentBy("request", found.ContentHash())
	}
	if read.OwnerListed, err = isOneOf(ctx, c.users, found.OwnerID, o.Logins); err != nil {
		return Read{}, err
	}
	if o.Owner && !o.Parts.HeaderOnly && read.Validation != "" && read.Unclear == "" {
		owner, err := c.ownerOf(ctx, found.OwnerID)
		if err != nil {
			return Read{}, err
		}
		found.TravelRequest.Owner = wire.NewOwner(cmp.Or(found.Owner.Name, owner.Name), owner.Login)
	}
	return read, nil
}

// requestID returns the identifier in an object URI.
func (c *Client) requestID(op, objectURI string) (string, error) {
	if u, err := expense.SplitURL(objectURI); err == nil && strings.HasPrefix(strings.ToLower(u.Path), requestV1Path) {
		return "", invalidArgument(op, "Concur has ended Request v1, which this address names; the identifier in Request v4 is not known")
	}
	t, err := c.target(op, ObjectURI, objectURI)
	if err != nil {
		return "", err
	}
	err = checkUnder(requestsPath+"/", t.path)
	if err == nil {
		id := strings.TrimSuffix(t.path[len(requestsPath)+1:], "/")
		if err = checkID(id); err == nil {
			return id, nil
		}
	}
	return "", invalidArgument(op, ObjectURI+" names no travel request: it "+err.Error())
}

// fillRequest reads the parts that a travel request links to.
func (c *Client) fillRequest(ctx context.Context, found wire.Owned, whole bool) error {
	list, missing, err := c.expected(ctx, found.ID, found.Currency)
	if err != nil {
		return asIncomplete(err)
	}
	found.Expenses = list
	if missing = cmp.Or(found.MissingExpenses(found.Links), missing); missing != "" && whole {
		return &Error{Op: "read travel request", Kind: Incomplete, Message: missing}
	}
	exceptions, err := c.RequestExceptionsV4(ctx, found.ID, found.OwnerID)
	if err != nil {
		return asIncomplete(err)
	}
	found.Exceptions = exceptions
	found.HasException = new(expense.True(found.HasException) || len(exceptions) > 0)
	return nil
}

// PendingRequests passes one page of the submitted travel requests to yield, and returns the
// name of the next page. The first page is ""; after the last page, next is "".
// [expense.TravelRequest.Standing] says whether a row waits for the connector.
//
// A row that cannot be read is passed to yield as an error of kind [Malformed], and does not stop
// the others. An error of yield ends the page and is returned as it is.
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

// RequestURI returns the object URI of a travel request at the geolocation of the access
// token.
func (c *Client) RequestURI(ctx context.Context, requestID string) (string, error) {
	return c.uri(ctx, get("name travel request", "", requestsPath+"/%s", requestID))
}

// uri returns the address of a request at the geolocation of the access token.
func (c *Client) uri(ctx context.Context, r request) (string, error) {
	if r.err != nil {
		return "", r.err
	}
	access, err := c.tokens.get(ctx, "")
	if err != nil {
		return "", err
	}
	return access.base + r.target.path, nil
}

const needsPassOn = "the scope travelrequest.externalsystemworkflow.write and the travel request to stand at an external system step, or else the scope travelrequest.write"

// request reads a travel request. Its expenses and exceptions are requests of their own.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html#request-resource-get
func (c *Client) request(ctx context.Context, id string) (wire.Owned, error) {
	return ask(ctx, c, get("read travel request", needsRequests, requestsPath+"/%s", id), thatRequest(id))
}

func thatRequest(id string) func([]byte) (wire.Owned, error) {
	return rejectOther(id, func(r wire.Owned) string { return r.ID }, wire.DecodeRequest)
}

// expected reads the expenses that a travel request expects, every page of them. Amounts that
// name no currency are in that of the request. Missing says what Concur claims of the
// expenses and does not show.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.expected-expense-resources.html#get-expected-expense-attached-request-resource
func (c *Client) expected(ctx context.Context, requestID, currency string) (list []expense.Expected, missing string, err error) {
	r := get("read expenses of travel request", needsRequests, requestsPath+"/%s/expenses", requestID)
	list, err = everyPage(ctx, c, r, func(body []byte) (wire.Page[expense.Expected], error) {
		page, err := wire.DecodeExpected(body, currency)
		missing = cmp.Or(missing, page.Missing)
		return page, err
	})
	return list, missing, err
}

// RequestExceptionsV4 lists the exceptions of a travel request. The token of a company
// requires a user, by UUID, who may be the owner. Any other token requires none.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html#request-resource-exceptions
func (c *Client) RequestExceptionsV4(ctx context.Context, requestID, userID string) ([]expense.RequestException, error) {
	r := get("read exceptions of travel request", needsRequests, requestsPath+"/%s/exceptions", requestID).ofPerson()
	r.emptyBody = true
	if userID != "" {
		r.target.query = "userId=" + url.QueryEscape(userID)
	}
	return ask(ctx, c, r, wire.DecodeRequestExceptions)
}

// ApproveRequestV4 approves a travel request and returns it as Concur's answer shows it.
// Concur compares nothing first: read the request before, and act while it waits
// ([expense.TravelRequest.AwaitsValidation]). Once sent, the request ignores ctx until Concur has
// answered: see the package.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html
func (c *Client) ApproveRequestV4(ctx context.Context, requestID string) (*expense.TravelRequest, error) {
	return c.actOnRequest(ctx, requestID, "approve", nil)
}

// SendBackRequestV4 sends a travel request back to its owner, and returns it as Concur's
// answer shows it. The comment may be empty. Once sent, the request ignores ctx until Concur
// has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html
func (c *Client) SendBackRequestV4(ctx context.Context, requestID, comment string) (*expense.TravelRequest, error) {
	return c.actOnRequest(ctx, requestID, "sendback", wire.EncodeRequestComment(comment))
}

func (c *Client) actOnRequest(ctx context.Context, id, action string, body []byte) (*expense.TravelRequest, error) {
	r := request{op: "act on travel request", needs: needsPassOn, method: http.MethodPost, write: true, accept: mediaJSON, media: mediaJSON, body: body}
	after, err := ask(ctx, c, r.at(requestsPath+"/%s/"+action, id), thatRequest(id))
	return after.TravelRequest, err
}
