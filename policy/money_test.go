package policy_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// holds says that each expression holds on the lunch.
func holds(t *testing.T, expressions ...string) {
	t.Helper()
	for _, expression := range expressions {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, of(t, expression).VerdictOn(lunch(t)).Findings)
		})
	}
}

// errs says why each expression cannot be evaluated on the lunch.
func errs(t *testing.T, reasons map[string]string) {
	t.Helper()
	for expression, reason := range reasons {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			v := of(t, expression).VerdictOn(lunch(t))
			require.Equal(t, expense.Ask, v.Action)
			require.Equal(t, "could not be evaluated: "+reason, v.Findings[0].Message)
		})
	}
}

func TestDecimalsAreExact(t *testing.T) {
	t.Parallel()
	holds(t,
		`decimal("0.1") + decimal("0.2") == decimal("0.3")`,
		`decimal("1.0") == decimal("1.00") && decimal("1") == decimal(1) && decimal("0E-8") == decimal(0)`,
		`decimal("1.1") != decimal("1.2") && !(decimal("1.10") != decimal("1.1"))`,
		`decimal("-0.00000001") < decimal(0) && decimal(0) <= decimal("0.0") && decimal("2") > decimal("1.99999999")`,
		`decimal("2") >= decimal("2.0") && -decimal("3") == decimal("-3") && decimal("-3").abs() == decimal(3)`,
		`decimal("0.1") * decimal("0.1") == decimal("0.01") && decimal("1") - decimal("0.9") == decimal("0.1")`,
		`(decimal("0.1") + decimal("0.2")) + decimal("0.3") == decimal("0.1") + (decimal("0.2") + decimal("0.3"))`,
		`decimal("99999999999999999999.99999999") + decimal("0.00000001") == decimal("100000000000000000000")`,
		`decimal(9223372036854775807) + decimal(1) == decimal("9223372036854775808")`,
		`decimal("10").dividedBy(decimal("3"), 2) == decimal("3.33") && decimal("20").dividedBy(3, 0) == decimal("7")`,
		`decimal("-0.5").dividedBy(1, 0) == decimal("-1") && decimal("2.5").round(0) == decimal("3")`,
		`string(decimal("1.50")) == "1.5" && string(decimal("-0.00000001")) == "-0.00000001"`,
		`decimal("1.0") in [decimal("1.00")] && [decimal("1")] == [decimal("1.0")]`,
		`isDecimal("1.19") && isDecimal(" -7 ") && !isDecimal("") && !isDecimal("1,19") && !isDecimal("NaN")`,
		`!isDecimal(entry.custom["3"].code) || decimal(entry.custom["3"].code) > decimal(1)`,
		`sum([decimal("0.1"), decimal("0.2")]) == decimal("0.3") && sum([1, 2]) == 3`,
		`sum(report.entries.map(e, e.attendeeCount)) == 2 && sum(entry.allocations.map(a, decimal(a.percentage))) == decimal(0)`,
		`min([decimal("2"), decimal("1.5")]) == decimal("1.5") && max([1, 3, 2]) == 3`,
	)
	const large = "a number grows too large"
	errs(t, map[string]string{
		`decimal(entry.vendor) == decimal(1)`:                                                                  "decimal() needs a decimal number as text; ask isDecimal() first",
		`decimal(1).dividedBy(decimal(0), 2) == decimal(1)`:                                                    "it divides by zero",
		`decimal(1).dividedBy(entry.commentCount, 2) == decimal(1)`:                                            "it divides by zero",
		`decimal(1).dividedBy(3, 21) == decimal(1)`:                                                            "a number is rounded to 0 to 20 decimals",
		`decimal(1).dividedBy(3, -1) == decimal(1)`:                                                            "a number is rounded to 0 to 20 decimals",
		`decimal(1).round(9223372036854775807) == decimal(1)`:                                                  "a number is rounded to 0 to 20 decimals",
		`decimal("1E30") * decimal("1E30") * decimal("1E30") * decimal("1E30") * decimal("1E30") > decimal(1)`: large,
		`sum([9223372036854775807, entry.attendeeCount]) > 0`:                                                  large,
		`min(entry.allocations.map(a, decimal(a.percentage))) == decimal(1)`:                                   "of an empty list there is no min() and no max(); ask size() first",
	})
}

