package concur

import (
	"context"
	"net/http"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	pendingPath  = "/api/v3.0/expense/reports"
	pendingQuery = "approvalStatusCode=A_EXTV&user=ALL&limit=100"
	needsPending = "the scope EXPRPT, and its user the role Web Services Administrator to list everybody's reports"
)

// maxPages bounds how far a list is followed whose next page never ends.
const maxPages = 1000

// PendingReports hands over every report that waits at external validation,
// everybody's. The next page is followed only on the list's own path. An error of
// yield ends it and is returned as it is.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) PendingReports(ctx context.Context, yield func(expense.PendingReport) error) error {
	r := request{op: "list pending reports", needs: needsPending, method: http.MethodGet, accept: "application/json"}
	r.target = target{path: pendingPath, query: pendingQuery}
	seen := map[string]bool{}
	for range maxPages {
		a, err := c.do(ctx, r)
		if err != nil {
			return err
		}
		rows, _, next, err := wire.DecodePendingReports(a.body)
		if err != nil {
			return r.unreadable(a, err)
		}
		for _, row := range rows {
			if err := yield(row); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		if r.target, err = c.nextPage(r.op, next); err != nil {
			return err
		}
		if seen[r.target.query] {
			return &Error{Op: r.op, Kind: Malformed, Message: "the list's next page is one that was read before"}
		}
		seen[r.target.query] = true
	}
	return &Error{Op: r.op, Kind: Malformed, Message: "the list has no end"}
}

// nextPage takes the query of a next page's URL; host and path must be those of the
// list.
func (c *Client) nextPage(op, raw string) (target, error) {
	t, err := c.target(op, NextPage, raw)
	if err == nil && !strings.EqualFold(strings.TrimSuffix(t.path, "/"), pendingPath) {
		err = &Error{Op: op, Kind: Untrusted, Message: NextPage + " has another path than the list"}
	}
	return target{path: pendingPath, query: t.query}, err
}
