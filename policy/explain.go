package policy

import (
	"errors"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
	"cel.dev/cel-go/parser"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// Look is what one rule made of one object.
type Look struct {
	Rule    string              `json:"rule"`
	Level   rulesfile.Level     `json:"level"`
	Object  string              `json:"object,omitempty"` // its ID; empty for the whole
	Place   string              `json:"place,omitempty"`  // where it is, such as "entry 3, itemization 1"
	Result  LookResult          `json:"result"`
	Message string              `json:"message,omitempty"` // of a violation, or why it could not be evaluated
	Shadow  bool                `json:"shadow,omitempty"`
	Saw     []expense.RuleValue `json:"saw,omitempty"`
}

// LookResult is how the evaluation of a rule on an object went.
type LookResult string

// The results of a look.
const (
	LookHolds      LookResult = "holds"
	LookViolated   LookResult = "violated"
	LookErred      LookResult = "erred"
	LookNoMatch    LookResult = "no match"
	LookOtherStop  LookResult = "other stop"
	LookNotReached LookResult = "not reached" // the rules together cost too much
)

// Explain says of every rule what it makes of every object, in the order of the file, and
// what it saw there. It takes longer than [Policy.Evaluate], and agrees with it as long as
// the limits are not reached.
func (p *Policy) Explain(c Case) []Look {
	if c.Report == nil && c.Request == nil {
		return nil
	}
	e, done := p.begin(c)
	defer done()
	looks := map[string][]Look{}
	e.explain = func(l Look) { looks[l.Rule] = append(looks[l.Rule], l) }
	for _, r := range p.inOrder {
		if r.Level.OfRequest() == (c.Request != nil) {
			e.apply(r)
		}
	}
	var all []Look
	for i := range p.rules {
		all = append(all, looks[p.rules[i].Name]...)
	}
	return all
}

// say tells who listens what became of a rule on an object.
func (e *evaluation) say(r *rule, at *scope, result LookResult, message string) {
	if e.explain == nil {
		return
	}
	l := Look{Rule: r.Name, Level: r.Level, Result: result, Message: message, Shadow: r.Shadow}
	if at != nil {
		l.Object, l.Place, l.Saw = at.id, at.place(), e.saw(r, at)
	}
	e.explain(l)
}

// To tell what a rule saw it is evaluated once more, and each part is noted: that takes
// longer than to judge, and is bounded on its own.
const (
	maxSeen      = 12  // values of one rule on one object
	maxSeenValue = 80  // characters
	maxSawHeld   = 500 // cost of a rule on the whole of which it is told that it held
)

// saw evaluates a rule on an object once more, and returns the values that it then sees.
func (e *evaluation) saw(r *rule, at *scope) []expense.RuleValue {
	w := watching{}
	for _, x := range all(r.match, r.expression, r.messageExpression) {
		program, err := x.traced()
		if err != nil || e.looking == 0 {
			continue
		}
		_, details, _ := program.ContextEval(e.ctx, at) // an error is told elsewhere
		if details == nil || details.State() == nil {
			continue
		}
		if cost := details.ActualCost(); cost != nil && e.explain == nil {
			e.looking -= min(e.looking, *cost)
		}
		w.ast, w.state = x.ast.NativeRep(), details.State()
		w.visit(w.ast.Expr())
	}
	return w.seen
}

// watching collects the values of the parts of an expression that a reader would ask for:
// fields, variables, facts, and what functions and loops over them gave.
type watching struct {
	ast   *ast.AST
	state interpreter.EvalState
	seen  []expense.RuleValue
}

func (w *watching) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.SelectKind:
		if !w.note(e) {
			w.visit(e.AsSelect().Operand())
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			w.visit(element)
		}
	case ast.ComprehensionKind:
		w.note(e)
	case ast.IdentKind:
		if e.AsIdent() == "today" {
			w.note(e)
		}
	case ast.CallKind:
		call := e.AsCall()
		name := call.FunctionName()
		if name == operators.Index && w.note(e) {
			return
		}
		if _, isOperator := operators.FindReverse(name); !isOperator && name != overloads.TypeConvertString && !isConstant(e) {
			w.note(e)
		}
		if call.IsMemberFunction() {
			w.visit(call.Target())
		}
		for _, arg := range call.Args() {
			w.visit(arg)
		}
	}
}

// isConstant reports whether a call is of literals only.
func isConstant(e ast.Expr) bool {
	call := e.AsCall()
	literal := func(one ast.Expr) bool { return one.Kind() == ast.LiteralKind }
	return (!call.IsMemberFunction() || literal(call.Target())) && !slices.ContainsFunc(call.Args(), func(one ast.Expr) bool { return !literal(one) })
}

// note adds the value of a part, if it has one that can be shown.
func (w *watching) note(e ast.Expr) bool {
	v, evaluated := w.state.Value(e.ID())
	text, shown := printed(v)
	if !evaluated || !shown || len(w.seen) >= maxSeen {
		return evaluated && shown
	}
	one := expense.RuleValue{Name: rulesfile.Clip(rulesfile.OneLine(w.written(e)), maxSeenValue), Value: rulesfile.Clip(rulesfile.OneLine(text), maxSeenValue)}
	if !slices.ContainsFunc(w.seen, func(s expense.RuleValue) bool { return s.Name == one.Name }) {
		w.seen = append(w.seen, one)
	}
	return true
}

// written is a part of an expression as it was written.
func (w *watching) written(e ast.Expr) string {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == value.LookupFunction {
		args := e.AsCall().Args()
		return w.written(args[0]) + "[" + w.written(args[1]) + "]"
	}
	text, err := parser.Unparse(e, w.ast.SourceInfo())
	if err != nil {
		return "a part of it"
	}
	return text
}

// printed writes a value as rules would; lists and objects are not shown.
func printed(v ref.Val) (string, bool) {
	switch v := v.(type) {
	case types.String:
		return string(v), true
	case types.Bool, types.Int, value.Decimal, value.Money, value.Date:
		if text, ok := v.ConvertToType(types.StringType).(types.String); ok {
			return string(text), true
		}
	case *types.Err:
		var why value.Error
		return "absent", errors.As(v, &why) && why.Kind == value.Absent
	}
	return "", false
}
