package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// hint says what was probably meant by a name that is not known; nothing where that cannot
// be told.
func (l *language) hint(level Level, source string, found *cel.Error) string {
	message, _, _ := strings.Cut(found.Message, " (in container")
	for _, say := range []string{hintSyntax(source, found), hintCall(message), hintSelection(message)} {
		if say != "" {
			return say
		}
	}
	if name, ok := quotedAfter(message, "undefined field '"); ok {
		return l.hintField(level, source, found.ExprID, name)
	}
	if name, ok := quotedAfter(message, "undeclared reference to '"); ok {
		return l.hintName(level, name, callsIt(source, name))
	}
	return ""
}

func quotedAfter(message, before string) (string, bool) {
	name, ok := strings.CutPrefix(message, before)
	name, _, _ = strings.Cut(name, "'")
	return name, ok
}

// callsIt reports whether the name stands before a parenthesis.
func callsIt(source, name string) bool {
	called, err := regexp.MatchString(`(^|[^\w])`+regexp.QuoteMeta(name)+`\s*\(`, source)
	return err == nil && called
}

// hintField looks for the field among those of the object that it was asked of.
func (l *language) hintField(level Level, source string, id int64, name string) string {
	parsed, issues := l.env[level].Parse(source)
	if issues.Err() != nil {
		return ""
	}
	var owner *types.Type
	r := resolving{lang: l, level: level, loops: map[string]*types.Type{}}
	ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			loop := e.AsComprehension()
			r.loops[loop.IterVar()] = elementOf(r.typeOf(loop.IterRange()))
		}
		if e.ID() == id && e.Kind() == ast.SelectKind {
			owner = r.typeOf(e.AsSelect().Operand())
		}
	}))
	if owner == nil {
		return fmt.Sprintf("undefined field '%s'%s", name, suggestion(name, l.allFields()))
	}
	of := l.known.shapes[owner.TypeName()]
	if of == nil {
		return ""
	}
	if owner.IsExactType(moneyType) {
		return "an amount has no fields; it has m.amount() and m.currency()"
	}
	fields := slices.Sorted(maps.Keys(of.fields))
	said := fmt.Sprintf("undefined field '%s'", name)
	if kind := l.adds(owner); kind != "" {
		return l.hintAdded(kind, name, fields)
	}
	for at := outer[level]; at != ""; at = outer[at] {
		if _, there := shapeOf[at].fields[name]; there && of == shapeOf[level] {
			return fmt.Sprintf("%s; did you mean %q?", said, string(at)+"."+name)
		}
	}
	if meant := suggestWord(name, fields); meant != "" {
		return fmt.Sprintf("%s; did you mean %q?", said, meant)
	}
	if of.ours || len(fields) <= 5 && len(fields) > 0 {
		return said + among(name, fields)
	}
	return said
}

