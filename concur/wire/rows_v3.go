package wire

import (
	"strings"

	"concur-connector/expense"
)

// EntryV3 is an entry as v3 gives it. Its amounts in the report's currency name none: the
// report does. Of attendees and comments v3 says only whether there are any: a count is
// zero, or absent.
type EntryV3 struct {
	expense.Entry
	Key       string `json:"key"` // the ID of v3, by which itemizations and allocations name their entry
	ReportID  string `json:"reportId,omitempty"`
	Allocated bool   `json:"allocated,omitempty"` // wholly or in part
	Attended  *bool  `json:"-"`                   // there are attendees; nil: it is not said
	Commented *bool  `json:"-"`                   // there are comments; nil: it is not said
}

// ItemizationV3 is an itemization as v3 gives it.
type ItemizationV3 struct {
	expense.Itemization
	Key       string `json:"key"`                 // the ID of v3
	EntryKey  string `json:"entryKey,omitempty"`  // of its entry
	Allocated bool   `json:"allocated,omitempty"` // wholly or in part
}

// AllocationV3 is an allocation as v3 gives it.
type AllocationV3 struct {
	expense.Allocation
	EntryKey       string `json:"entryKey,omitempty"`       // of its entry, or of its itemization
	ItemizationKey string `json:"itemizationKey,omitempty"` // where it is given
}

// DecodeEntriesV3 reads one page of the entries of a report (v3). The ID of an entry is the
// one that is compatible with v4, where there is one.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-entry.html
func DecodeEntriesV3(body []byte) (Page[EntryV3], error) {
	return pageV3(body, "entries", "entry", func(r record) EntryV3 {
		e := EntryV3{Key: r.text("ID"), ReportID: r.text("ReportID"), Entry: expense.Entry{
			ID: expenseID(r.text("ExpenseID", "ID")), Type: r.text("ExpenseTypeCode"), TypeName: r.text("ExpenseTypeName"),
			Category: r.text("SpendCategoryName", "SpendCategoryCode"), Date: r.date("TransactionDate"),
			Transaction: r.money("TransactionAmount"), ExchangeRate: r.number("ExchangeRate"),
			Posted: r.money("PostedAmount"), Approved: r.money("ApprovedAmount"),
			Purpose: r.text("Description", "BusinessPurpose"), Vendor: r.text("VendorDescription", "VendorListItemName"),
			Location: cityV3(r), Subdivision: r.text("LocationSubdivision"), Country: r.text("LocationCountry"),
			PaymentType: r.text("PaymentTypeID", "PaymentTypeCode"),
			Personal:    r.told("IsPersonal"), PersonalCard: r.told("IsPersonalCardCharge"),
			Itemized: r.told("HasItemizations"), HasVAT: r.told("HasVAT"), HasExceptions: r.told("HasExceptions", "HasException"),
			ImageRequired: r.told("IsImageRequired"), HasReceipt: r.told("HasImage"),
		}}
		paidBy(&e.Entry, r.holds("CompanyCardTransactionID"), r.text("PaymentTypeCode", "PaymentTypeName"))
		if e.Transaction != nil {
			e.Transaction.Currency = strings.ToUpper(r.text("TransactionCurrencyCode"))
		}
		switch {
		case r.holds("ElectronicReceiptID"):
			e.HasReceipt = new(true)
		case !expense.True(e.HasReceipt) && !r.given("ElectronicReceiptID"):
			e.HasReceipt = nil // there may be an e-receipt
		}
		e.Attended, e.Commented = r.told("HasAttendees"), r.told("HasComments")
		e.AttendeeCount, e.CommentCount = noneOf(e.Attended), noneOf(e.Commented)
		e.Allocated = allocated(r.text("AllocationType"))
		r.fields(&e.OrgUnits, &e.Custom, fieldV3)
		r.wants(e.Key)
		return e
	})
}

// cityV3 is the name of the city, behind which v3 prints that of its region.
func cityV3(r record) string {
	location := r.text("LocationName")
	city, region, found := strings.Cut(location, ", ")
	if found && strings.EqualFold(region, r.text("LocationSubdivision")) {
		return city
	}
	return location
}

// names reports whether there is an identifier of that name, and nil when nothing is said.
func names(r record, name string) *bool {
	if !r.given(name) {
		return nil
	}
	return new(r.holds(name))
}

// noneOf is zero when there are none, and nil when there are some or nothing is said.
func noneOf(any *bool) *int {
	if any != nil && !*any {
		return new(0)
	}
	return nil
}

// DecodeItemizationsV3 reads one page of the itemizations of a report (v3).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-itemization.html
func DecodeItemizationsV3(body []byte) (Page[ItemizationV3], error) {
	return pageV3(body, "itemizations", "itemization", func(r record) ItemizationV3 {
		i := ItemizationV3{Key: r.text("ID"), EntryKey: r.text("EntryID"), Allocated: allocated(r.text("AllocationType")), Itemization: expense.Itemization{
			ID: expenseID(r.text("ExpenseID", "ID")), Type: r.text("ExpenseTypeCode"), TypeName: r.text("ExpenseTypeName"),
			Date: r.date("TransactionDate"), Transaction: r.money("TransactionAmount"),
			Posted: r.money("PostedAmount"), Approved: r.money("ApprovedAmount"),
			Purpose: r.text("Description", "BusinessPurpose"), Personal: r.told("IsPersonal"),
		}}
		r.fields(&i.OrgUnits, &i.Custom, fieldV3)
		r.wants(i.Key)
		return i
	})
}

// DecodeAllocationsV3 reads one page of the allocations of a report (v3).
//
// Source: https://developer.concur.com/api-reference/expense/allocations/expense-allocations.html
func DecodeAllocationsV3(body []byte) (Page[AllocationV3], error) {
	return pageV3(body, "allocations", "allocation", func(r record) AllocationV3 {
		a := AllocationV3{EntryKey: r.text("EntryID"), ItemizationKey: r.text("ItemizationID"), Allocation: expense.Allocation{
			ID: r.text("ID"), Percentage: r.number("Percentage"),
			AccountCode1: r.text("AccountCode1", "AccountNumber", "AccountCode"), AccountCode2: r.text("AccountCode2"),
			Hidden: r.told("IsHidden"),
		}}
		r.fields(nil, &a.Custom, fieldV3)
		r.wants(a.ID)
		return a
	})
}

// allocated reads the kind of allocation: P and F are some, N and nothing are none.
func allocated(kind string) bool {
	switch strings.ToUpper(kind) {
	case "", "N", "NO", "FALSE", "0", "NOT_ALLOCATED":
		return false
	}
	return true
}

// Page is one page of a list.
type Page[T any] struct {
	Rows []T
	Next string // the URL of the next page, as it was sent; empty on the last one

	// Unread says of the first rows that cannot be read why, where such a row does not
	// make the whole page one that cannot be read.
	Unread []error

	Missing string // what its rows are said to have and do not show; empty when that is nothing
}

func pageV3[T any](body []byte, list, one string, read func(r record) T) (Page[T], error) {
	root, rows, err := readRows(body, one, read, "Items")
	next := root.text("NextPage")
	if err == nil {
		err = root.err()
	}
	if err != nil {
		return Page[T]{}, unreadable("the list of "+list, err)
	}
	return Page[T]{Rows: rows, Next: next}, nil
}
