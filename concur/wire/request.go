package wire

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// Owned is a travel request with the values that only package concur needs.
type Owned struct {
	*expense.TravelRequest
	OwnerID string   // UUID
	Hash    string   // of the header, for [SameHeader]
	Links   []string // the IDs of the expected expenses that it links to
}

// DecodeRequest reads a travel request as Request v4 gives it, in a read or in the answer
// to an action. Its expenses are links, which [DecodeExpected] reads. No other link is kept. The
// error names a field and no value.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.schemas.html
func DecodeRequest(body []byte) (Owned, error) {
	return readObject(body, "the travel request", readRequest)
}

func readRequest(r record) Owned {
	request := &expense.TravelRequest{
		ID: r.Text("id"), Number: r.Text("requestId"), Name: r.Text("name"), Purpose: r.Text("businessPurpose"),
		Type: r.object("type").Text("code"), Status: r.object("approvalStatus").Text("code"), StatusName: r.object("approvalStatus").Text("name"), Policy: r.object("policy").Text("id"),
		Created: r.date("creationDate"), Submitted: r.date("submitDate"), Modified: r.date("lastModified", "lastModifiedDate"),
		Start: r.dateAndTime("startDate", "startTime"), End: r.dateAndTime("endDate", "endTime"),
		EverSentBack: r.Bool("everSentBack"),
		Posted:       r.money("totalPostedAmount"), Approved: r.money("totalApprovedAmount"), Remaining: r.money("totalRemainingAmount"),
	}
	r.fields(nil, &request.Custom, fieldOfRequest)
	level := r.Text("highestExceptionLevel")
	if level != "" {
		request.HasException = new(!strings.EqualFold(level, "NONE"))
	}
	destination := r.object("mainDestination")
	request.City = destination.Text("city", "name")
	request.Subdivision, request.Country = destination.Text("countrySubDivisionCode"), destination.Text("countryCode")
	ends := []*bool{r.Bool("approved"), r.Bool("closed"), r.Bool("canceledPostApproval")}
	if pending := r.Bool("pendingApproval"); pending != nil {
		ends = append(ends, new(!*pending))
	}
	for _, ended := range ends {
		if ended != nil {
			request.Ended = new(expense.True(request.Ended) || *ended)
		}
	}
	if r.HasList("operations") {
		request.Operations = []string{}
	}
	for _, operation := range r.objects("operations") {
		if rel := strings.ToLower(operation.Text("rel")); rel != "" && !slices.Contains(request.Operations, rel) {
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
	r.requireID(request.ID)
	if request.Status == "" { // nobody knows whether it waits
		r.Refuse("it", "has no approval status (approvalStatus.code)")
	}
	owner := r.object("owner")
	request.Owner = NewOwner(fullName(owner.Text("firstName"), owner.Text("lastName")))
	owned := Owned{TravelRequest: request, OwnerID: owner.Text("id"), Hash: headerHash(r, request.ContentHash())}
	for _, link := range r.objects("expenses") {
		if id := link.Text("id"); id != "" {
			owned.Links = append(owned.Links, id)
		}
	}
	return owned
}

// DecodeRequests reads one page of the list of travel requests. The documented rows have no operations.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func DecodeRequests(body []byte) (Page[Owned], error) {
	root, rows, unread, err := readList(body, "row", readRequest, "data", lenient.Bare)
	page, err := pageOf(root, rows, "the list of travel requests", err)
	page.Unread = unread
	return page, err
}

// pageOf returns a page of Request v4 with the link to the next page.
func pageOf[T any](root record, rows []T, what string, err error) (Page[T], error) {
	page := Page[T]{Rows: rows}
	for _, link := range root.objects("operations") {
		if !strings.EqualFold(link.Text("rel"), "next") {
			continue
		}
		if page.Next != "" {
			root.Refuse("it", "names more than one next page")
		}
		if page.Next = link.Text("href"); page.Next == "" {
			root.Refuse("its next page", "has no href")
		}
	}
	if err == nil {
		err = root.Err()
	}
	if err != nil {
		return Page[T]{}, unreadable(what, err)
	}
	return page, nil
}

// DecodeRequestExceptions reads the exceptions of a travel request, without their messages.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func DecodeRequestExceptions(body []byte) ([]expense.RequestException, error) {
	_, exceptions, err := readRows(body, "exception", func(r record) expense.RequestException {
		e := expense.RequestException{Code: r.Text("code"), Blocking: r.Bool("isBlocking"), Level: r.count("level")}
		if e.Code == "" {
			r.Refuse("it", "has no code")
		}
		return e
	}, lenient.Bare, "data", "exceptions")
	return exceptions, unreadable("the exceptions of the travel request", err)
}

// DecodeExpected reads the expected expenses of a travel request, one page of them or a single
// one. Amounts that name no currency are in the given currency, that of the request.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.expected-expense-resources.html
func DecodeExpected(body []byte, currency string) (Page[expense.Expected], error) {
	missing := ""
	read := func(r record) expense.Expected {
		e := readExpected(r)
		setCurrency(currency, e.Posted, e.Approved, e.Remaining)
		if trip := r.object("tripData"); missing == "" && len(e.Segments) == 0 && trip.object("segmentType").Text("code") != "" {
			missing = "Concur says that an expected expense has segments (tripData.segmentType), and none arrived"
		}
		return e
	}
	root, rows, err := readRows(body, "expense", read, lenient.Bare, "data", "expenses")
	if errors.Is(err, lenient.ErrNoList) && root.Has("id") {
		rows, err = []expense.Expected{read(root)}, nil
	}
	page, err := pageOf(root, rows, "the expenses of the travel request", err)
	page.Missing = missing
	return page, err
}

func readExpected(r record) expense.Expected {
	kind := r.object("expenseType")
	e := expense.Expected{
		ID: r.Text("id"), Type: kind.Text("id"), TypeName: kind.Text("name"), Date: r.day("transactionDate"),
		Purpose: r.Text("businessPurpose"), Transaction: r.money("transactionAmount"), ExchangeRate: r.rate("exchangeRate"),
		Posted: r.money("postedAmount"), Approved: r.money("approvedAmount"), Remaining: r.money("remainingAmount"),
	}
	r.fields(&e.OrgUnits, &e.Custom, fieldOfRequest)
	for _, share := range r.objects("allocations") {
		a := expense.Allocation{
			ID: share.Text("allocationId"), Percentage: share.number("percentage"), Hidden: share.Bool("systemAllocation", "isSystemAllocation"),
		}
		share.fields(nil, &a.Custom, fieldOfRequest)
		e.Allocations = append(e.Allocations, a)
	}
	trip := r.object("tripData")
	for _, leg := range trip.objects("legs") {
		e.Segments = append(e.Segments, readSegment(leg, trip.object("segmentType").Text("code")))
	}
	r.requireID(e.ID)
	return e
}

func readSegment(r record, kind string) expense.Segment {
	class := r.object("class").Text("code")
	if class == "" {
		class = r.Text("classOfService")
	}
	s := expense.Segment{
		ID: r.Text("id"), Type: kind, Class: class, From: place(r.object("startLocation")), To: place(r.object("endLocation")),
		Departure: r.dateAndTime("startDate", "startTime"), Arrival: r.dateAndTime("endDate", "endTime"),
	}
	r.fields(nil, &s.Custom, fieldOfRequest)
	return s
}

// place returns the best name of a location that is there.
func place(r record) string { return r.Text("name", "city", "iataCode", "locationCode") }
