package policy

import (
	"errors"
	"reflect"
	"regexp"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/shopspring/decimal"

	"concur-connector/expense"
)

// money is an exact amount in CEL. It has no conversion to a number: only amounts
// of the same currency meet.
type money struct{ expense.Money }

var moneyType = cel.ObjectType("money", traits.AdderType, traits.ComparerType,
	traits.MultiplierType, traits.NegatorType, traits.SubtractorType)

const (
	errMixed      = failure("amounts of different currencies cannot be compared or added")
	errNoCurrency = failure(`an amount without a currency code cannot be compared or added; use "posted", not "transaction"`)
	errNotAmount  = failure("money() needs a decimal number as text")
	errNotCode    = failure("a currency is three capital letters")
	errEmptySum   = failure(`the sum of no amounts has no currency; give one: sum(list, "USD")`)
)

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func newMoney(amount, currency ref.Val) ref.Val {
	d, err := expense.ParseAmount(string(amount.(types.String)))
	if err != nil {
		return types.WrapErr(errNotAmount)
	}
	code := string(currency.(types.String))
	if !currencyCode.MatchString(code) {
		return types.WrapErr(errNotCode)
	}
	return money{expense.Money{Amount: d, Currency: code}}
}

func (m money) with(other ref.Val, do func(expense.Money) (ref.Val, error)) ref.Val {
	o, ok := other.(money)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if m.Currency == "" || o.Currency == "" {
		return types.WrapErr(errNoCurrency)
	}
	v, err := do(o.Money)
	switch {
	case errors.Is(err, expense.ErrMixedCurrencies):
		return types.WrapErr(errMixed)
	case err != nil:
		return types.WrapErr(err)
	}
	return v
}

// Compare implements traits.Comparer.
func (m money) Compare(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		c, err := m.Money.Compare(o)
		return types.Int(c), err
	})
}

// Equal implements ref.Val. It errs where Compare does.
func (m money) Equal(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		c, err := m.Money.Compare(o)
		return types.Bool(c == 0), err
	})
}

// Add implements traits.Adder.
func (m money) Add(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		sum, err := m.Money.Add(o)
		return money{sum}, err
	})
}

// Subtract implements traits.Subtractor.
func (m money) Subtract(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		o.Amount = o.Amount.Neg()
		sum, err := m.Money.Add(o)
		return money{sum}, err
	})
}

// Negate implements traits.Negater.
func (m money) Negate() ref.Val {
	return money{expense.Money{Amount: m.Amount.Neg(), Currency: m.Currency}}
}

// Multiply implements traits.Multiplier, by an int.
func (m money) Multiply(other ref.Val) ref.Val {
	n, ok := other.(types.Int)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return money{expense.Money{Amount: m.Amount.Mul(decimal.NewFromInt(int64(n))), Currency: m.Currency}}
}

// ConvertToNative implements ref.Val.
func (m money) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[expense.Money]() {
		return m.Money, nil
	}
	return nil, errors.New("money has no other form")
}

// ConvertToType implements ref.Val.
func (m money) ConvertToType(to ref.Type) ref.Val {
	if to == types.StringType {
		return types.String(m.String())
	}
	return types.NewErr("money has no other form")
}

// Type implements ref.Val.
func (m money) Type() ref.Type { return moneyType }

// Value implements ref.Val.
func (m money) Value() any { return m.Money }

func sum(amounts traits.Lister, total ref.Val) ref.Val {
	for it := amounts.Iterator(); it.HasNext() == types.True; {
		next, ok := it.Next().(money)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		if total == nil {
			total = money{expense.Money{Currency: next.Currency}}
		}
		if total = total.(money).Add(next); types.IsError(total) {
			return total
		}
	}
	if total == nil {
		return types.WrapErr(errEmptySum)
	}
	return total
}

func moneyFunctions() []cel.EnvOption {
	two, list := []*cel.Type{moneyType, moneyType}, cel.ListType(moneyType)
	operator := func(name, id string, args []*cel.Type, result *cel.Type) cel.EnvOption {
		return cel.Function(name, cel.Overload(id, args, result)) // CEL calls the trait
	}
	return []cel.EnvOption{
		operator(operators.Less, "less_money", two, cel.BoolType),
		operator(operators.LessEquals, "less_equals_money", two, cel.BoolType),
		operator(operators.Greater, "greater_money", two, cel.BoolType),
		operator(operators.GreaterEquals, "greater_equals_money", two, cel.BoolType),
		operator(operators.Add, "add_money", two, moneyType),
		operator(operators.Subtract, "subtract_money", two, moneyType),
		operator(operators.Multiply, "multiply_money_int", []*cel.Type{moneyType, cel.IntType}, moneyType),
		operator(operators.Negate, "negate_money", []*cel.Type{moneyType}, moneyType),
		cel.Function("money", cel.Overload("money_string_string",
			[]*cel.Type{cel.StringType, cel.StringType}, moneyType, cel.BinaryBinding(newMoney))),
		cel.Function("sum",
			cel.Overload(sumOverload, []*cel.Type{list}, moneyType,
				cel.UnaryBinding(func(l ref.Val) ref.Val { return sum(l.(traits.Lister), nil) })),
			cel.Overload(sumInOverload, []*cel.Type{list, cel.StringType}, moneyType,
				cel.BinaryBinding(func(l, currency ref.Val) ref.Val {
					zero := newMoney(types.String("0"), currency)
					if types.IsError(zero) {
						return zero
					}
					return sum(l.(traits.Lister), zero)
				}))),
		cel.Function("currency", cel.MemberOverload("money_currency", []*cel.Type{moneyType}, cel.StringType,
			cel.UnaryBinding(func(m ref.Val) ref.Val { return types.String(m.(money).Currency) }))),
		cel.Function("string", cel.Overload("money_to_string", []*cel.Type{moneyType}, cel.StringType,
			cel.UnaryBinding(func(m ref.Val) ref.Val { return m.ConvertToType(types.StringType) }))),
	}
}

const (
	sumOverload   = "sum_list_money"
	sumInOverload = "sum_list_money_string"
)
