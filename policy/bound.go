package policy

import (
	"math"
	"regexp/syntax"

	"concur-connector/policy/value"

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
	// texts counts, likewise, how often a text is gone through.
	texts [maxLoops + 1]uint64
	// longest is how long a text can be that is not of what is judged, in bytes, and joined
	// how many texts can become one.
	longest, joined int
}

const (
	maxLoops  = 3  // how deep loops may be for a bound to be told
	leastLoop = 40 // a list that is written out may have so many elements
)

// within reports whether an evaluation is known to cost no more than that.
func (b *bound) within(w *weight, most uint64) bool {
	cost, known := b.of(w)
	return known && cost <= most
}

// of is the bound for what weighs so much.
func (b *bound) of(w *weight) (uint64, bool) {
	if b.open {
		return 0, false
	}
	text := uint64(1+max(w.longest, b.longest)/10) * uint64(1+b.joined)
	total := b.at[0] + b.texts[0]*text
	if !b.loops && b.at[1] == 0 && b.texts[1] == 0 {
		return total, true
	}
	wide, power := max(w.objects, uint64(w.widest), leastLoop), uint64(1)
	for depth := 1; depth <= maxLoops; depth++ {
		power *= wide
		if b.at[depth]+b.texts[depth] == 0 {
			continue
		}
		if power > math.MaxUint32 {
			return 0, false
		}
		total += (b.at[depth] + b.texts[depth]*text) * power
	}
	return total, true
}

// measuring walks a checked expression and adds up its bound.
type measuring struct {
	ast       *ast.AST
	bound     bound
	variable  func(name string) *variable
	plainVars map[string]bool // variables of loops that are texts as isPlain has them
}

func measure(p *Policy, checked *ast.AST) measuring {
	m := measuring{
		ast: checked, plainVars: map[string]bool{},
		variable: func(name string) *variable { return p.variables[name] },
	}
	m.walk(checked.Expr(), 0, "")
	return m
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
		m.loop(e.AsComprehension(), depth)
	}
}

func (m *measuring) loop(loop ast.ComprehensionExpr, depth int) {
	m.bound.loops = true
	if !m.isSized(loop.IterRange()) {
		m.bound.open = true
	}
	m.walk(loop.IterRange(), depth, "")
	m.walk(loop.AccuInit(), depth, "")
	m.plainVars[loop.IterVar()] = m.holdsPlain(loop.IterRange())
	m.plainVars[loop.IterVar2()] = false
	m.walk(loop.LoopCondition(), depth+1, "")
	m.walk(loop.LoopStep(), depth+1, loop.AccuVar())
	m.walk(loop.Result(), depth, "")
}

func (m *measuring) call(e ast.Expr, depth int, accumulator string) {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	switch name := call.FunctionName(); {
	case name == operators.Add && m.kind(e) == types.ListKind:
		if args[0].Kind() != ast.IdentKind || args[0].AsIdent() != accumulator || args[1].Kind() != ast.ListKind {
			m.bound.open = true // but for the one by which a loop collects
		}
	case name == operators.Equals && nested(m.ast.GetType(args[0].ID())) > 0:
		m.bound.open = true
	case lengthwise[name]:
		if list := args[0]; name != operators.In && !m.isSized(list) {
			m.bound.open = true
		} else if name == operators.In && m.kind(args[1]) == types.ListKind && args[1].Kind() != ast.ListKind && !m.isSized(args[1]) {
			m.bound.open = true
		}
		m.add(depth + 1)
	case !constant[name]:
		m.bound.open = true
	}
	m.goesThrough(call.FunctionName(), args, depth)
	for _, arg := range args {
		inner := ""
		if call.FunctionName() == operators.Conditional { // a filter collects in a branch
			inner = accumulator
		}
		m.walk(arg, depth, inner)
	}
}

func (m *measuring) kind(e ast.Expr) types.Kind { return m.ast.GetType(e.ID()).Kind() }

// isSized reports whether a list or map, and all that are in it, are no longer than a
// report has objects. Of what is not a list and holds none it is true. The variable of a
// loop over what is not sized makes a bound open elsewhere.
func (m *measuring) isSized(e ast.Expr) bool {
	t := m.ast.GetType(e.ID())
	if nested(t) == 0 {
		return true
	}
	switch e.Kind() {
	case ast.IdentKind:
		return true
	case ast.ComprehensionKind:
		return nested(t) == 1 || m.every(e, m.isSized)
	case ast.ListKind:
		return e.AsList().Size() <= leastLoop && m.every(e, m.isSized)
	case ast.SelectKind:
		operand := m.ast.GetType(e.AsSelect().Operand().ID())
		if isVariables(operand) {
			v := m.variable(e.AsSelect().FieldName())
			return v != nil && v.sized
		}
		return partOf(operand) != nil
	case ast.CallKind:
		call := e.AsCall()
		switch name := call.FunctionName(); {
		case name == operators.Index, name == value.LookupFunction:
			return m.isSized(call.Args()[0])
		case name == operators.Conditional:
			return m.isSized(call.Args()[1]) && m.isSized(call.Args()[2])
		case name == value.PairFunction:
			return m.isSized(call.Args()[1])
		case keepsLength[name] && call.IsMemberFunction():
			return m.isSized(call.Target())
		case keepsLength[name]:
			return m.isSized(call.Args()[0])
		}
	}
	return false
}

// every reports whether something is true of all elements of a list that is written out,
// or collected by a loop.
func (m *measuring) every(e ast.Expr, is func(ast.Expr) bool) bool {
	switch e.Kind() {
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			if !is(element) {
				return false
			}
		}
		return true
	case ast.ComprehensionKind:
		step := e.AsComprehension().LoopStep()
		if step.Kind() == ast.CallKind && step.AsCall().FunctionName() == operators.Conditional {
			step = step.AsCall().Args()[1]
		}
		if step.Kind() == ast.CallKind && step.AsCall().FunctionName() == operators.Add && m.kind(step) == types.ListKind {
			return step.AsCall().Args()[1].Kind() == ast.ListKind && m.every(step.AsCall().Args()[1], is)
		}
	}
	return false
}

// program is how large a pattern becomes.
func program(pattern string) uint64 {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0 // refused elsewhere
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return uint64(len(compiled.Inst))
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
		value.PairFunction: true, value.LookupFunction: true,
	}
	lengthwise  = map[string]bool{operators.In: true, "sum": true, "min": true, "max": true, "distinct": true, value.GroupFunction: true, value.TotalFunction: true}
	keepsLength = map[string]bool{"distinct": true, value.GroupFunction: true, value.TotalFunction: true}
)
