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

// bound is the most that one evaluation of an expression costs: the number of nodes at each depth
// of loops. Counting the cost during evaluation doubles its time, so an expression with a known
// low bound is not counted.
type bound struct {
	open  bool // the bound is unknown
	loops bool // there is a loop, which can be interrupted
	at    [maxLoops + 1]uint64
	// texts counts how often a text is read from start to end, at each depth of loops.
	texts [maxLoops + 1]uint64
	// longest is the length of the longest text outside the report, in bytes; joined is how many
	// texts may be joined to one.
	longest, joined int
}

const (
	maxLoops  = 3  // how deeply loops may be nested for a known bound
	leastLoop = 40 // elements that a list literal may have
)

// within reports whether an evaluation is known to cost no more than most.
func (b *bound) within(w *weight, most uint64) bool {
	cost, known := b.of(w)
	return known && cost <= most
}

// of is the bound for a report or travel request of a weight.
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
	plainVars map[string]bool // variables of loops that are texts, as isPlain defines them
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
			m.bound.open = true // except for the list that a loop collects
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

// isSized reports whether a list or map, and every list in it, is no longer than the report has
// objects. It is true for a value without lists. A loop over any other list makes the bound
// unknown elsewhere.
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

// every reports whether all elements of a list literal, or of a list that a loop collects, pass a
// test.
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

// program is the size of a compiled pattern.
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

// The cost of functions. The cost of a function in neither table is counted during evaluation.
var (
	constant = map[string]bool{
		operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true, operators.NotStrictlyFalse: true,
		operators.Conditional: true, operators.Equals: true, operators.Less: true, operators.LessEquals: true,
		operators.Greater: true, operators.GreaterEquals: true, operators.Add: true, operators.Subtract: true,
		operators.Multiply: true, operators.Divide: true, operators.Modulo: true, operators.Negate: true, operators.Index: true,
		overloads.Size: true, overloads.StartsWith: true, overloads.EndsWith: true, overloads.Contains: true, overloads.Matches: true,
		overloads.TypeConvertString: true, overloads.TypeConvertInt: true, "lowerAscii": true, "upperAscii": true, "trim": true,
		"money": true, "currency": true, "amount": true, "abs": true, "isNegative": true, "isMultipleOf": true,
		"round": true, "roundToCurrency": true, "convert": true, "dividedBy": true, "decimal": true, "isDecimal": true,
		"date": true, "daysBetween": true, "daysUntil": true, "plusDays": true, "plusMonths": true,
		"year": true, "month": true, "day": true, "weekday": true, "isWeekend": true,
		value.PairFunction: true, value.LookupFunction: true,
	}
	lengthwise  = map[string]bool{operators.In: true, "sum": true, "min": true, "max": true, "distinct": true, value.GroupFunction: true, value.TotalFunction: true}
	keepsLength = map[string]bool{"distinct": true, value.GroupFunction: true, value.TotalFunction: true}
)
