package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"concur-connector/expense"
)

// reportNamespace is the namespace of every v1.1 document that is sent.
const reportNamespace = "http://www.concursolutions.com/api/expense/expensereport/2011/03"

// EncodeExceptions writes the body that posts exceptions, numbered from 1 in the
// order given. An exception on the report itself has no ObjectId: the report is in
// the URL.
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

// ItemResult is what became of one exception. Message is Concur's own word about
// one that was refused.
type ItemResult struct {
	OK      bool
	Message string
}

// DecodeExceptionResult reads the answer to n exceptions, in the order in which
// they were sent. Every exception must be accounted for: by a word of its own, or
// by the two counts when they leave no doubt.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html
func DecodeExceptionResult(body []byte, n int) ([]ItemResult, error) {
	result := exceptionResult{succeeded: -1, failed: -1, said: make([]*ItemResult, n)}
	err := parse(body, maxReportDepth, result.read, "exception-result")
	if err == nil {
		err = result.settle()
	}
	if err != nil {
		return nil, unreadable("the answer to the exceptions", err)
	}
	items := make([]ItemResult, n)
	for i, said := range result.said {
		items[i] = *said
	}
	return items, nil
}

type exceptionResult struct {
	succeeded, failed int           // -1: not given
	said              []*ItemResult // nil: nothing was said about it
}

func (r *exceptionResult) read(d *document) error {
	return d.each(func(name string) error {
		switch name {
		case "exceptions-succeeded":
			return readCount(d, &r.succeeded)
		case "exceptions-failed":
			return readCount(d, &r.failed)
		case "errors", "exceptiondetails":
			return d.each(func(name string) error {
				if name != "error" && name != "exceptioninfo" {
					return nil
				}
				return r.item(d, name == "error")
			})
		}
		return nil
	})
}

func readCount(d *document, into *int) error {
	name := d.name
	text, err := d.text()
	if err != nil || text == "" {
		return err
	}
	n, ok := countOf(text)
	if !ok {
		return fmt.Errorf("%s is not a whole number", name)
	}
	*into = n
	return nil
}

func (r *exceptionResult) item(d *document, failure bool) error {
	var index, message, status string
	before := d.texts
	err := d.each(func(name string) (err error) {
		switch name {
		case "index":
			index, err = d.text()
		case "message":
			message, err = d.text()
		case "status":
			status, err = d.text()
		}
		return err
	})
	if err != nil || d.texts == before {
		return err
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 1 || i > len(r.said) {
		return errors.New("an Index is not that of an exception that was sent")
	}
	said := ItemResult{OK: !failure && isSuccess(status)}
	if !said.OK {
		if message == "" && !isSuccess(status) {
			message = status
		}
		said.Message = sentence(message)
	}
	if other := r.said[i-1]; other != nil && other.OK != said.OK {
		return fmt.Errorf("it says both success and failure of exception %d", i)
	} else if other == nil || failure {
		r.said[i-1] = &said
	}
	return nil
}

// settle gives a result to every exception or says why that is not possible.
func (r *exceptionResult) settle() error {
	var ok, refused, silent int
	for _, said := range r.said {
		switch {
		case said == nil:
			silent++
		case said.OK:
			ok++
		default:
			refused++
		}
	}
	rest := ItemResult{OK: true}
	switch {
	case silent == 0:
	case r.failed == refused && r.succeeded == ok+silent:
		ok += silent
	case r.succeeded == ok && r.failed == refused+silent:
		rest.OK = false
		refused += silent
	default:
		return errors.New("not every exception is accounted for")
	}
	if r.succeeded >= 0 && r.succeeded != ok || r.failed >= 0 && r.failed != refused {
		return errors.New("its counts do not agree with its items")
	}
	for i, said := range r.said {
		if said == nil {
			r.said[i] = &rest
		}
	}
	return nil
}

// isSuccess reads the word that Concur prints as "SUCCESS!", "SUCCESS" or "Success".
func isSuccess(status string) bool {
	return len(status) >= 7 && strings.EqualFold(status[:7], "success")
}
