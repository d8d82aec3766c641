package policy_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

func usd(t testing.TB, amount string) *expense.Money { return in(t, amount, "USD") }

func in(t testing.TB, amount, currency string) *expense.Money {
	t.Helper()
	d, err := expense.ParseAmount(amount)
	require.NoError(t, err)
	return &expense.Money{Amount: d, Currency: currency}
}

// lunch is a report with one entry that has a bit of everything.
func lunch(t testing.TB) *expense.Report {
	return told(&expense.Report{
		ID: "R1", Name: "Spring fair", Currency: "USD", Status: expense.StatusExternalValidation,
		Date: "2026-05-01", Created: "first of May", Submitted: "2026-05-04T23:59:59",
		Total:    usd(t, "80.00000000"),
		OrgUnits: map[string]expense.Field{"1": {Value: "Sales", Code: "SAL"}},
		Custom:   map[string]expense.Field{"2": {Value: "Sales", Code: "SAL"}},
		Entries: []expense.Entry{{
			ID: "E1", Type: "MEALS", TypeName: "Business Meal", Date: "2026-05-02", Vendor: "Café Ångström",
			Transaction: in(t, "75.10", ""), CurrencyName: "Euro", Posted: usd(t, "80"), AttendeeCount: new(2),
			CompanyCard: new(true),
			Custom:      map[string]expense.Field{"3": {Value: "Fair", Code: "F-1"}, "10": {Value: "x"}},
			Itemizations: []expense.Itemization{
				{ID: "I1", Posted: usd(t, "0.10"), Allocations: []expense.Allocation{{ID: "A1", Percentage: "100"}}},
				{ID: "I2", Posted: usd(t, "0.20")},
			},
		}},
	})
}

func evaluate(t *testing.T, expression string, report *expense.Report) expense.Verdict {
	t.Helper()
	p, err := policy.Parse("f", []byte(with("expression: |\n      "+expression, "then: {exception: {code: WRONG}}")))
	require.NoError(t, err)
	return p.VerdictOn(report)
}

func TestTheLanguage(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		// Money is exact.
		`money("0.1", "USD") + money("0.2", "USD") == money("0.3", "USD")`,
		`money("0.00000001", "USD") * 3 == money("0.00000003", "USD")`,
		`money("80.00000000", "USD") == entry.posted`,
		`money("+80", "USD") <= entry.posted && money("80", "USD") >= entry.posted`,
		`money("80.00000001", "USD") > entry.posted && money("79.99999999", "USD") < entry.posted`,
		`money("1", "JPY") * 1000000 - money("1", "JPY") == money("999999", "JPY")`,
		`-money("5", "USD") < money("0", "USD") && -money("-5", "USD") == money("5", "USD")`,
		`money("0E-8", "USD") == money("0", "USD")`,
		`money("1", "USD") != money("2", "USD") && !(money("1", "USD") != money("1.0", "USD"))`,
		`sum(entry.itemizations.map(i, i.posted)) == money("0.3", "USD")`,
		`sum(entry.allocations.map(a, money(a.percentage, "USD")), "USD") == money("0", "USD")`,
		`sum([money("1", "USD")], report.currency) == money("1", report.currency)`,
		`entry.posted.currency() == "USD" && entry.transaction.currency() == ""`,
		`string(entry.posted) == "80.00 USD" && string(money("1.234", "KWD")) == "1.234 KWD"`,
		`string(money("100", "JPY")) == "100 JPY" && string(money("100.5", "JPY")) == "100.5 JPY" && string(money("1.5", "KWD")) == "1.500 KWD"`,

		// Days.
		`report.date < entry.date && entry.date <= report.submitted && report.submitted == date("2026-05-04")`,
		`report.submitted != report.date && report.submitted >= report.date && report.submitted > report.date`,
		`daysBetween(entry.date, report.submitted) == 2 && daysBetween(report.submitted, entry.date) == -2`,
		`daysBetween(date("2024-02-28"), date("2024-03-01")) == 2`,
		`entry.date.weekday() == "saturday" && date("2026-05-03").weekday() == "sunday"`,
		`string(report.submitted) == "2026-05-04"`,
		`date("2026-05-04T10:00") == report.submitted && date("2026-05-04T23:30:00.5-08:00") == report.submitted`,
		`entry.date in [date("2026-05-02")]`,

		// What is there and what is not.
		`has(report.total) && !has(entry.approved) && has(report.created)`,
		`has(entry.vendor) && !has(entry.location) && has(entry.companyCard) && entry.companyCard`,
		`has(entry.personal) && !entry.personal && has(entry.commentCount) && entry.commentCount == 0`,
		`has(entry.itemizations) && !has(entry.allocations) && has(report.orgUnits) && !has(entry.orgUnits)`,
		`entry.itemizations.size() == 2 && has(entry.itemizations)`,
		`has(entry.custom["3"].code) && !has(entry.custom["10"].code) && !has(entry.custom["4"].value)`,
		`entry.custom["4"].value == "" && entry.custom["4"].code == ""`,
		`"3" in entry.custom && !("4" in entry.custom) && size(entry.custom) == 2`,
		`report.orgUnits["1"] == report.custom["2"] && report.orgUnits["2"] == entry.custom["4"]`,
		`report.orgUnits["1"] != entry.custom["3"]`,
		`entry.custom.map(k, k) == ["10", "3"] && entry.custom.exists(k, entry.custom[k].code == "F-1")`,

		// The report and its parts.
		`entry == report.entries[0] && report.entries.exists_one(e, e == entry) && entry in report.entries`,
		`entry.itemizations[0] != entry.itemizations[1]`,
		`report.entries.all(e, e.itemizations.all(i, i.allocations.all(a, a.percentage == "100")))`,
		`entry.vendor.lowerAscii().startsWith("caf") && entry.typeName.split(" ")[1] == "Meal"`,
		`entry.vendor.matches("^Caf. [A-ZÅ]")`,
		`entry.type in ["MEALS", "HOTEL"] ? true : false`,

		// An error on one side is forgiven when the other side decides.
		`!has(entry.approved) || entry.approved < money("1", "USD")`,
		`entry.approved < money("1", "USD") || entry.companyCard`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			v := evaluate(t, expression, lunch(t))
			require.Empty(t, v.Findings)
			require.Equal(t, expense.Approve, v.Action)
		})
	}
}

