package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"concur-connector/concur/wire/lenient"
)

func (l *failedList) decodeJSON(dec *json.Decoder) error {
	dec.UseNumber()
	found, err := l.value(dec, 0)
	if err == nil && !found {
		err = errors.New("it holds no list")
	}
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = lenient.ErrTrailing
		}
	}
	if l.stopped != nil {
		return err
	}
	return lenient.JSONError(err)
}

// value reads one JSON value and reports whether it is the list, or contains it.
func (l *failedList) value(dec *json.Decoder, depth int) (found bool, err error) {
	token, err := dec.Token()
	if err != nil {
		return false, err
	}
	switch token {
	case nil:
		return depth == 0, nil // some servers write an empty list as null
	case json.Delim('['):
		for dec.More() {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return true, err
			}
			texts := notificationTexts{}
			reason := texts.readJSON(raw, 0)
			if err := l.item(texts, reason); err != nil {
				return true, err
			}
		}
		_, err = dec.Token()
		return true, err
	case json.Delim('{'):
		if depth > maxNotificationDepth {
			return false, fmt.Errorf("nested deeper than %d objects", maxNotificationDepth)
		}
		texts, reason := notificationTexts{}, error(nil) // of a single entry that is in no list
		single := false
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return found, err
			}
			if name := strings.ToLower(fmt.Sprint(key)); isNotificationName(name) {
				single = true
				var value json.RawMessage
				if err := dec.Decode(&value); err != nil {
					return found, err
				}
				if wrong := texts.keepJSON(name, value); reason == nil {
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
			return true, l.item(texts, reason)
		}
	}
	return found, err
}

// keepJSON keeps a text. A null is no text and no error.
func (n notificationTexts) keepJSON(name string, value json.RawMessage) error {
	var text *string
	if json.Unmarshal(value, &text) != nil {
		return errors.New("a value that is not a text")
	}
	if text != nil {
		n.keep(name, strings.TrimSpace(*text))
	}
	return nil
}

// readJSON reads one entry: an object of texts and nulls. Some of them may be in an inner object
// named Failure or Notification.
func (n notificationTexts) readJSON(raw json.RawMessage, depth int) (reason error) {
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
		case name == lenient.MalformedEntry:
			wrong = lenient.ErrMalformedEntry
		case string(value) == "null":
		case name == "failure" || name == "notification":
			wrong = n.readJSON(value, depth+1)
		case isNotificationName(name):
			wrong = n.keepJSON(name, value)
		}
		if reason == nil {
			reason = wrong
		}
	}
	return reason
}
