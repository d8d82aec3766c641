package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"concur-connector/expense"
	"concur-connector/policy/hint"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// check parses and type-checks an expression, and refuses what the types allow but can only be
// a mistake. The result must be of type want, if want is not nil.
func (l *language) check(level rulesfile.Level, source string, want *cel.Type) (*cel.Ast, []hint.Problem) {
	checked, problems := l.hints.Check(string(level), source)
	if len(problems) > 0 {
		return nil, problems
	}
	i := inspection{ast: checked.NativeRep()}
	for id := range i.ast.IDs() {
		i.lastID = max(i.lastID, id)
	}
	ast.PostOrderVisit(i.ast.Expr(), ast.NewExprVisitor(i.visit))
	if got := checked.OutputType(); want != nil && !got.IsExactType(want) {
		i.found = append(i.found, hint.Problem{Text: fmt.Sprintf("must be %s, is %s", article(want), article(got))})
	}
	return checked, i.found
}

// article names a type as a sentence does.
func article(t *cel.Type) string {
	name := cel.FormatCELType(t)
	switch name {
	case "bool":
		return "true or false (bool)"
	case "string":
		return "text (string)"
	}
	return name
}

// inspection walks a checked expression.
type inspection struct {
	ast    *ast.AST
	lastID int64
	found  []hint.Problem
}

func (i *inspection) refuse(e ast.Expr, format string, args ...any) {
	at := 0
	if r, ok := i.ast.SourceInfo().GetOffsetRange(e.ID()); ok {
		at = int(r.Start)
	}
	i.found = append(i.found, hint.Problem{Offset: at, Text: fmt.Sprintf(format, args...)})
}

func (i *inspection) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		i.visitLiteral(e)
	case ast.IdentKind:
		if i.ast.GetType(e.ID()).Kind() == types.TypeKind {
			i.refuse(e, "%s is a type, not a value", e.AsIdent())
		}
	case ast.StructKind:
		i.refuse(e, "a rule cannot make an object of type %s", e.AsStruct().TypeName())
	case ast.SelectKind:
		if isNumbered(i.ast.GetType(e.AsSelect().Operand().ID())) {
			i.refuse(e, `name a custom field or organisational unit by its number in brackets: custom["3"]`)
		}
	case ast.MapKind:
		key := i.ast.GetType(e.ID()).Parameters()[0]
		if k := key.Kind(); k != types.StringKind && k != types.IntKind && k != types.BoolKind && !key.IsExactType(value.DateType) && len(e.AsMap().Entries()) > 0 {
			i.refuse(e, "the key of a map is a text, an int, true or false, or a date, not %s", cel.FormatCELType(key))
		}
	case ast.CallKind:
		i.visitCall(e)
	}
}

func (i *inspection) visitLiteral(e ast.Expr) {
	switch v := e.AsLiteral().(type) {
	case types.Null:
		i.refuse(e, "null is not known here; ask with has() whether something is there")
	case types.Double:
		i.refuse(e, "floating-point numbers are not exact; write decimal(\"%s\")", strconv.FormatFloat(float64(v), 'f', -1, 64))
	case types.Uint:
		i.refuse(e, "whole numbers are written without u: %d", uint64(v))
	case types.Bytes:
		i.refuse(e, "rules have texts and no bytes; write it without b")
	}
}

func (i *inspection) visitCall(e ast.Expr) {
	call := e.AsCall()
	args := call.Args()
	if instead := value.LeftOut[call.FunctionName()]; instead != "" {
		i.refuse(e, "%s() is not known here: %s", call.FunctionName(), instead)
	}
	switch call.FunctionName() {
	case operators.Index:
		i.visitIndex(args[0], args[1])
		if i.ast.GetType(args[1].ID()).IsExactType(value.DateType) {
			i.lookup(e)
		}
	case operators.Equals, operators.NotEquals:
		if t := i.ast.GetType(args[0].ID()); (t.Kind() == types.ListKind || t.Kind() == types.MapKind) && holdsMoney(t) {
			i.refuse(e, "lists and maps of amounts cannot be compared; compare the amounts")
		} else if nested(t) > 1 {
			i.refuse(e, "lists and maps of lists and maps cannot be compared; compare what is in them")
		}
		if call.FunctionName() == operators.NotEquals {
			i.unequal(e)
		}
		i.dayNames(args[0], args[1])
		i.dayNames(args[1], args[0])
	case operators.In:
		i.dayNames(args[0], args[1])
		if holdsMoney(i.ast.GetType(args[0].ID())) {
			i.refuse(e, `"in" cannot compare amounts; use exists()`)
		} else if nested(i.ast.GetType(args[0].ID())) > 0 {
			i.refuse(e, `"in" cannot compare lists or maps; use exists()`)
		}
	case "money":
		i.literal(args[0], func(s string) string {
			if _, err := expense.ParseAmount(s); err != nil {
				return fmt.Sprintf("money() cannot read %q: %v%s", s, err, withPoint(s))
			}
			return ""
		})
		i.literal(args[1], currencyProblem)
	case "sum":
		if len(args) == 2 {
			i.literal(args[1], currencyProblem)
		}
	case "decimal":
		i.literal(args[0], func(s string) string {
			if _, err := expense.ParseAmount(s); err != nil {
				return fmt.Sprintf("decimal() cannot read %q: %v%s", s, err, withPoint(s))
			}
			return ""
		})
	case "convert":
		i.literal(args[1], currencyProblem)
	case "dividedBy":
		if args[0].Kind() == ast.LiteralKind && args[0].AsLiteral() == types.IntZero {
			i.refuse(args[0], "nothing can be divided by zero")
		}
	case "date":
		i.literal(args[0], func(s string) string {
			if _, ok := value.ParseDate(s); !ok {
				return fmt.Sprintf(`%q is not a date like "2026-05-01"`, s)
			}
			return ""
		})
	}
}

