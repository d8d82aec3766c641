package clients

import (
	"slices"
	"time"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/notify"
)

// Members finds in the approvers' file whom to tell about a group's tasks.
type Members struct {
	File *approvers.Watched[approvers.Approvers]
}

// Members returns the members of a group, and those who decide on behalf of a member now. The
// group without a name is everybody in the file.
func (m Members) Members(group string) (all []notify.Person) {
	file, now := m.File.Current(), time.Now()
	var members []string
	for _, p := range file.People {
		if group == "" || slices.Contains(p.Groups, group) {
			members = append(members, p.Name)
		}
	}
	told := slices.Clone(members)
	for _, d := range file.Delegations { // a delegation is not passed on
		if d.InForce(now) && slices.Contains(members, d.From) && !slices.Contains(told, d.To) {
			told = append(told, d.To)
		}
	}
	for _, name := range told {
		if p := file.Named(name); p != nil {
			all = append(all, notify.Person{Name: p.Name, Logins: p.Logins})
		}
	}
	return all
}
