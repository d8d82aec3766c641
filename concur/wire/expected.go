package wire

import (
	"errors"
	"fmt"
	"strings"

	"concur-connector/expense"
)

// DecodeExpected reads the expenses that a travel request expects, and the URL of the next
// page, as it was sent, or nothing. What was posted, approved and remains is in the
// request's currency, which is given for amounts that name none.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.expected-expense-resources.html
func DecodeExpected(body []byte, currency string) (expenses []expense.Expected, next string, err error) {
	value, err := parseTree(body)
	var root tree
	var list []tree
	if err == nil {
		if one, ok := value.(map[string]any); ok && folded(one)["data"] == nil && folded(one)["expenses"] == nil {
			value = []any{one} // read singly
		}
		root, list, err = trees(value, "expense", "data", "expenses")
	}
	for _, t := range list {
		e := expectedOf(t, currency)
		if err = *t.fault; err == nil && e.ID == "" {
			err = errors.New(t.at + "it has no id")
		}
		if err != nil {
			break
		}
		expenses = append(expenses, e)
	}
	if err == nil && root.fields != nil {
		next, err = nextOf(root)
	}
	if err != nil {
		return nil, "", fmt.Errorf("the expenses of the travel request cannot be read: %w", err)
	}
	return expenses, next, nil
}

func expectedOf(t tree, currency string) expense.Expected {
	kind := t.object("expenseType")
	e := expense.Expected{
		ID: t.text("id"), Type: kind.text("id"), TypeName: kind.text("name"), Date: t.day("transactionDate"),
		Purpose: t.text("businessPurpose"), Transaction: t.money("transactionAmount"),
		ExchangeRate: rateOf(t.object("exchangeRate")),
		Posted:       t.money("postedAmount"), Approved: t.money("approvedAmount"), Remaining: t.money("remainingAmount"),
		OrgUnits: t.custom("orgUnit", 6), Custom: t.custom("custom", 40),
	}
	for _, m := range []*expense.Money{e.Posted, e.Approved, e.Remaining} {
		if m != nil {
			m.Currency = first(m.Currency, currency)
		}
	}
	for _, share := range t.list("allocations") {
		e.Allocations = append(e.Allocations, expense.Allocation{
			ID: share.text("allocationId"), Percentage: share.number("percentage"), Custom: share.custom("custom", 20),
		})
	}
	trip := t.object("tripData")
	for _, leg := range trip.list("legs") {
		e.Segments = append(e.Segments, segmentOf(leg, trip.object("segmentType").text("code")))
	}
	return e
}

func segmentOf(t tree, kind string) expense.Segment {
	return expense.Segment{
		ID: t.text("id"), Type: kind, Class: first(t.object("class").text("code"), t.text("classOfService")),
		From: placeOf(t.object("startLocation")), To: placeOf(t.object("endLocation")),
		Departure: moment(t.text("startDate"), t.text("startTime")), Arrival: moment(t.text("endDate"), t.text("endTime")),
		Custom: t.custom("custom", 40),
	}
}

// rateOf reads an exchange rate by which an amount is multiplied. One by which it is to be
// divided is turned over, to as many decimals as Concur prints of a rate.
func rateOf(t tree) string {
	rate, operation := t.number("value"), t.text("operation")
	if rate == "" || !strings.EqualFold(operation, "DIVIDE") {
		return rate
	}
	by, _ := expense.ParseAmount(rate) // number has read it
	if by.IsZero() {
		return ""
	}
	one, _ := expense.ParseAmount("1")
	return one.DivRound(by, 14).String()
}

// placeOf names a location by what there is of it.
func placeOf(t tree) string {
	return first(t.text("name"), t.text("city"), t.text("iataCode"), t.text("locationCode"))
}
