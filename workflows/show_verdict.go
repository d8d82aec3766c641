package workflows

import (
	"fmt"
	"slices"
	"strings"

	"concur-connector/expense"
)

const (
	maxShown = 20 // findings in the details
	maxSaw   = 4  // values of one of them
)

// rulesText names the rules of a verdict.
func rulesText(v expense.Verdict) string {
	if v.Version == "" {
		return "hash " + v.RulesHash
	}
	return "version " + code(v.Version) + ", hash " + v.RulesHash
}

func verdictText(v expense.Verdict) string {
	text := map[expense.Action]string{expense.Approve: "approve", expense.SendBack: "send it back", expense.Ask: "ask a person"}[v.Action]
	if v.Action == expense.Approve && v.ApproveByException != "" {
		text += " by exception " + code(v.ApproveByException)
	}
	if n := len(v.Exceptions); n > 0 {
		text += ", with " + count(n, "exception")
	}
	return text
}

// findingsText lists findings: first those with an effect, then warnings, then those of shadow rules.
func findingsText(findings []expense.Finding) string {
	ordered := slices.Clone(findings)
	slices.SortStableFunc(ordered, func(a, b expense.Finding) int { return weight(a) - weight(b) })
	var b strings.Builder
	for _, f := range ordered[:min(len(ordered), maxShown)] {
		fmt.Fprintf(&b, "- %s%s%s: %s%s\n", label(f), code(f.Rule), on(f.Object), code(f.Message), saw(f.Values))
	}
	if more := len(ordered) - maxShown; more > 0 {
		fmt.Fprintf(&b, "- and %d more\n", more)
	}
	return b.String()
}

func weight(f expense.Finding) int {
	switch {
	case f.Shadow:
		return 2
	case f.Warn:
		return 1
	}
	return 0
}

func label(f expense.Finding) string {
	switch {
	case f.Shadow:
		return "shadow: "
	case f.Warn:
		return "warning: "
	}
	return ""
}

func on(object string) string {
	if object == "" {
		return ""
	}
	return " on " + code(object)
}

// saw prints some of the values that a rule read. The status has all of them.
func saw(seen []expense.RuleValue) string {
	var values []string
	for _, s := range seen[:min(len(seen), maxSaw)] {
		values = append(values, code(s.Name+" = "+s.Value))
	}
	if more := len(seen) - maxSaw; more > 0 {
		values = append(values, fmt.Sprintf("and %d more", more))
	}
	if len(values) == 0 {
		return ""
	}
	return " (values: " + strings.Join(values, ", ") + ")"
}
