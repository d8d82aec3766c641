package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"concur-connector/expense"
)

// parseTree reads a whole JSON document. Numbers keep their digits.
func parseTree(body []byte) (any, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, errEmpty
	case !utf8.Valid(body):
		return nil, errUTF8
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errCut
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("not well-formed JSON (byte %d)", syntax.Offset)
		}
		return nil, errors.New("not well-formed JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return value, nil
}

// tree reads the fields of one JSON object, of which each may be missing or null, and
// some are of another type than their documentation says. Names are found in any case.
// What cannot be represented is noted where all trees of a document note it; the first
// counts. No fault repeats a value.
type tree struct {
	fields map[string]any
	at     string // of which object, for a fault: "expense 2: "
	fault  *error
}

// newTree returns a tree of a value that must be an object.
func newTree(value any, what string) (tree, error) {
	fields, ok := value.(map[string]any)
	if !ok {
		return tree{}, errors.New("it is not " + what)
	}
	return tree{fields: folded(fields), fault: new(error)}, nil
}

// folded gives the fields their names in lower case. Of two that then have the same name,
// the one that says something stays.
func folded(fields map[string]any) map[string]any {
	lower := make(map[string]any, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if key := strings.ToLower(name); lower[key] == nil {
			lower[key] = fields[name]
		}
	}
	return lower
}

func (t tree) get(name string) any { return t.fields[strings.ToLower(name)] }

func (t tree) refuse(name, what string) {
	if *t.fault == nil {
		*t.fault = errors.New(t.at + name + " is not " + what)
	}
}

// text reads a text without white space around it. A number or a boolean is one, too.
func (t tree) text(name string) string {
	switch v := t.get(name).(type) {
	case nil:
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		t.refuse(name, "a text")
	}
	return ""
}

func (t tree) date(name string) expense.Date { return isoDate(t.text(name)) }

// day reads the date of something that has no time, though Concur prints midnight in UTC.
func (t tree) day(name string) expense.Date {
	text := t.text(name)
	if day, clock, ok := strings.Cut(text, "T"); ok && strings.Trim(clock, "0:.") == "Z" {
		text = day
	}
	return isoDate(text)
}

// number reads a decimal number digit by digit.
func (t tree) number(name string) string {
	text := strings.TrimSpace(strings.TrimSuffix(t.text(name), "%"))
	if text == "" {
		return ""
	}
	if _, err := expense.ParseAmount(text); err != nil {
		t.refuse(name, "a decimal number")
		return ""
	}
	return text
}

func (t tree) whole(name string) int {
	text := t.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.refuse(name, "a whole number")
	}
	return int(n)
}

func (t tree) yes(name string) bool {
	switch strings.ToLower(t.text(name)) {
	case "true", "y", "yes", "1":
		return true
	case "", "false", "n", "no", "0":
	default:
		t.refuse(name, "yes or no")
	}
	return false
}

// money reads an amount with its currency, or an amount alone. An amount without a value
// is none.
func (t tree) money(name string) *expense.Money {
	from, field := t, name
	if _, ok := t.get(name).(map[string]any); ok {
		from, field = t.object(name), "value"
	}
	text := from.number(field)
	if text == "" {
		return nil
	}
	amount, _ := expense.ParseAmount(text) // number has read it
	m := &expense.Money{Amount: amount}
	if field != name {
		m.Currency = strings.ToUpper(first(from.text("currency"), from.text("currencyCode")))
	}
	return m
}

// object reads an object, or the first of a list of them. One that is missing has no
// fields.
func (t tree) object(name string) tree {
	all := t.list(name)
	if len(all) == 0 {
		return tree{fault: t.fault, at: t.at + name + ": "}
	}
	all[0].at = t.at + name + ": "
	return all[0]
}

// list reads a list of objects; one object alone is a list of it.
func (t tree) list(name string) []tree {
	switch v := t.get(name).(type) {
	case nil:
		return nil
	case map[string]any:
		return t.each(name, []any{v})
	case []any:
		return t.each(name, v)
	}
	t.refuse(name, "an object or a list of them")
	return nil
}

func (t tree) each(name string, values []any) []tree {
	var all []tree
	for i, value := range values {
		fields, ok := value.(map[string]any)
		if !ok && value != nil {
			t.refuse(name, "a list of objects")
			return nil
		}
		if ok {
			all = append(all, tree{fields: folded(fields), at: fmt.Sprintf("%s%s %d: ", t.at, name, i+1), fault: t.fault})
		}
	}
	return all
}

// trees reads a document that is a list of objects, or an object that has one under one of
// these names.
func trees(value any, name string, under ...string) (tree, []tree, error) {
	root := tree{fault: new(error)}
	list, ok := value.([]any)
	if fields, isObject := value.(map[string]any); isObject {
		root.fields = folded(fields)
		for _, key := range under {
			if list, ok = root.get(key).([]any); ok {
				break
			}
		}
	}
	if !ok {
		return root, nil, errors.New("it is not a list of them")
	}
	all := root.each(name, list)
	return root, all, *root.fault
}
