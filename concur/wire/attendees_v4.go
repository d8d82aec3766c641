package wire

import (
	"errors"
	"slices"
	"strings"
)

// Attendees says how many attend an expense, by v4.
type Attendees struct {
	Count  int `json:"count"`            // those without a name included
	NoShow int `json:"noShow,omitempty"` // who were expected and did not come
	// Who is a digest of who they are.
	Who string `json:"-"`
}

// attending is a digest of attendees, in whatever order Concur lists them.
func attending(who []string) string {
	slices.Sort(who)
	return digest(strings.TrimSpace(strings.Join(who, "\n")))
}

// DecodeAttendeesV4 counts the attendees of an expense (v4). Of who they are it keeps a digest.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.expense-attendee-associations.html
func DecodeAttendeesV4(body []byte) (Attendees, error) {
	const most = 1 << 30
	var a Attendees
	var who []string
	root, _, err := readRows(body, "attendee", func(r record) bool {
		n, given := r.count("associatedAttendeeCount")
		if !given {
			n = 1
		}
		a.Count = min(a.Count+n, most)
		who = append(who, r.text("attendeeId"))
		return true
	}, "expenseAttendeeList")
	given := false
	a.NoShow, given = root.count("noShowAttendeeCount")
	if errors.Is(err, errNoList) && given { // nobody attends
		err = nil
	}
	if err == nil {
		err = root.err()
	}
	if err != nil {
		return Attendees{}, unreadable("the attendees", err)
	}
	a.Who = attending(who)
	return a, nil
}
