package policy

import "time"

// Budgeted returns the policy with other bounds on the judging of one report.
func (p *Policy) Budgeted(cost uint64, within time.Duration) *Policy {
	q := *p
	q.budget, q.time = cost, within
	return &q
}
