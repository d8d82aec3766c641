package wire

import (
	"cmp"
	"slices"
	"strings"

	"concur-connector/expense"
)

// Owned is a travel request with what package concur needs of it and keeps: whose it is.
type Owned struct {
	*expense.TravelRequest
	Owner string   // UUID
	Mark  string   // what it tells of the step, for [SameMark]
	Links []string // the IDs of the expected expenses that it names
}

// DecodeRequest reads a travel request as Request v4 gives it, in a read or in the answer
// to an action. Its expenses are links there; [DecodeExpected] reads them. No link of it
// is kept. The error names a field and no value.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.schemas.html
func DecodeRequest(body []byte) (Owned, error) {
	r, err := readObject(body)
	if err == nil {
		owned := readRequest(r)
		if err = r.err(); err == nil {
			return owned, nil
		}
	}
	return Owned{}, unreadable("the travel request", err)
}

func readRequest(r record) Owned {
	request := &expense.TravelRequest{
		ID: r.text("id"), Number: r.text("requestId"), Name: r.text("name"), Purpose: r.text("businessPurpose"),
		Type: r.object("type").text("code"), Status: r.object("approvalStatus").text("code"), StatusName: r.object("approvalStatus").text("name"), Policy: r.object("policy").text("id"),
		Created: r.date("creationDate"), Submitted: r.date("submitDate"), Modified: r.date("lastModified", "lastModifiedDate"),
		Start: moment(r.text("startDate"), r.text("startTime")), End: moment(r.text("endDate"), r.text("endTime")),
		EverSentBack: r.told("everSentBack"),
		Posted:       r.money("totalPostedAmount"), Approved: r.money("totalApprovedAmount"), Remaining: r.money("totalRemainingAmount"),
	}
	r.fields(nil, &request.Custom, fieldOfRequest)
	level := r.text("highestExceptionLevel")
	if level != "" {
		request.HasException = new(!strings.EqualFold(level, "NONE"))
	}
	destination := r.object("mainDestination")
	request.City = destination.text("city", "name")
	request.Subdivision, request.Country = destination.text("countrySubDivisionCode"), destination.text("countryCode")
	ends := []*bool{r.told("approved"), r.told("closed"), r.told("canceledPostApproval")}
	if pending := r.told("pendingApproval"); pending != nil {
		ends = append(ends, new(!*pending))
	}
	for _, ended := range ends {
		if ended != nil {
			request.Ended = new(expense.True(request.Ended) || *ended)
		}
	}
	if filled(r.get("operations")) != nil {
		request.Operations = []string{}
	}
	for _, operation := range r.objects("operations") {
		if rel := strings.ToLower(operation.text("rel")); rel != "" && !slices.Contains(request.Operations, rel) {
			request.Operations = append(request.Operations, rel)
		}
	}
	totals := []*expense.Money{request.Posted, request.Approved, request.Remaining}
	for _, m := range totals { // all are in the request's currency
		if m != nil {
			request.Currency = cmp.Or(request.Currency, m.Currency)
		}
	}
	setCurrency(request.Currency, totals...)
	r.wants(request.ID)
	if request.Status == "" { // not one that waits elsewhere
		r.refuse("it", "has no approval status (approvalStatus.code)")
	}
	owned := Owned{TravelRequest: request, Owner: r.object("owner").text("id"), Mark: markOf(r, request.Content())}
	for _, link := range r.objects("expenses") {
		if id := link.text("id"); id != "" {
			owned.Links = append(owned.Links, id)
		}
	}
	return owned
}

// DecodeRequests reads one page of the list of travel requests. The documented rows name
// no operations.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func DecodeRequests(body []byte) (Page[Owned], error) {
	root, rows, unread, err := readList(body, "row", readRequest, "data", bare)
	page, err := pageOf(root, rows, "the list of travel requests", err)
	page.Unread = unread
	return page, err
}

// pageOf finds the link to the next page, by Request v4.
func pageOf[T any](root record, rows []T, what string, err error) (Page[T], error) {
	page := Page[T]{Rows: rows}
	for _, link := range root.objects("operations") {
		if !strings.EqualFold(link.text("rel"), "next") {
			continue
		}
		if page.Next != "" {
			root.refuse("it", "names more than one next page")
		}
		if page.Next = link.text("href"); page.Next == "" {
			root.refuse("its next page", "has no href")
		}
	}
	if err == nil {
		err = root.err()
	}
	if err != nil {
		return Page[T]{}, unreadable(what, err)
	}
	return page, nil
}

// DecodeRequestExceptions reads the exceptions that Concur holds on a travel request.
// Their messages are not kept.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func DecodeRequestExceptions(body []byte) ([]expense.RequestException, error) {
	_, exceptions, err := readRows(body, "exception", func(r record) expense.RequestException {
		e := expense.RequestException{Code: r.text("code"), Blocking: r.told("isBlocking")}
		if level, given := r.count("level"); given {
			e.Level = &level
		}
		if e.Code == "" {
			r.refuse("it", "has no code")
		}
		return e
	}, bare, "data", "exceptions")
	return exceptions, unreadable("the exceptions of the travel request", err)
}
