package expense_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func number(t testing.TB, text string) decimal.Decimal {
	t.Helper()
	d, err := expense.ParseAmount(text)
	require.NoError(t, err)
	return d
}

func TestProductsAreExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, factor, want string }{
		{"0.1", "0.2", "0.02 USD"},
		{"0.00000001", "0.00000001", "0.0000000000000001 USD"},
		{"-19.99", "3", "-59.97 USD"},
		{"100", "0", "0.00 USD"},
		{"99999999999999999999999999.12345678", "10", "999999999999999999999999991.2345678 USD"},
	} {
		product, err := money(t, c.amount, "USD").Times(number(t, c.factor))
		require.NoError(t, err)
		require.Equal(t, c.want, product.String())
	}
}

func TestQuotientsAreRoundedHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, divisor, want string }{
		{"100", "3", "33.33333333 EUR"},
		{"200", "3", "66.66666667 EUR"},
		{"-200", "3", "-66.66666667 EUR"},
		{"0.00000001", "2", "0.00000001 EUR"},
		{"-0.00000001", "2", "-0.00000001 EUR"},
		{"0.00000001", "3", "0.00 EUR"},
		{"1", "-8", "-0.125 EUR"},
	} {
		quotient, err := money(t, c.amount, "EUR").DividedBy(number(t, c.divisor))
		require.NoError(t, err)
		require.Equal(t, c.want, quotient.String(), "%s / %s", c.amount, c.divisor)
	}
	_, err := money(t, "1", "EUR").DividedBy(decimal.Zero)
	require.ErrorIs(t, err, expense.ErrDivideByZero)
	_, err = expense.DivideRounded(number(t, "1"), number(t, "3"), 21)
	require.ErrorIs(t, err, expense.ErrDecimals)
	_, err = expense.DivideRounded(number(t, "1"), number(t, "3"), -1)
	require.ErrorIs(t, err, expense.ErrDecimals)
}

func TestAmountsAreRoundedToTheCurrencysDecimals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, currency, want string }{
		{"12.345", "USD", "12.35 USD"},
		{"-12.345", "USD", "-12.35 USD"},
		{"12.344999", "EUR", "12.34 EUR"},
		{"1234.5", "JPY", "1235 JPY"},
		{"1.2345", "KWD", "1.235 KWD"},
		{"1234.5678", "IDR", "1234.57 IDR"},
		{"1.2345", "IQD", "1.235 IQD"},
		{"1.23455", "UYW", "1.2346 UYW"},
		{"0.004", "USD", "0.00 USD"},
	} {
		rounded, err := money(t, c.amount, c.currency).RoundToCurrency()
		require.NoError(t, err)
		require.Equal(t, c.want, rounded.String())
	}
	for _, unknown := range []string{"XQZ", "usd", "US", "Euro"} {
		rounded, err := money(t, "1.005", unknown).RoundToCurrency()
		require.NoError(t, err)
		require.Equal(t, "1.01 "+unknown, rounded.String(), "two decimals are assumed")
	}
	_, err := money(t, "1", "").RoundToCurrency()
	require.ErrorIs(t, err, expense.ErrMinorUnit)
	_, err = money(t, "1", "USD").Round(21)
	require.ErrorIs(t, err, expense.ErrDecimals)
}

func TestConversionsAreExactAndNeedARate(t *testing.T) {
	t.Parallel()
	converted, err := money(t, "108.33000000", "USD").Convert(number(t, "0.92310000000000"), "EUR")
	require.NoError(t, err)
	require.Equal(t, "99.999423 EUR", converted.String(), "and not 100.00")
	for _, rate := range []string{"0", "-1", "0E-14"} {
		_, err := money(t, "1", "USD").Convert(number(t, rate), "EUR")
		require.ErrorIs(t, err, expense.ErrRate, rate)
	}
}

