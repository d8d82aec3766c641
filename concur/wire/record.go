package wire

import (
	"encoding/json"
	"fmt"
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
	flaw   *flaw
}

type flaw struct{ err error }

func (r record) refuse(name, why string) {
	if r.flaw.err == nil {
		r.flaw.err = fmt.Errorf("%s %s", name, why)
	}
}

func (r record) err() error { return r.flaw.err }

// given reports whether the object names the value, be it null.
func (r record) given(name string) bool {
	_, ok := r.values[strings.ToLower(name)]
	return ok
}

// text returns the first text that is there. A number is its own digits.
func (r record) text(names ...string) string {
	for _, name := range names {
		text := ""
		switch v := r.values[strings.ToLower(name)].(type) {
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

// money reads an amount that is a number, or a text that is one. It has no currency yet.
func (r record) money(name string) *expense.Money {
	text := r.text(name)
	if text == "" {
		return nil
	}
	amount, err := expense.ParseAmount(text)
	if err != nil {
		r.refuse(name, "is not a decimal number")
		return nil
	}
	return &expense.Money{Amount: amount}
}

// amount reads an amount of v4: an object of a value and its currency.
func (r record) amount(name string) *expense.Money {
	if _, ok := r.values[strings.ToLower(name)].(map[string]any); !ok {
		return r.money(name)
	}
	inner := record{values: r.object(name).values, flaw: new(flaw)}
	m := inner.money("value")
	currency := inner.text("currencyCode", "currency")
	if err := inner.err(); err != nil {
		r.refuse(name+":", err.Error())
		return nil
	}
	if m != nil {
		m.Currency = strings.ToUpper(currency)
	}
	return m
}

// number returns a decimal number digit by digit, without a percent sign and without
// an exponent.
func (r record) number(name string) string {
	text := strings.TrimSpace(strings.TrimSuffix(r.text(name), "%"))
	if text == "" {
		return ""
	}
	n, err := expense.ParseAmount(text)
	switch {
	case err != nil:
		r.refuse(name, "is not a decimal number")
		return ""
	case strings.ContainsAny(text, "eE"):
		return n.String()
	}
	return text
}

// count returns a number of things, and whether one is given.
func (r record) count(name string) (n int, given bool) {
	text := r.text(name)
	if text == "" {
		return 0, false
	}
	u, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		r.refuse(name, "is not a whole number")
		return 0, false
	}
	return int(u), true
}

// yes reads a boolean in every form in which Concur documents one.
func (r record) yes(names ...string) bool {
	for _, name := range names {
		switch strings.ToLower(r.text(name)) {
		case "true", "y", "yes", "1":
			return true
		case "", "false", "n", "no", "0":
		default:
			r.refuse(name, "is neither yes nor no")
		}
	}
	return false
}

func (r record) date(name string) expense.Date { return isoDate(r.text(name)) }

// object returns an object in the record, an empty one for null.
func (r record) object(name string) record {
	inner := record{flaw: r.flaw}
	switch v := r.values[strings.ToLower(name)].(type) {
	case nil:
	case map[string]any:
		inner.values = v
	default:
		r.refuse(name, "is not an object")
	}
	return inner
}

// objects returns the objects of a list in the record; a null among them is none.
func (r record) objects(name string) []record {
	value := r.values[strings.ToLower(name)]
	list, ok := value.([]any)
	if !ok && value != nil {
		r.refuse(name, "is not a list")
	}
	all := make([]record, 0, len(list))
	for _, element := range list {
		switch v := element.(type) {
		case nil:
		case map[string]any:
			all = append(all, record{values: v, flaw: r.flaw})
		default:
			r.refuse(name, "holds something else than objects")
		}
	}
	return all
}

// set keeps a field that holds something.
func set(into *map[string]expense.Field, number string, f expense.Field) {
	if f == (expense.Field{}) {
		return
	}
	if *into == nil {
		*into = map[string]expense.Field{}
	}
	(*into)[number] = f
}

// fieldNumber returns the number in "custom7" or "orgUnit1", whose prefix is given in
// lower case.
func fieldNumber(name, prefix string) (string, bool) {
	number, ok := strings.CutPrefix(strings.ToLower(name), prefix)
	n, err := strconv.Atoi(number)
	return number, ok && err == nil && n >= 1 && n <= 99 && strconv.Itoa(n) == number
}
