package wire

import (
	"bytes"
	"errors"

	"concur-connector/expense"
)

// MaxComment is the longest comment that Concur accepts with an action, in characters.
const MaxComment = 2000

// EncodeAction writes the body that takes an action on a report. What XML cannot
// carry is dropped from the comment, and a comment that is too long is cut and ends
// in "…". It is nil for anything but [expense.Approve] and [expense.SendBack].
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

// DecodeActionStatus reads the answer to an action. Concur reports failure inside
// an HTTP 200, so only a Status that begins with "success" is one; message is
// Concur's own words.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html
func DecodeActionStatus(body []byte) (ok bool, message string, err error) {
	var statuses []string
	err = parse(body, maxReportDepth, func(d *document) error {
		return d.each(func(name string) (err error) {
			switch name {
			case "status":
				var status string
				status, err = d.text()
				statuses = append(statuses, status)
			case "message":
				message, err = d.text()
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
