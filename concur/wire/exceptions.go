package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// reportNamespace is the namespace of every v1.1 document that is sent.
const reportNamespace = "http://www.concursolutions.com/api/expense/expensereport/2011/03"

// EncodeExceptions writes the body that posts exceptions, numbered from 1 in the given order. An
// exception on the report itself has no ObjectId, because the URL names the report.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html
func EncodeExceptions(exceptions []expense.Exception) []byte {
	var b bytes.Buffer
	b.WriteString(`<Exceptions xmlns="` + reportNamespace + `">`)
	for i, e := range exceptions {
		b.WriteString("<Exception>")
		element(&b, "Index", strconv.Itoa(i+1))
		element(&b, "ObjectType", string(e.ObjectType))
		if e.ObjectID != "" {
			element(&b, "ObjectId", e.ObjectID)
		}
		element(&b, "ExceptionCode", e.Code)
		b.WriteString("</Exception>")
	}
	b.WriteString("</Exceptions>")
	return b.Bytes()
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(text)) // a Buffer refuses nothing
	b.WriteString("</" + name + ">")
}

// ItemResult is Concur's result for one exception. Message is Concur's text about an exception
// that it refused.
type ItemResult struct {
	OK      bool
	Message string
}

// DecodeExceptionResult reads the answer to n exceptions, in the order in which they were sent.
// The answer must give every exception a result: one of its own, or one that follows from the
// two counts.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html
func DecodeExceptionResult(body []byte, n int) ([]ItemResult, error) {
	result := exceptionResult{succeeded: -1, failed: -1, items: make([]*ItemResult, n)}
	err := lenient.ReadXML(body, maxReportDepth, result.read, "exception-result")
	if err == nil {
		err = result.complete()
	}
	if err != nil {
		return nil, unreadable("the answer to the exceptions", err)
	}
	items := make([]ItemResult, n)
	for i, said := range result.items {
		items[i] = *said
	}
	return items, nil
}

type exceptionResult struct {
	succeeded, failed int           // -1: not given
	items             []*ItemResult // nil: Concur says nothing about the exception
}

func (r *exceptionResult) read(d *lenient.XML) error {
	return d.Each(func(name string) error {
		switch name {
		case "exceptions-succeeded":
			return readCount(d, &r.succeeded)
		case "exceptions-failed":
			return readCount(d, &r.failed)
		case "errors", "exceptiondetails":
			return d.Each(func(name string) error {
				if name != "error" && name != "exceptioninfo" {
					return nil
				}
				return r.item(d, name == "error")
			})
		}
		return nil
	})
}

func readCount(d *lenient.XML, into *int) error {
	name := d.Name()
	text, err := d.Text()
	if err != nil || text == "" {
		return err
	}
	n, ok := parseCount(text)
	if !ok {
		return fmt.Errorf("%s is not a whole number", name)
	}
	*into = n
	return nil
}

func (r *exceptionResult) item(d *lenient.XML, failure bool) error {
	var index, message, status string
	before := d.Texts
	err := d.Each(func(name string) (err error) {
		switch name {
		case "index":
			index, err = d.Text()
		case "message":
			message, err = d.Text()
		case "status":
			status, err = d.Text()
		}
		return err
	})
	if err != nil || d.Texts == before {
		return err
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 1 || i > len(r.items) {
		return errors.New("an Index is not that of an exception that was sent")
	}
	said := ItemResult{OK: !failure && isSuccess(status)}
	if !said.OK {
		if message == "" && !isSuccess(status) {
			message = status
		}
		said.Message = sentence(message)
	}
	if other := r.items[i-1]; other != nil && other.OK != said.OK {
		return fmt.Errorf("it says both success and failure of exception %d", i)
	} else if other == nil || failure {
		r.items[i-1] = &said
	}
	return nil
}

// complete gives every exception a result, or returns why it cannot.
func (r *exceptionResult) complete() error {
	var ok, refused, unknown int
	for _, said := range r.items {
		switch {
		case said == nil:
			unknown++
		case said.OK:
			ok++
		default:
			refused++
		}
	}
	rest := ItemResult{OK: true}
	switch {
	case unknown == 0:
	case r.failed == refused && r.succeeded == ok+unknown:
		ok += unknown
	case r.succeeded == ok && r.failed == refused+unknown:
		rest.OK = false
		refused += unknown
	default:
		return errors.New("not every exception is accounted for")
	}
	if r.succeeded >= 0 && r.succeeded != ok || r.failed >= 0 && r.failed != refused {
		return errors.New("its counts do not agree with its items")
	}
	for i, said := range r.items {
		if said == nil {
			r.items[i] = &rest
		}
	}
	return nil
}

// isSuccess reads the word that Concur prints as "SUCCESS!", "SUCCESS" or "Success".
func isSuccess(status string) bool {
	return len(status) >= 7 && strings.EqualFold(status[:7], "success")
}

// EncodeExceptionV4 writes the body that puts one exception on the object in the URL.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func EncodeExceptionV4(code string, visibility expense.Visibility) []byte {
	return encodeJSON(map[string]any{"exceptionCode": code, "exceptionVisibility": visibility})
}

// DecodeExceptionsV4 reads the exceptions of a report, of its expenses and of their allocations,
// without their messages. The object of an exception is the allocation if it names one, else
// the expense, else the report.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func DecodeExceptionsV4(body []byte) ([]expense.ExistingException, error) {
	_, exceptions, err := readRows(body, "exception", readExceptionV4, lenient.Bare)
	return exceptions, unreadable("the exceptions of the report", err)
}

func readExceptionV4(r record) expense.ExistingException {
	e := expense.ExistingException{
		Exception: expense.Exception{
			Code: r.Text("exceptionCode"), ObjectType: expense.OnReport, Visibility: expense.Visibility(r.Text("exceptionVisibility")),
		},
		Blocking:  r.isTrue("isBlocking"),
		ExpenseID: expenseID(r.Text("expenseId")),
	}
	switch allocation := expenseID(r.Text("allocationId")); {
	case allocation != "":
		e.ObjectType, e.ObjectID = expense.OnAllocation, allocation
	case e.ExpenseID != "":
		e.ObjectType, e.ObjectID = expense.OnEntry, e.ExpenseID
	}
	if e.Code == "" {
		r.Refuse("it", "has no exceptionCode")
	}
	return e
}
