package policy

import (
	"strings"

	"concur-connector/policy/value"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// goesThrough adds the cost of a function for its texts. If a text may have grown during the
// evaluation, the cost is counted instead.
func (m *measuring) goesThrough(function string, args []ast.Expr, depth int) {
	if function == operators.Index && m.kind(args[0]) == types.MapKind {
		return // only hashed
	}
	for i, arg := range args {
		if m.kind(arg) != types.StringKind {
			continue
		}
		if !m.isPlain(arg) {
			m.bound.open = true
			return
		}
		if depth > maxLoops {
			return // open already
		}
		m.bound.texts[depth]++
		if function == overloads.Matches && i == len(args)-1 {
			if arg.Kind() != ast.LiteralKind {
				m.bound.open = true
				return
			}
			m.bound.texts[depth] += program(string(arg.AsLiteral().(types.String)))
		}
	}
	if function == operators.Add && m.kind(args[0]) == types.StringKind {
		m.bound.joined++
	}
}

// isPlain reports whether a text is no longer than the longest text before the evaluation, or is
// some of these joined.
func (m *measuring) isPlain(e ast.Expr) bool {
	switch e.Kind() {
	case ast.LiteralKind:
		text, _ := e.AsLiteral().(types.String)
		m.bound.longest = max(m.bound.longest, len(text))
		return true
	case ast.IdentKind:
		return m.plainVars[e.AsIdent()]
	case ast.SelectKind:
		operand := m.ast.GetType(e.AsSelect().Operand().ID())
		if isVariables(operand) {
			v := m.variable(e.AsSelect().FieldName())
			if v != nil && v.plain {
				m.bound.longest = max(m.bound.longest, v.value.bound.longest)
			}
			return v != nil && v.plain
		}
		if partOf(operand) == nil && !operand.IsExactType(fieldShape.typ) { // of a list or an answer
			m.bound.longest = max(m.bound.longest, maxOutside)
		}
		return true
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		if call.IsMemberFunction() {
			args = append([]ast.Expr{call.Target()}, args...)
		}
		switch call.FunctionName() {
		case operators.Add:
			return m.isPlain(args[0]) && m.isPlain(args[1])
		case operators.Conditional:
			return m.isPlain(args[1]) && m.isPlain(args[2])
		case "lowerAscii", "upperAscii", "trim":
			return m.isPlain(args[0])
		case overloads.TypeConvertString:
			return m.kind(args[0]) != types.StringKind || m.isPlain(args[0])
		case "currency", "weekday":
			return true
		}
	}
	return false
}

// holdsPlain reports whether the texts in a list, or the keys of a map, are plain.
func (m *measuring) holdsPlain(e ast.Expr) bool {
	switch e.Kind() {
	case ast.ListKind, ast.ComprehensionKind:
		return m.every(e, m.isPlain)
	case ast.SelectKind: // custom fields and organisational units
		return m.kind(e) == types.MapKind && partOf(m.ast.GetType(e.AsSelect().Operand().ID())) != nil
	case ast.CallKind:
		call := e.AsCall()
		switch name := call.FunctionName(); {
		case name == "distinct" && call.IsMemberFunction():
			return m.holdsPlain(call.Target())
		case name == value.GroupFunction || name == value.TotalFunction:
			return m.every(call.Args()[0], func(pair ast.Expr) bool {
				return pair.Kind() == ast.CallKind && pair.AsCall().FunctionName() == value.PairFunction && m.isPlain(pair.AsCall().Args()[0])
			})
		}
	}
	return false
}

// isPlainVariable reports whether a variable is a plain text that is not joined of others.
func (m *measuring) isPlainVariable() bool {
	e := m.ast.Expr()
	return !m.bound.open && m.bound.joined == 0 && m.kind(e) == types.StringKind && m.isPlain(e)
}

func isVariables(t *types.Type) bool { return strings.HasPrefix(t.TypeName(), variablesOf) }
