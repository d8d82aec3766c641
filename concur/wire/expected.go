package wire

import (
	"errors"

	"concur-connector/expense"
)

// DecodeExpected reads the expenses that a travel request expects, one page of them or a
// single one. What was posted, approved and remains is in the request's currency, which is
// given for amounts that name none.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.expected-expense-resources.html
func DecodeExpected(body []byte, currency string) (Page[expense.Expected], error) {
	missing := ""
	read := func(r record) expense.Expected {
		e := readExpected(r)
		setCurrency(currency, e.Posted, e.Approved, e.Remaining)
		if trip := r.object("tripData"); missing == "" && len(e.Segments) == 0 && trip.object("segmentType").text("code") != "" {
			missing = "Concur says that an expected expense has segments (tripData.segmentType), and none arrived"
		}
		return e
	}
	root, rows, err := readRows(body, "expense", read, bare, "data", "expenses")
	if errors.Is(err, errNoList) && root.given("id") {
		rows, err = []expense.Expected{read(root)}, nil
	}
	page, err := pageOf(root, rows, "the expenses of the travel request", err)
	page.Missing = missing
	return page, err
}

func readExpected(r record) expense.Expected {
	kind := r.object("expenseType")
	e := expense.Expected{
		ID: r.text("id"), Type: kind.text("id"), TypeName: kind.text("name"), Date: day(r.date("transactionDate")),
		Purpose: r.text("businessPurpose"), Transaction: r.money("transactionAmount"), ExchangeRate: r.rate("exchangeRate"),
		Posted: r.money("postedAmount"), Approved: r.money("approvedAmount"), Remaining: r.money("remainingAmount"),
	}
	r.fields(&e.OrgUnits, &e.Custom, fieldOfRequest)
	for _, share := range r.objects("allocations") {
		a := expense.Allocation{
			ID: share.text("allocationId"), Percentage: share.number("percentage"), Hidden: share.told("systemAllocation", "isSystemAllocation"),
		}
		share.fields(nil, &a.Custom, fieldOfRequest)
		e.Allocations = append(e.Allocations, a)
	}
	trip := r.object("tripData")
	for _, leg := range trip.objects("legs") {
		e.Segments = append(e.Segments, readSegment(leg, trip.object("segmentType").text("code")))
	}
	r.wants(e.ID)
	return e
}

func readSegment(r record, kind string) expense.Segment {
	class := r.object("class").text("code")
	if class == "" {
		class = r.text("classOfService")
	}
	s := expense.Segment{
		ID: r.text("id"), Type: kind, Class: class, From: place(r.object("startLocation")), To: place(r.object("endLocation")),
		Departure: moment(r.text("startDate"), r.text("startTime")), Arrival: moment(r.text("endDate"), r.text("endTime")),
	}
	r.fields(nil, &s.Custom, fieldOfRequest)
	return s
}

// place names a location by what there is of it.
func place(r record) string { return r.text("name", "city", "iataCode", "locationCode") }
