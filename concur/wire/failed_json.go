package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

func (l *failedList) decodeJSON(dec *json.Decoder) error {
	dec.UseNumber()
	found, err := l.value(dec, 0)
	if err == nil && !found {
		err = errors.New("it holds no list")
	}
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errTrailing
		}
	}
	if l.stopped != nil {
		return err
	}
	return jsonError(err)
}

// value reads one JSON value and reports whether it was the list, or held it.
func (l *failedList) value(dec *json.Decoder, depth int) (found bool, err error) {
	token, err := dec.Token()
	if err != nil {
		return false, err
	}
	switch token {
	case nil:
		return depth == 0, nil // an empty list, to some
	case json.Delim('['):
		for dec.More() {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return true, err
			}
			var f fields
			reason := f.readJSON(raw, 0)
			if err := l.item(f, reason); err != nil {
				return true, err
			}
		}
		_, err = dec.Token()
		return true, err
	case json.Delim('{'):
		if depth > maxNotificationDepth {
			return false, fmt.Errorf("nested deeper than %d objects", maxNotificationDepth)
		}
		var f fields // of an entry that is in no list, for it is the only one
		var reason error
		single := false
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return found, err
			}
			if name := strings.ToLower(fmt.Sprint(key)); f.known(name) {
				single = true
				var value json.RawMessage
				if err := dec.Decode(&value); err != nil {
					return found, err
				}
				if wrong := f.putJSON(name, value); reason == nil {
					reason = wrong
				}
				continue
			}
			inner, err := l.value(dec, depth+1)
			if err != nil {
				return found, err
			}
			if inner && found {
				return found, errors.New("it holds more than one list")
			}
			found = found || inner
		}
		if _, err = dec.Token(); err == nil && single {
			return true, l.item(f, reason)
		}
	}
	return found, err
}

// putJSON keeps a text, or says that the value is none. A null is no text and not wrong.
func (f *fields) putJSON(name string, value json.RawMessage) error {
	var text *string
	if json.Unmarshal(value, &text) != nil {
		return errors.New("a value that is not a text")
	}
	if text != nil {
		f.put(name, strings.TrimSpace(*text))
	}
	return nil
}

// readJSON reads one entry: an object of texts and nulls, some of them perhaps in an
// object under the key Failure or Notification.
func (f *fields) readJSON(raw json.RawMessage, depth int) (reason error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') || depth > maxNotificationDepth {
		return errors.New("not an object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return errors.New("not an object")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return errors.New("not an object")
		}
		name, wrong := strings.ToLower(fmt.Sprint(key)), error(nil)
		switch {
		case name == broken:
			wrong = errBroken
		case string(value) == "null":
		case name == "failure" || name == "notification":
			wrong = f.readJSON(value, depth+1)
		case f.known(name):
			wrong = f.putJSON(name, value)
		}
		if reason == nil {
			reason = wrong
		}
	}
	return reason
}
