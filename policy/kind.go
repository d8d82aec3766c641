package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// typeOf is the type that a kind of value has in expressions.
func typeOf(k rulesfile.Kind) *cel.Type {
	switch k {
	case rulesfile.KindBool:
		return cel.BoolType
	case rulesfile.KindInt:
		return cel.IntType
	case rulesfile.KindDecimal:
		return value.DecimalType
	case rulesfile.KindMoney:
		return value.MoneyType
	case rulesfile.KindDate:
		return value.DateType
	case rulesfile.KindStrings:
		return cel.ListType(cel.StringType)
	}
	return cel.StringType
}

// parseKind reads a value of a kind from a text; nil for an empty text, unless the kind is
// text. The error says what the text must be.
func parseKind(k rulesfile.Kind, text string) (ref.Val, error) {
	if k == rulesfile.KindText {
		return types.String(text), nil
	}
	if text == "" {
		return nil, nil
	}
	switch k {
	case rulesfile.KindBool:
		switch strings.ToLower(text) {
		case "true", "yes":
			return types.True, nil
		case "false", "no":
			return types.False, nil
		}
		return nil, errors.New("true or false, or yes or no")
	case rulesfile.KindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("a whole number")
		}
		return types.Int(n), nil
	case rulesfile.KindDecimal:
		d, err := expense.ParseAmount(text)
		if err != nil {
			return nil, errors.New(`a decimal number such as "1.19"`)
		}
		return value.Decimal{Decimal: d}, nil
	case rulesfile.KindMoney:
		amount, currency, _ := strings.Cut(text, " ")
		v := value.NewMoney(types.String(amount), types.String(strings.TrimSpace(currency)))
		if types.IsError(v) {
			return nil, errors.New(`an amount such as "75.00 USD"`)
		}
		return v, nil
	case rulesfile.KindDate:
		d, ok := value.ParseDate(text)
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

// decodeKind reads a value of a kind from JSON; nil for null.
func decodeKind(k rulesfile.Kind, data json.RawMessage) (ref.Val, bool) {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil, true
	}
	var text string
	switch k {
	case rulesfile.KindBool:
		var v bool
		ok := decodeInto(data, &v)
		return types.Bool(v), ok
	case rulesfile.KindInt:
		var v int64
		ok := decodeInto(data, &v)
		return types.Int(v), ok
	case rulesfile.KindMoney:
		var m struct{ Amount, Currency string }
		if !decodeInto(data, &m) {
			return nil, false
		}
		v := value.NewMoney(types.String(m.Amount), types.String(m.Currency))
		return v, !types.IsError(v)
	case rulesfile.KindStrings:
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
	v, err := parseKind(k, text)
	return v, err == nil
}

func decodeInto(data json.RawMessage, v any) bool { return json.Unmarshal(data, v) == nil }

// encode writes a value of a rule in the form that fact services receive.
func encode(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return int64(v), nil
	case value.Money:
		return expense.Money(v.Money), nil
	case value.Decimal:
		return v.Decimal.String(), nil
	case value.Date:
		return v.Time().Format("2006-01-02"), nil
	case traits.Lister:
		if value.Length(v) > maxAnswer {
			return nil, value.Errorf("a list that is too long to be sent")
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

// weightOf is the approximate size of a value in a question, in bytes.
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
