package rulestest_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

const rules = `apiVersion: concur-connector/v1
steps: {late: [PRE-EXTRACT]}
facts:
  twins:
    level: entry
    url: https://erp.example.com/twins
    send: {vendor: entry.vendor}
    answer: {twin: bool}
rules:
  - name: receipt
    level: entry
    match: entry.type != "TIP"
    expression: entry.hasReceipt || entry.posted <= money("75.00", report.currency)
    message: A receipt is missing.
    then: {exception: {code: NORECPT, visibility: PROCESSOR}}
  - name: alcohol
    level: itemization
    expression: itemization.type != "ALCOH"
    message: Alcohol is not reimbursed.
    then: {sendBack: true}
  - name: old
    level: report
    steps: [late]
    match: has(report.date)
    expression: daysBetween(report.date, today) < 90
    message: It is too old.
    then: {ask: finance}
  - name: twin
    level: entry
    match: entry.type == "TWIN"
    expression: "!facts.twins.twin"
    message: It is on another report.
    then: {ask: finance}
  - name: trip
    level: request
    expression: request.posted <= money("100", "EUR")
    message: A costly trip.
    then: {ask: travel}
`

func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func never([]byte) (*expense.Report, *expense.TravelRequest, error) {
	return nil, nil, errors.New("it is no payload")
}

func run(t *testing.T, cases string) rulestest.Result {
	t.Helper()
	p, err := policy.Parse("rules.yaml", []byte(rules))
	require.NoError(t, err)
	all, err := rulestest.Load(written(t, "rules_test.yaml", cases), never)
	require.NoError(t, err)
	return rulestest.Run(p, all)
}

func TestACaseIsComparedWithItsWant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		diff []string
	}{
		"nothing is found, and none is wanted": {`report: {currency: EUR, entries: [{posted: 75.00}]}, want: none`, nil},
		"an exception on an entry that has no ID": {
			`report: {currency: EUR, entries: [{posted: "1"}, {posted: "75.000000001"}]}, want: {exceptions: [{code: NORECPT, object: "2", visibility: PROCESSOR}], violated: [receipt], action: approve, ask: []}`, nil},
		"a code alone is anywhere": {`report: {currency: EUR, entries: [{posted: 99}]}, want: {exceptions: [NORECPT]}`, nil},
		"none is wanted, and there is something": {
			`report: {currency: EUR, entries: [{posted: 99}]}, want: none`,
			[]string{"+ exception NORECPT on 1 for PROCESSOR", "+ violated: receipt"}},
		"another object, and another visibility": {
			`report: {currency: EUR, entries: [{posted: 99, id: a}, {posted: 99, id: b}]}, want: {exceptions: [{code: NORECPT, object: c}, {code: NORECPT, object: b, visibility: ALL}]}`,
			[]string{"- exception NORECPT on c", "- exception NORECPT on b for ALL", "+ exception NORECPT on a for PROCESSOR", "+ exception NORECPT on b for PROCESSOR"}},
		"an itemization sends back": {
			`report: {entries: [{posted: 1 EUR, hasReceipt: true, itemizations: [{type: FOOD}, {type: ALCOH}]}]}, want: {action: send-back, findings: [{rule: alcohol, object: "1.2"}], comment: Alcohol is not reimbursed.}`, nil},
		"another action and comment": {
			`report: {entries: [{posted: 1 EUR, hasReceipt: true, itemizations: [{type: ALCOH}]}]}, want: {action: ask, ask: finance, comment: {contains: [Alcohol, beer]}}`,
			[]string{"- action: ask", "+ action: send-back", "- ask: finance", `+ ask: ""`, `- comment contains "beer"`, `+ comment: "Alcohol is not reimbursed."`}},
		"another finding": {
			`report: {entries: [{posted: 1 EUR, hasReceipt: true, itemizations: [{type: ALCOH}]}]}, want: {findings: [{rule: alcohol, message: Beer}]}`,
			[]string{"- finding of alcohol: Beer", "+ finding of alcohol on 1.1: Alcohol is not reimbursed."}},
		"the stop and the day count": {
			`report: {date: 2026-01-01}, eventType: PRE-EXTRACT, at: 2026-04-01, want: {action: ask, ask: finance, violated: [old]}`, nil},
		"it is evaluated on the day of submission": {
			`report: {date: 2026-01-01, submitted: "2026-03-31T23:00:00"}, eventType: PRE-EXTRACT, want: none`, nil},
		"a rule that errs": {
			`report: {entries: [{posted: 1 USD, currencyName: x}], currency: EUR}, want: {action: ask, erred: [receipt], violated: []}`, nil},
		"a fact": {
			`report: {entries: [{type: TWIN, hasReceipt: true}]}, facts: {twins: {"1": {twin: true}}}, want: {ask: finance, violated: [twin]}`, nil},
		"a travel request": {
			`request: {currency: EUR, posted: "100.01"}, want: {ask: travel, findings: [{rule: trip, object: request}]}`, nil},
		"a rule that does not exist": {
			`report: {}, want: {violated: [reciept], erred: [reciept]}`,
			[]string{`! the rules have none that is called "reciept"; did you mean "receipt"?`, "- violated: reciept", "- erred: reciept"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, "cases:\n  - {name: one, "+c.text+"}\n")
			require.Equal(t, c.diff, r.Cases[0].Diff)
			require.Equal(t, c.diff == nil, r.Cases[0].OK)
			require.Equal(t, r.Failed == 0, c.diff == nil)
			require.Equal(t, 2, r.Cases[0].Line)
		})
	}
}

