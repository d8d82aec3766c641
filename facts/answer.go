package facts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"concur-connector/expense"
)

// maxText bounds a text of an answer, in bytes, and a list, in texts.
const maxText = 1000

// readAnswer reads an answer as docs/policy/fact-answer.schema.json describes it: every
// object that was asked about is in it, once, and no other. Values that the rules do not
// ask for are left out, so that they are kept nowhere. The error completes a sentence about
// the answer and quotes nothing of it.
func readAnswer(body []byte, q question) (expense.Answers, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("is not in UTF-8")
	}
	top, err := object(body)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: it %w", err)
	}
	var items []json.RawMessage
	if err := only(top, "items"); err != nil {
		return nil, err
	}
	if !isArray(top["items"]) || json.Unmarshal(top["items"], &items) != nil {
		return nil, errors.New("has items that are no list")
	}
	asked := make(map[string]bool, len(q.Items))
	for _, item := range q.Items {
		asked[item.Key] = true
	}
	answers := make(expense.Answers, len(asked))
	for i, item := range items {
		key, values, err := readItem(item, q.Wants)
		if err != nil {
			return nil, fmt.Errorf("cannot be read: its item %d %w", i+1, err)
		}
		switch _, twice := answers[key]; {
		case !asked[key]:
			return nil, fmt.Errorf("cannot be used: its item %d is about an object that was not asked about", i+1)
		case twice:
			return nil, fmt.Errorf("cannot be used: its item %d is about an object that was answered before", i+1)
		}
		answers[key] = values
	}
	if missing := len(asked) - len(answers); missing > 0 {
		return nil, fmt.Errorf("cannot be used: %d of %d objects are not answered", missing, len(asked))
	}
	return answers, nil
}

func readItem(data []byte, wants []string) (key string, values map[string]json.RawMessage, err error) {
	item, err := object(data)
	if err != nil {
		return "", nil, err
	}
	if err := only(item, "key", "values"); err != nil {
		return "", nil, err
	}
	if !isText(item["key"]) || json.Unmarshal(item["key"], &key) != nil {
		return "", nil, errors.New("has a key that is no text")
	}
	if values, err = object(item["values"]); err != nil {
		return "", nil, errors.New("has values that are no object, or one of them twice")
	}
	for name, value := range values {
		if len(wants) > 0 && !slices.Contains(wants, name) {
			delete(values, name)
		} else if !usable(value) {
			return "", nil, errors.New("has a value that is no text, number, truth value, amount or list of texts")
		}
	}
	return key, values, nil
}

// usable reports whether a value is of a kind that any fact may have.
func usable(value json.RawMessage) bool {
	switch value[0] {
	case '{':
		amount, err := object(value)
		return err == nil && only(amount, "amount", "currency") == nil && isText(amount["amount"]) && isText(amount["currency"])
	case '[':
		var list []json.RawMessage
		return json.Unmarshal(value, &list) == nil && len(list) <= maxText &&
			!slices.ContainsFunc(list, func(one json.RawMessage) bool { return !isText(one) })
	case '"':
		return isText(value)
	}
	return true // a number, true, false or null: it was valid JSON
}

func isArray(value json.RawMessage) bool { return len(value) > 0 && value[0] == '[' }

func isText(value json.RawMessage) bool {
	var text string
	return len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil && len(text) <= maxText
}

// only returns an error unless an object has these names and no others.
func only(object map[string]json.RawMessage, names ...string) error {
	for _, name := range names {
		if _, there := object[name]; !there {
			return fmt.Errorf("has no %q", name)
		}
	}
	if len(object) != len(names) {
		return fmt.Errorf("has another name than %q", names)
	}
	return nil
}

// object reads the whole of a JSON object. A name that stands there twice would leave open
// which of its values is meant; a name in another case is another name.
func object(data []byte) (map[string]json.RawMessage, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	if begin, err := in.Token(); err != nil || begin != json.Delim('{') {
		return nil, errors.New("is no JSON object")
	}
	all := map[string]json.RawMessage{}
	for in.More() {
		name, err := in.Token()
		text, ok := name.(string)
		if err != nil || !ok {
			return nil, errors.New("is no JSON object")
		}
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return nil, errors.New("is no JSON object")
		}
		if _, twice := all[text]; twice {
			return nil, errors.New("has a name twice")
		}
		all[text] = value
	}
	if end, err := in.Token(); err != nil || end != json.Delim('}') {
		return nil, errors.New("is no JSON object")
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after its end")
	}
	return all, nil
}
