package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

const (
	maxFindings   = 500
	maxExceptions = 1000
	maxAssumed    = 10
)

// verdict turns violations into exceptions and exactly one action. Shadow rules have no effect.
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
		v.Approvals = p.approvals(acting, crowd)
		v.Comment = comment(acting, violation.wantsAnswer)
	}
	if !p.settings.SendBackPostsExceptions {
		v.SendBackWithoutExceptions = true
	}
	limit := maxFindings
	if crowd {
		limit--
	}
	v.Findings = withinSize(findings(withinRoom(ordered, limit-len(acting)), limit))
	if crowd {
		v.Findings = append(v.Findings, expense.Finding{
			Message: fmt.Sprintf("there are %d exceptions, more than %d: a person must look", len(v.Exceptions), maxExceptions),
			Error:   true,
		})
	}
	return v
}

// inOrderOfFile puts the violations of shadow rules, which are evaluated last, in file order.
func inOrderOfFile(found []violation) []violation {
	ordered := slices.Clone(found)
	slices.SortStableFunc(ordered, func(a, b violation) int {
		return cmp.Or(a.rule.At.Line-b.rule.At.Line, a.rule.At.Column-b.rule.At.Column)
	})
	return ordered
}

// withinRoom leaves out violations of shadow rules beyond a number, so that they take no room
// from the others.
func withinRoom(found []violation, room int) []violation {
	return slices.DeleteFunc(slices.Clone(found), func(v violation) bool {
		if v.rule.Shadow {
			room--
		}
		return v.rule.Shadow && room < 0
	})
}

func (v violation) sendsBack() bool { return !v.failed && v.rule.Then.SendBack }

// asks is also true for a rule that failed, so that a failed rule never approves.
func (v violation) asks() bool { return v.failed || v.rule.Then.Ask }

// wantsAnswer is true for a violation whose message goes into the comment of a task.
func (v violation) wantsAnswer() bool { return !v.failed && v.rule.Then.Ask }

// object is the ID of the violation's object; empty for the report or request.
func (v violation) object() string {
	if v.at == nil {
		return ""
	}
	return v.at.id
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
		if v.failed || k.code == "" || seen[k] {
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

// findings lists the violations. Above the limit, the last finding counts the rest.
func findings(found []violation, limit int) []expense.Finding {
	var all []expense.Finding
	for i, v := range found {
		if len(all) == limit-1 && len(found) > limit {
			return append(all, remainder(found[i:]))
		}
		all = append(all, expense.Finding{
			Rule: v.rule.Name, Object: v.object(), Message: v.message, ForApprover: v.forApprover, Error: v.failed,
			Warn: v.rule.Then.Warn, Shadow: v.rule.Shadow, Values: v.values,
		})
	}
	return all
}

func remainder(found []violation) expense.Finding {
	erred := 0
	for _, v := range found {
		if v.failed {
			erred++
		}
	}
	f := expense.Finding{Message: fmt.Sprintf("and %d more", len(found)), Error: erred > 0}
	if erred > 0 {
		f.Message += fmt.Sprintf(", %d of them could not be evaluated", erred)
	}
	return f
}

// maxComment is Concur's limit of a comment, in characters.
const maxComment = 2000

// comment has one line for each different message, in the order of the report. The last line
// counts those that do not fit.
func comment(found []violation, counts func(violation) bool) string {
	ordered := slices.Clone(found)
	slices.SortStableFunc(ordered, func(a, b violation) int { return before(a.at, b.at) })
	var lines []string
	seen := map[string]bool{}
	for _, v := range ordered {
		if counts(v) && !seen[v.message] {
			seen[v.message] = true
			lines = append(lines, v.message)
		}
	}
	whole := strings.Join(lines, "\n")
	if utf8.RuneCountInString(whole) <= maxComment {
		return whole
	}
	cut, length := "", 0
	for i, line := range lines {
		mark := fmt.Sprintf("… (+%d)", len(lines)-i)
		length += utf8.RuneCountInString(line) + 1
		if length+utf8.RuneCountInString(mark) > maxComment && i > 0 {
			return cut + mark
		}
		cut += line + "\n"
	}
	return rulesfile.Clip(whole, maxComment)
}

// How large findings may be, in bytes of JSON. Temporal stores the verdict with its run, and the
// connector cannot act on a verdict that is too large to store.
const (
	maxFindingsSize = 384 << 10 // all findings without the values
	maxValuesSize   = 256 << 10 // the values that the rules saw
	maxClipped      = 80        // characters of a message for which there is no more room
	frame           = 100       // the names of the fields of a finding or a value
)

// withinSize shortens findings that do not fit: it first leaves out values, then cuts messages.
// Shadow rules take no room from the others.
func withinSize(all []expense.Finding) []expense.Finding {
	said, saw := 0, 0
	for _, shadow := range []bool{false, true} {
		for i := range all {
			f := &all[i]
			if f.Shadow != shadow {
				continue
			}
			if said += frame + stored(f.Rule) + stored(f.Object) + stored(f.Message) + stored(f.ForApprover); said > maxFindingsSize {
				f.Message, f.ForApprover = rulesfile.Clip(f.Message, maxClipped), rulesfile.Clip(f.ForApprover, maxClipped)
			}
			values := 0
			for _, s := range f.Values {
				values += frame/4 + stored(s.Name) + stored(s.Value)
			}
			if saw += values; saw > maxValuesSize {
				saw -= values
				f.Values = nil
			}
		}
	}
	return all
}

// stored is the greatest length of a text in JSON.
func stored(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError:
			n += 6
		case r == '"', r == '\\':
			n += 2
		default:
			n += utf8.RuneLen(r)
		}
	}
	return n
}
