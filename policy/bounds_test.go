package policy_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

const (
	tooDear  = "it exceeds what one evaluation may cost"
	tooLong  = "a text grows too large"
	tooMany  = "a list grows too large"
	tooLarge = "a number grows too large"
)

// doubled is a list of one value on which something is done many times.
func doubled(value, step string, times int) string {
	return "[" + value + "]" + strings.Repeat(".map(x, "+step+")", times)
}

// hostile rules and why they end. A text of 64 KiB and a list of 16384 are within the
// bounds; each is there in the loops.
func hostile() map[string][2]string {
	a := strings.Repeat("a", 900)
	text := doubled(`"aaaaaaaaaaaaaaaa"`, "x + x", 12) + ".all(s, "
	list := doubled("[1]", "x + x", 14) + ".all(l, "
	return map[string][2]string{
		"texts that are replaced":       {`"` + a + `".replace("a", "` + a + `").replace("a", "` + a + `").replace("a", "` + a + `") == ""`, tooLong},
		"texts that are replaced often": {`"` + a + `".replace("a", "` + a + `", 1000) == ""`, tooLong},
		"texts with something between":  {`"` + a + `".replace("", "` + a + `") == ""`, tooLong},
		"texts that double":             {doubled(`"a"`, "x + x", 60) + " == []", tooLong},
		"texts that are joined":         {doubled(`"a"`, "[x, x].join()", 60) + " == []", tooLong},
		"texts joined by themselves":    {doubled(`"a"`, "[x, x].join(x)", 60) + " == []", tooLong},
		"a long text for each entry":    {text + `report.entries.map(e, s).join() == "")`, tooLong},
		"keys that are long":            {text + `report.entries.groupBy(e, s + e.type).size() == 0)`, tooLong},
		"lists that double":             {doubled("[1]", "x + x", 60) + ".size() == 0", tooMany},
		"numbers that are squared":      {doubled(`decimal("9.99")`, "x * x", 60) + " == []", tooLarge},
		"fractions that are squared":    {doubled(`decimal("0.1")`, "x * x", 60) + " == []", tooLarge},
		"amounts that are converted":    {doubled(`money("9.99", "USD")`, `x.convert(x.amount(), "EUR")`, 60) + ".size() == 0", tooLarge},

		"patterns that are made": {doubled(`"a{900}"`, "x + x", 6) + `.all(s, report.entries.all(e, !e.type.matches(s)))`, "a pattern grows too large"},

		"long texts that are kept":       {text + `report.entries.map(e, s.replace("a", "b")) == [])`, tooDear},
		"long texts in capitals":         {text + `report.entries.map(e, s.upperAscii()) == [])`, tooDear},
		"long texts that are cut":        {text + `report.entries.map(e, s.substring(1)) == [])`, tooDear},
		"long texts that are split":      {text + `report.entries.map(e, s.split("")).size() == 0)`, tooDear},
		"long texts that are counted":    {text + `report.entries.all(e, report.entries.all(f, s.size() > 0)))`, tooDear},
		"long texts that are searched":   {text + `report.entries.map(e, s.indexOf(s.substring(60000) + "b")) == [])`, tooDear},
		"long lists that are copied":     {list + `report.entries.map(e, l + [1]).size() == 0)`, tooDear},
		"long lists that are added up":   {list + `report.entries.map(e, sum(l)).size() == 0)`, tooDear},
		"long lists with a largest":      {list + `report.entries.map(e, max(l)).size() == 0)`, tooDear},
		"long lists without doubles":     {list + `report.entries.map(e, l.distinct()).size() == 0)`, tooDear},
		"groups in groups":               {`report.entries.all(e, report.entries.groupBy(f, f.type).size() > 0)`, tooDear},
		"totals in totals":               {`report.entries.all(e, report.entries.totalBy(f, f.type, f.posted).size() > 0)`, tooDear},
		"loops of two variables":         {`report.entries.all(i, e, report.entries.all(j, f, report.entries.all(k, g, i + j + k >= 0)))`, tooDear},
		"lists of loops":                 {`report.entries.transformList(i, e, report.entries.transformList(j, f, report.entries.transformList(k, g, k))).size() == 0`, tooDear},
		"maps of loops":                  {`report.entries.transformMap(i, e, report.entries.transformMap(j, f, report.entries.transformMap(k, g, k))).size() == 0`, tooDear},
		"maps that are put into another": {`[report.entries.transformMap(i, e, i)].all(m, report.entries.all(e, [1].transformMapEntry(i, x, m).size() > 0))`, tooDear},
	}
}

