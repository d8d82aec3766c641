package rulestest

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
)

var (
	moneyType = reflect.TypeFor[*expense.Money]()
	flagType  = reflect.TypeFor[*bool]()
	countType = reflect.TypeFor[*int]()
	fieldType = reflect.TypeFor[expense.Field]()
	dateType  = reflect.TypeFor[expense.Date]()
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
	case t == dateType:
		to.SetString(s.day(n, what))
	case t.Kind() == reflect.Map:
		fields, _ := s.mapping(n, what)
		s.numbers(n, what)
		to.Set(reflect.MakeMap(t))
		for key, value := range fields {
			one := reflect.New(t.Elem()).Elem()
			s.fill(value, one, what+" "+strconv.Quote(key))
			to.SetMapIndex(reflect.ValueOf(key), one)
		}
	case (t == flagType || t == countType) && n.Tag == "!!null": // absent
	case t == flagType:
		to.Set(reflect.ValueOf(new(s.truth(n, what))))
	case t == countType:
		number, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			s.fail(n, "%s must be a whole number", what)
		}
		to.Set(reflect.ValueOf(&number))
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
		s.currency = s.code(c)
	}
	if topmost(to.Type()) {
		s.asRead = values["via"] != nil
	}
	for i, name := range known {
		if value := values[name]; value != nil {
			s.fill(value, to.Field(i), name)
		} else if !s.asRead && to.Type() != fieldType { // v1.1 says of no field whether it is valid
			tell(to.Field(i))
		}
	}
}

// tell sets a value that a case leaves out to false or zero, as v1.1 prints it. A case that names
// the interface of its report is not filled: a value that it leaves out is absent.
func tell(field reflect.Value) {
	switch field.Type() {
	case flagType:
		field.Set(reflect.ValueOf(new(false)))
	case countType:
		field.Set(reflect.ValueOf(new(0)))
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

// numbers looks at the keys of custom fields and organisational units: they are numbers, as
// rules name them.
func (s *source) numbers(n *yaml.Node, what string) {
	most := 40
	if what == "orgUnits" {
		most = 6
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if no, err := strconv.Atoi(key.Value); err != nil || no < 1 || no > most || strconv.Itoa(no) != key.Value {
			s.fail(key, "%s has no field %q: they are 1 to %d", what, key.Value, most)
		}
	}
}

// day reads a date as rules write one. What follows it is kept: Concur gives a time, too.
func (s *source) day(n *yaml.Node, what string) string {
	text := s.text(n, what)
	if _, ok := ParseTime(text); !ok && text != "" {
		s.fail(n, `%s must be a date like "2026-05-01"`, what)
	}
	return text
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// code reads the code of a currency.
func (s *source) code(n *yaml.Node) string {
	code := s.text(n, "currency")
	if !currencyForm.MatchString(code) {
		s.fail(n, "%q is not a currency: three capital letters", code)
	}
	return code
}

// money reads "129.00 USD", "129.00" in the report's currency, or {amount, currency}. The
// last may be without a currency, as v1.1 gives what was paid.
func (s *source) money(n *yaml.Node, what string) *expense.Money {
	if n.Kind == yaml.MappingNode {
		values, _ := s.mapping(n, what, "amount", "currency")
		amount, currency := values["amount"], ""
		if amount == nil {
			s.fail(n, "%s has no amount", what)
			return nil
		}
		if c := values["currency"]; c != nil {
			currency = s.code(c)
		}
		return s.amount(amount, amount.Value, currency, what)
	}
	number, currency, named := strings.Cut(strings.TrimSpace(n.Value), " ")
	m := s.amount(n, number, strings.TrimSpace(currency), what)
	switch {
	case m == nil:
	case named && !currencyForm.MatchString(m.Currency):
		s.fail(n, "%q is not a currency: three capital letters", m.Currency)
	case !named && s.currency == "":
		s.fail(n, `%s has no currency: write it behind the number, as in "129.00 USD", or give the whole a currency`, what)
	case !named:
		m.Currency = s.currency
	}
	return m
}

func (s *source) amount(n *yaml.Node, text, currency, what string) *expense.Money {
	value, err := expense.ParseAmount(text)
	if err != nil || n.Kind != yaml.ScalarNode {
		s.fail(n, `%s must be an amount like "129.00" or "129.00 USD"`, what)
		return nil
	}
	return &expense.Money{Amount: value, Currency: currency}
}