// withPoint ends an error about a number with a comma.
func withPoint(text string) string {
	if strings.Contains(text, ",") {
		return "; before the decimals there is a point, and nothing between the thousands: 1234.50"
	}
	return ""
}

// literal checks an argument that is a literal text.
func (i *inspection) literal(e ast.Expr, problemOf func(string) string) {
	if e.Kind() != ast.LiteralKind {
		return
	}
	if s, ok := e.AsLiteral().(types.String); ok {
		if text := problemOf(string(s)); text != "" {
			i.refuse(e, "%s", text)
		}
	}
}

func currencyProblem(s string) string {
	if value.CurrencyCode.MatchString(s) {
		return ""
	}
	return fmt.Sprintf("%q is not a currency: three capital letters", s)
}

// visitIndex refuses the number of a field that no report can have: it would always be empty.
func (i *inspection) visitIndex(fields, key ast.Expr) {
	if !isNumbered(i.ast.GetType(fields.ID())) {
		return
	}
	limit := 40
	if fields.Kind() == ast.SelectKind {
		limit = numbersOf(partOf(i.ast.GetType(fields.AsSelect().Operand().ID())), fields.AsSelect().FieldName())
	}
	i.literal(key, func(s string) string {
		if n, err := strconv.Atoi(s); err != nil || n < 1 || n > limit || strconv.Itoa(n) != s {
			return fmt.Sprintf(`there is no field %q here; they are "1" to "%d"`, s, limit)
		}
		return ""
	})
}

// numbersOf is how many custom fields or organisational units an object of a shape has.
func numbersOf(s *shape, field string) int {
	switch {
	case field == "orgUnits":
		return 6
	case s == reportShape, s == allocationShape, s == requestShape:
		return 20
	}
	return 40
}

// unequal turns a != b into !(a == b). CEL's != is true when the comparison fails; amounts of
// different currencies must make the rule fail instead.
func (i *inspection) unequal(e ast.Expr) {
	i.lastID++
	factory := ast.NewExprFactory()
	equal := factory.NewCall(i.lastID, operators.Equals, e.AsCall().Args()...)
	i.ast.SetType(equal.ID(), types.BoolType)
	i.ast.SetReference(equal.ID(), ast.NewFunctionReference(overloads.Equals))
	if r, ok := i.ast.SourceInfo().GetOffsetRange(e.ID()); ok {
		i.ast.SourceInfo().SetOffsetRange(equal.ID(), r)
	}
	i.ast.SetReference(e.ID(), ast.NewFunctionReference(overloads.LogicalNot))
	e.SetKindCase(factory.NewCall(e.ID(), operators.LogicalNot, equal))
}

// lookup turns m[day] into a call: CEL itself finds only texts, numbers and truth values in a
// map.
func (i *inspection) lookup(e ast.Expr) {
	i.ast.SetReference(e.ID(), ast.NewFunctionReference(value.LookupOverload))
	e.SetKindCase(ast.NewExprFactory().NewCall(e.ID(), value.LookupFunction, e.AsCall().Args()...))
}

// dayNames refuses to compare weekday() with a text that is no weekday: it would never be equal.
func (i *inspection) dayNames(e, with ast.Expr) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "weekday" {
		return
	}
	names := []ast.Expr{with}
	if with.Kind() == ast.ListKind {
		names = with.AsList().Elements()
	}
	for _, one := range names {
		i.literal(one, func(s string) string {
			if slices.Contains(value.Weekdays, s) {
				return ""
			}
			return fmt.Sprintf("weekday() is never %q: it is %s", s, strings.Join(value.Weekdays, ", "))
		})
	}
}

func isNumbered(t *types.Type) bool {
	return t.Kind() == types.MapKind && t.Parameters()[1].TypeName() == fieldShape.name
}

// nested is how deeply lists and maps are nested in a type.
func nested(t *types.Type) int {
	deepest := 0
	for _, p := range t.Parameters() {
		deepest = max(deepest, nested(p))
	}
	if t.Kind() == types.ListKind || t.Kind() == types.MapKind {
		deepest++
	}
	return deepest
}

func holdsMoney(t *types.Type) bool {
	if t.TypeName() == value.MoneyType.TypeName() {
		return true
	}
	for _, p := range t.Parameters() {
		if holdsMoney(p) {
			return true
		}
	}
	return false
}
