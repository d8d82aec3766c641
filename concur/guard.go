package concur

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Guard names what Concur is to compare with the present step before it acts on a report
// by v4: fields of the body with their values. Concur refuses the action when the present
// step has other values. The fields of today are expectedStepCode and expectedStepSequence;
// of earlier years expectedWorkflowStepInstanceId, currentProcessInstanceId and
// currentSequence. Nil guards nothing.
//
// A guard tells steps apart by these values alone. Concur gives the code EXTVAL to every
// classic external validation, after the submission and before the extraction alike: with
// expectedStepCode=EXTVAL the action also happens at a second one, which nobody has judged.
// [Guard.NamesOneStep] says whether a guard can tell them apart.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html
type Guard map[string]string

const maxGuard = 100 // bytes of a value

// guardFields are the documented fields, of 2022 and of today. The value is true for a number.
var guardFields = map[string]bool{
	"expectedStepCode":               false,
	"expectedStepSequence":           false,
	"expectedWorkflowStepInstanceId": false,
	"currentProcessInstanceId":       false,
	"currentSequence":                true,
}

// classicCode is the step code of every classic external validation.
const classicCode = "EXTVAL"

// NamesOneStep reports whether the guard can fit one step of a workflow alone: it has
// another field than expectedStepCode, or a code that a company has given to a step itself.
func (g Guard) NamesOneStep() bool {
	for name, value := range g {
		if name != "expectedStepCode" || !strings.EqualFold(strings.TrimSpace(value), classicCode) {
			return true
		}
	}
	return false
}

// CheckGuard reports whether Concur documents every field of a guard, and whether the values
// can be right. The error is of kind [InvalidArgument] and names fields only.
func CheckGuard(g Guard) error {
	if _, err := g.fields(); err != nil {
		return argumentError{err}
	}
	return nil
}

// fields returns the fields of the guard as they are sent.
func (g Guard) fields() (map[string]any, error) {
	fields := make(map[string]any, len(g))
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(g)) {
		value := g[name]
		number, known := guardFields[name]
		n, err := strconv.ParseInt(value, 10, 32)
		switch {
		case !known:
			problems = append(problems, fmt.Errorf("the guard %q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(guardFields)), ", ")))
		case number && (err != nil || n < 0):
			problems = append(problems, fmt.Errorf("the guard %s is not a whole number", name))
		case number:
			fields[name] = json.Number(strconv.FormatInt(n, 10))
		case strings.TrimSpace(value) == "":
			problems = append(problems, fmt.Errorf("the guard %s is empty", name))
		case len(value) > maxGuard || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			problems = append(problems, fmt.Errorf("the guard %s is longer than %d bytes, or has a character that is not printable ASCII", name, maxGuard))
		default:
			fields[name] = value
		}
	}
	return fields, errors.Join(problems...)
}

// ParseGuard reads a guard from the configuration: field=value pairs separated by commas, or
// "none". An error is of kind [InvalidArgument].
func ParseGuard(text string) (Guard, error) {
	g := Guard{}
	if text = strings.TrimSpace(text); text == "" || text == "none" {
		return g, nil
	}
	for _, pair := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, argumentError{errors.New("a guard is field=value, several of them separated by commas, or none")}
		}
		if _, twice := g[name]; twice {
			return nil, argumentError{fmt.Errorf("the guard names %s twice", name)}
		}
		g[name] = strings.TrimSpace(value)
	}
	return g, CheckGuard(g)
}
