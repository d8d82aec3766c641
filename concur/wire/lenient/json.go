package lenient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxJSONDepth  = 32
	maxJSONValues = 1 << 20 // held at one time
	maxJSONRows   = 100_000 // of a list; no report is that long
)

// jsonDocument reads one JSON document. It writes names in lower case and keeps the digits of
// numbers. If a name occurs twice, the later value counts, unless it is null.
type jsonDocument struct {
	dec  *json.Decoder
	left int // how many more values may be held
}

func openJSON(body []byte) (*jsonDocument, error) {
	body, err := Clean(body)
	switch {
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(body)) == 0:
		return nil, ErrEmpty
	}
	return newJSON(bytes.NewReader(body)), nil
}

func newJSON(r io.Reader) *jsonDocument {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	return &jsonDocument{dec: dec, left: maxJSONValues}
}

// ReadValue reads a JSON document of any kind: names in lower case, numbers as [json.Number].
func ReadValue(body []byte) (any, error) {
	d, err := openJSON(body)
	if err != nil {
		return nil, err
	}
	value, err := d.value(1)
	if err != nil {
		return nil, err
	}
	return value, d.end()
}

// ReadObject reads a JSON document that is an object.
func ReadObject(body []byte) (Object, error) {
	value, err := ReadValue(body)
	if err != nil {
		return Object{}, err
	}
	values, ok := value.(map[string]any)
	if !ok {
		return Object{}, errors.New("it is not a JSON object")
	}
	return newObject(values, ""), nil
}

// Bare is the name of a list that is the document itself.
const Bare = ""

// ErrNoList is the error of a document without the list that was asked for.
var ErrNoList = errors.New("it is not a JSON list")

// ReadRows reads a list of objects, one after the other. The list is the document, or it has
// one of the names in the object that is the document. What is one row in an error: "entry".
// ReadRows returns the object around the list, without the list.
//
// The first row that cannot be represented is an error, which gives the row's number.
func ReadRows[T any](body []byte, what string, read func(Object) T, under ...string) (root Object, rows []T, err error) {
	d, err := openJSON(body)
	if err != nil {
		return newObject(map[string]any{}, ""), nil, err
	}
	root, err = d.readRows(what, under, func(r Object) error {
		rows = append(rows, read(r))
		return r.Err()
	}, func(flaw error) error { return flaw })
	if err != nil {
		return root, nil, err
	}
	return root, slices.Concat([]T{}, rows), nil
}

// ReadList is [ReadRows] for rows that do not depend on each other. It skips a row that cannot
// be represented, or that is not well-formed. Unread has the errors of the first such rows.
func ReadList[T any](body []byte, what string, read func(Object) T, under ...string) (root Object, rows []T, unread []error, err error) {
	body, err = Clean(body)
	if err == nil && len(bytes.TrimSpace(body)) == 0 {
		err = ErrEmpty
	}
	if err != nil {
		return newObject(map[string]any{}, ""), nil, nil, err
	}
	d := newJSON(RepairJSON(bytes.NewReader(body)))
	unreadable := func(flaw error) error {
		if len(unread) < maxUnread {
			unread = append(unread, flaw)
		}
		return nil
	}
	root, err = d.readRows(what, under, func(r Object) error {
		row := read(r)
		if err := r.Err(); err != nil {
			return unreadable(err)
		}
		rows = append(rows, row)
		return nil
	}, unreadable)
	if err != nil {
		return root, nil, nil, err
	}
	return root, slices.Concat([]T{}, rows), unread, nil
}

// maxUnread limits how many errors of unread rows are returned.
const maxUnread = 10

// readRows calls read for each object of the list, and none for each row that is no object.
func (d *jsonDocument) readRows(what string, under []string, read func(Object) error, none func(flaw error) error) (root Object, err error) {
	root = newObject(map[string]any{}, "")
	number := 0
	err = d.rows(root.values, under, func(value any) error {
		if number++; number > maxJSONRows {
			return fmt.Errorf("more than %d rows", maxJSONRows)
		}
		values, ok := value.(map[string]any)
		switch {
		case !ok: // null included: something may be missing
			return none(fmt.Errorf("%s %d is not an object", what, number))
		case values[MalformedEntry] != nil:
			return none(fmt.Errorf("%s %d: %w", what, number, ErrMalformedEntry))
		}
		return read(newObject(values, fmt.Sprintf("%s %d: ", what, number)))
	})
	return root, err
}

