package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// advice says what to write instead where CEL says only that something does not fit. It
// is empty where there is none to give.
func advice(e *cel.Env, level rulesfile.Level, source string, found *cel.Error) string {
	if name, ok := strings.CutPrefix(found.Message, "undeclared reference to '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return unknownAdvice(name)
	}
	if text, ok := strings.CutPrefix(found.Message, "Syntax error: "); ok {
		before := string([]rune(source)[:offsetOf(source, found.Location.Line(), found.Location.Column())])
		return syntaxAdvice(text, before)
	}
	m := mismatchForm.FindStringSubmatch(found.Message)
	if m == nil {
		return ""
	}
	parsed, issues := e.Parse(source)
	if issues.Err() != nil {
		return ""
	}
	w := mismatch{source: []rune(source), function: m[1], currency: "report.currency"}
	if level != rulesfile.ReportLevel && level != rulesfile.EntryLevel && strings.Contains(source, "request") {
		w.currency = "request.currency"
	}
	w.read(parsed.NativeRep(), found.ExprID, typesIn(m[2]))
	if len(w.args) == 0 {
		return ""
	}
	if text := w.say(); text != "" {
		return text
	}
	return fmt.Sprintf("%s does not go with %s", w.spoken(), strings.Join(w.types(), " and "))
}

var mismatchForm = regexp.MustCompile(`^found no matching overload for '([^']+)' applied to '(.*)'`)

// typesIn reads "(money, int)" and "list(Entry).(int)".
func typesIn(text string) []string {
	var all []string
	depth, from := 0, 0
	take := func(end int) {
		if given := strings.Trim(text[from:end], " ."); given != "" {
			all = append(all, given)
		}
		from = end + 1
	}
	start := strings.LastIndex(text, ".(") + 1 // of the arguments
	take(start)
	for i, r := range text[start:] {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if at := start + i; depth == 0 || depth == 1 && r == ',' {
			take(at)
		}
	}
	return all
}

func unknownAdvice(name string) string {
	switch name {
	case "groupBy":
		return "groupBy() takes a name for the element and the key: report.entries.groupBy(e, e.date)"
	case "totalBy":
		return "totalBy() takes a name for the element, the key and the amount: report.entries.totalBy(e, e.date, e.posted)"
	case "now", "today": // the latter as a call
		return "the day of judging is written today, without brackets; a report has days, not times"
	case "True", "TRUE", "False", "FALSE":
		return fmt.Sprintf("%s is written %s", name, strings.ToLower(name))
	}
	if instead := value.LeftOut[name]; instead != "" {
		return fmt.Sprintf("%s() is not known here: %s", name, instead)
	}
	return ""
}

var (
	extraneous = regexp.MustCompile(`^(?:extraneous|mismatched) input '([^']+)' expecting <EOF>`)
	negation   = regexp.MustCompile(`(?i)\bnot\s+$`)
	logical    = map[string]string{"and": "&&", "or": "||"}
)

func syntaxAdvice(text, before string) string {
	if m := extraneous.FindStringSubmatch(text); m != nil {
		word := m[1]
		switch {
		case logical[strings.ToLower(word)] != "":
			return fmt.Sprintf("%q is written %s", word, logical[strings.ToLower(word)])
		case value.CurrencyCode.MatchString(word), strings.EqualFold(word, "money"):
			return `an amount is written money("75.00", "USD")`
		case negation.MatchString(before):
			return `"not" is written !`
		}
	}
	switch {
	case strings.HasPrefix(text, "token recognition error at: '=>"):
		return `"at least" is written >=`
	case strings.HasPrefix(text, "token recognition error at: '=<"):
		return `"at most" is written <=`
	case strings.HasPrefix(text, "token recognition error at: '="):
		return "equality is written with two signs: =="
	}
	return ""
}

// mismatch is a call with what the function does not take.
type mismatch struct {
	source   []rune
	function string
	currency string // of the whole, as rules write it
	args     []arg  // the target first
}

