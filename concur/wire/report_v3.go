package wire

import (
	"strings"

	"concur-connector/expense"
)

// DecodeReportV3 reads the header of a report as v3 gives it. It leaves
// out the WorkflowActionUrl, which cannot be used.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func DecodeReportV3(body []byte) (Header, error) {
	return decodeHeader(body, func(r record) Header {
		report := &expense.Report{
			ID: r.Text("ID"), Name: r.Text("Name"), Purpose: r.Text("Purpose", "BusinessPurpose"),
			Currency: r.Text("CurrencyCode"), Status: r.Text("ApprovalStatusCode"), PaymentStatus: r.Text("PaymentStatusCode"),
			Policy: r.Text("PolicyID"), Ledger: r.Text("LedgerName"),
			Date: r.date("UserDefinedDate"), Created: r.date("CreateDate"), Submitted: r.date("SubmitDate"),
			EverSentBack: r.Bool("EverSentBack"), HasException: r.Bool("HasException", "HasExceptions"),
			Total: r.money("Total"), PersonalExpenses: r.money("PersonalAmount"),
			DueEmployee: r.money("AmountDueEmployee"), DueCompanyCard: r.money("AmountDueCompanyCard"),
			Claimed: r.money("TotalClaimedAmount"), Approved: r.money("TotalApprovedAmount"),
			Owner: NewOwner(r.Text("OwnerName"), r.Text("OwnerLoginID")),
			Via:   expense.V3,
		}
		r.fields(&report.OrgUnits, &report.Custom, fieldV3)
		if report.Status == "" { // nobody knows whether it waits
			r.Refuse("the report", "has no approval status (ApprovalStatusCode)")
		}
		return Header{Report: report}
	})
}

// EntryV3 is an entry as v3 gives it. Its amounts in the report's currency name none: the
// report does. Of attendees and comments v3 says only whether there are any: a count is
// zero, or absent.
type EntryV3 struct {
	expense.Entry
	Key          string `json:"key"` // the ID of v3, which itemizations and allocations refer to
	ReportID     string `json:"reportId,omitempty"`
	Allocated    bool   `json:"allocated,omitempty"` // wholly or in part
	Owner        string `json:"-"`                   // the login of the report's owner
	HasAttendees *bool  `json:"-"`                   // there are attendees; nil: it is not said
	HasComments  *bool  `json:"-"`                   // there are comments; nil: it is not said
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
		e := EntryV3{Key: r.Text("ID"), ReportID: r.Text("ReportID"), Owner: r.Text("ReportOwnerID"), Entry: expense.Entry{
			ID: expenseID(r.Text("ExpenseID", "ID")), Type: r.Text("ExpenseTypeCode"), TypeName: r.Text("ExpenseTypeName"),
			Category: r.Text("SpendCategoryName", "SpendCategoryCode"), Date: r.date("TransactionDate"),
			Transaction: r.money("TransactionAmount"), ExchangeRate: r.number("ExchangeRate"),
			Posted: r.money("PostedAmount"), Approved: r.money("ApprovedAmount"),
			Purpose: r.Text("Description", "BusinessPurpose"), Vendor: r.Text("VendorDescription", "VendorListItemName"),
			Location: cityV3(r), Subdivision: r.Text("LocationSubdivision"), Country: r.Text("LocationCountry"),
			PaymentType: r.Text("PaymentTypeID", "PaymentTypeCode"),
			Personal:    r.Bool("IsPersonal"), PersonalCard: r.Bool("IsPersonalCardCharge"),
			Itemized: r.Bool("HasItemizations"), HasVAT: r.Bool("HasVAT"), HasExceptions: r.Bool("HasExceptions", "HasException"),
			ImageRequired: r.Bool("IsImageRequired"), HasReceipt: r.Bool("HasImage"),
		}}
		paidBy(&e.Entry, r.Holds("CompanyCardTransactionID"), r.Text("PaymentTypeCode", "PaymentTypeName"))
		if e.Transaction != nil {
			e.Transaction.Currency = strings.ToUpper(r.Text("TransactionCurrencyCode"))
		}
		switch {
		case r.Holds("ElectronicReceiptID"):
			e.HasReceipt = new(true)
		case !expense.True(e.HasReceipt) && !r.IsEmpty("ElectronicReceiptID"):
			e.HasReceipt = nil // there may be an e-receipt
		}
		e.HasAttendees, e.HasComments = r.Bool("HasAttendees"), r.Bool("HasComments")
		e.AttendeeCount, e.CommentCount = zeroIfNone(e.HasAttendees), zeroIfNone(e.HasComments)
		e.Allocated = isAllocated(r.Text("AllocationType"))
		r.fields(&e.OrgUnits, &e.Custom, fieldV3)
		r.requireID(e.Key)
		return e
	})
}

// cityV3 returns the name of the city, without the name of the region that v3 prints behind it.
func cityV3(r record) string {
	location := r.Text("LocationName")
	city, region, found := strings.Cut(location, ", ")
	if found && strings.EqualFold(region, r.Text("LocationSubdivision")) {
		return city
	}
	return location
}

// zeroIfNone returns 0 if there are none. It returns nil if there are some, or if Concur does not
// say whether there are any.
func zeroIfNone(any *bool) *int {
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
		i := ItemizationV3{Key: r.Text("ID"), EntryKey: r.Text("EntryID"), Allocated: isAllocated(r.Text("AllocationType")), Itemization: expense.Itemization{
			ID: expenseID(r.Text("ExpenseID", "ID")), Type: r.Text("ExpenseTypeCode"), TypeName: r.Text("ExpenseTypeName"),
			Date: r.date("TransactionDate"), Transaction: r.money("TransactionAmount"),
			Posted: r.money("PostedAmount"), Approved: r.money("ApprovedAmount"),
			Purpose: r.Text("Description", "BusinessPurpose"), Personal: r.Bool("IsPersonal"),
		}}
		r.fields(&i.OrgUnits, &i.Custom, fieldV3)
		r.requireID(i.Key)
		return i
	})
}

// DecodeAllocationsV3 reads one page of the allocations of a report (v3).
//
// Source: https://developer.concur.com/api-reference/expense/allocations/expense-allocations.html
func DecodeAllocationsV3(body []byte) (Page[AllocationV3], error) {
	return pageV3(body, "allocations", "allocation", func(r record) AllocationV3 {
		a := AllocationV3{EntryKey: r.Text("EntryID"), ItemizationKey: r.Text("ItemizationID"), Allocation: expense.Allocation{
			ID: r.Text("ID"), Percentage: r.number("Percentage"),
			AccountCode1: r.Text("AccountCode1", "AccountNumber", "AccountCode"), AccountCode2: r.Text("AccountCode2"),
			Hidden: r.Bool("IsHidden"),
		}}
		r.fields(nil, &a.Custom, fieldV3)
		r.requireID(a.ID)
		return a
	})
}

// isAllocated reads the kind of allocation: P and F are some, N and an empty text are none.
func isAllocated(kind string) bool {
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
	next := root.Text("NextPage")
	if err == nil {
		err = root.Err()
	}
	if err != nil {
		return Page[T]{}, unreadable("the list of "+list, err)
	}
	return Page[T]{Rows: rows, Next: next}, nil
}
