package wire

import "concur-connector/expense"

// Comment is what somebody has written to a report, to one of its expenses, or to a travel
// request. Who it was is not kept.
type Comment struct {
	Text      string       `json:"text"`
	Created   expense.Date `json:"created,omitempty"`
	Latest    bool         `json:"latest,omitempty"`    // of its author
	ExpenseID string       `json:"expenseId,omitempty"` // of a report: the expense; empty: the header, or Concur does not tell
	Placed    bool         `json:"-"`                   // Concur tells whether it is on an expense, and on which
}

// DecodeComments reads the comments of a report (v4) or of a travel request (v4).
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.schemas.html#schema-comments
func DecodeComments(body []byte) ([]Comment, error) {
	_, comments, err := readRows(body, "comment", func(r record) Comment {
		return Comment{
			Text: r.text("comment", "value"), Created: r.date("creationDate", "creationDateTime"),
			Latest: r.yes("isLatest"), ExpenseID: expenseID(r.text("expenseId")), Placed: r.given("expenseId"),
		}
	}, bare, "commentDetails")
	return comments, unreadable("the comments", err)
}
