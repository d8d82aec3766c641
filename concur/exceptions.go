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

// ReportExceptions lists the exceptions that a report, its expenses and their allocations
// hold, whoever put them there.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) ReportExceptions(ctx context.Context, reportID string) ([]expense.HeldException, error) {
	r := request{op: "list exceptions", needs: needsExceptions, method: http.MethodGet, accept: mediaJSON, silent: true}
	if err := checkID(reportID); err != nil {
		return nil, &Error{Op: r.op, Kind: Untrusted, Message: "the report's id " + err.Error()}
	}
	r.target.path = v4ReportsPath + reportID + "/exceptions"
	a, err := c.do(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusNoContent:
		return nil, nil
	case isEmpty(a.body):
		return nil, r.hollow(a)
	}
	exceptions, err := wire.DecodeHeldExceptions(a.body)
	if err != nil {
		return nil, r.unreadable(a, err)
	}
	return exceptions, nil
}

// PutException puts one exception on a report, an expense or an allocation. An empty
// visibility is [expense.VisibleToAll].
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) PutException(ctx context.Context, reportID string, e expense.HeldException) error {
	r := request{op: "put exception", needs: needsExceptionWrites, method: http.MethodPut, write: true, silent: true, accept: mediaJSON, media: mediaJSON}
	e.Visibility = cmp.Or(e.Visibility, expense.VisibleToAll)
	switch e.Visibility {
	case expense.VisibleToAll, expense.VisibleToApprovers, expense.VisibleToProcessors:
	default:
		return &Error{Op: r.op, Kind: Rejected, Message: "Concur does not know that visibility of an exception"}
	}
	var err error
	if r.target.path, err = exceptionsPath(reportID, e); err != nil {
		return &Error{Op: r.op, Kind: Rejected, Message: err.Error()}
	}
	r.body = wire.EncodeHeldException(e.Code, e.Visibility)
	return c.write(ctx, r)
}

// DeleteException takes one exception off again that was put there by the interface. An
// exception that is not there is taken off. One that was not put there by the interface
// stays, and the error is of kind [Rejected].
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func (c *Client) DeleteException(ctx context.Context, reportID string, e expense.HeldException) error {
	r := request{op: "delete exception", needs: needsExceptionWrites, method: http.MethodDelete, write: true, silent: true, accept: mediaJSON}
	path, err := exceptionsPath(reportID, e)
	if err != nil {
		return &Error{Op: r.op, Kind: Rejected, Message: err.Error()}
	}
	r.target.path = path + "/" + url.PathEscape(e.Code)
	if err = c.write(ctx, r); errors.Is(err, NotFound) {
		return nil
	}
	return err
}

// exceptionsPath is where the object of an exception holds its exceptions.
func exceptionsPath(reportID string, e expense.HeldException) (string, error) {
	switch {
	case e.Code == "" || utf8.RuneCountInString(e.Code) > maxExceptionCode:
		return "", errors.New("the code of an exception has 1 to 8 characters")
	case !printable(e.Code) || strings.ContainsAny(e.Code, `/\`) || strings.Trim(e.Code, ".") == "":
		return "", errors.New("the code of an exception has a character that is none of a code's")
	}
	path := v4ReportsPath + reportID
	ids := []string{reportID}
	switch e.ObjectType {
	case expense.OnReport:
	case expense.OnEntry:
		path += "/expenses/" + e.ObjectID
		ids = append(ids, e.ObjectID)
	case expense.OnAllocation:
		path += "/expenses/" + e.ExpenseID + "/allocations/" + e.ObjectID
		ids = append(ids, e.ExpenseID, e.ObjectID)
	default:
		return "", errors.New("an exception is on a report, an expense or an allocation")
	}
	for _, id := range ids {
		if err := checkID(id); err != nil {
			return "", errors.New("the id of the object of an exception " + err.Error())
		}
	}
	return path + "/exceptions", nil
}
