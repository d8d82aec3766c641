package wire

import (
	"errors"

	"concur-connector/expense"
)

// Header is the header of a report as v3 or v4 gives it, with what package concur keeps
// to itself. Its report has no entries.
type Header struct {
	Report *expense.Report
	Owner  string // by v3 the login, by v4 the UUID
	Mark   string // what it tells of the step, for [SameMark]
}

// DecodeReportV3 reads the header of a report as v3 gives it. Its WorkflowActionUrl
// cannot be used and is left out.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func DecodeReportV3(body []byte) (Header, error) {
	return decodeHeader(body, func(r record) Header {
		report := &expense.Report{
			ID: r.text("ID"), Name: r.text("Name"), Purpose: r.text("Purpose", "BusinessPurpose"),
			Currency: r.text("CurrencyCode"), Status: r.text("ApprovalStatusCode"), PaymentStatus: r.text("PaymentStatusCode"),
			Policy: r.text("PolicyID"), Ledger: r.text("LedgerName"),
			Date: r.date("UserDefinedDate"), Created: r.date("CreateDate"), Submitted: r.date("SubmitDate"),
			EverSentBack: r.told("EverSentBack"), HasException: r.told("HasException", "HasExceptions"),
			Total: r.money("Total"), PersonalExpenses: r.money("PersonalAmount"),
			DueEmployee: r.money("AmountDueEmployee"), DueCompanyCard: r.money("AmountDueCompanyCard"),
			Claimed: r.money("TotalClaimedAmount"), Approved: r.money("TotalApprovedAmount"),
			Via: expense.V3,
		}
		r.fields(&report.OrgUnits, &report.Custom, fieldV3)
		if report.Status == "" { // not one that waits elsewhere
			r.refuse("the report", "has no approval status (ApprovalStatusCode)")
		}
		return Header{Report: report, Owner: r.text("OwnerLoginID")}
	})
}

// DecodeReportV4 reads the header of a report as v4 gives it.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html
func DecodeReportV4(body []byte) (Header, error) {
	return decodeHeader(body, func(r record) Header {
		report := &expense.Report{
			ID: r.text("reportId"), Name: r.text("name"), Purpose: r.text("businessPurpose"),
			Currency: r.text("currencyCode"), Status: r.text("approvalStatusId"), PaymentStatus: r.text("paymentStatusId"),
			Policy: r.text("policyId"), Ledger: r.text("ledger", "ledgerId"),
			Date: day(r.date("reportDate")), Created: r.date("creationDate"), Submitted: r.date("submitDate"),
			EverSentBack: everSentBack(r), HasException: r.exceptions(), HasReceiptImage: r.told("isReceiptImageAvailable"),
			Total: r.money("reportTotal"), PersonalExpenses: r.money("personalAmount"),
			DueEmployee: r.money("amountDueEmployee"), DueCompanyCard: r.money("amountDueCompanyCard"),
			Claimed: r.money("claimedAmount"), Approved: r.money("approvedAmount"),
			Via: expense.V4,
		}
		r.customData(&report.OrgUnits, &report.Custom)
		if report.Status == "" {
			r.refuse("the report", "has no approval status (approvalStatusId)")
		}
		return Header{Report: report, Owner: r.text("userId")}
	})
}

// everSentBack reads what a header of v4 may leave out. That a report is not sent back now
// does not say that it never was.
func everSentBack(r record) *bool {
	if r.yes("isSentBack") {
		return new(true)
	}
	return r.told("isReportEverSentBack")
}

func decodeHeader(body []byte, read func(r record) Header) (Header, error) {
	r, err := readObject(body)
	if err != nil {
		return Header{}, unreadable("the report", err)
	}
	h := read(r)
	if err = r.err(); err == nil && !isReportID(h.Report.ID) {
		err = errors.New("it has no ID, or one that cannot be")
	}
	if err != nil {
		return Header{}, unreadable("the report", err)
	}
	SetCurrency(h.Report)
	h.Mark = markOf(r, h.Report.Content())
	return h, nil
}
