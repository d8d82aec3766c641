package wire

import (
	"slices"

	"concur-connector/expense"
)

// ExpenseV4 is an expense as v4 gives it: an entry, or an itemization of one.
type ExpenseV4 struct {
	expense.Entry
	ParentID  string `json:"parentId,omitempty"`  // of an itemization; only a single expense names it
	Allocated bool   `json:"allocated,omitempty"` // wholly or in part
	Doubtful  bool   `json:"-"`                   // its links lead to no itemizations, as those of an itemization do
}

// Itemization is the expense as a part of another one.
func (e ExpenseV4) Itemization() expense.Itemization {
	return expense.Itemization{
		ID: e.ID, Type: e.Type, TypeName: e.TypeName, Date: e.Date, Transaction: e.Transaction, Posted: e.Posted,
		Approved: e.Approved, Purpose: e.Purpose, Personal: e.Personal, OrgUnits: e.OrgUnits, Custom: e.Custom,
		Allocations: e.Allocations,
	}
}

// DecodeExpensesV4 reads the expenses of a report, or the itemizations of an expense
// (v4). Of custom and organisational fields there are none: only a single expense shows
// them.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func DecodeExpensesV4(body []byte) ([]ExpenseV4, error) {
	_, rows, err := readRows(body, "entry", readExpense, bare)
	return rows, unreadable("the list of expenses", err)
}

// DecodeExpenseV4 reads a single expense (v4).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func DecodeExpenseV4(body []byte) (ExpenseV4, error) {
	r, err := readObject(body)
	if err == nil {
		e := readExpense(r)
		if err = r.err(); err == nil {
			return e, nil
		}
	}
	return ExpenseV4{}, unreadable("the expense", err)
}

func readExpense(r record) ExpenseV4 {
	kind, payment, vendor, location := r.object("expenseType"), r.object("paymentType"), r.object("vendor"), r.object("location")
	source := r.object("expenseSourceIdentifiers")
	code := payment.text("code", "id")
	e := ExpenseV4{ParentID: expenseID(r.text("parentExpenseId")), Allocated: allocated(r.text("allocationState")), Entry: expense.Entry{
		ID: expenseID(r.text("expenseId")), Type: kind.text("id"), TypeName: kind.text("name"), Date: day(r.date("transactionDate")),
		Transaction: r.money("transactionAmount"), ExchangeRate: r.rate("exchangeRate"),
		Posted: r.money("postedAmount"), Approved: r.money("approvedAmount"),
		Purpose: r.text("businessPurpose"), Vendor: vendor.text("description", "name"),
		Location: location.text("city", "name"), Subdivision: location.text("countrySubDivisionCode"), Country: location.text("countryCode"),
		PaymentType: code, Personal: r.told("isPersonalExpense"),
		PersonalCard: names(source, "personalCardTransactionId"), HasExceptions: r.exceptions(),
		ReceiptRequired: r.told("isPaperReceiptRequired"), ImageRequired: r.told("isImageRequired"),
		MissingReceipt: r.told("hasMissingReceiptDeclaration"),
		Rejected:       r.told("isExpenseRejected"), // only a single expense tells it
	}}
	paidBy(&e.Entry, source.holds("creditCardTransactionId", "creditCardTransaction"), code)
	switch {
	case r.holds("receiptImageId", "ereceiptImageId") || source.holds("ereceiptId", "receiptImageId", "expenseCaptureImageId", "receipts"):
		e.HasReceipt = new(true)
	case r.given("receiptImageId") && r.given("ereceiptImageId") && e.MissingReceipt != nil && !*e.MissingReceipt:
		e.HasReceipt = new(false)
	}
	e.HasVAT = r.object("expenseTaxSummary").some("totalTaxPostedAmount", "vatTaxTotal") // only a single expense tells
	if n, given := r.count("attendeeCount"); given {
		e.AttendeeCount = &n
	}
	links := r.objects("links")
	e.Doubtful = len(links) > 0 && !r.given("parentExpenseId") && !slices.ContainsFunc(links, func(l record) bool { return l.text("rel") == "itemizations" })
	r.customData(&e.OrgUnits, &e.Custom)
	r.wants(e.ID)
	return e
}

// DecodeAllocationsV4 reads the allocations of an expense (v4), or of an expense of a
// travel request, whose fields are objects of their own.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.allocations.html
func DecodeAllocationsV4(body []byte) ([]expense.Allocation, error) {
	_, rows, err := readRows(body, "allocation", func(r record) expense.Allocation {
		a := expense.Allocation{
			ID: expenseID(r.text("allocationId")), Percentage: r.number("percentage"),
			AccountCode1: r.text("accountCode"), AccountCode2: r.text("overLimitAccountCode"),
			Hidden: r.told("isSystemAllocation", "systemAllocation"),
		}
		r.customData(nil, &a.Custom)
		r.fields(nil, &a.Custom, fieldOfRequest)
		r.wants(a.ID)
		return a
	}, bare)
	return rows, unreadable("the list of allocations", err)
}
