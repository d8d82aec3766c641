package policy

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // a container has no time zones of its own
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Settings are what a rules file says of all its rules.
type Settings struct {
	// Language is that of the messages that people read; empty where messages have none.
	Language string `json:"language,omitempty"`
	// SendBackPostsExceptions says whether a report that is sent back gets its exceptions,
	// too. By default it does.
	SendBackPostsExceptions bool `json:"sendBackPostsExceptions"`
	// ApproveByException is the code by which this company's workflow moves a report on;
	// empty: a report is passed on by the action.
	ApproveByException string `json:"approveByException,omitempty"`
	// PassOnComment is the comment with which a report is passed on. By default it is empty.
	PassOnComment string `json:"passOnComment,omitempty"`
	// ExpenseRejectedComment is the comment about expenses that an approver has rejected. It is
	// sent when Concur refuses an approval without it. By default it is empty.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`
	// ExternalValidationNames are what Concur calls the status of a travel request that waits at
	// external validation, besides "Pending External Validation".
	ExternalValidationNames []string `json:"externalValidationNames,omitempty"`
	// ActWithoutOperations has the status alone decide whether a travel request waits for us
	// where Concur's answer has no operations. By default a person must look.
	ActWithoutOperations bool `json:"actWithoutOperations,omitempty"`
}

func defaultSettings() Settings { return Settings{SendBackPostsExceptions: true} }

var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

const maxVersion = 40 // characters

func (s *source) version(c *content, n *yaml.Node) {
	if n == nil {
		return
	}
	v, ok := s.text(n, "", "version")
	switch c.version = oneLine(v); {
	case !ok:
	case c.version == "" || utf8.RuneCountInString(c.version) > maxVersion:
		s.fail(at(n), "", "version must be a text of 1 to %d characters", maxVersion)
	}
}

func (s *source) timezone(c *content, n *yaml.Node) {
	if n == nil {
		return
	}
	v, ok := s.text(n, "", "timezone")
	if !ok {
		return
	}
	zone, err := time.LoadLocation(v)
	if err != nil || v == "" || v == "Local" {
		s.fail(at(n), "", "timezone %q is not known; give a name such as Europe/Berlin, or UTC", clip(v, 60))
		return
	}
	c.zone = zone
}

func (s *source) settings(c *content, n *yaml.Node) {
	if n == nil {
		return
	}
	keys, ok := s.mapping(n, "", "settings", "language", "sendBackPostsExceptions", "approveByException", "passOnComment", "expenseRejectedComment",
		"externalValidationNames", "actWithoutOperations")
	if !ok {
		return
	}
	if v := keys["language"]; v != nil {
		if text, ok := s.text(v, "", "language"); ok {
			if c.settings.Language = text; !languageForm.MatchString(text) {
				s.fail(at(v), "", "language must be a tag such as en or de-CH, not %q", clip(text, 40))
			}
		}
	}
	if v := keys["sendBackPostsExceptions"]; v != nil {
		c.settings.SendBackPostsExceptions = s.truth(v, "", "sendBackPostsExceptions")
	}
	if v := keys["approveByException"]; v != nil {
		c.settings.ApproveByException = s.code(v, "", "approveByException")
	}
	if v := keys["externalValidationNames"]; v != nil {
		c.settings.ExternalValidationNames = s.statusNames(v)
	}
	if v := keys["actWithoutOperations"]; v != nil {
		c.settings.ActWithoutOperations = s.truth(v, "", "actWithoutOperations")
	}
	for name, comment := range map[string]*string{
		"passOnComment": &c.settings.PassOnComment, "expenseRejectedComment": &c.settings.ExpenseRejectedComment,
	} {
		v := keys[name]
		if v == nil {
			continue
		}
		if text, ok := s.text(v, "", name); ok {
			if *comment = oneLine(text); utf8.RuneCountInString(text) > maxMessage {
				s.fail(at(v), "", "%s is longer than %d characters", name, maxMessage)
			}
		}
	}
}

const (
	maxStatusNames = 20
	maxStatusName  = 100 // characters
)

// statusNames reads the names of a status, or one.
func (s *source) statusNames(n *yaml.Node) []string {
	names, nodes := s.texts(n, "", "a name in externalValidationNames")
	if len(names) > maxStatusNames {
		s.fail(at(n), "", "externalValidationNames has %d names; at most %d are accepted", len(names), maxStatusNames)
	}
	for i, name := range names {
		if names[i] = oneLine(name); !strings.ContainsFunc(name, unicode.IsLetter) || utf8.RuneCountInString(name) > maxStatusName {
			s.fail(at(nodes[i]), "", "a name in externalValidationNames must be a text of 1 to %d characters", maxStatusName)
		}
	}
	return names
}

// code reads an exception code.
func (s *source) code(n *yaml.Node, rule, what string) string {
	code, ok := s.text(n, rule, what)
	if ok && !codeForm.MatchString(code) {
		meant := ""
		if upper := strings.ToUpper(code); codeForm.MatchString(upper) {
			meant = fmt.Sprintf("; did you mean %q?", upper)
		}
		s.fail(at(n), rule, "%s must be 1 to 8 of A-Z, 0-9 and _, not %q%s", what, clip(code, 40), meant)
	}
	return code
}

// Stop is a workflow step at which rules may differ, and the texts by which notifications
// name it: their EventType as a whole, or what follows its first " - ".
type Stop struct {
	Name   string   `json:"name"`
	Events []string `json:"events"`
}

const maxStops = 20

func (s *source) stops(c *content, n *yaml.Node) {
	taken := map[string]string{}
	for _, p := range s.named(n, "stops", kebab, kebabForm, maxStops) {
		stop := Stop{Name: p.key}
		events, nodes := s.texts(p.value, "", "a text of an EventType")
		for i, event := range events {
			plain := eventOf(event)
			switch other, twice := taken[plain]; {
			case plain == "":
				s.fail(at(nodes[i]), "", "the text of an EventType is empty")
			case twice:
				s.fail(at(nodes[i]), "", "%q already names the stop %s", clip(event, 60), other)
			default:
				taken[plain] = p.key
				stop.Events = append(stop.Events, event)
			}
		}
		if len(events) == 0 {
			s.fail(at(p.value), "", "the stop %s needs at least one text of an EventType", p.key)
		}
		c.stops = append(c.stops, stop)
	}
}

// eventOf makes two writings of one text of an EventType equal.
func eventOf(text string) string { return strings.ToLower(oneLine(text)) }

// StopOf returns the name of the stop that an EventType names, if the file knows it.
func (p *Policy) StopOf(eventType string) (string, bool) { return p.stopOf(eventType) }

// stopOf returns the name of the stop that an EventType names, if the file knows it.
func (p *Policy) stopOf(eventType string) (string, bool) {
	whole := eventOf(eventType)
	_, step, _ := strings.Cut(whole, " - ")
	for _, stop := range p.stops {
		for _, event := range stop.Events {
			if e := eventOf(event); e != "" && (e == whole || e == step) {
				return stop.Name, true
			}
		}
		if eventOf(stop.Name) == whole {
			return stop.Name, true
		}
	}
	return "", false
}
