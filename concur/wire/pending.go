package wire

import (
	"strings"

	"concur-connector/expense"
)

// PendingReport is a row of the list with the login of the report's owner, for package
// concur to look up and to keep.
type PendingReport struct {
	expense.PendingReport
	Owner string
}

// DecodePendingReports reads one page of the list of reports (v3). It returns the rows that
// wait at external validation, and how many others there were. A row that cannot be read
// does not end the page: what is wrong with it is among what the page has Unread.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func DecodePendingReports(body []byte) (page Page[PendingReport], others int, err error) {
	return reportRows(body, func(status string) bool { return status == expense.StatusExternalValidation })
}

// DecodeReportRows reads the rows of such a page whatever their status.
func DecodeReportRows(body []byte) ([]PendingReport, error) {
	page, _, err := reportRows(body, func(string) bool { return true })
	return page.Rows, err
}

func reportRows(body []byte, wanted func(status string) bool) (page Page[PendingReport], others int, err error) {
	var rows []PendingReport
	root, _, unread, err := readList(body, "row", func(r record) bool {
		lenient := r
		lenient.flaw = new(flaw) // a row without a submission can be read
		row := PendingReport{Owner: r.text("OwnerLoginID"), PendingReport: expense.PendingReport{
			ID: r.text("ID"), LastModified: utc(r.date("LastModifiedDate")),
			Submitted: utc(lenient.date("SubmitDate")), Policy: lenient.text("PolicyID"),
		}}
		switch status := r.text("ApprovalStatusCode"); {
		case status == "": // not one that waits elsewhere
			r.refuse("it", "has no approval status (ApprovalStatusCode)")
		case !wanted(status):
			others++
		case !isReportID(row.ID):
			r.refuse("it", "has no ID, or one that cannot be")
		default:
			rows = append(rows, row)
		}
		return true
	}, "Items")
	next := root.text("NextPage")
	if err == nil {
		err = root.err()
	}
	if err != nil {
		return page, 0, unreadable("the list of reports", err)
	}
	return Page[PendingReport]{Rows: rows, Next: next, Unread: unread}, others, nil
}

// isReportID reports whether a text can be the ID of a report: Concur prints twenty
// hexadecimal digits, and more is let through than that, but nothing that a query or a
// log could take for something else.
func isReportID(text string) bool {
	const most = 100
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("'\"\\`%", r)
	})
}
