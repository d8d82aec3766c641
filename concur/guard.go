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

// Guard has the fields, with their values, that Concur compares with the report's current step
// before an action by v4. Concur refuses the action if the step has other values. Concur now
// documents expectedStepCode and expectedStepSequence. Earlier it documented
// expectedWorkflowStepInstanceId, currentProcessInstanceId and currentSequence. Nil compares
// nothing.
//
// Two steps with the same values are the same to a guard. Concur gives the code EXTVAL to every
// classic external validation, after the submission and before the extraction. With
// expectedStepCode=EXTVAL the action therefore also happens at a second validation, for which
// the rules were never evaluated. [Guard.NamesOneStep] says whether a guard fits one step only.
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

// NamesOneStep reports whether the guard can fit a single step of a workflow: it has a field
// other than expectedStepCode, or a step code that the company has chosen.
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
