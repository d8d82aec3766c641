package concur

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// sourceV4 reads a report by v4, where every expense and its parts need requests of their own.
type sourceV4 struct {
	client *Client
	at     address
}

func (s sourceV4) header(ctx context.Context) (wire.Header, error) {
	return s.client.headerV4(ctx, s.at.userID, s.at.reportID)
}

// maxParallel is how many entries of a report are read at the same time.
const maxParallel = 4

func (s sourceV4) fill(ctx context.Context, report *expense.Report, parts expense.Parts) error {
	list, err := s.client.ExpensesV4(ctx, s.at.userID, s.at.reportID)
	if err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i := range list {
		group.Go(func() error { return withEntryNumber(i+1, s.expense(inner, &list[i], parts)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if report.Entries, err = entriesOf(list, parts); err != nil {
		return err
	}
	if report.HasReceiptImage == nil || *report.HasReceiptImage {
		clearHasNoReceipt(report.Entries)
	}
	if err := s.exceptions(ctx, report, parts); err != nil || !parts.Comments {
		return err
	}
	comments, err := s.client.CommentsV4(ctx, s.at.userID, s.at.reportID)
	if err != nil {
		return err
	}
	return s.client.countComments(ctx, s.at.userID, s.at.reportID, report, comments)
}

// clearHasNoReceipt makes it unknown whether an entry without a receipt has one. It is called
// if the report as a whole has an image of receipts, or does not say that it has none.
func clearHasNoReceipt(entries []expense.Entry) {
	for i := range entries {
		if !expense.True(entries[i].HasReceipt) {
			entries[i].HasReceipt = nil
		}
	}
}

// exceptions sets whether there are exceptions on the report. The header does not say so, and
// an entry only speaks for itself.
func (s sourceV4) exceptions(ctx context.Context, report *expense.Report, parts expense.Parts) error {
	some := func(e expense.Entry) bool { return expense.True(e.HasExceptions) }
	switch {
	case expense.True(report.HasException) || slices.ContainsFunc(report.Entries, some):
		report.HasException = new(true)
	case parts.Exceptions:
		all, err := s.client.ExceptionsV4(ctx, s.at.reportID)
		if err != nil {
			return err
		}
		report.HasException = new(len(all) > 0)
	}
	return nil
}

// expense reads the rest of an entry. The list does not say which entries are itemized, so
// each entry is asked for its itemizations.
func (s sourceV4) expense(ctx context.Context, e *wire.ExpenseV4, parts expense.Parts) (err error) {
	if err := s.details(ctx, e, parts); err != nil {
		return err
	}
	if parts.Itemizations {
		items, err := s.client.ItemizationsV4(ctx, s.at.userID, s.at.reportID, e.ID)
		if err != nil {
			return err
		}
		e.Itemized, e.Itemizations = new(len(items) > 0), make([]expense.Itemization, 0, len(items))
		for i := range items {
			item := &items[i]
			if err := s.details(ctx, item, parts); err != nil {
				return err
			}
			if item.Allocations, err = s.allocations(ctx, *item, parts); err != nil {
				return err
			}
			e.Itemizations = append(e.Itemizations, item.Itemization())
		}
	}
	if !expense.True(e.Itemized) && e.ParentID == "" { // those of an itemization are read with its entry
		e.Allocations, err = s.allocations(ctx, *e, parts)
	}
	return err
}

// details reads the single expense, and the number of attendees if the expense does not have
// it.
//
// The single expense also shows an itemization that stands among the entries. So an expense
// that may be one is read even if neither details nor itemizations were asked for.
func (s sourceV4) details(ctx context.Context, e *wire.ExpenseV4, parts expense.Parts) error {
	if !parts.Details && (parts.Itemizations || !e.MaybeItemization) {
		return s.count(ctx, e, parts)
	}
	single, err := s.client.ExpenseV4(ctx, s.at.userID, s.at.reportID, e.ID)
	if err != nil {
		return err
	}
	if single.AttendeeCount == nil {
		single.AttendeeCount = e.AttendeeCount
	}
	*e = single
	return s.count(ctx, e, parts)
}

// count asks how many attend an expense that does not say it.
func (s sourceV4) count(ctx context.Context, e *wire.ExpenseV4, parts expense.Parts) error {
	if e.AttendeeCount != nil || !parts.Attendees {
		return nil
	}
	attendees, err := s.client.AttendeesV4(ctx, s.at.userID, s.at.reportID, e.ID)
	if err == nil {
		e.AttendeeCount, e.Attending = &attendees.Count, attendees.Digest
	}
	return err
}

// allocations reads the allocations of an expense, whatever its state says. An expense that is
// not allocated has one hidden allocation, which carries its account.
func (s sourceV4) allocations(ctx context.Context, e wire.ExpenseV4, parts expense.Parts) ([]expense.Allocation, error) {
	if !parts.Allocations {
		return nil, nil
	}
	list, err := s.client.AllocationsV4(ctx, s.at.userID, s.at.reportID, e.ID)
	if err == nil && e.Allocated && !expense.ShowsAllocation(list) {
		err = &Error{Op: "read allocations by v4", Kind: Incomplete, Message: "Concur says that it is allocated, and no allocation arrived"}
	}
	return list, err
}

// entriesOf leaves out the itemizations of other expenses, whose money would count twice. An
// itemization without its entry shows that something is missing.
func entriesOf(list []wire.ExpenseV4, asked expense.Parts) ([]expense.Entry, error) {
	parts, seen := map[string]bool{}, map[string]bool{}
	for _, e := range list {
		for _, item := range e.Itemizations {
			parts[item.ID] = true
		}
	}
	entries := make([]expense.Entry, 0, len(list))
	for _, e := range list {
		if seen[e.ID] {
			return nil, &Error{Op: "list expenses by v4", Kind: Incomplete, Message: "an expense is listed twice, in the place of another"}
		}
		seen[e.ID] = true
		if asked.Itemizations && e.ParentID != "" && !parts[e.ID] {
			return nil, &Error{Op: "list expenses by v4", Kind: Incomplete, Message: "an itemization is listed whose entry did not arrive, or did not arrive with it"}
		}
		if !parts[e.ID] && e.ParentID == "" {
			entries = append(entries, e.Entry)
		}
	}
	return entries, nil
}

// withEntryNumber adds the number of the entry that could not be read.
func withEntryNumber(n int, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	other := *e
	other.Message = fmt.Sprintf("entry %d: %s", n, e.Message)
	return &other
}

const needsV4 = "the scope expense.report.read"

// headerV4 reads the header of a report by v4. The user is the owner, by UUID.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func (c *Client) headerV4(ctx context.Context, userID, reportID string) (wire.Header, error) {
	return askHeader(ctx, c, getV4("read report by v4", "", userID, reportID), reportID, wire.DecodeReportV4)
}

// ExpensesV4 lists the entries of a report by v4. They have no custom and organisational
// fields, which only [Client.ExpenseV4] shows.
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
	return ask(ctx, c, r, rejectOther(expenseID, func(e wire.ExpenseV4) string { return e.ID }, wire.DecodeExpenseV4))
}

// ItemizationsV4 lists the itemizations of an expense by v4. The list is empty if the expense
// is not itemized; nothing else says so.
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

// AttendeesV4 counts the attendees of an expense by v4. It does not keep who they are. Without
// a user it asks the address that names no user, which requires the token of a company.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html
func (c *Client) AttendeesV4(ctx context.Context, userID, reportID, expenseID string) (wire.Attendees, error) {
	return ask(ctx, c, getV4("count attendees by v4", attendeesPath, userID, reportID, expenseID), wire.DecodeAttendeesV4)
}

// CommentsV4 lists the comments of a report and of its expenses by v4, without their authors.
// Without a user it asks the address that names no user, which requires the token of a
// company.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func (c *Client) CommentsV4(ctx context.Context, userID, reportID string) ([]wire.Comment, error) {
	r := getV4("list comments by v4", commentsPath, userID, reportID)
	r.target.query = "includeAllComments=true"
	return ask(ctx, c, r, wire.DecodeComments)
}

// ExpenseCommentsV4 lists the comments of one expense by v4. Without a user it asks the
// address that names no user, which requires the token of a company.
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

// getV4 returns a request for a part of a report in the context of its owner. The first two
// IDs are those of the owner and of the report.
func getV4(op, path string, ids ...string) request {
	if ids[0] == "" && slices.Contains([]string{attendeesPath, commentsPath, expenseCommentsPath}, path) {
		return get(op, needsV4, v4ReportsPath+"%s"+path, ids[1:]...)
	}
	return get(op, needsV4, v4UsersPath+"%s/context/TRAVELER/reports/%s"+path, ids...).ofPerson()
}
