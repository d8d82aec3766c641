package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
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
		"money":   {name: "money", typ: moneyType},
		"decimal": {name: "decimal", typ: decimalType},
		"date":    {name: "date", typ: dayType},
	}}
	for _, s := range append(parts(), fieldShape) {
		known.shapes[s.name] = s
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(known),
		cel.CustomTypeAdapter(registry),
		standard(),
		ext.Strings(),
		cel.ExtendedValidations(),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ParserRecursionLimit(maxNesting),
		cel.RegexProgramSizeLimit(10000),
	}
	bare, err := cel.NewCustomEnv(append(options, ownFunctions()...)...)
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
		cel.CostTrackerOptions(ownCosts()...),
		cel.InterruptCheckFrequency(100),
	)
}

// ownFunctions are what the language has beside CEL's own.
func ownFunctions() []cel.EnvOption {
	return slices.Concat(boundedFunctions(), moneyFunctions(), decimalFunctions(), sumFunctions(),
		dateFunctions(), groupFunctions())
}

func ownCosts() []cost.TrackerOption {
	return slices.Concat(boundedCosts(), sumCosts(), groupCosts())
}

func byLength(args []ref.Val, _ ref.Val) *uint64 {
	n := 1 + lengthOf(args[0])
	return &n
}
