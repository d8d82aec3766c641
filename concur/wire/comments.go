package wire

import (
	"fmt"

	"concur-connector/expense"
)

// Comment is what somebody has written to a report or to a travel request. Who it was is
// not kept.
type Comment struct {
	Text    string       `json:"text"`
	Created expense.Date `json:"created,omitempty"`
	Latest  bool         `json:"latest,omitempty"`
}

// DecodeCommentTexts reads the comments of a travel request, or of a report in v4.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.schemas.html#schema-comments
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func DecodeCommentTexts(body []byte) ([]Comment, error) {
	comments := []Comment{}
	value, err := parseTree(body)
	var list []tree
	if err == nil {
		_, list, err = trees(value, "comment")
	}
	for _, t := range list {
		comments = append(comments, Comment{
			Text:    first(t.text("value"), t.text("comment")),
			Created: isoDate(first(t.text("creationDateTime"), t.text("creationDate"))),
			Latest:  t.yes("isLatest"),
		})
		if err = *t.fault; err != nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the comments cannot be read: %w", err)
	}
	return comments, nil
}
