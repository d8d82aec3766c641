package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

// declared is a file with one of everything that expressions can name.
const declared = `apiVersion: concur-connector/v1
facts:
  duplicates: {level: entry, url: "https://erp.example.com/facts", send: {vendor: entry.vendor}, answer: {duplicate: bool}}
variables:
  - {name: limit, level: report, expression: 'money("75.00", report.currency)'}
  - {name: dear, level: entry, expression: entry.posted > variables.limit}
rules:
`

func TestNamesThatAreNotKnownAreSuggested(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.hasReciept`:                                     `undefined field 'hasReciept'; did you mean "hasReceipt"?`,
		`entry.reciept`:                                        `undefined field 'reciept'; did you mean "hasReceipt"?`,
		`has(entry.vendr)`:                                     `undefined field 'vendr'; did you mean "vendor"?`,
		`entry.attendees > 1`:                                  `undefined field 'attendees'; did you mean "attendeeCount"?`,
		`entry.total > variables.limit`:                        `undefined field 'total'; did you mean "report.total"?`,
		`report.entries.all(e, e.persnal)`:                     `undefined field 'persnal'; did you mean "personal"?`,
		`report.entries.filter(e, e.personal).all(e, e.vendr)`: `undefined field 'vendr'; did you mean "vendor"?`,
		`report.entries.all(e, e.itemizations.all(i, i.tipe))`: `undefined field 'tipe'; did you mean "type"?`,
		`report.entries[0].persnal`:                            `undefined field 'persnal'; did you mean "personal"?`,
		`entry.allocations.all(a, a.isHidden)`:                 `undefined field 'isHidden'; did you mean "hidden"?`,
		`entry.allocations.all(a, a.isSystemAllocation)`:       `undefined field 'isSystemAllocation'; did you mean "hidden"?`,
		`entry.custom["3"].isValid`:                            `undefined field 'isValid'; did you mean "valid"?`,
		`entry.custom["3"].cod == ""`:                          `undefined field 'cod'; did you mean "code"?`,
		`entry.zebra`:                                          `undefined field 'zebra'`,
		`variables.limt > entry.posted`:                        `there is no variable "limt"; did you mean "limit"? Known are dear, limit`,
		`facts.duplicate.duplicate`:                            `there is no fact "duplicate"; did you mean "duplicates"? Known are duplicates`,
		`facts.duplicates.dupe`:                                `undefined field 'dupe'; known are duplicate`,
		`"C" in lists.costCentres`:                             `there is no list "costCentres"`,
		`entry.posted > limit`:                                 `undeclared reference to 'limit'; did you mean "variables.limit"?`,
		`duplicates.duplicate`:                                 `undeclared reference to 'duplicates'; did you mean "facts.duplicates"?`,
		`hasReceipt`:                                           `undeclared reference to 'hasReceipt'; did you mean "entry.hasReceipt"?`,
		`entries.all(e, e.hasReceipt)`:                         `undeclared reference to 'entries'; did you mean "report.entries"?`,
		`entri.hasReceipt`:                                     `undeclared reference to 'entri'; did you mean "entry"?`,
		`Entry.hasReceipt`:                                     `Entry is a type, not a value; did you mean "entry"?`,
		`entry.type == MEALS`:                                  `undeclared reference to 'MEALS'; write a text in quotes: "MEALS"`,
		`itemization.personal`:                                 `"itemization" is only known to rules of levels itemization and allocation`,
		`dayBetween(entry.date, report.date) < 3`:              `undeclared reference to 'dayBetween'; did you mean "daysBetween"?`,
		`entry.vendor.startWith("A")`:                          `undeclared reference to 'startWith'; did you mean "startsWith"?`,
		`len(entry.vendor) > 3`:                                `undeclared reference to 'len'; write size()`,
		`report.entries.exists(e.personal)`:                    `exists(e, e.personal)`,
		`daysBetween(entry.date, today()) < 90`:                `write the day of the evaluation as today, without brackets; a report has days, not times`,
		`report.entries.type == "MEALS"`:                       `a list has no fields; ask its elements: exists(e, ...), all(e, ...), filter(e, ...) or map(e, ...)`,
		`entry.vendor.name == "x"`:                             `a text has no fields`,
		`entry.posted.value > 3`:                               `an amount has no fields; it has m.amount() and m.currency()`,
		`report.curency == "USD"`:                              `undefined field 'curency'; did you mean "currency"?`,
		"variables\n      . limt > entry.posted":               `there is no variable "limt"; did you mean "limit"?`,
		`hass(entry.vendor)`:                                   `undeclared reference to 'hass'; did you mean "has"?`,
		`entry.posted <= mony("1", "USD")`:                     `undeclared reference to 'mony'; did you mean "money"?`,
		`date("2026-01-01") < todays`:                          `undeclared reference to 'todays'; did you mean "today"?`,
		`report.entries.map(e, e.itemizations)[0][0].persnal`:  `undefined field 'persnal'; did you mean "personal"?`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(declared+strings.TrimPrefix(with("expression: |\n      "+expression), head)))
			require.ErrorContains(t, err, `rule "one": expression: `)
			require.ErrorContains(t, err, want)
			require.Regexp(t, `^f:1[12]:\d+: rule "one": expression: [^\n]*$`, strings.SplitN(err.Error(), "\n", 2)[0])
		})
	}
}

func TestAVariableOfAnotherLevelIsExplained(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(declared+strings.TrimPrefix(with("level: report", "expression: variables.dear"), head)))
	require.EqualError(t, err, `f:10:26: rule "one": expression: the variable dear is only known to rules of levels entry, itemization and allocation`)
}

func TestOtherWaysOfWritingAreExplained(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.type = "MEALS"`:                   "write equality with two signs: ==",
		`entry.type =! "MEALS"`:                  "write equality with two signs: ==",
		`entry.type <> "MEALS"`:                  `write "differs" as !=`,
		`entry.hasReceipt and entry.personal`:    `write "and" as &&`,
		`entry.hasReceipt OR entry.personal`:     `write "OR" as ||`,
		`entry.hasReceipt & entry.personal`:      `write "and" as &&`,
		`entry.hasReceipt | entry.personal`:      `write "or" as ||`,
		`not entry.hasReceipt`:                   `write "not" as !`,
		`entry.type not in ["MEALS"]`:            `write "not in" as !(value in list)`,
		`if entry.personal then false else true`: "write a choice as condition ? this : that",
		`entry.type == “MEALS”`:                  `write a text in straight quotes: "MEALS"`,
		`entry.type == ‘MEALS’`:                  `write a text in straight quotes: 'MEALS'`,
		`entry.type == "MEALS`:                   `a text is not closed; after " #" YAML takes the rest for a comment: write the expression under a |`,
		`entry.attendeeCount – 1 > 0`:            "write minus as -",
		"entry.hasReceipt\u00a0|| true":          "this looks like a space and is none; type it again",
		`entry.hasReceipt # why`:                 "an expression has no comments after #; write them with //",
		`entry.custom.3.value == ""`:             `name a custom field or organisational unit by its number in brackets: custom["3"]`,
		`entry.custom[3].value == ""`:            `name a custom field or organisational unit by its number as a text: custom["3"]`,
		`contains(entry.vendor, "x")`:            `entry.vendor.contains("x")`,
		`entry.vendor == null`:                   "null is not known here; ask with has() whether something is there",
		`has(entry)`:                             `has(entry.vendor), has(entry.custom["3"].value)`,
		`(entry.hasReceipt`:                      "a bracket is opened and not closed",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with("expression: |\n      "+expression)))
			require.ErrorContains(t, err, `rule "one": expression: `)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestAFixedTextAsMessageExpressionIsExplained(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(with("message:", "messageExpression: No receipt")))
	require.ErrorContains(t, err, `f:7:27: rule "one": messageExpression: `)
	require.ErrorContains(t, err, "under message instead")
}

func TestRulesWithoutDashesAreExplained(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(head+"  name: one\n"))
	require.ErrorContains(t, err, "f:3:3: ")
	require.ErrorContains(t, err, "begins with a dash")
}
