package value_test

import (
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/stretchr/testify/require"

	"concur-connector/policy/value"
)

// run evaluates an expression with the functions of the package alone.
func run(t *testing.T, expression string) (ref.Val, uint64, error) {
	t.Helper()
	env, err := cel.NewCustomEnv(value.Library()...)
	require.NoError(t, err)
	checked, issues := env.Compile(expression)
	require.NoError(t, issues.Err())
	program, err := env.Program(checked, cel.CostTrackerOptions(value.Costs()...), cel.CostLimit(10_000_000))
	require.NoError(t, err)
	result, details, err := program.Eval(map[string]any{})
	return result, *details.ActualCost(), err
}

func TestAFunctionGivesItsValue(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		`money("0.1", "USD") + money("0.2", "USD") == money("0.3", "USD")`,
		`money("19.99", "USD") * decimal("1.19") == money("23.7881", "USD")`,
		`money("100", "USD").dividedBy(3) == money("33.33333333", "USD")`,
		`money("1234.5", "JPY").roundToCurrency() == money("1235", "JPY")`,
		`money("108.33", "EUR").convert(decimal("0.9231"), "USD").currency() == "USD"`,
		`sum([decimal("0.1"), decimal("0.2")]) == decimal("0.3") && sum([1, 2]) == 3 && max([1, 2]) == 2`,
		`date("2024-02-28").plusDays(1) == date("2024-02-29") && date("2026-01-31").plusMonths(1) == date("2026-02-28")`,
		`date("2026-05-02").weekday() == "saturday" && daysBetween(date("2026-05-01"), date("2026-05-03")) == 2`,
		`["b", "a", "b"].distinct() == ["b", "a"]`,
		`"aaa".replace("a", "b", 2) == "bba" && ["a", "b"].join("-") == "a-b" && "abc".matches("^a.c$")`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			result, _, err := run(t, expression)
			require.NoError(t, err)
			require.Equal(t, types.True, result)
		})
	}
}

func TestAnErrorSaysWhetherAValueIsWrongOrUnavailable(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]value.ErrorKind{
		`money("1", "USD") + money("1", "EUR") == money("2", "USD")`: value.Wrong,
		`money("ten", "USD") == money("10", "USD")`:                  value.Wrong,
		`money("1", "usd") == money("1", "USD")`:                     value.Wrong,
		`decimal(1).dividedBy(0, 2) == decimal(1)`:                   value.Wrong,
		`date("2026-02-30") == date("2026-03-02")`:                   value.Wrong,
		`date("9999-12-31").plusDays(1) == date("2026-01-01")`:       value.Wrong,
		`"x".matches("(" + "x")`:                                     value.Wrong,
		`min([1].filter(n, n > 1)) == 1`:                             value.Unavailable,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, _, err := run(t, expression)
			var own value.Error
			require.ErrorAs(t, err, &own)
			require.Equal(t, want, own.Kind, own.Reason)
		})
	}
}

func TestATextAListAndAPatternAreBounded(t *testing.T) {
	t.Parallel()
	const doubling = `.map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x)`
	for expression, want := range map[string]string{
		`["aaaaaaaaaaaaaaaa"]` + doubling + doubling + `.size() == 1`: "text",
		`[[1]]` + doubling + doubling + `.size() == 1`:                "list",
		`"a".matches("a{900}" + "a{900}")`:                            "pattern",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, _, err := run(t, expression)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestAWalkOverAListCostsItsLength(t *testing.T) {
	t.Parallel()
	_, few, err := run(t, `sum([1, 2]) > 0`)
	require.NoError(t, err)
	_, many, err := run(t, `sum([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) > 0`)
	require.NoError(t, err)
	require.GreaterOrEqual(t, many, few+10)
}

func TestADateIsTheDayThatIsWritten(t *testing.T) {
	t.Parallel()
	day := value.DateOf(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	for _, text := range []string{"2026-05-01", "2026-05-01T23:59:59", "2026-05-01 14:00", "2026-05-01T23:00:00-11:00"} {
		got, ok := value.ParseDate(text)
		require.True(t, ok, text)
		require.Equal(t, day, got, text)
	}
	for _, text := range []string{"", "2026-02-30", "01.05.2026", "2026-05"} {
		_, ok := value.ParseDate(text)
		require.False(t, ok, text)
	}
}

func TestADecimalIsWrittenWithAPoint(t *testing.T) {
	t.Parallel()
	require.True(t, value.IsDecimal("-75.00"))
	require.False(t, value.IsDecimal("75,00"))
	require.False(t, value.IsDecimal("ten"))
}
