package main

import (
	"maps"

	"github.com/shopspring/decimal"
)

// handleExpensesV4 simulates the list of entries, in one answer and without custom fields. The
// list of a flat report also has the itemizations:
// https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html.
func (s *simulator) handleExpensesV4(c *call) answer {
	r, a := s.reportOf(c)
	if r == nil {
		return a
	}
	all := []any{}
	for _, n := range s.shownEntries(c, r) {
		all = append(all, s.summaryV4(r, r.expenseAt(n, -1), c.about.context))
		if !r.desc.Flat {
			continue
		}
		for _, child := range r.children(n) {
			all = append(all, s.summaryV4(r, child, c.about.context))
		}
	}
	return jsonAnswer(all)
}

// handleExpenseV4 simulates a single entry or itemization with all its fields.
func (s *simulator) handleExpenseV4(c *call) answer {
	r, d, a := s.expenseOf(c)
	if r == nil {
		return a
	}
	v := s.summaryV4(r, d, c.about.context)
	e := d.expense()
	parent := any(nil)
	if d.parent != "" {
		parent = s.v4ID(d.parent)
	}
	maps.Copy(v, fields{
		"customData": s.customData(e.custom, e.orgUnit), "parentExpenseId": parent,
		"receiptType":       fields{"id": receiptType(d.whole), "status": map[string]string{"R": "Receipt", "N": "No Receipt"}[receiptType(d.whole)]},
		"isExpenseRejected": d.whole.Rejected, "isExpenseBillable": false, "isPaperReceiptReceived": false, "isExcludedFromCashAdvanceByUser": false,
		"expenseTaxSummary": taxesV4(e.posted, r.desc.Currency), "mileage": nil, "travel": nil, "merchantTaxId": nil, "taxRateLocation": "HOME",
		"budgetAccrualDate": nil, "authorizationRequestExpenseId": nil, "lastModifiedDate": nil,
	})
	if s.draw(r.name, "last modified v4").IntN(2) == 0 {
		v["lastModifiedDate"] = d.entry.modified.Format(timeV4Short)
	}
	return jsonAnswer(v)
}

// handleItemizationsV4 simulates the itemizations of an entry.
func (s *simulator) handleItemizationsV4(c *call) answer {
	r, d, a := s.expenseOf(c)
	if r == nil {
		return a
	}
	all := []any{}
	if d.item == nil && !c.hasFault("no-itemizations") {
		for _, child := range r.children(d.n) {
			all = append(all, s.summaryV4(r, child, c.about.context))
		}
	}
	return jsonAnswer(inAnyOrder(s, c, r, all))
}

// summaryV4 is an expense as lists show it.
func (s *simulator) summaryV4(r *report, d described, context string) fields {
	whole, e, currency := d.whole, d.expense(), r.desc.Currency
	claimed := e.posted
	switch {
	case e.personal:
		claimed = decimal.Zero
	case d.item == nil:
		claimed = e.posted.Sub(whole.personalPart())
	}
	state := map[string]string{"N": "NOT_ALLOCATED", "P": "PARTIALLY_ALLOCATED", "F": "FULLY_ALLOCATED"}[kindOf(d.shares)]
	if d.item == nil && len(d.entry.itemizations) > 0 {
		state = "FULLY_ALLOCATED"
	}
	receipt, electronic := any(nil), any(nil)
	if whole.Receipt && d.item == nil {
		receipt = letters(s.draw(r.name, "receipt v4", d.n), hexDigits, 32)
	}
	if whole.EReceipt {
		receipt, electronic = nil, receipt
	}
	paid := s.payment(whole.PaymentType)
	id := s.v4ID(d.key)
	href := s.longPath(r, context) + "/expenses/" + id
	links := []any{s.linkV4("self", href), s.linkV4("comments", href+"/comments")}
	if d.item == nil {
		links = append(links, s.linkV4("itemizations", href+"/itemizations"))
	}
	return fields{
		"expenseId": id, "businessPurpose": textOrNull(e.purpose), "transactionDate": dateOf(e.date),
		"expenseType":       fields{"id": e.typ, "name": e.name, "code": "OTHER", "isDeleted": false},
		"paymentType":       fields{"id": paid.key, "name": paid.name, "code": paid.code},
		"transactionAmount": amountV4(e.amount, whole.Currency), "postedAmount": amountV4(e.posted, currency),
		"approvedAmount": amountV4(e.posted, currency), "claimedAmount": amountV4(claimed, currency),
		"approverAdjustedAmount": amountV4(e.posted, currency),
		"exchangeRate":           s.rateV4(r, whole.ExchangeRate),
		"location":               s.locationV4(whole), "vendor": vendorV4(whole),
		"attendeeCount": attendeesOf(d), "allocationState": state, "allocationSetId": nil,
		"hasExceptions": r.exceptional(d), "hasBlockingExceptions": r.blocked(d.key),
		"isPersonalExpense": e.personal, "isImageRequired": *whole.ReceiptRequired, "isPaperReceiptRequired": whole.PaperReceiptRequired,
		"hasMissingReceiptDeclaration": whole.MissingReceipt, "isAutoCreated": false, "imageCertificationStatus": nil,
		"receiptImageId": receipt, "ereceiptImageId": electronic, "ticketNumber": nil, "expenseSourceIdentifiers": s.sourcesV4(r, d, receipt),
		"travelAllowance": fields{"dailyLimitAmount": nil, "dailyTravelAllowanceId": nil, "isExpensePartOfTravelAllowance": false},
		"links":           links,
	}
}

