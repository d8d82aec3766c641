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

// ObjectResult is the result of one rule on one object.
type ObjectResult struct {
	Rule    string          `json:"rule"`
	Level   rulesfile.Level `json:"level"`
	Object  string          `json:"object,omitempty"` // its ID; empty for the whole
	Place   string          `json:"place,omitempty"`  // where it is, such as "entry 3, itemization 1"
	Result  ResultKind      `json:"result"`
	Message string          `json:"message,omitempty"` // of a violation, or why it could not be evaluated
	// ForApprover is what approvers read instead of Message.
	ForApprover string              `json:"forApprover,omitempty"`
	Shadow      bool                `json:"shadow,omitempty"`
	Values      []expense.RuleValue `json:"values,omitempty"`
}

// ResultKind is how the evaluation of a rule on an object ended.
type ResultKind string

// The kinds of a result.
const (
	Satisfied  ResultKind = "satisfied"
	Violated   ResultKind = "violated"
	Failed     ResultKind = "failed"
	NoMatch    ResultKind = "no match"
	OtherStep  ResultKind = "other step"
	NotReached ResultKind = "not reached" // the rules together cost too much
)

// Explain returns the result of every rule on every object, in the order of the file, with the
// values that the rule read. It takes longer than [Policy.Evaluate], and agrees with it unless
// a limit is reached.
func (p *Policy) Explain(c Input) []ObjectResult {
	if c.Report == nil && c.Request == nil {
		return nil
	}
	e, done := p.begin(c)
	defer done()
	looks := map[string][]ObjectResult{}
	e.explain = func(l ObjectResult) { looks[l.Rule] = append(looks[l.Rule], l) }
	for _, r := range p.inOrder {
		if r.Level.OfRequest() == (c.Request != nil) {
			e.apply(r)
		}
	}
	var all []ObjectResult
	for i := range p.rules {
		all = append(all, looks[p.rules[i].Name]...)
	}
	return all
}

// report hands a result to Explain.
func (e *evaluation) report(r *rule, at *scope, result ResultKind, said texts) {
	if e.explain == nil {
		return
	}
	l := ObjectResult{Rule: r.Name, Level: r.Level, Result: result, Message: said.message, ForApprover: said.forApprover, Shadow: r.Shadow}
	if at != nil {
		l.Object, l.Place, l.Values = at.id, at.place(), e.values(r, at)
	}
	e.explain(l)
}

// To learn which values a rule read, it is evaluated again with tracing. Tracing takes longer
// and has limits of its own.
const (
	maxValuesShown   = 12  // values of one rule on one object
	maxValueShown    = 80  // characters
	maxSatisfiedCost = 500 // cost of a satisfied rule on the report or request whose values are shown
)

// values evaluates a rule on an object again and returns the values that the rule reads.
func (e *evaluation) values(r *rule, at *scope) []expense.RuleValue {
	w := valueCollector{}
	for _, x := range r.expressions() {
		program, err := x.traced()
		if err != nil || e.tracing == 0 {
			continue
		}
		_, details, _ := program.ContextEval(e.ctx, at) // the first evaluation has reported the error
		if details == nil || details.State() == nil {
			continue
		}
		if cost := details.ActualCost(); cost != nil && e.explain == nil {
			e.tracing -= min(e.tracing, *cost)
		}
		w.ast, w.state = x.ast.NativeRep(), details.State()
		w.visit(w.ast.Expr())
	}
	return w.values
}

// valueCollector collects the values of the parts of an expression that explain its result:
// fields, variables, facts, and the results of functions and loops.
type valueCollector struct {
	ast    *ast.AST
	state  interpreter.EvalState
	values []expense.RuleValue
}

func (w *valueCollector) visit(e ast.Expr) {
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

// note adds the value of a part, if the value can be shown. It reports whether it can.
func (w *valueCollector) note(e ast.Expr) bool {
	v, evaluated := w.state.Value(e.ID())
	text, shown := printed(v)
	if !evaluated || !shown || len(w.values) >= maxValuesShown {
		return evaluated && shown
	}
	one := expense.RuleValue{Name: rulesfile.Clip(rulesfile.OneLine(w.written(e)), maxValueShown), Value: rulesfile.Clip(rulesfile.OneLine(text), maxValueShown)}
	if !slices.ContainsFunc(w.values, func(s expense.RuleValue) bool { return s.Name == one.Name }) {
		w.values = append(w.values, one)
	}
	return true
}

// written is a part of an expression as the rule has it.
func (w *valueCollector) written(e ast.Expr) string {
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

// printed writes a value as a rule would. Lists and objects are not shown.
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
