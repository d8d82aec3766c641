package concur

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const needsReports = "the scope EXPRPT, and its user the role Company Administrator or Web Services Administrator"

// Report reads the expense report that an ObjectURI names. A report that does not
// give its key gets the URI's.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v1dot1.report-full-details.html
func (c *Client) Report(ctx context.Context, objectURI string) (*expense.Report, error) {
	report, _, err := c.ReportOf(ctx, objectURI, nil)
	return report, err
}

// ReportOf is [Client.Report], and says whether the report is that of one of these
// logins, in any case. The login itself goes no further.
func (c *Client) ReportOf(ctx context.Context, objectURI string, logins []string) (_ *expense.Report, theirs bool, err error) {
	report, owner, err := c.ownedReport(ctx, objectURI)
	return report, slices.ContainsFunc(logins, func(l string) bool { return err == nil && sameLogin(l, owner) }), err
}

// ownedReport reads a report by v1.1, and the login of its owner.
func (c *Client) ownedReport(ctx context.Context, objectURI string) (_ *expense.Report, owner string, err error) {
	r := request{op: "read report", needs: needsReports, method: http.MethodGet}
	if r.target, err = c.target(r.op, ObjectURI, objectURI); err != nil {
		return nil, "", err
	}
	if err := under(reportPath, r.target.path); err != nil { // v1.1's alone
		return nil, "", &Error{Op: r.op, Kind: Untrusted, Message: ObjectURI + " " + err.Error()}
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, "", err
	}
	report, owner, err := wire.DecodeOwnedReport(a.body)
	if err == nil && report.Status == "" {
		err = errors.New("the report has no approval status (ApsKey)") // not one that waits elsewhere
	}
	if err != nil {
		return nil, "", r.unreadable(a, err)
	}
	if report.Key == "" {
		if _, report.Key, err = expense.Identify(objectURI); err != nil {
			return nil, "", &Error{Op: r.op, Kind: Untrusted, Message: err.Error()}
		}
	}
	return report, owner, nil
}

// ReportV2 reads an expense report by its ReportId, by the v2.0 interface. It has no key:
// that of v2.0 is another one than the RptKey that v1.1 takes, so exceptions cannot be
// posted by it.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-report-get.html
func (c *Client) ReportV2(ctx context.Context, reportID string) (*expense.Report, error) {
	r := request{op: "read report by v2.0", needs: needsReports, method: http.MethodGet}
	r.target.path = reportPath + "v2.0/report/" + reportID
	if err := checkKey(reportID, r.target.path); err != nil {
		return nil, &Error{Op: r.op, Kind: Untrusted, Message: "the report's ID " + err.Error()}
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	report, err := wire.DecodeReport(a.body)
	if err == nil && report.Status == "" {
		err = errors.New("the report has no approval status (ApprovalStatusCode)")
	}
	if err != nil {
		return nil, r.unreadable(a, err)
	}
	return report, nil
}

// sameLogin compares two logins, in any case of the letters of ASCII: beyond it there are
// look-alikes that fold to them.
func sameLogin(a, b string) bool { return foldLogin(a) == foldLogin(b) }

func foldLogin(login string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, login)
}

// PostExceptions posts exceptions on the report with that key, the RptKey of its
// header, and returns what became of each. Without exceptions nothing is sent.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html
func (c *Client) PostExceptions(ctx context.Context, reportKey string, exceptions []expense.Exception) ([]wire.ItemResult, error) {
	if len(exceptions) == 0 {
		return nil, nil
	}
	r := request{op: "post exceptions", needs: needsReports, method: http.MethodPost, write: true}
	r.target.path = reportPath + "v1.1/report/" + reportKey + "/Exceptions"
	if err := checkKey(reportKey, r.target.path); err != nil {
		return nil, &Error{Op: r.op, Kind: Untrusted, Message: "the report key " + err.Error()}
	}
	r.body = wire.EncodeExceptions(exceptions)
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	results, err := wire.DecodeExceptionResult(a.body, len(exceptions))
	if err != nil {
		return nil, r.unreadable(a, err)
	}
	return results, nil
}

// TakeAction passes a report on, or sends it back to the employee, which wants a
// comment. It succeeds only when Concur's answer says so; a failure that Concur
// reports inside HTTP 200 is of kind [Rejected] and has Concur's words.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html
func (c *Client) TakeAction(ctx context.Context, actionURL string, action expense.Action, comment string) error {
	r := request{op: "take action", needs: needsReports, method: http.MethodPost, write: true}
	var err error
	if r.target, err = c.target(r.op, ActionURL, actionURL); err != nil {
		return err
	}
	if r.body = wire.EncodeAction(action, comment); r.body == nil {
		return &Error{Op: r.op, Kind: Rejected, Message: "Concur can only approve or send back"}
	}
	if action == expense.SendBack && strings.TrimSpace(comment) == "" {
		return &Error{Op: r.op, Kind: Rejected, Message: "Concur wants a comment when a report is sent back"}
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	ok, message, err := wire.DecodeActionStatus(a.body)
	if err != nil {
		return r.unreadable(a, err)
	}
	if !ok {
		return &Error{Op: r.op, Kind: Rejected, Status: a.status, Message: message, CorrelationID: a.correlation}
	}
	return nil
}