func TestARuleThatFailsAsksAPerson(t *testing.T) {
	t.Parallel()
	const mixed = "amounts of different currencies cannot be compared or added"
	const nameless = `an amount without a currency code cannot be compared or added; use "posted", not "transaction"`
	const misfit = "a value does not fit what is done with it"
	for expression, want := range map[string]string{
		`entry.posted == money("80", "EUR")`:                          mixed,
		`entry.posted != money("80", "EUR")`:                          mixed,
		`entry.posted < money("80", "EUR")`:                           mixed,
		`entry.posted + money("80", "EUR") > entry.posted`:            mixed,
		`entry.posted - money("80", "EUR") > entry.posted`:            mixed,
		`sum([entry.posted, money("1", "EUR")]) == entry.posted`:      mixed,
		`sum([entry.posted], "EUR") == money("80", "EUR")`:            mixed,
		`entry.transaction <= entry.posted`:                           nameless,
		`entry.transaction == entry.transaction`:                      nameless,
		`sum([entry.transaction]) == entry.posted`:                    nameless,
		`sum(entry.allocations.map(a, entry.posted)) == report.total`: `the sum of no amounts has no currency; give one: sum(list, "USD")`,
		`money(entry.type, "USD") == entry.posted`:                    "money() needs a decimal number as text",
		`money("1", entry.type) == entry.posted`:                      "a currency is three capital letters",
		`entry.approved == entry.posted`:                              "entry.approved is absent; ask with has() before reading it",
		`entry.itemizations[0].date == report.date`:                   "itemization.date is absent; ask with has() before reading it",
		`report.created == report.date`:                               "a date cannot be read",
		`date(entry.type) == report.date`:                             `date() needs a text like "2026-05-01"`,
		`report.entries[7].type == ""`:                                "it asks for what lies outside a list, a text or a range of numbers",
		`entry.vendor.substring(99) == ""`:                            "it asks for what lies outside a list, a text or a range of numbers",
		`entry.vendor.charAt(99) == ""`:                               "it asks for what lies outside a list, a text or a range of numbers",
		`[[1], [2]][entry.attendeeCount + 9] == [1]`:                  "it asks for what lies outside a list, a text or a range of numbers",
		`entry.typeName.split(" ").map(w, w)[9] == ""`:                "it asks for what lies outside a list, a text or a range of numbers",
		`{entry.type: 1}["HOTEL"] == 1`:                               `it asks a map for a key that is absent; ask with "in" before reading it`,
		`-9223372036854775807 - entry.attendeeCount > 0`:              "a number grows too large",
		`{"HOTEL": 1}[entry.type] == 1`:                               `it asks a map for a key that is absent; ask with "in" before reading it`,
		`entry.attendeeCount / entry.commentCount == 1`:               "it divides by zero",
		`entry.attendeeCount % entry.commentCount == 1`:               "it divides by zero",
		`9223372036854775807 + entry.attendeeCount > 0`:               "a number grows too large",
		`int(entry.vendor) == 1`:                                      misfit,
		`bool(entry.vendor)`:                                          misfit,
		`entry.type.matches(entry.vendor + "(")`:                      "what it searches for is not a pattern",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			v := evaluate(t, expression, lunch(t))
			require.Equal(t, expense.Ask, v.Action)
			require.Empty(t, v.Approvals)
			require.Empty(t, v.Exceptions, "a rule that errs has no effects")
			require.Empty(t, v.Comment)
			require.Equal(t, []expense.Finding{{
				Rule: "one", Object: "E1", Message: "could not be evaluated: " + want, Error: true,
			}}, v.Findings)
		})
	}
}

