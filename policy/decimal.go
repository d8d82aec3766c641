package policy

import (
	"errors"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/shopspring/decimal"

	"concur-connector/expense"
)

// number is an exact decimal number in CEL. It meets only its like: an int and a text are
// made one by decimal().
type number struct{ decimal.Decimal }

var decimalType = cel.ObjectType("decimal", traits.AdderType, traits.ComparerType,
	traits.MultiplierType, traits.NegatorType, traits.SubtractorType)

const errNotDecimal = failure(`decimal() needs a decimal number as text; ask isDecimal() first`)

// exact makes a value of what arithmetic gave.
func exact(d decimal.Decimal, err error) ref.Val {
	if err != nil {
		return arithmeticErr(err)
	}
	return number{d}
}

// arithmeticErr is the error of a value for one of arithmetic.
func arithmeticErr(err error) ref.Val {
	text, known := arithmetic[err]
	if !known {
		text = "a value does not fit what is done with it"
	}
	return types.WrapErr(text)
}

// arithmetic says to the reader of a rule what arithmetic says.
var arithmetic = map[error]failure{
	expense.ErrMixedCurrencies: errMixed,
	expense.ErrTooLarge:        "a number grows too large",
	expense.ErrDivideByZero:    "it divides by zero",
	expense.ErrDecimals:        "a number is rounded to 0 to 20 decimals",
	expense.ErrRate:            "an exchange rate must be a decimal number above zero; ask with has() whether there is one",
	expense.ErrMinorUnit:       "an amount without a currency code has no decimals of its own; use round(2)",
}

// meet does something with two numbers.
func (n number) meet(other ref.Val, do func(a, b decimal.Decimal) ref.Val) ref.Val {
	o, ok := other.(number)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return do(n.Decimal, o.Decimal)
}

// Compare implements traits.Comparer.
func (n number) Compare(other ref.Val) ref.Val {
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return types.Int(a.Cmp(b)) })
}

// Equal implements ref.Val: 1.0 is 1.00.
func (n number) Equal(other ref.Val) ref.Val {
	o, ok := other.(number)
	return types.Bool(ok && n.Decimal.Equal(o.Decimal))
}

// Add implements traits.Adder.
func (n number) Add(other ref.Val) ref.Val {
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return exact(expense.Bounded(a.Add(b))) })
}

// Subtract implements traits.Subtractor.
func (n number) Subtract(other ref.Val) ref.Val {
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return exact(expense.Bounded(a.Sub(b))) })
}

// Multiply implements traits.Multiplier, also of an amount.
func (n number) Multiply(other ref.Val) ref.Val {
	if m, ok := other.(money); ok {
		return m.Multiply(n)
	}
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return exact(expense.Bounded(a.Mul(b))) })
}

// Negate implements traits.Negater.
func (n number) Negate() ref.Val { return number{n.Neg()} }

// ConvertToNative implements ref.Val.
func (n number) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[decimal.Decimal]() {
		return n.Decimal, nil
	}
	return nil, errors.New("a decimal has no other form")
}

// ConvertToType implements ref.Val.
func (n number) ConvertToType(to ref.Type) ref.Val {
	if to == types.StringType {
		return types.String(n.String())
	}
	return types.NewErr("a decimal has no other form")
}

// Type implements ref.Val.
func (n number) Type() ref.Type { return decimalType }

// Value implements ref.Val.
func (n number) Value() any { return n.Decimal }

// decimalOf reads an int or a decimal.
func decimalOf(v ref.Val) decimal.Decimal {
	if i, ok := v.(types.Int); ok {
		return decimal.NewFromInt(int64(i))
	}
	return v.(number).Decimal
}

// decimalsOf reads how many decimals to round to. What does not fit an int is refused by
// the arithmetic as well.
func decimalsOf(v ref.Val) int {
	return int(max(-1, min(v.(types.Int), expense.MaxRoundDecimals+1)))
}

func newDecimal(text ref.Val) ref.Val {
	d, err := expense.ParseAmount(string(text.(types.String)))
	if err != nil {
		return types.WrapErr(errNotDecimal)
	}
	return number{d}
}

func decimalFunctions() []cel.EnvOption {
	one, two := []*cel.Type{decimalType}, []*cel.Type{decimalType, decimalType}
	divided := func(args ...ref.Val) ref.Val {
		return exact(expense.DivideRounded(args[0].(number).Decimal, decimalOf(args[1]), decimalsOf(args[2])))
	}
	return []cel.EnvOption{
		operator(operators.Less, "less_decimal", two, cel.BoolType),
		operator(operators.LessEquals, "less_equals_decimal", two, cel.BoolType),
		operator(operators.Greater, "greater_decimal", two, cel.BoolType),
		operator(operators.GreaterEquals, "greater_equals_decimal", two, cel.BoolType),
		operator(operators.Add, "add_decimal", two, decimalType),
		operator(operators.Subtract, "subtract_decimal", two, decimalType),
		operator(operators.Multiply, "multiply_decimal", two, decimalType),
		operator(operators.Negate, "negate_decimal", one, decimalType),
		cel.Function("decimal",
			cel.Overload("decimal_string", []*cel.Type{cel.StringType}, decimalType, cel.UnaryBinding(newDecimal)),
			cel.Overload("decimal_int", []*cel.Type{cel.IntType}, decimalType,
				cel.UnaryBinding(func(i ref.Val) ref.Val { return number{decimalOf(i)} }))),
		cel.Function("isDecimal", cel.Overload("is_decimal_string", []*cel.Type{cel.StringType}, cel.BoolType,
			cel.UnaryBinding(func(text ref.Val) ref.Val { return types.Bool(!types.IsError(newDecimal(text))) }))),
		cel.Function("dividedBy",
			cel.MemberOverload("decimal_divided_by_decimal", []*cel.Type{decimalType, decimalType, cel.IntType}, decimalType,
				cel.FunctionBinding(divided)),
			cel.MemberOverload("decimal_divided_by_int", []*cel.Type{decimalType, cel.IntType, cel.IntType}, decimalType,
				cel.FunctionBinding(divided))),
		cel.Function("round", cel.MemberOverload("decimal_round", []*cel.Type{decimalType, cel.IntType}, decimalType,
			cel.BinaryBinding(func(n, decimals ref.Val) ref.Val {
				return exact(expense.DivideRounded(n.(number).Decimal, decimal.NewFromInt(1), decimalsOf(decimals)))
			}))),
		cel.Function("abs", cel.MemberOverload("decimal_abs", one, decimalType,
			cel.UnaryBinding(func(n ref.Val) ref.Val { return number{n.(number).Abs()} }))),
		cel.Function("string", cel.Overload("decimal_to_string", one, cel.StringType,
			cel.UnaryBinding(func(n ref.Val) ref.Val { return n.ConvertToType(types.StringType) }))),
	}
}

// operator declares an operator whose trait CEL calls.
func operator(name, id string, args []*cel.Type, result *cel.Type) cel.EnvOption {
	return cel.Function(name, cel.Overload(id, args, result))
}
