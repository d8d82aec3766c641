package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"concur-connector/expense"
)

const (
	maxFindings   = 500
	maxExceptions = 1000
	maxComment    = 2000 // characters, as Concur has it
)

// verdict composes what was found into exceptions and exactly one action.
func (p *Policy) verdict(found []violation) expense.Verdict {
	v := expense.Verdict{Action: expense.Approve, Exceptions: exceptions(found), RulesHash: p.hash}
	crowd := len(v.Exceptions) > maxExceptions
	switch {
	case slices.ContainsFunc(found, violation.sendsBack):
		v.Action = expense.SendBack
		v.Comment = comment(found, violation.sendsBack)
	case crowd, slices.ContainsFunc(found, violation.asks):
		v.Action = expense.Ask
		v.Group = group(found)
		v.Comment = comment(found, violation.wantsAnswer)
	}
	if !crowd {
		v.Findings = findings(found, maxFindings)
	} else {
		v.Findings = findings(found, maxFindings-1)
		v.Findings = append(v.Findings, expense.Finding{
			Message: fmt.Sprintf("there are %d exceptions, more than %d: a person must look", len(v.Exceptions), maxExceptions),
			Error:   true,
		})
	}
	return v
}

func (v violation) sendsBack() bool { return !v.erred && v.rule.then.sendBack }

// asks is also true of a rule that erred: it never approves.
func (v violation) asks() bool { return v.erred || v.rule.then.ask != "" }

// wantsAnswer is true of a violation whose message a person may send on.
func (v violation) wantsAnswer() bool { return !v.erred && v.rule.then.ask != "" }

// group is the first that is named. Where a rule erred that names none, but
// another names one, the person of that group decides.
func group(found []violation) string {
	for _, v := range found {
		if v.rule.then.ask != "" {
			return v.rule.then.ask
		}
	}
	return ""
}

// exceptions returns each exception once for each object, under the first rule
// that posts it.
func exceptions(found []violation) []expense.Exception {
	type key struct {
		object int
		code   string
	}
	var all []expense.Exception
	seen := map[key]bool{}
	for _, v := range found {
		k := key{v.object, v.rule.then.code}
		if v.erred || k.code == "" || seen[k] {
			continue
		}
		seen[k] = true
		x := expense.Exception{ObjectType: expense.OnReport, Code: k.code, Rule: v.rule.name}
		if v.object >= 0 {
			x.ObjectType, x.ObjectID = expense.OnEntry, v.id
		}
		all = append(all, x)
	}
	return all
}

// findings lists the violations; above the bound the last finding counts the rest.
func findings(found []violation, limit int) []expense.Finding {
	var all []expense.Finding
	for i, v := range found {
		if len(all) == limit-1 && len(found) > limit {
			return append(all, remainder(found[i:]))
		}
		all = append(all, expense.Finding{Rule: v.rule.name, Object: v.id, Message: v.message, Error: v.erred})
	}
	return all
}

func remainder(found []violation) expense.Finding {
	erred := 0
	for _, v := range found {
		if v.erred {
			erred++
		}
	}
	f := expense.Finding{Message: fmt.Sprintf("and %d more", len(found)), Error: erred > 0}
	if erred > 0 {
		f.Message += fmt.Sprintf(", %d of them could not be evaluated", erred)
	}
	return f
}

// comment has one line for each different message, in the order of the report.
func comment(found []violation, counts func(violation) bool) string {
	ordered := slices.Clone(found)
	slices.SortStableFunc(ordered, func(a, b violation) int { return cmp.Compare(a.object, b.object) })
	var lines []string
	seen := map[string]bool{}
	for _, v := range ordered {
		if counts(v) && !seen[v.message] {
			seen[v.message] = true
			lines = append(lines, v.message)
		}
	}
	return clip(strings.Join(lines, "\n"), maxComment)
}
