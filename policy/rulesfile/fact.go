package rulesfile

import (
	"net/url"

	"go.yaml.in/yaml/v4"
)

const (
	maxFacts  = 20
	maxValues = 30
)

// Fact declares which values the rules get from one of the company's systems.
type Fact struct {
	Name      string
	At        *yaml.Node
	Level     Level
	URL       string
	MatchNode *yaml.Node
	Send      []Named
	Answer    map[string]Kind
}

func (s *Source) facts(n *yaml.Node) []Fact {
	var all []Fact
	for _, p := range s.named(n, "facts", Identifier, IdentifierForm, maxFacts) {
		what := "the fact " + p.Key
		keys, ok := s.mapping(p.Value, "", what, "level", "url", "match", "send", "answer")
		if !ok {
			continue
		}
		d := Fact{Name: p.Key, At: p.Name, Answer: map[string]Kind{}}
		d.Level = s.levelOf(keys["level"], At(p.Name), "", what)
		s.address(&d, keys["url"])
		if v := keys["match"]; v != nil {
			if _, ok := s.text(v, "", "match"); ok {
				d.MatchNode = v
			}
		}
		if keys["send"] == nil {
			s.Fail(At(p.Name), "", "%s sends nothing: name under send the values to send for each object", what)
		}
		for _, one := range s.named(keys["send"], "send", Identifier, IdentifierForm, maxValues) {
			if _, ok := s.text(one.Value, "", "an expression of send"); ok {
				d.Send = append(d.Send, one)
			}
		}
		for _, a := range s.named(keys["answer"], "answer", Identifier, IdentifierForm, maxValues) {
			if kind, ok := s.kind(a.Value, true); ok {
				d.Answer[a.Key] = kind
			}
		}
		if keys["answer"] == nil {
			s.Fail(At(p.Name), "", "%s has no answer: name under answer the values that come back, and their kinds", what)
		}
		all = append(all, d)
	}
	return all
}

func (s *Source) address(d *Fact, n *yaml.Node) {
	if n == nil {
		s.Fail(At(d.At), "", "the fact %s has no url", d.Name)
		return
	}
	v, ok := s.text(n, "", "url")
	if !ok {
		return
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		s.Fail(At(n), "", "url must be an address such as https://erp.example.com/facts, without user name and fragment")
		return
	}
	d.URL = v
}
