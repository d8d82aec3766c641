package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// computing is a file with variables, each "name level expression", and one rule of a level.
func computing(level, expression string, variables ...string) string {
	var b strings.Builder
	b.WriteString("variables:\n")
	for _, v := range variables {
		part := strings.SplitN(v, " ", 3)
		fmt.Fprintf(&b, "  - {name: %s, level: %s, expression: %s}\n", part[0], part[1], quoted(part[2]))
	}
	fmt.Fprintf(&b, "rules:\n  - {name: one, level: %s, expression: %s, message: Hm., then: {sendBack: true}}\n", level, quoted(expression))
	return b.String()
}

func TestAVariableIsSeenAtItsLevelAndWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ variable, level, sees string }{
		{"v report report.id", "report", ""}, {"v report report.id", "entry", ""}, {"v report report.id", "allocation", ""},
		{"v entry entry.id", "entry", ""}, {"v entry entry.id", "itemization", ""},
		{"v entry entry.id", "report", "level entry"},
		{"v itemization itemization.id", "entry", "level itemization"},
		{"v allocation allocation.id", "itemization", "level allocation"},
		{"v request request.id", "segment", ""}, {"v request request.id", "report", "level request"},
		{"v segment segment.id", "expectedExpense", "level segment"},
	} {
		t.Run(c.variable+" at "+c.level, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+computing(c.level, `variables.v != ""`, c.variable)))
			if c.sees == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "expression: the variable v is only known to rules of "+c.sees)
		})
	}
}

func TestAVariableNamesTheOnesBeforeIt(t *testing.T) {
	t.Parallel()
	p := parsed(t, computing("entry", `variables.b == "R1!?"`, `a report report.id + "!"`, `b entry variables.a + "?"`))
	require.Equal(t, expense.Approve, p.VerdictOn(entries("TAXI")).Action)
	require.Equal(t, []policy.Variable{
		{Name: "a", Level: rulesfile.ReportLevel, Expression: `report.id + "!"`},
		{Name: "b", Level: rulesfile.EntryLevel, Expression: `variables.a + "?"`},
	}, p.Variables())
	for name, c := range map[string]struct {
		variables []string
		want      string
	}{
		"one after it":     {[]string{`a report variables.b`, `b report report.id`}, `f:3:52: the variable a: there is no variable "b"`},
		"itself":           {[]string{`a report variables.a`}, `f:3:52: the variable a: there is no variable "a"`},
		"one within it":    {[]string{`a entry entry.id`, `b report variables.a`}, `f:4:52: the variable b: the variable a is only known to rules of level entry`},
		"one of its name":  {[]string{`a report report.id`, `a entry entry.id`}, `f:4:12: the variable a is declared twice, first in line 3`},
		"another level":    {[]string{`a entrys entry.id`}, `f:3:22: the variable a: level must be report`},
		"no identifier":    {[]string{`a-b report report.id`}, `f:3:12: "a-b" cannot be the name of a variable: a letter, then letters, digits and _`},
		"a broken one":     {[]string{`a report report.idd`}, `f:3:49: the variable a: undefined field 'idd'; did you mean "id"?`},
		"what has no type": {[]string{`a report null`}, `the variable a: null is not known here; ask with has() whether something is there`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte("apiVersion: concur-connector/v1\n"+computing("report", "true", c.variables...)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAVariableIsComputedOnceForEachObject(t *testing.T) {
	t.Parallel()
	file := computing("entry", `variables.v`, `v report report.entries.all(a, report.entries.all(b, a.id != ""))`)
	for i := range 20 {
		file += fmt.Sprintf("  - {name: r%d, level: entry, expression: variables.v, message: Hm., then: {sendBack: true}}\n", i)
	}
	p := parsed(t, file)
	// One evaluation for each of the 2,100 would cost 100 times what is allowed here.
	v := p.Budgeted(400_000, time.Hour).VerdictOn(entries(make([]string, 100)...))
	require.Equal(t, expense.Approve, v.Action)
	require.Empty(t, v.Findings)
}

func TestAnErrorOfAVariableNamesIt(t *testing.T) {
	t.Parallel()
	p := parsed(t, computing("entry", `variables.twice > money("1", "USD")`, "sum report report.total", "twice entry variables.sum + variables.sum"))
	v := p.VerdictOn(entries("TAXI", "MEALS"))
	require.Equal(t, expense.Ask, v.Action)
	const absent = "could not be evaluated: the variable sum could not be evaluated: report.total is absent; ask with has() before reading it"
	require.Equal(t, []expense.Finding{
		{Rule: "one", Object: "E1", Message: absent, Error: true}, {Rule: "one", Object: "E2", Message: absent, Error: true},
	}, v.Findings)
	holds := parsed(t, computing("entry", `!has(variables.sum) || variables.sum > money("1", "USD")`, "sum report report.total"))
	require.Equal(t, expense.Approve, holds.VerdictOn(entries("TAXI")).Action, "has() of what is absent is false")
	mixed := parsed(t, computing("entry", `!has(variables.sum)`, `sum report money("1", "USD") + money("1", "EUR")`))
	v = mixed.VerdictOn(entries("TAXI"))
	require.Equal(t, expense.Ask, v.Action, "has() of what is wrong errs")
	require.Contains(t, v.Findings[0].Message, "could not be evaluated: the variable sum could not be evaluated: amounts of different currencies")
}

func TestVariablesDoNotGrowWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, next, last string }{
		"texts that double":      {`"0123456789abcdef"`, "variables.%[1]s + variables.%[1]s", `size(variables.%s) > 0`},
		"lists that double":      {`[1]`, "variables.%[1]s + variables.%[1]s", `variables.%[1]s == variables.%[1]s`},
		"lists within lists":     {`[1]`, "[variables.%[1]s].map(l, l + l)[0]", `size(variables.%s) > 0`},
		"numbers that grow":      {`money("9", "USD")`, "variables.%s * 1000000000", `variables.%s > money("1", "USD")`},
		"lists of texts":         {`["ab"]`, `variables.%[1]s.map(x, x + x) + variables.%[1]s`, `size(variables.%s) > 0`},
		"entries that double":    {`report.entries`, "variables.%[1]s + variables.%[1]s", `variables.%[1]s.all(e, e.id != "")`},
		"decimals to the square": {`decimal("1.23456789")`, "variables.%[1]s * variables.%[1]s", `variables.%s > decimal("0")`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := []string{"v0 report " + c.first}
			for i := range 100 {
				all = append(all, fmt.Sprintf("v%d report %s", i+1, fmt.Sprintf(c.next, fmt.Sprint("v", i))))
			}
			p := parsed(t, computing("report", fmt.Sprintf(c.last, "v100"), all...))
			v := p.Budgeted(100_000_000, time.Hour).VerdictOn(entries("TAXI"))
			require.Equal(t, expense.Ask, v.Action)
			require.Contains(t, v.Findings[0].Message, "could not be evaluated: the variable v")
			require.LessOrEqual(t, len(v.Findings[0].Message), 200)
		})
	}
}

func TestAValueOfListsWithinListsIsTooLarge(t *testing.T) {
	t.Parallel()
	all := []string{"v0 report [1]"}
	for i := range 3 {
		all = append(all, fmt.Sprintf("v%d report report.entries.map(e, variables.v%d)", i+1, i))
	}
	p := parsed(t, computing("report", "size(variables.v3) > 0", all...))
	v := p.VerdictOn(entries(make([]string, 100)...))
	require.Equal(t, "could not be evaluated: the variable v3 is too large", v.Findings[0].Message)
}

func TestVariablesOfAllObjectsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	p := parsed(t, computing("entry", "size(variables.v) > 0", `v entry report.entries.map(a, report.name)`))
	report := entries(make([]string, 300)...)
	report.Name = strings.Repeat("n", 1600)
	v := p.Evaluate(policy.Input{Report: report})
	require.Equal(t, expense.Ask, v.Action)
	require.Equal(t, "could not be evaluated: the variable v is too large", v.Findings[0].Message)
	require.Less(t, v.Rules[0].Failed, 300, "the first are computed")
}

