package expense

import (
	"errors"

	"github.com/shopspring/decimal"
)

// Arithmetic that is exact, or says how it rounds: half away from zero, 0.5 to 1 and -0.5
// to -1. No number of it has more than 128 digits or an exponent beyond 128, so that none
// can be multiplied without end.
const (
	maxDigits   = 128
	maxExponent = 128

	// QuotientDecimals are the decimals of a divided amount, as many as Concur prints.
	QuotientDecimals = 8
	// MaxRoundDecimals is the most that a number is rounded or divided to.
	MaxRoundDecimals = 20
)

// The errors of arithmetic. None tells of the numbers.
var (
	ErrTooLarge     = errors.New("a number has too many digits")
	ErrDivideByZero = errors.New("it divides by zero")
	ErrDecimals     = errors.New("a number is rounded to 0 to 20 decimals")
	ErrRate         = errors.New("an exchange rate must be a decimal number above zero")
	ErrMinorUnit    = errors.New("an amount without a currency has no decimals of its own")
)

// Bounded returns the number, or [ErrTooLarge].
func Bounded(d decimal.Decimal) (decimal.Decimal, error) {
	if e := d.Exponent(); e > maxExponent || e < -maxExponent || d.NumDigits() > maxDigits {
		return decimal.Decimal{}, ErrTooLarge
	}
	return d, nil
}

// DivideRounded returns a/b to the decimals.
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

// DividedBy returns the quotient to [QuotientDecimals].
func (m Money) DividedBy(divisor decimal.Decimal) (Money, error) {
	amount, err := DivideRounded(m.Amount, divisor, QuotientDecimals)
	return Money{Amount: amount, Currency: m.Currency}, err
}

// Round returns the amount rounded to the decimals.
func (m Money) Round(decimals int) (Money, error) {
	if decimals < 0 || decimals > MaxRoundDecimals {
		return Money{}, ErrDecimals
	}
	amount, err := Bounded(m.Amount)
	return Money{Amount: amount.Round(int32(decimals)), Currency: m.Currency}, err
}

// RoundToCurrency returns the amount rounded to the [Decimals] of its currency. An amount without a
// currency is [ErrMinorUnit].
func (m Money) RoundToCurrency() (Money, error) {
	if m.Currency == "" {
		return Money{}, ErrMinorUnit
	}
	decimals, _ := Decimals(m.Currency)
	return m.Round(decimals)
}

// Convert returns the exact product of the amount and an exchange rate, in another
// currency. It is not rounded.
//
// A rate is a number to multiply by, as the report carries it: the amount that was paid,
// times the rate of the entry, is the amount that was posted. v1.1, v2.0 and v3 print such
// a number. v4 prints one with its operation, MULTIPLY or DIVIDE; where it is to divide by,
// package wire has turned it round to 14 decimals, and the product may differ from what
// Concur posted in the last decimals.
func (m Money) Convert(rate decimal.Decimal, to string) (Money, error) {
	if !rate.IsPositive() {
		return Money{}, ErrRate
	}
	product, err := m.Times(rate)
	product.Currency = to
	return product, err
}

// IsMultipleOf reports whether the amount is a whole number of times the other. The error is
// [ErrMixedCurrencies] unless both are of one currency, [ErrDivideByZero] or [ErrTooLarge].
func (m Money) IsMultipleOf(other Money) (bool, error) {
	if err := m.meets(other); err != nil {
		return false, err
	}
	if other.Amount.IsZero() {
		return false, ErrDivideByZero
	}
	return m.Amount.Mod(other.Amount).IsZero(), nil
}
