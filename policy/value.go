package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
)

// valueKind is what a column of a list, or a value of an answer, holds.
type valueKind string

// The kinds of value that come from outside the report.
const (
	kindText    valueKind = "string"
	kindTruth   valueKind = "bool"
	kindInt     valueKind = "int"
	kindDecimal valueKind = "decimal"
	kindMoney   valueKind = "money"
	kindDate    valueKind = "date"
	kindStrings valueKind = "strings" // a list; of an answer only
)

var kinds = []valueKind{kindText, kindTruth, kindInt, kindDecimal, kindMoney, kindDate}

// kind reads the name of a kind.
func (s *source) kind(n *yaml.Node, lists bool) (valueKind, bool) {
	v, ok := s.text(n, "", "the kind of a value")
	if !ok {
		return "", false
	}
	known := make([]string, 0, len(kinds)+1)
	for _, k := range kinds {
		known = append(known, string(k))
	}
	if lists {
		known = append(known, string(kindStrings))
	}
	for _, k := range known {
		if k == v {
			return valueKind(v), true
		}
	}
	meant := Suggestion(v, known)
	if other := otherKinds[strings.ToLower(v)]; other != "" {
		meant = fmt.Sprintf("; did you mean %q?", other)
	}
	s.fail(at(n), "", "%q is no kind of value; the kinds are %s%s", clip(v, 40), strings.Join(known, ", "), meant)
	return "", false
}

// otherKinds are what else people call a kind.
var otherKinds = map[string]valueKind{
	"amount": kindMoney, "currency": kindMoney, "boolean": kindTruth, "flag": kindTruth, "yesno": kindTruth, "text": kindText, "str": kindText,
	"number": kindDecimal, "float": kindDecimal, "double": kindDecimal, "percent": kindDecimal, "integer": kindInt, "day": kindDate,
	"datetime": kindDate, "list": kindStrings, "array": kindStrings, "texts": kindStrings,
}

func (k valueKind) typ() *cel.Type {
	switch k {
	case kindTruth:
		return cel.BoolType
	case kindInt:
		return cel.IntType
	case kindDecimal:
		return decimalType
	case kindMoney:
		return moneyType
	case kindDate:
		return dayType
	case kindStrings:
		return cel.ListType(cel.StringType)
	}
	return cel.StringType
}

// parse reads a value from a text, nil when it is empty and not a text. The error says what
// it must be.
func (k valueKind) parse(text string) (ref.Val, error) {
	if k == kindText {
		return types.String(text), nil
	}
	if text == "" {
		return nil, nil
	}
	switch k {
	case kindTruth:
		switch strings.ToLower(text) {
		case "true", "yes":
			return types.True, nil
		case "false", "no":
			return types.False, nil
		}
		return nil, errors.New("true or false, or yes or no")
	case kindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("a whole number")
		}
		return types.Int(n), nil
	case kindDecimal:
		d, err := expense.ParseAmount(text)
		if err != nil {
			return nil, errors.New(`a decimal number such as "1.19"`)
		}
		return number{d}, nil
	case kindMoney:
		amount, currency, _ := strings.Cut(text, " ")
		v := newMoney(types.String(amount), types.String(strings.TrimSpace(currency)))
		if types.IsError(v) {
			return nil, errors.New(`an amount such as "75.00 USD"`)
		}
		return v, nil
	case kindDate:
		d, ok := parseDay(text)
		if !ok {
			return nil, errors.New(`a date such as "2026-05-01"`)
		}
		return d, nil
	}
	return nil, errors.New("of another kind")
}

const (
	maxAnswer  = 1000 // texts in a list
	maxOutside = 1000 // bytes of a text of a list or an answer
)

// decode reads a value from JSON, nil when it is null.
func (k valueKind) decode(data json.RawMessage) (ref.Val, bool) {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil, true
	}
	var text string
	switch k {
	case kindTruth:
		var v bool
		ok := decodeInto(data, &v)
		return types.Bool(v), ok
	case kindInt:
		var v int64
		ok := decodeInto(data, &v)
		return types.Int(v), ok
	case kindMoney:
		var m struct{ Amount, Currency string }
		if !decodeInto(data, &m) {
			return nil, false
		}
		v := newMoney(types.String(m.Amount), types.String(m.Currency))
		return v, !types.IsError(v)
	case kindStrings:
		var list []string
		tooLong := func(s string) bool { return len(s) > maxOutside }
		if !decodeInto(data, &list) || len(list) > maxAnswer || slices.ContainsFunc(list, tooLong) {
			return nil, false
		}
		return types.NewStringList(types.DefaultTypeAdapter, list), true
	}
	if !decodeInto(data, &text) || len(text) > maxOutside {
		return nil, false
	}
	v, err := k.parse(text)
	return v, err == nil
}

func decodeInto(data json.RawMessage, v any) bool { return json.Unmarshal(data, v) == nil }

// encode writes a value of a rule as it is sent to the company's own systems.
func encode(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return int64(v), nil
	case money:
		return expense.Money(v.Money), nil
	case number:
		return v.Decimal.String(), nil
	case day:
		return v.time().Format("2006-01-02"), nil
	case traits.Lister:
		if lengthOf(v) > maxAnswer {
			return nil, failure("a list that is too long to be sent")
		}
		all := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			one, err := encode(it.Next())
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		return all, nil
	case ref.Val:
		if types.IsError(v) {
			return nil, v.(*types.Err)
		}
	}
	return nil, errors.New("a value that cannot be sent")
}

// weightOf is about how many bytes it takes to send a value.
func weightOf(v any) int {
	size := 16
	switch v := v.(type) {
	case string:
		size += len(v)
	case []any:
		for _, one := range v {
			size += weightOf(one)
		}
	case map[string]any:
		for name, one := range v {
			size += len(name) + weightOf(one)
		}
	}
	return size
}