func (d *jsonDocument) rows(root map[string]any, under []string, row func(any) error) error {
	token, err := d.token()
	if err != nil {
		return err
	}
	found := slices.Contains(under, Bare) && token == json.Delim('[')
	switch {
	case found:
		err = d.each(2, row)
	case token == json.Delim('{'):
		found, err = d.around(root, under, row)
	default:
		_, err = d.rest(token, 1)
	}
	if err == nil {
		err = d.end()
	}
	if err == nil && !found {
		return fmt.Errorf("%w%s", ErrNoList, named(under))
	}
	return err
}

// named says under which name the list was expected.
func named(under []string) string {
	for _, name := range under {
		if name != Bare {
			return ": it has no " + name
		}
	}
	return ""
}

// around reads the object that contains the list.
func (d *jsonDocument) around(root map[string]any, under []string, row func(any) error) (found bool, err error) {
	for d.dec.More() {
		name, err := d.name()
		if err != nil {
			return found, err
		}
		token, err := d.token()
		if err != nil {
			return found, err
		}
		isList := slices.ContainsFunc(under, func(u string) bool { return strings.EqualFold(u, name) })
		switch {
		case isList && found && token != nil:
			return found, errors.New("it holds more than one list")
		case isList && token == json.Delim('['):
			found, err = true, d.each(3, row)
		case isList && token == json.Delim('{'): // one alone
			var value any
			if value, err = d.rest(token, 2); err == nil {
				found, err = true, row(value)
			}
		case isList && token != nil:
			return found, fmt.Errorf("%s is not a list", name)
		default:
			var value any
			if value, err = d.rest(token, 2); err == nil && (value != nil || root[name] == nil) {
				root[name] = value
			}
		}
		if err != nil {
			return found, err
		}
	}
	_, err = d.token()
	return found, err
}

// each reads the list to its end and holds one value at a time.
func (d *jsonDocument) each(depth int, row func(any) error) error {
	left := d.left
	for d.dec.More() {
		d.left = maxJSONValues
		value, err := d.value(depth)
		if err == nil {
			err = row(value)
		}
		if err != nil {
			return err
		}
	}
	d.left = left
	_, err := d.token()
	return err
}

// value reads the next value to its end.
func (d *jsonDocument) value(depth int) (any, error) {
	token, err := d.token()
	if err != nil {
		return nil, err
	}
	return d.rest(token, depth)
}

// rest reads the rest of the value that begins with a token.
func (d *jsonDocument) rest(token json.Token, depth int) (any, error) {
	if d.left--; d.left < 0 {
		return nil, fmt.Errorf("more than %d values", maxJSONValues)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("nested deeper than %d values", maxJSONDepth)
	}
	object, list := map[string]any{}, []any{}
	for d.dec.More() {
		name := ""
		if delim == '{' {
			var err error
			if name, err = d.name(); err != nil {
				return nil, err
			}
		}
		value, err := d.value(depth + 1)
		switch {
		case err != nil:
			return nil, err
		case delim == '[':
			list = append(list, value)
		case value != nil || object[name] == nil:
			object[name] = value
		}
	}
	if _, err := d.token(); err != nil {
		return nil, err
	}
	if delim == '[' {
		return list, nil
	}
	return object, nil
}

func (d *jsonDocument) name() (string, error) {
	key, err := d.token()
	name, _ := key.(string)
	return strings.ToLower(name), err
}

func (d *jsonDocument) token() (json.Token, error) {
	token, err := d.dec.Token()
	return token, JSONError(err)
}

// JSONError returns an error that gives the place of a syntax error and quotes nothing of the
// document.
func JSONError(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, ErrEncoding):
		return ErrEncoding
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.As(err, &syntax):
		return fmt.Errorf("not well-formed JSON (byte %d)", syntax.Offset)
	}
	return err // nil, or the error of the underlying reader
}

// end checks that nothing but white space follows.
func (d *jsonDocument) end() error {
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		return ErrTrailing
	}
	return nil
}