func TestTheCoverageNamesUncoveredRules(t *testing.T) {
	t.Parallel()
	r := run(t, `cases:
  - {name: one, report: {currency: EUR, entries: [{posted: 99}, {posted: 1}, {type: TIP}]}, want: {action: approve}}
  - {name: two, report: {currency: EUR, entries: [{posted: 99 USD, type: TWIN}]}, want: {action: ask}}
`)
	require.Equal(t, []rulestest.RuleCoverage{
		{Rule: "receipt", Held: 1, Violated: 1, NoMatch: 1, Erred: 1, Matches: true},
		{Rule: "alcohol"},
		{Rule: "old", NoMatch: 2, Matches: true},
		{Rule: "twin", NoMatch: 1, Erred: 1, Matches: true},
		{Rule: "trip"},
	}, r.Rules)
	require.Equal(t, 20, r.Coverage, "2 of 10 sides")
	require.True(t, r.Rules[0].Full())
	require.False(t, r.Rules[3].Full())
}

func TestAMistakeInACaseIsReportedAtItsPlace(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                                  ": the file is empty",
		"cases: [":                          ":2:1: not YAML: while parsing a flow node",
		"cases: []\n---\n{}":                ":2:1: a second document begins here",
		"cases: []\ntest: 1":                `:2:1: unknown key "test" in the file; known are apiVersion, cases`,
		"apiVersion: v1":                    ":1:13: apiVersion must be concur-connector/v1",
		"apiVersion: concur-connector/v1":   ":1:1: cases is missing",
		"cases: {}":                         ":1:8: cases must be a list",
		"cases: [x]":                        ":1:9: a case must be a mapping with name, report",
		"cases: [&a {name: b}]":             ":1:9: anchors, aliases and tags are not accepted",
		"cases: [{report: {}, want: none}]": ":1:9: a case has no name",
		"cases: [{name: a, want: none}]":    ":1:9: a case needs exactly one of report, request and payload",
		"cases: [{name: a, report: {}, request: {}, want: none}]":                        ":1:9: a case needs exactly one of report",
		"cases: [{name: a, report: {}}]":                                                 ":1:9: want is missing",
		"cases: [{name: a, report: {}, want: none},\n{name: a, report: {}, want: none}]": ":2:1: the case in line 1 has the same name",
		"cases: [{name: a, report: {entry: []}, want: none}]":                            `:1:28: unknown key "entry" in report; did you mean "entries"? Known are id, key, `,
		"cases: [{name: a, report: {entries: [{posted: x}]}, want: none}]":               `:1:47: posted must be an amount like "129.00" or "129.00 USD"`,
		"cases: [{name: a, report: {total: {currency: USD}}, want: none}]":               ":1:35: total has no amount",
		"cases: [{name: a, report: {entries: [{personal: yes}]}, want: none}]":           ":1:49: personal must be true or false",
		"cases: [{name: a, report: {entries: [{attendeeCount: 1.5}]}, want: none}]":      ":1:54: attendeeCount must be a whole number",
		"cases: [{name: a, report: {name: [x]}, want: none}]":                            ":1:34: name must be text",
		"cases: [{name: a, report: {name: a, name: b}, want: none}]":                     `:1:37: key "name" is given twice, first in line 1`,
		"cases: [{name: a, report: {}, at: today, want: none}]":                          ":1:35: at must be a date",
		"cases: [{name: a, report: {}, want: all}]":                                      ":1:37: want must be a mapping, or none",
		"cases: [{name: a, report: {}, want: {}}]":                                       ":1:37: want names nothing",
		"cases: [{name: a, report: {}, want: {action: passed}}]":                         ":1:46: action must be approve, send-back or ask",
		"cases: [{name: a, report: {}, want: {exceptions: [{object: b}]}}]":              ":1:51: an exception has no code",
		"cases: [{name: a, report: {}, want: {findings: [{object: b}]}}]":                ":1:49: a finding has no rule",
		"cases: [{name: a, report: {}, want: {comment: {}}}]":                            ":1:47: comment names nothing",
		"cases: [{name: a, payload: gone.xml, want: none}]":                              ":1:28: payload cannot be used: no such file or directory",
		"cases: [{name: a, report: {custom: {\"3\": {values: x}}}, want: none}]":         `:1:43: unknown key "values" in custom "3"; did you mean "value"? Known are value, code, listItem`,
	} {
		_, err := rulestest.Load(written(t, "x_test.yaml", text), never)
		var all rulesfile.Errors
		require.ErrorAs(t, err, &all, text)
		require.ErrorContains(t, all[0], "x_test.yaml"+says, text)
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := rulestest.Load(written(t, "x_test.yaml", "cases:\n  - {name: a, report: {x: 1}, want: none}\n  - {name: b, report: {y: 1}, want: 1}\n"), never)
	var all rulesfile.Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 3)
}

