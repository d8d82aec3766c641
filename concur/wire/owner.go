package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// The longest texts about a person that are kept, in runes.
const (
	maxLogin = 320 // the longest address of a mailbox
	maxName  = 200
)

// NewOwner returns the owner that a document names. Logins are all logins that it gives for the
// owner. A login that is empty, or that is no value, such as N/A, says nothing. If one login
// cannot be a login, or if two differ in more than the case of ASCII letters, nobody knows who
// the owner is: the Login is then empty.
func NewOwner(name string, logins ...string) expense.Owner {
	owner := expense.Owner{}
	if !lenient.IsNoValue(name) {
		owner.Name = clip(strings.ToValidUTF8(name, ""), maxName)
	}
	for _, login := range logins {
		switch login = strings.TrimSpace(login); {
		case lenient.IsNoValue(login):
		case !canBeLogin(login), owner.Login != "" && !SameLogin(owner.Login, login):
			return expense.Owner{Name: owner.Name}
		case owner.Login == "":
			owner.Login = login
		}
	}
	return owner
}

// canBeLogin reports whether a text was read completely and is no longer than a login can be.
func canBeLogin(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxLogin &&
		!strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) })
}

// SameLogin compares two logins in any case of the ASCII letters. Other letters are compared
// exactly, because some look alike.
func SameLogin(a, b string) bool { return FoldLogin(a) == FoldLogin(b) }

// FoldLogin returns a login with its ASCII letters in lower case.
func FoldLogin(login string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, login)
}
