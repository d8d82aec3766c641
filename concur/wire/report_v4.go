package wire

import (
	"errors"
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// DecodeReportV4 reads the header of a report as v4 gives it.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func DecodeReportV4(body []byte) (Header, error) {
	return decodeHeader(body, func(r record) Header {
		report := &expense.Report{
			ID: r.Text("reportId"), Name: r.Text("name"), Purpose: r.Text("businessPurpose"),
			Currency: r.Text("currencyCode"), Status: r.Text("approvalStatusId"), PaymentStatus: r.Text("paymentStatusId"),
			Policy: r.Text("policyId"), Ledger: r.Text("ledger", "ledgerId"),
			Date: r.day("reportDate"), Created: r.date("creationDate"), Submitted: r.date("submitDate"),
			EverSentBack: everSentBack(r), HasException: r.hasExceptions(), HasReceiptImage: r.Bool("isReceiptImageAvailable"),
			Total: r.money("reportTotal"), PersonalExpenses: r.money("personalAmount"),
			DueEmployee: r.money("amountDueEmployee"), DueCompanyCard: r.money("amountDueCompanyCard"),
			Claimed: r.money("claimedAmount"), Approved: r.money("approvedAmount"),
			Via: expense.V4,
		}
		r.customData(&report.OrgUnits, &report.Custom)
		if report.Status == "" {
			r.Refuse("the report", "has no approval status (approvalStatusId)")
		}
		return Header{Report: report, OwnerID: r.Text("userId")}
	})
}

// everSentBack reads whether a report was ever sent back, which a header of v4 may leave out. A
// report that is not sent back now may have been sent back before.
func everSentBack(r record) *bool {
	if r.isTrue("isSentBack") {
		return new(true)
	}
	return r.Bool("isReportEverSentBack")
}

// ExpenseV4 is an expense as v4 gives it: an entry, or an itemization of one.
type ExpenseV4 struct {
	expense.Entry
	ParentID  string `json:"parentId,omitempty"`  // of an itemization; only a single expense names it
	Allocated bool   `json:"allocated,omitempty"` // wholly or in part
	// MaybeItemization is set if the links of the expense do not lead to itemizations. The links
	// of an itemization do not either.
	MaybeItemization bool `json:"-"`
}

// Itemization returns the expense as an itemization.
func (e ExpenseV4) Itemization() expense.Itemization {
	return expense.Itemization{
		ID: e.ID, Type: e.Type, TypeName: e.TypeName, Date: e.Date, Transaction: e.Transaction, Posted: e.Posted,
		Approved: e.Approved, Purpose: e.Purpose, Personal: e.Personal, OrgUnits: e.OrgUnits, Custom: e.Custom,
		Allocations: e.Allocations,
	}
}

// DecodeExpensesV4 reads the expenses of a report, or the itemizations of an expense
// (v4). They have no custom and organisational fields: only a single expense shows them.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func DecodeExpensesV4(body []byte) ([]ExpenseV4, error) {
	_, rows, err := readRows(body, "entry", readExpense, lenient.Bare)
	return rows, unreadable("the list of expenses", err)
}

// DecodeExpenseV4 reads a single expense (v4).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func DecodeExpenseV4(body []byte) (ExpenseV4, error) {
	return readObject(body, "the expense", readExpense)
}

// receiptSources are the source identifiers of an expense that name a receipt.
var receiptSources = []string{"ereceiptId", "receiptImageId", "expenseCaptureImageId", "receipts"}

// lacksReceipt reports whether an expense says that it has no image and no e-receipt.
func lacksReceipt(r, source record) bool {
	const sources = "expenseSourceIdentifiers"
	return r.IsEmpty("receiptImageId") && r.IsEmpty("ereceiptImageId") &&
		(r.IsStructured(sources) || r.Lacks(sources)) && source.Lacks(receiptSources...)
}

// isNamed reports whether there is an identifier of that name. It returns nil if Concur does not
// say so.
func isNamed(r record, name string) *bool {
	switch {
	case r.Holds(name):
		return new(true)
	case r.IsEmpty(name):
		return new(false)
	}
	return nil
}

