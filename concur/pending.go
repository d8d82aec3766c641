package concur

import (
	"cmp"
	"context"
	"net/http"
	"strings"

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
// everybody's, and returns what names the next page: nothing after the last. The first
// page is named by nothing. A next page is followed only on the list's own path. An
// error of yield ends it and is returned as it is.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) PendingReports(ctx context.Context, page string, yield func(PendingReport) error) (next string, err error) {
	r := request{op: "list pending reports", needs: needsPending, method: http.MethodGet, accept: "application/json"}
	r.target = target{path: pendingPath, query: cmp.Or(page, pendingQuery)}
	if err := plain("?" + r.target.query); err != nil {
		return "", &Error{Op: r.op, Kind: Untrusted, Message: "the page " + err.Error()}
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return "", err
	}
	rows, _, link, err := wire.DecodePendingReports(a.body)
	if err != nil {
		return "", r.unreadable(a, err)
	}
	for _, row := range rows {
		if err := yield(PendingReport{PendingReport: row.PendingReport, owner: row.Owner}); err != nil {
			return "", err
		}
	}
	if link == "" {
		return "", nil
	}
	next, err = c.nextPage(r.op, link, pendingPath)
	if err == nil && next == r.target.query {
		err = &Error{Op: r.op, Kind: Malformed, Message: "the list's next page is the one that was read"}
	}
	return next, err
}

// AnyReport returns one report of everybody's, whatever its status, to try an interface on.
// It is not found when there is none.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) AnyReport(ctx context.Context) (row PendingReport, found bool, err error) {
	r := request{op: "list reports", needs: needsPending, method: http.MethodGet, accept: "application/json"}
	r.target = target{path: pendingPath, query: anyQuery}
	a, err := c.do(ctx, r)
	if err != nil {
		return PendingReport{}, false, err
	}
	rows, err := wire.DecodeReportRows(a.body)
	switch {
	case err != nil:
		return PendingReport{}, false, r.unreadable(a, err)
	case len(rows) == 0:
		return PendingReport{}, false, nil
	}
	return PendingReport{PendingReport: rows[0].PendingReport, owner: rows[0].Owner}, true, nil
}

// nextPage takes the query of a next page's URL; its host must be allowed and its path
// that of the list.
func (c *Client) nextPage(op, raw, path string) (string, error) {
	t, err := c.target(op, NextPage, raw)
	switch {
	case err != nil:
		return "", err
	case !strings.EqualFold(strings.TrimSuffix(t.path, "/"), path):
		return "", &Error{Op: op, Kind: Untrusted, Message: NextPage + " has another path than the list"}
	case t.query == "":
		return "", &Error{Op: op, Kind: Malformed, Message: NextPage + " names no page"}
	}
	return t.query, nil
}

// ReportURI is the v4 object URI of a report of the list, at the geolocation of the access
// token. Its owner is looked up.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func (c *Client) ReportURI(ctx context.Context, row PendingReport) (string, error) {
	const op = "name report"
	if err := checkID(row.ID); err != nil {
		return "", &Error{Op: op, Kind: Untrusted, Message: "the report's id " + err.Error()}
	}
	if row.owner == "" {
		return "", &Error{Op: op, Kind: Malformed, Message: "the list does not say who owns the report (OwnerLoginID)"}
	}
	owner, err := c.UserID(ctx, row.owner)
	if err != nil {
		return "", err
	}
	access, err := c.tokens.get(ctx, "")
	if err != nil {
		return "", err
	}
	return access.base + v4UsersPath + owner + "/context/TRAVELER/reports/" + row.ID, nil
}
