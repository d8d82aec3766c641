package policy

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"concur-connector/policy/rulesfile"
)

// Variable is a value that several rules use, computed once for each object of its level.
type Variable struct {
	Name       string          `json:"name"`
	Level      rulesfile.Level `json:"level"`
	Expression string          `json:"expression"`
}

// variable is a declared value, ready. What it needs includes what those need that it names.
type variable struct {
	Variable
	at    rulesfile.Place
	value *expression
	needs needs
	facts map[string]bool
	sized bool // as a list it is no longer than a report has objects
	plain bool // as a text it is no longer than the longest that there is before
}

// declareVariable adds a variable to what expressions of its level and of the inner ones
// may name. One that cannot be used is added, too, when its type is known.
func (l *loader) declareVariable(d rulesfile.Variable) {
	p := l.policy
	if d.Level == "" || d.ExpressionNode == nil {
		return
	}
	value := l.expression(d.Level, "", "the variable "+d.Name, d.ExpressionNode, nil)
	if value == nil {
		return
	}
	v := &variable{Variable: Variable{d.Name, d.Level, d.ExpressionNode.Value}, at: d.At, value: value}
	v.needs, v.facts = p.whole(value)
	m := measure(p, value.ast.NativeRep())
	v.sized = !m.bound.open && m.isSized(m.ast.Expr())
	v.plain = m.isPlainVariable()
	p.variables[d.Name] = v
	p.variableOrder = append(p.variableOrder, d.Name)
	for _, level := range d.Level.Inner() {
		l.lang.variables[level].fields[d.Name] = member{typ: value.ast.OutputType(), read: func(o *object) (ref.Val, bool) {
			return o.native.(*scope).variable(v)
		}}
	}
}

// something reports whether there is something in a value, as has() asks. False and zero are
// something.
func something(v ref.Val) bool {
	switch v := v.(type) {
	case nil:
		return false
	case types.String:
		return v != ""
	case traits.Sizer:
		return v.Size() != types.IntZero
	}
	return !types.IsError(v)
}
