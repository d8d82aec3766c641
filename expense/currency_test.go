package expense_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/currency"

	"concur-connector/expense"
)

// minorUnits are those of ISO 4217's list one of 1 January 2026 that are not two.
var minorUnits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0,
	"XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

func TestTheDecimalsAreThoseOfISO4217(t *testing.T) {
	t.Parallel()
	codes := expense.Currencies()
	for code := range minorUnits {
		require.Contains(t, codes, code)
	}
	for _, code := range append(codes, "IDR", "VES", "VED", "MRU", "SLE", "XCG", "ZWG") {
		want, odd := minorUnits[code]
		if !odd {
			want = 2
		}
		got, known := expense.Decimals(code)
		require.True(t, known, code)
		require.Equal(t, want, got, code)
		require.True(t, expense.IsCurrency(code))
	}
}

func TestHistoricCurrenciesAreKnown(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"BGN": 2, "HRK": 2, "ANG": 2, "ZWL": 2, "SLL": 2, "VEF": 2, "DEM": 2, "ITL": 0, "BYR": 0, "TRL": 0} {
		require.NotContains(t, expense.Currencies(), code)
		got, known := expense.Decimals(code)
		require.True(t, known, code)
		require.Equal(t, want, got, code)
	}
}

func TestACodeWithoutDecimalsIsKnownAndTwoAreAssumed(t *testing.T) {
	t.Parallel()
	for code, is := range map[string]bool{"XAU": true, "XDR": true, "XXX": true, "XTS": true, "XQZ": false, "": false, "eur": false, "EURO": false} {
		got, known := expense.Decimals(code)
		require.False(t, known, code)
		require.Equal(t, 2, got, code)
		require.Equal(t, is, expense.IsCurrency(code), code)
	}
}

// TestCurrencyListDiffersFromAnotherOnlyInKnownCodes compares with golang.org/x/text, whose list
// is Unicode's (CLDR): there a subunit that nobody pays with any more does not count.
func TestCurrencyListDiffersFromAnotherOnlyInKnownCodes(t *testing.T) {
	t.Parallel()
	var unknown, differ []string
	for _, code := range expense.Currencies() {
		unit, err := currency.ParseISO(code)
		if err != nil {
			unknown = append(unknown, code)
			continue
		}
		want, _ := expense.Decimals(code)
		if got, _ := currency.Standard.Rounding(unit); got != want {
			differ = append(differ, code)
		}
	}
	slices.Sort(unknown)
	slices.Sort(differ)
	require.Equal(t, unknownElsewhere, unknown)
	require.Equal(t, differentElsewhere, differ)
}

var (
	unknownElsewhere   = []string{"MRU", "SLE", "UYW", "VED", "VES", "XAD", "XCG", "ZWG"}
	differentElsewhere = []string{
		"AFN", "ALL", "AMD", "COP", "GYD", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "MNT", "MUR", "PKR", "RSD", "SOS", "SYP", "TZS", "UZS", "YER",
	}
)

func TestCurrenciesWithoutKnownDecimalsAreNamed(t *testing.T) {
	t.Parallel()
	odd, known := money(t, "1", "XQZ"), money(t, "1", "EUR")
	report := &expense.Report{Total: &known, Entries: []expense.Entry{{Posted: &odd}, {Transaction: &expense.Money{}, Itemizations: []expense.Itemization{{Approved: &odd}}}}}
	require.Equal(t, []string{"XQZ"}, expense.AssumedDecimals(report))
	require.Empty(t, expense.AssumedDecimals(&expense.Report{Total: &known}))
	require.Empty(t, expense.AssumedDecimals((*expense.Report)(nil)))
	require.Equal(t, []string{"XQZ"}, expense.AssumedDecimals(&expense.TravelRequest{Posted: &odd}))
}
