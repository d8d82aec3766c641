package expense

import (
	"errors"

	"github.com/shopspring/decimal"
)

// Arithmetic is exact unless a function rounds. Rounding is half away from zero: 0.5 becomes 1,
// and -0.5 becomes -1. No result has more than 128 digits or an exponent beyond 128, so
// repeated multiplication cannot use unbounded memory.
const (
	maxDigits   = 128
	maxExponent = 128

	// QuotientDecimals is the number of decimals of a divided amount, the same as Concur prints.
	QuotientDecimals = 8
	// MaxRoundDecimals is the largest number of decimals to round or divide to.
	MaxRoundDecimals = 20
)

// The errors of arithmetic. They contain no numbers of the report.
var (
	ErrTooLarge     = errors.New("a number has too many digits")
	ErrDivideByZero = errors.New("division by zero")
	ErrDecimals     = errors.New("the number of decimals must be from 0 to 20")
	ErrRate         = errors.New("an exchange rate must be a decimal number above zero")
	ErrMinorUnit    = errors.New("an amount without a currency cannot be rounded to the currency's decimals")
)

// Bounded returns the number, or [ErrTooLarge].
func Bounded(d decimal.Decimal) (decimal.Decimal, error) {
	if e := d.Exponent(); e > maxExponent || e < -maxExponent || d.NumDigits() > maxDigits {
		return decimal.Decimal{}, ErrTooLarge
	}
	return d, nil
}

// DivideRounded returns a/b, rounded to the given number of decimals.
func DivideRounded(a, b decimal.Decimal, decimals int) (decimal.Decimal, error) {
	switch {
	case decimals < 0 || decimals > MaxRoundDecimals:
		return decimal.Decimal{}, ErrDecimals
	case b.IsZero():
		return decimal.Decimal{}, ErrDivideByZero
	}
	for _, d := range []decimal.Decimal{a, b} {
		if _, err := Bounded(d); err != nil {
			return decimal.Decimal{}, err
		}
	}
	return Bounded(a.DivRound(b, int32(decimals)))
}

// Times returns the exact product.
func (m Money) Times(factor decimal.Decimal) (Money, error) {
	for _, d := range []decimal.Decimal{m.Amount, factor} {
		if _, err := Bounded(d); err != nil {
			return Money{}, err
		}
	}
	amount, err := Bounded(m.Amount.Mul(factor))
	return Money{Amount: amount, Currency: m.Currency}, err
}

// DividedBy returns the quotient, rounded to [QuotientDecimals].
func (m Money) DividedBy(divisor decimal.Decimal) (Money, error) {
	amount, err := DivideRounded(m.Amount, divisor, QuotientDecimals)
	return Money{Amount: amount, Currency: m.Currency}, err
}

// Round returns the amount, rounded to the given number of decimals.
func (m Money) Round(decimals int) (Money, error) {
	if decimals < 0 || decimals > MaxRoundDecimals {
		return Money{}, ErrDecimals
	}
	amount, err := Bounded(m.Amount)
	return Money{Amount: amount.Round(int32(decimals)), Currency: m.Currency}, err
}

// RoundToCurrency returns the amount, rounded to the [Decimals] of its currency. It returns
// [ErrMinorUnit] for an amount without a currency.
func (m Money) RoundToCurrency() (Money, error) {
	if m.Currency == "" {
		return Money{}, ErrMinorUnit
	}
	decimals, _ := Decimals(m.Currency)
	return m.Round(decimals)
}

// Convert multiplies the amount by an exchange rate and gives the product another currency. It
// does not round.
//
// An entry's transaction amount times its exchange rate is its posted amount. v1.1, v2.0 and v3
// print such a rate. v4 prints a rate with an operation, MULTIPLY or DIVIDE. Package wire
// replaces a rate to divide by with its inverse, rounded to 14 decimals. The product may then
// differ from the posted amount in the last decimals.
func (m Money) Convert(rate decimal.Decimal, to string) (Money, error) {
	if !rate.IsPositive() {
		return Money{}, ErrRate
	}
	product, err := m.Times(rate)
	product.Currency = to
	return product, err
}

// IsMultipleOf reports whether the amount is a whole multiple of the other. Its errors are
// [ErrMixedCurrencies], [ErrDivideByZero] and [ErrTooLarge].
func (m Money) IsMultipleOf(other Money) (bool, error) {
	if err := m.checkComparable(other); err != nil {
		return false, err
	}
	if other.Amount.IsZero() {
		return false, ErrDivideByZero
	}
	return m.Amount.Mod(other.Amount).IsZero(), nil
}
