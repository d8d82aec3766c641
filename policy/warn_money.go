package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// warnOfMoney warns of codes that are no currency, and of rules that compare an amount in a fixed
// currency with an amount in the report's currency.
func (p *Policy) warnOfMoney(lists []rulesfile.List, warn func(at rulesfile.Place, format string, args ...any)) {
	for i := range p.rules {
		r := &p.rules[i]
		name := "the rule " + r.Name
		m := moneyWarner{policy: p, of: name, at: r.At, warn: warn}
		m.look(r.expressions()...)
	}
	for _, name := range p.variableOrder {
		v := p.variables[name]
		m := moneyWarner{policy: p, of: "the variable " + name, at: v.at, warn: warn}
		m.look(v.value)
	}
	for _, f := range p.facts {
		m := moneyWarner{policy: p, of: "the fact " + f.Name, at: rulesfile.At(f.At), warn: warn}
		for _, sent := range f.send {
			m.look(all(sent.value)...)
		}
		m.look(all(f.match)...)
	}
	for i, t := range p.lists {
		m := moneyWarner{policy: p, of: "the list " + t.Name, at: rulesfile.At(lists[i].At), warn: warn}
		for _, code := range t.codes {
			m.unknown(code)
		}
	}
}

// moneyWarner looks at the expressions of one rule, variable or fact.
type moneyWarner struct {
	policy *Policy
	of     string
	at     rulesfile.Place
	warn   func(at rulesfile.Place, format string, args ...any)

	ast   *ast.AST
	said  []string
	asked bool // the rule itself compares currencies, so the author has thought of them
}

func (m *moneyWarner) look(expressions ...*expression) {
	for _, x := range expressions { // a currency test in match protects the expression, too
		m.ast = x.ast.NativeRep()
		ast.PreOrderVisit(m.ast.Expr(), ast.NewExprVisitor(m.codes))
	}
	for _, x := range expressions {
		m.ast = x.ast.NativeRep()
		ast.PreOrderVisit(m.ast.Expr(), ast.NewExprVisitor(m.meeting))
	}
}

func (m *moneyWarner) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(m.said, text) {
		m.said = append(m.said, text)
		m.warn(m.at, "%s", text)
	}
}

// codes checks the currency codes that an expression writes out.
func (m *moneyWarner) codes(e ast.Expr) {
	if e.Kind() != ast.CallKind {
		return
	}
	args := e.AsCall().Args()
	switch name := e.AsCall().FunctionName(); {
	case name == "money" && len(args) == 2, name == "convert" && len(args) == 2, name == "sum" && len(args) == 2:
		m.code(m.ast, args[1])
	case name == operators.Equals || name == operators.NotEquals || name == operators.In:
		for i, one := range args {
			if isCurrency(one) {
				m.asked = true
				m.code(m.ast, args[1-i])
			}
		}
	case name == operators.Index && isCurrency(args[1]):
		m.code(m.ast, args[0])
	}
}

// isCurrency reports whether an expression is the code of a currency.
func isCurrency(e ast.Expr) bool {
	switch e.Kind() {
	case ast.SelectKind:
		return e.AsSelect().FieldName() == "currency"
	case ast.CallKind:
		return e.AsCall().FunctionName() == "currency"
	}
	return false
}

// code checks every text that an expression may be: the elements of a list, the keys of a map,
// both sides of a choice, and the value of a variable.
func (m *moneyWarner) code(in *ast.AST, e ast.Expr) {
	switch e.Kind() {
	case ast.ListKind:
		for _, one := range e.AsList().Elements() {
			m.code(in, one)
		}
	case ast.MapKind:
		for _, one := range e.AsMap().Entries() {
			m.code(in, one.AsMapEntry().Key())
		}
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == operators.Conditional {
			m.code(in, call.Args()[1])
			m.code(in, call.Args()[2])
		}
	case ast.SelectKind:
		if v := m.variable(in, e); v != nil {
			rep := v.value.ast.NativeRep()
			m.code(rep, rep.Expr())
		}
	}
	if code, ok := textOf(e); ok && code != "" {
		m.unknown(code)
	}
}

