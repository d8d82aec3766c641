package concur

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsV3 = "the scope EXPRPT, and its user the role Web Services Administrator to read what others own"

// The most that is read of a list of v3. No report is that long.
const (
	mostPages = 1000
	mostRows  = 100_000
)

// ReportV3 reads the header of a report by v3. The login is that of its owner; without
// one, only the token's own user's reports are found. The report has no entries.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) ReportV3(ctx context.Context, reportID, login string) (*expense.Report, error) {
	h, err := c.headerV3(ctx, reportID, login)
	return h.Report, err
}

func (c *Client) headerV3(ctx context.Context, reportID, login string) (wire.Header, error) {
	r := request{op: "read report by v3", needs: needsV3, method: http.MethodGet, accept: mediaJSON}
	if err := c.at(&r, pendingPath+"/%s", reportID); err != nil {
		return wire.Header{}, err
	}
	if login != "" {
		r.target.query = "user=" + url.QueryEscape(login)
	}
	return askHeader(ctx, c, r, reportID, wire.DecodeReportV3)
}

// EntriesV3 reads all the entries of a report by v3, page by page. Their amounts in the
// report's currency name none.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-entry.html
func (c *Client) EntriesV3(ctx context.Context, reportID, login string) ([]wire.EntryV3, error) {
	r := request{op: "list entries by v3", needs: needsV3, method: http.MethodGet, accept: mediaJSON}
	r.target = target{path: listPath + "entries", query: rowsOf(reportID, login)}
	return everyPage(ctx, c, r, wire.DecodeEntriesV3)
}

// ItemizationsV3 reads all the itemizations of a report by v3, whatever the entry.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-itemization.html
func (c *Client) ItemizationsV3(ctx context.Context, reportID, login string) ([]wire.ItemizationV3, error) {
	r := request{op: "list itemizations by v3", needs: needsV3, method: http.MethodGet, accept: mediaJSON}
	r.target = target{path: listPath + "itemizations", query: rowsOf(reportID, login)}
	return everyPage(ctx, c, r, wire.DecodeItemizationsV3)
}

// AllocationsV3 reads all the allocations of a report by v3, whatever the entry or the
// itemization. The interface takes no login.
//
// Source: https://developer.concur.com/api-reference/expense/allocations/expense-allocations.html
func (c *Client) AllocationsV3(ctx context.Context, reportID string) ([]wire.AllocationV3, error) {
	r := request{op: "list allocations by v3", needs: needsV3, method: http.MethodGet, accept: mediaJSON}
	r.target = target{path: listPath + "allocations", query: rowsOf(reportID, "")}
	return everyPage(ctx, c, r, wire.DecodeAllocationsV3)
}

// rowsOf is the query for the rows of one report.
func rowsOf(reportID, login string) string {
	query := "limit=100&reportID=" + url.QueryEscape(reportID)
	if login != "" {
		query += "&user=" + url.QueryEscape(login)
	}
	return query
}

// everyPage reads a list of v3 to its end. A page that was read before, and a list
// without an end, are errors.
func everyPage[T any](ctx context.Context, c *Client, r request, decode func([]byte) ([]T, string, error)) ([]T, error) {
	type page struct {
		rows []T
		next string
	}
	var all []T
	seen := map[string]bool{}
	for range mostPages {
		seen[r.target.query] = true
		p, err := ask(ctx, c, r, func(body []byte) (page, error) {
			rows, next, err := decode(body)
			return page{rows, next}, err
		})
		if err != nil {
			return nil, err
		}
		if all = append(all, p.rows...); len(all) > mostRows {
			return nil, &Error{Op: r.op, Kind: TooLarge, Message: fmt.Sprintf("there are more than %d rows", mostRows)}
		}
		if p.next == "" {
			return all, nil
		}
		if r.target.query, err = c.nextPage(r.op, p.next, r.target.path); err != nil {
			return nil, err
		}
		if seen[r.target.query] {
			return nil, &Error{Op: r.op, Kind: Malformed, Message: "the list's next page is one that was read"}
		}
	}
	return nil, &Error{Op: r.op, Kind: TooLarge, Message: fmt.Sprintf("the list has more than %d pages", mostPages)}
}
