package policy

import (
	"slices"
	"strings"

	"concur-connector/policy/rulesfile"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// PassesUnseen says why these rules would pass on every report, or every travel request,
// without any of them being able to stop it or to say anything about it. It is empty when
// some rule acts, and when the file says approveAll: true. A worker refuses such rules: an
// emptied or half-finished file must not approve what nobody has looked at.
func (p *Policy) PassesUnseen() string {
	if p.approveAll {
		return ""
	}
	return p.unseen
}

// ApprovesAll reports whether the file says approveAll: true.
func (p *Policy) ApprovesAll() bool { return p.approveAll }

// look finds the rules that do nothing and what therefore passes without being looked at,
// and warns of both. approveAll is where the file says approveAll: true, if it does.
func (p *Policy) look(s *rulesfile.Source, approveAll rulesfile.Place, warn func(at rulesfile.Place, format string, args ...any)) {
	idle := p.idle(warn)
	acting := func(ofRequest bool, stop string) (names []string) {
		for i := range p.rules {
			r := &p.rules[i]
			if r.Level.OfRequest() == ofRequest && !idle[r] && (stop == "" || len(r.Steps) == 0 || slices.Contains(r.Steps, stop)) {
				names = append(names, r.Name)
			}
		}
		return names
	}
	reports, requests := acting(false, ""), acting(true, "")
	switch {
	case len(p.rules) == 0:
		p.unseen = "there is no rule, so every report would be approved without anybody looking at it"
	case len(reports) == 0 && slices.ContainsFunc(p.rules, func(r rule) bool { return !r.Level.OfRequest() }):
		p.unseen = "no rule for reports can have an effect (each is a shadow rule, only warns, or always holds), so every report would be approved without anybody looking at it"
	case len(reports) == 0:
		p.unseen = "there are rules for travel requests only, so every report would be approved without anybody looking at it"
	case len(requests) == 0 && p.JudgesRequests():
		p.unseen = "no rule for travel requests can have an effect (each is a shadow rule, only warns, or always holds), so every travel request would be approved without anybody looking at it"
	}
	if p.approveAll = approveAll != (rulesfile.Place{}); p.approveAll {
		if p.unseen == "" {
			first := append(reports, requests...)[0]
			s.Fail(approveAll, "", "approveAll: true contradicts the rules: %s has an effect; take out approveAll, or the rules that have one", first)
			return
		}
		warn(approveAll, "approveAll is true: %s", strings.Replace(p.unseen, "would be approved", "is approved", 1))
		return
	}
	if p.unseen != "" {
		warn(rulesfile.Place{}, "a worker refuses this file: %s; write a rule that acts, or say approveAll: true if that is meant", p.unseen)
		return
	}
	for _, stop := range p.steps {
		if len(acting(false, stop.Name)) == 0 {
			warn(rulesfile.Place{}, "no rule acts at the stop %s: every report that waits there is approved without anybody looking at it", stop.Name)
		}
	}
}

// idle are the rules that have no effect whatever the report or travel request is, with a
// warning about each that is not meant to be without.
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

// fixedValues finds expressions whose value does not depend on what they look at.
type fixedValues struct {
	policy    *Policy
	variables map[string]ref.Val // that have such a value
}

// of returns the value of an expression, or nil where that depends on the report or the
// travel request, on a fact or on the day, and where it errs.
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
	known := newShape("", map[string]member{})
	for name := range f.policy.variables {
		value, ok := f.variables[name]
		if !ok {
			open = append(open, cel.AttributePattern("variables").QualString(name))
			continue
		}
		known.fields[name] = member{read: func(*object) (ref.Val, bool) { return value, something(value) }}
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
