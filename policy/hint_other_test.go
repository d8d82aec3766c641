package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

func TestWhatPeopleBringAlongIsAnswered(t *testing.T) {
	t.Parallel()
	const (
		choice = "a choice is written condition ? this : that"
		there  = "whether something is there is asked by has(entry.vendor)"
	)
	for expression, want := range map[string]string{
		`IF(entry.personal, true, false)`:              "undeclared reference to 'IF'; " + choice,
		`entry.personal if entry.itemized else true`:   choice,
		`SUMIF(report.entries, "TAXI") > report.total`: "undeclared reference to 'SUMIF'; write sum(report.entries.filter(",
		`str(entry.posted) == ""`:                      "undeclared reference to 'str'; write string()",
		`entry.vendor.toUpperCase() == ""`:             "undeclared reference to 'toUpperCase'; write upperAscii()",
		`YEAR(entry.date) == 2026`:                     "undeclared reference to 'YEAR'; write d.year()",
		`round(entry.posted, 2) == entry.posted`:       "round() stands behind an amount or decimal, and takes the number of decimals: a.round(2)",
		`entry.vendor LIKE "Hotel%"`:                   `texts are searched by entry.vendor.contains("x")`,
		`entry.vendor IS NOT NULL`:                     there,
		`entry.posted BETWEEN 1 AND 2`:                 "between is written a >= b && a <= c",
		`any(e.personal for e in report.entries)`:      "to ask the elements of a list, write report.entries.exists(e, e.personal)",
		`entry.type in ("MEALS", "DINNR")`:             `a list stands in square brackets: in ["MEALS", "DINNR"]`,
		`entry.vendor[0:3] == "abc"`:                   "a part of a text is entry.vendor.substring(0, 3)",
		`entry.vendor =~ "^A"`:                         `a pattern is looked for by entry.vendor.matches("^A")`,
		`report.entries.exists(e => e.personal)`:       "the name of the element is followed by a comma",
		`entry.vendor & "x" == ""`:                     "texts are joined with +",
		`entry.posted <= report.total * 50%`:           `a percentage is a factor: half of it is * decimal("0.5")`,
		`entry.hasReceipt) || entry.personal`:          "a bracket is closed that is not open",
		`entry.type == "(" || (entry.personal`:         "a bracket is opened and not closed",
		`entry.hasReceipt()`:                           "hasReceipt is a field: it is written without brackets",
		`entry.date.isWeekend`:                         "a date has no fields; a function is called with brackets, as in isWeekend()",
		`report.entries.length > 3`:                    "how many there are is asked by size()",
		`entry.expenseType == "MEALS"`:                 `undefined field 'expenseType'; did you mean "type"?`,
		`expense.personal`:                             `undeclared reference to 'expense'; did you mean "entry"?`,
		`e.personal`:                                   "undeclared reference to 'e'; the name of an element is known only between the brackets",
		`report.employee == ""`:                        "undefined field 'employee'; names of people are not read",
		`report.amount > report.total`:                 "undefined field 'amount'; a report has total, claimed",
		`allocation.percentage == "100"`:               `"allocation" is only known to rules of level allocation`,
		`sum(report.entries.map(e, e.posted).filter(e, e.type == "X"), "USD") > report.total`: "an amount has no fields; it has m.amount() and m.currency()",
		`entry.allocations.all(a, a.percentage == 100)`:                                       "a.percentage is a text; write decimal(a.percentage), and decimal(100)",
		`sum(entry.allocations.map(a, a.percentage)) == 100`:                                  "sum() adds amounts, decimals or ints, not texts: sum(entry.allocations.map(a, decimal(a.percentage)))",
		`decimal(entry.custom["3"]) > decimal(1)`:                                             `of a field its value is read: decimal(entry.custom["3"].value)`,
		`has(entry.custom["3"])`:                                                              `has() asks for a field: has(entry.vendor), has(entry.custom["3"].value)`,
		`entry.posted % 10 == 0`:                                                              `a round amount is asked for by entry.posted.isMultipleOf(money("10", report.currency))`,
		`trim(entry.vendor) == ""`:                                                            "trim() is written behind the text: entry.vendor.trim()",
		`date(2026, 5, 1) == entry.date`:                                                      `a date is written date("2026-05-01")`,
		`entry.date.weekday() == "Saturday"`:                                                  `weekday() is never "Saturday": it is monday, tuesday`,
		`!(entry.date.weekday() in ["saturday", "Sun"])`:                                      `weekday() is never "Sun": it is monday, tuesday`,
		`entry.date.weekday() in [6, 7]`:                                                      "string is looked for in a list of int",
		`entry.posted > money("1,50", "EUR")`:                                                 `money() cannot read "1,50": not a decimal number; before the decimals there is a point`,
		`entry.vendor.matches("(")`:                                                           "matches() cannot read the pattern",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with("expression: |\n      "+expression)))
			var all rulesfile.Errors
			require.ErrorAs(t, err, &all)
			require.Len(t, all, 1, "and what comes of it is not said")
			require.Contains(t, all[0].Reason, want)
		})
	}
}

func TestAListIsNotAskedInAnotherWay(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`lists.a.contains(entry.type)`: "whether a list has a row is asked by: key in lists.a",
		`entry.custom["3"] in lists.a`: `of a field its value or its code is looked for: entry.custom["3"].code in lists.name`,
		`lists.a["x"] == "y"`:          "of a row one of its columns is compared: lists.name[key].column",
	} {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "a.csv"), []byte("key,owner\nx,y\n"), 0o600))
		content := "apiVersion: concur-connector/v1\nlists: {a: {file: a.csv}}\nrules:\n  - name: one\n    level: entry\n    expression: |\n      " + expression +
			"\n    message: Hm.\n    then: {sendBack: true}\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, "f"), []byte(content), 0o600))
		_, err := policy.Load(filepath.Join(folder, "f"))
		require.ErrorContains(t, err, want)
	}
}

func TestAMessageWithAPlaceForAValueIsAWarning(t *testing.T) {
	t.Parallel()
	for _, message := range []string{`"{{entry.vendor}} is new"`, `"${entry.vendor} is new"`, `"{entry.vendor} is new"`} {
		p, err := policy.Parse("f", []byte(with("message: "+message)))
		require.NoError(t, err)
		require.Len(t, p.Warnings(), 1, message)
		require.ErrorContains(t, p.Warnings()[0], "the message of one is shown as it is written, with its brackets; messageExpression computes one")
	}
}
