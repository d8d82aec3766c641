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
		choice = "write a choice as condition ? this : that"
		there  = "ask with has(entry.vendor) whether something is there"
	)
	for expression, want := range map[string]string{
		`IF(entry.personal, true, false)`:              "undeclared reference to 'IF'; write condition ? this : that",
		`entry.personal if entry.itemized else true`:   choice,
		`SUMIF(report.entries, "TAXI") > report.total`: "undeclared reference to 'SUMIF'; write sum(report.entries.filter(",
		`str(entry.posted) == ""`:                      "undeclared reference to 'str'; write string()",
		`entry.vendor.toUpperCase() == ""`:             "undeclared reference to 'toUpperCase'; write upperAscii()",
		`YEAR(entry.date) == 2026`:                     "undeclared reference to 'YEAR'; write d.year()",
		`round(entry.posted, 2) == entry.posted`:       "a.round(2)",
		`entry.vendor LIKE "Hotel%"`:                   `search a text with entry.vendor.contains("x"), startsWith() or endsWith(), or for a pattern with matches()`,
		`entry.vendor IS NOT NULL`:                     there,
		`entry.posted BETWEEN 1 AND 2`:                 `write "between" as a >= b && a <= c`,
		`any(e.personal for e in report.entries)`:      "to ask the elements of a list, write report.entries.exists(e, e.personal)",
		`entry.type in ("MEALS", "DINNR")`:             `write a list in square brackets: in ["MEALS", "DINNR"]`,
		`entry.vendor[0:3] == "abc"`:                   "take a part of a text with entry.vendor.substring(0, 3)",
		`entry.vendor =~ "^A"`:                         `entry.vendor.matches("^A")`,
		`report.entries.exists(e => e.personal)`:       "write a comma after the name of the element: exists(e, e.personal)",
		`entry.vendor & "x" == ""`:                     "join texts with +",
		`entry.posted <= report.total * 50%`:           `write a percentage as a factor: half of it is * decimal("0.5")`,
		`entry.hasReceipt) || entry.personal`:          "a bracket is closed that is not open",
		`entry.type == "(" || (entry.personal`:         "a bracket is opened and not closed",
		`entry.hasReceipt()`:                           "hasReceipt is a field: write it without brackets",
		`entry.date.isWeekend`:                         "a date has no fields; call a function with brackets, as in isWeekend()",
		`report.entries.length > 3`:                    "ask with size() how many there are",
		`entry.expenseType == "MEALS"`:                 `undefined field 'expenseType'; did you mean "type"?`,
		`expense.personal`:                             `undeclared reference to 'expense'; did you mean "entry"?`,
		`e.personal`:                                   "undeclared reference to 'e'; the name of an element is known only between the brackets",
		`report.employee == ""`:                        "undefined field 'employee'; the connector does not read names of people",
		`report.amount > report.total`:                 "undefined field 'amount'; a report has total, claimed",
		`allocation.percentage == "100"`:               `"allocation" is only known to rules of level allocation`,
		`sum(report.entries.map(e, e.posted).filter(e, e.type == "X"), "USD") > report.total`: "an amount has no fields; it has m.amount() and m.currency()",
		`entry.allocations.all(a, a.percentage == 100)`:                                       "a.percentage is a text; write decimal(a.percentage), and decimal(100)",
		`sum(entry.allocations.map(a, a.percentage)) == 100`:                                  "sum() adds amounts, decimals or ints, not texts: sum(entry.allocations.map(a, decimal(a.percentage)))",
		`decimal(entry.custom["3"]) > decimal(1)`:                                             `decimal(entry.custom["3"].value)`,
		`has(entry.custom["3"])`:                                                              `has(entry.vendor), has(entry.custom["3"].value)`,
		`entry.posted % 10 == 0`:                                                              `entry.posted.isMultipleOf(money("10", report.currency))`,
		`trim(entry.vendor) == ""`:                                                            "entry.vendor.trim()",
		`date(2026, 5, 1) == entry.date`:                                                      `date("2026-05-01")`,
		`entry.date.weekday() == "Saturday"`:                                                  `weekday() is never "Saturday": it is monday, tuesday`,
		`!(entry.date.weekday() in ["saturday", "Sun"])`:                                      `weekday() is never "Sun": it is monday, tuesday`,
		`entry.date.weekday() in [6, 7]`:                                                      "a string is not found in a list of int",
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
		`lists.a.contains(entry.type)`: "key in lists.a",
		`entry.custom["3"] in lists.a`: `entry.custom["3"].code in lists.name`,
		`lists.a["x"] == "y"`:          "lists.name[key].column",
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