func TestRoundAmountsAreMultiples(t *testing.T) {
	t.Parallel()
	for amount, want := range map[string]bool{
		"300.00000000": true, "0": true, "-200": true, "150": false, "100.00000001": false, "99.99": false,
	} {
		got, err := money(t, amount, "USD").IsMultipleOf(money(t, "100", "USD"))
		require.NoError(t, err)
		require.Equal(t, want, got, amount)
	}
	cents, err := money(t, "0.30", "USD").IsMultipleOf(money(t, "0.1", "USD"))
	require.NoError(t, err)
	require.True(t, cents)
	_, err = money(t, "1", "USD").IsMultipleOf(money(t, "1", "EUR"))
	require.ErrorIs(t, err, expense.ErrMixedCurrencies)
	_, err = money(t, "1", "USD").IsMultipleOf(money(t, "0", "USD"))
	require.ErrorIs(t, err, expense.ErrDivideByZero)
}

func TestNumbersDoNotGrowWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("9", 64), "0." + strings.Repeat("0", 59) + "1"} {
		m, rounds := money(t, text, "USD"), 0
		var err error
		for ; err == nil; rounds++ {
			m, err = m.Times(m.Amount)
		}
		require.ErrorIs(t, err, expense.ErrTooLarge)
		require.Less(t, rounds, 5)
	}
	huge := expense.Money{Amount: decimal.New(1, 1<<30), Currency: "USD"}
	for _, do := range []func() error{
		func() error { _, err := huge.Add(money(t, "1", "USD")); return err },
		func() error { _, err := money(t, "1", "USD").Add(huge); return err },
		func() error { _, err := huge.Compare(money(t, "1", "USD")); return err },
		func() error { _, err := huge.DividedBy(number(t, "3")); return err },
		func() error { _, err := money(t, "1", "USD").DividedBy(huge.Amount); return err },
		func() error { _, err := huge.IsMultipleOf(money(t, "3", "USD")); return err },
		func() error { _, err := money(t, "1", "USD").Times(huge.Amount); return err },
		func() error { _, err := huge.Times(huge.Amount); return err },
		func() error { _, err := huge.Round(2); return err },
		func() error { _, err := huge.RoundToCurrency(); return err },
		func() error { _, err := huge.Convert(number(t, "2"), "EUR"); return err },
	} {
		require.ErrorIs(t, do(), expense.ErrTooLarge, "it is not expanded")
	}
}

// What is exact is what fractions of whole numbers give, and what is rounded lies at most
// half a unit of the last decimal beside them.
func FuzzArithmetic(f *testing.F) {
	for _, seed := range [][2]string{{"0.1", "0.2"}, {"-12.34567891", "3"}, {"1E30", "0.00000001"}, {"0E-8", "-7"}, {"99999999.99999999", "0.3"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := expense.ParseAmount(a)
		if err != nil {
			return
		}
		y, err := expense.ParseAmount(b)
		if err != nil {
			return
		}
		m, n := expense.Money{Amount: x, Currency: "USD"}, expense.Money{Amount: y, Currency: "USD"}
		order, err := m.Compare(n)
		require.NoError(t, err)
		require.Equal(t, x.Rat().Cmp(y.Rat()), order)
		if sum, err := m.Add(n); err == nil {
			require.Zero(t, sum.Amount.Rat().Cmp(new(big.Rat).Add(x.Rat(), y.Rat())))
			back, err := n.Add(m)
			require.NoError(t, err)
			require.True(t, sum.Amount.Equal(back.Amount))
		}
		if product, err := m.Times(y); err == nil {
			require.Zero(t, product.Amount.Rat().Cmp(new(big.Rat).Mul(x.Rat(), y.Rat())))
		}
		if quotient, err := m.DividedBy(y); err == nil {
			off := new(big.Rat).Sub(quotient.Amount.Rat(), new(big.Rat).Quo(x.Rat(), y.Rat()))
			require.LessOrEqual(t, off.Abs(off).Cmp(big.NewRat(5, 1_000_000_000)), 0)
		} else {
			require.True(t, y.IsZero() || err == expense.ErrTooLarge)
		}
		if whole, err := m.IsMultipleOf(n); err == nil {
			require.Equal(t, new(big.Rat).Quo(x.Rat(), y.Rat()).IsInt(), whole)
		}
		rounded, err := m.Round(2)
		require.NoError(t, err)
		off := new(big.Rat).Sub(rounded.Amount.Rat(), x.Rat())
		require.LessOrEqual(t, off.Abs(off).Cmp(big.NewRat(5, 1000)), 0)
	})
}
