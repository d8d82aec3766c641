package concur

import (
	"context"
	"net/http"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsV4 = "the scope expense.report.read"

// reportV4 is the path of a report of v4, read in its owner's context.
const reportV4 = v4UsersPath + "%s/context/TRAVELER/reports/%s"

// ReportV4 reads the header of a report by v4. The user is the owner, by UUID. The report
// has no entries.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func (c *Client) ReportV4(ctx context.Context, userID, reportID string) (*expense.Report, error) {
	h, err := c.headerV4(ctx, userID, reportID)
	return h.Report, err
}

func (c *Client) headerV4(ctx context.Context, userID, reportID string) (wire.Header, error) {
	r := readsV4("read report by v4")
	if err := c.at(&r, reportV4, userID, reportID); err != nil {
		return wire.Header{}, err
	}
	return askHeader(ctx, c, r, reportID, wire.DecodeReportV4)
}

// ExpensesV4 reads the entries of a report by v4. They are summaries: custom and
// organisational fields are only in [Client.ExpenseV4].
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func (c *Client) ExpensesV4(ctx context.Context, userID, reportID string) ([]wire.ExpenseV4, error) {
	r := readsV4("list expenses by v4")
	if err := c.at(&r, reportV4+"/expenses", userID, reportID); err != nil {
		return nil, err
	}
	return ask(ctx, c, r, wire.DecodeExpensesV4)
}

// ExpenseV4 reads one expense of a report by v4, an entry or an itemization.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func (c *Client) ExpenseV4(ctx context.Context, userID, reportID, expenseID string) (wire.ExpenseV4, error) {
	r := readsV4("read expense by v4")
	if err := c.at(&r, reportV4+"/expenses/%s", userID, reportID, expenseID); err != nil {
		return wire.ExpenseV4{}, err
	}
	return ask(ctx, c, r, wire.DecodeExpenseV4)
}

// ItemizationsV4 reads the itemizations of an expense by v4; there are none when it is
// not itemized, which nothing else says.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expenses.html
func (c *Client) ItemizationsV4(ctx context.Context, userID, reportID, expenseID string) ([]wire.ExpenseV4, error) {
	r := readsV4("list itemizations by v4")
	if err := c.at(&r, reportV4+"/expenses/%s/itemizations", userID, reportID, expenseID); err != nil {
		return nil, err
	}
	return ask(ctx, c, r, wire.DecodeExpensesV4)
}

// AllocationsV4 reads the allocations of an expense by v4.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.allocations.html
func (c *Client) AllocationsV4(ctx context.Context, userID, reportID, expenseID string) ([]expense.Allocation, error) {
	r := readsV4("list allocations by v4")
	if err := c.at(&r, reportV4+"/expenses/%s/allocations", userID, reportID, expenseID); err != nil {
		return nil, err
	}
	return ask(ctx, c, r, wire.DecodeAllocationsV4)
}

// AttendeesV4 counts the attendees of an expense by v4. Who they are is not kept.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html
func (c *Client) AttendeesV4(ctx context.Context, userID, reportID, expenseID string) (wire.Attendees, error) {
	r := readsV4("count attendees by v4")
	if err := c.at(&r, reportV4+"/expenses/%s/attendees", userID, reportID, expenseID); err != nil {
		return wire.Attendees{}, err
	}
	return ask(ctx, c, r, wire.DecodeAttendeesV4)
}

// CommentsV4 counts the comments of a report by v4, those on its expenses included. What
// they say is not kept.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func (c *Client) CommentsV4(ctx context.Context, userID, reportID string) (wire.Comments, error) {
	r := readsV4("count comments by v4")
	if err := c.at(&r, reportV4+"/comments", userID, reportID); err != nil {
		return wire.Comments{}, err
	}
	r.target.query = "includeAllComments=true"
	return ask(ctx, c, r, wire.DecodeCommentsV4)
}

func readsV4(op string) request {
	return request{op: op, needs: needsV4, method: http.MethodGet, accept: mediaJSON}
}
