package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"concur-connector/expense"
)

// comment makes a comment one that can be sent: what XML cannot carry is dropped, and one
// that is too long is cut and ends in "…".
func comment(text string) string {
	text = legal(text)
	if utf8.RuneCountInString(text) > MaxComment {
		text = cut(text, MaxComment-1) + "…"
	}
	return text
}

// EncodeWorkflow writes the body that passes a report on or sends it back by v4: the
// comment, the one about rejected expenses and, beside them, what Concur is to compare first.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html
func EncodeWorkflow(text, rejected string, guard map[string]any) []byte {
	body := make(map[string]any, len(guard)+2)
	for name, value := range guard {
		body[name] = value
	}
	for name, text := range map[string]string{"comment": text, "expenseRejectedComment": rejected} {
		if text = comment(text); strings.TrimSpace(text) != "" {
			body[name] = text
		}
	}
	return encodeJSON(body)
}

// EncodeRequestComment writes the body that sends a travel request back. It is nil without
// a comment.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html
func EncodeRequestComment(text string) []byte {
	if text = comment(text); strings.TrimSpace(text) == "" {
		return nil
	}
	return encodeJSON(map[string]any{"comment": text})
}

// encodeJSON writes a document without escaping what only HTML minds.
func encodeJSON(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("wire: a body cannot be encoded: " + err.Error()) // texts and numbers can
	}
	return bytes.TrimSpace(b.Bytes())
}

// EncodeHeldException writes the body that puts one exception on the object in the URL.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func EncodeHeldException(code string, visibility expense.Visibility) []byte {
	return encodeJSON(map[string]any{"exceptionCode": code, "exceptionVisibility": visibility})
}

// DecodeHeldExceptions reads the exceptions that a report, its expenses and their
// allocations hold. The object of each is the allocation if one is named, else the
// expense, else the report. Their messages are not kept.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html
func DecodeHeldExceptions(body []byte) ([]expense.ExistingException, error) {
	_, exceptions, err := readRows(body, "exception", readHeld, bare)
	return exceptions, unreadable("the exceptions of the report", err)
}

func readHeld(r record) expense.ExistingException {
	e := expense.ExistingException{
		Exception: expense.Exception{
			Code: r.text("exceptionCode"), ObjectType: expense.OnReport, Visibility: expense.Visibility(r.text("exceptionVisibility")),
		},
		Blocking:  r.yes("isBlocking"),
		ExpenseID: expenseID(r.text("expenseId")),
	}
	switch allocation := expenseID(r.text("allocationId")); {
	case allocation != "":
		e.ObjectType, e.ObjectID = expense.OnAllocation, allocation
	case e.ExpenseID != "":
		e.ObjectType, e.ObjectID = expense.OnEntry, e.ExpenseID
	}
	if e.Code == "" {
		r.refuse("it", "has no exceptionCode")
	}
	return e
}