func TestACaseMayBeAPayloadOfConcur(t *testing.T) {
	t.Parallel()
	path := written(t, "rules_test.yaml", "cases: [{name: a, payload: one.xml, want: none}]")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "one.xml"), []byte("<x/>"), 0o600))
	cases, err := rulestest.Load(path, func(body []byte) (*expense.Report, *expense.TravelRequest, error) {
		require.Equal(t, "<x/>", string(body))
		return &expense.Report{ID: "R1"}, nil, nil
	})
	require.NoError(t, err)
	require.Equal(t, "R1", cases[0].Report.ID)
	_, err = rulestest.Load(path, never)
	require.ErrorContains(t, err, "payload cannot be used: it is no payload")
}

func TestAReportAloneIsRead(t *testing.T) {
	t.Parallel()
	c, err := rulestest.ParseReport("r.yaml", []byte("currency: USD\nsubmitted: 2026-05-01\nentries: [{posted: 5, custom: {3: C1, 4: {value: x, code: y}}, allocations: [{percentage: 50}]}]\n"), never)
	require.NoError(t, err)
	require.Equal(t, "5.00 USD", c.Report.Entries[0].Posted.String())
	require.Equal(t, map[string]expense.Field{"3": {Value: "C1"}, "4": {Value: "x", Code: "y"}}, c.Report.Entries[0].Custom)
	require.Equal(t, "1/1", c.Report.Entries[0].Allocations[0].ID)
	require.Equal(t, time.Date(2026, 5, 1, 0, 0, 0, 0, policy.AsWritten), c.At)

	c, err = rulestest.ParseReport("r.json", []byte(`{"request": {"id": "T", "expenses": [{"segments": [{}]}]}, "eventType": "X"}`), never)
	require.NoError(t, err)
	require.Equal(t, "1.1", c.Request.Expenses[0].Segments[0].ID)
	require.Equal(t, "X", c.EventType)

	_, err = rulestest.ParseReport("r.yaml", []byte("report: {x: 1}"), never)
	require.ErrorContains(t, err, `r.yaml:1:10: unknown key "x" in report`)
}

func TestADateOfACaseIsThatDayInTheZoneOfTheRules(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Etc/GMT+12", "America/Los_Angeles", "America/Sao_Paulo", "UTC", "Asia/Beirut", "Pacific/Apia", "Pacific/Kiritimati"} {
		rules, err := policy.Parse("rules.yaml", []byte("apiVersion: concur-connector/v1\ntimezone: "+zone+
			"\nrules: [{name: a, level: report, expression: 'today == date(report.name)', messageExpression: string(today), then: {sendBack: true}}]"))
		require.NoError(t, err)
		for text, day := range map[string]string{
			"at: 2020-06-01\nreport: {name: 2020-06-01}":                 "",
			"at: \"2018-11-04\"\nreport: {name: 2018-11-04}":             "",
			"at: 2011-12-30T23:59\nreport: {name: 2011-12-30}":           "",
			"report: {name: 2020-06-01, submitted: 2020-06-01}":          "",
			"report: {name: 2020-06-01, submitted: 2020-06-01T00:00:00}": "",
			"at: 2020-06-01T12:00:00+00:00\nreport: {name: 2020-06-01}":  map[string]string{"Pacific/Kiritimati": "2020-06-02", "Pacific/Apia": "2020-06-02"}[zone],
		} {
			c, err := rulestest.ParseReport("r.yaml", []byte(text), never)
			require.NoError(t, err)
			verdict := rules.Evaluate(c)
			if day == "" {
				require.Empty(t, verdict.Findings, "%s in %s", text, zone)
				continue
			}
			require.Equal(t, day, verdict.Findings[0].Message, "%s in %s", text, zone)
		}
	}
}

func TestFactsKeepTheirDigits(t *testing.T) {
	t.Parallel()
	c, err := rulestest.ParseReport("r.yaml", []byte(`report: {}
facts: {f: {"0": {a: 1.10, b: true, c: "1", d: {amount: "5", currency: USD}, e: [x, 2], g: 2026-05-01, h: ~}}}
`), never)
	require.NoError(t, err)
	values := map[string]string{}
	for name, raw := range c.Facts["f"]["0"] {
		values[name] = string(raw)
	}
	require.Equal(t, map[string]string{
		"a": "1.10", "b": "true", "c": `"1"`, "d": `{"amount":"5","currency":"USD"}`, "e": `["x",2]`, "g": `"2026-05-01"`, "h": "null",
	}, values)
}
