package wire

import (
	"fmt"
	"strings"

	"concur-connector/expense"
)

// ListedReport is a row of a list of reports, which names nobody. Of statuses such a
// list has names only, in somebody's language.
type ListedReport struct {
	ID            string         `json:"id"`
	Number        string         `json:"number,omitempty"`
	Name          string         `json:"name,omitempty"`
	Date          expense.Date   `json:"date,omitempty"`
	Submitted     expense.Date   `json:"submitted,omitempty"`
	Status        string         `json:"statusName,omitempty"`
	PaymentStatus string         `json:"paymentStatusName,omitempty"`
	HasException  *bool          `json:"hasException,omitempty"`
	Total         *expense.Money `json:"total,omitempty"`
	Claimed       *expense.Money `json:"claimed,omitempty"`
	Approved      *expense.Money `json:"approved,omitempty"`
	DueEmployee   *expense.Money `json:"dueEmployee,omitempty"`
}

// DecodeReportsToApproveV4 reads the list of the reports that somebody is to approve (v4).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func DecodeReportsToApproveV4(body []byte) ([]ListedReport, error) {
	_, rows, err := readRows(body, "report", func(r record) ListedReport {
		l := ListedReport{
			ID: r.text("reportId"), Number: r.text("reportNumber"), Name: r.text("name"),
			Date: r.date("reportDate"), Submitted: r.date("submitDate"), HasException: r.told("hasExceptions"),
			Claimed: r.money("claimedAmount"), Approved: r.money("totalApprovedAmount"), DueEmployee: r.money("amountDueEmployee"),
		}
		r.wants(l.ID)
		return l
	}, bare)
	return rows, unreadable("the list of reports", err)
}

// DecodeReportsListV2 reads the list of reports (v2.0).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v2.reports.html
func DecodeReportsListV2(body []byte) ([]ListedReport, error) {
	rows := []ListedReport{}
	err := parse(body, maxReportDepth, func(d *document) error {
		reader := &reportReader{document: d}
		return d.each(func(name string) error {
			if name != "reportsummary" {
				return nil
			}
			l, err := reader.listed()
			if err == nil && l.ID == "" {
				err = fmt.Errorf("it has no ID")
			}
			if err != nil {
				return fmt.Errorf("report %d: %w", len(rows)+1, err)
			}
			rows = append(rows, l)
			return nil
		})
	}, "ReportsList")
	if err != nil {
		return nil, unreadable("the list of reports", err)
	}
	return rows, nil
}

func (d *reportReader) listed() (l ListedReport, err error) {
	currency := ""
	err = d.each(func(name string) error {
		switch name {
		case "reportid":
			return d.string(&l.ID)
		case "reportname":
			return d.string(&l.Name)
		case "reporttotal":
			return d.money(&l.Total)
		case "reportcurrency":
			return d.string(&currency)
		case "reportdate":
			return d.date(&l.Date)
		case "approvalstatus":
			return d.string(&l.Status)
		case "paymentstatus":
			return d.string(&l.PaymentStatus)
		}
		return nil
	})
	setCurrency(strings.ToUpper(currency), l.Total)
	return l, err
}
