package policy

import (
	"slices"

	"cel.dev/cel-go/cel"
)

// Object is what expressions may name at a level, and the fields that it has.
type Object struct {
	Name   string  `json:"name"` // such as entry
	Fields []Field `json:"fields"`
}

// Field is a field of an object, and its type as expressions have it.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Vocabulary is what there is to read of reports and travel requests, each field once.
func Vocabulary() []Object {
	var all []Object
	for _, s := range append(parts(), fieldShape) {
		o := Object{Name: s.spoken()}
		for name, m := range s.fields {
			o.Fields = append(o.Fields, Field{name, typeName(m.typ)})
		}
		slices.SortFunc(o.Fields, func(a, b Field) int {
			if a.Name < b.Name {
				return -1
			}
			return 1
		})
		all = append(all, o)
	}
	return all
}

// typeName writes a type as people say it.
func typeName(t *cel.Type) string {
	switch {
	case isNumbered(t):
		return "fields by number"
	case t.Kind() == cel.ListKind:
		return "list of " + typeName(t.Parameters()[0])
	}
	if s := partOf(t); s != nil {
		return s.spoken()
	}
	return t.TypeName()
}
