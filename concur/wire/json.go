package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxJSONDepth  = 32
	maxJSONValues = 1 << 20 // that are held at one time
)

// jsonDocument reads one JSON document. Names are found without regard to case; of two
// values of one name the later counts, unless it is null.
type jsonDocument struct {
	dec  *json.Decoder
	left int // how many more values may be held
}

func newJSONDocument(body []byte) (*jsonDocument, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, errEmpty
	case !utf8.Valid(body): // the decoder would put other characters into an ID
		return nil, errUTF8
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return &jsonDocument{dec: dec, left: maxJSONValues}, nil
}

// readObject reads a document that is an object.
func readObject(body []byte) (record, error) {
	d, err := newJSONDocument(body)
	if err != nil {
		return record{}, err
	}
	value, err := d.value(1)
	if err != nil {
		return record{}, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return record{}, errors.New("it is not a JSON object")
	}
	return record{values: object, flaw: new(flaw)}, d.end()
}

// eachObject reads a document that is a list, one object after the other, without
// holding it. What f returns ends it.
func eachObject(body []byte, f func(r record) error) error {
	d, err := newJSONDocument(body)
	if err != nil {
		return err
	}
	token, err := d.token()
	if err != nil {
		return err
	}
	switch token {
	case nil: // an empty list, to some
		return d.end()
	case json.Delim('['):
	default:
		return errors.New("it is not a JSON list")
	}
	for d.dec.More() {
		d.left = maxJSONValues
		value, err := d.value(2)
		if err != nil {
			return err
		}
		object, ok := value.(map[string]any)
		if !ok {
			return errors.New("its list holds something else than objects")
		}
		if err := f(record{values: object, flaw: new(flaw)}); err != nil {
			return err
		}
	}
	if _, err := d.token(); err != nil {
		return err
	}
	return d.end()
}

// value reads the next value to its end.
func (d *jsonDocument) value(depth int) (any, error) {
	if d.left--; d.left < 0 {
		return nil, fmt.Errorf("more than %d values", maxJSONValues)
	}
	token, err := d.token()
	if err != nil {
		return nil, err
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
			key, err := d.token()
			if err != nil {
				return nil, err
			}
			name, _ = key.(string)
			name = strings.ToLower(name)
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

// token keeps the place of a syntax error and drops its text, which quotes the document.
func (d *jsonDocument) token() (json.Token, error) {
	token, err := d.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return token, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCut
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("not well-formed JSON (byte %d)", syntax.Offset)
	}
	return nil, errors.New("not well-formed JSON")
}

// end checks that nothing but white space follows.
func (d *jsonDocument) end() error {
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}
