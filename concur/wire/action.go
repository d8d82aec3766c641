package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// MaxComment is the longest comment that Concur accepts with an action, in characters.
const MaxComment = 2000

// EncodeAction writes the body that takes an action on a report by v1.1. It returns nil for any
// other action than [expense.Approve] and [expense.SendBack].
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html
func EncodeAction(action expense.Action, text string) []byte {
	var word string
	switch action {
	case expense.Approve:
		word = "Approve"
	case expense.SendBack:
		word = "Send Back to Employee"
	default:
		return nil
	}
	var b bytes.Buffer
	b.WriteString(`<WorkflowAction xmlns="` + reportNamespace + `">`)
	element(&b, "Action", word)
	element(&b, "Comment", comment(text))
	b.WriteString("</WorkflowAction>")
	return b.Bytes()
}

// DecodeActionStatus reads the answer to an action by v1.1. Concur reports failure inside an
// HTTP 200: only a Status that begins with "success" is a success. Message is Concur's text.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html
func DecodeActionStatus(body []byte) (ok bool, message string, err error) {
	var statuses []string
	err = lenient.ReadXML(body, maxReportDepth, func(d *lenient.XML) error {
		return d.Each(func(name string) (err error) {
			switch name {
			case "status":
				var status string
				status, err = d.Text()
				statuses = append(statuses, status)
			case "message":
				message, err = d.Text()
			}
			return err
		})
	}, "ActionStatus")
	switch {
	case err != nil:
	case len(statuses) == 0 || statuses[0] == "":
		err = errors.New("it has no Status")
	case len(statuses) > 1:
		err = errors.New("it has more than one Status")
	}
	if err != nil {
		return false, "", unreadable("the answer to the action", err)
	}
	return isSuccess(statuses[0]), sentence(message), nil
}

// comment returns a comment that Concur accepts: without the characters that XML forbids, and
// cut at [MaxComment], with "…" at its end.
func comment(text string) string {
	text = lenient.AllowedText(text)
	if utf8.RuneCountInString(text) > MaxComment {
		text = cut(text, MaxComment-1) + "…"
	}
	return text
}

// EncodeWorkflow writes the body that approves a report or sends it back by v4: the comment, the
// comment about rejected expenses, and the step guard, which Concur compares first.
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

// EncodeRequestComment writes the body that sends a travel request back. It returns nil if there
// is no comment.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html
func EncodeRequestComment(text string) []byte {
	if text = comment(text); strings.TrimSpace(text) == "" {
		return nil
	}
	return encodeJSON(map[string]any{"comment": text})
}

// encodeJSON writes a document without the escapes that only HTML needs.
func encodeJSON(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("wire: a body cannot be encoded: " + err.Error()) // texts and numbers can
	}
	return bytes.TrimSpace(b.Bytes())
}
