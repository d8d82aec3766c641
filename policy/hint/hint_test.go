package hint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// declarations is a file with one of everything that expressions can name.
const declarations = `apiVersion: concur-connector/v1
facts:
  duplicates: {level: entry, url: "https://erp.example.com/facts", send: {vendor: entry.vendor}, answer: {duplicate: bool}}
variables:
  - {name: limit, level: report, expression: 'money("75.00", report.currency)'}
  - {name: dear, level: entry, expression: entry.posted > variables.limit}
lists: {a: {file: a.csv}}
`

// problems are what is wrong with an expression of a rule on entries. The expression begins in
// column 7.
func problems(t *testing.T, level, expression string) rulesfile.Errors {
	t.Helper()
	folder := t.TempDir()
	rule := fmt.Sprintf("rules:\n  - name: one\n    level: %s\n    message: Hm.\n    then: {sendBack: true}\n    expression: |\n      %s\n", level, expression)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.csv"), []byte("key,owner\nx,y\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "f"), []byte(declarations+rule), 0o600))
	_, err := policy.Load(filepath.Join(folder, "f"))
	var all rulesfile.Errors
	require.ErrorAs(t, err, &all)
	require.Equal(t, "one", all[0].Rule)
	require.Contains(t, all[0].Reason, "expression: ")
	require.NotContains(t, all[0].Reason, "\n")
	return all
}

func TestAnUnknownNameIsExplained(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.hasReciept`:                                     `did you mean "hasReceipt"?`,
		`entry.reciept`:                                        `did you mean "hasReceipt"?`,
		`has(entry.vendr)`:                                     `did you mean "vendor"?`,
		`entry.attendees > 1`:                                  `did you mean "attendeeCount"?`,
		`entry.total > variables.limit`:                        `did you mean "report.total"?`,
		`report.entries.all(e, e.persnal)`:                     `did you mean "personal"?`,
		`report.entries.filter(e, e.personal).all(e, e.vendr)`: `did you mean "vendor"?`,
		`report.entries.all(e, e.itemizations.all(i, i.tipe))`: `did you mean "type"?`,
		`report.entries[0].persnal`:                            `did you mean "personal"?`,
		`entry.allocations.all(a, a.isHidden)`:                 `did you mean "hidden"?`,
		`entry.allocations.all(a, a.isSystemAllocation)`:       `did you mean "hidden"?`,
		`entry.custom["3"].isValid`:                            `did you mean "valid"?`,
		`entry.custom["3"].cod == ""`:                          `did you mean "code"?`,
		`entry.zebra`:                                          `undefined field 'zebra'`,
		`variables.limt > entry.posted`:                        `did you mean "limit"? Known are dear, limit`,
		`facts.duplicate.duplicate`:                            `did you mean "duplicates"? Known are duplicates`,
		`facts.duplicates.dupe`:                                `undefined field 'dupe'; known are duplicate`,
		`"C" in lists.costCentres`:                             `there is no list "costCentres"`,
		`entry.posted > limit`:                                 `did you mean "variables.limit"?`,
		`duplicates.duplicate`:                                 `did you mean "facts.duplicates"?`,
		`hasReceipt`:                                           `did you mean "entry.hasReceipt"?`,
		`entries.all(e, e.hasReceipt)`:                         `did you mean "report.entries"?`,
		`entri.hasReceipt`:                                     `did you mean "entry"?`,
		`Entry.hasReceipt`:                                     `did you mean "entry"?`,
		`entry.type == MEALS`:                                  `write a text in quotes: "MEALS"`,
		`itemization.personal`:                                 `"itemization" is only known to rules of level itemization or allocation`,
		`dayBetween(entry.date, report.date) < 3`:              `did you mean "daysBetween"?`,
		`entry.vendor.startWith("A")`:                          `did you mean "startsWith"?`,
		`len(entry.vendor) > 3`:                                `write size()`,
		`report.entries.exists(e.personal)`:                    `exists(e, e.personal)`,
		`daysBetween(entry.date, today()) < 90`:                `as today, without brackets`,
		`report.entries.type == "MEALS"`:                       `a list has no fields`,
		`entry.vendor.name == "x"`:                             `a text has no fields`,
		`entry.posted.value > 3`:                               `m.amount()`,
		`report.curency == "USD"`:                              `did you mean "currency"?`,
		"variables\n      . limt > entry.posted":               `did you mean "limit"?`,
		`hass(entry.vendor)`:                                   `did you mean "has"?`,
		`entry.posted <= mony("1", "USD")`:                     `did you mean "money"?`,
		`date("2026-01-01") < todays`:                          `did you mean "today"?`,
		`report.entries.map(e, e.itemizations)[0][0].persnal`:  `did you mean "personal"?`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, problems(t, "entry", expression)[0].Reason, want)
		})
	}
}

func TestAVariableOfAnotherLevelIsExplained(t *testing.T) {
	t.Parallel()
	require.Contains(t, problems(t, "report", "variables.dear")[0].Reason, "the variable dear is only known to rules of level entry or itemization")
}

func TestAnAmountOfATravelRequestHasTheCurrencyOfTheRequest(t *testing.T) {
	t.Parallel()
	require.Contains(t, problems(t, "request", "request.posted <= 3000")[0].Reason, `money("3000", request.currency)`)
}

func TestAWayOfWritingFromAnotherLanguageIsExplained(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.type = "MEALS"`:                   "==",
		`entry.type =! "MEALS"`:                  "==",
		`entry.type <> "MEALS"`:                  `write "differs" as !=`,
		`entry.hasReceipt and entry.personal`:    `as &&`,
		`entry.hasReceipt OR entry.personal`:     `write "OR" as ||`,
		`entry.hasReceipt & entry.personal`:      `as &&`,
		`entry.hasReceipt | entry.personal`:      `as ||`,
		`not entry.hasReceipt`:                   `write "not" as !`,
		`entry.type not in ["MEALS"]`:            `write "not in" as !(value in list)`,
		`if entry.personal then false else true`: "write a choice as condition ? this : that",
		`entry.type == “MEALS”`:                  `straight quotes`,
		`entry.type == ‘MEALS’`:                  `straight quotes`,
		`entry.type == "MEALS`:                   `a text is not closed`,
		`entry.attendeeCount – 1 > 0`:            "write minus as -",
		"entry.hasReceipt\u00a0|| true":          "this looks like a space and is none; type it again",
		`entry.hasReceipt # why`:                 "no comments after #",
		`entry.custom.3.value == ""`:             `custom["3"]`,
		`entry.custom[3].value == ""`:            `custom["3"]`,
		`contains(entry.vendor, "x")`:            `entry.vendor.contains(`,
		`entry.vendor == null`:                   "null is not known here",
		`has(entry)`:                             `has(entry.vendor), has(entry.custom["3"].value)`,
		`(entry.hasReceipt`:                      "a bracket is not closed",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, problems(t, "entry", expression)[0].Reason, want)
		})
	}
}

