package policy

import (
	"slices"
	"strings"

	"concur-connector/policy/rulesfile"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// ApprovesUnchecked says why these rules would approve every report, or every travel request,
// because no rule can have an effect. It is empty when some rule acts, and when the file says
// approveAll: true. A worker refuses such rules, so that an emptied or half-finished file
// approves nothing.
func (p *Policy) ApprovesUnchecked() string {
	if p.approveAll {
		return ""
	}
	return p.unchecked
}

// ApprovesAll reports whether the file says approveAll: true.
func (p *Policy) ApprovesAll() bool { return p.approveAll }

// findIdle warns of rules that do nothing and of what they therefore approve unchecked.
// approveAll is the place of approveAll: true; zero when the file does not say it.
func (p *Policy) findIdle(s *rulesfile.Source, approveAll rulesfile.Place, warn func(at rulesfile.Place, format string, args ...any)) {
	idle := p.idle(warn)
	acting := func(ofRequest bool, step string) (names []string) {
		for i := range p.rules {
			r := &p.rules[i]
			if r.Level.OfRequest() == ofRequest && !idle[r] && (step == "" || len(r.Steps) == 0 || slices.Contains(r.Steps, step)) {
				names = append(names, r.Name)
			}
		}
		return names
	}
	reports, requests := acting(false, ""), acting(true, "")
	switch {
	case len(p.rules) == 0:
		p.unchecked = "there is no rule, so every report would be approved without anybody looking at it"
	case len(reports) == 0 && slices.ContainsFunc(p.rules, func(r rule) bool { return !r.Level.OfRequest() }):
		p.unchecked = "no rule for reports can have an effect (each is a shadow rule, only warns, or always holds), so every report would be approved without anybody looking at it"
	case len(reports) == 0:
		p.unchecked = "there are rules for travel requests only, so every report would be approved without anybody looking at it"
	case len(requests) == 0 && p.HasRequestRules():
		p.unchecked = "no rule for travel requests can have an effect (each is a shadow rule, only warns, or always holds), so every travel request would be approved without anybody looking at it"
	}
	if p.approveAll = approveAll != (rulesfile.Place{}); p.approveAll {
		if p.unchecked == "" {
			first := append(reports, requests...)[0]
			s.Fail(approveAll, "", "approveAll: true contradicts the rules: %s has an effect; take out approveAll, or the rules that have one", first)
			return
		}
		warn(approveAll, "approveAll is true: %s", strings.Replace(p.unchecked, "would be approved", "is approved", 1))
		return
	}
	if p.unchecked != "" {
		warn(rulesfile.Place{}, "a worker refuses this file: %s; write a rule that acts, or say approveAll: true if that is meant", p.unchecked)
		return
	}
	for _, step := range p.steps {
		if len(acting(false, step.Name)) == 0 {
			warn(rulesfile.Place{}, "no rule acts at the step %s: every report that waits there is approved without anybody looking at it", step.Name)
		}
	}
}

// idle returns the rules that can never have an effect, and warns of those that do not say so
// themselves.
func (p *Policy) idle(warn func(at rulesfile.Place, format string, args ...any)) map[*rule]bool {
	fixed := fixedValues{policy: p, variables: map[string]ref.Val{}}
	for _, name := range p.variableOrder {
		v := p.variables[name]
		if value := fixed.of(v.Level, v.value); value != nil {
			fixed.variables[name] = value
		}
	}
	idle := map[*rule]bool{}
	for i := range p.rules {
		r := &p.rules[i]
		idle[r] = r.Shadow || r.Then.Warn
		if fixed.of(r.Level, r.expression) == types.True {
			idle[r] = true
			warn(r.At, "the expression of %s is true whatever it looks at: the rule does nothing", r.Name)
		} else if fixed.of(r.Level, r.match) == types.False {
			idle[r] = true
			warn(r.At, "the match of %s is false whatever it looks at: the rule does nothing", r.Name)
		}
	}
	return idle
}

// fixedValues finds expressions that have the same value for every report.
type fixedValues struct {
	policy    *Policy
	variables map[string]ref.Val // variables with such a value
}

// of returns the value of an expression; nil when it depends on the report or travel request, on
// a fact or on the day, and when the expression fails.
func (f fixedValues) of(level rulesfile.Level, x *expression) ref.Val {
	if x == nil {
		return nil
	}
	program, err := f.policy.lang.env[level].Program(x.ast, append(limits(), cel.EvalOptions(cel.OptPartialEval))...)
	if err != nil {
		return nil
	}
	open := []*cel.AttributePatternType{cel.AttributePattern("facts"), cel.AttributePattern("today")}
	for l := level; l != ""; l = l.Outer() {
		open = append(open, cel.AttributePattern(string(l)))
	}
	known := newShape("", map[string]shapeField{})
	for name := range f.policy.variables {
		value, ok := f.variables[name]
		if !ok {
			open = append(open, cel.AttributePattern("variables").QualString(name))
			continue
		}
		known.fields[name] = shapeField{read: func(*object) (ref.Val, bool) { return value, something(value) }}
	}
	vars, err := cel.PartialVars(map[string]any{"lists": f.policy.listObject, "variables": known.of(nil)}, open...)
	if err != nil {
		return nil
	}
	value, _, err := program.Eval(vars)
	if err != nil || types.IsUnknownOrError(value) {
		return nil
	}
	return value
}
