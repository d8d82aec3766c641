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
	// testUsers is the prefix of the name of a page of the second list, that of test users.
	testUsers    = "test users: "
	needsPending = "the scope EXPRPT, and its user the role Web Services Administrator to list everybody's reports"
)

// PendingReport is a row of the list of reports. Its owner does not leave this package.
type PendingReport struct {
	expense.PendingReport
	owner string // login
}

// PendingReports passes one page of the reports of all employees that wait at external
// validation to yield, and returns the name of the next page. The first page is ""; after the
// last page, next is "". A next page must have the path of the list.
//
// There are two lists: the reports of test users, and all others. The second list follows the
// first, page by page. If Concur refuses the list of the test users, yield gets the refusal
// like a row that cannot be read. Neither list has Central Reconciliation reports.
//
// A row that cannot be read is passed to yield as an error of kind [Malformed], and does not stop
// the others. An error of yield ends the page and is returned as it is. Yield may use the
// client.
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

// AnyReport returns any one report, whatever its status, to try an interface on. Found is
// false if there is none.
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

// ReportURI returns the v4 object URI of a listed report at the geolocation of the access
// token. It looks the owner up.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func (c *Client) ReportURI(ctx context.Context, row PendingReport) (string, error) {
	const op = "name report"
	switch {
	case ctx == nil:
		return "", invalidArgument(op, "the context is nil")
	case row.ID == "":
		return "", invalidArgument(op, "the row is none of the list: it has no ID")
	case row.owner == "":
		return "", &Error{Op: op, Kind: Malformed, Message: "the list does not say who owns the report (OwnerLoginID)"}
	}
	owner, err := c.UserID(ctx, row.owner)
	if err != nil {
		return "", asMalformed(err)
	}
	uri, err := c.uri(ctx, getV4(op, "", owner, row.ID))
	return uri, asMalformed(err)
}
