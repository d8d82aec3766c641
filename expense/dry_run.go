package expense

import (
	"slices"
	"strings"
)

// DryRunReason says why the connector reports a write instead of sending it to Concur. Empty
// means that it sends the write. A run stores the reason: if the settings change, the reason
// may no longer apply.
type DryRunReason string

// DryRunMode means that the deployment sends no writes at all.
const DryRunMode DryRunReason = "dry-run"

// NotTestUser means that the report's owner is not one of the test users.
func NotTestUser(logins []string) DryRunReason {
	return testUsers + DryRunReason(digest(strings.ToLower(strings.Join(slices.Sorted(slices.Values(logins)), "\n"))))
}

const testUsers DryRunReason = "test-users:" // followed by a hash of their logins

// IsNotTestUser reports whether the reason is that the report's owner is not a test user.
func (w DryRunReason) IsNotTestUser() bool { return strings.HasPrefix(string(w), string(testUsers)) }

// StillApplies reports whether a stored reason also holds under the present settings. The
// caller passes the reason that the present settings give for owners who are not test users.
func (w DryRunReason) StillApplies(now DryRunReason) bool {
	return now == DryRunMode || now != "" && w == now
}
