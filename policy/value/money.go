// Package value holds the values of the rule language: exact amounts, decimals and calendar
// dates, and the functions that rules call on them, on lists and on texts. Everything that a
// function makes is bounded before it is made.
package value

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

// Money is an exact amount in CEL. It has no conversion to a number: only amounts
// of the same currency meet.
type Money struct{ expense.Money }

var MoneyType = cel.ObjectType("money", traits.AdderType, traits.ComparerType,
	traits.MultiplierType, traits.NegatorType, traits.SubtractorType)

var (
	errMixed      = Error{Reason: "amounts of different currencies cannot be compared or added"}
	errNoCurrency = Error{Reason: `an amount without a currency code cannot be compared or added; use "posted", not "transaction"`}
	errNotAmount  = Error{Reason: "money() needs a decimal number as text"}
	errNotCode    = Error{Reason: "a currency is three capital letters"}
)

var CurrencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func NewMoney(amount, currency ref.Val) ref.Val {
	d, err := expense.ParseAmount(string(amount.(types.String)))
	if err != nil {
		return types.WrapErr(errNotAmount)
	}
	return inCurrency(d, currency)
}

func inCurrency(d decimal.Decimal, currency ref.Val) ref.Val {
	code := string(currency.(types.String))
	if !CurrencyCode.MatchString(code) {
		return types.WrapErr(errNotCode)
	}
	return Money{expense.Money{Amount: d, Currency: code}}
}

func (m Money) with(other ref.Val, do func(expense.Money) (ref.Val, error)) ref.Val {
	o, ok := other.(Money)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if m.Currency == "" || o.Currency == "" {
		return types.WrapErr(errNoCurrency)
	}
	v, err := do(o.Money)
	if err != nil {
		return arithmeticErr(err)
	}
	return v
}

// Compare implements traits.Comparer.
func (m Money) Compare(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		c, err := m.Money.Compare(o)
		return types.Int(c), err
	})
}

// Equal implements ref.Val. It errs where Compare does.
func (m Money) Equal(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		c, err := m.Money.Compare(o)
		return types.Bool(c == 0), err
	})
}

// Add implements traits.Adder.
func (m Money) Add(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		sum, err := m.Money.Add(o)
		return Money{sum}, err
	})
}

// Subtract implements traits.Subtractor.
func (m Money) Subtract(other ref.Val) ref.Val {
	return m.with(other, func(o expense.Money) (ref.Val, error) {
		o.Amount = o.Amount.Neg()
		sum, err := m.Money.Add(o)
		return Money{sum}, err
	})
}

// Negate implements traits.Negater.
func (m Money) Negate() ref.Val {
	return Money{expense.Money{Amount: m.Amount.Neg(), Currency: m.Currency}}
}

