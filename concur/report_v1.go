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

// ownedReport is a report as v1.1 shows it, with the login that identifies its owner.
type ownedReport struct {
	report  *expense.Report
	login   string
	missing wire.Missing
}

// complete returns an error if Concur claims more of the report than it shows.
func (o ownedReport) complete(op string, parts expense.Parts) error {
	if missing := o.missing.Of(parts); missing != "" {
		return &Error{Op: op, Kind: Incomplete, Message: missing}
	}
	return nil
}

func (o ownedReport) isOf(logins []string) bool {
	return o.report != nil && ownedByOne(o.report.Owner, logins)
}

// ownedByOne reports whether the owner is known and has one of the logins.
func ownedByOne(owner expense.Owner, logins []string) bool {
	return owner.Login != "" && slices.ContainsFunc(logins, func(l string) bool { return wire.SameLogin(l, owner.Login) })
}

// read returns the read of a report by v1.1, which names the validation step.
func (o ownedReport) read(logins []string) Read {
	if o.report == nil {
		return Read{}
	}
	return Read{Report: o.report, OwnerListed: o.isOf(logins), Validation: o.report.ValidationID(), Content: o.content()}
}

// content returns a digest of a report that waits at a validation step.
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
	if err := checkUnder(reportPath, r.target.path); err != nil { // v1.1's alone
		return ownedReport{}, invalidArgument(r.op, ObjectURI+" names no expense report: it "+err.Error())
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
	return ownedReport{details.Report, details.Login, details.Missing}, nil
}

// ItemResult is Concur's result for one posted exception.
type ItemResult = wire.ItemResult

// PostExceptionsV1 posts exceptions on the report with that key (the RptKey of its header) and
// returns Concur's result for each. It sends nothing if there are no exceptions, if an
// exception has no code, or if an exception on an entry or an allocation does not name it.
// Once sent, the request ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html
func (c *Client) PostExceptionsV1(ctx context.Context, reportKey string, exceptions []expense.Exception) ([]wire.ItemResult, error) {
	if len(exceptions) == 0 {
		return nil, nil
	}
	r := request{op: "post exceptions", needs: needsReports, method: http.MethodPost, write: true}
	r.target.path = reportPath + "v1.1/report/" + reportKey + "/Exceptions"
	if err := checkKey(reportKey, r.target.path); err != nil {
		return nil, invalidArgument(r.op, "the report key "+err.Error())
	}
	for _, e := range exceptions {
		switch {
		case strings.TrimSpace(e.Code) == "":
			return nil, invalidArgument(r.op, "an exception has no code")
		case e.ObjectType == expense.OnReport:
		case e.ObjectType != expense.OnEntry && e.ObjectType != expense.OnAllocation:
			return nil, invalidArgument(r.op, "an exception is on a report, an entry or an allocation")
		case e.ObjectID == "":
			return nil, invalidArgument(r.op, "an exception names no entry or allocation")
		}
	}
	r.body = wire.EncodeExceptions(exceptions)
	return ask(ctx, c, r, func(body []byte) ([]wire.ItemResult, error) {
		return wire.DecodeExceptionResult(body, len(exceptions))
	})
}

// TakeActionV1 approves a report, or sends it back to the employee, which requires a comment.
// It succeeds only if Concur's answer says so. A failure that Concur reports inside HTTP 200
// is of kind [Rejected] and has Concur's text. Once sent, the request ignores ctx until Concur
// has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html
func (c *Client) TakeActionV1(ctx context.Context, actionURL string, action expense.Action, comment string) error {
	r := request{op: "take action", needs: needsReports, method: http.MethodPost, write: true}
	var err error
	if r.target, err = c.target(r.op, ActionURL, actionURL); err != nil {
		return err
	}
	if r.body = wire.EncodeAction(action, comment); r.body == nil {
		return invalidArgument(r.op, "Concur can only approve or send back")
	}
	if action == expense.SendBack && strings.TrimSpace(comment) == "" {
		return invalidArgument(r.op, "Concur wants a comment when a report is sent back")
	}
	_, err = ask(ctx, c, r, func(body []byte) (bool, error) {
		ok, message, err := wire.DecodeActionStatus(body)
		if err == nil && !ok {
			err = answerError(Rejected, message)
		}
		return ok, err
	})
	return err
}
