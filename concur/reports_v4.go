package concur

import (
	"context"
	"slices"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsV4 = "the scope expense.report.read"

// headerV4 reads the header of a report by v4. The user is the owner, by UUID.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func (c *Client) headerV4(ctx context.Context, userID, reportID string) (wire.Header, error) {
	return askHeader(ctx, c, getV4("read report by v4", "", userID, reportID), reportID, wire.DecodeReportV4)
}

// ExpensesV4 reads the entries of a report by v4. They are summaries: custom and
// organisational fields are only in [Client.ExpenseV4].
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func (c *Client) ExpensesV4(ctx context.Context, userID, reportID string) ([]wire.ExpenseV4, error) {
	return ask(ctx, c, getV4("list expenses by v4", "/expenses", userID, reportID), wire.DecodeExpensesV4)
}

// ExpenseV4 reads one expense of a report by v4, an entry or an itemization.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func (c *Client) ExpenseV4(ctx context.Context, userID, reportID, expenseID string) (wire.ExpenseV4, error) {
	r := getV4("read expense by v4", "/expenses/%s", userID, reportID, expenseID)
	return ask(ctx, c, r, about(expenseID, func(e wire.ExpenseV4) string { return e.ID }, wire.DecodeExpenseV4))
}

// ItemizationsV4 reads the itemizations of an expense by v4; there are none when it is
// not itemized, which nothing else says.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func (c *Client) ItemizationsV4(ctx context.Context, userID, reportID, expenseID string) ([]wire.ExpenseV4, error) {
	return ask(ctx, c, getV4("list itemizations by v4", "/expenses/%s/itemizations", userID, reportID, expenseID), wire.DecodeExpensesV4)
}

// AllocationsV4 reads the allocations of an expense by v4.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.allocations.html
func (c *Client) AllocationsV4(ctx context.Context, userID, reportID, expenseID string) ([]expense.Allocation, error) {
	return ask(ctx, c, getV4("list allocations by v4", "/expenses/%s/allocations", userID, reportID, expenseID), wire.DecodeAllocationsV4)
}

// AttendeesV4 counts the attendees of an expense by v4. Who they are is not kept. Without a
// user the address that names none is asked, which wants a company's token.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html
func (c *Client) AttendeesV4(ctx context.Context, userID, reportID, expenseID string) (wire.Attendees, error) {
	return ask(ctx, c, getV4("count attendees by v4", attendeesPath, userID, reportID, expenseID), wire.DecodeAttendeesV4)
}

// CommentsV4 reads the comments of a report by v4, those on its expenses included. Who
// wrote them is not kept. Without a user the address that names none is asked, which wants
// a company's token.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func (c *Client) CommentsV4(ctx context.Context, userID, reportID string) ([]wire.Comment, error) {
	r := getV4("list comments by v4", commentsPath, userID, reportID)
	r.target.query = "includeAllComments=true"
	return ask(ctx, c, r, wire.DecodeComments)
}

// ExpenseCommentsV4 reads the comments of one expense of a report by v4. Without a user the
// address that names none is asked, which wants a company's token.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func (c *Client) ExpenseCommentsV4(ctx context.Context, userID, reportID, expenseID string) ([]wire.Comment, error) {
	return ask(ctx, c, getV4("list comments of an expense by v4", expenseCommentsPath, userID, reportID, expenseID), wire.DecodeComments)
}

// What can be read without naming the report's owner.
const (
	attendeesPath       = "/expenses/%s/attendees"
	commentsPath        = "/comments"
	expenseCommentsPath = "/expenses/%s/comments"
)

// getV4 reads something of a report in its owner's context. The first two IDs are those of
// the owner and of the report.
func getV4(op, path string, ids ...string) request {
	if ids[0] == "" && slices.Contains([]string{attendeesPath, commentsPath, expenseCommentsPath}, path) {
		return get(op, needsV4, v4ReportsPath+"%s"+path, ids[1:]...)
	}
	return get(op, needsV4, v4UsersPath+"%s/context/TRAVELER/reports/%s"+path, ids...).ofPerson()
}
