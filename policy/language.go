package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// Level says what a rule is evaluated on.
type Level string

// The levels of a rule.
const (
	ReportLevel Level = "report" // once
	EntryLevel  Level = "entry"  // once for each entry

	RequestLevel Level = "request" // once, of a travel request
)

// language is what expressions may say, by level.
type language map[Level]*cel.Env

const (
	maxExpression = 4000  // characters
	maxNodes      = 10000 // of one expression, macros expanded
	maxNesting    = 100
)

func newLanguage() (language, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("prepare the language of rules: %w", err)
	}
	known := provider{Registry: registry, shapes: map[string]*shape{
		// Amounts and dates have no fields; as shapes they answer for themselves.
		"money": {name: "money", typ: moneyType},
		"date":  {name: "date", typ: dayType},
	}}
	for _, s := range append(parts(), fieldShape) {
		known.shapes[s.name] = s
	}
	// dyn and type would let an expression leave the types behind.
	untyped := env.NewLibrarySubset().AddExcludedFunctions(env.NewFunction("dyn"), env.NewFunction("type"))
	options := []cel.EnvOption{
		cel.CustomTypeProvider(known),
		cel.CustomTypeAdapter(registry),
		cel.StdLib(cel.StdLibSubset(untyped)),
		ext.Strings(),
		cel.ExtendedValidations(),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ParserRecursionLimit(maxNesting),
		cel.RegexProgramSizeLimit(10000),
	}
	options = append(options, moneyFunctions()...)
	options = append(options, dateFunctions()...)
	bare, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the language of rules: %w", err)
	}
	lang := language{}
	for level, variables := range variables {
		var known []cel.EnvOption
		for name, s := range variables {
			known = append(known, cel.Variable(name, s.typ))
		}
		if lang[level], err = bare.Extend(known...); err != nil {
			return nil, fmt.Errorf("prepare the language of rules: %w", err)
		}
	}
	return lang, nil
}

// variables are what the rules of each level see.
var variables = map[Level]map[string]*shape{
	ReportLevel:  {"report": reportShape},
	EntryLevel:   {"report": reportShape, "entry": entryShape},
	RequestLevel: {"request": requestShape},
}

// program makes a checked expression ready to run under the limit of one evaluation.
func program(e *cel.Env, checked *cel.Ast) (cel.Program, error) {
	return e.Program(checked,
		cel.EvalOptions(cel.OptOptimize),
		cel.CostLimit(maxCost),
		cel.CostTrackerOptions(
			cost.OverloadTracker(sumOverload, byLength),
			cost.OverloadTracker(sumInOverload, byLength),
		),
		cel.InterruptCheckFrequency(100),
	)
}

func byLength(args []ref.Val, _ ref.Val) *uint64 {
	n := uint64(1)
	if list, ok := args[0].(traits.Sizer); ok {
		if size, ok := list.Size().(types.Int); ok {
			n += uint64(size)
		}
	}
	return &n
}
