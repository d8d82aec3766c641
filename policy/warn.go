package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// Warning is something in a rules file that is valid but probably not meant.
type Warning = rulesfile.Error

// Warnings are the warnings about a file that can be used.
func (p *Policy) Warnings() []*Warning { return slices.Clone(p.warnings) }

// NeverToldFields warns of fields that rules read and that the given interface of reports never
// provides. Travel requests are always read by Request v4.
func (p *Policy) NeverToldFields(via expense.Interface) []*Warning {
	var all []*Warning
	for _, r := range p.rules {
		by := via
		if r.Level.OfRequest() {
			by = expense.RequestV4
		}
		for _, name := range r.needs.names() {
			if by.Provides(name) == expense.NeverProvided {
				all = append(all, &Warning{File: p.file, Line: r.At.Line, Column: r.At.Column, Rule: r.Name,
					Reason: fmt.Sprintf("%s never tells %s, which is absent then", by, name)})
			}
		}
	}
	return all
}

func (p *Policy) warn(s *rulesfile.Source, c rulesfile.File) {
	add := func(at rulesfile.Place, format string, args ...any) {
		p.warnings = append(p.warnings, &Warning{File: s.Name, Line: at.Line, Column: at.Column, Reason: fmt.Sprintf(format, args...)})
	}
	used := p.used()
	for _, name := range p.variableOrder {
		if !used["variables."+name] {
			add(p.variables[name].at, "no rule uses the variable %s", name)
		}
	}
	for _, f := range p.facts {
		if !p.readFacts[f.Name] {
			add(rulesfile.At(f.At), "no rule reads the fact %s: it is not asked for", f.Name)
		}
	}
	for _, d := range c.Lists {
		if !used["lists."+d.Name] {
			add(rulesfile.At(d.At), "no rule uses the list %s", d.Name)
		}
	}
	for i, t := range p.lists {
		if t.Rows == 0 {
			add(rulesfile.At(c.Lists[i].At), "the list %s has no rows", t.Name)
		}
	}
	for _, r := range p.rules {
		for _, m := range slices.Concat(r.Messages, r.ApproverMessages) {
			if template.MatchString(m.Fixed) {
				add(rulesfile.At(m.At), "the message of %s is shown as it is written, with its brackets; messageExpression computes one", r.Name)
			}
		}
		if r.Then.Code != "" && r.Then.Code == p.settings.ApproveByException {
			add(r.At, "the rule %s posts %s, which approves reports", r.Name, r.Then.Code)
		}
	}
	p.warnOfMoney(c.Lists, add)
	p.findIdle(s, c.ApproveAll, add)
	slices.SortStableFunc(p.warnings, func(a, b *Warning) int { return a.Line - b.Line })
}

// template matches placeholders in a message, which rules do not have.
var template = regexp.MustCompile(`\{\{.*\}\}|[$%]\{.*\}|\{[a-z]+\.[A-Za-z.]+\}`)

// used are the variables, facts and lists that rules name, directly or through others.
func (p *Policy) used() map[string]bool {
	used := map[string]bool{}
	var follow func(x *expression)
	follow = func(x *expression) {
		for use := range x.uses {
			if used[use] {
				continue
			}
			used[use] = true
			for name, v := range p.variables {
				if use == "variables."+name {
					follow(v.value)
				}
			}
			for _, f := range p.facts {
				if use == "facts."+f.Name {
					for _, one := range f.send {
						follow(one.value)
					}
					for _, one := range all(f.match) {
						follow(one)
					}
				}
			}
		}
	}
	if list := p.approval.HolidayList; list != "" {
		used["lists."+list] = true
	}
	for _, r := range p.rules {
		for _, x := range r.expressions() {
			follow(x)
		}
	}
	return used
}

var (
	namesFacts     = regexp.MustCompile(`\bfacts\b`)
	namesVariables = regexp.MustCompile(`\bvariables\s*\.\s*([A-Za-z][A-Za-z0-9_]*)`)
)

// usesFacts names the variables that read facts, directly or through others.
func usesFacts(declared []rulesfile.Variable) map[string]bool {
	late := map[string]bool{}
	for _, d := range declared {
		if d.ExpressionNode == nil {
			continue
		}
		late[d.Name] = namesFacts.MatchString(d.ExpressionNode.Value)
		for _, named := range namesVariables.FindAllStringSubmatch(d.ExpressionNode.Value, -1) {
			late[d.Name] = late[d.Name] || late[named[1]]
		}
	}
	maps.DeleteFunc(late, func(_ string, l bool) bool { return !l })
	return late
}
