package workflows

import "concur-connector/expense"

// hear remembers at which stop the report is, as a notification names it. A copy of the
// failed list that tells of what is known, or of what was before it, names no other.
func (r *run) hear(n expense.Notification) {
	again := n.NotificationURI != "" && n.EventType == r.EventType && n.EventDateTime == r.EventAt
	if n.EventType == "" || again || before(n.EventDateTime, r.EventAt) {
		return
	}
	r.EventType, r.EventAt = n.EventType, n.EventDateTime
	r.NewType, r.Spent = true, false
}

// before compares two times as Concur prints them: texts of one form, whose order is that of
// the times. Of others nothing is known.
func before(a, b string) bool { return len(a) == len(b) && a < b }

// leave notes that the report has left the stop that the last notification named, unless
// another has come meanwhile.
func (r *run) leave() {
	if !r.NewType {
		r.Spent = true
	}
}

// eventType names the stop at which the report waits; empty when nobody has named it.
func (r *run) eventType() string {
	if r.Spent {
		return ""
	}
	return r.EventType
}

// stepChanged reports whether the report has come to another step of which Concur gives
// no name: a notification then names it.
func (r *run) stepChanged(read expense.FetchedReport) bool {
	before := r.Step
	r.Step = r.EventType
	if read.Mark == "" && read.Request == nil || before == "" || before == r.Step {
		return false
	}
	r.forgetPosted(read.Stop)
	return true
}