// It measures what is allocated, and therefore runs alone.
func TestHostileRulesEndInBoundedMemory(t *testing.T) {
	report := entries(make([]string, 1000)...)
	for i := range report.Entries {
		report.Entries[i].Type, report.Entries[i].Posted = strconv.Itoa(i), usd(t, "1")
	}
	for name, c := range hostile() {
		t.Run(name, func(t *testing.T) {
			p := of(t, c[0], "level: report").Budgeted(100_000_000, time.Hour)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			v := p.VerdictOn(report)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			require.Equal(t, expense.Ask, v.Action)
			require.Equal(t, "could not be evaluated: "+c[1], v.Findings[0].Message)
			require.Less(t, allocated, uint64(256), "MiB, garbage included")
		})
	}
}

func TestValuesOfTheLargestAllowedSizeAreAccepted(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		doubled(`"aaaaaaaaaaaaaaaa"`, "x + x", 12) + `[0].size() == 65536`,
		doubled(`"aaaaaaaaaaaaaaaa"`, "x + x", 12) + `.all(s, s.replace("a", "b").replace("b", "", 65535) == "b")`,
		doubled(`"aaaaaaaaaaaaaaaa"`, "x + x", 11) + `.all(s, [s, s].join().size() == 65536)`,
		doubled("[1]", "x + x", 14) + `[0].size() == 16384`,
		`"abc".replace("", "-") == "-a-b-c-" && "aaa".replace("a", "b", 2) == "bba" && "aaa".replace("a", "b", -1) == "bbb"`,
		`"aaa".replace("x", "yyyy") == "aaa" && "".replace("", "x") == "x" && "aaa".replace("a", "b", 0) == "aaa"`,
		`["a", "", "b"].join("-") == "a--b" && ["", "a"].join(",") == ",a" && [].join() == "" && ["a", "b"].join() == "ab"`,
		`[1] + [2, 3] + [] == [1, 2, 3] && [] + [] == [] && ["a"] + ["b"] == ["a", "b"]`,
		`1 + 2 == 3 && 2 * 3 == 6 && "a" + "b" == "ab" && -7 / 2 == -3 && 7 % 4 == 3`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, of(t, expression).VerdictOn(lunch(t)).Findings)
		})
	}
}

func TestAnExpressionOfUnboundedCostIsRefused(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`"%s%s".format([entry.type, entry.type]) == ""`:   "format() is not known here",
		`strings.quote(entry.type) == ""`:                 "strings.quote() is not known here",
		doubled("[1]", "[x, x]", 9) + " == []":            "lists and maps of lists and maps cannot be compared",
		`{"a": {"b": 1}} != {}`:                           "lists and maps of lists and maps cannot be compared",
		`report.entries.map(e, [e]).exists(l, [l] == [])`: "lists and maps of lists and maps cannot be compared",
		`[1] in [[1]]`: `"in" cannot compare lists or maps`,
		`report.entries.groupBy(e, e.type) == {}`:           "lists and maps of lists and maps cannot be compared",
		`report.entries.totalBy(e, e.type, e.posted) == {}`: "lists and maps of amounts cannot be compared",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(with("expression: "+quoted(expression))))
			require.ErrorContains(t, err, want)
		})
	}
}
