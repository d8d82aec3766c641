package rules

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/cmd/concurctl/rules/whatif"
)

// printTally shows the counts, and some of the changed.
func printTally(w io.Writer, t *whatif.Tally) {
	fmt.Fprintf(w, "%s: %d the same, %d changed, %d unknown, %d skipped\n",
		cli.Count(t.Runs, "report"), t.Same, t.Changed, t.Unknown, t.SkippedRuns())
	counted(w, "OUTCOME", t.Kinds)
	exceptions := map[string]int{}
	for code, n := range t.Added {
		exceptions["+ "+code] = n
	}
	for code, n := range t.Removed {
		exceptions["- "+code] = n
	}
	counted(w, "EXCEPTION", exceptions)
	counted(w, "RULE THAT IS UNKNOWN", t.UnknownRules)
	counted(w, "NOT KEPT", t.UnknownFields)
	skipped := map[string]int{}
	for why, n := range t.Skipped {
		skipped[string(why)] = n
	}
	counted(w, "SKIPPED", skipped)
	printExamples(w, t)
}

// counted shows counts, the highest first.
func counted(w io.Writer, head string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var rows [][]string
	for _, name := range names {
		rows = append(rows, []string{strconv.Itoa(counts[name]), name})
	}
	fmt.Fprintln(w)
	cli.Table(w, []string{"COUNT", head}, rows)
}

func printExamples(w io.Writer, t *whatif.Tally) {
	if len(t.Examples) == 0 {
		return
	}
	var rows [][]string
	for _, c := range t.Examples {
		rows = append(rows, []string{c.ID, c.ReportID, c.Old, c.New, exceptionsOf(c), strings.Join(c.Rules, ", ")})
	}
	fmt.Fprintln(w)
	cli.Table(w, []string{"CHANGED", "REPORT", "WAS", "WOULD BE", "EXCEPTIONS", "RULES"}, rows)
	if more := t.Changed - len(t.Examples); more > 0 {
		fmt.Fprintf(w, "and %d more; --out writes all\n", more)
	}
}

// exceptionsOf counts the exceptions of one change by code, "+2 NORECPT -1 OVERLIM".
func exceptionsOf(c whatif.Change) string {
	var parts []string
	for _, side := range []struct {
		sign  string
		codes []string
	}{{"+", c.Added}, {"-", c.Removed}} {
		counts := map[string]int{}
		for _, code := range side.codes {
			counts[code]++
		}
		for _, code := range slices.Sorted(maps.Keys(counts)) {
			parts = append(parts, fmt.Sprintf("%s%d %s", side.sign, counts[code], code))
		}
	}
	return strings.Join(parts, " ")
}
