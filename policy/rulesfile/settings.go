package rulesfile

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

// Settings apply to all rules of a file.
type Settings struct {
	// Language is the language of the messages that people read. It is empty when no message is
	// given in several languages.
	Language string `json:"language,omitempty"`
	// SendBackPostsExceptions also posts the exceptions of a report that is sent back. The default
	// is true.
	SendBackPostsExceptions bool `json:"sendBackPostsExceptions"`
	// ApproveByException is the code of the exception with which this company's workflow approves
	// a report. When it is empty, the connector approves by Concur's action.
	ApproveByException string `json:"approveByException,omitempty"`
	// ApproveComment is the comment with which a report is approved. By default it is empty.
	ApproveComment string `json:"approveComment,omitempty"`
	// ExpenseRejectedComment is the comment about expenses that an approver has rejected. It is
	// sent when Concur refuses an approval without it. By default it is empty.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`
	// ExternalValidationNames are further names of the status of a travel request that waits at
	// external validation, besides "Pending External Validation".
	ExternalValidationNames []string `json:"externalValidationNames,omitempty"`
	// ActWithoutOperations lets the status alone decide whether a travel request waits for the
	// connector when Concur's answer has no operations. By default such a run is parked.
	ActWithoutOperations bool `json:"actWithoutOperations,omitempty"`
}

func defaultSettings() Settings { return Settings{SendBackPostsExceptions: true} }

var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

const maxVersion = 40 // characters

func (s *Source) version(c *File, n *yaml.Node) {
	if n == nil {
		return
	}
	v, ok := s.text(n, "", "version")
	switch c.Version = OneLine(v); {
	case !ok:
	case c.Version == "" || utf8.RuneCountInString(c.Version) > maxVersion:
		s.Fail(At(n), "", "version must be a text of 1 to %d characters", maxVersion)
	}
}

func (s *Source) timezone(c *File, n *yaml.Node) {
	if n == nil {
		return
	}
	v, ok := s.text(n, "", "timezone")
	if !ok {
		return
	}
	zone, err := time.LoadLocation(v)
	if err != nil || v == "" || v == "Local" {
		s.Fail(At(n), "", "timezone %q is not known; give a name such as Europe/Berlin, or UTC", Clip(v, 60))
		return
	}
	c.Zone = zone
}

func (s *Source) settings(c *File, n *yaml.Node) {
	if n == nil {
		return
	}
	keys, ok := s.mapping(n, "", "settings", "language", "sendBackPostsExceptions", "approveByException", "approveComment", "expenseRejectedComment",
		"externalValidationNames", "actWithoutOperations")
	if !ok {
		return
	}
	if v := keys["language"]; v != nil {
		if text, ok := s.text(v, "", "language"); ok {
			if c.Settings.Language = text; !languageForm.MatchString(text) {
				s.Fail(At(v), "", "language must be a tag such as en or de-CH, not %q", Clip(text, 40))
			}
		}
	}
	if v := keys["sendBackPostsExceptions"]; v != nil {
		c.Settings.SendBackPostsExceptions = s.truth(v, "", "sendBackPostsExceptions")
	}
	if v := keys["approveByException"]; v != nil {
		c.Settings.ApproveByException = s.code(v, "", "approveByException")
	}
	if v := keys["externalValidationNames"]; v != nil {
		c.Settings.ExternalValidationNames = s.statusNames(v)
	}
	if v := keys["actWithoutOperations"]; v != nil {
		c.Settings.ActWithoutOperations = s.truth(v, "", "actWithoutOperations")
	}
	for name, comment := range map[string]*string{
		"approveComment": &c.Settings.ApproveComment, "expenseRejectedComment": &c.Settings.ExpenseRejectedComment,
	} {
		v := keys[name]
		if v == nil {
			continue
		}
		if text, ok := s.text(v, "", name); ok {
			if *comment = OneLine(text); utf8.RuneCountInString(text) > MaxMessage {
				s.Fail(At(v), "", "%s is longer than %d characters", name, MaxMessage)
			}
		}
	}
}

const (
	maxStatusNames = 20
	maxStatusName  = 100 // characters
)

// statusNames reads the names of a status, or one.
func (s *Source) statusNames(n *yaml.Node) []string {
	names, nodes := s.texts(n, "", "a name in externalValidationNames")
	if len(names) > maxStatusNames {
		s.Fail(At(n), "", "externalValidationNames has %d names; at most %d are accepted", len(names), maxStatusNames)
	}
	for i, name := range names {
		if names[i] = OneLine(name); !strings.ContainsFunc(name, unicode.IsLetter) || utf8.RuneCountInString(name) > maxStatusName {
			s.Fail(At(nodes[i]), "", "a name in externalValidationNames must be a text of 1 to %d characters", maxStatusName)
		}
	}
	return names
}

// code reads an exception code.
func (s *Source) code(n *yaml.Node, rule, what string) string {
	code, ok := s.text(n, rule, what)
	if ok && !codeForm.MatchString(code) {
		meant := ""
		if upper := strings.ToUpper(code); codeForm.MatchString(upper) {
			meant = fmt.Sprintf("; did you mean %q?", upper)
		}
		s.Fail(At(n), rule, "%s must be 1 to 8 of A-Z, 0-9 and _, not %q%s", what, Clip(code, 40), meant)
	}
	return code
}

// Step is a workflow step to which rules can be limited. Events are the texts with which
// notifications name the step: the whole EventType, or its part after the first " - ".
type Step struct {
	Name   string   `json:"name"`
	Events []string `json:"events"`
}

const maxSteps = 20

func (s *Source) steps(c *File, n *yaml.Node) {
	taken := map[string]string{}
	for _, p := range s.named(n, "steps", kebab, kebabForm, maxSteps) {
		step := Step{Name: p.Key}
		events, nodes := s.texts(p.Value, "", "a text of an EventType")
		for i, event := range events {
			plain := eventOf(event)
			switch other, twice := taken[plain]; {
			case plain == "":
				s.Fail(At(nodes[i]), "", "the text of an EventType is empty")
			case twice:
				s.Fail(At(nodes[i]), "", "%q already names the step %s", Clip(event, 60), other)
			default:
				taken[plain] = p.Key
				step.Events = append(step.Events, event)
			}
		}
		if len(events) == 0 {
			s.Fail(At(p.Value), "", "the step %s needs at least one text of an EventType", p.Key)
		}
		c.Steps = append(c.Steps, step)
	}
}

// eventOf removes the differences in capitals and spaces between texts of an EventType.
func eventOf(text string) string { return strings.ToLower(OneLine(text)) }

// StepOf returns the name of the step that an EventType names, and whether there is one.
func StepOf(steps []Step, eventType string) (string, bool) {
	whole := eventOf(eventType)
	_, last, _ := strings.Cut(whole, " - ")
	for _, step := range steps {
		for _, event := range step.Events {
			if e := eventOf(event); e != "" && (e == whole || e == last) {
				return step.Name, true
			}
		}
		if eventOf(step.Name) == whole {
			return step.Name, true
		}
	}
	return "", false
}
