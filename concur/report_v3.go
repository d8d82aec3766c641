package concur

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// sourceV3 reads a report by v3, where each kind of row is one list for the whole report.
type sourceV3 struct {
	client *Client
	from   reportOrigin
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
	if parts.Itemizations && slices.ContainsFunc(rows, mayBeItemized) {
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
	for _, row := range rows {
		report.Owner = wire.NewOwner(report.Owner.Name, report.Owner.Login, row.Owner)
	}
	if report.Entries, err = joinRows(rows, items, allocations); err != nil {
		return err
	}
	for i := range report.Entries {
		if e := &report.Entries[i]; parts.Itemizations && e.Itemized == nil {
			e.Itemized = new(len(e.Itemizations) > 0)
		}
	}
	if err := checkPartsV3(rows, items, report.Entries, parts); err != nil {
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

// mayBeItemized reports whether an entry is itemized, or Concur does not say whether it is.
func mayBeItemized(e wire.EntryV3) bool { return e.Itemized == nil || *e.Itemized }

// checkPartsV3 returns an error if an entry claims itemizations or allocations that were asked
// for, and none arrived. The allocations of an itemized entry may be on its itemizations or on
// the entry itself. An itemized entry may claim allocations although none of its itemizations
// has any.
func checkPartsV3(rows []wire.EntryV3, items []wire.ItemizationV3, entries []expense.Entry, parts expense.Parts) error {
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

// notArrived is the error of an entry that does not show a part that it claims.
func notArrived(entry int, what string) *Error {
	return &Error{Op: "read report", Kind: Incomplete, Message: fmt.Sprintf("Concur says that entry %d has %s, and none arrived", entry, what)}
}

// count asks v4 for the numbers of attendees and comments, unless v3 says that there are none.
// It skips an entry whose ID v4 does not know.
func (s sourceV3) count(ctx context.Context, report *expense.Report, rows []wire.EntryV3, parts expense.Parts) error {
	for i := range report.Entries {
		e := &report.Entries[i]
		if !parts.Attendees || e.AttendeeCount != nil || !wire.IsGUID(e.ID) {
			continue
		}
		attendees, err := s.client.AttendeesV4(ctx, "", s.from.reportID, e.ID)
		if err != nil {
			return withEntryNumber(i+1, err)
		}
		if attendees.Count == 0 && expense.True(rows[i].HasAttendees) {
			return notArrived(i+1, "attendees")
		}
		e.AttendeeCount, e.Attending = &attendees.Count, attendees.Digest
	}
	if !parts.Comments || !commentsUnknown(report.Entries, rows) {
		return nil
	}
	comments, err := s.client.CommentsV4(ctx, "", s.from.reportID)
	switch {
	case err != nil:
		return err
	case len(comments) == 0 && slices.ContainsFunc(rows, func(e wire.EntryV3) bool { return expense.True(e.HasComments) }):
		return &Error{Op: "read report", Kind: Incomplete, Message: "Concur says that entries have comments, and none arrived"}
	}
	if err := s.client.countComments(ctx, "", s.from.reportID, report, comments); err != nil {
		return err
	}
	for i := range report.Entries {
		if e := &report.Entries[i]; expense.True(rows[i].HasComments) && e.CommentCount != nil && *e.CommentCount == 0 {
			e.CommentCount = nil // its comments are on its itemizations: how many, nobody says
		}
	}
	return nil
}

// commentsUnknown reports whether v4 must be asked for the comments: there is an entry that v4
// knows, or an entry that has comments according to v3.
func commentsUnknown(entries []expense.Entry, rows []wire.EntryV3) bool {
	for i, e := range entries {
		if e.CommentCount == nil && (wire.IsGUID(e.ID) || expense.True(rows[i].HasComments)) {
			return true
		}
	}
	return false
}

// countComments counts the comments on each entry that v4 knows. If Concur does not say on
// which expense a comment is, it asks for the comments of each entry.
func (c *Client) countComments(ctx context.Context, userID, reportID string, report *expense.Report, comments []wire.Comment) error {
	counts, placed := map[string]int{}, true
	for _, comment := range comments {
		counts[comment.ExpenseID]++
		placed = placed && comment.ExpenseKnown
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
				return withEntryNumber(i+1, err)
			}
			count = len(own)
		}
		e.CommentCount = &count
	}
	return nil
}

// joinRows assigns itemizations and allocations to their entries, in the order of the lists.
// An allocation of v3 names an entry; an itemization has the ID of an entry, too. If an
// allocation names an itemized entry, it belongs to that entry, because v3 does not say to
// which itemization.
func joinRows(rows []wire.EntryV3, items []wire.ItemizationV3, allocations []wire.AllocationV3) ([]expense.Entry, error) {
	entries := make([]expense.Entry, len(rows))
	entryOf := make(map[string]int, len(rows))
	for i, row := range rows {
		if _, twice := entryOf[row.Key]; twice {
			return nil, incompleteV3("an entry is listed twice, in the place of another")
		}
		entries[i], entryOf[row.Key] = row.Entry, i
	}
	type where struct{ entry, item int }
	itemOf := make(map[string]where, len(items))
	for _, item := range items {
		i, ok := entryOf[item.EntryKey]
		if _, twice := itemOf[item.Key]; !ok || twice {
			return nil, incompleteV3("an itemization belongs to no entry that arrived, or is listed twice")
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
		case len(items) > 0 || !slices.ContainsFunc(rows, mayBeItemized):
			return nil, incompleteV3("an allocation belongs to no entry that arrived")
		}
	}
	return entries, nil
}

// incompleteV3 is the error of lists that do not fit together, so that something is missing.
func incompleteV3(message string) *Error {
	return &Error{Op: "read report by v3", Kind: Incomplete, Message: message}
}

const needsV3 = "the scope EXPRPT, and its user the role Web Services Administrator to read what others own"

// headerV3 reads the header of a report by v3. The login is that of the owner and is required:
// without a login v3 searches only the reports of the token's own user.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) headerV3(ctx context.Context, reportID, login string) (wire.Header, error) {
	r := get("read report by v3", needsV3, pendingPath+"/%s", reportID).ofPerson()
	r.target.query = "user=" + url.QueryEscape(login)
	return askHeader(ctx, c, r.ownedBy(login), reportID, wire.DecodeReportV3)
}

// ownedBy refuses a request for somebody's objects without a login. Concur would answer 404,
// or an empty list.
func (r request) ownedBy(login string) request {
	if login == "" && r.err == nil {
		r.err = invalidArgument(r.op, "the login of the report's owner is empty")
	}
	return r
}

// EntriesV3 reads all entries of a report by v3, page by page. Amounts in the report's
// currency name no currency. The login is that of the owner and is required.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-entry.html
func (c *Client) EntriesV3(ctx context.Context, reportID, login string) ([]wire.EntryV3, error) {
	return everyPage(ctx, c, listV3("entries", reportID, login).ownedBy(login), wire.DecodeEntriesV3)
}

// ItemizationsV3 reads all itemizations of a report by v3, of every entry.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-itemization.html
func (c *Client) ItemizationsV3(ctx context.Context, reportID, login string) ([]wire.ItemizationV3, error) {
	return everyPage(ctx, c, listV3("itemizations", reportID, login).ownedBy(login), wire.DecodeItemizationsV3)
}

// AllocationsV3 reads all allocations of a report by v3. Each names its entry or itemization
// by the Key of [Client.EntriesV3] and [Client.ItemizationsV3]. The interface takes no login.
//
// Source: https://developer.concur.com/api-reference/expense/allocations/expense-allocations.html
func (c *Client) AllocationsV3(ctx context.Context, reportID string) ([]wire.AllocationV3, error) {
	return everyPage(ctx, c, listV3("allocations", reportID, ""), wire.DecodeAllocationsV3)
}

// listV3 returns a request for the rows of one kind of one report.
func listV3(kind, reportID, login string) request {
	r := get("list "+kind+" by v3", needsV3, listPath+kind).ofPerson()
	if err := checkID(reportID); err != nil {
		r.err = invalidArgument(r.op, "the report's ID "+err.Error())
	}
	r.target.query = "limit=100&reportID=" + url.QueryEscape(reportID)
	if login != "" {
		r.target.query += "&user=" + url.QueryEscape(login)
	}
	return r
}

// PolicyV3 returns the identifier of a report's policy, as v3 prints it in the list of
// reports. Other interfaces may print another one. The object URI is that of a callout or an
// event.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) PolicyV3(ctx context.Context, objectURI string) (string, error) {
	const op = "read policy by v3"
	t, err := c.target(op, ObjectURI, objectURI)
	switch {
	case ctx == nil:
		return "", invalidArgument(op, "the context is nil")
	case err != nil:
		return "", err
	}
	from, known := c.origins.find(t.path + "?" + t.query)
	if at, err := addressOf(t.path); err == nil {
		owner, err := c.users.Owner(ctx, at.userID)
		if err != nil {
			return "", err
		}
		from, known = reportOrigin{at.reportID, owner.Login, owner}, true
	}
	if !known {
		owned, err := c.ownedReport(ctx, objectURI)
		if err != nil {
			return "", err
		}
		if from, err = originOf(owned); err != nil {
			return "", err
		}
	}
	h, err := c.headerV3(ctx, from.reportID, from.login)
	if err != nil {
		return "", err
	}
	return h.Report.Policy, nil
}
