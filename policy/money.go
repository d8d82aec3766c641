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
)

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func newMoney(amount, currency ref.Val) ref.Val {
	d, err := expense.ParseAmount(string(amount.(types.String)))
	if err != nil {
		return types.WrapErr(errNotAmount)
	}
	return inCurrency(d, currency)
}

func inCurrency(d decimal.Decimal, currency ref.Val) ref.Val {
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
	if err != nil {
		return arithmeticErr(err)
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

// Multiply implements traits.Multiplier, by an int or a decimal.
func (m money) Multiply(other ref.Val) ref.Val {
	switch other.(type) {
	case types.Int, number:
		return amountOf(m.Times(decimalOf(other)))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// amountOf makes a value of what arithmetic gave.
func amountOf(m expense.Money, err error) ref.Val {
	if err != nil {
		return arithmeticErr(err)
	}
	return money{m}
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

func moneyFunctions() []cel.EnvOption {
	one, two := []*cel.Type{moneyType}, []*cel.Type{moneyType, moneyType}
	byInt, byDecimal := []*cel.Type{moneyType, cel.IntType}, []*cel.Type{moneyType, decimalType}
	return []cel.EnvOption{
		operator(operators.Less, "less_money", two, cel.BoolType),
		operator(operators.LessEquals, "less_equals_money", two, cel.BoolType),
		operator(operators.Greater, "greater_money", two, cel.BoolType),
		operator(operators.GreaterEquals, "greater_equals_money", two, cel.BoolType),
		operator(operators.Add, "add_money", two, moneyType),
		operator(operators.Subtract, "subtract_money", two, moneyType),
		operator(operators.Multiply, "multiply_money_int", byInt, moneyType),
		operator(operators.Multiply, "multiply_int_money", []*cel.Type{cel.IntType, moneyType}, moneyType),
		operator(operators.Multiply, "multiply_money_decimal", byDecimal, moneyType),
		operator(operators.Multiply, "multiply_decimal_money", []*cel.Type{decimalType, moneyType}, moneyType),
		operator(operators.Negate, "negate_money", one, moneyType),
		cel.Function("money",
			cel.Overload("money_string_string", []*cel.Type{cel.StringType, cel.StringType}, moneyType, cel.BinaryBinding(newMoney)),
			cel.Overload("money_decimal_string", []*cel.Type{decimalType, cel.StringType}, moneyType,
				cel.BinaryBinding(func(d, currency ref.Val) ref.Val { return inCurrency(d.(number).Decimal, currency) }))),
		ofMoney("dividedBy", "money_divided_by_int", byInt, moneyType, divideMoney),
		ofMoney("dividedBy", "money_divided_by_decimal", byDecimal, moneyType, divideMoney),
		ofMoney("round", "money_round_int", byInt, moneyType,
			func(m money, args ...ref.Val) ref.Val { return amountOf(m.Round(decimalsOf(args[0]))) }),
		ofMoney("rounded", "money_rounded", one, moneyType,
			func(m money, _ ...ref.Val) ref.Val { return amountOf(m.Rounded()) }),
		ofMoney("isMultipleOf", "money_is_multiple_of_money", two, cel.BoolType, money.isMultipleOf),
		ofMoney("convert", "money_convert_string_string", []*cel.Type{moneyType, cel.StringType, cel.StringType}, moneyType, money.convert),
		ofMoney("convert", "money_convert_decimal_string", []*cel.Type{moneyType, decimalType, cel.StringType}, moneyType, money.convert),
		ofMoney("abs", "money_abs", one, moneyType,
			func(m money, _ ...ref.Val) ref.Val {
				return money{expense.Money{Amount: m.Amount.Abs(), Currency: m.Currency}}
			}),
		ofMoney("isNegative", "money_is_negative", one, cel.BoolType,
			func(m money, _ ...ref.Val) ref.Val { return types.Bool(m.Amount.IsNegative()) }),
		ofMoney("amount", "money_amount", one, decimalType,
			func(m money, _ ...ref.Val) ref.Val { return exact(expense.Bounded(m.Amount)) }),
		ofMoney("currency", "money_currency", one, cel.StringType,
			func(m money, _ ...ref.Val) ref.Val { return types.String(m.Currency) }),
		cel.Function("string", cel.Overload("money_to_string", one, cel.StringType,
			cel.UnaryBinding(func(m ref.Val) ref.Val { return m.ConvertToType(types.StringType) }))),
	}
}

// ofMoney declares what is asked of an amount, the first of the arguments.
func ofMoney(name, id string, args []*cel.Type, result *cel.Type, do func(m money, args ...ref.Val) ref.Val) cel.EnvOption {
	var binding cel.OverloadOpt
	switch len(args) {
	case 1:
		binding = cel.UnaryBinding(func(m ref.Val) ref.Val { return do(m.(money)) })
	case 2:
		binding = cel.BinaryBinding(func(m, a ref.Val) ref.Val { return do(m.(money), a) })
	default:
		binding = cel.FunctionBinding(func(all ...ref.Val) ref.Val { return do(all[0].(money), all[1:]...) })
	}
	return cel.Function(name, cel.MemberOverload(id, args, result, binding))
}

func divideMoney(m money, args ...ref.Val) ref.Val { return amountOf(m.DividedBy(decimalOf(args[0]))) }

func (m money) isMultipleOf(args ...ref.Val) ref.Val {
	return m.with(args[0], func(o expense.Money) (ref.Val, error) {
		multiple, err := m.IsMultipleOf(o)
		return types.Bool(multiple), err
	})
}

// convert takes the rate as a decimal, or as the text that a report carries. The amount may
// be one without a currency code: the rate is what leads from it to the other currency.
func (m money) convert(args ...ref.Val) ref.Val {
	to := string(args[1].(types.String))
	if !currencyCode.MatchString(to) {
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
