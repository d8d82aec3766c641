package value

import (
	"errors"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"
)

// L.groupBy(e, KEY) is @group(L.map(e, @pair(KEY, e))), and L.totalBy(e, KEY, AMOUNT) is
// @total(L.map(e, @pair(KEY, AMOUNT))). The pair keeps the type of what is in it, so that
// it is known which fields are read of the elements of a group.
const (
	PairFunction  = "@pair"
	GroupFunction = "@group"
	TotalFunction = "@total"
)

// pair is an element of a list and the key that it goes under.
type pair struct{ key, value ref.Val }

func pairOf(key, value *cel.Type) *cel.Type { return cel.OpaqueType("pair", key, value) }

// ConvertToNative implements ref.Val.
func (p pair) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("a pair has no other form")
}

// ConvertToType implements ref.Val.
func (p pair) ConvertToType(ref.Type) ref.Val { return types.NewErr("a pair has no other form") }

// Equal implements ref.Val. No rule sees a pair.
func (p pair) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (p pair) Type() ref.Type { return pairOf(cel.DynType, cel.DynType) }

// Value implements ref.Val.
func (p pair) Value() any { return p }

// keyed is a map in the order in which its keys first came.
type keyed struct {
	traits.Mapper
	keys []ref.Val
}

func newKeyed(keys []ref.Val, values map[ref.Val]ref.Val) keyed {
	return keyed{Mapper: types.NewRefValMap(types.DefaultTypeAdapter, values), keys: keys}
}

// Iterator implements traits.Iterable.
func (g keyed) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, g.keys).Iterator()
}

// Fold implements traits.Foldable.
func (g keyed) Fold(f traits.Folder) {
	for _, key := range g.keys {
		if !f.FoldEntry(key, g.Get(key)) {
			return
		}
	}
}

// gather returns the values under each key, and the keys in the order in which they come.
func gather(pairs ref.Val) (keys []ref.Val, values map[ref.Val][]ref.Val) {
	values = map[ref.Val][]ref.Val{}
	for it := pairs.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		p := it.Next().(pair)
		if _, known := values[p.key]; !known {
			keys = append(keys, p.key)
		}
		values[p.key] = append(values[p.key], p.value)
	}
	return keys, values
}

func grouped(pairs ref.Val) ref.Val {
	keys, values := gather(pairs)
	lists := make(map[ref.Val]ref.Val, len(keys))
	for key, list := range values {
		lists[key] = types.NewRefValList(types.DefaultTypeAdapter, list)
	}
	return newKeyed(keys, lists)
}

func totalled(pairs ref.Val) ref.Val {
	keys, values := gather(pairs)
	totals := make(map[ref.Val]ref.Val, len(keys))
	for _, key := range keys { // in order, so that the same error comes every time
		this := sum(types.NewRefValList(types.DefaultTypeAdapter, values[key]), nil)
		if types.IsError(this) {
			return this
		}
		totals[key] = this
	}
	return newKeyed(keys, totals)
}

func distinct(list ref.Val) ref.Val {
	seen := map[ref.Val]bool{}
	var all []ref.Val
	for it := list.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		if next := it.Next(); !seen[next] {
			seen[next] = true
			all = append(all, next)
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, all)
}

// paired expands a macro whose arguments are a name for the element, the key and, for
// some, a value.
func paired(function string) cel.MacroFactory {
	return func(f cel.MacroExprFactory, list ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		if args[0].Kind() != ast.IdentKind {
			return nil, f.NewError(args[0].ID(), "the first argument is a name for the element, as in groupBy(e, e.date)")
		}
		value := args[len(args)-1]
		if len(args) == 2 {
			value = f.NewIdent(args[0].AsIdent())
		}
		pairs, err := parser.MakeMap(f, list, []ast.Expr{args[0], f.NewCall(PairFunction, args[1], value)})
		if err != nil {
			return nil, err
		}
		return f.NewCall(function, pairs), nil
	}
}

const (
	LookupFunction = "@lookup"
	LookupOverload = "lookup_date"
)

// lookup finds what a map has under a day.
func lookup(m, key ref.Val) ref.Val {
	if v, there := m.(traits.Mapper).Find(key); there {
		return v
	}
	return types.WrapErr(ErrNoKey)
}

var ErrNoKey = Error{Reason: `it asks a map for a key that is absent; ask with "in" before reading it`, Kind: Absent}

func groupFunctions() []cel.EnvOption {
	k, v := cel.TypeParamType("K"), cel.TypeParamType("V")
	var pairs, totals, distincts []cel.FunctionOpt
	for _, key := range []*cel.Type{cel.StringType, cel.IntType, cel.BoolType, DateType} {
		name, list := key.TypeName(), cel.ListType(key)
		pairs = append(pairs, cel.Overload("pair_"+name, []*cel.Type{key, v}, pairOf(key, v),
			cel.BinaryBinding(func(key, value ref.Val) ref.Val { return pair{key, value} })))
		distincts = append(distincts, cel.MemberOverload("distinct_"+name, []*cel.Type{list}, list, cel.UnaryBinding(distinct)))
	}
	for _, amount := range []*cel.Type{MoneyType, DecimalType, cel.IntType} {
		totals = append(totals, cel.Overload("total_"+amount.TypeName(), []*cel.Type{cel.ListType(pairOf(k, amount))},
			cel.MapType(k, amount), cel.UnaryBinding(totalled)))
	}
	return []cel.EnvOption{
		cel.Macros(
			cel.ReceiverMacro("groupBy", 2, paired(GroupFunction)),
			cel.ReceiverMacro("totalBy", 3, paired(TotalFunction)),
		),
		ext.TwoVarComprehensions(),
		cel.Function(PairFunction, pairs...),
		cel.Function(GroupFunction, cel.Overload("group", []*cel.Type{cel.ListType(pairOf(k, v))},
			cel.MapType(k, cel.ListType(v)), cel.UnaryBinding(grouped))),
		cel.Function(TotalFunction, totals...),
		cel.Function("distinct", distincts...),
		cel.Function(LookupFunction, cel.Overload(LookupOverload, []*cel.Type{cel.MapType(DateType, v), DateType}, v, cel.BinaryBinding(lookup))),
	}
}

// groupCosts charge for what a function walks over.
//
// The macros of two variables are charged as the loops that they are. What puts something
// into a map is not: CEL looks at the type of the map before each call, and lists all of
// its keys for it.
func groupCosts() []cost.TrackerOption {
	return append(walked("group", "total_money", "total_decimal", "total_int",
		"distinct_string", "distinct_int", "distinct_bool", "distinct_date"),
		cost.OverloadTracker("@mapInsert_map_key_value", func(args []ref.Val, _ ref.Val) *uint64 {
			n := mapEntry + Length(args[0])/2
			return &n
		}),
		cost.OverloadTracker("@mapInsert_map_map", func(args []ref.Val, _ ref.Val) *uint64 {
			n := mapEntry + Length(args[0])/2 + mapEntry*Length(args[1])
			return &n
		}))
}

// mapEntry is the cost of one, for the memory that it takes.
const mapEntry = 4

// walked are the costs of functions that walk over their first argument.
func walked(overloads ...string) []cost.TrackerOption {
	var all []cost.TrackerOption
	for _, id := range overloads {
		all = append(all, cost.OverloadTracker(id, byLength))
	}
	return all
}

func Length(v ref.Val) uint64 {
	if sizer, ok := v.(traits.Sizer); ok {
		if size, ok := sizer.Size().(types.Int); ok && size > 0 {
			return uint64(size)
		}
	}
	return 0
}