func readExpense(r record) ExpenseV4 {
	kind, payment, vendor, location := r.object("expenseType"), r.object("paymentType"), r.object("vendor"), r.object("location")
	source := r.object("expenseSourceIdentifiers")
	code := payment.Text("code", "id")
	e := ExpenseV4{ParentID: expenseID(r.Text("parentExpenseId")), Allocated: isAllocated(r.Text("allocationState")), Entry: expense.Entry{
		ID: expenseID(r.Text("expenseId")), Type: kind.Text("id"), TypeName: kind.Text("name"), Date: r.day("transactionDate"),
		Transaction: r.money("transactionAmount"), ExchangeRate: r.rate("exchangeRate"),
		Posted: r.money("postedAmount"), Approved: r.money("approvedAmount"),
		Purpose: r.Text("businessPurpose"), Vendor: vendor.Text("description", "name"),
		Location: location.Text("city", "name"), Subdivision: location.Text("countrySubDivisionCode"), Country: location.Text("countryCode"),
		PaymentType: code, Personal: r.Bool("isPersonalExpense"),
		PersonalCard: isNamed(source, "personalCardTransactionId"), HasExceptions: r.hasExceptions(),
		ReceiptRequired: r.Bool("isPaperReceiptRequired"), ImageRequired: r.Bool("isImageRequired"),
		MissingReceipt: r.Bool("hasMissingReceiptDeclaration"),
		Rejected:       r.Bool("isExpenseRejected"), // only a single expense has it
	}}
	paidBy(&e.Entry, source.Holds("creditCardTransactionId", "creditCardTransaction"), code)
	switch {
	case r.Holds("receiptImageId", "ereceiptImageId") || source.Holds(receiptSources...):
		e.HasReceipt = new(true)
	case !lacksReceipt(r, source):
	case e.MissingReceipt != nil && !*e.MissingReceipt:
		e.HasReceipt = new(false)
	}
	e.HasVAT = r.object("expenseTaxSummary").anyNotZero("totalTaxPostedAmount", "vatTaxTotal") // only a single expense has it
	e.AttendeeCount = r.count("attendeeCount")
	links := r.objects("links")
	e.MaybeItemization = len(links) > 0 && !r.Has("parentExpenseId") && !hasLink(links, "itemizations")
	r.customData(&e.OrgUnits, &e.Custom)
	r.requireID(e.ID)
	return e
}

// DecodeAllocationsV4 reads the allocations of an expense (v4), or of an expense of a
// travel request, whose fields are objects of their own.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.allocations.html
func DecodeAllocationsV4(body []byte) ([]expense.Allocation, error) {
	_, rows, err := readRows(body, "allocation", func(r record) expense.Allocation {
		a := expense.Allocation{
			ID: expenseID(r.Text("allocationId")), Percentage: r.number("percentage"),
			AccountCode1: r.Text("accountCode"), AccountCode2: r.Text("overLimitAccountCode"),
			Hidden: r.Bool("isSystemAllocation", "systemAllocation"),
		}
		r.customData(nil, &a.Custom)
		r.fields(nil, &a.Custom, fieldOfRequest)
		r.requireID(a.ID)
		return a
	}, lenient.Bare)
	return rows, unreadable("the list of allocations", err)
}

// Attendees counts the attendees of an expense (v4).
type Attendees struct {
	Count  int `json:"count"`            // including those without a name
	NoShow int `json:"noShow,omitempty"` // of those who were expected and did not come
	// Digest is a digest of the identities of the attendees.
	Digest string `json:"-"`
}

// attending returns a digest of attendees, which does not depend on their order.
func attending(who []string) string {
	slices.Sort(who)
	return digest(strings.TrimSpace(strings.Join(who, "\n")))
}

// DecodeAttendeesV4 counts the attendees of an expense (v4). It keeps a digest of
// their identities.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html
func DecodeAttendeesV4(body []byte) (Attendees, error) {
	const most = 1 << 30
	var a Attendees
	var who []string
	root, _, err := readRows(body, "attendee", func(r record) bool {
		n := 1
		if given := r.count("associatedAttendeeCount"); given != nil {
			n = *given
		}
		a.Count = min(a.Count+n, most)
		who = append(who, r.Text("attendeeId"))
		return true
	}, "expenseAttendeeList")
	noShow := root.count("noShowAttendeeCount")
	if errors.Is(err, lenient.ErrNoList) && noShow != nil { // nobody attends
		err = nil
	}
	if err == nil {
		err = root.Err()
	}
	if err != nil {
		return Attendees{}, unreadable("the attendees", err)
	}
	if noShow != nil {
		a.NoShow = *noShow
	}
	a.Digest = attending(who)
	return a, nil
}

// Comment is a comment on a report, on one of its expenses, or on a travel request. It does not
// name its author.
type Comment struct {
	Text         string       `json:"text"`
	Created      expense.Date `json:"created,omitempty"`
	Latest       bool         `json:"latest,omitempty"`    // of its author's comments
	ExpenseID    string       `json:"expenseId,omitempty"` // the expense of the report; empty: the header, or unknown
	ExpenseKnown bool         `json:"-"`                   // Concur says whether the comment is on an expense, and on which
}

// DecodeComments reads the comments of a report (v4).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func DecodeComments(body []byte) ([]Comment, error) {
	_, comments, err := readRows(body, "comment", func(r record) Comment {
		return Comment{
			Text: r.Text("comment", "value"), Created: r.date("creationDate", "creationDateTime"),
			Latest: r.isTrue("isLatest"), ExpenseID: expenseID(r.Text("expenseId")), ExpenseKnown: r.Has("expenseId"),
		}
	}, lenient.Bare, "commentDetails")
	return comments, unreadable("the comments", err)
}