// Multiply implements traits.Multiplier, by an int or a decimal.
func (m Money) Multiply(other ref.Val) ref.Val {
	switch other.(type) {
	case types.Int, Decimal:
		return amountOf(m.Times(decimalOf(other)))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// amountOf makes a value of what arithmetic gave.
func amountOf(m expense.Money, err error) ref.Val {
	if err != nil {
		return arithmeticErr(err)
	}
	return Money{m}
}

// ConvertToNative implements ref.Val.
func (m Money) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[expense.Money]() {
		return m.Money, nil
	}
	return nil, errors.New("money has no other form")
}

// ConvertToType implements ref.Val.
func (m Money) ConvertToType(to ref.Type) ref.Val {
	if to == types.StringType {
		return types.String(m.String())
	}
	return types.NewErr("money has no other form")
}

// Type implements ref.Val.
func (m Money) Type() ref.Type { return MoneyType }

// Value implements ref.Val.
func (m Money) Value() any { return m.Money }

func moneyFunctions() []cel.EnvOption {
	one, two := []*cel.Type{MoneyType}, []*cel.Type{MoneyType, MoneyType}
	byInt, byDecimal := []*cel.Type{MoneyType, cel.IntType}, []*cel.Type{MoneyType, DecimalType}
	return []cel.EnvOption{
		operator(operators.Less, "less_money", two, cel.BoolType),
		operator(operators.LessEquals, "less_equals_money", two, cel.BoolType),
		operator(operators.Greater, "greater_money", two, cel.BoolType),
		operator(operators.GreaterEquals, "greater_equals_money", two, cel.BoolType),
		operator(operators.Add, "add_money", two, MoneyType),
		operator(operators.Subtract, "subtract_money", two, MoneyType),
		operator(operators.Multiply, "multiply_money_int", byInt, MoneyType),
		operator(operators.Multiply, "multiply_int_money", []*cel.Type{cel.IntType, MoneyType}, MoneyType),
		operator(operators.Multiply, "multiply_money_decimal", byDecimal, MoneyType),
		operator(operators.Multiply, "multiply_decimal_money", []*cel.Type{DecimalType, MoneyType}, MoneyType),
		operator(operators.Negate, "negate_money", one, MoneyType),
		cel.Function("money",
			cel.Overload("money_string_string", []*cel.Type{cel.StringType, cel.StringType}, MoneyType, cel.BinaryBinding(NewMoney)),
			cel.Overload("money_decimal_string", []*cel.Type{DecimalType, cel.StringType}, MoneyType,
				cel.BinaryBinding(func(d, currency ref.Val) ref.Val { return inCurrency(d.(Decimal).Decimal, currency) }))),
		ofMoney("dividedBy", "money_divided_by_int", byInt, MoneyType, divideMoney),
		ofMoney("dividedBy", "money_divided_by_decimal", byDecimal, MoneyType, divideMoney),
		ofMoney("round", "money_round_int", byInt, MoneyType,
			func(m Money, args ...ref.Val) ref.Val { return amountOf(m.Round(decimalsOf(args[0]))) }),
		ofMoney("roundToCurrency", "money_round_to_currency", one, MoneyType,
			func(m Money, _ ...ref.Val) ref.Val { return amountOf(m.RoundToCurrency()) }),
		ofMoney("isMultipleOf", "money_is_multiple_of_money", two, cel.BoolType, Money.isMultipleOf),
		ofMoney("convert", "money_convert_string_string", []*cel.Type{MoneyType, cel.StringType, cel.StringType}, MoneyType, Money.convert),
		ofMoney("convert", "money_convert_decimal_string", []*cel.Type{MoneyType, DecimalType, cel.StringType}, MoneyType, Money.convert),
		ofMoney("abs", "money_abs", one, MoneyType,
			func(m Money, _ ...ref.Val) ref.Val {
				return Money{expense.Money{Amount: m.Amount.Abs(), Currency: m.Currency}}
			}),
		ofMoney("isNegative", "money_is_negative", one, cel.BoolType,
			func(m Money, _ ...ref.Val) ref.Val { return types.Bool(m.Amount.IsNegative()) }),
		ofMoney("amount", "money_amount", one, DecimalType,
			func(m Money, _ ...ref.Val) ref.Val { return exact(expense.Bounded(m.Amount)) }),
		ofMoney("currency", "money_currency", one, cel.StringType,
			func(m Money, _ ...ref.Val) ref.Val { return types.String(m.Currency) }),
		cel.Function("string", cel.Overload("money_to_string", one, cel.StringType,
			cel.UnaryBinding(func(m ref.Val) ref.Val { return m.ConvertToType(types.StringType) }))),
	}
}

// ofMoney declares what is asked of an amount, the first of the arguments.
func ofMoney(name, id string, args []*cel.Type, result *cel.Type, do func(m Money, args ...ref.Val) ref.Val) cel.EnvOption {
	var binding cel.OverloadOpt
	switch len(args) {
	case 1:
		binding = cel.UnaryBinding(func(m ref.Val) ref.Val { return do(m.(Money)) })
	case 2:
		binding = cel.BinaryBinding(func(m, a ref.Val) ref.Val { return do(m.(Money), a) })
	default:
		binding = cel.FunctionBinding(func(all ...ref.Val) ref.Val { return do(all[0].(Money), all[1:]...) })
	}
	return cel.Function(name, cel.MemberOverload(id, args, result, binding))
}

func divideMoney(m Money, args ...ref.Val) ref.Val { return amountOf(m.DividedBy(decimalOf(args[0]))) }

func (m Money) isMultipleOf(args ...ref.Val) ref.Val {
	return m.with(args[0], func(o expense.Money) (ref.Val, error) {
		multiple, err := m.IsMultipleOf(o)
		return types.Bool(multiple), err
	})
}

// convert takes the rate as a decimal, or as the text that a report carries. The amount may
// be one without a currency code: the rate is what leads from it to the other currency.
func (m Money) convert(args ...ref.Val) ref.Val {
	to := string(args[1].(types.String))
	if !CurrencyCode.MatchString(to) {
		return types.WrapErr(errNotCode)
	}
	if text, ok := args[0].(types.String); ok {
		rate, err := expense.ParseAmount(string(text))
		if err != nil {
			return arithmeticErr(expense.ErrRate)
		}
		return amountOf(m.Convert(rate, to))
	}
	return amountOf(m.Convert(decimalOf(args[0]), to))
}
