package rulestest

import (
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
)

var (
	moneyType = reflect.TypeFor[*expense.Money]()
	fieldType = reflect.TypeFor[expense.Field]()
)

// fill reads a node into a value of the domain, whose names are those of its JSON. It is
// strict: what the value does not have is an error.
func (s *source) fill(n *yaml.Node, to reflect.Value, what string) {
	switch t := to.Type(); {
	case t == moneyType:
		to.Set(reflect.ValueOf(s.money(n, what)))
	case t == fieldType && n.Kind == yaml.ScalarNode:
		to.Set(reflect.ValueOf(expense.Field{Value: s.text(n, what)}))
	case t.Kind() == reflect.Struct:
		s.object(n, to, what)
	case t.Kind() == reflect.Slice:
		list := reflect.MakeSlice(t, 0, len(n.Content))
		for _, item := range s.list(n, what) {
			one := reflect.New(t.Elem()).Elem()
			s.fill(item, one, "one of "+what)
			list = reflect.Append(list, one)
		}
		to.Set(list)
	case t.Kind() == reflect.Map:
		fields, _ := s.mapping(n, what)
		to.Set(reflect.MakeMap(t))
		for key, value := range fields {
			one := reflect.New(t.Elem()).Elem()
			s.fill(value, one, what+" "+strconv.Quote(key))
			to.SetMapIndex(reflect.ValueOf(key), one)
		}
	case t.Kind() == reflect.Bool:
		to.SetBool(s.truth(n, what))
	case t.Kind() == reflect.Int:
		number, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			s.fail(n, "%s must be a whole number", what)
		}
		to.SetInt(int64(number))
	default:
		to.SetString(s.text(n, what))
	}
}

func (s *source) object(n *yaml.Node, to reflect.Value, what string) {
	known := names(to.Type())
	values, ok := s.mapping(n, what, known...)
	if !ok {
		return
	}
	if c := values["currency"]; c != nil && topmost(to.Type()) {
		s.currency = c.Value
	}
	for i, name := range known {
		if value := values[name]; value != nil {
			s.fill(value, to.Field(i), name)
		}
	}
}

// topmost reports whether amounts without a currency are in that of this object.
func topmost(t reflect.Type) bool {
	return t == reflect.TypeFor[expense.Report]() || t == reflect.TypeFor[expense.TravelRequest]()
}

// names are those of a struct's fields in JSON, in their order.
func names(t reflect.Type) []string {
	all := make([]string, t.NumField())
	for i := range all {
		all[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return all
}

// money reads "129.00 USD", "129.00" in the report's currency, or {amount, currency}.
func (s *source) money(n *yaml.Node, what string) *expense.Money {
	amount, currency := n, s.currency
	text := n.Value
	if n.Kind == yaml.MappingNode {
		values, _ := s.mapping(n, what, "amount", "currency")
		if amount = values["amount"]; amount == nil {
			s.fail(n, "%s has no amount", what)
			return nil
		}
		text, currency = amount.Value, ""
		if c := values["currency"]; c != nil {
			currency = s.text(c, "currency")
		}
	} else if number, after, ok := strings.Cut(text, " "); ok {
		text, currency = number, after
	}
	value, err := expense.ParseAmount(text)
	if err != nil || amount.Kind != yaml.ScalarNode {
		s.fail(n, `%s must be an amount like "129.00" or "129.00 USD"`, what)
		return nil
	}
	return &expense.Money{Amount: value, Currency: currency}
}
