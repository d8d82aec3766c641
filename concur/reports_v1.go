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

// ownedReport is a report with the login of its owner, which goes no further.
type ownedReport struct {
	report  *expense.Report
	owner   string
	missing wire.Missing
}

// complete returns an error unless the report holds what Concur claims of it.
func (o ownedReport) complete(op string, parts expense.Parts) error {
	if missing := o.missing.Of(parts); missing != "" {
		return &Error{Op: op, Kind: Incomplete, Message: missing}
	}
	return nil
}

func (o ownedReport) isOf(logins []string) bool {
	return o.report != nil && slices.ContainsFunc(logins, func(l string) bool { return sameLogin(l, o.owner) })
}

// read is the report as a read by v1.1 shows it: its stop has a name.
func (o ownedReport) read(logins []string) Read {
	if o.report == nil {
		return Read{}
	}
	return Read{Report: o.report, Theirs: o.isOf(logins), Stop: o.report.ValidationID(), Content: o.content()}
}

// content is a digest of a report that waits at a stop.
func (o ownedReport) content() string {
	if !o.report.AwaitsValidation() {
		return ""
	}
	return contentBy(string(expense.V1), o.report.ContentWithAttendees())
}

func (c *Client) ownedReport(ctx context.Context, objectURI string) (ownedReport, error) {
	r := request{op: "read report", needs: needsReports, method: http.MethodGet}
	var err error
	if r.target, err = c.target(r.op, ObjectURI, objectURI); err != nil {
		return ownedReport{}, err
	}
	if err := under(reportPath, r.target.path); err != nil { // v1.1's alone
		return ownedReport{}, misused(r.op, ObjectURI+" names no expense report: it "+err.Error())
	}
	owned, err := ask(ctx, c, r, decodeReport)
	if err == nil && owned.report.Key == "" {
		if _, owned.report.Key, err = expense.Identify(objectURI); err != nil {
			return ownedReport{}, &Error{Op: r.op, Kind: Untrusted, Message: err.Error()}
		}
	}
	return owned, err
}

// decodeReport decodes a report. A report without a status is refused: nobody knows whether
// it waits.
func decodeReport(body []byte) (ownedReport, error) {
	details, err := wire.DecodeDetails(body)
	switch {
	case err != nil:
		return ownedReport{}, err
	case details.Report.Status == "":
		return ownedReport{}, errors.New("the report has no approval status (ApsKey)")
	}
	return ownedReport{details.Report, details.Owner, details.Missing}, nil
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

// ItemResult is what became of one exception that was posted.
type ItemResult = wire.ItemResult

// PostExceptionsV1 posts exceptions on the report with that key, the RptKey of its
// header, and returns what became of each. Without exceptions nothing is sent, and so if
// one of them has no code, or is on an entry or an allocation and does not name it.
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html
func (c *Client) PostExceptionsV1(ctx context.Context, reportKey string, exceptions []expense.Exception) ([]wire.ItemResult, error) {
	if len(exceptions) == 0 {
		return nil, nil
	}
	r := request{op: "post exceptions", needs: needsReports, method: http.MethodPost, write: true}
	r.target.path = reportPath + "v1.1/report/" + reportKey + "/Exceptions"
	if err := checkKey(reportKey, r.target.path); err != nil {
		return nil, misused(r.op, "the report key "+err.Error())
	}
	for _, e := range exceptions {
		switch {
		case strings.TrimSpace(e.Code) == "":
			return nil, misused(r.op, "an exception has no code")
		case e.ObjectType == expense.OnReport:
		case e.ObjectType != expense.OnEntry && e.ObjectType != expense.OnAllocation:
			return nil, misused(r.op, "an exception is on a report, an entry or an allocation")
		case e.ObjectID == "":
			return nil, misused(r.op, "an exception names no entry or allocation")
		}
	}
	r.body = wire.EncodeExceptions(exceptions)
	return ask(ctx, c, r, func(body []byte) ([]wire.ItemResult, error) {
		return wire.DecodeExceptionResult(body, len(exceptions))
	})
}

// TakeActionV1 passes a report on, or sends it back to the employee, which wants a
// comment. It succeeds only when Concur's answer says so; a failure that Concur
// reports inside HTTP 200 is of kind [Rejected] and has Concur's words.
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html
func (c *Client) TakeActionV1(ctx context.Context, actionURL string, action expense.Action, comment string) error {
	r := request{op: "take action", needs: needsReports, method: http.MethodPost, write: true}
	var err error
	if r.target, err = c.target(r.op, ActionURL, actionURL); err != nil {
		return err
	}
	if r.body = wire.EncodeAction(action, comment); r.body == nil {
		return misused(r.op, "Concur can only approve or send back")
	}
	if action == expense.SendBack && strings.TrimSpace(comment) == "" {
		return misused(r.op, "Concur wants a comment when a report is sent back")
	}
	_, err = ask(ctx, c, r, func(body []byte) (bool, error) {
		ok, message, err := wire.DecodeActionStatus(body)
		if err == nil && !ok {
			err = finding(Rejected, message)
		}
		return ok, err
	})
	return err
}
