package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
)

const (
	maxJSONDepth  = 32
	maxJSONValues = 1 << 20 // that are held at one time
	maxJSONRows   = 100_000 // of a list; no report is that long
)

// jsonDocument reads one JSON document. Names become lower case; of two values of one
// name the later counts, unless it is null. Numbers keep their digits.
type jsonDocument struct {
	dec  *json.Decoder
	left int // how many more values may be held
}

func openJSON(body []byte) (*jsonDocument, error) {
	body, err := clean(body)
	switch {
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(body)) == 0:
		return nil, errEmpty
	}
	return newJSON(bytes.NewReader(body)), nil
}

func newJSON(r io.Reader) *jsonDocument {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	return &jsonDocument{dec: dec, left: maxJSONValues}
}

// readValue reads a document of any kind.
func readValue(body []byte) (any, error) {
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

// readObject reads a document that is an object.
func readObject(body []byte) (record, error) {
	value, err := readValue(body)
	if err != nil {
		return record{}, err
	}
	values, ok := value.(map[string]any)
	if !ok {
		return record{}, errors.New("it is not a JSON object")
	}
	return newRecord(values, ""), nil
}

// bare says that the list may be the document itself.
const bare = ""

var errNoList = errors.New("it is not a JSON list")

// readRows reads a document that is a list of objects, or an object that has one under
// one of these names, and hands over one object after the other without holding them.
// It returns the object around the list, without the list; its error is [errNoList] when
// there is none. The first object that cannot be represented ends it, and is named by its
// number.
func readRows[T any](body []byte, one string, read func(record) T, under ...string) (root record, rows []T, err error) {
	d, err := openJSON(body)
	if err != nil {
		return newRecord(map[string]any{}, ""), nil, err
	}
	root, err = d.readRows(one, under, func(r record) error {
		rows = append(rows, read(r))
		return r.err()
	}, func(flaw error) error { return flaw })
	if err != nil {
		return root, nil, err
	}
	return root, slices.Concat([]T{}, rows), nil
}

// readList is readRows for a list of objects that have nothing to do with one another: an
// object that cannot be represented, or that is not even well-formed, does not end it. What
// is said of the first of those is returned beside the others.
func readList[T any](body []byte, one string, read func(record) T, under ...string) (root record, rows []T, unread []error, err error) {
	body, err = clean(body)
	if err == nil && len(bytes.TrimSpace(body)) == 0 {
		err = errEmpty
	}
	if err != nil {
		return newRecord(map[string]any{}, ""), nil, nil, err
	}
	d := newJSON(cutJSON(bytes.NewReader(body)))
	unreadable := func(flaw error) error {
		if len(unread) < maxUnread {
			unread = append(unread, flaw)
		}
		return nil
	}
	root, err = d.readRows(one, under, func(r record) error {
		row := read(r)
		if err := r.err(); err != nil {
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

// maxUnread bounds of how many objects of a list it is said why they cannot be read.
const maxUnread = 10

// readRows hands over each object of the list, and of what is none why it is none.
func (d *jsonDocument) readRows(one string, under []string, read func(record) error, none func(flaw error) error) (root record, err error) {
	root = newRecord(map[string]any{}, "")
	number := 0
	err = d.rows(root.values, under, func(value any) error {
		if number++; number > maxJSONRows {
			return fmt.Errorf("more than %d rows", maxJSONRows)
		}
		values, ok := value.(map[string]any)
		switch {
		case !ok: // a null, too: something may be missing
			return none(fmt.Errorf("%s %d is not an object", one, number))
		case values[broken] != nil:
			return none(fmt.Errorf("%s %d: %w", one, number, errBroken))
		}
		return read(newRecord(values, fmt.Sprintf("%s %d: ", one, number)))
	})
	return root, err
}

func (d *jsonDocument) rows(root map[string]any, under []string, row func(any) error) error {
	token, err := d.token()
	if err != nil {
		return err
	}
	found := slices.Contains(under, bare) && token == json.Delim('[')
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
		return fmt.Errorf("%w%s", errNoList, named(under))
	}
	return err
}

// named says where a list was looked for.
func named(under []string) string {
	for _, name := range under {
		if name != bare {
			return ": it has no " + name
		}
	}
	return ""
}

// around reads the object that has the list.
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

// each reads the list that was begun to its end, and holds one value at a time.
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

// rest reads the value that was begun with a token.
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
	return token, jsonError(err)
}

// jsonError keeps the place of a syntax error and drops its text, which quotes the
// document.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, lenient.ErrEncoding):
		return lenient.ErrEncoding
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.As(err, &syntax):
		return fmt.Errorf("not well-formed JSON (byte %d)", syntax.Offset)
	}
	return err // none, or that of what is read from
}

// end checks that nothing but white space follows.
func (d *jsonDocument) end() error {
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}
