package wire

import "fmt"

// Attendees says how many attend an expense, by v4.
type Attendees struct {
	Count  int `json:"count"`            // those without a name included
	NoShow int `json:"noShow,omitempty"` // who were expected and did not come
}

// DecodeAttendeesV4 counts the attendees of an expense (v4) and keeps nothing else.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html
func DecodeAttendeesV4(body []byte) (Attendees, error) {
	const most = 1 << 30
	var a Attendees
	r, err := readObject(body)
	if err != nil {
		return a, fmt.Errorf("the attendees cannot be read: %w", err)
	}
	if r.values["expenseattendeelist"] == nil && r.values["noshowattendeecount"] == nil {
		return a, fmt.Errorf("the attendees cannot be read: it has no expenseAttendeeList")
	}
	a.NoShow, _ = r.count("noShowAttendeeCount")
	for _, attendee := range r.objects("expenseAttendeeList") {
		n, given := attendee.count("associatedAttendeeCount")
		if !given {
			n = 1
		}
		a.Count = min(a.Count+n, most)
	}
	if err := r.err(); err != nil {
		return Attendees{}, fmt.Errorf("the attendees cannot be read: %w", err)
	}
	return a, nil
}

// Comments says how many comments a report has, by v4.
type Comments struct {
	Report   int            `json:"report"`             // on its header
	Expenses map[string]int `json:"expenses,omitempty"` // on each expense, by its ID
}

// DecodeCommentsV4 counts the comments of a report (v4). Neither their texts nor their
// authors are kept.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html
func DecodeCommentsV4(body []byte) (Comments, error) {
	var c Comments
	_, err := decodeList(body, "comments", "comment", func(r record) bool {
		id := r.text("expenseId")
		if id == "" {
			c.Report++
			return true
		}
		if c.Expenses == nil {
			c.Expenses = map[string]int{}
		}
		c.Expenses[id]++
		return true
	})
	if err != nil {
		return Comments{}, err
	}
	return c, nil
}
