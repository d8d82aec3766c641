package policy

import (
	"cmp"
	"fmt"
	"slices"

	"concur-connector/expense"
)

const (
	maxFindings   = 500
	maxExceptions = 1000
	maxAssumed    = 10
)

// verdict composes what was found into exceptions and exactly one action. What rules found
// that are only watched has no effect.
func (p *Policy) verdict(found []violation, looks []expense.RuleSummary, codes []string) expense.Verdict {
	v := expense.Verdict{
		Action: expense.Approve, Comment: p.settings.ApproveComment, ApproveByException: p.settings.ApproveByException,
		ApproveComment: p.settings.ApproveComment, ExpenseRejectedComment: p.settings.ExpenseRejectedComment,
		Rules: looks, RulesHash: p.hash, Version: p.version,
	}
	for _, code := range codes[:min(len(codes), maxAssumed)] {
		v.Assumed = append(v.Assumed, fmt.Sprintf("%q is not a currency of ISO 4217: two decimals are assumed", code))
	}
	ordered := inOrderOfFile(found)
	acting := slices.DeleteFunc(slices.Clone(ordered), func(v violation) bool { return v.rule.Shadow })
	v.Exceptions = exceptions(acting)
	crowd := len(v.Exceptions) > maxExceptions
	switch {
	case slices.ContainsFunc(acting, violation.sendsBack):
		v.Action = expense.SendBack
		v.Comment = comment(acting, violation.sendsBack)
	case crowd, slices.ContainsFunc(acting, violation.asks):
		v.Action = expense.Ask
		v.Group = group(acting)
		v.Comment = comment(acting, violation.wantsAnswer)
	}
	if !p.settings.SendBackPostsExceptions {
		v.SendBackWithoutExceptions = true
	}
	limit := maxFindings
	if crowd {
		limit--
	}
	v.Findings = inSize(findings(withinRoom(ordered, limit-len(acting)), limit))
	if crowd {
		v.Findings = append(v.Findings, expense.Finding{
			Message: fmt.Sprintf("there are %d exceptions, more than %d: a person must look", len(v.Exceptions), maxExceptions),
			Error:   true,
		})
	}
	return v
}

// inOrderOfFile puts what was found by rules that are only watched, which are evaluated
// last, where these rules stand.
func inOrderOfFile(found []violation) []violation {
	ordered := slices.Clone(found)
	slices.SortStableFunc(ordered, func(a, b violation) int {
		return cmp.Or(a.rule.At.Line-b.rule.At.Line, a.rule.At.Column-b.rule.At.Column)
	})
	return ordered
}

// withinRoom leaves out what rules that are only watched found beyond so many: they take
// no room from the others.
func withinRoom(found []violation, room int) []violation {
	return slices.DeleteFunc(slices.Clone(found), func(v violation) bool {
		if v.rule.Shadow {
			room--
		}
		return v.rule.Shadow && room < 0
	})
}

func (v violation) sendsBack() bool { return !v.erred && v.rule.Then.SendBack }

// asks is also true of a rule that erred: it never approves.
func (v violation) asks() bool { return v.erred || v.rule.Then.Ask != "" }

// wantsAnswer is true of a violation whose message a person may send on.
func (v violation) wantsAnswer() bool { return !v.erred && v.rule.Then.Ask != "" }

// object is the ID of what the violation is about; empty for the whole.
func (v violation) object() string {
	if v.at == nil {
		return ""
	}
	return v.at.id
}

// group is the first that is named. Where a rule erred that names none, but
// another names one, the person of that group decides.
func group(found []violation) string {
	for _, v := range found {
		if v.rule.Then.Ask != "" {
			return v.rule.Then.Ask
		}
	}
	return ""
}

// exceptions returns each exception once for each object, under the first rule
// that posts it.
func exceptions(found []violation) []expense.Exception {
	type key struct {
		at   *scope
		code string
	}
	var all []expense.Exception
	seen := map[key]bool{}
	for _, v := range found {
		k := key{v.at, v.rule.Then.Code}
		if v.erred || k.code == "" || seen[k] {
			continue
		}
		seen[k] = true
		all = append(all, expense.Exception{
			ObjectType: v.rule.Level.ObjectType(), ObjectID: v.object(), Code: k.code,
			Rule: v.rule.Name, Visibility: v.rule.Then.Visibility,
		})
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
		all = append(all, expense.Finding{
			Rule: v.rule.Name, Object: v.object(), Message: v.message, Error: v.erred,
			Warn: v.rule.Then.Warn, Shadow: v.rule.Shadow, Values: v.saw,
		})
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
