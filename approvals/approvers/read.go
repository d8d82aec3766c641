package approvers

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a container has no time zones of its own
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/textfile"
)

const (
	maxFile        = 1 << 20 // bytes
	maxPeople      = 10_000
	maxDelegations = 10_000
	maxListed      = 100 // logins or groups of a person
	maxTokens      = 10  // of a person
	maxName        = 64  // characters
	maxText        = 256
)

// Load reads the approvers' file. The error contains every mistake with its line and column,
// each a [Problem], and never a digest.
func Load(path string) (*Approvers, error) {
	content, err := readFile(path, "approvers' file")
	if err != nil {
		return nil, err
	}
	return Parse(path, content)
}

// Parse reads the content of an approvers' file. Its errors are those of Load; name stands for
// the file in them.
func Parse(name string, content []byte) (*Approvers, error) {
	r := &reader{file: name}
	a := &Approvers{}
	if content, err := textfile.Trim(content); err != nil {
		r.fail(nil, "%v", err)
	} else if root := r.document(content); root != nil {
		r.content(a, root)
	}
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	return a, nil
}

func (r *reader) content(a *Approvers, root *yaml.Node) {
	top, ok := r.mapping(root, "the file", "approvers", "delegations", "timezone")
	if !ok {
		return
	}
	if top["approvers"] == nil {
		r.fail(root, "approvers is missing; a file without anybody says approvers: []")
	}
	seen := &taken{names: map[string]int{}, exact: map[string]string{}, logins: map[string]int{}, digests: map[Digest]int{}, subjects: map[string]int{}}
	for _, n := range r.items(top["approvers"], "approvers", maxPeople) {
		if p, ok := r.person(n, seen); ok {
			a.People = append(a.People, p)
		}
	}
	zone := r.zone(top["timezone"])
	for _, n := range r.items(top["delegations"], "delegations", maxDelegations) {
		if d, ok := r.delegation(n, seen, zone); ok {
			a.Delegations = append(a.Delegations, d)
		}
	}
}

// taken says in which lines the people's names, logins, tokens and subjects are.
type taken struct {
	names, logins, subjects map[string]int
	exact                   map[string]string // the name as it is written
	digests                 map[Digest]int
}

// claim notes that something is in a line, or fails if it already is in another.
func claim[K comparable](r *reader, seen map[K]int, key K, n *yaml.Node, what string) bool {
	if line, twice := seen[key]; twice {
		r.fail(n, "%s is already in line %d", what, line)
		return false
	}
	seen[key] = n.Line
	return true
}

func (r *reader) person(n *yaml.Node, seen *taken) (p Person, ok bool) {
	p.SubmitsReports = true
	values, ok := r.mapping(n, "an approver", "name", "logins", "groups", "tokens", "oidc", "submitsReports")
	if !ok {
		return p, false
	}
	if values["name"] == nil {
		r.fail(n, "the approver has no name")
		return p, false
	}
	if p.Name, ok = r.text(values["name"], "an approver's name", maxName); !ok {
		return p, false
	}
	claim(r, seen.names, looseKey(p.Name), values["name"], fmt.Sprintf("the name %q, or one that looks like it,", p.Name))
	seen.exact[looseKey(p.Name)] = p.Name
	for _, one := range r.items(values["logins"], "logins", maxListed) {
		if login, ok := r.text(one, "a login", maxText); ok && claim(r, seen.logins, looseKey(login), one, "this login") {
			p.Logins = append(p.Logins, login)
		}
	}
	for _, one := range r.items(values["groups"], "groups", maxListed) {
		if group, ok := r.text(one, "a group", maxText); ok {
			p.Groups = append(p.Groups, group)
		}
	}
	for _, one := range r.items(values["tokens"], "tokens", maxTokens) {
		if token, ok := r.token(one); ok && claim(r, seen.digests, token.SHA256, one, "this token") {
			p.Tokens = append(p.Tokens, token)
		}
	}
	if at := values["oidc"]; at != nil {
		if p.Subject, ok = r.text(at, "oidc, the subject at the OpenID provider,", maxText); ok {
			claim(r, seen.subjects, p.Subject, at, "this subject")
		}
	}
	if at := values["submitsReports"]; at != nil {
		p.SubmitsReports = r.truth(at, "submitsReports")
	}
	return p, true
}

