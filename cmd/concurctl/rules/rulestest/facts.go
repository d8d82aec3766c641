package rulestest

import (
	"encoding/json"
	"time"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
	"concur-connector/policy"
)

// moments are the forms of a date, or of a date and a time, that may be written without a
// time zone.
var moments = []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}

// ParseTime reads a date, or a date and a time. One that names no time zone is
// [policy.AsWritten]: it means that day wherever the rules are.
func ParseTime(text string) (time.Time, bool) {
	for _, form := range moments {
		if at, err := time.ParseInLocation(form, text, policy.AsWritten); err == nil {
			return at, true
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

func (s *source) time(n *yaml.Node) time.Time {
	at, ok := ParseTime(n.Value)
	if !ok {
		s.fail(n, `at must be a date like "2026-05-01" or a time like "2026-05-01T14:00:00Z"`)
	}
	return at
}

// submitted is the time of a case without at: the day of submission, so that a result does not
// depend on the day on which the test runs.
func submitted(c policy.Input) time.Time {
	var at time.Time
	switch {
	case c.Report != nil:
		at, _ = ParseTime(string(c.Report.Submitted))
	case c.Request != nil:
		at, _ = ParseTime(string(c.Request.Submitted))
	}
	return at
}

// facts reads the answers of the company's own systems: by fact, by object, by name.
func (s *source) facts(n *yaml.Node) expense.Facts {
	facts := expense.Facts{}
	byFact, _ := s.mapping(n, "facts")
	for fact, objects := range byFact {
		facts[fact] = expense.Answers{}
		byObject, _ := s.mapping(objects, "the fact "+fact)
		for object, values := range byObject {
			answer := map[string]json.RawMessage{}
			byName, _ := s.mapping(values, "an answer of "+fact)
			for name, value := range byName {
				answer[name] = s.json(value)
			}
			facts[fact][object] = answer
		}
	}
	return facts
}

// json writes what a node holds as JSON. A number keeps its digits.
func (s *source) json(n *yaml.Node) json.RawMessage {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]json.RawMessage, len(n.Content))
		for i, item := range n.Content {
			list[i] = s.json(item)
		}
		return encode(list)
	case yaml.MappingNode:
		values, _ := s.mapping(n, "a value")
		object := map[string]json.RawMessage{}
		for name, value := range values {
			object[name] = s.json(value)
		}
		return encode(object)
	}
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		return json.RawMessage("null")
	case tag != "!!str" && json.Valid([]byte(n.Value)):
		return json.RawMessage(n.Value)
	}
	return encode(n.Value)
}

func encode(value any) json.RawMessage {
	data, err := json.Marshal(value)
	if err != nil {
		panic("rulestest: a text cannot be encoded: " + err.Error()) // nothing else is
	}
	return data
}
