package policy

import (
	"errors"
	"strings"

	"concur-connector/policy/value"
)

var errOutside = value.Error{Reason: "it asks for what lies outside a list, a text or a range of numbers", Kind: value.Unavailable}

// reason says why an evaluation failed, without a value of the report. CEL's own errors quote
// the values they were given, so none of them is passed on.
func reason(err error) value.Error {
	var own value.Error
	if errors.As(err, &own) {
		return own
	}
	switch text := err.Error(); {
	case strings.Contains(text, "cost limit exceeded"):
		return errCost
	case strings.HasSuffix(text, "by zero"):
		return value.Errorf("it divides by zero")
	case strings.HasSuffix(text, "overflow"):
		return value.Errorf("a number grows too large")
	case strings.HasPrefix(text, "no such key"):
		return value.ErrNoKey
	case strings.HasPrefix(text, "insert failed"):
		return value.Errorf("two values of a map have the same key; use groupBy()")
	case strings.Contains(text, "index out of bounds"), strings.Contains(text, "out of range"):
		return errOutside
	}
	return value.Errorf("a value does not fit what is done with it")
}

var errCost = value.Error{Reason: "it exceeds what one evaluation may cost"}
