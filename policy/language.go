package policy

import (
	"fmt"
	"slices"
	"strings"

	"concur-connector/policy/hint"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// language is what the expressions of one rules file may name, by level. The variables, facts
// and lists of the file are added while it is read.
type language struct {
	env       map[rulesfile.Level]*cel.Env
	variables map[rulesfile.Level]*shape // what "variables" is at each level
	facts     map[rulesfile.Level]*shape // what "facts" is
	lists     *shape                     // what "lists" is
	known     provider
	hints     hint.Language
}

const (
	maxNodes   = 10000 // of one expression, macros expanded
	maxNesting = 100
)

// The names of the types that the rules file adds. No rule can name them.
const (
	variablesOf = "Variables of "
	factsOf     = "Facts of "
	listsShape  = "Lists"
)

func newLanguage() (*language, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("prepare the language of rules: %w", err)
	}
	lang := &language{
		env: map[rulesfile.Level]*cel.Env{}, variables: map[rulesfile.Level]*shape{}, facts: map[rulesfile.Level]*shape{},
		known: provider{Registry: registry, shapes: map[string]*shape{
			// Amounts, decimals and dates have no fields. As shapes they make CEL report an unknown field.
			"money":   {name: "money", typ: value.MoneyType},
			"decimal": {name: "decimal", typ: value.DecimalType},
			"date":    {name: "date", typ: value.DateType},
		}},
	}
	for _, s := range append(parts(), fieldShape) {
		lang.known.shapes[s.name] = s
	}
	lang.lists = lang.newShape(listsShape)
	options := []cel.EnvOption{
		cel.CustomTypeProvider(lang.known),
		cel.CustomTypeAdapter(registry),
		cel.ExtendedValidations(),
		cel.ParserExpressionSizeLimit(value.MaxExpression),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ParserRecursionLimit(maxNesting),
		cel.ASTValidators(cel.ValidateRegexProgramSizeLimit(value.MaxPattern)),
		cel.EnableMacroCallTracking(), // to show a part of an expression as it was written
	}
	bare, err := cel.NewCustomEnv(slices.Concat(options, value.Library())...)
	if err != nil {
		return nil, fmt.Errorf("prepare the language of rules: %w", err)
	}
	for _, level := range rulesfile.Levels {
		lang.variables[level] = lang.newShape(variablesOf + string(level))
		lang.facts[level] = lang.newShape(factsOf + string(level))
		known := []cel.EnvOption{
			cel.Variable("variables", lang.variables[level].typ),
			cel.Variable("facts", lang.facts[level].typ),
			cel.Variable("lists", lang.lists.typ),
			cel.Variable("today", value.DateType),
		}
		var sees []string
		for l := level; l != ""; l = l.Outer() {
			known = append(known, cel.Variable(string(l), shapeOf[l].typ))
			sees = append(sees, string(l))
		}
		if lang.env[level], err = bare.Extend(known...); err != nil {
			return nil, fmt.Errorf("prepare the language of rules: %w", err)
		}
		lang.hints = append(lang.hints, hint.Level{Name: string(level), Env: lang.env[level], Sees: sees})
	}
	return lang, nil
}

// ours reports whether the rules file adds the type: nothing of a report is in it.
func (l *language) ours(t *types.Type) bool {
	s := l.known.shapes[t.TypeName()]
	return s != nil && s.ours
}

// adds returns "variables", "facts" or "lists" for the type of that name, and nothing for others.
func (l *language) adds(t *types.Type) string {
	switch name := t.TypeName(); {
	case strings.HasPrefix(name, variablesOf):
		return "variables"
	case strings.HasPrefix(name, factsOf):
		return "facts"
	case name == listsShape:
		return "lists"
	}
	return ""
}

// newShape adds a type to the language. Its fields are added later.
func (l *language) newShape(name string) *shape {
	s := newShape(name, map[string]shapeField{})
	s.ours = true
	l.known.shapes[name] = s
	return s
}