// allFields are those of everything that a report or a travel request has.
func (l *language) allFields() []string {
	var all []string
	for _, s := range append(parts(), fieldShape) {
		all = slices.AppendSeq(all, maps.Keys(s.fields))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hintAdded is about a variable, fact or list.
func (l *language) hintAdded(kind, name string, known []string) string {
	one := kind[:len(kind)-1]
	elsewhere := l.knownTo(kind, name)
	switch {
	case len(elsewhere) > 0:
		return fmt.Sprintf("the %s %s is only known to rules of %s", one, name, someLevels(elsewhere))
	case len(known) == 0:
		return fmt.Sprintf("there is no %s %q", one, name)
	}
	return fmt.Sprintf("there is no %s %q%s", one, name, among(name, known))
}

// suggestWord is suggest for a name that may also be meant by one of its words: "reciept"
// by hasReceipt.
func suggestWord(name string, known []string) string {
	if best := suggest(name, known); best != "" {
		return best
	}
	for _, k := range known {
		if words := wordsOf.FindAllString(k, -1); len(name) > 3 && suggest(name, words) != "" || slices.Contains(words, name) {
			return k
		}
	}
	return ""
}

var wordsOf = regexp.MustCompile(`[A-Z]?[a-z]{3,}`)

// knownTo are the levels at which there is a variable or fact of the name.
func (l *language) knownTo(kind, name string) []Level {
	var all []Level
	if kind == "lists" {
		return nil
	}
	for _, level := range levels {
		of := l.variables[level]
		if kind == "facts" {
			of = l.facts[level]
		}
		if _, there := of.fields[name]; there {
			all = append(all, level)
		}
	}
	return all
}

// hintName looks for a name where an expression begins with one, or for a function.
func (l *language) hintName(level Level, name string, called bool) string {
	if Level(name).known() {
		return "" // of another level, which is said elsewhere
	}
	said := fmt.Sprintf("undeclared reference to '%s'", name)
	switch {
	case called && loops[name]:
		return fmt.Sprintf("%s() takes a name for the element, and what is asked of it: %s(e, e.personal)", name, name)
	case called && otherWords[name] != "":
		return said + "; " + otherWords[name]
	case called:
		return said + suggestion(name, l.functions(level))
	}
	names := []string{"today", "variables", "facts", "lists"}
	for at := level; at != ""; at = outer[at] {
		names = append(names, string(at))
	}
	for _, kind := range []struct {
		name string
		of   *shape
	}{{"variables", l.variables[level]}, {"facts", l.facts[level]}, {"lists", l.lists}} {
		if _, there := kind.of.fields[name]; there {
			return fmt.Sprintf("%s; did you mean %q?", said, kind.name+"."+name)
		}
	}
	for at := level; at != ""; at = outer[at] {
		if _, there := shapeOf[at].fields[name]; there {
			return fmt.Sprintf("%s; did you mean %q?", said, string(at)+"."+name)
		}
	}
	if meant := suggestion(name, names); meant != "" {
		return said + meant
	}
	if textForm.MatchString(name) {
		return fmt.Sprintf(`%s; a text is written in quotes: "%s"`, said, name)
	}
	return said
}

// textForm is what looks like a code that someone forgot to quote.
var textForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]*$`)

// functions are the names by which functions and macros are called.
func (l *language) functions(level Level) []string {
	names := []string{"has", "all", "exists", "exists_one", "map", "filter", "groupBy", "totalBy"}
	for name := range l.env[level].Functions() {
		if identifier.MatchString(name) && leftOut[name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// resolving finds the type of what stands before a field, in an expression that does not
// check as a whole.
type resolving struct {
	lang  *language
	level Level
	loops map[string]*types.Type
}

func (r resolving) typeOf(e ast.Expr) *types.Type {
	switch e.Kind() {
	case ast.IdentKind:
		return r.named(e.AsIdent())
	case ast.SelectKind:
		owner := r.typeOf(e.AsSelect().Operand())
		if owner == nil || r.lang.known.shapes[owner.TypeName()] == nil {
			return nil
		}
		m, there := r.lang.known.shapes[owner.TypeName()].fields[e.AsSelect().FieldName()]
		if !there {
			return nil
		}
		return m.typ
	case ast.ComprehensionKind: // a filter keeps the type; of another loop nothing is known
		if step := e.AsComprehension().LoopStep(); step.Kind() == ast.CallKind && step.AsCall().FunctionName() == operators.Conditional {
			return r.typeOf(e.AsComprehension().IterRange())
		}
	case ast.CallKind:
		if e.AsCall().FunctionName() == operators.Index {
			t := r.typeOf(e.AsCall().Args()[0])
			if t != nil && t.Kind() == types.MapKind {
				return t.Parameters()[1]
			}
			return elementOf(t)
		}
	}
	return nil
}

func (r resolving) named(name string) *types.Type {
	if t, there := r.loops[name]; there {
		return t
	}
	switch name {
	case "variables":
		return r.lang.variables[r.level].typ
	case "facts":
		return r.lang.facts[r.level].typ
	case "lists":
		return r.lang.lists.typ
	}
	if s := shapeOf[Level(name)]; s != nil {
		return s.typ
	}
	return nil
}

// elementOf is what a loop over a value goes through.
func elementOf(t *types.Type) *types.Type {
	if t == nil || len(t.Parameters()) == 0 {
		return nil
	}
	return t.Parameters()[0]
}
