package approvers

import (
	"crypto/subtle"
	"slices"
	"time"
)

// Approvers are the people who may decide, and the delegations between them. They are what one
// version of the approvers' file says, and never change. The zero value has nobody.
type Approvers struct {
	People      []Person
	Delegations []Delegation
}

// Person is one approver of the file.
type Person struct {
	Name string // unique, whatever the case
	// Logins are the person's Concur logins and e-mail addresses. No two people share one.
	Logins  []string
	Groups  []string
	Tokens  []Token
	Subject string // the person's subject at the OpenID provider; empty if the file has none
	// SubmitsReports is false only if the file says so. Such a person owns no report, so that
	// they may also decide when Concur does not say who the owner is.
	SubmitsReports bool
}

// Token is what the file knows of a bearer token.
type Token struct {
	SHA256 Digest
	Added  time.Time // the day; zero if the file does not say
}

// Delegation lets To decide for From, from Since until just before Until.
type Delegation struct {
	From, To     string
	Since, Until time.Time // Since is zero if the file does not say
}

// InForce reports whether the delegation holds at a moment.
func (d Delegation) InForce(at time.Time) bool { return !at.Before(d.Since) && at.Before(d.Until) }

// Named returns the person with a name, or nil.
func (a *Approvers) Named(name string) *Person {
	at := slices.IndexFunc(a.People, func(p Person) bool { return p.Name == name })
	if at < 0 {
		return nil
	}
	return &a.People[at]
}

// IsName reports whether a text is a person's name, or looks like one.
func (a *Approvers) IsName(text string) bool {
	return slices.ContainsFunc(a.People, func(p Person) bool { return looseKey(p.Name) == looseKey(text) })
}

// WithToken returns the person to whom a token belongs, or nil.
func (a *Approvers) WithToken(token string) *Person { return a.WithDigest(DigestOf(token)) }

// WithDigest returns the person to whom the token with a digest belongs, or nil. It compares the
// digest with every digest of the file, each in constant time.
func (a *Approvers) WithDigest(given Digest) *Person {
	var found *Person
	for i := range a.People {
		for _, t := range a.People[i].Tokens {
			if subtle.ConstantTimeCompare(given[:], t.SHA256[:]) == 1 {
				found = &a.People[i]
			}
		}
	}
	return found
}

// Identified returns the people who have one of the logins, or the subject at the OpenID
// provider. An empty subject fits nobody. More than one person means that the file and the
// provider disagree.
func (a *Approvers) Identified(logins []string, subject string) []*Person {
	var found []*Person
	for i := range a.People {
		p := &a.People[i]
		if subject != "" && p.Subject == subject || slices.ContainsFunc(logins, p.hasLogin) {
			found = append(found, p)
		}
	}
	return found
}

func (p *Person) hasLogin(login string) bool {
	return slices.ContainsFunc(p.Logins, func(one string) bool { return loginKey(one) == loginKey(login) })
}
