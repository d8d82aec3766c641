package concur

import (
	"cmp"
	"context"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	pendingPath  = "/api/v3.0/expense/reports"
	pendingQuery = "approvalStatusCode=A_EXTV&user=ALL&limit=100"
	anyQuery     = "user=ALL&limit=1"
	needsPending = "the scope EXPRPT, and its user the role Web Services Administrator to list everybody's reports"
)

// PendingReport is a row of the list of reports. Who owns it stays in this package.
type PendingReport struct {
	expense.PendingReport
	owner string // login
}

// PendingReports hands over a page of the reports that wait at external validation,
// everybody's, and returns what names the next page. The first page is "", and so is what
// follows the last. A next page is followed only on the list's own path. A row that cannot be
// read is an error of kind [Malformed], and stops no other. An error of yield ends it and is
// returned as it is. Yield may use the client.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) PendingReports(ctx context.Context, page string, yield func(row PendingReport, unread error) error) (next string, err error) {
	r := get("list pending reports", needsPending, pendingPath)
	r.target.query = cmp.Or(page, pendingQuery)
	return onePage(ctx, c, r, func(body []byte) (wire.Page[wire.PendingReport], error) {
		rows, _, err := wire.DecodePendingReports(body)
		return rows, err
	}, func(row wire.PendingReport, unread error) error {
		return yield(PendingReport{PendingReport: row.PendingReport, owner: row.Owner}, unread)
	})
}

// AnyReport returns one report of everybody's, whatever its status, to try an interface on.
// It is not found when there is none.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) AnyReport(ctx context.Context) (row PendingReport, found bool, err error) {
	r := get("list reports", needsPending, pendingPath)
	r.target.query = anyQuery
	rows, err := ask(ctx, c, r, wire.DecodeReportRows)
	if err != nil || len(rows) == 0 {
		return PendingReport{}, false, err
	}
	return PendingReport{PendingReport: rows[0].PendingReport, owner: rows[0].Owner}, true, nil
}

// ReportURI is the v4 object URI of a report of the list, at the geolocation of the access
// token. Its owner is looked up.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func (c *Client) ReportURI(ctx context.Context, row PendingReport) (string, error) {
	const op = "name report"
	switch {
	case ctx == nil:
		return "", misused(op, "the context is nil")
	case row.ID == "":
		return "", misused(op, "the row is none of the list: it has no ID")
	case row.owner == "":
		return "", &Error{Op: op, Kind: Malformed, Message: "the list does not say who owns the report (OwnerLoginID)"}
	}
	owner, err := c.UserID(ctx, row.owner)
	if err != nil {
		return "", ofConcur(err)
	}
	uri, err := c.uri(ctx, getV4(op, "", owner, row.ID))
	return uri, ofConcur(err)
}