func TestOneMistakeIsExplainedOnce(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`IF(entry.personal, true, false)`:              "write condition ? this : that",
		`entry.personal if entry.itemized else true`:   "condition ? this : that",
		`SUMIF(report.entries, "TAXI") > report.total`: "write sum(report.entries.filter(",
		`str(entry.posted) == ""`:                      "write string()",
		`entry.vendor.toUpperCase() == ""`:             "write upperAscii()",
		`YEAR(entry.date) == 2026`:                     "write d.year()",
		`round(entry.posted, 2) == entry.posted`:       "a.round(2)",
		`entry.vendor LIKE "Hotel%"`:                   `entry.vendor.contains("x")`,
		`entry.vendor IS NOT NULL`:                     "has(entry.vendor)",
		`entry.posted BETWEEN 1 AND 2`:                 `write "between" as a >= b && a <= c`,
		`any(e.personal for e in report.entries)`:      "report.entries.exists(e, e.personal)",
		`entry.type in ("MEALS", "DINNR")`:             `in ["MEALS", "DINNR"]`,
		`entry.vendor[0:3] == "abc"`:                   "entry.vendor.substring(0, 3)",
		`entry.vendor =~ "^A"`:                         `entry.vendor.matches("^A")`,
		`report.entries.exists(e => e.personal)`:       "exists(e, e.personal)",
		`entry.vendor & "x" == ""`:                     "join texts with +",
		`entry.posted <= report.total * 50%`:           `* decimal("0.5")`,
		`entry.hasReceipt) || entry.personal`:          "a bracket is closed",
		`entry.type == "(" || (entry.personal`:         "a bracket is not closed",
		`entry.hasReceipt()`:                           "hasReceipt is a field: write it without brackets",
		`entry.date.isWeekend`:                         "d.isWeekend()",
		`report.entries.length > 3`:                    "size()",
		`entry.expenseType == "MEALS"`:                 `did you mean "type"?`,
		`expense.personal`:                             `did you mean "entry"?`,
		`e.personal`:                                   "the name of an element is known only between the brackets",
		`report.employee == ""`:                        "names of people",
		`report.amount > report.total`:                 "a report has total",
		`allocation.percentage == "100"`:               `"allocation" is only known to rules of level allocation`,
		`sum(report.entries.map(e, e.posted).filter(e, e.type == "X"), "USD") > report.total`: "m.amount()",
		`entry.allocations.all(a, a.percentage == 100)`:                                       "a.percentage is a text; write decimal(a.percentage), and decimal(100)",
		`sum(entry.allocations.map(a, a.percentage)) == 100`:                                  "sum(entry.allocations.map(a, decimal(a.percentage)))",
		`decimal(entry.custom["3"]) > decimal(1)`:                                             `decimal(entry.custom["3"].value)`,
		`has(entry.custom["3"])`:                                                              `has(entry.vendor), has(entry.custom["3"].value)`,
		`entry.posted % 10 == 0`:                                                              `entry.posted.isMultipleOf(money("10", report.currency))`,
		`trim(entry.vendor) == ""`:                                                            "entry.vendor.trim()",
		`date(2026, 5, 1) == entry.date`:                                                      `date("2026-05-01")`,
		`entry.date.weekday() == "Saturday"`:                                                  `weekday() is never "Saturday": it is monday, tuesday`,
		`!(entry.date.weekday() in ["saturday", "Sun"])`:                                      `weekday() is never "Sun": it is monday, tuesday`,
		`entry.date.weekday() in [6, 7]`:                                                      "in cannot be used with string and list(int)",
		`entry.posted > money("1,50", "EUR")`:                                                 `money() cannot read "1,50": not a decimal number; before the decimals there is a point`,
		`entry.vendor.matches("(")`:                                                           "matches() cannot read",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			all := problems(t, "entry", expression)
			require.Len(t, all, 1)
			require.Contains(t, all[0].Reason, want)
		})
	}
}

