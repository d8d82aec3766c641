package whatif

import (
	"maps"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
	"concur-connector/policy"
)

// Change is the outcome by other rules, compared with the recorded outcome.
type Change struct {
	ID       string    `json:"notificationId"`
	RunID    string    `json:"runId,omitempty"`
	ReportID string    `json:"reportId,omitempty"`
	At       time.Time `json:"at"`
	Result   Result    `json:"result"`
	Old      string    `json:"old,omitempty"`
	New      string    `json:"new,omitempty"`     // empty when it is unknown
	Added    []string  `json:"added,omitempty"`   // code of each exception that is new
	Removed  []string  `json:"removed,omitempty"` // code of each exception that is gone
	Rules    []string  `json:"rules,omitempty"`   // rules with other findings
	Unknown  []string  `json:"unknown,omitempty"` // rules that read a field or fact that was not stored
	Missing  []string  `json:"missing,omitempty"` // fields and facts that were not stored
	Skipped  Skip      `json:"skipped,omitempty"` // why the run cannot be compared
}

// Result is how an outcome compares with the recorded one.
type Result string

// The results. Changed and Same hold whatever the unknown rules find.
const (
	Same    Result = "same"
	Changed Result = "changed"
	Unknown Result = "unknown"
	Skipped Result = "skipped"
)

// unrecorded stands for the fields of a run that did not record which fields it stored.
const unrecorded = "(the run did not record which fields it stored)"

// Compare evaluates a past report or travel request by other rules, at the recorded time and with
// the recorded facts.
func Compare(rules *policy.Policy, past Past) Change {
	kept := past.Kept
	if past.Whole {
		kept = fieldsOf(rules, past)
	}
	verdict, unknown := rules.EvaluateStored(past.Input, kept)
	c := Change{ID: past.ID, RunID: past.RunID, ReportID: past.ReportID, At: past.At, Old: outcome(past.Verdict), Unknown: unknown}
	if len(unknown) > 0 {
		c.Missing = missing(rules, past, kept)
	}
	open := effectsOf(rules, unknown)
	c.Rules = differing(past.Verdict, verdict, unknown)
	if !open.decides(verdict) {
		c.Result = Unknown
		return c
	}
	c.New = outcome(verdict)
	c.exceptions(past.Verdict, verdict, open)
	switch {
	case c.Old != c.New, len(c.Added) > 0, len(c.Removed) > 0:
		c.Result = Changed
	case open.exceptions:
		c.Result = Unknown
	default:
		c.Result = Same
	}
	return c
}

// fieldsOf returns the fields that the rules read of a report, or of a travel request.
func fieldsOf(rules *policy.Policy, past Past) []string {
	ofReports, ofRequests := rules.StoredFields()
	if past.Request != nil {
		return ofRequests
	}
	return ofReports
}

// outcome names the action of a verdict, and whom it asks.
func outcome(v expense.Verdict) string {
	switch {
	case v.Action == expense.Ask && len(v.Approvals) > 0:
		return "ask " + v.AskedInWords()
	case v.Action == expense.Approve && v.ApproveByException != "":
		return "approve by " + v.ApproveByException
	}
	return string(v.Action)
}

// effects are what the unknown rules may do.
type effects struct {
	any        bool // one of them may fail, and then a person is asked
	sendBack   bool
	groups     map[string]int // that may be asked, and how many people of each
	codes      map[string]bool
	exceptions bool // one of them may post one
}

func effectsOf(rules *policy.Policy, unknown []string) effects {
	e := effects{groups: map[string]int{}, codes: map[string]bool{}}
	for _, r := range rules.Rules() {
		if r.Shadow || !slices.Contains(unknown, r.Name) {
			continue
		}
		e.any = true
		e.sendBack = e.sendBack || r.SendBack
		if name := rules.Approvals().DefaultGroup; name != "" {
			e.ask(name, 1)
		}
		for _, a := range r.Ask {
			if a.Expression == "" {
				e.ask(a.Group, a.Count)
				continue
			}
			for _, g := range rules.Groups() {
				e.ask(g.Name, a.Count)
			}
		}
		if r.Code != "" {
			e.codes[r.Code], e.exceptions = true, true
		}
	}
	return e
}

