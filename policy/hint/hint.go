// Package hint explains the mistakes in an expression: it says what to write instead.
//
// An expression is parsed once. Every mistake that CEL reports becomes a [mistake], which
// knows its place, its part of the parsed expression and the types of its arguments. The
// first row of one table that knows the mistake explains it. No row reads CEL's messages.
package hint

import (
	"fmt"
	"slices"
	"strings"

	"concur-connector/policy/value"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// Language is what the expressions of a rules file may name.
type Language []Level

// Level is what the expressions of one level may name.
type Level struct {
	Name string
	Env  *cel.Env
	Sees []string // the names of its objects, the innermost first: "entry", "report"
}

// Problem is a mistake and its explanation.
type Problem struct {
	Offset  int // in characters from the start of the expression
	Text    string
	Missing string // "variables.limit": the file declares nothing of this name at this level
	Syntax  bool   // CEL cannot read the expression, and no hint explains why
}

// Check parses and type-checks an expression of a level. The result is nil when there are
// problems.
func (l Language) Check(level, source string) (*cel.Ast, []Problem) {
	at := l[slices.IndexFunc(l, func(one Level) bool { return one.Name == level })]
	parsed, issues := at.Env.Parse(source)
	if issues.Err() != nil {
		parsed = nil
	} else if checked, found := at.Env.Check(parsed); found.Err() == nil {
		return checked, nil
	} else {
		issues = found
	}
	var all []*mistake
	for _, issue := range issues.Errors() {
		m := newMistake(l, at, source, parsed, issue)
		if m.kind == syntax && len(all) > 0 {
			break // it only follows from the first mistake
		}
		m.explain()
		all = append(all, m)
	}
	return nil, causes(all)
}

// causes leaves out the mistakes that only follow from another one: the name of an element
// whose loop is wrong, and a call whose argument is wrong.
func causes(all []*mistake) []Problem {
	loop := slices.ContainsFunc(all, func(m *mistake) bool {
		return m.kind == unknownFunction && loops[m.name] || m.kind == mismatch && m.name == "sum"
	})
	follows := func(m *mistake) bool {
		return loop && m.kind == unknownName || m.kind == mismatch && slices.ContainsFunc(m.args, func(a arg) bool { return a.typ == "" })
	}
	if !slices.ContainsFunc(all, func(m *mistake) bool { return !follows(m) }) {
		follows = func(*mistake) bool { return false }
	}
	var found []Problem
	for _, m := range all {
		if !follows(m) {
			found = append(found, m.Problem)
		}
	}
	return found
}

type kind int

const (
	other           kind = iota
	syntax               // the parser cannot read on
	macro                // the parser refuses a macro or a reserved word
	unknownName          // of no object
	unknownFunction      // of no function or macro
	unknownField         // of an object that has fields
	selection            // of a field of a value that has none
	mismatch             // a function or operator does not take these arguments
)

// mistake is one mistake that CEL reports.
type mistake struct {
	Problem
	lang         Language
	level        Level
	kind         kind
	source       []rune
	before, rest string // the expression, cut where the mistake is
	message      string // CEL's

	name   string      // of the unknown name, field or function; of the function or operator that is called
	member bool        // the function stands behind a value
	args   []arg       // of a mismatch; the value in front comes first
	owner  *types.Type // of an unknown field or a selection
	env    *cel.Env    // knows the names of elements in the loops around the mistake
	info   *ast.SourceInfo
	node   ast.NavigableExpr
}

// arg is one argument of a call.
type arg struct {
	typ     string // as CEL writes it; empty when the argument itself is wrong
	text    string // as it is written, or a letter for a long one
	literal bool
}

func newMistake(l Language, level Level, source string, parsed *cel.Ast, issue *cel.Error) *mistake {
	m := &mistake{lang: l, level: level, env: level.Env, source: []rune(source), message: issue.Message}
	m.Offset = offsetOf(source, issue.Location.Line(), issue.Location.Column())
	cut := min(m.Offset, len(m.source))
	m.before, m.rest = string(m.source[:cut]), string(m.source[cut:])
	switch {
	case parsed != nil:
		m.classify(parsed, issue.ExprID)
	case issue.ExprID == 0: // only the parser's grammar reports without a part of the expression
		m.kind = syntax
	default:
		m.kind = macro
	}
	return m
}

// classify finds the part of the expression that is wrong, and what is wrong with it.
func (m *mistake) classify(parsed *cel.Ast, id int64) {
	m.info = parsed.NativeRep().SourceInfo()
	found := ast.MatchDescendants(ast.NavigateAST(parsed.NativeRep()), func(e ast.NavigableExpr) bool { return e.ID() == id })
	if len(found) == 0 {
		return
	}
	m.node = found[0]
	m.env = m.inLoops(m.node)
	switch m.node.Kind() {
	case ast.IdentKind:
		m.kind, m.name = unknownName, m.node.AsIdent()
	case ast.SelectKind:
		m.name = m.node.AsSelect().FieldName()
		m.owner = m.typeOf(m.node.AsSelect().Operand())
		switch {
		case m.owner == nil: // CEL reports entry.type as a whole where entry is not known
			m.kind, m.name = unknownName, root(m.node)
		case m.owner.Kind() == types.StructKind:
			m.kind = unknownField
		default:
			m.kind = selection
		}
	case ast.CallKind:
		call := m.node.AsCall()
		m.name, m.member = call.FunctionName(), call.IsMemberFunction()
		if m.member && call.Target().Kind() == ast.IdentKind && value.LeftOut[call.Target().AsIdent()+"."+m.name] != "" {
			m.name = call.Target().AsIdent() + "." + m.name
		}
		if m.kind = unknownFunction; m.env.HasFunction(m.name) {
			m.kind = mismatch
			for i, e := range argsOf(call) {
				m.args = append(m.args, m.arg(e, i))
			}
		}
		if sign, ok := operators.FindReverse(m.name); ok && sign != "" {
			m.name = sign
		}
	}
}

// root is the name that a chain of fields begins with.
func root(e ast.Expr) string {
	for e.Kind() == ast.SelectKind {
		e = e.AsSelect().Operand()
	}
	if e.Kind() == ast.IdentKind {
		return e.AsIdent()
	}
	return ""
}

func argsOf(call ast.CallExpr) []ast.Expr {
	if call.IsMemberFunction() {
		return append([]ast.Expr{call.Target()}, call.Args()...)
	}
	return call.Args()
}

// inLoops returns an environment that knows the names of elements in the loops around a part.
func (m *mistake) inLoops(e ast.NavigableExpr) *cel.Env {
	parent, ok := e.Parent()
	if !ok {
		return m.level.Env
	}
	env := m.inLoops(parent)
	if parent.Kind() != ast.ComprehensionKind || parent.AsComprehension().IterRange().ID() == e.ID() {
		return env
	}
	m.env = env
	loop := parent.AsComprehension()
	over := m.typeOf(loop.IterRange())
	if over == nil || len(over.Parameters()) == 0 {
		return env
	}
	first, second := over.Parameters()[0], over.Parameters()[len(over.Parameters())-1]
	if loop.HasIterVar2() && over.Kind() == types.ListKind {
		first = types.IntType
	}
	names := []cel.EnvOption{cel.Variable(loop.IterVar(), first)}
	if loop.HasIterVar2() {
		names = append(names, cel.Variable(loop.IterVar2(), second))
	}
	if inner, err := env.Extend(names...); err == nil {
		return inner
	}
	return env
}

// typeOf checks a part of the expression by itself; nil when the part is wrong.
func (m *mistake) typeOf(e ast.Expr) *types.Type {
	text, err := parser.Unparse(e, m.info)
	if err != nil {
		return nil
	}
	checked, issues := m.env.Compile(text)
	if issues.Err() != nil {
		return nil
	}
	return checked.OutputType()
}

func (m *mistake) arg(e ast.Expr, n int) arg {
	a := arg{text: m.written(e, n), literal: e.Kind() == ast.LiteralKind}
	if t := m.typeOf(e); t != nil {
		a.typ = cel.FormatCELType(t)
	}
	return a
}

// written shows a part as it is written; a long one as a letter.
func (m *mistake) written(e ast.Expr, n int) string {
	if r, ok := m.info.GetOffsetRange(e.ID()); ok && e.Kind() == ast.LiteralKind && int(r.Start) < len(m.source) {
		switch v := e.AsLiteral().(type) {
		case types.Double, types.Int:
			if text := digits.FindString(string(m.source[r.Start:])); text != "" {
				return text
			}
		case types.String:
			return string(v)
		}
	}
	text, err := parser.Unparse(e, m.info)
	if err != nil || len(text) > 40 || strings.ContainsAny(text, "\n@") {
		return string(rune('a' + n))
	}
	if e.Kind() == ast.CallKind && strings.Contains(text, " ") && !strings.HasSuffix(text, ")") {
		return "(" + text + ")"
	}
	return text
}

// explain gives the mistake its text: that of the first row of the table that knows it, or
// CEL's own.
func (m *mistake) explain() {
	for _, row := range table {
		if m.Text = row(m); m.Text != "" {
			return
		}
	}
	m.Syntax = m.kind == syntax
	m.Text, _, _ = strings.Cut(m.message, " expecting {") // a long list of CEL's tokens
	m.Text = strings.Join(strings.Fields(m.Text), " ")
}

// isPattern reports whether the mistake is the pattern of matches(), written out.
func (m *mistake) isPattern() bool {
	if m.node == nil || m.node.Kind() != ast.LiteralKind {
		return false
	}
	parent, ok := m.node.Parent()
	return ok && parent.Kind() == ast.CallKind && parent.AsCall().FunctionName() == overloads.Matches
}

// offsetOf is the place of a line (from 1) and column (from 0) in characters.
func offsetOf(source string, line, column int) int {
	at := 0
	for _, text := range strings.SplitAfter(source, "\n") {
		if line <= 1 {
			break
		}
		line--
		at += len([]rune(text))
	}
	return max(at+column, 0)
}

// someLevels lists levels as a sentence does.
func someLevels(names []string) string {
	if len(names) == 1 {
		return "level " + names[0]
	}
	last := len(names) - 1
	return fmt.Sprintf("levels %s and %s", strings.Join(names[:last], ", "), names[last])
}
