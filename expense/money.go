package expense

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/shopspring/decimal"
)

// Money is an exact decimal amount in one currency. It keeps all eight decimals that Concur
// prints. A missing amount is a nil *Money, never zero.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`             // a JSON string
	Currency string          `json:"currency,omitempty"` // ISO 4217; empty where Concur gives only a name
}

var amountForm = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$`)

// ParseAmount reads a decimal number in the forms that Concur prints: "129.00000000", "+12.5",
// "0E-8". It rejects long texts and large exponents.
func ParseAmount(text string) (decimal.Decimal, error) {
	text = strings.TrimSpace(text)
	if len(text) > 64 {
		return decimal.Decimal{}, fmt.Errorf("an amount of %d characters is not a number", len(text))
	}
	// The decimal library accepts more than it documents: it reads ".+5" as 0.05.
	d, err := decimal.NewFromString(text)
	if err != nil || !amountForm.MatchString(text) {
		return decimal.Decimal{}, errors.New("not a decimal number")
	}
	// The decimal library accepts a huge exponent and would expand it in the first addition.
	if e := d.Exponent(); e > 30 || e < -60 {
		return decimal.Decimal{}, errors.New("not an amount: its exponent is out of range")
	}
	return d, nil
}

// ErrMixedCurrencies is returned for amounts of different currencies.
var ErrMixedCurrencies = errors.New("amounts of different currencies cannot be compared or added")

// Compare returns -1, 0 or 1 if m is less than, equal to or more than other. Its errors are
// [ErrMixedCurrencies] and [ErrTooLarge].
func (m Money) Compare(other Money) (int, error) {
	if err := m.checkComparable(other); err != nil {
		return 0, err
	}
	return m.Amount.Cmp(other.Amount), nil
}

// Add returns the exact sum. Its errors are [ErrMixedCurrencies] and [ErrTooLarge].
func (m Money) Add(other Money) (Money, error) {
	if err := m.checkComparable(other); err != nil {
		return Money{}, err
	}
	sum, err := Bounded(m.Amount.Add(other.Amount))
	return Money{Amount: sum, Currency: m.Currency}, err
}

// checkComparable returns an error if two amounts cannot be compared or added.
func (m Money) checkComparable(other Money) error {
	if m.Currency != other.Currency {
		return ErrMixedCurrencies
	}
	if _, err := Bounded(m.Amount); err != nil {
		return err
	}
	_, err := Bounded(other.Amount)
	return err
}

// String prints all decimals of the amount, and at least as many as its currency has:
// "129.00 USD", "129 JPY", "129.000 KWD". An unknown currency has two.
func (m Money) String() string {
	least, _ := Decimals(m.Currency)
	text := m.Amount.String()
	if _, decimals, _ := strings.Cut(text, "."); len(decimals) < least {
		text = m.Amount.StringFixed(int32(least))
	}
	return strings.TrimSpace(text + " " + m.Currency)
}
