package wire

import (
	"strconv"
	"strings"

	"concur-connector/expense"
)

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

// fieldOf says where a field of that name is kept, and under which number: OrgUnit1 under
// "1" of units, Custom7 under "7" of custom. Any other name is kept nowhere, and so is one
// whose map is nil.
func fieldOf(name string, units, custom *map[string]expense.Field) (into *map[string]expense.Field, number string) {
	if number, ok := fieldNumber(name, "custom"); ok {
		return custom, number
	}
	if number, ok := fieldNumber(name, "orgunit"); ok {
		return units, number
	}
	return nil, ""
}

// fieldNumber returns the number in "custom7", which v4 writes as "custom07", too, or in
// "orgUnit1". The prefix is given in lower case.
func fieldNumber(name, prefix string) (string, bool) {
	number, ok := strings.CutPrefix(strings.ToLower(name), prefix)
	n, err := strconv.Atoi(number)
	plain := strconv.Itoa(n)
	return plain, ok && err == nil && n >= 1 && n <= 99 && (number == plain || number == "0"+plain)
}

// typedField returns a field. The type and the code may be empty. Only a list item has a code;
// if Concur gives no code, it may print the code before the name.
func typedField(kind, value, code string) expense.Field {
	split := field(value)
	switch {
	case code != "" && split.Code == code:
		return split
	case code != "":
		return expense.Field{Code: code, Value: value}
	case kind == "", strings.HasSuffix(strings.ToLower(kind), "list"):
		return split
	}
	return expense.Field{Value: value}
}

// field splits a list field, "(code) name" with or without the space. The code is
// what stands between the first bracket and the one that closes it.
func field(text string) expense.Field {
	if !strings.HasPrefix(text, "(") {
		return expense.Field{Value: text}
	}
	open := 0
	for i, c := range text {
		switch c {
		case '(':
			open++
		case ')':
			open--
		}
		if open == 0 {
			code, name := strings.TrimSpace(text[1:i]), strings.TrimSpace(text[i+1:])
			if code == "" || name == "" {
				break
			}
			return expense.Field{Code: code, Value: name}
		}
	}
	return expense.Field{Value: text}
}
