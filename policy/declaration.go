package policy

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
)

const (
	maxName        = 64
	maxMessage     = 500 // characters
	maxDescription = 500
	maxLanguages   = 20
)

const (
	kebabForm      = `lower-case words joined by "-"`
	identifierForm = "a letter, then letters, digits and _, at most 40, such as costCentres"
	groupFormed    = `letters, digits, ".", "_", "-", at most 64`
)

var (
	kebab      = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`)
	codeForm   = regexp.MustCompile(`^[A-Z0-9_]{1,8}$`)
	groupForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// declaration is a rule as it is written. Expressions keep their node, which knows
// their place.
type declaration struct {
	name              string
	description       string
	at                place
	level             Level
	stops             []string
	stopNodes         []*yaml.Node
	match, expression *yaml.Node
	messages          []said
	shadow            bool
	then              effects
	ask               *yaml.Node
}

// said is a message, fixed or computed, in a language or in the only one.
type said struct {
	language string
	at       *yaml.Node
	fixed    string
	computed *yaml.Node
}

// effects are what follows when a rule is violated.
type effects struct {
	code       string // of an exception
	visibility expense.Visibility
	sendBack   bool
	ask        string // a group
	warn       bool
}

// rule reads one rule. It is false when too little of it can be read to go on.
func (s *source) rule(n *yaml.Node) (declaration, bool) {
	d := declaration{at: at(n)}
	name := nameOf(n)
	keys, ok := s.mapping(n, name, "a rule", "name", "description", "level", "stops", "match", "expression",
		"message", "messageExpression", "shadow", "then")
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
	if v := keys["description"]; v != nil {
		text, _ := s.text(v, d.name, "description")
		if d.description = oneLine(text); utf8.RuneCountInString(text) > maxDescription {
			s.fail(at(v), d.name, "description is longer than %d characters", maxDescription)
		}
	}
	d.level = s.levelOf(keys["level"], d.at, d.name, "")
	if v := keys["stops"]; v != nil {
		if d.stops, d.stopNodes = s.texts(v, d.name, "a stop"); len(d.stops) == 0 {
			s.fail(at(v), d.name, "stops is empty; a rule for every stop has none")
		}
	}
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
	s.messages(&d, keys["message"], keys["messageExpression"])
	if v := keys["shadow"]; v != nil {
		d.shadow = s.truth(v, d.name, "shadow")
	}
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

// levelOf reads a level; of says whose it is when it is no rule's.
func (s *source) levelOf(n *yaml.Node, whose place, rule, of string) Level {
	if of != "" {
		of += ": "
	}
	if n == nil {
		s.fail(whose, rule, "%slevel is missing: %s", of, levelNames(" or "))
		return ""
	}
	v, ok := s.text(n, rule, "level")
	switch {
	case !ok:
		return ""
	case !Level(v).known():
		s.fail(at(n), rule, "%slevel must be %s, not %q%s", of, levelNames(" or "), clip(v, 40), levelMeant(v))
		return ""
	}
	return Level(v)
}

// levelMeant ends a sentence about a level that there is not.
func levelMeant(name string) string {
	switch strings.ToLower(name) {
	case "expense", "expenses", "line", "item", "transaction":
		return `; did you mean "entry"?`
	case "header":
		return `; did you mean "report"?`
	}
	return Suggestion(name, strings.Split(levelNames(", "), ", "))
}

// levelNames lists the levels, the last after a word of its own.
func levelNames(last string) string {
	names := make([]string, len(levels))
	for i, l := range levels {
		names[i] = string(l)
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}

// messages reads the message of a rule: fixed or computed, one for all or one for each
// language.
func (s *source) messages(d *declaration, fixed, computed *yaml.Node) {
	switch {
	case fixed == nil && computed == nil:
		s.fail(d.at, d.name, "message or messageExpression is missing")
	case fixed != nil && computed != nil:
		s.fail(at(computed), d.name, "message and messageExpression exclude each other")
	case computed != nil:
		s.inLanguages(d, computed, "messageExpression", func(m *said) {
			if _, ok := s.text(m.at, d.name, "messageExpression"); ok {
				m.computed = m.at
			}
		})
	default:
		s.inLanguages(d, fixed, "message", func(m *said) {
			v, ok := s.text(m.at, d.name, "message")
			switch m.fixed = oneLine(v); {
			case !ok:
			case m.fixed == "":
				s.fail(at(m.at), d.name, "message is empty")
			case utf8.RuneCountInString(m.fixed) > maxMessage:
				s.fail(at(m.at), d.name, "message is longer than %d characters", maxMessage)
			}
		})
	}
}

func (s *source) inLanguages(d *declaration, n *yaml.Node, what string, read func(*said)) {
	if n.Kind != yaml.MappingNode {
		m := said{at: n}
		read(&m)
		d.messages = append(d.messages, m)
		return
	}
	for _, p := range s.named(n, what, languageForm, "a language such as en or de-CH", maxLanguages) {
		m := said{language: p.key, at: p.value}
		read(&m)
		d.messages = append(d.messages, m)
	}
	if len(d.messages) == 0 {
		s.fail(at(n), d.name, "%s is empty", what)
	}
}

func (s *source) effects(d *declaration, n *yaml.Node) {
	before := len(s.errors)
	keys, ok := s.mapping(n, d.name, "then", "exception", "sendBack", "ask", "warn")
	if !ok {
		return
	}
	if v := keys["exception"]; v != nil {
		if s.exception(d, v); d.level.ofRequest() {
			s.fail(at(v), d.name, "Concur takes no exceptions on a travel request; use sendBack, which says the message in its comment, or ask")
		}
	}
	if v := keys["sendBack"]; v != nil {
		d.then.sendBack = s.truth(v, d.name, "sendBack")
	}
	if v := keys["warn"]; v != nil {
		d.then.warn = s.truth(v, d.name, "warn")
	}
	if v := keys["ask"]; v != nil {
		if group, ok := s.text(v, d.name, "ask"); ok {
			if d.then.ask, d.ask = group, v; !groupForm.MatchString(group) {
				s.fail(at(v), d.name, `ask must name a group: %s`, groupFormed)
			}
		}
	}
	switch then := d.then; {
	case len(s.errors) > before:
	case then == (effects{}):
		s.fail(at(n), d.name, "then needs at least one effect: exception, sendBack: true, ask or warn: true")
	case then.warn && then != (effects{warn: true}):
		s.fail(at(n), d.name, "warn says that nothing else follows; leave it out, or the other effects")
	}
}

func (s *source) exception(d *declaration, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && codeForm.MatchString(n.Value) {
		s.fail(at(n), d.name, "an exception is written {code: %s}", n.Value)
		return
	}
	keys, ok := s.mapping(n, d.name, "exception", "code", "visibility")
	if !ok {
		return
	}
	if v := keys["code"]; v == nil {
		s.fail(at(n), d.name, "exception has no code")
	} else {
		d.then.code = s.code(v, d.name, "code")
	}
	if v := keys["visibility"]; v != nil {
		text, ok := s.text(v, d.name, "visibility")
		d.then.visibility = expense.Visibility(text)
		if known := []string{string(expense.VisibleToAll), string(expense.VisibleToApprovers), string(expense.VisibleToProcessors)}; ok && !slices.Contains(known, text) {
			s.fail(at(v), d.name, "visibility must be %s, %s or %s, not %q%s", known[0], known[1], known[2], clip(text, 40), Suggestion(text, known))
		}
	}
}