func TestAVariableOfEntriesKeepsWhatIsReadThroughIt(t *testing.T) {
	t.Parallel()
	p := parsed(t, computing("report", `variables.meals.all(m, m.hasReceipt && m.custom["3"].code == "")`, `meals report report.entries.filter(e, e.type == "MEALS")`)+noPage)
	ofReports, _ := p.StoredFields()
	require.Subset(t, ofReports, []string{"entry.type", "entry.hasReceipt", `entry.custom["3"]`})
	require.NotContains(t, ofReports, "entry.vendor")
	for _, receipt := range []bool{true, false} {
		r := entries("TAXI", "MEALS")
		r.Entries[1].HasReceipt, r.Entries[1].Vendor = &receipt, "Trattoria"
		require.Equal(t, p.VerdictOn(r), p.VerdictOn(stored(t, p.SelectFields(r))))
		require.Equal(t, receipt, p.VerdictOn(r).Action == expense.Approve)
	}
}

func TestAFieldThatIsReadIndirectlyIsSelected(t *testing.T) {
	t.Parallel()
	for name, expression := range map[string]string{
		"through a loop":       `[variables].all(v, v.name != "bad")`,
		"under another's name": `[variables].all(report, report.name != "bad")`,
		"by its whole name":    `.variables.name != "bad"`,
		"in a branch":          `(true ? variables : variables).name != "bad"`,
		"out of a list":        `[variables][0].name != "bad"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parsed(t, computing("report", expression, "name report report.name"))
			r := entries("TAXI")
			r.Name = "bad"
			require.Equal(t, expense.SendBack, p.VerdictOn(r).Action)
			require.Equal(t, p.VerdictOn(r), p.VerdictOn(stored(t, p.SelectFields(r))))
		})
	}
}
