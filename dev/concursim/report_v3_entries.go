package main

import (
	"net/http"
	"strings"
)

// collectionV3 returns the report of a call to a v3 collection. If there is nothing to
// show, the report is nil, and the answer says why.
func (s *simulator) collectionV3(c *call, perUser bool) (*report, pageV3, answer) {
	page, wrong := readPageV3(c)
	switch {
	case wrong != "":
		return nil, page, s.errorAnswer(c, http.StatusBadRequest, wrong)
	case c.query.Get("reportID") == "":
		return nil, page, s.errorAnswer(c, http.StatusBadRequest, "The reportID is missing.")
	}
	r := c.readable()
	if r == nil {
		return nil, page, s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	login := c.query.Get("user")
	if perUser && !strings.EqualFold(login, r.desc.Login) && !strings.EqualFold(login, "all") {
		return nil, page, s.pageOf(c, page, 0, nil) // the user owns nothing of this report
	}
	return r, page, answer{}
}

// handleEntriesV3 simulates the entries of a report:
// https://developer.concur.com/api-reference/expense/expense-report/expense-entry.html.
func (s *simulator) handleEntriesV3(c *call) answer {
	r, page, a := s.collectionV3(c, true)
	if r == nil {
		return a
	}
	shown := s.shownEntries(c, r)
	return s.pageOf(c, page, len(shown), func(i int) any { return s.renderEntryV3(r, r.expenseAt(shown[i], -1)) })
}

// handleItemizationsV3 simulates the itemizations of all entries of a report:
// https://developer.concur.com/api-reference/expense/expense-report/expense-itemization.html.
func (s *simulator) handleItemizationsV3(c *call) answer {
	r, page, a := s.collectionV3(c, true)
	if r == nil {
		return a
	}
	var all []described
	for n := range r.entries {
		if !c.hasFault("no-itemizations") {
			all = append(all, r.children(n)...)
		}
	}
	all = inAnyOrder(s, c, r, all)
	return s.pageOf(c, page, len(all), func(i int) any { return s.renderItemizationV3(r, all[i]) })
}

// handleAllocationsV3 simulates the allocations of a report's entries and itemizations:
// https://developer.concur.com/api-reference/expense/allocations/expense-allocations.html.
func (s *simulator) handleAllocationsV3(c *call) answer {
	r, page, a := s.collectionV3(c, false)
	if r == nil {
		return a
	}
	var all []fields
	for n := range r.entries {
		for _, d := range append([]described{r.expenseAt(n, -1)}, r.children(n)...) {
			for i := range d.allocations {
				all = append(all, s.renderAllocationV3(r, d, i))
			}
		}
	}
	all = inAnyOrder(s, c, r, all)
	return s.pageOf(c, page, len(all), func(i int) any { return all[i] })
}

// commonV3 is what entries and itemizations have in common.
func (s *simulator) commonV3(r *report, d described, path string) fields {
	whole, e := d.whole, d.expense()
	id := s.v3ID(d.key)
	v := fields{
		"ID": id, "URI": "http://" + s.authority(s.home) + expenseV3Path + path + "/" + id,
		"ReportID": r.reportID, "ReportOwnerID": r.desc.Login,
		"ExpenseTypeCode": e.typ, "ExpenseTypeName": e.name, "SpendCategoryCode": "OTHER", "SpendCategoryName": "Other",
		"TransactionDate": textOrNull(e.date), "TransactionAmount": plain(e.amount),
		"PostedAmount": plain(e.posted), "ApprovedAmount": plain(e.posted),
		"LocationID": nil, "LocationName": textOrNull(whole.place()), "LocationSubdivision": textOrNull(whole.Region), "LocationCountry": textOrNull(whole.Country),
		"Description": textOrNull(e.purpose), "IsPersonal": e.personal, "IsBillable": false, "IsImageRequired": *whole.ReceiptRequired,
		"AllocationType": kindOf(d.shares), "HasComments": d.item == nil && whole.Comments > 0, "HasExceptions": r.exceptional(d),
		"LastModified": d.entry.modified.Format(timeV3),
	}
	s.fieldsV3(v, "OrgUnit", 6, e.orgUnit)
	s.fieldsV3(v, "Custom", 40, e.custom)
	return v
}

func (s *simulator) renderEntryV3(r *report, d described) fields {
	v := s.commonV3(r, d, "entries")
	whole := d.whole
	more := fields{
		"ExpenseID": s.expenseIDV3(r, d.key), "Comment": "", "ExchangeRate": nil,
		"TransactionCurrencyCode": whole.Currency, "PaymentTypeID": makeKey(s.draw("payment type of v3", whole.PaymentType)),
		"PaymentTypeName":   s.payment(whole.PaymentType).name,
		"VendorDescription": textOrNull(whole.Vendor), "VendorListItemID": nil, "VendorListItemName": nil,
		"HasItemizations": len(d.entry.itemizations) > 0, "HasAttendees": whole.Attendees > 0, "HasImage": whole.Receipt && !whole.EReceipt,
		"HasVAT": false, "HasAppliedCashAdvance": false, "ReceiptReceived": false, "TaxReceiptType": receiptType(whole),
		"IsPersonalCardCharge": whole.PersonalCard, "IsPaidByExpensePay": false, "CompanyCardTransactionID": nil, "ElectronicReceiptID": nil,
		"EmployeeBankAccountID": nil, "TripID": nil, "Journey": nil, "FormID": makeKey(s.draw("form", whole.Type)),
	}
	if len(d.entry.itemizations) > 0 {
		more["AllocationType"] = "F"
	}
	if *whole.CardCharge {
		more["CompanyCardTransactionID"] = makeKey(s.draw(r.name, "card transaction", d.n))
	}
	if whole.EReceipt {
		more["ElectronicReceiptID"] = makeKey(s.draw(r.name, "ereceipt", d.n))
	}
	switch s.draw(r.name, "exchange rate").IntN(3) { // the documentation says "typically not provided"
	case 0:
		more["ExchangeRate"] = plain(whole.ExchangeRate)
	case 1:
		delete(more, "ExchangeRate")
	}
	for name, value := range more {
		v[name] = value
	}
	return v
}

// expenseIDV3 is the v4 identifier as v3 prints it. The documented format is a UUID; v4
// itself prints 32 digits.
func (s *simulator) expenseIDV3(r *report, key string) string {
	id := s.v4ID(key)
	if s.draw(r.name, "ExpenseID").IntN(2) == 0 {
		return dashed(id)
	}
	return id
}

func (s *simulator) renderItemizationV3(r *report, d described) fields {
	v := s.commonV3(r, d, "itemizations")
	v["EntryID"] = s.v3ID(d.parent)
	return v
}

// renderAllocationV3 puts the identifier of the entry or the itemization into EntryID, the
// only element that the documentation has.
func (s *simulator) renderAllocationV3(r *report, d described, i int) fields {
	share, id := d.shares[i], s.v3ID(d.allocations[i])
	account := "AccountCode1"
	if s.draw(r.name, "account").IntN(2) == 0 {
		account = "AccountNumber" // so in the documented table; the examples print the other name
	}
	v := fields{
		"ID": id, "URI": "http://" + s.authority(s.home) + expenseV3Path + "allocations/" + id,
		"EntryID": s.v3ID(d.key), "Percentage": share.Percentage.StringFixed(8), "IsPercentEdited": false, "IsHidden": share.Hidden,
		account: textOrNull(share.AccountCode), "AccountCode2": textOrNull(share.AccountCode2),
	}
	s.fieldsV3(v, "Custom", 20, share.Custom)
	return v
}

func receiptType(d entryDescription) string {
	if d.Receipt {
		return "R"
	}
	return "N"
}