// unknown warns of a code that ISO 4217 does not list.
func (m *moneyWarner) unknown(code string) {
	if expense.IsCurrency(code) {
		return
	}
	meant := spelling.Nearest(code, expense.Currencies())
	if meant != "" {
		meant = fmt.Sprintf("; did you mean %q?", meant)
	}
	m.say("%s names the currency %q, which ISO 4217 does not list: two decimals are assumed%s", m.of, code, meant)
}

func textOf(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// meets are the operations that amounts of two currencies do not allow.
var meets = []string{
	operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals,
	operators.Add, operators.Subtract, "isMultipleOf",
}

// meeting warns where a fixed currency meets the report's currency.
func (m *moneyWarner) meeting(e ast.Expr) {
	if e.Kind() != ast.CallKind || !slices.Contains(meets, e.AsCall().FunctionName()) {
		return
	}
	both := e.AsCall().Args()
	if e.AsCall().IsMemberFunction() {
		both = append([]ast.Expr{e.AsCall().Target()}, both...)
	}
	if len(both) != 2 || m.asked {
		return
	}
	for i, one := range both {
		code, field := m.written(m.ast, one), m.field(m.ast, both[1-i])
		if code != "" && field != "" {
			m.say(`%s compares or adds %s with money in %s: for a report in another currency that fails, and a person is asked; write money("…", report.currency), convert the amount, or ask for report.currency == %q in match`, m.of, field, code, code)
		}
	}
}

func isMoney(in *ast.AST, e ast.Expr) bool { return in.GetType(e.ID()).IsExactType(value.MoneyType) }

// amountsIn are the parts of an amount that are amounts of the same currency.
func amountsIn(in *ast.AST, e ast.Expr) (amounts []ast.Expr) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() == "convert" {
		return nil
	}
	of := e.AsCall().Args()
	if e.AsCall().IsMemberFunction() {
		of = append([]ast.Expr{e.AsCall().Target()}, of...)
	}
	for _, one := range of {
		if isMoney(in, one) {
			amounts = append(amounts, one)
		}
	}
	return amounts
}

// written is the currency of an amount, if the rules write it out.
func (m *moneyWarner) written(in *ast.AST, e ast.Expr) string {
	if e.Kind() == ast.CallKind {
		if name, args := e.AsCall().FunctionName(), e.AsCall().Args(); name == "money" && len(args) == 2 || name == "convert" && len(args) == 2 {
			code, _ := textOf(args[1])
			return code
		}
	}
	if v := m.variable(in, e); v != nil {
		rep := v.value.ast.NativeRep()
		return m.written(rep, rep.Expr())
	}
	for _, part := range amountsIn(in, e) {
		if code := m.written(in, part); code != "" {
			return code
		}
	}
	return ""
}

// field is the field of the report that an amount comes from.
func (m *moneyWarner) field(in *ast.AST, e ast.Expr) string {
	if v := m.variable(in, e); v != nil {
		rep := v.value.ast.NativeRep()
		return m.field(rep, rep.Expr())
	}
	if e.Kind() == ast.SelectKind && isMoney(in, e) && !m.policy.lang.ours(in.GetType(e.AsSelect().Operand().ID())) {
		return e.AsSelect().FieldName()
	}
	for _, part := range amountsIn(in, e) {
		if name := m.field(in, part); name != "" {
			return name
		}
	}
	return ""
}

// variable returns the variable that an expression names.
func (m *moneyWarner) variable(in *ast.AST, e ast.Expr) *variable {
	if e.Kind() != ast.SelectKind || m.policy.lang.adds(in.GetType(e.AsSelect().Operand().ID())) != "variables" {
		return nil
	}
	return m.policy.variables[e.AsSelect().FieldName()]
}
