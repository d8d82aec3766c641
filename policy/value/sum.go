package value

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/shopspring/decimal"

	"concur-connector/expense"
)

var (
	errEmptySum  = Error{Reason: `the sum of no amounts has no currency; give one: sum(list, "USD")`, Kind: Unavailable}
	errNoneIsMin = Error{Reason: "of an empty list there is no min() and no max(); ask size() first", Kind: Unavailable}
)

// sum adds the values of a list to a total, nil for none yet. Of no values it is the total.
func sum(list ref.Val, total ref.Val) ref.Val {
	for it := list.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		next := it.Next()
		if total == nil {
			total = nothing(next)
		}
		adder, ok := total.(traits.Adder)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		if total = adder.Add(next); types.IsError(total) {
			return total
		}
	}
	return total
}

// nothing is what a value is added to first, so that one without a currency errs.
func nothing(like ref.Val) ref.Val {
	switch v := like.(type) {
	case Money:
		return Money{expense.Money{Currency: v.Currency}}
	case Decimal:
		return Decimal{}
	}
	return types.IntZero
}

func sumOfMoney(list ref.Val) ref.Val {
	if total := sum(list, nil); total != nil {
		return total
	}
	return types.WrapErr(errEmptySum)
}

// extreme returns the value of a list that goes before all others, by the sign of its
// comparison with them; the first of equal ones.
func extreme(sign types.Int) func(ref.Val) ref.Val {
	return func(list ref.Val) ref.Val {
		var found ref.Val
		for it := list.(traits.Lister).Iterator(); it.HasNext() == types.True; {
			next := it.Next()
			comparer, ok := next.(traits.Comparer)
			if !ok {
				return types.NoSuchOverloadErr()
			}
			against := found
			if against == nil {
				against = next // an amount without a currency errs, be it alone
			}
			order := comparer.Compare(against)
			if types.IsError(order) {
				return order
			}
			if found == nil || order == sign {
				found = next
			}
		}
		if found == nil {
			return types.WrapErr(errNoneIsMin)
		}
		return found
	}
}

// of a list, by what is in it.
func overList(name string, binding func(ref.Val) ref.Val, of ...*cel.Type) cel.EnvOption {
	var overloads []cel.FunctionOpt
	for _, t := range of {
		overloads = append(overloads, cel.Overload(name+"_list_"+t.TypeName(), []*cel.Type{cel.ListType(t)}, t, cel.UnaryBinding(binding)))
	}
	return cel.Function(name, overloads...)
}

func sumFunctions() []cel.EnvOption {
	from := func(zero ref.Val) func(ref.Val) ref.Val {
		return func(list ref.Val) ref.Val { return sum(list, zero) }
	}
	return []cel.EnvOption{
		overList("sum", sumOfMoney, MoneyType),
		overList("sum", from(Decimal{decimal.Zero}), DecimalType),
		overList("sum", from(types.IntZero), cel.IntType),
		cel.Function("sum", cel.Overload("sum_list_money_string", []*cel.Type{cel.ListType(MoneyType), cel.StringType}, MoneyType,
			cel.BinaryBinding(func(list, currency ref.Val) ref.Val {
				zero := inCurrency(decimal.Zero, currency)
				if types.IsError(zero) {
					return zero
				}
				return sum(list, zero)
			}))),
		overList("min", extreme(-1), MoneyType, DecimalType, cel.IntType, DateType),
		overList("max", extreme(1), MoneyType, DecimalType, cel.IntType, DateType),
	}
}

// sumCosts charge for what a function walks over.
func sumCosts() []cost.TrackerOption {
	return walked("sum_list_money", "sum_list_decimal", "sum_list_int", "sum_list_money_string",
		"min_list_money", "min_list_decimal", "min_list_int", "min_list_date",
		"max_list_money", "max_list_decimal", "max_list_int", "max_list_date")
}
