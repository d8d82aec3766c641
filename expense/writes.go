package expense

import (
	"slices"
	"strings"
)

// DryRunReason says why a write is shown and not sent to Concur; empty: it is sent. It is
// kept with what was shown: under other settings that is not done yet.
type DryRunReason string

// DryRunMode withholds every write.
const DryRunMode DryRunReason = "dry-run"

// NotTestUser withholds the writes to reports whose owner is not among the test users.
func NotTestUser(logins []string) DryRunReason {
	return testUsers + DryRunReason(digest(strings.ToLower(strings.Join(slices.Sorted(slices.Values(logins)), "\n"))))
}

const testUsers DryRunReason = "test-users:" // and a hash of who they are

// IsNotTestUser reports whether the report is that of somebody who is no test user.
func (w DryRunReason) IsNotTestUser() bool { return strings.HasPrefix(string(w), string(testUsers)) }

// StillApplies reports whether what was withheld once is withheld under the settings of now, of
// which w is what they say of reports that are not a test user's.
func (w DryRunReason) StillApplies(now DryRunReason) bool {
	return now == DryRunMode || now != "" && w == now
}

// SendBackCheck asks the brake whether what the rules decided may be done. It is repeated
// safely with the same key.
type SendBackCheck struct {
	Key    string `json:"key"`    // of the report at its stop
	Action Action `json:"action"` // SendBack is held; Approve is only counted
	// SendBacks and Share are the limits, for an hour; zero is none.
	SendBacks int     `json:"sendBacks,omitempty"`
	Share     float64 `json:"share,omitempty"` // of send-backs in all decisions, above 0 and below 1
}

// SendBackAnswer is the brake's answer: empty, or why it holds.
type SendBackAnswer struct {
	Reason string `json:"reason,omitempty"`
}
