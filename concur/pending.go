package concur

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	pendingPath  = "/api/v3.0/expense/reports"
	pendingQuery = "approvalStatusCode=A_EXTV&user=ALL&limit=100&isTestUser="
	anyQuery     = "user=ALL&limit=1&isTestUser="
	// testUsers begins the name of a page of the second list, that of the test users.
	testUsers    = "test users: "
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
// There are two lists: one of the reports of test users, and one of all others. The second
// follows the first, page by page. Where Concur refuses the list of the test users, that is
// handed over like a row that cannot be read. Neither shows Central Reconciliation reports.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) PendingReports(ctx context.Context, page string, yield func(row PendingReport, unread error) error) (next string, err error) {
	r := get("list pending reports", needsPending, pendingPath)
	query, tests := strings.CutPrefix(page, testUsers)
	listed := false
	r.target.query = cmp.Or(query, pendingQuery+strconv.FormatBool(tests))
	next, err = onePage(ctx, c, r, func(body []byte) (wire.Page[wire.PendingReport], error) {
		rows, _, err := wire.DecodePendingReports(body)
		listed = true
		return rows, err
	}, func(row wire.PendingReport, unread error) error {
		return yield(PendingReport{PendingReport: row.PendingReport, owner: row.Owner}, unread)
	})
	var e *Error
	switch {
	case tests && !listed && errors.As(err, &e) && e.Kind == Rejected:
		return "", yield(PendingReport{}, err)
	case err != nil || tests && next == "":
		return "", err
	case next == "" || tests:
		return testUsers + next, nil
	}
	return next, nil
}

// AnyReport returns one report of everybody's, whatever its status, to try an interface on.
// It is not found when there is none.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) AnyReport(ctx context.Context) (row PendingReport, found bool, err error) {
	for _, tests := range []bool{false, true} {
		r := get("list reports", needsPending, pendingPath)
		r.target.query = anyQuery + strconv.FormatBool(tests)
		rows, err := ask(ctx, c, r, wire.DecodeReportRows)
		switch {
		case errors.Is(err, Rejected) && tests:
			return PendingReport{}, false, nil
		case err != nil:
			return PendingReport{}, false, err
		case len(rows) > 0:
			return PendingReport{PendingReport: rows[0].PendingReport, owner: rows[0].Owner}, true, nil
		}
	}
	return PendingReport{}, false, nil
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
