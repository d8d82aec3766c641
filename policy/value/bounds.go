package value

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// CEL charges for a call after it ran. What a call can make is therefore bounded before it
// runs: a text by its bytes, a list by its elements.
const (
	maxText = 64 << 10
	maxList = 100_000
)

var (
	errLongText = Error{Reason: "a text grows too large"}
	errLongList = Error{Reason: "a list grows too large"}
)

// LeftOut are the functions of CEL and of its strings that rules do not have, and what to
// write instead. Floating-point numbers are not exact, a report has days and no times, and
// dyn and type would let an expression leave the types behind. What format and
// strings.quote make is not bounded.
var LeftOut = map[string]string{
	"double":    `floating-point numbers are not exact; write decimal("1.5")`,
	"uint":      "whole numbers are ints; write 3, or int(text)",
	"bytes":     "rules have texts and no bytes",
	"dyn":       "every value has its type here",
	"type":      "every value has its type here",
	"format":    `join texts with + and string(): "Limit: " + string(limit)`,
	"timestamp": `a report has days, not times; write date("2026-05-01")`,
	"duration":  "a report has days, not times; write d.plusDays(30) or daysBetween(a, b)",

	"getFullYear": "write d.year()", "getMonth": "write d.month(), which is 1 in January",
	"getDate": "write d.day()", "getDayOfMonth": "write d.day()", "getDayOfYear": "write daysBetween(a, b)",
	"getDayOfWeek": `write d.weekday(), which is "monday" to "sunday", or d.isWeekend()`,
	"getHours":     "a report has days, not times", "getMinutes": "a report has days, not times",
	"getSeconds": "a report has days, not times", "getMilliseconds": "a report has days, not times",
	"strings.quote": "a text in quotation marks is \"'\" + text + \"'\"",
}

// Library declares the functions of rules: those of CEL and its strings that are exact and
// bounded, and those of amounts, decimals, dates, sums and groups.
func Library() []cel.EnvOption {
	return slices.Concat([]cel.EnvOption{standard(), ext.Strings()}, boundedFunctions(), moneyFunctions(),
		decimalFunctions(), sumFunctions(), dateFunctions(), groupFunctions())
}

// Costs charges for the functions of [Library] that CEL takes to cost nothing.
func Costs() []cost.TrackerOption {
	return slices.Concat(boundedCosts(), sumCosts(), groupCosts())
}

func byLength(args []ref.Val, _ ref.Val) *uint64 {
	n := 1 + Length(args[0])
	return &n
}

// standard is CEL's own library without what is left out, and without what is bounded, or
// extended, elsewhere.
func standard() cel.EnvOption {
	subset := env.NewLibrarySubset()
	for name := range LeftOut {
		subset.AddExcludedFunctions(env.NewFunction(name))
	}
	subset.AddExcludedFunctions(env.NewFunction(operators.Add), env.NewFunction(operators.Multiply), env.NewFunction(overloads.Matches))
	return cel.StdLib(cel.StdLibSubset(subset))
}

func boundedFunctions() []cel.EnvOption {
	list := cel.ListType(cel.TypeParamType("A"))
	texts, s, i := cel.ListType(cel.StringType), cel.StringType, cel.IntType
	return []cel.EnvOption{
		matchesFunction(),
		cel.Function(operators.Add,
			cel.Overload(overloads.AddInt64, []*cel.Type{i, i}, i),
			cel.Overload(overloads.AddString, []*cel.Type{s, s}, s),
			cel.Overload(overloads.AddList, []*cel.Type{list, list}, list),
			cel.SingletonBinaryBinding(addBounded, traits.AdderType)),
		cel.Function(operators.Multiply,
			cel.Overload(overloads.MultiplyInt64, []*cel.Type{i, i}, i),
			cel.SingletonBinaryBinding(multiplyAny, traits.MultiplierType)),
		cel.Function("replace",
			cel.MemberOverload("string_replace_string_string", []*cel.Type{s, s, s}, s, cel.FunctionBinding(replaceBounded)),
			cel.MemberOverload("string_replace_string_string_int", []*cel.Type{s, s, s, i}, s, cel.FunctionBinding(replaceBounded))),
		cel.Function("join",
			cel.MemberOverload("list_join", []*cel.Type{texts}, s,
				cel.UnaryBinding(func(all ref.Val) ref.Val { return joinBounded(all, types.String("")) })),
			cel.MemberOverload("list_join_string", []*cel.Type{texts, s}, s, cel.BinaryBinding(joinBounded))),
	}
}

