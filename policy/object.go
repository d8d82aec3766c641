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
	fields map[string]member
	ours   bool   // it holds what the rules file adds, nothing of a report
	says   string // what rules call an object of it, where that is not its name

	weighed []func(native any, w *weight)
}

func newShape(name string, fields map[string]member) *shape {
	s := &shape{name: name, typ: cel.ObjectType(name), fields: fields}
	for _, m := range fields {
		if m.weigh != nil {
			s.weighed = append(s.weighed, m.weigh)
		}
	}
	return s
}

// spoken is what rules call an object of the shape.
func (s *shape) spoken() string {
	if s.says != "" {
		return s.says
	}
	for level, of := range shapeOf {
		if of == s {
			return string(level)
		}
	}
	return strings.ToLower(s.name[:1]) + s.name[1:]
}

// member is one field of a shape. read returns its value, nil when it is absent,
// and whether there is something in it. An empty text is absent, too, where the interface
// by which the report was read never tells it. copy takes what is needed of it from one
// object to another.
type member struct {
	typ  *cel.Type
	once bool // the value is made once for each object
	read func(o *object) (value ref.Val, something bool)
	copy func(to, from any, this need, all needs)
	// weigh adds to a weight; nil for what weighs nothing.
	weigh func(native any, w *weight)
}

// object is a part of a report in CEL. It belongs to one evaluation of the rules
// and is not safe for concurrent use.
type object struct {
	shape  *shape
	native any               // a pointer into the report
	via    expense.Interface // by which the report or travel request was read
	made   map[string]ref.Val
}

func (s *shape) of(native any) *object { return &object{shape: s, native: native} }

func (o *object) get(field string) (ref.Val, bool) {
	m := o.shape.fields[field]
	if v, ok := o.made[field]; ok {
		return v, something(v)
	}
	v, something := m.read(o)
	if v == nil || v == types.String("") && o.via.Provides(spokenField(o.shape, field)) == expense.NeverProvided {
		return types.WrapErr(value.Error{
			Reason: o.shape.spoken() + "." + field + " is absent; ask with has() before reading it", Kind: value.Absent,
		}), something
	}
	if m.once {
		if o.made == nil {
			o.made = map[string]ref.Val{}
		}
		o.made[field] = v
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

// has reports whether there is something in a field. Of a value that the rules file adds, it
// may be that this cannot be told: then the expression errs that asks, whatever it makes of
// the answer.
func (o *object) has(field string) bool {
	v, something := o.get(field)
	if s, ours := o.native.(*scope); ours {
		if err, failed := v.(*types.Err); failed && reason(err.Unwrap()).Kind == value.Wrong {
			s.e.untold = err.Unwrap()
		}
	}
	return something
}

// Equal implements ref.Val: fields are equal by what is in them, everything else
// by being the same part of the report.
func (o *object) Equal(other ref.Val) ref.Val {
	b, ok := other.(*object)
	if !ok || o.shape != b.shape {
		return types.False
	}
	if f, ok := o.native.(*expense.Field); ok {
		other := b.native.(*expense.Field)
		return types.Bool(f.Code == other.Code && f.Value == other.Value)
	}
	if r, ok := o.native.(row); ok { // of one list: the key tells rows apart
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

// Value implements ref.Val. CEL hands it to the getters of the provider.
func (o *object) Value() any { return o }

// provider tells CEL the shapes.
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

// shapeOf is what an expression of a level sees under the name of the level, besides
// everything that the outer levels see.
var shapeOf = map[rulesfile.Level]*shape{
	rulesfile.ReportLevel: reportShape, rulesfile.EntryLevel: entryShape, rulesfile.ItemizationLevel: itemizationShape, rulesfile.AllocationLevel: allocationShape,
	rulesfile.RequestLevel: requestShape, rulesfile.ExpectedExpenseLevel: expectedExpenseShape, rulesfile.SegmentLevel: segmentShape,
}