func TestAMisusedListIsExplained(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`lists.a.contains(entry.type)`: "key in lists.a",
		`entry.custom["3"] in lists.a`: `entry.custom["3"].code in lists.name`,
		`lists.a["x"] == "y"`:          "lists.name[key].column",
	} {
		require.Contains(t, problems(t, "entry", expression)[0].Reason, want)
	}
}

func TestAMismatchOfTypesIsExplainedAtItsColumn(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.posted > 75`:                                    `20: money("75", report.currency)`,
		`entry.posted > -75.00`:                                `20: money("-75.00", report.currency)`,
		`75 < entry.posted`:                                    `10: money("75", report.currency)`,
		`report.total == "5"`:                                  `20: money("5", report.currency)`,
		`entry.posted + 5 > entry.posted`:                      `20: money("5", report.currency)`,
		`entry.posted > entry.attendeeCount`:                   `20: money(decimal(entry.attendeeCount), report.currency)`,
		`entry.posted > "75.00 USD"`:                           `20: money("75.00", "USD")`,
		`entry.posted > 75.00 USD`:                             `28: money("75.00", "USD")`,
		`"USD" money`:                                          `13: money("75.00", "USD")`,
		`entry.posted > entry.vendor`:                          `20: money("75.00", report.currency)`,
		`entry.posted == report.currency`:                      `20: entry.posted.currency()`,
		`entry.posted > decimal("3")`:                          `20: money(decimal("3"), report.currency)`,
		`money(75, "USD") < entry.posted`:                      `12: money("75", "USD")`,
		`money(75.00, "USD") < entry.posted`:                   `12: money("75.00", "USD")`,
		`money("75.00") < entry.posted`:                        `12: money("75.00", "USD")`,
		`entry.amount > 5`:                                     `12: an entry has posted`,
		`entry.posted / 3 < report.total`:                      `20: entry.posted.dividedBy(3)`,
		`entry.posted / 1.5 < report.total`:                    `20: entry.posted.dividedBy(decimal("1.5"))`,
		`entry.posted / report.total > 1.0`:                    `20: entry.posted.amount().dividedBy(report.total.amount(), 4)`,
		`decimal("1") / 3 > decimal("0.3")`:                    `20: decimal("1").dividedBy(3, 4)`,
		`entry.posted.dividedBy(0) > report.total`:             `30: nothing can be divided by zero`,
		`entry.posted * entry.posted > report.total`:           `20: entry.posted.amount()`,
		`decimal("1") == 1`:                                    `20: decimal(1)`,
		`decimal("1") > 1.5`:                                   `20: decimal("1.5")`,
		`decimal("ten") > decimal(1)`:                          `15: decimal() cannot read "ten": not a decimal number`,
		`1.50 > 1.0`:                                           `7: decimal("1.5")`,
		`entry.attendeeCount > 3.5`:                            `27: a whole number, or decimal(entry.attendeeCount) and decimal("3.5")`,
		`3u > 2u`:                                              `7: whole numbers are written without u: 3`,
		`entry.posted.convert(1.2, "EUR") > report.total`:      `27: convert(entry.exchangeRate, "USD"), or convert(decimal("1.19"), "USD")`,
		`entry.posted.convert("1.2", "euro") > report.total`:   `35: "euro" is not a currency: three capital letters`,
		`entry.posted.isMultipleOf(100)`:                       `32: money("100", report.currency)`,
		`entry.posted.round(2.0) > report.total`:               `25: round(2)`,
		`abs(entry.posted) > report.total`:                     `10: entry.posted.abs()`,
		`max(entry.posted, report.total) > report.total`:       `10: max([a, b])`,
		`sum(report.entries) > report.total`:                   `10: sum(report.entries.map(e, e.posted))`,
		`entry.date > "2026-01-01"`:                            `18: date("2026-01-01")`,
		`entry.date == "May 1st"`:                              `18: date("2026-05-01")`,
		`entry.date > entry.custom["3"].value`:                 `18: date(entry.custom["3"].value)`,
		`entry.date + 5 > report.date`:                         `18: entry.date.plusDays(5)`,
		`entry.date - 5 > report.date`:                         `18: entry.date.plusDays(-5)`,
		`report.submitted - entry.date > 30`:                   `24: daysBetween(entry.date, report.submitted)`,
		`entry.date > 30`:                                      `18: write a date on both sides; entry.date.daysUntil(other)`,
		`entry.date.plusDays("5") > report.date`:               `26: plusDays(30)`,
		`entry.date.getFullYear() == 2026`:                     `29: d.year()`,
		`timestamp("2026-01-01T00:00:00Z") < now`:              `16: timestamp() is not known here`,
		`duration("720h").getHours() > 3`:                      `15: duration() is not known here`,
		`report.entries.groupBy(e.date).size() > 1`:            `29: report.entries.groupBy(e, e.date)`,
		`report.entries.groupBy(e.date, e).size() > 1`:         `31: groupBy(e, e.date)`,
		`report.entries.groupBy(e, e.posted).size() > 1`:       `29: the key of groupBy() and totalBy()`,
		`report.entries.totalBy(e, e.type).size() > 1`:         `29: report.entries.totalBy(e, e.date, e.posted)`,
		`report.entries.totalBy(e, e.type, e.date).size() > 1`: `29: totalBy() adds amounts, decimals or ints`,
		`report.entries.distinct().size() > 1`:                 `30: report.entries.map(e, e.vendor).distinct()`,
		`entry.custom["3"] == "x"`:                             `25: entry.custom["3"].value or entry.custom["3"].code`,
		`entry.custom["3"].value > 3`:                          `31: entry.custom["3"].value is a text; write decimal(entry.custom["3"].value), and decimal(3)`,
		`entry.type == 3`:                                      `18: "3"`,
		`entry.attendeeCount > "3"`:                            `27: 3`,
		`entry.hasReceipt == "Y"`:                              `24: entry.hasReceipt, or !entry.hasReceipt`,
		`"Total " + report.total == ""`:                        `16: string(report.total)`,
		`"%d".format([1]) == ""`:                               `18: format() is not known here`,
		`entry.hasReceipt and entry.personal`:                  `24: as &&`,
		`entry.hasReceipt OR entry.personal`:                   `24: write "OR" as ||`,
		`not entry.hasReceipt`:                                 `11: write "not" as !`,
		`entry.type = "MEALS"`:                                 `18: ==`,
		`entry.attendeeCount => 3`:                             `27: write "at least" as >=`,
		`entry.hasReceipt == True`:                             `27: write True as true`,
		`{entry.posted: 1}.size() == 1`:                        `7: the key of a map`,
		`today() > report.date`:                                `12: as today, without brackets`,
		`now > report.date`:                                    `7: as today, without brackets`,
		`-entry.date > report.date`:                            `7: - cannot be used with date`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			first := problems(t, "entry", expression)[0]
			column, words, _ := strings.Cut(want, ": ")
			require.Equal(t, column, strconv.Itoa(first.Column))
			require.Contains(t, first.Reason, words)
		})
	}
}
