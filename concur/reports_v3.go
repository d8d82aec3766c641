package concur

import (
	"context"
	"net/url"

	"concur-connector/concur/wire"
)

const needsV3 = "the scope EXPRPT, and its user the role Web Services Administrator to read what others own"

// headerV3 reads the header of a report by v3. The login is that of its owner, and must be
// given: without one v3 looks among the reports of the token's own user alone, and says of any
// other that there is none.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) headerV3(ctx context.Context, reportID, login string) (wire.Header, error) {
	r := get("read report by v3", needsV3, pendingPath+"/%s", reportID).ofPerson()
	r.target.query = "user=" + url.QueryEscape(login)
	return askHeader(ctx, c, r.ownedBy(login), reportID, wire.DecodeReportV3)
}

// ownedBy refuses to ask for what somebody owns without saying who: the answer would be a 404,
// or a list that is empty, whatever there is.
func (r request) ownedBy(login string) request {
	if login == "" && r.wrong == nil {
		r.wrong = misused(r.op, "the login of the report's owner is empty")
	}
	return r
}

// EntriesV3 reads all the entries of a report by v3, page by page. Their amounts in the
// report's currency name none. The login is that of the owner, and must be given.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-entry.html
func (c *Client) EntriesV3(ctx context.Context, reportID, login string) ([]wire.EntryV3, error) {
	return everyPage(ctx, c, listV3("entries", reportID, login).ownedBy(login), wire.DecodeEntriesV3)
}

// ItemizationsV3 reads all the itemizations of a report by v3, whatever the entry.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-itemization.html
func (c *Client) ItemizationsV3(ctx context.Context, reportID, login string) ([]wire.ItemizationV3, error) {
	return everyPage(ctx, c, listV3("itemizations", reportID, login).ownedBy(login), wire.DecodeItemizationsV3)
}

// AllocationsV3 reads all the allocations of a report by v3. Each names its entry, or its
// itemization, by the Key of [Client.EntriesV3] and [Client.ItemizationsV3]. The interface
// takes no login.
//
// Source: https://developer.concur.com/api-reference/expense/allocations/expense-allocations.html
func (c *Client) AllocationsV3(ctx context.Context, reportID string) ([]wire.AllocationV3, error) {
	return everyPage(ctx, c, listV3("allocations", reportID, ""), wire.DecodeAllocationsV3)
}

// listV3 asks for the rows of one kind of one report.
func listV3(kind, reportID, login string) request {
	r := get("list "+kind+" by v3", needsV3, listPath+kind).ofPerson()
	if err := checkID(reportID); err != nil {
		r.wrong = misused(r.op, "the report's ID "+err.Error())
	}
	r.target.query = "limit=100&reportID=" + url.QueryEscape(reportID)
	if login != "" {
		r.target.query += "&user=" + url.QueryEscape(login)
	}
	return r
}
