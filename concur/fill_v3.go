package concur

import (
	"context"
	"fmt"
	"slices"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// sourceV3 reads a report by v3, where each kind of row is one list for the whole report.
type sourceV3 struct {
	client *Client
	from   origin
}

func (s sourceV3) header(ctx context.Context) (wire.Header, error) {
	return s.client.headerV3(ctx, s.from.reportID, s.from.login)
}

func (s sourceV3) fill(ctx context.Context, report *expense.Report, parts expense.Parts) error {
	rows, err := s.client.EntriesV3(ctx, s.from.reportID, s.from.login)
	if err != nil {
		return err
	}
	var items []wire.ItemizationV3
	itemized := slices.ContainsFunc(rows, func(e wire.EntryV3) bool { return expense.True(e.Itemized) })
	if parts.Itemizations && itemized {
		if items, err = s.client.ItemizationsV3(ctx, s.from.reportID, s.from.login); err != nil {
			return err
		}
	}
	var allocations []wire.AllocationV3
	if parts.Allocations && len(rows) > 0 { // what is not allocated has a hidden one
		if allocations, err = s.client.AllocationsV3(ctx, s.from.reportID); err != nil {
			return err
		}
	}
	if report.Entries, err = join(rows, items, allocations); err != nil {
		return err
	}
	if err := announcedV3(rows, items, report.Entries, parts); err != nil {
		return err
	}
	for i := range report.Entries {
		e := &report.Entries[i]
		if parts.Itemizations && e.Itemizations == nil {
			e.Itemizations = []expense.Itemization{}
		}
		if parts.Allocations && e.Allocations == nil {
			e.Allocations = []expense.Allocation{}
		}
	}
	return s.count(ctx, report, rows, parts)
}

// announcedV3 returns an error when an entry is said to have itemizations or allocations
// that were asked for, and none arrived. The allocations of an itemized entry stand at its
// itemizations, or at the entry itself: it is not always said whose they are. An itemized entry
// may say that it is allocated although none of its itemizations is.
func announcedV3(rows []wire.EntryV3, items []wire.ItemizationV3, entries []expense.Entry, parts expense.Parts) error {
	shares := map[string]bool{} // the entries and itemizations that say so
	for _, row := range rows {
		shares[row.ID] = row.Allocated
	}
	for _, item := range items {
		shares[item.ID] = item.Allocated
	}
	for i, e := range entries {
		if parts.Itemizations && expense.True(e.Itemized) && len(e.Itemizations) == 0 {
			return notArrived(i+1, "itemizations")
		}
		if !parts.Allocations {
			continue
		}
		if shares[e.ID] && !expense.True(e.Itemized) && !expense.ShowsAllocation(e.Allocations) {
			return notArrived(i+1, "allocations")
		}
		theirs := slices.ContainsFunc(e.Allocations, func(a expense.Allocation) bool { return !expense.True(a.Hidden) })
		for _, item := range e.Itemizations {
			if shares[item.ID] && !theirs && !expense.ShowsAllocation(item.Allocations) {
				return notArrived(i+1, "an itemization with allocations")
			}
		}
	}
	return nil
}

// notArrived is the error of an entry that does not show what it is said to have.
func notArrived(entry int, what string) *Error {
	return &Error{Op: "read report", Kind: Incomplete, Message: fmt.Sprintf("Concur says that entry %d has %s, and none arrived", entry, what)}
}

// count asks v4 how many attendees and comments there are, where v3 does not say that there
// are none. An entry whose ID v4 does not know cannot be asked about.
func (s sourceV3) count(ctx context.Context, report *expense.Report, rows []wire.EntryV3, parts expense.Parts) error {
	for i := range report.Entries {
		e := &report.Entries[i]
		if !parts.Attendees || e.AttendeeCount != nil || !wire.IsGUID(e.ID) {
			continue
		}
		attendees, err := s.client.AttendeesV4(ctx, "", s.from.reportID, e.ID)
		if err != nil {
			return numbered(i+1, err)
		}
		if attendees.Count == 0 && expense.True(rows[i].Attended) {
			return notArrived(i+1, "attendees")
		}
		e.AttendeeCount, e.Attending = &attendees.Count, attendees.Who
	}
	if !parts.Comments || !commentsUnknown(report.Entries, rows) {
		return nil
	}
	comments, err := s.client.CommentsV4(ctx, "", s.from.reportID)
	switch {
	case err != nil:
		return err
	case len(comments) == 0 && slices.ContainsFunc(rows, func(e wire.EntryV3) bool { return expense.True(e.Commented) }):
		return &Error{Op: "read report", Kind: Incomplete, Message: "Concur says that entries have comments, and none arrived"}
	}
	if err := s.client.countComments(ctx, "", s.from.reportID, report, comments); err != nil {
		return err
	}
	for i := range report.Entries {
		if e := &report.Entries[i]; expense.True(rows[i].Commented) && e.CommentCount != nil && *e.CommentCount == 0 {
			e.CommentCount = nil // its comments are on its itemizations: how many, nobody says
		}
	}
	return nil
}

// commentsUnknown reports whether v4 is to be asked how many comments there are: of an entry
// that it knows, or of one that has some, as v3 says.
func commentsUnknown(entries []expense.Entry, rows []wire.EntryV3) bool {
	for i, e := range entries {
		if e.CommentCount == nil && (wire.IsGUID(e.ID) || expense.True(rows[i].Commented)) {
			return true
		}
	}
	return false
}

// countComments counts the comments on each entry that v4 knows. Concur may not tell on which
// expense a comment is: then each entry is asked for its own.
func (c *Client) countComments(ctx context.Context, userID, reportID string, report *expense.Report, comments []wire.Comment) error {
	counts, placed := map[string]int{}, true
	for _, comment := range comments {
		counts[comment.ExpenseID]++
		placed = placed && comment.Placed
	}
	for i := range report.Entries {
		e := &report.Entries[i]
		if report.Via != expense.V4 && !wire.IsGUID(e.ID) {
			continue
		}
		count := counts[e.ID]
		if !placed {
			own, err := c.ExpenseCommentsV4(ctx, userID, reportID, e.ID)
			if err != nil {
				return numbered(i+1, err)
			}
			count = len(own)
		}
		e.CommentCount = &count
	}
	return nil
}

// join puts itemizations and allocations where they belong, in the order of the lists.
// An allocation of v3 names an entry, and an itemization is one in this respect. Where it
// names an entry that is itemized, it is that entry's: which itemization is meant is not
// said.
func join(rows []wire.EntryV3, items []wire.ItemizationV3, allocations []wire.AllocationV3) ([]expense.Entry, error) {
	entries := make([]expense.Entry, len(rows))
	entryOf := make(map[string]int, len(rows))
	for i, row := range rows {
		if _, twice := entryOf[row.Key]; twice {
			return nil, inconsistent("an entry is listed twice, in the place of another")
		}
		entries[i], entryOf[row.Key] = row.Entry, i
	}
	type where struct{ entry, item int }
	itemOf := make(map[string]where, len(items))
	for _, item := range items {
		i, ok := entryOf[item.EntryKey]
		if _, twice := itemOf[item.Key]; !ok || twice {
			return nil, inconsistent("an itemization belongs to no entry that arrived, or is listed twice")
		}
		e := &entries[i]
		if item.Transaction != nil && e.Transaction != nil {
			item.Transaction.Currency = e.Transaction.Currency // the itemization names none
		}
		itemOf[item.Key] = where{i, len(e.Itemizations)}
		e.Itemizations = append(e.Itemizations, item.Itemization)
	}
	for _, a := range allocations {
		at, ofItem := itemOf[a.ItemizationKey]
		if !ofItem {
			at, ofItem = itemOf[a.EntryKey]
		}
		i, ofEntry := entryOf[a.EntryKey]
		switch {
		case ofItem:
			item := &entries[at.entry].Itemizations[at.item]
			item.Allocations = append(item.Allocations, a.Allocation)
		case ofEntry:
			entries[i].Allocations = append(entries[i].Allocations, a.Allocation)
		case len(items) > 0 || !slices.ContainsFunc(rows, func(e wire.EntryV3) bool { return expense.True(e.Itemized) }):
			return nil, inconsistent("an allocation belongs to no entry that arrived")
		}
	}
	return entries, nil
}

// inconsistent is the error of lists that do not fit together: something of them is missing.
func inconsistent(message string) *Error {
	return &Error{Op: "read report by v3", Kind: Incomplete, Message: message}
}
