package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"concur-connector/expense"
)

// record is a JSON object, its values by their lower-case names. It remembers the first
// thing that cannot be represented, so that what reads it need not ask at each value.
// Names are given as Concur prints them, the preferred one first. A null, an empty text
// and a missing value are absent.
type record struct {
	values map[string]any
	at     string // which of them it is, for an error: "entry 2: "
	flaw   *flaw  // shared with the objects in it
}

type flaw struct{ err error }

func newRecord(values map[string]any, at string) record {
	return record{values: values, at: at, flaw: new(flaw)}
}

// refuse says why a value cannot be represented, and not what it is.
func (r record) refuse(name, why string) {
	if r.flaw.err == nil {
		r.flaw.err = errors.New(r.at + name + " " + why)
	}
}

func (r record) err() error { return r.flaw.err }

func (r record) wants(id string) {
	if id == "" {
		r.refuse("it", "has no ID")
	}
}

func (r record) get(name string) any { return r.values[strings.ToLower(name)] }

// given reports whether the object names the value, be it null.
func (r record) given(name string) bool {
	_, ok := r.values[strings.ToLower(name)]
	return ok
}

// text returns the first text that is there. A number is its own digits.
func (r record) text(names ...string) string {
	for _, name := range names {
		text := ""
		switch v := r.get(name).(type) {
		case nil:
		case string:
			text = strings.TrimSpace(v)
		case json.Number:
			text = v.String()
		case bool:
			text = strconv.FormatBool(v)
		default:
			r.refuse(name, "is not a text")
		}
		if text != "" {
			return text
		}
	}
	return ""
}

// money reads an amount, which is an object of a value and its currency, or the value
// alone: a number, or a text that is one. Without a value there is no amount. Request v4 is
// to call the value amount, and does for cash advances.
func (r record) money(name string) *expense.Money {
	from, value := r, name
	_, isObject := r.get(name).(map[string]any)
	if isObject {
		from, value = r.object(name), "value"
		if from.text(value) == "" && from.given("amount") {
			value = "amount"
		}
	}
	text := from.text(value)
	if noValue(text) {
		return nil
	}
	amount, err := expense.ParseAmount(text)
	if err != nil {
		from.refuse(value, "is not a decimal number")
		return nil
	}
	m := &expense.Money{Amount: amount}
	if isObject {
		m.Currency = strings.ToUpper(from.text("currencyCode", "currency"))
	}
	return m
}

// holds reports whether one of the values holds anything, whatever its kind.
func (r record) holds(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return holds(r.get(name)) })
}