// arg is what a function was given.
type arg struct {
	typ     string
	text    string // as it is written, or a word for it
	literal bool
}

func (w *mismatch) read(a *ast.AST, id int64, given []string) {
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() != id || e.Kind() != ast.CallKind {
			return
		}
		all := e.AsCall().Args()
		if e.AsCall().IsMemberFunction() {
			all = append([]ast.Expr{e.AsCall().Target()}, all...)
		}
		if len(all) != len(given) {
			return
		}
		for i, e := range all {
			w.args = append(w.args, arg{typ: given[i], text: w.write(a, e, i), literal: e.Kind() == ast.LiteralKind})
		}
	}))
}

var digits = regexp.MustCompile(`^-?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?`)

// write shows an argument as it is written, where that is short.
func (w *mismatch) write(a *ast.AST, e ast.Expr, n int) string {
	if r, ok := a.SourceInfo().GetOffsetRange(e.ID()); ok && e.Kind() == ast.LiteralKind && int(r.Start) < len(w.source) {
		switch v := e.AsLiteral().(type) {
		case types.Double, types.Int:
			if text := digits.FindString(string(w.source[r.Start:])); text != "" {
				return text
			}
		case types.String:
			return string(v)
		}
	}
	text, err := parser.Unparse(e, a.SourceInfo())
	if err != nil || len(text) > 40 || strings.ContainsAny(text, "\n@") {
		return string(rune('a' + n))
	}
	if e.Kind() == ast.CallKind && strings.Contains(text, " ") && !strings.HasSuffix(text, ")") {
		return "(" + text + ")"
	}
	return text
}

// spoken is the function as rules write it.
func (w *mismatch) spoken() string {
	if sign, ok := operators.FindReverse(w.function); ok && sign != "" {
		return sign
	}
	return w.function + "()"
}

func (w *mismatch) types() []string {
	all := make([]string, len(w.args))
	for i, a := range w.args {
		all[i] = a.typ
	}
	return all
}

// with returns the argument of a type and the other one, of two.
func (w *mismatch) with(typ string) (of, other arg, ok bool) {
	if len(w.args) != 2 {
		return arg{}, arg{}, false
	}
	switch typ {
	case w.args[0].typ:
		return w.args[0], w.args[1], true
	case w.args[1].typ:
		return w.args[1], w.args[0], true
	}
	return arg{}, arg{}, false
}

func (w *mismatch) say() string {
	if text := w.sayFunction(); text != "" {
		return text
	}
	if len(w.args) != 2 {
		return ""
	}
	switch w.function {
	case operators.Divide:
		return w.sayDivision()
	case operators.Modulo:
		if m, other, ok := w.with("money"); ok && other.typ != "money" {
			return fmt.Sprintf("a round amount is asked for by %s.isMultipleOf(money(%q, %s))", m.text, cmp.Or(other.text, "10"), w.currency)
		}
	case operators.Multiply:
		return w.sayProduct()
	}
	text, other, ok := w.with("string")
	if ok && w.function == operators.Add && other.typ != "string" && !(other.typ == "money" && text.isNumber()) {
		return fmt.Sprintf("a text is joined with a text: string(%s)", other.text)
	}
	if m, other, ok := w.with("money"); ok {
		return w.sayMoney(m, other)
	}
	if d, other, ok := w.with("date"); ok {
		return w.sayDate(d, other)
	}
	if _, other, ok := w.with("decimal"); ok {
		return fmt.Sprintf("a decimal meets a decimal: %s", other.asDecimal())
	}
	return w.sayPlain()
}

func (a arg) isNumber() bool {
	_, err := expense.ParseAmount(a.text)
	return a.literal && err == nil
}

func (a arg) asDecimal() string {
	switch {
	case a.typ == "int":
		return fmt.Sprintf("decimal(%s)", a.text)
	case a.literal:
		return fmt.Sprintf("decimal(%q)", a.text)
	case a.typ == "money":
		return a.text + ".amount()"
	}
	return fmt.Sprintf("decimal(%s)", a.text)
}
