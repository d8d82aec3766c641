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

// ExceptionsV4 lists the exceptions that a report, its expenses and their allocations
// hold, whoever put them there.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) ExceptionsV4(ctx context.Context, reportID string) ([]expense.ExistingException, error) {
	r := get("list exceptions", needsExceptions, v4ReportsPath+"%s/exceptions", reportID)
	r.silent = true
	return ask(ctx, c, r, wire.DecodeExceptionsV4)
}

// PutExceptionV4 puts one exception on a report ([expense.OnReport]), on an expense
// ([expense.OnEntry], with its ID as the ObjectID), or on an allocation
// ([expense.OnAllocation], with the ExpenseID of its expense, too). An empty visibility is
// [expense.VisibleToAll]. Of an exception that is there already Concur says nothing: ask
// [Client.ExceptionsV4].
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) PutExceptionV4(ctx context.Context, reportID string, e expense.ExistingException) error {
	r := request{op: "put exception", needs: needsExceptionWrites, method: http.MethodPut}.onException(reportID, e)
	e.Visibility = cmp.Or(e.Visibility, expense.VisibleToAll)
	switch e.Visibility {
	case expense.VisibleToAll, expense.VisibleToApprovers, expense.VisibleToProcessors:
	default:
		return misused(r.op, "Concur does not know that visibility of an exception")
	}
	r.body = wire.EncodeExceptionV4(e.Code, e.Visibility)
	return c.write(ctx, r)
}

// DeleteExceptionV4 takes one exception off again that was put there by the interface. An
// exception that is not there is taken off. One that was not put there by the interface
// stays, and the error is of kind [Rejected].
// Once it is sent it ignores ctx until Concur has answered: see the package.
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
		r.wrong = misused(r.op, "an exception is on a report, an expense or an allocation")
	}
	if err := checkCode(e.Code); err != nil {
		r.wrong = misused(r.op, "the code of an exception "+err.Error())
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

// IsExpenseID reports whether an identifier is one by which v4 knows an expense or an
// allocation. Those of v3 are of another form.
func IsExpenseID(id string) bool { return wire.IsGUID(id) }