// boundedCosts charge for what CEL takes to cost nothing: it knows of no list that is
// copied, and of no text that is long.
func boundedCosts() []cost.TrackerOption {
	all := []cost.TrackerOption{
		cost.OverloadTracker(overloads.AddList, func(args []ref.Val, _ ref.Val) *uint64 {
			n := uint64(1)
			if _, loop := args[0].(traits.MutableLister); !loop {
				n += Length(args[0]) + Length(args[1])
			}
			return &n
		}),
		// A pattern of few characters may become a program of many steps for each character.
		cost.OverloadTracker(overloads.MatchesString, func(args []ref.Val, _ ref.Val) *uint64 {
			text, _ := args[0].(types.String)
			pattern, _ := args[1].(types.String)
			n := 1 + uint64(len(text)+1)*uint64(2+len(pattern)/4)
			return &n
		}),
	}
	for _, id := range []string{overloads.SizeString, overloads.SizeStringInst, overloads.StringToInt, overloads.StringToBool} {
		all = append(all, cost.OverloadTracker(id, func(args []ref.Val, _ ref.Val) *uint64 {
			n := uint64(1)
			if text, ok := args[0].(types.String); ok {
				n += uint64(len(text)) / 10
			}
			return &n
		}))
	}
	return all
}

// addBounded joins lists into a new one: CEL's own remembers only that they are to be joined, and
// lists of lists of nothing would grow without being charged for.
func addBounded(a, b ref.Val) ref.Val {
	switch a := a.(type) {
	case types.String:
		if b, ok := b.(types.String); ok && len(a)+len(b) > maxText {
			return types.WrapErr(errLongText)
		}
	case traits.MutableLister: // of a loop, which adds one element at a time
	case traits.Lister:
		if b, ok := b.(traits.Lister); ok {
			return joinedLists(a, b)
		}
	}
	if adder, ok := a.(traits.Adder); ok {
		return adder.Add(b)
	}
	return types.MaybeNoSuchOverloadErr(a)
}

func joinedLists(a, b traits.Lister) ref.Val {
	size := Length(a) + Length(b)
	if size > maxList {
		return types.WrapErr(errLongList)
	}
	all := make([]ref.Val, 0, size)
	for _, list := range []traits.Lister{a, b} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			all = append(all, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, all)
}

// multiplyAny knows that an amount may stand behind.
func multiplyAny(a, b ref.Val) ref.Val {
	if m, ok := b.(Money); ok {
		a, b = m, a
	}
	if factor, ok := a.(traits.Multiplier); ok {
		return factor.Multiply(b)
	}
	return types.MaybeNoSuchOverloadErr(a)
}

func replaceBounded(args ...ref.Val) ref.Val {
	text, from, to := string(args[0].(types.String)), string(args[1].(types.String)), string(args[2].(types.String))
	times := strings.Count(text, from)
	if len(args) == 4 {
		if limit := args[3].(types.Int); limit >= 0 {
			times = int(min(limit, types.Int(times)))
		}
	}
	if grown := len(text) + times*(len(to)-len(from)); grown > maxText && times > 0 {
		return types.WrapErr(errLongText)
	}
	return types.String(strings.Replace(text, from, to, times))
}

func joinBounded(all, between ref.Val) ref.Val {
	list, separator := all.(traits.Lister), string(between.(types.String))
	var b strings.Builder
	for it, first := list.Iterator(), true; it.HasNext() == types.True; first = false {
		next, ok := it.Next().(types.String)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		if !first {
			b.WriteString(separator)
		}
		if b.Len()+len(next) > maxText {
			return types.WrapErr(errLongText)
		}
		b.WriteString(string(next))
	}
	return types.String(b.String())
}
