package wire

import (
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// record is a JSON object with the values of the connector's language.
type record struct{ lenient.Object }

// readObject reads a document that is one object. What names the document in an error.
func readObject[T any](body []byte, what string, read func(record) T) (T, error) {
	var none T
	o, err := lenient.ReadObject(body)
	if err != nil {
		return none, unreadable(what, err)
	}
	value := read(record{o})
	if err := o.Err(); err != nil {
		return none, unreadable(what, err)
	}
	return value, nil
}

// readRows reads a document that is a list of objects, or an object around such a list.
func readRows[T any](body []byte, what string, read func(record) T, under ...string) (root record, rows []T, err error) {
	o, rows, err := lenient.ReadRows(body, what, func(o lenient.Object) T { return read(record{o}) }, under...)
	return record{o}, rows, err
}

// readList is readRows for rows that do not depend on each other: it skips a row that cannot be
// read. Unread has the errors of the first such rows.
func readList[T any](body []byte, what string, read func(record) T, under ...string) (root record, rows []T, unread []error, err error) {
	o, rows, unread, err := lenient.ReadList(body, what, func(o lenient.Object) T { return read(record{o}) }, under...)
	return record{o}, rows, unread, err
}

func (r record) object(name string) record { return record{r.Object.Object(name)} }

func (r record) objects(name string) []record {
	all := r.Objects(name)
	records := make([]record, len(all))
	for i, o := range all {
		records[i] = record{o}
	}
	return records
}

func (r record) requireID(id string) {
	if id == "" {
		r.Refuse("it", "has no ID")
	}
}

// isTrue reports whether a value is there and true.
func (r record) isTrue(name string) bool { return expense.True(r.Bool(name)) }

func (r record) date(names ...string) expense.Date {
	return expense.Date(lenient.Date(r.Text(names...)))
}

// day reads a date that has no time of day.
func (r record) day(name string) expense.Date {
	return expense.Date(lenient.Day(lenient.Date(r.Text(name))))
}

// dateAndTime reads a date and a time of day from two values.
func (r record) dateAndTime(day, clock string) expense.Date {
	return expense.Date(lenient.DateAndTime(r.Text(day), r.Text(clock)))
}

// money reads an amount: an object of a value and its currency, or the value alone, a number
// or a text. Without a value there is no amount. Request v4 is documented to call the value
// amount, and does so for cash advances.
func (r record) money(name string) *expense.Money {
	from, value := r, name
	isObject := r.IsObject(name)
	if isObject {
		from, value = r.object(name), "value"
		if from.Text(value) == "" && from.Has("amount") {
			value = "amount"
		}
	}
	text := from.Text(value)
	if lenient.IsNoValue(text) {
		return nil
	}
	amount, err := expense.ParseAmount(text)
	if err != nil {
		from.Refuse(value, "is not a decimal number")
		return nil
	}
	m := &expense.Money{Amount: amount}
	if isObject {
		m.Currency = strings.ToUpper(from.Text("currencyCode", "currency"))
	}
	return m
}

// anyNotZero reports whether one of the amounts is not zero. It returns nil if all are absent.
func (r record) anyNotZero(names ...string) *bool {
	var result *bool
	for _, name := range names {
		if m := r.money(name); m != nil && !expense.True(result) {
			result = new(!m.Amount.IsZero())
		}
	}
	return result
}

// number reads a decimal number and keeps its digits.
func (r record) number(name string) string {
	text := r.Text(name)
	if lenient.IsNoValue(text) {
		return ""
	}
	number, ok := parseDecimal(text)
	if !ok {
		r.Refuse(name, "is not a decimal number")
		return ""
	}
	return number
}

// rateDecimals is the number of decimals that Concur prints of an exchange rate.
const rateDecimals = 14

// rate reads an exchange rate as the number to multiply by. It inverts a rate to divide by.
func (r record) rate(name string) string {
	if !r.IsObject(name) {
		return r.number(name)
	}
	rate := r.object(name)
	value, operation := rate.number("value"), rate.Text("operation")
	switch {
	case value == "" || operation == "" || strings.EqualFold(operation, "MULTIPLY"):
		return value
	case !strings.EqualFold(operation, "DIVIDE"):
		r.Refuse(name, "is neither to multiply nor to divide by")
		return ""
	}
	divisor, _ := expense.ParseAmount(value) // number has parsed it
	if divisor.IsZero() {
		r.Refuse(name, "is to divide by zero")
		return ""
	}
	one, _ := expense.ParseAmount("1")
	return one.DivRound(divisor, rateDecimals).String()
}

// count reads a number of things. It returns nil if the value is absent.
func (r record) count(name string) *int {
	text := r.Text(name)
	if lenient.IsNoValue(text) {
		return nil
	}
	n, ok := parseCount(text)
	if !ok {
		r.Refuse(name, "is not a whole number")
		return nil
	}
	return &n
}

// hasExceptions reports whether an object of v4 has exceptions. If none of them blocks, there
// may be others.
func (r record) hasExceptions() *bool {
	if r.isTrue("hasBlockingExceptions") {
		return new(true)
	}
	return r.Bool("hasExceptions")
}

// fields reads the fields custom1 and so on, and orgUnit1 and so on. A field is an object that
// read reads, or a text.
func (r record) fields(units, custom *map[string]expense.Field, read func(record) expense.Field) {
	for name := range r.Values() {
		into, number := fieldOf(name, units, custom)
		switch {
		case into == nil:
		case r.IsStructured(name):
			set(into, number, read(r.object(name)))
		default:
			set(into, number, typedField("", r.Text(name), ""))
		}
	}
}

// fieldV3 reads a field of v3, which has a Code, a Type and a Value.
func fieldV3(f record) expense.Field {
	return withValidity(f, typedField(f.Text("Type"), f.Text("Value"), f.Text("Code")))
}

// withValidity adds whether the value of a field is valid, if there is a value.
func withValidity(f record, field expense.Field) expense.Field {
	if valid := f.Bool("isValid"); field.Value+field.Code != "" {
		field.Valid = valid
	}
	return field
}

// fieldOfRequest reads a field of Request v4. The value of a list field is the identifier of a
// list item, beside its code or the address of the item, which may be null. A text has
// neither.
func fieldOfRequest(f record) expense.Field {
	field := expense.Field{Value: f.Text("value"), Code: f.Text("code")}
	if IsGUID(field.Value) && (f.Has("code") || f.Has("href")) {
		field.ListItem = field.Value
	}
	return withValidity(f, field)
}

// customData reads the fields of Expense v4. The value of a list field is the identifier of a
// list item, beside the address of the item. Allocations have no addresses, and no document
// says that an item that is not valid keeps its address.
func (r record) customData(units, custom *map[string]expense.Field) {
	for _, f := range r.objects("customData") {
		into, number := fieldOf(f.Text("id"), units, custom)
		value := f.Text("value")
		if into == nil || value == "" {
			continue
		}
		field := expense.Field{Value: value}
		valid := f.Bool("isValid")
		if f.Text("listItemUrl") != "" || IsGUID(value) && (!f.Has("listItemUrl") || valid != nil && !*valid) {
			field.ListItem = value
		}
		set(into, number, withValidity(f, field))
	}
}

// hasLink reports whether an object links to something of that kind.
func hasLink(links []record, rel string) bool {
	return slices.ContainsFunc(links, func(l record) bool { return l.Text("rel") == rel })
}