func TestAmountsThatWerePaidCompareWhereTheirCurrencyHasACode(t *testing.T) {
	t.Parallel()
	const dear = `entry.transaction <= money("75.00", "USD")`
	for currency, want := range map[string]string{
		"USD": "No receipt.",
		"EUR": "could not be evaluated: amounts of different currencies cannot be compared or added",
		"":    `could not be evaluated: an amount without a currency code cannot be compared or added; use "posted", not "transaction"`,
	} {
		report := lunch(t)
		report.Entries[0].Transaction = in(t, "75.10", currency)
		require.Equal(t, want, evaluate(t, dear, report).Findings[0].Message, currency)
	}
}

func TestCustomFieldsAreComparedByTheirValues(t *testing.T) {
	t.Parallel()
	report := lunch(t)
	report.Custom["2"] = expense.Field{Value: "Sales", Code: "SAL", ListItem: "5d5c08c0f2f94c33a8f5e4b1a0c9d7e6"}
	require.Empty(t, evaluate(t, `report.orgUnits["1"] == report.custom["2"]`, report).Findings)
}

// The names that rules use are the JSON names of the domain, all of them.
func TestEveryFieldOfAReportHasItsName(t *testing.T) {
	t.Parallel()
	kinds := map[reflect.Type]string{
		reflect.TypeFor[string]():                   `%s == "" || %[1]s != ""`,
		reflect.TypeFor[*bool]():                    `!has(%s) && (!has(%[1]s) || %[1]s)`,
		reflect.TypeFor[*int]():                     `!has(%s) || %[1]s >= 0`,
		reflect.TypeFor[expense.Date]():             `!has(%s) || %[1]s > date("0001-01-01")`,
		reflect.TypeFor[*expense.Money]():           `!has(%s) || %[1]s == %[1]s`,
		reflect.TypeFor[map[string]expense.Field](): `%s["1"].value == "" && %[1]s["1"].code == ""`,
		reflect.TypeFor[[]expense.Entry]():          `%s.all(e, e.id == "")`,
		reflect.TypeFor[[]expense.Itemization]():    `%s.all(i, i.id == "")`,
		reflect.TypeFor[[]expense.Allocation]():     `%s.all(a, a.id == "")`,
	}
	inside := map[string]reflect.Type{
		"report": reflect.TypeFor[expense.Report](),
		"entry":  reflect.TypeFor[expense.Entry](),
		"i":      reflect.TypeFor[expense.Itemization](),
		"a":      reflect.TypeFor[expense.Allocation](),
	}
	around := map[string]string{
		"i": "entry.itemizations.all(i, %s)",
		"a": "entry.allocations.all(a, %s)",
	}
	report := &expense.Report{Entries: []expense.Entry{{
		Itemizations: make([]expense.Itemization, 1), Allocations: make([]expense.Allocation, 1),
	}}}
	for _, variable := range slices.Sorted(maps.Keys(inside)) {
		for _, f := range reflect.VisibleFields(inside[variable]) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" { // which no rule reads
				continue
			}
			if slices.Contains([]string{"actionUrl", "via", "owner"}, name) { // of the connector, not of the expense
				_, err := policy.Parse("f", []byte(with("expression: has("+variable+"."+name+")")))
				require.ErrorContains(t, err, "undefined field '"+name+"'")
				continue
			}
			expression := fmt.Sprintf(kinds[f.Type], variable+"."+name)
			if a := around[variable]; a != "" {
				expression = fmt.Sprintf(a, expression)
			}
			t.Run(variable+"."+name, func(t *testing.T) {
				t.Parallel()
				v := evaluate(t, expression, report)
				require.Empty(t, v.Findings)
			})
		}
	}
}