func (e effects) ask(group string, count int) { e.groups[group] = max(e.groups[group], count) }

// decides reports whether the verdict's action and groups stay the same whatever the unknown rules
// find. Sending back overrides asking, and asking overrides approving.
func (e effects) decides(v expense.Verdict) bool {
	switch v.Action {
	case expense.SendBack:
		return true
	case expense.Ask:
		for group, count := range e.groups {
			if !slices.ContainsFunc(v.Approvals, func(a expense.RequiredApproval) bool { return a.Group == group && a.Count >= count }) {
				return false
			}
		}
		return !e.sendBack
	}
	return !e.any
}

// exceptions compares the exceptions of two verdicts by object and code. It does not count an
// exception as removed if an unknown rule may post it.
func (c *Change) exceptions(before, now expense.Verdict, open effects) {
	was, would := posted(before), posted(now)
	for _, x := range would {
		if !slices.ContainsFunc(was, x.Same) {
			c.Added = append(c.Added, x.Code)
		}
	}
	for _, x := range was {
		if !slices.ContainsFunc(would, x.Same) && !open.codes[x.Code] {
			c.Removed = append(c.Removed, x.Code)
		}
	}
}

// posted returns the exceptions that a verdict posts.
func posted(v expense.Verdict) []expense.Exception {
	if v.SendBackWithoutExceptions && v.Action == expense.SendBack {
		return nil
	}
	return v.Exceptions
}

// differing names the known rules whose findings are on other objects than before.
func differing(before, now expense.Verdict, unknown []string) []string {
	type at struct{ rule, object string }
	seen := map[at]int{}
	for _, f := range before.Findings {
		seen[at{f.Rule, f.Object}] |= 1
	}
	for _, f := range now.Findings {
		seen[at{f.Rule, f.Object}] |= 2
	}
	rules := map[string]bool{}
	for where, which := range seen {
		if which != 3 && where.rule != "" && !slices.Contains(unknown, where.rule) {
			rules[where.rule] = true
		}
	}
	return slices.Sorted(maps.Keys(rules))
}

// missing names the fields and facts that the rules read and the run did not store.
func missing(rules *policy.Policy, past Past, kept []string) []string {
	if kept == nil {
		return []string{unrecorded}
	}
	var all []string
	for _, field := range fieldsOf(rules, past) {
		if !slices.ContainsFunc(kept, func(k string) bool { return k == field || strings.HasPrefix(field, k+"[") }) {
			all = append(all, field)
		}
	}
	ofReports, ofRequests := rules.FactNames()
	asked := ofReports
	if past.Request != nil {
		asked = ofRequests
	}
	for _, fact := range asked {
		if past.Facts[fact] == nil {
			all = append(all, "facts."+fact)
		}
	}
	return all
}

// CompareBoth evaluates an input that has no recorded verdict by both rules files. The result is
// unknown if the old rules lack a fact that decides the outcome.
func CompareBoth(old, rules *policy.Policy, past Past) Change {
	verdict, unknown := old.EvaluateStored(past.Input, fieldsOf(old, past))
	past.Verdict = verdict
	c := Compare(rules, past)
	if !effectsOf(old, unknown).decides(verdict) || effectsOf(old, unknown).exceptions {
		c.Result, c.Old, c.New, c.Added, c.Removed = Unknown, "", "", nil, nil
	}
	c.Unknown = union(c.Unknown, unknown)
	if len(unknown) > 0 {
		c.Missing = union(c.Missing, missing(old, past, fieldsOf(old, past)))
	}
	return c
}

func union(a, b []string) []string {
	for _, one := range b {
		if !slices.Contains(a, one) {
			a = append(a, one)
		}
	}
	return a
}
