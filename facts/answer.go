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

// maxText limits the bytes of a text in an answer, and the texts of a list.
const maxText = 1000

// readAnswer reads an answer in the form of docs/policy/fact-answer.schema.json. The answer must
// contain every object of the question once, and no other. readAnswer discards values that the
// rules do not need, so that nothing stores them. The error completes a sentence about the
// answer and quotes nothing from it.
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
		return nil, errors.New("has items that are not a list")
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
			return nil, fmt.Errorf("cannot be used: its item %d has a key that is not in the question", i+1)
		case twice:
			return nil, fmt.Errorf("cannot be used: its item %d has the key of an earlier item", i+1)
		}
		answers[key] = values
	}
	if missing := len(asked) - len(answers); missing > 0 {
		return nil, fmt.Errorf("cannot be used: %d of %d objects are missing", missing, len(asked))
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
		return "", nil, errors.New("has a key that is not a text")
	}
	if values, err = object(item["values"]); err != nil {
		return "", nil, errors.New("has values that are not an object, or a value twice")
	}
	for name, value := range values {
		if len(wants) > 0 && !slices.Contains(wants, name) {
			delete(values, name)
		} else if !usable(value) {
			return "", nil, errors.New("has a value that is not a text, number, boolean, amount or list of texts")
		}
	}
	return key, values, nil
}

// usable reports whether a value has a type that facts can have.
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
	return true // the value is valid JSON, so it is a number, true, false or null
}

func isArray(value json.RawMessage) bool { return len(value) > 0 && value[0] == '[' }

func isText(value json.RawMessage) bool {
	var text string
	return len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil && len(text) <= maxText
}

// only returns an error unless an object has exactly these names.
func only(object map[string]json.RawMessage, names ...string) error {
	for _, name := range names {
		if _, found := object[name]; !found {
			return fmt.Errorf("has no %q", name)
		}
	}
	if len(object) != len(names) {
		return fmt.Errorf("has names other than %q", names)
	}
	return nil
}

// object reads a JSON object with nothing after it. It rejects duplicate names, because they
// leave open which value is meant. Names are case-sensitive.
func object(data []byte) (map[string]json.RawMessage, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	notObject := errors.New("is not a JSON object")
	if begin, err := in.Token(); err != nil || begin != json.Delim('{') {
		return nil, notObject
	}
	all := map[string]json.RawMessage{}
	for in.More() {
		name, err := in.Token()
		text, ok := name.(string)
		if err != nil || !ok {
			return nil, notObject
		}
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return nil, notObject
		}
		if _, twice := all[text]; twice {
			return nil, errors.New("has a name twice")
		}
		all[text] = value
	}
	if end, err := in.Token(); err != nil || end != json.Delim('}') {
		return nil, notObject
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has more text after the JSON object")
	}
	return all, nil
}
