package wire

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// elements says where the text of each child of an XML element is kept, by the child's
// lower-case name. A target is a pointer to a value, a decimal, or a function that reads the child
// itself. Spellings that Concur uses for one thing have one row each.
//
// An empty text never replaces a value that an earlier child has given. Neither does a text that
// is no value, if the target is a number or a boolean.
type elements map[string]any

// decimal is the target of a decimal number whose digits are kept.
type decimal struct{ into *string }

// read reads the children of the element that began last. Children that elements does not name
// may be fields, which are kept in units and custom.
func (d *reportReader) read(targets elements, units, custom *map[string]expense.Field) error {
	return d.Each(func(name string) error {
		target, known := targets[name]
		if !known {
			return d.numberedField(name, units, custom)
		}
		if readChild, ok := target.(func() error); ok {
			return readChild()
		}
		element := d.Name()
		text, err := d.Text()
		if err != nil || text == "" {
			return err
		}
		if isParsed(target) && lenient.IsNoValue(text) {
			return nil
		}
		if problem := keep(target, text); problem != "" {
			return fmt.Errorf("%s %s", element, problem)
		}
		return nil
	})
}

// isParsed reports whether a text must be a number or a boolean. Texts and dates are kept as
// they are if they cannot be read.
func isParsed(target any) bool {
	switch target.(type) {
	case *string, *expense.Date:
		return false
	}
	return true
}

// keep keeps a text that is not empty. It returns what is wrong with the text, or "".
func keep(target any, text string) (problem string) {
	ok := true
	switch into := target.(type) {
	case *string:
		*into = text
	case *expense.Date:
		*into = expense.Date(lenient.Date(text))
	case decimal:
		if *into.into, ok = parseDecimal(text); !ok {
			return "is not a decimal number"
		}
	case **expense.Money:
		amount, err := expense.ParseAmount(text)
		if err != nil {
			return "is not a decimal number"
		}
		*into = &expense.Money{Amount: amount}
	case **int:
		n, ok := parseCount(text)
		if !ok {
			return "is not a whole number"
		}
		*into = &n
	case **bool:
		value, ok := lenient.ParseBool(text)
		if !ok {
			return "is neither yes nor no"
		}
		*into = &value
	default:
		panic(fmt.Sprintf("wire: no text can be kept in a %T", target))
	}
	return ""
}

// parseDecimal reads a decimal number and keeps its digits. It drops the percent sign that
// Concur prints after a percentage, and writes the number without an exponent.
func parseDecimal(text string) (string, bool) {
	text = strings.TrimSpace(strings.TrimSuffix(text, "%"))
	n, err := expense.ParseAmount(text)
	if err == nil && strings.ContainsAny(text, "eE") {
		text = n.String()
	}
	return text, err == nil
}

// parseCount reads a number of things, which may have decimals that are zero.
func parseCount(text string) (int, bool) {
	n, err := expense.ParseAmount(text)
	if err != nil || n.IsNegative() || !n.IsInteger() || n.NumDigits()+int(n.Exponent()) > 9 {
		return 0, false
	}
	return int(n.IntPart()), true
}

// numberedField keeps a field such as Custom7. It leaves any other element to be skipped.
func (d *reportReader) numberedField(name string, units, custom *map[string]expense.Field) error {
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

// field reads the element that began last as a field: a text, or the children Type, Value and
// Code of v2.0, beside which there may be others.
func (d *reportReader) field() (expense.Field, error) {
	name, null, text := d.Name(), d.Nil(), []byte(nil)
	known, unknown := false, false // whether there are such elements in it
	var kind, value, code string
	children := map[string]*string{"type": &kind, "value": &value, "code": &code}
	for depth := d.Depth(); d.Depth() >= depth; {
		token, err := d.Next()
		if err != nil {
			return expense.Field{}, err
		}
		switch t := token.(type) {
		case xml.CharData:
			text = append(text, t...)
		case xml.StartElement:
			into := children[strings.ToLower(t.Name.Local)]
			if into == nil {
				hasText, err := d.Skip()
				if err != nil {
					return expense.Field{}, err
				}
				unknown = unknown || hasText
				continue
			}
			known = true
			childText, err := d.Text()
			if err != nil {
				return expense.Field{}, err
			}
			*into = cmp.Or(childText, *into)
		}
	}
	if unknown && !known {
		return expense.Field{}, fmt.Errorf("%s holds elements where a text is expected", name)
	}
	text = bytes.TrimSpace(text)
	if null || kind+value+code+string(text) == "" {
		return expense.Field{}, nil
	}
	if len(text) > 0 {
		d.Texts++
		value = cmp.Or(value, string(text))
	}
	return typedField(kind, value, code), nil
}
