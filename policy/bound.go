package policy

import (
	"math"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// bound is what one evaluation of an expression costs at most, in nodes: how many stand
// within so many loops. What CEL counts while it evaluates takes as long as evaluating
// itself; what can be told beforehand need not be counted.
type bound struct {
	open  bool // nothing can be told
	loops bool // there is one that could be interrupted
	at    [maxLoops + 1]uint64
}

// maxLoops is how deep loops may be for a bound to be told.
const maxLoops = 3

// of is the bound for a report of so many objects.
func (b *bound) of(objects uint64) (uint64, bool) {
	if !b.loops && !b.open && b.at[1] == 0 {
		return b.at[0], true
	}
	if b.open {
		return 0, false
	}
	total, power := uint64(0), uint64(1)
	for _, nodes := range b.at {
		if nodes > 0 && power > math.MaxUint32 {
			return 0, false
		}
		total += nodes * power
		power *= max(objects, 40) // a map of custom fields has at most so many
	}
	return total, true
}

// measuring walks a checked expression and adds up its bound.
type measuring struct {
	ast   *ast.AST
	bound bound
	// sized reports whether the result of a variable is no longer than a report has objects.
	sized func(variable string) bool
}

func (m *measuring) add(depth int) {
	if depth > maxLoops {
		m.bound.open = true
		return
	}
	m.bound.at[depth]++
}

func (m *measuring) walk(e ast.Expr, depth int, accumulator string) {
	m.add(depth)
	switch e.Kind() {
	case ast.SelectKind:
		m.walk(e.AsSelect().Operand(), depth, "")
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			m.walk(element, depth, "")
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			m.walk(entry.AsMapEntry().Key(), depth, "")
			m.walk(entry.AsMapEntry().Value(), depth, "")
		}
	case ast.StructKind:
		m.bound.open = true
	case ast.CallKind:
		m.call(e, depth, accumulator)
	case ast.ComprehensionKind:
		m.bound.loops = true
		loop := e.AsComprehension()
		if !m.isSized(loop.IterRange()) {
			m.bound.open = true
		}
		m.walk(loop.IterRange(), depth, "")
		m.walk(loop.AccuInit(), depth, "")
		m.walk(loop.LoopCondition(), depth+1, "")
		m.walk(loop.LoopStep(), depth+1, loop.AccuVar())
		m.walk(loop.Result(), depth, "")
	}
}

func (m *measuring) call(e ast.Expr, depth int, accumulator string) {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == operators.Add && m.kind(e) == types.ListKind:
		if args[0].Kind() != ast.IdentKind || args[0].AsIdent() != accumulator || args[1].Kind() != ast.ListKind {
			m.bound.open = true // but for the one by which a loop collects
		}
	case name == operators.Equals && m.kind(args[0]) == types.ListKind:
		m.bound.open = true
	case name == overloads.Matches && (len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind):
		m.bound.open = true
	case lengthwise[name]:
		m.add(depth + 1)
	case !constant[name]:
		m.bound.open = true
	}
	if call.IsMemberFunction() {
		m.walk(call.Target(), depth, "")
	}
	for _, arg := range args {
		inner := ""
		if call.FunctionName() == operators.Conditional { // a filter collects in a branch
			inner = accumulator
		}
		m.walk(arg, depth, inner)
	}
}

func (m *measuring) kind(e ast.Expr) types.Kind { return m.ast.GetType(e.ID()).Kind() }

// isSized reports whether a list or map is no longer than a report has objects.
func (m *measuring) isSized(e ast.Expr) bool {
	switch e.Kind() {
	case ast.IdentKind, ast.ComprehensionKind: // of what is sized itself
		return true
	case ast.ListKind:
		return e.AsList().Size() <= 40
	case ast.SelectKind:
		operand := e.AsSelect().Operand()
		if partOf(m.ast.GetType(operand.ID())) != nil {
			return true
		}
		return operand.Kind() == ast.IdentKind && operand.AsIdent() == "variables" && m.sized(e.AsSelect().FieldName())
	case ast.CallKind:
		call := e.AsCall()
		switch {
		case call.FunctionName() == operators.Index, call.FunctionName() == lookupFunction:
			return m.isSized(call.Args()[0])
		case call.FunctionName() == operators.Conditional:
			return m.isSized(call.Args()[1]) && m.isSized(call.Args()[2])
		case keepsLength[call.FunctionName()] && call.IsMemberFunction():
			return m.isSized(call.Target())
		case keepsLength[call.FunctionName()]:
			return m.isSized(call.Args()[0])
		}
	}
	return false
}

// What is known of the cost of functions. One that is in neither table is counted while it
// is evaluated.
var (
	constant = map[string]bool{
		operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true, operators.NotStrictlyFalse: true,
		operators.Conditional: true, operators.Equals: true, operators.Less: true, operators.LessEquals: true,
		operators.Greater: true, operators.GreaterEquals: true, operators.Add: true, operators.Subtract: true,
		operators.Multiply: true, operators.Divide: true, operators.Modulo: true, operators.Negate: true, operators.Index: true,
		overloads.Size: true, overloads.StartsWith: true, overloads.EndsWith: true, overloads.Contains: true, overloads.Matches: true,
		overloads.TypeConvertString: true, overloads.TypeConvertInt: true, "lowerAscii": true, "upperAscii": true, "trim": true,
		"money": true, "currency": true, "amount": true, "abs": true, "isNegative": true, "isMultipleOf": true,
		"round": true, "rounded": true, "convert": true, "dividedBy": true, "decimal": true, "isDecimal": true,
		"date": true, "daysBetween": true, "daysUntil": true, "plusDays": true, "plusMonths": true,
		"year": true, "month": true, "day": true, "weekday": true, "isWeekend": true,
		pairFunction: true, lookupFunction: true,
	}
	lengthwise  = map[string]bool{operators.In: true, "sum": true, "min": true, "max": true, "distinct": true, groupFunction: true, totalFunction: true}
	keepsLength = map[string]bool{"distinct": true, groupFunction: true, totalFunction: true}
)
