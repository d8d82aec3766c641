package policy_test

import (
	"errors"
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

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 501)
	for name, c := range map[string]struct {
		file string
		want string // without the file's name
	}{
		"an empty file":             {"", ": the file is empty"},
		"a file of comments":        {"# nothing\n", ": the file is empty"},
		"what is not a mapping":     {"- one\n", ":1:1: the file must be a mapping with apiVersion, version, timezone, settings, steps, groups, lists, facts, variables, approveAll, rules"},
		"a missing version":         {"rules: []\n", ":1:1: apiVersion is missing; it must be concur-connector/v1"},
		"another version":           {"apiVersion: concur-connector/v2\nrules: []\n", ":1:13: apiVersion must be concur-connector/v1"},
		"a missing list":            {"apiVersion: concur-connector/v1\n", ":1:1: rules is missing; a file that is to approve everything says rules: [] and approveAll: true"},
		"a list that is none":       {"apiVersion: concur-connector/v1\nrules: {}\n", ":2:8: rules must be a list: each rule begins with a dash"},
		"a list that is null":       {"apiVersion: concur-connector/v1\nrules:\n", ":2:7: rules must be a list: each rule begins with a dash"},
		"an unknown key at the top": {"apiVersion: concur-connector/v1\nrules: []\nrule: 1\n", `:3:1: unknown key "rule" in the file; did you mean "rules"? Known are apiVersion, version, timezone, settings, steps, groups, lists, facts, variables, approveAll, rules`},
		"a key given twice":         {"apiVersion: concur-connector/v1\nrules: []\nrules: []\n", `:3:1: key "rules" is given twice, first in line 2`},
		"two documents":             {head + "---\na: 1\n", ":3:1: a second document begins here; the file must hold one"},
		"an anchor":                 {"apiVersion: &v concur-connector/v1\nrules: []\n", ":1:13: anchors, aliases and tags are not accepted"},
		"a tag":                     {"apiVersion: !!str concur-connector/v1\nrules: []\n", ":1:13: anchors, aliases and tags are not accepted"},
		"what is not YAML":          {"apiVersion: concur-connector/v1\nrules: [\n", ":3:1: not YAML: while parsing a flow node did not find expected node content"},
		"a file too large":          {"#" + strings.Repeat("x", 1<<20), ": the file is larger than 1 MiB"},

		"a rule that is text":          {head + "  - one\n", ":3:5: a rule must be a mapping with name, description, level, steps, match, expression, message, messageExpression, shadow, then"},
		"an unknown key in a rule":     {with("when: true"), `:8:5: rule "one": unknown key "when" in a rule; did you mean "match"? Known are name, description, level, steps, match, expression, message, messageExpression, shadow, then`},
		"a rule without a name":        {with("name:"), ":3:5: a rule has no name"},
		"a name with capitals":         {with("name: One"), `:3:11: rule "One": the name must be lower-case words joined by "-", at most 64 characters`},
		"a name that is taken":         {with() + strings.TrimPrefix(with(), head), `:8:11: rule "one": the name is taken by the rule in line 3`},
		"a missing level":              {with("level:"), `:3:11: rule "one": level is missing: report, entry, itemization, allocation, request, expectedExpense or segment`},
		"an unknown level":             {with("level: line"), `:4:12: rule "one": level must be report, entry, itemization, allocation, request, expectedExpense or segment, not "line"; did you mean "entry"?`},
		"a missing expression":         {with("expression:"), `:3:11: rule "one": expression is missing: it says what must hold`},
		"a missing message":            {with("message:"), `:3:11: rule "one": message or messageExpression is missing`},
		"two messages":                 {with("messageExpression: entry.type"), `:8:24: rule "one": message and messageExpression exclude each other`},
		"an empty message":             {with("message: ' '"), `:6:14: rule "one": message is empty`},
		"a message too long":           {with("message: " + long), `:6:14: rule "one": message is longer than 500 characters`},
		"a message that is a list":     {with("message: [a]"), `:6:14: rule "one": message must be text`},
		"a missing effect":             {with("then:"), `:3:11: rule "one": then is missing: it says what follows`},
		"no effect":                    {with("then: {}"), `:7:11: rule "one": then needs at least one effect: exception, sendBack: true, ask or warn: true`},
		"not sending back as effect":   {with("then: {sendBack: false}"), `:7:11: rule "one": then needs at least one effect: exception, sendBack: true, ask or warn: true`},
		"sending back as text":         {with(`then: {sendBack: "true"}`), `:7:22: rule "one": sendBack must be true or false`},
		"an unknown effect":            {with("then: {approve: true}"), `:7:12: rule "one": unknown key "approve" in then; known are exception, sendBack, ask, warn`},
		"a code too long":              {with("then: {exception: {code: ABCDEFGHI}}"), `:7:30: rule "one": code must be 1 to 8 of A-Z, 0-9 and _, not "ABCDEFGHI"`},
		"a code in lower case":         {with("then: {exception: {code: norecpt}}"), `:7:30: rule "one": code must be 1 to 8 of A-Z, 0-9 and _, not "norecpt"; did you mean "NORECPT"?`},
		"an exception without a code":  {with("then: {exception: {}}"), `:7:23: rule "one": exception has no code`},
		"an exception that is text":    {with("then: {exception: NORECPT}"), `:7:23: rule "one": an exception is written {code: NORECPT}`},
		"a group with a space":         {with("then: {ask: the boss}"), `:7:17: rule "one": ask must name a group: letters, digits, ".", "_", "-", at most 64`},
		"a group that is null":         {with("then: {ask: }"), `:7:17: rule "one": ask must be text`},
		"an unknown field":             {with("expression: entry.receipt"), `:5:22: rule "one": expression: undefined field 'receipt'; did you mean "hasReceipt"?`},
		"an entry in a report's rule":  {with("level: report"), `:5:17: rule "one": expression: "entry" is only known to rules of levels entry, itemization and allocation`},
		"an expression that is a text": {with("expression: entry.type"), `:5:17: rule "one": expression: must be true or false (bool), is text (string)`},
		"a match that is a number":     {with("match: 1 + 1"), `:8:12: rule "one": match: must be true or false (bool), is int`},
		"a message that is a number":   {with("message:", "messageExpression: entry.attendeeCount"), `:7:24: rule "one": messageExpression: must be text (string), is int`},
		"half an expression":           {with("expression: entry.hasReceipt &&"), `:5:36: rule "one": expression: it ends too early`},
		"an empty expression":          {with("expression: ''"), `:5:18: rule "one": expression: it ends too early`},
		"an unknown function":          {with("expression: near(entry.posted, 3)"), `:5:21: rule "one": expression: undeclared reference to 'near'; did you mean "year"?`},
		"a bad regular expression":     {with(`expression: entry.vendor.matches("(")`), `:5:38: rule "one": expression: matches() cannot read the pattern: it must be one of RE2, with its brackets closed`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("rules.yaml", []byte(c.file))
			require.EqualError(t, err, "rules.yaml"+c.want)
			var one *rulesfile.Error
			require.ErrorAs(t, err, &one)
			require.Equal(t, "rules.yaml", one.File)
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
			require.EqualError(t, err, "f"+c.want+` rule "one": expression: undeclared reference to 'wrong'`)
			_, err = policy.Parse("f", []byte("\ufeff"+strings.ReplaceAll(with(c.expression), "\n", "\r\n")))
			require.ErrorContains(t, err, "f"+c.want)
		})
	}
}

func TestParseRefusesWhatCanOnlyBeAMistake(t *testing.T) {
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
	require.EqualError(t, err, strings.Join([]string{
		`f:5:22: rule "one": expression: undefined field 'nothing'`,
		`f:7:44: rule "one": code must be 1 to 8 of A-Z, 0-9 and _, not "much-too-long"`,
		`f:8:12: rule "one": match: must be true or false (bool), is int`,
		`f:10:12: rule "two": level must be report, entry, itemization, allocation, request, expectedExpense or segment, not "none"`,
	}, "\n"))
	var all rulesfile.Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 4)
	require.True(t, errors.Is(err, all[3]))
	require.Equal(t, rulesfile.Error{File: "f", Line: 10, Column: 12, Rule: "two", Reason: `level must be report, entry, itemization, allocation, request, expectedExpense or segment, not "none"`}, *all[3])
}
