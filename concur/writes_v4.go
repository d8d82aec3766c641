package concur

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	needsExceptions      = "the scope expense.report.read, and to be that of a company"
	needsExceptionWrites = "the scope expense.report.readwrite, and to be that of a company"
	maxExceptionCode     = 8 // characters
)

// ExceptionsV4 lists the exceptions of a report, of its expenses and of their allocations,
// whoever put them there.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) ExceptionsV4(ctx context.Context, reportID string) ([]expense.ExistingException, error) {
	r := get("list exceptions", needsExceptions, v4ReportsPath+"%s/exceptions", reportID)
	r.emptyBody = true
	return ask(ctx, c, r, wire.DecodeExceptionsV4)
}

// PutExceptionV4 puts one exception on a report ([expense.OnReport]), on an expense
// ([expense.OnEntry], with its ID as the ObjectID), or on an allocation
// ([expense.OnAllocation], with the ExpenseID of its expense, too). An empty visibility is
// [expense.VisibleToAll]. Concur does not say whether the exception was already there: ask
// [Client.ExceptionsV4]. Once sent, the request ignores ctx until Concur has answered: see the
// package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) PutExceptionV4(ctx context.Context, reportID string, e expense.ExistingException) error {
	r := request{op: "put exception", needs: needsExceptionWrites, method: http.MethodPut}.onException(reportID, e)
	e.Visibility = cmp.Or(e.Visibility, expense.VisibleToAll)
	switch e.Visibility {
	case expense.VisibleToAll, expense.VisibleToApprovers, expense.VisibleToProcessors:
	default:
		return invalidArgument(r.op, "Concur does not know that visibility of an exception")
	}
	r.body = wire.EncodeExceptionV4(e.Code, e.Visibility)
	return c.write(ctx, r)
}

// DeleteExceptionV4 deletes one exception that the interface has put on an object. It succeeds
// if the exception is not there. If somebody else has put it there, it stays and the error is
// of kind [Rejected]. Once sent, the request ignores ctx until Concur has answered: see the
// package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) DeleteExceptionV4(ctx context.Context, reportID string, e expense.ExistingException) error {
	r := request{op: "delete exception", needs: needsExceptionWrites, method: http.MethodDelete}.onException(reportID, e)
	r.target.path += "/" + url.PathEscape(e.Code)
	err := c.write(ctx, r)
	if errors.Is(err, NotFound) {
		return nil
	}
	return err
}

// onException makes a write to where the object of an exception holds its exceptions.
func (r request) onException(reportID string, e expense.ExistingException) request {
	switch e.ObjectType {
	case expense.OnReport:
		r = r.at(v4ReportsPath+"%s/exceptions", reportID)
	case expense.OnEntry:
		r = r.at(v4ReportsPath+"%s/expenses/%s/exceptions", reportID, e.ObjectID)
	case expense.OnAllocation:
		r = r.at(v4ReportsPath+"%s/expenses/%s/allocations/%s/exceptions", reportID, e.ExpenseID, e.ObjectID)
	default:
		r.err = invalidArgument(r.op, "an exception is on a report, an expense or an allocation")
	}
	if err := checkCode(e.Code); err != nil {
		r.err = invalidArgument(r.op, "the code of an exception "+err.Error())
	}
	return r
}

// checkCode checks the code of an exception, which may become a segment of a path.
func checkCode(code string) error {
	switch {
	case code == "" || utf8.RuneCountInString(code) > maxExceptionCode:
		return errors.New("has 1 to 8 characters")
	case !printable(code) || strings.ContainsAny(code, `/\`) || strings.Trim(code, ".") == "":
		return errors.New("has a character that is none of a code's")
	}
	return nil
}

// IsExpenseID reports whether an identifier has the form of the expenses and allocations of v4.
// Identifiers of v3 have another form.
func IsExpenseID(id string) bool { return wire.IsGUID(id) }

const needsWorkflow = "the scope expense.report.workflowstatus.write, to be that of a company, and the report to stand at a step of the role External System"

// ApproveReportV4 approves a report that waits at a system step, by Workflows v4. Both comments
// may be empty; rejected is the one about rejected expenses. If Concur requires one of them, the
// error is of kind [CommentMissing]. Once sent, the request ignores ctx until Concur has
// answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html
func (c *Client) ApproveReportV4(ctx context.Context, reportID, comment, rejected string, guard Guard) error {
	return c.actOnReport(ctx, "approve report", "approve", reportID, comment, rejected, guard)
}

// SendBackReportV4 sends a report that waits at a system step back to its owner, by Workflows
// v4, which requires a comment. Once sent, the request ignores ctx until Concur has answered: see
// the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html
func (c *Client) SendBackReportV4(ctx context.Context, reportID, comment string, guard Guard) error {
	if strings.TrimSpace(comment) == "" {
		return invalidArgument("send report back", "Concur wants a comment when a report is sent back")
	}
	return c.actOnReport(ctx, "send report back", "sendBack", reportID, comment, "", guard)
}

func (c *Client) actOnReport(ctx context.Context, op, action, reportID, comment, rejected string, guard Guard) error {
	r := request{op: op, needs: needsWorkflow, method: http.MethodPatch}.at(v4ReportsPath+"%s/"+action, reportID)
	fields, err := guard.fields()
	if err != nil {
		return invalidArgument(op, err.Error())
	}
	r.body = wire.EncodeWorkflow(comment, rejected, fields)
	r.onlyStatus = http.StatusNoContent // any other success may be a gateway's answer
	return c.write(ctx, r)
}

// write sends a write in JSON whose success has no body or an empty one. If the answer speaks
// of an error, or has another status than the request wants, the outcome of the write is
// unknown.
func (c *Client) write(ctx context.Context, r request) error {
	r.write, r.emptyBody, r.accept, r.media = true, true, mediaJSON, mediaJSON
	a, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	code, message := wire.DecodeError(a.body)
	switch {
	case code != "" || message != "":
		message = strings.TrimSuffix("a success speaks of an error: "+message, ": ")
	case r.onlyStatus != 0 && a.status != r.onlyStatus:
		message = "the answer is a success that Concur does not document"
	default:
		return nil
	}
	return &Error{Op: r.op, Kind: OutcomeUnknown, Status: a.status, Code: code, CorrelationID: a.correlation, Message: message}
}
