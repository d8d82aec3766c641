package expense_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func usd(t *testing.T, text string) *expense.Money {
	t.Helper()
	if text == "" {
		return nil
	}
	amount, err := expense.ParseAmount(text)
	require.NoError(t, err)
	return &expense.Money{Amount: amount, Currency: "USD"}
}

// reportOf has a total and one entry for each amount; "-" is an entry without one, and
// "50:2" one with two itemizations.
func reportOf(t *testing.T, total string, entries ...string) *expense.Report {
	t.Helper()
	r := &expense.Report{Currency: "USD", Total: usd(t, total)}
	for i, text := range entries {
		amount, parts, _ := strings.Cut(text, ":")
		e := expense.Entry{ID: fmt.Sprint("E", i+1)}
		if amount != "-" {
			e.Posted = usd(t, amount)
		}
		for range len(parts) { // as many as the text has letters
			e.Itemizations = append(e.Itemizations, expense.Itemization{})
		}
		r.Entries = append(r.Entries, e)
	}
	return r
}

// The cases are the table of docs/adr/0015.
func TestMissingEntries(t *testing.T) {
	t.Parallel()
	list := func(entries ...string) []string { return entries }
	for name, c := range map[string]struct {
		total   string
		entries []string
		counts  []int
		missing string // empty: it is complete
	}{
		"an empty report":                              {"0.00000000", nil, []int{0, 0}, ""},
		"an empty report without a count":              {"0", nil, nil, ""},
		"an empty report without a total":              {"", nil, []int{0}, ""},
		"nothing is said of entries":                   {"", nil, nil, "Concur gives neither a total nor a number of entries, and no entry arrived"},
		"a total and no entry":                         {"243.86", nil, []int{1, 1}, "Concur claims 1 entry and a total of 243.86 USD, and no entry arrived"},
		"a total and no entry, and no count":           {"243.86", nil, nil, "Concur claims a total of 243.86 USD, and no entry arrived"},
		"a total and no entry, and a count of none":    {"243.86", nil, []int{0}, "Concur claims no entry and a total of 243.86 USD, and no entry arrived"},
		"a negative total and no entry":                {"-5", nil, nil, "Concur claims a total of -5.00 USD, and no entry arrived"},
		"amounts that cancel each other, and no entry": {"0", nil, []int{2}, "Concur claims 2 entries and a total of 0.00 USD, and no entry arrived"},
		"a count and no total, and no entry":           {"", nil, []int{0, 2}, "Concur claims 2 entries, and no entry arrived"},
		"as many as are counted":                       {"30", list("10", "20"), []int{2, 2}, ""},
		"as many as are counted, with another sum":     {"25", list("10", "20"), []int{2, 2}, ""},
		"more than are counted":                        {"25", list("10", "20"), []int{1, 0}, ""},
		"no count, with the sum":                       {"30", list("10", "20"), nil, ""},
		"no count, with another sum":                   {"25", list("10", "20"), nil, ""},
		"fewer than are counted, with the sum":         {"30", list("10", "20"), []int{3}, ""},
		"fewer than are counted, with another sum":     {"60", list("10", "20"), []int{3}, "Concur claims 3 entries and a total of 60.00 USD, and 2 entries arrived, with a sum of 30.00 USD"},
		"fewer by the attribute alone":                 {"60", list("10", "20"), []int{2, 3}, "Concur claims 3 entries and a total of 60.00 USD, and 2 entries arrived, with a sum of 30.00 USD"},
		"fewer than are counted, without a total":      {"", list("10", "20"), []int{3}, "Concur claims 3 entries, and 2 entries arrived, with a sum of 30.00 USD"},
		"fewer than are counted, without a sum":        {"60", list("10", "-"), []int{3}, "Concur claims 3 entries and a total of 60.00 USD, and 2 entries arrived"},
		"one that costs nothing is not there":          {"30", list("10", "20"), []int{3}, ""},
		"one that costs nothing is there":              {"10", list("10", "0"), []int{2}, ""},
		"rounded to the currency":                      {"30.00", list("10.00499", "20"), []int{3}, ""},
		"a count with the itemizations":                {"30", list("10", "20:xx"), []int{4, 2}, ""},
		"a count with the itemizations, less a part":   {"25", list("10", "20:xx"), []int{4}, ""},
		"a count with the itemizations, and cents":     {"30.02", list("10", "20:xx"), []int{4}, ""},
		"a count with the itemizations, without a sum": {"60", list("10", "-:xx"), []int{4}, ""},
		"a count with itemizations for entries":        {"25", list("10", "20:xx"), []int{3}, ""},
		"as many missing as there are itemizations":    {"60", list("10", "20:xx"), []int{4}, "Concur claims 4 entries and a total of 60.00 USD, and 2 entries arrived, with a sum of 30.00 USD"},
		"one missing, and one is itemized":             {"60", list("10", "20:xx"), []int{3, 3}, "Concur claims 3 entries and a total of 60.00 USD, and 2 entries arrived, with a sum of 30.00 USD"},
		"a credit is missing, and one is itemized":     {"-60", list("-10", "-20:xx"), []int{3}, "Concur claims 3 entries and a total of -60.00 USD, and 2 entries arrived, with a sum of -30.00 USD"},
		"both counts are wrong, and the sum is right":  {"30", list("10", "20"), []int{4, 4}, ""},
		"itemizations in both counts":                  {"30", list("10", "20:xx"), []int{4, 4}, ""},
		"a count beyond the itemizations":              {"60", list("10", "20:xx"), []int{5}, "Concur claims 5 entries and a total of 60.00 USD, and 2 entries arrived, with a sum of 30.00 USD"},
		"negative and positive":                        {"0", list("10", "-10"), []int{3}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.missing, reportOf(t, c.total, c.entries...).MissingEntries(c.counts...))
		})
	}
	t.Run("other amounts that are made of entries claim some", func(t *testing.T) {
		t.Parallel()
		r := &expense.Report{Currency: "USD", Total: usd(t, "0"), PersonalExpenses: usd(t, "50"), DueEmployee: usd(t, "-9")}
		require.Equal(t, "Concur claims a total of 0.00 USD and personal expenses of 50.00 USD, and no entry arrived", r.MissingEntries())
		r = &expense.Report{Currency: "USD", Total: usd(t, "0"), DueEmployee: usd(t, "-500")}
		require.Empty(t, r.MissingEntries(), "a cash advance is none")
	})
}