// holds reports whether a value holds anything: an object or a list of nothing but nulls,
// empty texts and false does not.
func holds(value any) bool {
	switch v := value.(type) {
	case string:
		return !noValue(v)
	case bool:
		return v
	case json.Number:
		return true
	case map[string]any:
		for _, inner := range v {
			if holds(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holds)
	}
	return false
}

// some reports whether one of the amounts is not zero, and nil when none of them is there.
func (r record) some(names ...string) (told *bool) {
	for _, name := range names {
		if m := r.money(name); m != nil && (told == nil || !*told) {
			told = new(!m.Amount.IsZero())
		}
	}
	return told
}

// number returns a decimal number digit by digit.
func (r record) number(name string) string {
	text := r.text(name)
	if noValue(text) {
		return ""
	}
	number, ok := decimalOf(text)
	if !ok {
		r.refuse(name, "is not a decimal number")
		return ""
	}
	return number
}

// rateDecimals are as many as Concur prints of a rate.
const rateDecimals = 14

// rate reads an exchange rate as a number to multiply by. One to divide by is turned
// round, to as many decimals as Concur prints.
func (r record) rate(name string) string {
	if _, ok := r.get(name).(map[string]any); !ok {
		return r.number(name)
	}
	rate := r.object(name)
	value, operation := rate.number("value"), rate.text("operation")
	switch {
	case value == "" || operation == "" || strings.EqualFold(operation, "MULTIPLY"):
		return value
	case !strings.EqualFold(operation, "DIVIDE"):
		r.refuse(name, "is neither to multiply nor to divide by")
		return ""
	}
	divisor, _ := expense.ParseAmount(value) // number has read it
	if divisor.IsZero() {
		r.refuse(name, "is to divide by zero")
		return ""
	}
	one, _ := expense.ParseAmount("1")
	return one.DivRound(divisor, rateDecimals).String()
}

// count returns a number of things, and whether one is given.
func (r record) count(name string) (n int, given bool) {
	text := r.text(name)
	if noValue(text) {
		return 0, false
	}
	n, given = countOf(text)
	if !given {
		r.refuse(name, "is not a whole number")
	}
	return n, given
}

// told reports whether one of these is true, and nil when none of them is there.
func (r record) told(names ...string) (told *bool) {
	for _, name := range names {
		text := r.text(name)
		yes, ok := yesOf(text)
		switch {
		case yes:
			return new(true)
		case noValue(text):
		case !ok:
			r.refuse(name, "is neither yes nor no")
		default:
			told = new(false)
		}
	}
	return told
}

// exceptions reports whether there are exceptions. That none of them blocks does not say that
// there are none.
func (r record) exceptions() *bool {
	if r.yes("hasBlockingExceptions") {
		return new(true)
	}
	return r.told("hasExceptions")
}

// yes reports whether one of these is there and true.
func (r record) yes(names ...string) bool { return expense.True(r.told(names...)) }

func (r record) date(names ...string) expense.Date { return isoDate(r.text(names...)) }

// filled is a value that should be an object or a list, of which a text is none that is empty or
// says that there is none.
func filled(value any) any {
	if text, ok := value.(string); ok && noValue(text) {
		return nil
	}
	return value
}

// object returns an object in the record, or the first of a list of them: Concur prints a
// list where it documents an object, and the other way round. An empty one is none.
func (r record) object(name string) record {
	inner := record{at: r.at + name + ": ", flaw: r.flaw}
	switch v := filled(r.get(name)).(type) {
	case nil:
	case map[string]any:
		inner.values = v
	case []any:
		if all := r.objects(name); len(all) > 0 {
			return all[0]
		}
	default:
		r.refuse(name, "is not an object")
	}
	return inner
}

// objects returns the objects of a list in the record, or one that stands alone; a null
// among them is none.
func (r record) objects(name string) []record {
	var list []any
	switch v := filled(r.get(name)).(type) {
	case nil:
	case map[string]any:
		list = []any{v}
	case []any:
		list = v
	default:
		r.refuse(name, "is not a list")
	}
	all := make([]record, 0, len(list))
	for i, element := range list {
		switch v := element.(type) {
		case nil:
		case map[string]any:
			all = append(all, record{values: v, at: fmt.Sprintf("%s%s %d: ", r.at, name, i+1), flaw: r.flaw})
		default:
			r.refuse(name, "holds something else than objects")
		}
	}
	return all
}

// fields keeps the fields custom1 and so on, and orgUnit1 and so on: objects that read
// reads, or bare texts.
func (r record) fields(units, custom *map[string]expense.Field, read func(record) expense.Field) {
	for name, value := range r.values {
		into, number := fieldOf(name, units, custom)
		if into == nil {
			continue
		}
		switch value.(type) {
		case map[string]any, []any:
			set(into, number, read(r.object(name)))
		default:
			set(into, number, typedField("", r.text(name), ""))
		}
	}
}

// fieldV3 is a field of v3, of Code, Type and Value.
func fieldV3(f record) expense.Field {
	return validity(f, typedField(f.text("Type"), f.text("Value"), f.text("Code")))
}

// validity adds to a field whether its value is valid, where there is a value.
func validity(f record, field expense.Field) expense.Field {
	if valid := f.told("isValid"); field.Value+field.Code != "" {
		field.Valid = valid
	}
	return field
}

// fieldOfRequest is a field of Request v4. A list field has the identifier of its item for
// a value, and its code or the item's address, one of which may be null. A text has neither.
func fieldOfRequest(f record) expense.Field {
	field := expense.Field{Value: f.text("value"), Code: f.text("code")}
	if IsGUID(field.Value) && (f.given("code") || f.given("href")) {
		field.ListItem = field.Value
	}
	return validity(f, field)
}

// customData keeps the fields of Expense v4. A list field holds the identifier of the
// item, and names the item's address; allocations are printed without addresses. No document
// says that an item that is not valid keeps its address.
func (r record) customData(units, custom *map[string]expense.Field) {
	for _, f := range r.objects("customData") {
		into, number := fieldOf(f.text("id"), units, custom)
		value := f.text("value")
		if into == nil || value == "" {
			continue
		}
		field := expense.Field{Value: value}
		valid := f.told("isValid")
		if f.text("listItemUrl") != "" || IsGUID(value) && (!f.given("listItemUrl") || valid != nil && !*valid) {
			field.ListItem = value
		}
		set(into, number, validity(f, field))
	}
}
