package wire

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"concur-connector/expense"
)

// string keeps the text of the element; an empty one does not replace what an
// alias of the element has said.
func (d *reportReader) string(into *string) error {
	text, err := d.text()
	if text != "" {
		*into = text
	}
	return err
}

// present notes whether the element holds any text, and not the text.
func (d *reportReader) present(into **bool) error {
	text, err := d.skip()
	if text {
		d.texts++
		*into = new(true)
	}
	return err
}

func (d *reportReader) money(into **expense.Money) error {
	name := d.name
	text, err := d.text()
	if err != nil || noValue(text) {
		return err
	}
	amount, err := expense.ParseAmount(text)
	if err != nil {
		return fmt.Errorf("%s is not a decimal number", name)
	}
	*into = &expense.Money{Amount: amount}
	return nil
}

// number keeps a decimal number digit by digit.
func (d *reportReader) number(into *string) error {
	name := d.name
	text, err := d.text()
	if err != nil || noValue(text) {
		return err
	}
	number, ok := decimalOf(text)
	if !ok {
		return fmt.Errorf("%s is not a decimal number", name)
	}
	*into = number
	return nil
}

// count reads a number of things. A text that says that there is none does not replace what was
// said before.
func (d *reportReader) count(into **int) error {
	name := d.name
	text, err := d.text()
	if err != nil || noValue(text) {
		return err
	}
	n, ok := countOf(text)
	if !ok {
		return fmt.Errorf("%s is not a whole number", name)
	}
	*into = &n
	return nil
}

func (d *reportReader) bool(into **bool) error {
	name := d.name
	text, err := d.text()
	if err != nil || noValue(text) { // an alias of an element that says it
		return err
	}
	yes, ok := yesOf(text)
	if !ok {
		return fmt.Errorf("%s is neither yes nor no", name)
	}
	*into = &yes
	return nil
}

func (d *reportReader) date(into *expense.Date) error {
	text, err := d.text()
	if text != "" {
		*into = isoDate(text)
	}
	return err
}

// fields keeps a numbered field. Any other element is left to be skipped.
func (d *reportReader) fields(name string, units, custom *map[string]expense.Field) error {
	into, number := fieldOf(name, units, custom)
	if into == nil {
		return nil
	}
	f, err := d.field()
	if err == nil {
		set(into, number, f)
	}
	return err
}

// field reads the element that was begun last: a text, or the children Type, Value and
// Code of v2.0, which others may join.
func (d *reportReader) field() (expense.Field, error) {
	name, null, bare := d.name, d.null, []byte(nil)
	known, strange := false, false // of the elements in it
	var kind, value, code string
	for level := d.depth; d.depth >= level; {
		token, err := d.next()
		if err != nil {
			return expense.Field{}, err
		}
		switch t := token.(type) {
		case xml.CharData:
			bare = append(bare, t...)
		case xml.StartElement:
			switch strings.ToLower(t.Name.Local) {
			case "type":
				known, err = true, d.string(&kind)
			case "value":
				known, err = true, d.string(&value)
			case "code":
				known, err = true, d.string(&code)
			default:
				var text bool
				text, err = d.skip()
				strange = strange || text
			}
			if err != nil {
				return expense.Field{}, err
			}
		}
	}
	if strange && !known {
		return expense.Field{}, fmt.Errorf("%s holds elements where a text is expected", name)
	}
	bare = bytes.TrimSpace(bare)
	if null || kind+value+code+string(bare) == "" {
		return expense.Field{}, nil
	}
	if len(bare) > 0 {
		d.texts++
		value = cmp.Or(value, string(bare))
	}
	return typedField(kind, value, code), nil
}