func (r *reader) token(n *yaml.Node) (t Token, ok bool) {
	values, ok := r.mapping(n, "a token", "sha256", "added")
	if !ok {
		return t, false
	}
	at := values["sha256"]
	if at == nil {
		r.fail(n, "the token has no sha256")
		return t, false
	}
	digest, err := hex.DecodeString(at.Value)
	if at.Kind != yaml.ScalarNode || err != nil || len(digest) != len(t.SHA256) {
		r.fail(at, "sha256 must be %d hexadecimal digits: the digest of a token, never the token", 2*len(t.SHA256))
		return t, false
	}
	t.SHA256 = Digest(digest)
	if at := values["added"]; at != nil {
		if t.Added, err = time.Parse(time.DateOnly, at.Value); err != nil {
			r.fail(at, "added must be a date such as 2026-01-31")
			return t, false
		}
	}
	return t, true
}

func (r *reader) delegation(n *yaml.Node, seen *taken, zone *time.Location) (d Delegation, ok bool) {
	values, ok := r.mapping(n, "a delegation", "from", "to", "since", "until")
	if !ok {
		return d, false
	}
	for _, key := range []string{"from", "to", "until"} {
		if values[key] == nil {
			r.fail(n, "the delegation has no %q", key)
			ok = false
		}
	}
	if !ok {
		return d, false
	}
	name := func(key string) string {
		text, ok := r.text(values[key], key, maxName)
		exact, known := seen.exact[looseKey(text)]
		if ok && !known {
			r.fail(values[key], "%s: there is no approver called %q", key, text)
		}
		return exact
	}
	d.From, d.To = name("from"), name("to")
	if d.From != "" && d.From == d.To {
		r.fail(values["to"], "a delegation must be to somebody else")
	}
	var readSince, readUntil bool
	if at := values["since"]; at != nil {
		d.Since, readSince = r.moment(at, "since", zone, 0)
	}
	d.Until, readUntil = r.moment(values["until"], "until", zone, 1)
	if readSince && readUntil && !d.Since.Before(d.Until) {
		r.fail(values["until"], "the delegation ends before it begins")
	}
	return d, true
}

// moment reads a date or a time. A date means its beginning, or the beginning of the day that is
// some days later.
func (r *reader) moment(n *yaml.Node, what string, zone *time.Location, later int) (time.Time, bool) {
	t, err := ParseMoment(n.Value, zone, later)
	if n.Kind != yaml.ScalarNode || err != nil {
		r.fail(n, "%s must be a date such as 2026-01-31, or a time such as 2026-01-31T18:00:00Z", what)
		return time.Time{}, false
	}
	return t, true
}

// ParseMoment reads a date in a time zone, or a time with an offset. A date means the beginning
// of the day that is some days later.
func ParseMoment(text string, zone *time.Location, later int) (time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day.AddDate(0, 0, later), nil
	}
	return time.Parse(time.RFC3339, text)
}

func (r *reader) zone(n *yaml.Node) *time.Location {
	if n == nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || n.Value == "" || n.Value == "Local" {
		r.fail(n, "timezone must be a name such as Europe/Berlin")
		return time.UTC
	}
	return zone
}

func (r *reader) truth(n *yaml.Node, what string) bool {
	if n.ShortTag() != "!!bool" || n.Value != "true" && n.Value != "false" {
		r.fail(n, "%s must be true or false", what)
	}
	return n.Value != "false"
}

// CheckName says why a text cannot be an approver's name. It is nil if it can.
func CheckName(name string) error {
	if why := checkText(name, maxName); why != "" {
		return fmt.Errorf("an approver's name %s", why)
	}
	return nil
}

func checkText(text string, most int) string {
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return "must be valid UTF-8"
	case n < 1 || n > most:
		return fmt.Sprintf("must have 1 to %d characters; it has %d", most, n)
	case strings.TrimSpace(text) != text:
		return "must not begin or end with a space"
	case strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }):
		return "must contain only printable characters"
	}
	return ""
}
