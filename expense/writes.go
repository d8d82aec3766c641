package expense

import (
	"slices"
	"strings"
)

// Withheld says why a write is shown and not sent to Concur; empty: it is sent. It is
// kept with what was shown: under other settings that is not done yet.
type Withheld string

// ByDryRun withholds every write.
const ByDryRun Withheld = "dry-run"

// ByTestUsers withholds the writes to reports whose owner is not among the test users.
func ByTestUsers(logins []string) Withheld {
	return testUsers + Withheld(digest(strings.ToLower(strings.Join(slices.Sorted(slices.Values(logins)), "\n"))))
}

const testUsers Withheld = "test-users:" // and a hash of who they are

// OfOthers reports whether the report is that of somebody who is no test user.
func (w Withheld) OfOthers() bool { return strings.HasPrefix(string(w), string(testUsers)) }

// Still reports whether what was withheld once is withheld under the settings of now, of
// which w is what they say of reports that are not a test user's.
func (w Withheld) Still(now Withheld) bool {
	return now == ByDryRun || now != "" && w == now
}

// Admission asks the brake whether what the rules decided may be done. It is repeated
// safely with the same key.
type Admission struct {
	Key    string `json:"key"`    // of the report at its stop
	Action Action `json:"action"` // SendBack is held; Approve is only counted
	// SendBacks and Share are the limits, for an hour; zero is none.
	SendBacks int     `json:"sendBacks,omitempty"`
	Share     float64 `json:"share,omitempty"` // of send-backs in all decisions, above 0 and below 1
}

// Admitted is the brake's answer: empty, or why it holds.
type Admitted struct {
	Held string `json:"held,omitempty"`
}
