package concur

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsPassOn = "the scope travelrequest.externalsystemworkflow.write and the travel request to stand at an external system step, or else the scope travelrequest.write"

// request reads a travel request. Its expenses and exceptions are requests of their own.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html#request-resource-get
func (c *Client) request(ctx context.Context, id string) (wire.Owned, error) {
	return ask(ctx, c, get("read travel request", needsRequests, requestsPath+"/%s", id), thatRequest(id))
}

func thatRequest(id string) func([]byte) (wire.Owned, error) {
	return about(id, func(r wire.Owned) string { return r.ID }, wire.DecodeRequest)
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

// RequestExceptionsV4 reads the exceptions that Concur holds on a travel request. The user
// who reads them, by UUID, is wanted of a company's token, and may be the owner; any other
// token wants none.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html#request-resource-exceptions
func (c *Client) RequestExceptionsV4(ctx context.Context, requestID, userID string) ([]expense.RequestException, error) {
	r := get("read exceptions of travel request", needsRequests, requestsPath+"/%s/exceptions", requestID).ofPerson()
	r.silent = true
	if userID != "" {
		r.target.query = "userId=" + url.QueryEscape(userID)
	}
	return ask(ctx, c, r, wire.DecodeRequestExceptions)
}

// ApproveRequestV4 passes a travel request on, and returns it as Concur's answer shows it.
// Nothing guards it: read the request first, and act while it waits ([expense.TravelRequest.AtStop]).
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html
func (c *Client) ApproveRequestV4(ctx context.Context, requestID string) (*expense.TravelRequest, error) {
	return c.actOnRequest(ctx, requestID, "approve", nil)
}

// SendBackRequestV4 sends a travel request back to its owner, and returns it as Concur's
// answer shows it. The comment may be empty.
// Once it is sent it ignores ctx until Concur has answered: see the package.
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
