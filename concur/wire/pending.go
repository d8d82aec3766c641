package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"concur-connector/expense"
)

// PendingReport is a row of the list with the login of the report's owner, for package
// concur to look up and to keep.
type PendingReport struct {
	expense.PendingReport
	Owner string
}

// DecodePendingReports reads one page of the list of reports (v3) and returns the rows
// that wait at external validation, how many other rows there were, and the URL of the
// next page, as it was sent, or nothing.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func DecodePendingReports(body []byte) (rows []PendingReport, others int, next string, err error) {
	return decodeRows(body, func(status string) bool { return status == expense.StatusExternalValidation })
}

// DecodeReportRows reads the rows of such a page whatever their status.
func DecodeReportRows(body []byte) ([]PendingReport, error) {
	rows, _, _, err := decodeRows(body, func(string) bool { return true })
	return rows, err
}

func decodeRows(body []byte, wanted func(status string) bool) (rows []PendingReport, others int, next string, err error) {
	var page struct {
		Items []struct {
			ID                 string
			ApprovalStatusCode string
			LastModifiedDate   *string
			OwnerLoginID       *string
		}
		NextPage *string
	}
	if !utf8.Valid(body) { // the decoder would put other characters into an ID
		return nil, 0, "", fmt.Errorf("the list of reports cannot be read: %w", errUTF8)
	}
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\uFEFF")), &page); err != nil {
		return nil, 0, "", errors.New("the list of reports cannot be read: it is not JSON of the documented shape")
	}
	if page.Items == nil {
		return nil, 0, "", errors.New("the list of reports cannot be read: it has no Items")
	}
	for i, item := range page.Items {
		if item.ApprovalStatusCode == "" { // not one that waits elsewhere
			return nil, 0, "", fmt.Errorf("the list of reports cannot be read: row %d has no approval status (ApprovalStatusCode)", i+1)
		}
		if !wanted(item.ApprovalStatusCode) {
			others++
			continue
		}
		id := strings.TrimSpace(item.ID)
		if !isReportID(id) {
			return nil, 0, "", fmt.Errorf("the list of reports cannot be read: row %d has no ID, or one that cannot be", i+1)
		}
		row := PendingReport{PendingReport: expense.PendingReport{ID: id}}
		if item.LastModifiedDate != nil {
			row.LastModified = utc(*item.LastModifiedDate)
		}
		if item.OwnerLoginID != nil {
			row.Owner = strings.TrimSpace(*item.OwnerLoginID)
		}
		rows = append(rows, row)
	}
	if page.NextPage != nil {
		next = strings.TrimSpace(*page.NextPage)
	}
	return rows, others, next, nil
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

// utc reads a time of last modification, which Concur prints in UTC and without
// saying so. One that cannot be read is the zero time.
func utc(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, form := range []string{"2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(form, text); err == nil && at.Year() > 1 {
			return at.UTC()
		}
	}
	return time.Time{}
}
