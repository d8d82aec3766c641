package policy_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// A file is either refused with errors that name it, or gives a policy that
// judges; neither panics nor points outside the file.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(shipped)
	require.NoError(f, err)
	f.Add(string(example))
	f.Add(with("expression: |\n      entry.posted > 1 ||\n      wrong"))
	f.Add(with(`expression: "entry.vendor == \"x\" || wrong"`))
	f.Add(with("expression: 'a''b'"))
	f.Add(with("expression: false", `then: {ask: [travel, {group: 'entry.type', count: 2}]}`, "approverMessage: Look.") + `groups:
  travel: {reminders: [1h, 2 working days], escalate: {after: 3 working days, to: Lunch}, deadline: {after: 9 working days, then: send-back}, unsealed: allow}
  Lunch:
approvals: {defaultGroup: Lunch, workingDays: [sunday], holidays: [2026-12-27], checkEvery: 0, page: {fields: ['entry.custom["3"]', report.entriesTotal]}}
`)
	f.Add("\xff\xfea\x00")
	f.Add("a: &a [*a]")
	report := lunch(f)
	f.Fuzz(func(t *testing.T, file string) {
		p, err := policy.Parse("f", []byte(file))
		if err == nil {
			v := p.VerdictOn(report)
			require.NotEmpty(t, v.Action)
			opened := time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)
			steps := p.PlanTask(expense.PlanTaskInput{Groups: v.Approvals, OpenedAt: opened}).Steps
			for _, step := range steps {
				require.True(t, step.At.After(opened))
			}
			return
		}
		var all rulesfile.Errors
		require.ErrorAs(t, err, &all)
		lines := bytes.Count([]byte(file), []byte("\n")) + bytes.Count([]byte(file), []byte("\r")) + 2
		for _, e := range all {
			require.NotEmpty(t, e.Reason)
			require.GreaterOrEqual(t, e.Line, 0)
			require.NotContains(t, e.Error(), "\n")
			if bytes.Count([]byte(file), []byte("\n")) > 0 && !bytes.ContainsAny([]byte(file), "\x00\u0085\u2028\u2029") {
				require.LessOrEqual(t, e.Line, lines)
			}
		}
	})
}

// An expression that loads judges without a panic, and what it says when it errs
// holds nothing of the report.
func FuzzExpression(f *testing.F) {
	for _, expression := range []string{
		`entry.posted != money("1", "EUR") && entry.custom["3"].code in [entry.vendor]`,
		`int(entry.vendor) == date(report.name).year() || {"a": 1}[entry.vendor] == 1`,
		`report.entries.map(e, e.itemizations).exists(l, sum(l.map(i, i.posted * 3)) < -entry.posted)`,
		`entry.vendor.substring(9, 99).replace("a", entry.typeName).split("x")[7].matches(entry.vendor)`,
		`report.entries.groupBy(e, e.date).all(d, g, sum(g.map(e, e.posted), "USD").convert(entry.exchangeRate, "EUR").round(2) > entry.posted)`,
		`report.entries.totalBy(e, e.vendor, decimal(e.exchangeRate).dividedBy(3, 4))[entry.vendor] == min([decimal(entry.vendor)])`,
		`entry.date.plusMonths(int(entry.vendor)).isWeekend() || [entry.vendor].distinct().join(entry.vendor) == "" || isDecimal(entry.vendor)`,
		`entry.type + string(entry.attendeeCount) == string(daysBetween(report.date, date(entry.vendor)))`,
	} {
		f.Add(expression)
	}
	report := lunch(f)
	report.Entries[0].Vendor = "Xyzzy"
	f.Fuzz(func(t *testing.T, expression string) {
		quoted := "'" + strings.ReplaceAll(expression, "'", "''") + "'"
		p, err := policy.Parse("f", []byte(with("expression: "+quoted)))
		if err != nil {
			return
		}
		for _, finding := range p.VerdictOn(report).Findings {
			require.NotContains(t, finding.Message, "Xyzzy")
		}
	})
}