func TestEntriesTotal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "30.50 USD", reportOf(t, "", "10", "20.50").EntriesTotal().String())
	require.Equal(t, "0.00 USD", reportOf(t, "").EntriesTotal().String())
	require.Equal(t, "0.00 USD", reportOf(t, "", "10", "-10").EntriesTotal().String())
	require.Nil(t, reportOf(t, "", "10", "-").EntriesTotal(), "one does not say")
	other := reportOf(t, "", "10")
	other.Entries[0].Posted.Currency = "EUR"
	require.Nil(t, other.EntriesTotal(), "or says it in another currency")

	require.Equal(t, "the entries sum to 30.00 USD, and the report's total is 25.00 USD", reportOf(t, "25", "10", "20").TotalDiffers())
	for _, same := range []*expense.Report{reportOf(t, "30.00000000", "10", "20"), reportOf(t, "30.001", "10", "20"), reportOf(t, "", "10"), reportOf(t, "9", "-")} {
		require.Empty(t, same.TotalDiffers())
	}
}

func TestMissingExpenses(t *testing.T) {
	t.Parallel()
	request := func(total string, amounts ...string) *expense.TravelRequest {
		r := &expense.TravelRequest{Currency: "USD", Posted: usd(t, total)}
		for i, amount := range amounts {
			r.Expenses = append(r.Expenses, expense.Expected{ID: fmt.Sprint("E", i+1), Posted: usd(t, amount)})
		}
		return r
	}
	require.Empty(t, request("0").MissingExpenses(nil))
	require.Empty(t, request("30", "10", "20").MissingExpenses([]string{"E1", "e2"}))
	require.Empty(t, request("25", "10", "20").MissingExpenses([]string{"E1", "E2"}), "another sum is no proof")
	require.Empty(t, request("30", "10", "20").MissingExpenses([]string{"E1", "E2", "E3"}), "the total decides")
	require.Equal(t, "Concur claims no expense and a total of 30.00 USD, and no expense arrived", request("30").MissingExpenses(nil))
	require.Equal(t, "Concur claims 1 expense, and no expense arrived", request("").MissingExpenses([]string{"E1"}))
	require.Equal(t, "Concur claims 2 expenses and a total of 60.00 USD, and 2 expenses arrived", request("60", "10", "20").MissingExpenses([]string{"E1", "E9"}))
}
