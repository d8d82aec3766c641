package value

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

// Decimal is an exact decimal number in CEL. It meets only its like: an int and a text are
// made one by decimal().
type Decimal struct{ decimal.Decimal }

var DecimalType = cel.ObjectType("decimal", traits.AdderType, traits.ComparerType,
	traits.MultiplierType, traits.NegatorType, traits.SubtractorType)

var errNotDecimal = Error{Reason: `decimal() needs a decimal number as text; ask isDecimal() first`}

// exact makes a value of what arithmetic gave.
func exact(d decimal.Decimal, err error) ref.Val {
	if err != nil {
		return arithmeticErr(err)
	}
	return Decimal{d}
}

// arithmeticErr is the error of a value for one of arithmetic.
func arithmeticErr(err error) ref.Val {
	known, ok := arithmetic[err]
	if !ok {
		known = Errorf("a value does not fit what is done with it")
	}
	return types.WrapErr(known)
}

// arithmetic says to the reader of a rule what arithmetic says.
var arithmetic = map[error]Error{
	expense.ErrMixedCurrencies: errMixed,
	expense.ErrTooLarge:        Errorf("a number grows too large"),
	expense.ErrDivideByZero:    Errorf("it divides by zero"),
	expense.ErrDecimals:        Errorf("a number is rounded to 0 to 20 decimals"),
	expense.ErrRate:            Errorf("an exchange rate must be a decimal number above zero; ask with has() whether there is one"),
	expense.ErrMinorUnit:       Errorf("an amount without a currency code has no decimals of its own; use round(2)"),
}

// meet does something with two numbers.
func (n Decimal) meet(other ref.Val, do func(a, b decimal.Decimal) ref.Val) ref.Val {
	o, ok := other.(Decimal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return do(n.Decimal, o.Decimal)
}

// Compare implements traits.Comparer.
func (n Decimal) Compare(other ref.Val) ref.Val {
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return types.Int(a.Cmp(b)) })
}

// Equal implements ref.Val: 1.0 is 1.00.
func (n Decimal) Equal(other ref.Val) ref.Val {
	o, ok := other.(Decimal)
	return types.Bool(ok && n.Decimal.Equal(o.Decimal))
}

// Add implements traits.Adder.
func (n Decimal) Add(other ref.Val) ref.Val {
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return exact(expense.Bounded(a.Add(b))) })
}

// Subtract implements traits.Subtractor.
func (n Decimal) Subtract(other ref.Val) ref.Val {
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return exact(expense.Bounded(a.Sub(b))) })
}

// Multiply implements traits.Multiplier, also of an amount.
func (n Decimal) Multiply(other ref.Val) ref.Val {
	if m, ok := other.(Money); ok {
		return m.Multiply(n)
	}
	return n.meet(other, func(a, b decimal.Decimal) ref.Val { return exact(expense.Bounded(a.Mul(b))) })
}

// Negate implements traits.Negater.
func (n Decimal) Negate() ref.Val { return Decimal{n.Neg()} }

// ConvertToNative implements ref.Val.
func (n Decimal) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[decimal.Decimal]() {
		return n.Decimal, nil
	}
	return nil, errors.New("a decimal has no other form")
}

// ConvertToType implements ref.Val.
func (n Decimal) ConvertToType(to ref.Type) ref.Val {
	if to == types.StringType {
		return types.String(n.String())
	}
	return types.NewErr("a decimal has no other form")
}

// Type implements ref.Val.
func (n Decimal) Type() ref.Type { return DecimalType }

// Value implements ref.Val.
func (n Decimal) Value() any { return n.Decimal }

// decimalOf reads an int or a decimal.
func decimalOf(v ref.Val) decimal.Decimal {
	if i, ok := v.(types.Int); ok {
		return decimal.NewFromInt(int64(i))
	}
	return v.(Decimal).Decimal
}

// decimalsOf reads how many decimals to round to. What does not fit an int is refused by
// the arithmetic as well.
func decimalsOf(v ref.Val) int {
	return int(max(-1, min(v.(types.Int), expense.MaxRoundDecimals+1)))
}

// IsDecimal reports whether decimal() can read a text.
func IsDecimal(text string) bool {
	_, err := expense.ParseAmount(text)
	return err == nil
}

func newDecimal(text ref.Val) ref.Val {
	d, err := expense.ParseAmount(string(text.(types.String)))
	if err != nil {
		return types.WrapErr(errNotDecimal)
	}
	return Decimal{d}
}

func decimalFunctions() []cel.EnvOption {
	one, two := []*cel.Type{DecimalType}, []*cel.Type{DecimalType, DecimalType}
	divided := func(args ...ref.Val) ref.Val {
		return exact(expense.DivideRounded(args[0].(Decimal).Decimal, decimalOf(args[1]), decimalsOf(args[2])))
	}
	return []cel.EnvOption{
		operator(operators.Less, "less_decimal", two, cel.BoolType),
		operator(operators.LessEquals, "less_equals_decimal", two, cel.BoolType),
		operator(operators.Greater, "greater_decimal", two, cel.BoolType),
		operator(operators.GreaterEquals, "greater_equals_decimal", two, cel.BoolType),
		operator(operators.Add, "add_decimal", two, DecimalType),
		operator(operators.Subtract, "subtract_decimal", two, DecimalType),
		operator(operators.Multiply, "multiply_decimal", two, DecimalType),
		operator(operators.Negate, "negate_decimal", one, DecimalType),
		cel.Function("decimal",
			cel.Overload("decimal_string", []*cel.Type{cel.StringType}, DecimalType, cel.UnaryBinding(newDecimal)),
			cel.Overload("decimal_int", []*cel.Type{cel.IntType}, DecimalType,
				cel.UnaryBinding(func(i ref.Val) ref.Val { return Decimal{decimalOf(i)} }))),
		cel.Function("isDecimal", cel.Overload("is_decimal_string", []*cel.Type{cel.StringType}, cel.BoolType,
			cel.UnaryBinding(func(text ref.Val) ref.Val { return types.Bool(IsDecimal(string(text.(types.String)))) }))),
		cel.Function("dividedBy",
			cel.MemberOverload("decimal_divided_by_decimal", []*cel.Type{DecimalType, DecimalType, cel.IntType}, DecimalType,
				cel.FunctionBinding(divided)),
			cel.MemberOverload("decimal_divided_by_int", []*cel.Type{DecimalType, cel.IntType, cel.IntType}, DecimalType,
				cel.FunctionBinding(divided))),
		cel.Function("round", cel.MemberOverload("decimal_round", []*cel.Type{DecimalType, cel.IntType}, DecimalType,
			cel.BinaryBinding(func(n, decimals ref.Val) ref.Val {
				return exact(expense.DivideRounded(n.(Decimal).Decimal, decimal.NewFromInt(1), decimalsOf(decimals)))
			}))),
		cel.Function("abs", cel.MemberOverload("decimal_abs", one, DecimalType,
			cel.UnaryBinding(func(n ref.Val) ref.Val { return Decimal{n.(Decimal).Abs()} }))),
		cel.Function("string", cel.Overload("decimal_to_string", one, cel.StringType,
			cel.UnaryBinding(func(n ref.Val) ref.Val { return n.ConvertToType(types.StringType) }))),
	}
}

// operator declares an operator whose trait CEL calls.
func operator(name, id string, args []*cel.Type, result *cel.Type) cel.EnvOption {
	return cel.Function(name, cel.Overload(id, args, result))
}
