package wire

import (
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// PendingReport is a row of the list of reports with the login of the report's owner, which
// only package concur uses.
type PendingReport struct {
	expense.PendingReport
	Owner string
}

// DecodePendingReports reads one page of the list of reports (v3). It returns the rows that
// wait at external validation, and counts the others. A row that cannot be read is skipped;
// the page has its error in Unread.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func DecodePendingReports(body []byte) (page Page[PendingReport], others int, err error) {
	return reportRows(body, func(status string) bool { return status == expense.StatusExternalValidation })
}

// DecodeReportRows reads the rows of such a page, whatever their status.
func DecodeReportRows(body []byte) ([]PendingReport, error) {
	page, _, err := reportRows(body, func(string) bool { return true })
	return page.Rows, err
}

func reportRows(body []byte, wanted func(status string) bool) (page Page[PendingReport], others int, err error) {
	var rows []PendingReport
	root, _, unread, err := readList(body, "row", func(r record) bool {
		unchecked := record{r.Unchecked()} // a row without a submission can be read
		row := PendingReport{Owner: r.Text("OwnerLoginID"), PendingReport: expense.PendingReport{
			ID: r.Text("ID"), LastModified: lenient.Time(string(r.date("LastModifiedDate"))),
			Submitted: lenient.Time(string(unchecked.date("SubmitDate"))), Policy: unchecked.Text("PolicyID"),
		}}
		switch status := r.Text("ApprovalStatusCode"); {
		case status == "": // nobody knows whether it waits
			r.Refuse("it", "has no approval status (ApprovalStatusCode)")
		case !wanted(status):
			others++
		case !isReportID(row.ID):
			r.Refuse("it", "has no ID, or one that cannot be")
		default:
			rows = append(rows, row)
		}
		return true
	}, "Items")
	next := root.Text("NextPage")
	if err == nil {
		err = root.Err()
	}
	if err != nil {
		return page, 0, unreadable("the list of reports", err)
	}
	return Page[PendingReport]{Rows: rows, Next: next, Unread: unread}, others, nil
}

// isReportID reports whether a text can be the ID of a report. Concur prints twenty hexadecimal
// digits. Other texts are accepted, too, unless they hold a character with a meaning in a
// query or a log.
func isReportID(text string) bool {
	const most = 100
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("'\"\\`%", r)
	})
}
