// Package hint explains the mistakes in an expression: it says what to write instead.
//
// An expression is parsed once. Every mistake that CEL reports becomes a [mistake]. It knows its
// place, its part of the parsed expression and the types of its arguments. One table explains
// the mistakes: the first row that knows a mistake wins. No row reads CEL's messages.
package hint

import (
	"slices"
	"strings"
	"unicode/utf8"

	"concur-connector/policy/value"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
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
		return m.kind == unknownFunction && loops[m.name] != "" || m.kind == mismatch && m.name == "sum"
	})
	var first, found []Problem
	for _, m := range all {
		first = append(first, m.Problem)
		if !m.hasWrongArg() && !(loop && m.kind == unknownName) {
			found = append(found, m.Problem)
		}
	}
	if len(found) == 0 {
		return first
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
	pattern              // a regular expression cannot be read
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

	name  string      // of the unknown name, field or function; of the function or operator that is called
	args  []arg       // of a mismatch; the value in front comes first
	owner *types.Type // of an unknown field or a selection
	env   *cel.Env    // knows the names of elements in the loops around the mistake
	info  *ast.SourceInfo
	node  ast.NavigableExpr
}

// arg is one argument of a call.
type arg struct {
	typ     string // as CEL writes it; empty when the argument itself is wrong
	text    string // as it is written, or a letter for a long one
	literal bool
	front   bool // it stands in front of the function: a.f()
}

func (m *mistake) hasWrongArg() bool {
	return slices.ContainsFunc(m.args, func(a arg) bool { return a.typ == "" })
}

func newMistake(l Language, level Level, source string, parsed *cel.Ast, issue *cel.Error) *mistake {
	m := &mistake{lang: l, level: level, env: level.Env, source: []rune(source), message: issue.Message}
	m.Offset = offsetOf(source, issue.Location)
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
	case ast.LiteralKind: // of literals, CEL checks the patterns of matches() alone
		m.kind = pattern
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
		m.classifyCall(m.node.AsCall())
	}
}

func (m *mistake) classifyCall(call ast.CallExpr) {
	m.kind, m.name = mismatch, call.FunctionName()
	args := call.Args()
	if call.IsMemberFunction() {
		if qualified := root(call.Target()) + "." + m.name; value.LeftOut[qualified] != "" { // strings.quote
			m.name = qualified
		}
		args = append([]ast.Expr{call.Target()}, args...)
	}
	if !m.env.HasFunction(m.name) {
		m.kind, args = unknownFunction, nil
	}
	for i, e := range args {
		a := arg{text: m.written(e, i), literal: e.Kind() == ast.LiteralKind, front: i == 0 && call.IsMemberFunction()}
		if t := m.typeOf(e); t != nil {
			a.typ = cel.FormatCELType(t)
		}
		m.args = append(m.args, a)
	}
	if sign, ok := operators.FindReverse(m.name); ok && sign != "" {
		m.name = sign
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
	first, last := over.Parameters()[0], over.Parameters()[len(over.Parameters())-1]
	names := []cel.EnvOption{cel.Variable(loop.IterVar(), first)}
	if loop.HasIterVar2() {
		if over.Kind() == types.ListKind {
			first = types.IntType
		}
		names = []cel.EnvOption{cel.Variable(loop.IterVar(), first), cel.Variable(loop.IterVar2(), last)}
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

// offsetOf is the place of a line (from 1) and column (from 0) in characters.
func offsetOf(source string, at common.Location) int {
	before := strings.SplitAfter(source, "\n")[:max(at.Line(), 1)-1]
	return max(utf8.RuneCountInString(strings.Join(before, ""))+at.Column(), 0)
}
