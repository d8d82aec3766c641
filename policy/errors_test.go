package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

const head = "apiVersion: concur-connector/v1\nrules:\n"

// with returns a file whose only rule begins in line 3. Its lines replace those of
// a good rule that have the same key; a line without a value takes that key out.
func with(lines ...string) string {
	good := []string{"name: one", "level: entry", "expression: entry.hasReceipt", "message: No receipt.", "then: {sendBack: true}"}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ":")
		found := false
		for i, have := range good {
			if strings.HasPrefix(have, key+":") {
				found = true
				if good[i] = line; value == "" {
					good = append(good[:i], good[i+1:]...)
				}
				break
			}
		}
		if !found {
			good = append(good, line)
		}
	}
	return head + "  - " + strings.Join(good, "\n    ") + "\n"
}

func TestAMistakeInAnExpressionIsRefusedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, place, want string
	}{
		"an unknown field":             {with("expression: entry.receipt"), "f:5:22: ", `did you mean "hasReceipt"?`},
		"an entry in a report's rule":  {with("level: report"), "f:5:17: ", `"entry" is only known to rules of level entry`},
		"an expression that is a text": {with("expression: entry.type"), "f:5:17: ", "is text (string)"},
		"a match that is a number":     {with("match: 1 + 1"), "f:8:12: ", "is int"},
		"a message that is a number":   {with("message:", "messageExpression: entry.attendeeCount"), "f:7:24: ", "must be text (string), is int"},
		"half an expression":           {with("expression: entry.hasReceipt &&"), "f:5:36: ", "ends too early"},
		"an empty expression":          {with("expression: ''"), "f:5:18: ", "ends too early"},
		"an unknown function":          {with("expression: near(entry.posted, 3)"), "f:5:21: ", `did you mean "year"?`},
		"a bad regular expression":     {with(`expression: entry.vendor.matches("(")`), "f:5:38: ", "cannot read the pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(c.file))
			var all rulesfile.Errors
			require.ErrorAs(t, err, &all)
			require.Len(t, all, 1)
			require.ErrorContains(t, err, c.place+`rule "one": `)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParsePointsIntoTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ expression, want string }{
		"a plain line":        {`expression: entry.hasReceipt || wrong`, ":5:37:"},
		"single quotes":       {`expression: 'entry.vendor == "it''s" || wrong'`, ":5:45:"},
		"double quotes":       {`expression: "entry.vendor == \"x\" || wrong"`, ":5:43:"},
		"after other letters": {`expression: entry.vendor == "Ærø 東京" || wrong`, ":5:45:"},
		"a block":             {"expression: |\n      entry.hasReceipt ||\n        wrong", ":7:9:"},
		"a block with a mark": {"expression: |2- # why\n        entry.hasReceipt ||\n        wrong", ":7:9:"},
		"a folded block":      {"expression: >-\n      entry.hasReceipt ||\n      wrong", ":7:7:"},
		"a plain text folded": {"expression: entry.hasReceipt\n      || wrong", ":6:10:"},
		"a rare escape":       {`expression: "entry.vendor == '\u0041' || wrong"`, ":5:17:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with(c.expression)))
			require.ErrorContains(t, err, "f"+c.want+` rule "one": expression: `)
			_, err = policy.Parse("f", []byte("\ufeff"+strings.ReplaceAll(with(c.expression), "\n", "\r\n")))
			require.ErrorContains(t, err, "f"+c.want)
		})
	}
}

func TestAnExpressionThatCanOnlyBeAMistakeIsRefused(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`entry.posted > 75.00`:                                 `money("75.00", report.currency)`,
		`entry.posted * 1.5 == entry.posted`:                   `entry.posted * decimal("1.5")`,
		`double(entry.posted) > 1.0`:                           `double() is not known here: floating-point numbers are not exact; write decimal("1.5")`,
		`entry.approved == null`:                               "null is not known here; ask with has() whether something is there",
		`entry.posted in [entry.approved]`:                     `"in" cannot compare amounts; use exists()`,
		`[entry.posted] != [entry.approved]`:                   "lists and maps of amounts cannot be compared; compare the amounts",
		`money("ten", "USD") < entry.posted`:                   `money() cannot read "ten": not a decimal number`,
		`money("1e99", "USD") < entry.posted`:                  `money() cannot read "1e99": not an amount: its exponent is out of range`,
		`money("10", "$") < entry.posted`:                      `"$" is not a currency: three capital letters`,
		`sum([entry.posted], "usd") < entry.posted`:            `"usd" is not a currency: three capital letters`,
		`entry.date < date("2026-02-30")`:                      `"2026-02-30" is not a date like "2026-05-01"`,
		`entry.date - report.date == 3`:                        "daysBetween(report.date, entry.date)",
		`entry.custom["41"].code == ""`:                        `there is no field "41" here; they are "1" to "40"`,
		`report.custom["21"].code == ""`:                       `there is no field "21" here; they are "1" to "20"`,
		`entry.orgUnits["7"].code == ""`:                       `there is no field "7" here; they are "1" to "6"`,
		`entry.custom["03"].code == ""`:                        `there is no field "03" here; they are "1" to "40"`,
		`entry.allocations.all(a, a.custom["21"].value == "")`: `there is no field "21" here; they are "1" to "20"`,
		`entry.custom.costCenter.code == ""`:                   `name a custom field or organisational unit by its number in brackets: custom["3"]`,
		`entry.custom["1"] == "4711"`:                          `entry.custom["1"].value or entry.custom["1"].code`,
		`Field{code: "1"} == entry.custom["1"]`:                "a rule cannot make an object of type Field",
		`dyn(entry).anything == 1`:                             "dyn() is not known here: every value has its type here",
		`money == money`:                                       "money is a type, not a value",
		`report.actionUrl == ""`:                               "undefined field 'actionUrl'",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with("expression: |\n      "+expression)))
			require.ErrorContains(t, err, `rule "one": expression: `)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestAllErrorsAreReportedInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	file := with("expression: entry.nothing", "match: 1", "then: {ask: finance, exception: {code: much-too-long}}") +
		strings.TrimPrefix(with("name: two", "level: none"), head)
	_, err := policy.Parse("f", []byte(file))
	var all rulesfile.Errors
	require.ErrorAs(t, err, &all)
	var places []string
	for _, one := range all {
		places = append(places, fmt.Sprintf("%d:%d %s", one.Line, one.Column, one.Rule))
		require.Equal(t, "f", one.File)
		require.True(t, errors.Is(err, one))
	}
	require.Equal(t, []string{"5:22 one", "7:44 one", "8:12 one", "10:12 two"}, places)
	require.Contains(t, err.Error(), "\nf:10:12: rule \"two\": "+all[3].Reason)
}
