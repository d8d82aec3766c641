package policy

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// shape is a type of the language with named, typed fields.
type shape struct {
	name   string
	typ    *cel.Type
	fields map[string]shapeField
	ours   bool   // the rules file adds it: it holds nothing of a report
	called string // the name of such an object in rules, if it differs

	weighed []func(native any, w *weight)
}

func newShape(name string, fields map[string]shapeField) *shape {
	s := &shape{name: name, typ: cel.ObjectType(name), fields: fields}
	for _, m := range fields {
		if m.weigh != nil {
			s.weighed = append(s.weighed, m.weigh)
		}
	}
	return s
}

// spokenName is the name of an object of the shape in rules.
func (s *shape) spokenName() string {
	if s.called != "" {
		return s.called
	}
	for level, of := range shapeOf {
		if of == s {
			return string(level)
		}
	}
	return strings.ToLower(s.name[:1]) + s.name[1:]
}

// shapeField is one field of a shape. read returns its value, nil when the field is absent, and
// whether has() is true. An empty text is absent, too, if the interface that the report was
// read by never provides the field. copy copies the needed part of the field.
type shapeField struct {
	typ  *cel.Type
	once bool // the value is computed once for each object
	read func(o *object) (value ref.Val, something bool)
	copy func(to, from any, this need, all needs)
	// weigh adds the field to a weight; nil for a field without weight.
	weigh func(native any, w *weight)
}

// object is a part of a report or travel request in CEL. It belongs to one evaluation and is
// not safe for concurrent use.
type object struct {
	shape    *shape
	native   any               // a pointer into the report
	via      expense.Interface // that the report or travel request was read by
	computed map[string]ref.Val
}

func (s *shape) of(native any) *object { return &object{shape: s, native: native} }

func (o *object) get(field string) (ref.Val, bool) {
	m := o.shape.fields[field]
	if v, ok := o.computed[field]; ok {
		return v, something(v)
	}
	v, something := m.read(o)
	if v == nil || v == types.String("") && o.via.Provides(fieldName(o.shape, field)) == expense.NeverProvided {
		return types.WrapErr(value.Error{
			Reason: o.shape.spokenName() + "." + field + " is absent; ask with has() before reading it", Kind: value.Absent,
		}), something
	}
	if m.once {
		if o.computed == nil {
			o.computed = map[string]ref.Val{}
		}
		o.computed[field] = v
	}
	return v, something
}

// Get implements traits.Indexer.
func (o *object) Get(field ref.Val) ref.Val {
	name, ok := field.(types.String)
	if _, known := o.shape.fields[string(name)]; !ok || !known {
		return types.NoSuchOverloadErr()
	}
	v, _ := o.get(string(name))
	return v
}

// IsSet implements traits.FieldTester.
func (o *object) IsSet(field ref.Val) ref.Val {
	name, ok := field.(types.String)
	if _, known := o.shape.fields[string(name)]; !ok || !known {
		return types.NoSuchOverloadErr()
	}
	return types.Bool(o.has(string(name)))
}

// has reports whether there is something in a field. For a value that the rules file adds there
// may be no answer; then the whole expression fails, whatever it does with has().
func (o *object) has(field string) bool {
	v, something := o.get(field)
	if s, ours := o.native.(*scope); ours {
		if err, failed := v.(*types.Err); failed && reason(err.Unwrap()).Kind == value.Wrong {
			s.e.unavailable = err.Unwrap()
		}
	}
	return something
}

// Equal implements ref.Val. Custom fields are equal when their code and value are; other objects
// are equal only to themselves.
func (o *object) Equal(other ref.Val) ref.Val {
	b, ok := other.(*object)
	if !ok || o.shape != b.shape {
		return types.False
	}
	if f, ok := o.native.(*expense.Field); ok {
		other := b.native.(*expense.Field)
		return types.Bool(f.Code == other.Code && f.Value == other.Value)
	}
	if r, ok := o.native.(row); ok { // rows of one list differ in their key
		return types.Bool(&r[0] == &b.native.(row)[0])
	}
	if answers, ok := o.native.(map[string]json.RawMessage); ok {
		return types.Bool(reflect.ValueOf(answers).Pointer() == reflect.ValueOf(b.native).Pointer())
	}
	return types.Bool(o.native == b.native)
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("a part of a report has no other form")
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("a part of a report has no other form")
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.shape.typ }

// Value implements ref.Val. CEL passes it to the getters of the provider.
func (o *object) Value() any { return o }

// provider makes the shapes known to CEL.
type provider struct {
	*types.Registry
	shapes map[string]*shape
}

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if s, ok := p.shapes[name]; ok {
		return types.NewTypeTypeWithParam(s.typ), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	s, ok := p.shapes[name]
	if !ok {
		return p.Registry.FindStructFieldNames(name)
	}
	var names []string
	for field := range s.fields {
		names = append(names, field)
	}
	slices.Sort(names)
	return names, true
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	s, ok := p.shapes[name]
	if !ok {
		return p.Registry.FindStructFieldType(name, field)
	}
	m, ok := s.fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type: m.typ,
		IsSet: func(target any) bool {
			return target.(*object).has(field)
		},
		GetFrom: func(target any) (any, error) {
			v, _ := target.(*object).get(field)
			if err, failed := v.(*types.Err); failed {
				return nil, err.Unwrap()
			}
			return v, nil
		},
	}, true
}

// shapeOf is the shape of the object of each level.
var shapeOf = map[rulesfile.Level]*shape{
	rulesfile.ReportLevel: reportShape, rulesfile.EntryLevel: entryShape, rulesfile.ItemizationLevel: itemizationShape, rulesfile.AllocationLevel: allocationShape,
	rulesfile.RequestLevel: requestShape, rulesfile.ExpectedExpenseLevel: expectedExpenseShape, rulesfile.SegmentLevel: segmentShape,
}

// weight is the size of a report or travel request, as the cost of rules depends on it.
type weight struct {
	objects uint64
	longest int // text, in bytes
	widest  int // map of custom fields or organisational units
}

func (w *weight) text(s string) { w.longest = max(w.longest, len(s)) }

// weigh adds an object of the shape, and its parts.
func (w *weight) weigh(s *shape, native any) {
	w.objects++
	for _, weigh := range s.weighed {
		weigh(native, w)
	}
}
