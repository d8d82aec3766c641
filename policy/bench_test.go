package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// company is a rules file of so many rules, in the proportions of a real one: most look at
// each entry, some compute with variables, custom fields and texts, a few go over all
// entries.
func company(t testing.TB, rules int) *policy.Policy {
	t.Helper()
	var b strings.Builder
	b.WriteString(`apiVersion: concur-connector/v1
variables:
  - {name: limit, level: report, expression: 'money("75.00", report.currency)'}
  - {name: dear, level: entry, expression: 'entry.posted > variables.limit'}
rules:
`)
	shapes := []struct{ level, match, expression string }{
		{"entry", "", `entry.hasReceipt || entry.posted <= money("%d.00", report.currency)`},
		{"entry", `entry.type == "MEALS"`, `entry.attendeeCount > 0 && entry.posted <= money("%d00.00", "USD")`},
		{"entry", "", `!variables.dear || entry.hasReceipt || entry.attendeeCount < %d`},
		{"entry", `entry.type in ["HOTEL", "TAXI", "MEALS"]`, `has(entry.vendor) && !entry.vendor.contains("x%d")`},
		{"entry", "", `entry.custom["3"].code.startsWith("C") && entry.custom["3"].code != "C%d"`},
		{"entry", `entry.companyCard`, `!entry.personal || entry.attendeeCount == %d`},
		{"entry", "", `daysBetween(entry.date, report.date) <= 3%d`},
		{"entry", "", `!(entry.date.weekday() in ["saturday", "sunday"]) || entry.type != "T%d"`},
		{"entry", "", `entry.purpose.size() < 200 || entry.type == "T%d"`},
		{"report", "", `sum(report.entries.map(e, e.posted)) <= money("%d000000.00", report.currency)`},
	}
	for i := range rules {
		s := shapes[i%len(shapes)]
		fmt.Fprintf(&b, "  - name: rule-%d\n    level: %s\n", i, s.level)
		if s.match != "" {
			fmt.Fprintf(&b, "    match: %s\n", quoted(s.match))
		}
		fmt.Fprintf(&b, "    expression: %s\n    message: m\n    then: {sendBack: true}\n", quoted(fmt.Sprintf(s.expression, 100+i)))
	}
	p, err := policy.Parse("company.yaml", []byte(b.String()))
	require.NoError(t, err)
	return p
}

// journey is a report of so many entries on which all rules of a company hold.
func journey(t testing.TB, entries int) *expense.Report {
	t.Helper()
	r := &expense.Report{ID: "R1", Currency: "USD", Date: "2026-05-31"}
	types := []string{"MEALS", "HOTEL", "TAXI", "OTHER"}
	for i := range entries {
		r.Entries = append(r.Entries, expense.Entry{
			ID: fmt.Sprint("E", i), Type: types[i%len(types)], Vendor: "Vendor " + fmt.Sprint(i), Date: "2026-05-12",
			Posted: usd(t, fmt.Sprint(40+i%30, ".50000000")), HasReceipt: new(i%3 == 0), AttendeeCount: new(2), CompanyCard: new(i%2 == 0), Personal: new(false),
			Purpose: "Customer visit", Custom: map[string]expense.Field{"3": {Code: "C12", Value: "Berlin"}},
		})
	}
	return r
}

// What judging costs above the bare evaluation of the same expressions by CEL, as a ratio
// of the two side by side, and how it grows with the report.
func BenchmarkPolicyAboveCEL(b *testing.B) {
	const rules = 200
	p := company(b, rules)
	var smaller float64
	for _, entries := range []int{125, 250, 500, 1000} {
		report := journey(b, entries)
		require.Equal(b, expense.Approve, p.VerdictOn(report).Action)
		b.Run(fmt.Sprintf("rules=%d/entries=%d", rules, entries), func(b *testing.B) {
			var whole, bare time.Duration
			for b.Loop() {
				began := time.Now()
				v := p.Evaluate(policy.Input{Report: report})
				middle := time.Now()
				p.Bare(report)
				whole, bare = whole+middle.Sub(began), bare+time.Since(middle)
				require.Empty(b, v.Findings)
			}
			perReport := float64(whole.Nanoseconds()) / float64(b.N)
			b.ReportMetric(perReport/1e6, "policy-ms")
			b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N)/1e6, "cel-ms")
			b.ReportMetric(float64(whole)/float64(bare), "ratio")
			if smaller > 0 {
				b.ReportMetric(perReport/smaller, "growth") // of twice the report
			}
			smaller = perReport
		})
	}
}

// The same where a hundred entries violate rules, of which is told what they saw.
func BenchmarkPolicyAboveCELWithFindings(b *testing.B) {
	p, report := company(b, 200), journey(b, 1000)
	for i := range 100 {
		e := &report.Entries[i*10]
		e.Posted, e.HasReceipt, e.Vendor = usd(b, "100.50"), new(false), ""
	}
	findings := len(p.Evaluate(policy.Input{Report: report}).Findings)
	require.Equal(b, 500, findings, "as many as are told")
	var whole, bare time.Duration
	for b.Loop() {
		began := time.Now()
		p.Evaluate(policy.Input{Report: report})
		middle := time.Now()
		p.Bare(report)
		whole, bare = whole+middle.Sub(began), bare+time.Since(middle)
	}
	b.ReportMetric(float64(whole)/float64(bare), "ratio")
}
