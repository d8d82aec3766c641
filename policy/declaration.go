package policy

import (
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	maxName    = 64
	maxMessage = 500 // characters
)

var (
	kebab     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	codeForm  = regexp.MustCompile(`^[A-Z0-9_]{1,8}$`)
	groupForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// declaration is a rule as it is written. Expressions keep their node, which knows
// their place.
type declaration struct {
	name              string
	at                place
	level             Level
	match, expression *yaml.Node
	message           string
	messageExpression *yaml.Node
	then              effects
}

// effects are what follows when a rule is violated.
type effects struct {
	code     string // of an exception
	sendBack bool
	ask      string // a group
}

// rule reads one rule. It is false when too little of it can be read to go on.
func (s *source) rule(n *yaml.Node) (declaration, bool) {
	d := declaration{at: at(n)}
	name := nameOf(n)
	keys, ok := s.mapping(n, name, "a rule",
		"name", "level", "match", "expression", "message", "messageExpression", "then")
	if !ok {
		return d, false
	}
	if v := keys["name"]; v == nil {
		s.fail(d.at, "", "a rule has no name")
	} else if given, ok := s.text(v, "", "name"); ok {
		d.at = at(v)
		if d.name = given; !kebab.MatchString(given) || len(given) > maxName {
			s.fail(d.at, name, `the name must be lower-case words joined by "-", at most %d characters`, maxName)
		}
	}
	s.level(&d, keys["level"])
	if v := keys["match"]; v != nil {
		if _, ok := s.text(v, d.name, "match"); ok {
			d.match = v
		}
	}
	if v := keys["expression"]; v == nil {
		s.fail(d.at, d.name, "expression is missing: it says what must hold")
	} else if _, ok := s.text(v, d.name, "expression"); ok {
		d.expression = v
	}
	s.message(&d, keys["message"], keys["messageExpression"])
	if v := keys["then"]; v == nil {
		s.fail(d.at, d.name, "then is missing: it says what follows")
	} else {
		s.effects(&d, v)
	}
	return d, true
}

// nameOf looks for the rule's name, so that even a broken rule is called by it.
func nameOf(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" && n.Content[i+1].Kind == yaml.ScalarNode && len(n.Content[i+1].Value) <= maxName {
			return n.Content[i+1].Value
		}
	}
	return ""
}

func (s *source) level(d *declaration, n *yaml.Node) {
	if n == nil {
		s.fail(d.at, d.name, "level is missing: report, entry or request")
		return
	}
	if v, ok := s.text(n, d.name, "level"); ok {
		if d.level = Level(v); variables[d.level] == nil {
			s.fail(at(n), d.name, "level must be report, entry or request, not %q", v)
			d.level = ""
		}
	}
}

func (s *source) message(d *declaration, fixed, computed *yaml.Node) {
	switch {
	case fixed == nil && computed == nil:
		s.fail(d.at, d.name, "message or messageExpression is missing")
	case fixed != nil && computed != nil:
		s.fail(at(computed), d.name, "message and messageExpression exclude each other")
	case computed != nil:
		if _, ok := s.text(computed, d.name, "messageExpression"); ok {
			d.messageExpression = computed
		}
	default:
		v, ok := s.text(fixed, d.name, "message")
		if !ok {
			return
		}
		switch d.message = oneLine(v); {
		case d.message == "":
			s.fail(at(fixed), d.name, "message is empty")
		case utf8.RuneCountInString(d.message) > maxMessage:
			s.fail(at(fixed), d.name, "message is longer than %d characters", maxMessage)
		}
	}
}

func (s *source) effects(d *declaration, n *yaml.Node) {
	before := len(s.errors)
	keys, ok := s.mapping(n, d.name, "then", "exception", "sendBack", "ask")
	if !ok {
		return
	}
	if v := keys["exception"]; v != nil {
		if s.exception(d, v); d.level == RequestLevel {
			s.fail(at(v), d.name, "Concur takes no exceptions on a travel request; use sendBack, which says the message in its comment, or ask")
		}
	}
	if v := keys["sendBack"]; v != nil {
		d.then.sendBack = v.Value == "true"
		if v.ShortTag() != "!!bool" || !d.then.sendBack && v.Value != "false" {
			s.fail(at(v), d.name, "sendBack must be true or false")
		}
	}
	if v := keys["ask"]; v != nil {
		if group, ok := s.text(v, d.name, "ask"); ok {
			if d.then.ask = group; !groupForm.MatchString(group) {
				s.fail(at(v), d.name, `ask must name a group: letters, digits, ".", "_", "-", at most 64`)
			}
		}
	}
	if d.then == (effects{}) && len(s.errors) == before {
		s.fail(at(n), d.name, "then needs at least one effect: exception, sendBack: true or ask")
	}
}

func (s *source) exception(d *declaration, n *yaml.Node) {
	keys, ok := s.mapping(n, d.name, "exception", "code")
	if !ok {
		return
	}
	v := keys["code"]
	if v == nil {
		s.fail(at(n), d.name, "exception has no code")
		return
	}
	if code, ok := s.text(v, d.name, "code"); ok {
		if d.then.code = code; !codeForm.MatchString(code) {
			s.fail(at(v), d.name, "code must be 1 to 8 of A-Z, 0-9 and _, not %q", clip(code, 40))
		}
	}
}
