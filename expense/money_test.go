package expense_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func money(t testing.TB, amount, currency string) expense.Money {
	t.Helper()
	d, err := expense.ParseAmount(amount)
	require.NoError(t, err)
	return expense.Money{Amount: d, Currency: currency}
}

func TestAmountsAreReadAsConcurPrintsThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"129.00000000":                        "129",
		"0E-8":                                "0",
		"+12.5":                               "12.5",
		"-0.00000001":                         "-0.00000001",
		".5":                                  "0.5",
		"5.":                                  "5",
		" 7 ":                                 "7",
		"1e3":                                 "1000",
		"1.25E+2":                             "125",
		"33.33333334":                         "33.33333334",
		"1E30":                                "1000000000000000000000000000000",
		"99999999999999999999999999.12345678": "99999999999999999999999999.12345678",
	} {
		d, err := expense.ParseAmount(text)
		require.NoError(t, err, text)
		require.Equal(t, want, d.String(), text)
	}
	for _, text := range []string{
		"", " ", ".", "+", "-", "e5", "1e", "1,5", "1 000", "0x10", "1_000", "NaN", "Inf", "--1", "+-1", ".+5", "1.2.3",
		"12 USD", "١٢", "1E31", "1E-61", "1e9999999999", "1e1000", "129.00%",
		strings.Repeat("9", 65), "0." + strings.Repeat("0", 63),
	} {
		_, err := expense.ParseAmount(text)
		require.Error(t, err, text)
	}
}

func TestSumsAreExact(t *testing.T) {
	t.Parallel()
	sum := money(t, "0", "EUR")
	for _, part := range []string{"33.33333334", "33.33333333", "33.33333333"} {
		var err error
		sum, err = sum.Add(money(t, part, "EUR"))
		require.NoError(t, err)
	}
	order, err := sum.Compare(money(t, "100", "EUR"))
	require.NoError(t, err)
	require.Zero(t, order)

	tenth, err := money(t, "0.1", "EUR").Add(money(t, "0.2", "EUR"))
	require.NoError(t, err)
	require.Equal(t, "0.30 EUR", tenth.String(), "no binary fraction")
}

func TestAmountsAreComparedByValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"75.00000000", "75", 0},
		{"0E-8", "-0", 0},
		{"74.99999999", "75", -1},
		{"75.00000001", "75", 1},
		{"-1", "1", -1},
		{"1E2", "100.0", 0},
	} {
		got, err := money(t, c.a, "USD").Compare(money(t, c.b, "USD"))
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s and %s", c.a, c.b)
	}
}

func TestAmountsOfDifferentCurrenciesAreNotCompared(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"EUR", "", "usd"} {
		_, err := money(t, "1", "USD").Compare(money(t, "1", other))
		require.ErrorIs(t, err, expense.ErrMixedCurrencies)
		_, err = money(t, "1", "USD").Add(money(t, "1", other))
		require.ErrorIs(t, err, expense.ErrMixedCurrencies)
	}
	_, err := money(t, "1", "").Compare(money(t, "1", ""))
	require.NoError(t, err, "what Concur only names is compared with its own kind")
}

func TestMoneyIsPrintedWithAtLeastTwoDecimalsAndWithoutRounding(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"129.00000000":  "129.00 USD",
		"129":           "129.00 USD",
		"129.5":         "129.50 USD",
		"129.50":        "129.50 USD",
		"129.500":       "129.50 USD",
		"129.125":       "129.125 USD",
		"0E-8":          "0.00 USD",
		"-0.5":          "-0.50 USD",
		"-0.00000001":   "-0.00000001 USD",
		"1E3":           "1000.00 USD",
		"1.10000000001": "1.10000000001 USD",
	} {
		require.Equal(t, want, money(t, text, "USD").String(), text)
	}
	require.Equal(t, "3.00", money(t, "3", "").String(), "without a currency")
	require.Equal(t, "1500 JPY", money(t, "1500.00000000", "JPY").String(), "yen have no decimals")
	require.Equal(t, "1500.5 JPY", money(t, "1500.5", "JPY").String(), "unless there are some")
	require.Equal(t, "1.500 KWD", money(t, "1.5", "KWD").String(), "dinars have three")
	require.Equal(t, "0.00", expense.Money{}.String())
}

func TestMoneySurvivesJSONToTheLastDecimal(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"129.00000000", "0.1", "-12.34567891", "99999999999999999999.99999999", "0E-8"} {
		before := money(t, text, "JPY")
		data, err := json.Marshal(before)
		require.NoError(t, err)
		require.Contains(t, string(data), `"amount":"`, "a JSON number would be rounded by its reader")
		var after expense.Money
		require.NoError(t, json.Unmarshal(data, &after))
		order, err := before.Compare(after)
		require.NoError(t, err)
		require.Zero(t, order, text)
		require.Equal(t, before.Currency, after.Currency)
	}
	data, err := json.Marshal(expense.Report{Status: "A_EXTV", Total: nil})
	require.NoError(t, err)
	require.JSONEq(t, `{"status":"A_EXTV"}`, string(data), "an absent amount is not stored, and no zero")
}
