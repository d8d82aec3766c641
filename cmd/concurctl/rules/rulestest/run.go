package rulestest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
	"concur-connector/policy"
)

// Result is the result of all cases.
type Result struct {
	Cases    []CaseResult   `json:"cases"`
	Failed   int            `json:"failed"`
	Rules    []RuleCoverage `json:"rules"`
	Coverage int            `json:"coverage"` // percent, rounded down
}

// CaseResult is the result of one case.
type CaseResult struct {
	Name string   `json:"name"`
	File string   `json:"file"`
	Line int      `json:"line"`
	OK   bool     `json:"ok"`
	Diff []string `json:"diff,omitempty"` // "- wanted", "+ got"
}

// RuleCoverage counts the cases in which a rule had each result. A rule is covered when it was
// satisfied in one case and violated in another.
type RuleCoverage struct {
	Rule     string `json:"rule"`
	Held     int    `json:"held"`
	Violated int    `json:"violated"`
	NoMatch  int    `json:"noMatch"`
	Erred    int    `json:"erred"`

	Matches bool `json:"matches"` // it has a match, so it may skip objects
}

// Run evaluates each case.
func Run(rules *policy.Policy, cases []Case) Result {
	r := Result{Cases: []CaseResult{}, Rules: []RuleCoverage{}}
	known := map[string]*RuleCoverage{}
	for _, rule := range rules.Rules() {
		r.Rules = append(r.Rules, RuleCoverage{Rule: rule.Name, Matches: rule.Match != ""})
	}
	for i := range r.Rules {
		known[r.Rules[i].Rule] = &r.Rules[i]
	}
	for _, c := range cases {
		var unasked []string
		c.Input, unasked = AlignFacts(rules, c.Input)
		verdict := rules.Evaluate(c.Input)
		diff := slices.Concat(c.strangers(known), strange(unasked), c.Want.diff(verdict))
		if len(diff) > 0 {
			diff = append(diff, c.nowhere(rules, verdict)...)
		}
		r.Cases = append(r.Cases, CaseResult{Name: c.Name, File: c.File, Line: c.Line, OK: len(diff) == 0, Diff: diff})
		if len(diff) > 0 {
			r.Failed++
		}
		cover(known, rules.Explain(c.Input))
	}
	r.Coverage = coverage(r.Rules)
	return r
}

// strangers names the rules that a case wants and that do not exist.
func (c Case) strangers(known map[string]*RuleCoverage) (lines []string) {
	var named []string
	if c.Want.Violated != nil {
		named = append(named, *c.Want.Violated...)
	}
	if c.Want.Erred != nil {
		named = append(named, *c.Want.Erred...)
	}
	if c.Want.Findings != nil {
		for _, f := range *c.Want.Findings {
			named = append(named, f.Rule)
		}
	}
	names := slices.Sorted(maps.Keys(known))
	for i, name := range named {
		if known[name] == nil && !slices.Contains(named[:i], name) {
			lines = append(lines, fmt.Sprintf("! the rules have none that is called %q%s", name, spelling.Suggestion(name, names)))
		}
	}
	return lines
}

func strange(lines []string) []string {
	for i, line := range lines {
		lines[i] = "! " + line
	}
	return lines
}

// nowhere says, of a case that fails, that a rule could not be evaluated because it is not
// known at which step the case is.
func (c Case) nowhere(rules *policy.Policy, v expense.Verdict) []string {
	steps := rules.Steps()
	byStop := func(f expense.Finding) bool {
		return f.Error && slices.ContainsFunc(rules.Rules(), func(r policy.Rule) bool { return r.Name == f.Rule && len(r.Steps) > 0 })
	}
	if _, known := rules.StepOf(c.EventType); known || !slices.ContainsFunc(v.Findings, byStop) {
		return nil
	}
	var names []string
	for _, step := range steps {
		names = append(names, step.Name)
	}
	if c.EventType == "" {
		return []string{"! it names no event, so its step is unknown; the steps are " + strings.Join(names, ", ")}
	}
	return []string{fmt.Sprintf("! the event %q is at none of the steps%s", c.EventType, spelling.Among(c.EventType, names))}
}

// cover counts one case for whatever a rule was seen to do in it.
func cover(known map[string]*RuleCoverage, looks []policy.ObjectResult) {
	type sight struct {
		rule   string
		result policy.ResultKind
	}
	seen := map[sight]bool{}
	for _, look := range looks {
		rule, one := known[look.Rule], sight{look.Rule, look.Result}
		if rule == nil || seen[one] {
			continue
		}
		seen[one] = true
		switch look.Result {
		case policy.Satisfied:
			rule.Held++
		case policy.Violated:
			rule.Violated++
		case policy.NoMatch:
			rule.NoMatch++
		case policy.Failed, policy.NotReached:
			rule.Erred++
		}
	}
}

// Full reports whether nothing of a rule is left to be seen.
func (c RuleCoverage) Full() bool { return c.Held > 0 && c.Violated > 0 }

func coverage(rules []RuleCoverage) int {
	if len(rules) == 0 {
		return 100
	}
	seen := 0
	for _, rule := range rules {
		seen += min(rule.Held, 1) + min(rule.Violated, 1)
	}
	return seen * 100 / (2 * len(rules))
}