func TestAmountsAreCalculatedExactly(t *testing.T) {
	t.Parallel()
	holds(t,
		`money("19.99", "USD") * decimal("1.19") == money("23.7881", "USD")`,
		`decimal("0.5") * entry.posted == money("40", "USD") && 2 * entry.posted == entry.posted * 2`,
		`money(decimal("75"), "USD") < entry.posted && entry.posted.amount() == decimal("80")`,
		`(-entry.posted).isNegative() && !entry.posted.isNegative() && (-entry.posted).abs() == entry.posted`,
		`money("100", "USD").dividedBy(3) == money("33.33333333", "USD")`,
		`money("100", "USD").dividedBy(3) * 3 == money("99.99999999", "USD")`,
		`money("-200", "USD").dividedBy(decimal("3.0")) == money("-66.66666667", "USD")`,
		`money("12.345", "USD").round(2) == money("12.35", "USD") && money("-12.345", "USD").roundToCurrency() == money("-12.35", "USD")`,
		`money("1234.5", "JPY").roundToCurrency() == money("1235", "JPY") && money("1.2345", "KWD").roundToCurrency() == money("1.235", "KWD")`,
		`entry.posted.isMultipleOf(money("10", "USD")) && !entry.posted.isMultipleOf(money("50", "USD"))`,
		`money("0.3", "USD").isMultipleOf(money("0.1", "USD")) && money("0", "USD").isMultipleOf(money("5", "USD"))`,
		`money("108.33", "EUR").convert("0.92310000000000", "USD") == money("99.999423", "USD")`,
		`money("108.33", "EUR").convert(decimal("0.9231"), "USD").roundToCurrency() == money("100.00", "USD")`,
		`entry.transaction.convert(decimal("2"), report.currency) == money("150.20", "USD")`,
		`min([money("2", "USD"), money("1.99999999", "USD")]) == money("1.99999999", "USD")`,
		`max(entry.itemizations.map(i, i.posted)) == money("0.2", "USD")`,
		`sum([money("0.1", "USD"), money("0.2", "USD")]) + money("0.3", "USD") == money("0.6", "USD")`,
		`money("99999999999999999999999999.12345678", "USD") > money("99999999999999999999999999.12345677", "USD")`,
		`money("1.0", "USD") == money("1.00", "USD")`,
	)
	const mixed = "amounts of different currencies cannot be compared or added"
	const rate = "an exchange rate must be a decimal number above zero; ask with has() whether there is one"
	const nameless = `an amount without a currency code cannot be compared or added; use "posted", not "transaction"`
	errs(t, map[string]string{
		`entry.posted.dividedBy(entry.commentCount) == entry.posted`:                                                  "it divides by zero",
		`entry.posted.isMultipleOf(money("0", "USD"))`:                                                                "it divides by zero",
		`entry.posted.isMultipleOf(money("10", "EUR"))`:                                                               mixed,
		`max([entry.posted, money("1", "EUR")]) == entry.posted`:                                                      mixed,
		`entry.posted.convert("2", "EUR") > entry.posted`:                                                             mixed,
		`entry.posted.convert(entry.exchangeRate, "USD") > entry.posted`:                                              rate,
		`entry.posted.convert("-1", "USD") > entry.posted`:                                                            rate,
		`entry.posted.convert(decimal("0"), "USD") > entry.posted`:                                                    rate,
		`entry.posted.convert("2", entry.vendor) > entry.posted`:                                                      "a currency is three capital letters",
		`entry.transaction.isMultipleOf(entry.posted)`:                                                                nameless,
		`min([entry.transaction]) == entry.posted`:                                                                    nameless,
		`entry.posted.round(-1) == entry.posted`:                                                                      "a number is rounded to 0 to 20 decimals",
		`money("1E30", "USD") * decimal("1E30") * decimal("1E30") * decimal("1E30") * decimal("1E30") > entry.posted`: "a number grows too large",
	})
}

// A rule compares amounts as fractions of whole numbers do, whatever their form.
func TestRulesAgreeWithFractions(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 5))
	amount := func() string {
		text := ""
		for range 1 + random.IntN(6) {
			text += string(rune('0' + random.IntN(10)))
		}
		if random.IntN(2) == 0 {
			text += "." + string(rune('0'+random.IntN(10))) + strings.Repeat("0", random.IntN(8))
		}
		if random.IntN(3) == 0 {
			text = "-" + text
		}
		return text
	}
	p := of(t, `entry.posted * decimal(entry.purpose) + entry.approved == decimal(entry.location) * report.total`)
	q := of(t, `entry.posted * decimal(entry.purpose) + entry.approved <= decimal(entry.location) * report.total`)
	var equal, less int
	for range 300 {
		a, b, c, d, e := amount(), amount(), amount(), amount(), amount()
		if random.IntN(3) == 0 { // (a*b + 0) is b*a
			c, d, e = "0.00000000", b, a
		}
		r := entries("MEALS")
		r.Total = usd(t, e)
		r.Entries[0].Posted, r.Entries[0].Approved, r.Entries[0].Purpose, r.Entries[0].Location = usd(t, a), usd(t, c), b, d
		left := fraction(t, a)
		left.Mul(left, fraction(t, b)).Add(left, fraction(t, c))
		right := fraction(t, d)
		order := left.Cmp(right.Mul(right, fraction(t, e)))
		require.Equal(t, order == 0, p.VerdictOn(r).Action == expense.Approve, "%s * %s + %s, %s * %s", a, b, c, d, e)
		require.Equal(t, order <= 0, q.VerdictOn(r).Action == expense.Approve)
		if order == 0 {
			equal++
		} else if order < 0 {
			less++
		}
	}
	require.Greater(t, equal, 50)
	require.Greater(t, less, 50)
}

func fraction(t testing.TB, text string) *big.Rat {
	t.Helper()
	f, ok := new(big.Rat).SetString(text)
	require.True(t, ok)
	return f
}

func TestAnAmountIsNeverAFloatingPointNumber(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		`double("1.5") == double("1.5")`, `1.5 == 1.5`, `entry.posted > 75.00`, `entry.posted * 0.1 > entry.posted`,
		`decimal(0.1) == decimal("0.1")`, `double(string(entry.posted)) > 1.0`, `[1.5].size() == 1`, `1e3 > 0.0`,
	} {
		_, err := policy.Parse("f", []byte(with("expression: "+quoted(expression))))
		require.Error(t, err, expression)
	}
}
