package rulesfile

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
)

const (
	maxName        = 64
	MaxMessage     = 500 // characters
	maxDescription = 500
	maxLanguages   = 20
)

const (
	kebabForm      = `lower-case words joined by "-"`
	IdentifierForm = "a letter, then letters, digits and _, at most 40, such as costCentres"
	groupFormed    = `letters, digits, ".", "_", "-", at most 64`
)

var (
	kebab      = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	Identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`)
	codeForm   = regexp.MustCompile(`^[A-Z0-9_]{1,8}$`)
	groupForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// Rule is a rule as it is written. Expressions keep their node, which has their place.
type Rule struct {
	Name                      string
	Description               string
	At                        Place
	Level                     Level
	Steps                     []string
	StepNodes                 []*yaml.Node
	MatchNode, ExpressionNode *yaml.Node
	Messages                  []Message // for the employee
	ApproverMessages          []Message // for the approver; empty: as for the employee
	Shadow                    bool
	Then                      Effects
	Asks                      []Asked
}

// Message is a fixed or computed message. Language is empty when the rule has one message only.
type Message struct {
	Language string
	At       *yaml.Node
	Fixed    string
	Computed *yaml.Node
}

// Effects are what happens when a rule is violated.
type Effects struct {
	Code       string // of an exception
	Visibility expense.Visibility
	SendBack   bool
	Ask        bool // the groups of Rule.Asks
	Warn       bool
}

// rule reads one rule. The result is false when the rule cannot be read at all.
func (s *Source) rule(n *yaml.Node) (Rule, bool) {
	d := Rule{At: At(n)}
	name := nameOf(n)
	keys, ok := s.mapping(n, name, "a rule", "name", "description", "level", "steps", "match", "expression",
		"message", "messageExpression", "approverMessage", "approverMessageExpression", "shadow", "then")
	if !ok {
		return d, false
	}
	if v := keys["name"]; v == nil {
		s.Fail(d.At, "", "a rule has no name")
	} else if given, ok := s.text(v, "", "name"); ok {
		d.At = At(v)
		if d.Name = given; !kebab.MatchString(given) || len(given) > maxName {
			s.Fail(d.At, name, `the name must be lower-case words joined by "-", at most %d characters`, maxName)
		}
	}
	if v := keys["description"]; v != nil {
		text, _ := s.text(v, d.Name, "description")
		if d.Description = OneLine(text); utf8.RuneCountInString(text) > maxDescription {
			s.Fail(At(v), d.Name, "description is longer than %d characters", maxDescription)
		}
	}
	d.Level = s.levelOf(keys["level"], d.At, d.Name, "")
	if v := keys["steps"]; v != nil {
		if d.Steps, d.StepNodes = s.texts(v, d.Name, "a step"); len(d.Steps) == 0 {
			s.Fail(At(v), d.Name, "steps is empty; leave it out for a rule that applies at every step")
		}
	}
	if v := keys["match"]; v != nil {
		if _, ok := s.text(v, d.Name, "match"); ok {
			d.MatchNode = v
		}
	}
	if v := keys["expression"]; v == nil {
		s.Fail(d.At, d.Name, "expression is missing: write the condition that must be true")
	} else if _, ok := s.text(v, d.Name, "expression"); ok {
		d.ExpressionNode = v
	}
	if keys["message"] == nil && keys["messageExpression"] == nil {
		s.Fail(d.At, d.Name, "message or messageExpression is missing")
	}
	d.Messages = s.messages(&d, keys, "message", "messageExpression")
	d.ApproverMessages = s.messages(&d, keys, "approverMessage", "approverMessageExpression")
	if v := keys["shadow"]; v != nil {
		d.Shadow = s.truth(v, d.Name, "shadow")
	}
	if v := keys["then"]; v == nil {
		s.Fail(d.At, d.Name, "then is missing: write what happens when the rule is violated")
	} else {
		s.effects(&d, v)
	}
	return d, true
}

// nameOf finds the rule's name, so that errors about a broken rule name it.
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

// levelOf reads the level of a rule, or of the declaration that of names.
func (s *Source) levelOf(n *yaml.Node, whose Place, rule, of string) Level {
	if of != "" {
		of += ": "
	}
	if n == nil {
		s.Fail(whose, rule, "%slevel is missing: %s", of, levelNames(" or "))
		return ""
	}
	v, ok := s.text(n, rule, "level")
	switch {
	case !ok:
		return ""
	case !Level(v).Known():
		s.Fail(At(n), rule, "%slevel must be %s, not %q%s", of, levelNames(" or "), Clip(v, 40), levelMeant(v))
		return ""
	}
	return Level(v)
}

// levelMeant ends the error about an unknown level: it suggests a level.
func levelMeant(name string) string {
	switch strings.ToLower(name) {
	case "expense", "expenses", "line", "item", "transaction":
		return `; did you mean "entry"?`
	case "header":
		return `; did you mean "report"?`
	case "expected":
		return `; did you mean "expectedExpense"?`
	}
	return spelling.Suggestion(name, strings.Split(levelNames(", "), ", "))
}

// levelNames lists the levels, with another separator before the last.
func levelNames(last string) string {
	names := make([]string, len(Levels))
	for i, l := range Levels {
		names[i] = string(l)
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}

// messages reads a message of a rule from one of two keys: fixed or computed, one for all or one
// for each language.
func (s *Source) messages(d *Rule, keys map[string]*yaml.Node, fixedKey, computedKey string) []Message {
	fixed, computed := keys[fixedKey], keys[computedKey]
	switch {
	case fixed == nil && computed == nil:
		return nil
	case fixed != nil && computed != nil:
		s.Fail(At(computed), d.Name, "%s and %s exclude each other", fixedKey, computedKey)
		return nil
	case computed != nil:
		return s.inLanguages(d, computed, computedKey, func(m *Message) {
			if _, ok := s.text(m.At, d.Name, computedKey); ok {
				m.Computed = m.At
			}
		})
	}
	return s.inLanguages(d, fixed, fixedKey, func(m *Message) {
		v, ok := s.text(m.At, d.Name, fixedKey)
		switch m.Fixed = OneLine(v); {
		case !ok:
		case m.Fixed == "":
			s.Fail(At(m.At), d.Name, "%s is empty", fixedKey)
		case utf8.RuneCountInString(m.Fixed) > MaxMessage:
			s.Fail(At(m.At), d.Name, "%s is longer than %d characters", fixedKey, MaxMessage)
		}
	})
}

func (s *Source) inLanguages(d *Rule, n *yaml.Node, what string, read func(*Message)) []Message {
	if n.Kind != yaml.MappingNode {
		m := Message{At: n}
		read(&m)
		return []Message{m}
	}
	var all []Message
	for _, p := range s.named(n, what, languageForm, "a language such as en or de-CH", maxLanguages) {
		m := Message{Language: p.Key, At: p.Value}
		read(&m)
		all = append(all, m)
	}
	if len(all) == 0 {
		s.Fail(At(n), d.Name, "%s is empty", what)
	}
	return all
}

func (s *Source) effects(d *Rule, n *yaml.Node) {
	before := len(s.Errors)
	keys, ok := s.mapping(n, d.Name, "then", "exception", "sendBack", "ask", "warn")
	if !ok {
		return
	}
	if v := keys["exception"]; v != nil {
		if s.exception(d, v); d.Level.OfRequest() {
			s.Fail(At(v), d.Name, "Concur has no exceptions on travel requests; use ask, or sendBack, which sends the message as a comment")
		}
	}
	if v := keys["sendBack"]; v != nil {
		d.Then.SendBack = s.truth(v, d.Name, "sendBack")
	}
	if v := keys["warn"]; v != nil {
		d.Then.Warn = s.truth(v, d.Name, "warn")
	}
	if v := keys["ask"]; v != nil {
		d.Asks = s.asked(d, v)
		d.Then.Ask = len(d.Asks) > 0
	}
	switch then := d.Then; {
	case len(s.Errors) > before:
	case then == (Effects{}):
		s.Fail(At(n), d.Name, "then needs at least one effect: exception, sendBack: true, ask or warn: true")
	case then.Warn && then != (Effects{Warn: true}):
		s.Fail(At(n), d.Name, "warn: true excludes every other effect; leave out warn, or the other effects")
	}
}

func (s *Source) exception(d *Rule, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && codeForm.MatchString(n.Value) {
		s.Fail(At(n), d.Name, "write the exception as {code: %s}", n.Value)
		return
	}
	keys, ok := s.mapping(n, d.Name, "exception", "code", "visibility")
	if !ok {
		return
	}
	if v := keys["code"]; v == nil {
		s.Fail(At(n), d.Name, "exception has no code")
	} else {
		d.Then.Code = s.code(v, d.Name, "code")
	}
	if v := keys["visibility"]; v != nil {
		text, ok := s.text(v, d.Name, "visibility")
		d.Then.Visibility = expense.Visibility(text)
		if known := []string{string(expense.VisibleToAll), string(expense.VisibleToApprovers), string(expense.VisibleToProcessors)}; ok && !slices.Contains(known, text) {
			s.Fail(At(v), d.Name, "visibility must be %s, %s or %s, not %q%s", known[0], known[1], known[2], Clip(text, 40), spelling.Suggestion(text, known))
		}
	}
}
