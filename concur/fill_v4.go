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

// sourceV4 reads a report by v4, where an expense and what belongs to it are requests of
// their own.
type sourceV4 struct {
	client *Client
	at     address
}

func (s sourceV4) header(ctx context.Context) (wire.Header, error) {
	return s.client.headerV4(ctx, s.at.userID, s.at.reportID)
}

// atOnce is how many entries of a report are read at the same time.
const atOnce = 4

func (s sourceV4) fill(ctx context.Context, report *expense.Report, parts expense.Parts) error {
	list, err := s.client.ExpensesV4(ctx, s.at.userID, s.at.reportID)
	if err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range list {
		group.Go(func() error { return numbered(i+1, s.expense(inner, &list[i], parts)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if report.Entries, err = entriesOf(list, parts); err != nil {
		return err
	}
	if report.HasReceiptImage == nil || *report.HasReceiptImage {
		doubtReceipts(report.Entries)
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

// doubtReceipts takes back that an entry has no receipt, where the report as a whole has an
// image of receipts, or does not say that it has none: the entry's may be on it.
func doubtReceipts(entries []expense.Entry) {
	for i := range entries {
		if !expense.True(entries[i].HasReceipt) {
			entries[i].HasReceipt = nil
		}
	}
}

// exceptions says whether there are any on the report: the header does not, and an entry
// only says so of itself.
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

// expense reads what else there is of an entry. Nothing in the list says whether it is
// itemized, so that each is asked for its itemizations.
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

// details reads the single expense, and how many attend it when that does not say.
//
// It also tells an itemization that stands among the entries: with neither details nor
// itemizations, one that may be one is asked for.
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
		e.AttendeeCount, e.Attending = &attendees.Count, attendees.Who
	}
	return err
}

// allocations reads those of an expense, whatever its state says: what is not allocated has
// a hidden one, which carries its account.
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

// entriesOf leaves out those that are itemizations of others: their money would count
// twice.
// An itemization whose entry does not have it, or is not there, shows that something is
// missing.
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

// numbered says which entry could not be read.
func numbered(n int, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	other := *e
	other.Message = fmt.Sprintf("entry %d: %s", n, e.Message)
	return &other
}
