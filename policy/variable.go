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

// variable is a declared variable, ready to evaluate. Its needs and facts include those of the
// variables that it names.
type variable struct {
	Variable
	at    rulesfile.Place
	value *expression
	needs needs
	facts map[string]bool
	sized bool // it is no list longer than the report has objects
	plain bool // it is no text longer than the longest one in the report
}

// declareVariable makes a variable known to expressions of its level and of the inner levels.
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
		l.lang.variables[level].fields[d.Name] = shapeField{typ: value.ast.OutputType(), read: func(o *object) (ref.Val, bool) {
			return o.native.(*scope).variable(v)
		}}
	}
}

// something reports whether has() is true for a value. It is true for false and for zero.
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
