package identity

import (
	"slices"
	"strings"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
)

// claimed is what the OpenID provider or the proxy says about a person.
type claimed struct {
	by      expense.Identification
	subject string // at the OpenID provider
	login   string // proven by the provider or the proxy; empty if there is none
	groups  []string
}

// mapping turns what others say about a person into an actor.
type mapping struct {
	people People
	groups []string // of approvers; all others are ignored
}

// actor returns the person of the approvers' file who has the login or the subject. A person who
// is not in the file is an approver if they are in a group of approvers; they are called by their
// login.
func (m mapping) actor(c claimed) (expense.Actor, error) {
	var logins []string
	if c.login != "" {
		logins = []string{c.login}
	}
	groups := slices.DeleteFunc(slices.Clone(c.groups), func(group string) bool { return !slices.Contains(m.groups, group) })
	slices.Sort(groups)
	groups = slices.Compact(groups)
	file := m.people.Current()
	switch found := file.Identified(logins, c.subject); {
	case len(found) > 1:
		return expense.Actor{}, refuse(ErrInvalid, "the login and the subject belong to different people of the approvers' file")
	case len(found) == 1:
		return actorOf(found[0], c.by, logins, groups), nil
	case c.login == "" && len(groups) == 0:
		return expense.Actor{}, refuse(ErrNotApprover, "this account has no verified login, and its subject is not in the approvers' file")
	case len(groups) == 0:
		return expense.Actor{}, refuse(ErrNotApprover, "this account is not in the approvers' file, and in no group of approvers")
	case c.login == "":
		return expense.Actor{}, refuse(ErrNotApprover, "this account is in a group of approvers, and it has no verified login")
	case len(c.login) > maxLogin:
		return expense.Actor{}, refuse(ErrInvalid, "the login of this account is too long")
	}
	name := strings.ToLower(c.login)
	if file.IsName(name) {
		return expense.Actor{}, refuse(ErrInvalid, "the login of this account is the name of a person of the approvers' file who does not have this login")
	}
	return expense.Actor{Name: name, IdentifiedBy: c.by, Logins: logins, Groups: groups}, nil
}

const maxLogin = 256

// actorOf describes a person of the file, with the logins and groups that others have given them.
// A name of the file never stands for anybody else.
func actorOf(p *approvers.Person, by expense.Identification, logins, groups []string) expense.Actor {
	actor := expense.Actor{Name: p.Name, IdentifiedBy: by, Logins: slices.Clone(p.Logins), Groups: groups}
	for _, login := range logins {
		if !slices.Contains(actor.Logins, login) {
			actor.Logins = append(actor.Logins, login)
		}
	}
	return actor
}

// Refresh returns an actor who was identified earlier, such as at the beginning of a session, with
// what the approvers' file says now. It returns ErrNotApprover for a person who is no longer an
// approver. It does not ask the OpenID provider.
func Refresh(people People, actor expense.Actor) (expense.Actor, error) {
	p := people.Current().Named(actor.Name)
	switch {
	case p != nil:
		return actorOf(p, actor.IdentifiedBy, actor.Logins, actor.Groups), nil
	case actor.IdentifiedBy == expense.ByToken || len(actor.Groups) == 0:
		return expense.Actor{}, refuse(ErrNotApprover, "you are no longer in the approvers' file")
	}
	return actor, nil
}