// rateV4 is an exchange rate to multiply by or, for some reports, to divide by.
func (s *simulator) rateV4(r *report, rate decimal.Decimal) fields {
	one := decimal.NewFromInt(1)
	if !rate.Equal(one) && s.draw(r.name, "rate v4").IntN(2) == 0 {
		return fields{"value": digits(one.DivRound(rate, 14).StringFixed(14)), "operation": "DIVIDE"}
	}
	return fields{"value": digits(rate.StringFixed(14)), "operation": "MULTIPLY"}
}

// taxesV4 is the tax summary of an expense without taxes.
func taxesV4(posted decimal.Decimal, currency string) fields {
	taxes := fields{"vatTaxTotal": nil}
	for _, name := range []string{"totalTaxPostedAmount", "totalTaxAdjustedAmount", "totalReclaimPostedAmount", "totalReclaimAdjustedAmount"} {
		taxes[name] = amountV4(decimal.Zero, currency)
	}
	for _, name := range []string{"netTaxAmount", "netAdjustedTaxAmount", "netReclaimAmount", "netReclaimAdjustedAmount"} {
		taxes[name] = amountV4(posted, currency)
	}
	return taxes
}

// sourcesV4 shows where an expense comes from. In the documented list it is null, even for
// a company card; in the tax integration guide it is an object.
func (s *simulator) sourcesV4(r *report, d described, receipt any) any {
	if s.draw(r.name, "sources v4").IntN(2) == 0 {
		return nil
	}
	id := func(is bool, what string) any {
		if !is || d.item != nil {
			return nil
		}
		return letters(s.draw(r.name, what, d.n), hexDigits, 32)
	}
	return fields{
		"creditCardTransactionId": id(*d.whole.CardCharge, "card transaction"), "creditCardTransaction": nil,
		"personalCardTransactionId": id(d.whole.PersonalCard, "personal card transaction"),
		"receiptImageId":            receipt, "ereceiptId": id(d.whole.EReceipt, "ereceipt"), "ereceiptURL": nil,
		"expenseCaptureImageId": nil, "quickExpenseId": nil, "receipts": nil,
	}
}

// place is a location as v3 and v4 name it: the city and its region.
func (d entryDescription) place() string {
	if d.Location == "" || d.Region == "" {
		return d.Location
	}
	return d.Location + ", " + d.Region
}

// subdivisionCode is the code of the country and the code of the region.
func (d entryDescription) subdivisionCode() string {
	if d.Subdivision == "" {
		return ""
	}
	return d.Country + "-" + d.Subdivision
}

func (s *simulator) locationV4(d entryDescription) any {
	if d.Location == "" && d.Country == "" {
		return nil
	}
	return fields{
		"id": letters(s.draw("location", d.Location), hexDigits, 32), "name": textOrNull(d.place()), "city": textOrNull(d.Location),
		"countrySubDivisionCode": textOrNull(d.subdivisionCode()), "countryCode": textOrNull(d.Country),
	}
}

func vendorV4(d entryDescription) any {
	if d.Vendor == "" {
		return nil
	}
	return fields{"id": nil, "name": nil, "description": d.Vendor}
}

func attendeesOf(d described) int {
	if d.item != nil {
		return 0
	}
	return d.whole.Attendees
}

// handleAllocationsV4 simulates the allocations of an expense. An itemized entry has none; its
// itemizations have them:
// https://developer.concur.com/api-reference/expense/expense-report/v4.allocations.html.
func (s *simulator) handleAllocationsV4(c *call) answer {
	r, d, a := s.expenseOf(c)
	if r == nil {
		return a
	}
	e := d.expense()
	all := []any{}
	for i, key := range d.allocations {
		share := d.shares[i]
		part := amountV4(e.posted.Mul(share.Percentage).Div(decimal.NewFromInt(100)).Round(8), r.desc.Currency)
		account := share.AccountCode
		setDefault(&account, "Pending Client") // no account code was set up
		all = append(all, fields{
			"allocationId": s.v4ID(key), "expenseId": s.v4ID(d.key), "percentage": digits(share.Percentage.StringFixed(8)),
			"accountCode": account, "overLimitAccountCode": textOrNull(share.AccountCode2), "isSystemAllocation": share.Hidden, "isPercentEdited": false,
			"allocationAmount": part, "approvedAmount": part, "claimedAmount": part,
			"customData": withoutLinks(s.customData(share.Custom, nil)),
		})
	}
	return jsonAnswer(inAnyOrder(s, c, r, all))
}

// withoutLinks removes the addresses of list items, which the documented allocations do not
// have.
func withoutLinks(data []any) []any {
	for _, one := range data {
		delete(one.(fields), "listItemUrl")
	}
	return data
}

// handleAttendeesV4 simulates the attendees of an expense:
// https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html.
func (s *simulator) handleAttendeesV4(c *call) answer {
	r, d, a := s.expenseOf(c)
	if r == nil {
		return a
	}
	list := []any{}
	for i := range attendeesOf(d) {
		share := amountV4(d.expense().amount.Div(decimal.NewFromInt(int64(attendeesOf(d)))).Round(8), d.whole.Currency)
		list = append(list, fields{
			"attendeeId": letters(s.drawAttendee(r, "attendee v4", d.n, i), hexDigits, 32), "customData": nil, "isAmountUserEdited": false,
			"isTraveling": nil, "associatedAttendeeCount": 1, "versionNumber": 1, "transactionAmount": share, "approvedAmount": share,
		})
	}
	return jsonAnswer(fields{"noShowAttendeeCount": 0, "expenseAttendeeList": list})
}
