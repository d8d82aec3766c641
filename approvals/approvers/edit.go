package approvers

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Addition is what [Add] writes for one person. Everything but the name may be empty.
type Addition struct {
	Name           string
	Logins, Groups []string
	Subject        string
	SubmitsReports *bool
	Token          *Digest // of a new token
	Today          time.Time
}

// Add adds a person to the approvers' file, or adds logins, groups and a token to a person who is
// in it. If there is no file, it begins one. It returns whether the person is new.
func Add(path string, a Addition) (isNew bool, err error) {
	return isNew, edit(path, func(f *file) error {
		p := f.person(a.Name)
		if isNew = p == nil; isNew {
			p = mapping("name", text(a.Name))
			f.list("approvers").append(p)
		}
		add := func(key string, values []string) {
			for _, one := range values {
				if list := listIn(p, key); !slices.ContainsFunc(list.Content, func(n *yaml.Node) bool { return n.Value == one }) {
					(*node)(list).append(text(one))
				}
			}
		}
		add("logins", a.Logins)
		add("groups", a.Groups)
		if a.Token != nil {
			one := mapping("sha256", text(a.Token.String()), "added", date(a.Today))
			one.Style = yaml.FlowStyle
			(*node)(listIn(p, "tokens")).append(one)
		}
		if a.Subject != "" {
			set(p, "oidc", text(a.Subject))
		}
		if a.SubmitsReports != nil {
			set(p, "submitsReports", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(*a.SubmitsReports)})
		}
		return nil
	})
}

// Revoke removes a person and every delegation from and to them.
func Revoke(path, name string) error {
	return edit(path, func(f *file) error {
		if f.person(name) == nil {
			return f.unknown(name)
		}
		f.list("approvers").remove(func(n *yaml.Node) bool { return valueOf(n, "name") == name })
		f.removeDelegations(func(n *yaml.Node) bool {
			return f.means(n, "from", name) || f.means(n, "to", name)
		})
		return nil
	})
}

// RevokeToken removes the token of a person whose digest begins with some hexadecimal digits.
func RevokeToken(path, name, digits string) error {
	return edit(path, func(f *file) error {
		p := f.person(name)
		if p == nil {
			return f.unknown(name)
		}
		var fits int
		for _, t := range f.now.Named(name).Tokens {
			if strings.HasPrefix(t.SHA256.String(), strings.ToLower(digits)) {
				fits++
			}
		}
		if fits != 1 {
			return fmt.Errorf("%d tokens of %q have a digest that begins with %q; concurctl approver list shows them", fits, name, clip(digits))
		}
		(*node)(listIn(p, "tokens")).remove(func(n *yaml.Node) bool {
			return strings.HasPrefix(strings.ToLower(valueOf(n, "sha256")), strings.ToLower(digits))
		})
		return nil
	})
}

// Delegate adds a delegation for a period. Since and until are as the file has them: dates, or
// times with an offset. since may be empty.
func Delegate(path, from, to, since, until string) error {
	return edit(path, func(f *file) error {
		for _, name := range []string{from, to} {
			if f.person(name) == nil {
				return f.unknown(name)
			}
		}
		d := mapping("from", text(from), "to", text(to))
		if since != "" {
			set(d, "since", plain(since))
		}
		set(d, "until", plain(until))
		d.Style = yaml.FlowStyle
		f.list("delegations").append(d)
		return nil
	})
}

// EndDelegation removes every delegation from one person to another, and returns an error if
// there is none.
func EndDelegation(path, from, to string) error {
	return edit(path, func(f *file) error {
		if f.removeDelegations(func(n *yaml.Node) bool { return f.means(n, "from", from) && f.means(n, "to", to) }) == 0 {
			return fmt.Errorf("there is no delegation from %q to %q in the file", from, to)
		}
		return nil
	})
}

// newFile is the content of a file that does not exist yet.
const newFile = "# Who may decide reports and travel requests; docs/approvals.md describes this file.\napprovers: []\n"

// file is an approvers' file while it is edited: its nodes, with their comments, and what they
// said before.
type file struct {
	root *yaml.Node
	now  *Approvers
}

// edit changes the file as a whole. It refuses a file that has mistakes and a change that would
// make one. Only one process edits the file at a time.
func edit(path string, change func(*file) error) error {
	return replaceFile(path, func(content []byte, err error) ([]byte, error) {
		if errors.Is(err, fs.ErrNotExist) {
			content = []byte(newFile)
		} else if err != nil {
			return nil, err
		}
		now, err := Parse(path, content)
		if err != nil {
			return nil, fmt.Errorf("the approvers' file has mistakes, correct them first:\n%w", err)
		}
		var document yaml.Node
		if err := yaml.Load(content, &document); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if err := change(&file{root: document.Content[0], now: now}); err != nil {
			return nil, err
		}
		changed, err := yaml.Dump(&document, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(-1))
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		if _, err := Parse("the changed file", changed); err != nil {
			return nil, fmt.Errorf("nothing was changed: %w", err)
		}
		return changed, nil
	})
}

func (f *file) unknown(name string) error {
	return fmt.Errorf("there is no approver called %q in the file; concurctl approver list shows them", clip(name))
}

// person returns the mapping of a person, or nil.
func (f *file) person(name string) *yaml.Node {
	for _, n := range listIn(f.root, "approvers").Content {
		if valueOf(n, "name") == name {
			return n
		}
	}
	return nil
}

func (f *file) list(key string) *node { return (*node)(listIn(f.root, key)) }

// removeDelegations removes delegations and returns how many there were.
func (f *file) removeDelegations(which func(*yaml.Node) bool) int {
	if len(f.now.Delegations) == 0 {
		return 0
	}
	return f.list("delegations").remove(which)
}

// means reports whether a key of a delegation names a person, in whatever case.
func (f *file) means(n *yaml.Node, key, name string) bool {
	return looseKey(valueOf(n, key)) == looseKey(name)
}

// node is a list in the file.
type node yaml.Node

func (n *node) append(item *yaml.Node) {
	if len(n.Content) == 0 && item.Kind == yaml.MappingNode {
		n.Style = 0 // [] becomes a list with a line for each item
	}
	n.Content = append(n.Content, item)
}

func (n *node) remove(which func(*yaml.Node) bool) (removed int) {
	before := len(n.Content)
	n.Content = slices.DeleteFunc(n.Content, which)
	return before - len(n.Content)
}

// listIn returns the list under a key of a mapping, and adds an empty one if there is none.
func listIn(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	set(m, key, list)
	return list
}

func valueOf(m *yaml.Node, key string) string {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1].Value
		}
	}
	return ""
}

func set(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			value.LineComment = m.Content[i+1].LineComment
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, text(key), value)
}

func mapping(pairs ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(pairs); i += 2 {
		set(m, pairs[i].(string), pairs[i+1].(*yaml.Node))
	}
	return m
}

// text is a text; YAML quotes it if it looks like something else.
func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// plain is a value that is written without quotes, such as a date.
func plain(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

func date(t time.Time) *yaml.Node { return plain(t.Format(time.DateOnly)) }
