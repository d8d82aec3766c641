package lenient

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Object is a JSON object. Names are compared in any case; a method that takes several names
// takes the preferred one first. A null, an empty text and a missing value are absent.
//
// An Object keeps the first error of a value that cannot be represented. Its caller reads all
// values and then calls [Object.Err] once.
type Object struct {
	values map[string]any // by lower-case names
	place  string         // of the object, for an error: "entry 2: "
	failed *failure       // shared with the objects in it
}

type failure struct{ err error }

func newObject(values map[string]any, place string) Object {
	return Object{values: values, place: place, failed: new(failure)}
}

// Refuse records why a value cannot be represented. The reason must not quote the value.
func (o Object) Refuse(name, why string) {
	if o.failed.err == nil {
		o.failed.err = errors.New(o.place + name + " " + why)
	}
}

// Err returns the first error that was recorded.
func (o Object) Err() error { return o.failed.err }

// Unchecked returns the same object, but an error of a value read from it is not recorded.
func (o Object) Unchecked() Object {
	o.failed = new(failure)
	return o
}

// Values returns all values by their lower-case names.
func (o Object) Values() map[string]any { return o.values }

// Has reports whether the object has a value of that name, be it null.
func (o Object) Has(name string) bool {
	_, ok := o.values[strings.ToLower(name)]
	return ok
}

// IsEmpty reports whether the object has a value of that name that is empty. N/A and 0 are
// not empty: they do not say that Concur has nothing.
func (o Object) IsEmpty(name string) bool { return o.Has(name) && isEmpty(o.value(name)) }

// Lacks reports whether each of the values is missing or empty. See [Object.IsEmpty].
func (o Object) Lacks(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !isEmpty(o.value(name)) })
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case bool:
		return !v
	case map[string]any:
		for _, inner := range v {
			if !isEmpty(inner) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(v, func(inner any) bool { return !isEmpty(inner) })
	}
	return false
}

func (o Object) value(name string) any { return o.values[strings.ToLower(name)] }

// Text returns the first text that is not absent. A number is returned digit by digit.
func (o Object) Text(names ...string) string {
	for _, name := range names {
		text := ""
		switch v := o.value(name).(type) {
		case nil:
		case string:
			text = strings.TrimSpace(v)
		case json.Number:
			text = v.String()
		case bool:
			text = strconv.FormatBool(v)
		default:
			o.Refuse(name, "is not a text")
		}
		if text != "" {
			return text
		}
	}
	return ""
}

// Bool reports whether one of the values is true. It returns nil if all are absent.
func (o Object) Bool(names ...string) *bool {
	var result *bool
	for _, name := range names {
		text := o.Text(name)
		value, ok := ParseBool(text)
		switch {
		case value:
			return new(true)
		case IsNoValue(text):
		case !ok:
			o.Refuse(name, "is neither yes nor no")
		default:
			result = new(false)
		}
	}
	return result
}

// Holds reports whether one of the values identifies something, whatever its kind. A null,
// false, and a text or number that [IsNoID] do not. Neither does an object or a list of them.
func (o Object) Holds(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return hasContent(o.value(name)) })
}

func hasContent(value any) bool {
	switch v := value.(type) {
	case string:
		return !IsNoID(v)
	case bool:
		return v
	case json.Number:
		return !IsNoID(v.String())
	case map[string]any:
		for _, inner := range v {
			if hasContent(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasContent)
	}
	return false
}

// structured returns a value that should be an object or a list. A text that is no value is
// absent.
func (o Object) structured(name string) any {
	value := o.value(name)
	if text, ok := value.(string); ok && IsNoValue(text) {
		return nil
	}
	return value
}

// HasList reports whether a value is there that should be a list, which may be empty.
func (o Object) HasList(name string) bool { return o.structured(name) != nil }

// IsObject reports whether a value is an object.
func (o Object) IsObject(name string) bool {
	_, ok := o.value(name).(map[string]any)
	return ok
}

// IsStructured reports whether a value is an object or a list.
func (o Object) IsStructured(name string) bool {
	_, isList := o.value(name).([]any)
	return isList || o.IsObject(name)
}

// Object returns an object in the object. Of a list it returns the first object: Concur prints
// a list where it documents an object, and the other way round. If the value is absent, the
// object is empty.
func (o Object) Object(name string) Object {
	inner := Object{place: o.place + name + ": ", failed: o.failed}
	switch v := o.structured(name).(type) {
	case nil:
	case map[string]any:
		inner.values = v
	case []any:
		if all := o.Objects(name); len(all) > 0 {
			return all[0]
		}
	default:
		o.Refuse(name, "is not an object")
	}
	return inner
}

// Objects returns the objects of a list in the object, or the one object that stands there
// instead of a list. It skips nulls.
func (o Object) Objects(name string) []Object {
	var list []any
	switch v := o.structured(name).(type) {
	case nil:
	case map[string]any:
		list = []any{v}
	case []any:
		list = v
	default:
		o.Refuse(name, "is not a list")
	}
	all := make([]Object, 0, len(list))
	for i, element := range list {
		switch v := element.(type) {
		case nil:
		case map[string]any:
			all = append(all, Object{values: v, place: fmt.Sprintf("%s%s %d: ", o.place, name, i+1), failed: o.failed})
		default:
			o.Refuse(name, "holds something else than objects")
		}
	}
	return all
}
