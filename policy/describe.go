package policy

import (
	"cmp"
	"slices"
	"time"

	"cel.dev/cel-go/cel"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// Rule is a rule as the file has it, for people and programs that describe the file.
type Rule struct {
	Name              string          `json:"name"`
	Description       string          `json:"description,omitempty"`
	Level             rulesfile.Level `json:"level"`
	Steps             []string        `json:"steps,omitempty"` // empty: every step
	Match             string          `json:"match,omitempty"`
	Expression        string          `json:"expression"`
	Message           string          `json:"message,omitempty"`
	MessageExpression string          `json:"messageExpression,omitempty"`

	// What approvers read; empty if they read the same message.
	ApproverMessage           string `json:"approverMessage,omitempty"`
	ApproverMessageExpression string `json:"approverMessageExpression,omitempty"`

	Code       string             `json:"code,omitempty"` // of an exception
	Visibility expense.Visibility `json:"visibility,omitempty"`
	SendBack   bool               `json:"sendBack,omitempty"`
	Ask        []Asked            `json:"ask,omitempty"` // all of them must approve
	Warn       bool               `json:"warn,omitempty"`
	Shadow     bool               `json:"shadow,omitempty"`

	Line int `json:"line"` // of the file, counted from 1
}

// Asked is a group that a rule asks. Either Group or Expression is set.
type Asked struct {
	Group      string `json:"group,omitempty"`
	Expression string `json:"expression,omitempty"` // gives the name of the group
	Count      int    `json:"count"`                // how many different people must approve
}

// Rules returns the rules in the order of the file.
func (p *Policy) Rules() []Rule {
	all := make([]Rule, len(p.rules))
	for i, r := range p.rules {
		all[i] = Rule{
			Name: r.Name, Description: r.Description, Level: r.Level, Steps: slices.Clone(r.Steps),
			Expression: r.expression.source, Message: r.message.fixed, ApproverMessage: r.approverMessage.fixed,
			Code: r.Then.Code, SendBack: r.Then.SendBack, Warn: r.Then.Warn,
			Shadow: r.Shadow, Line: r.At.Line,
		}
		if r.match != nil {
			all[i].Match = r.match.source
		}
		if x := r.message.computed; x != nil {
			all[i].MessageExpression = x.source
		}
		if x := r.approverMessage.computed; x != nil {
			all[i].ApproverMessageExpression = x.source
		}
		for _, a := range r.asks {
			one := Asked{Group: a.group, Count: a.count}
			if a.expression != nil {
				one.Expression = a.expression.source
			}
			all[i].Ask = append(all[i].Ask, one)
		}
		if r.Then.Code != "" {
			all[i].Visibility = visibilityOf(r.Then.Visibility)
		}
	}
	return all
}

// Code is an exception code that the rules can post. It must exist in Concur.
type Code struct {
	Code       string             `json:"code"`
	Object     expense.ObjectType `json:"object"` // Report, Entry or Allocation; an itemization is an Entry to Concur
	Level      rulesfile.Level    `json:"level"`
	Visibility expense.Visibility `json:"visibility"` // by v4
	Rules      []string           `json:"rules"`      // empty for the code of approveByException
}

// PostedCodes returns the codes that the rules can post, by code, level and visibility. Shadow
// rules post none.
func (p *Policy) PostedCodes() []Code {
	var codes []Code
	add := func(code string, level rulesfile.Level, v expense.Visibility, rule ...string) {
		for i := range codes {
			if c := &codes[i]; c.Code == code && c.Level == level && c.Visibility == v {
				c.Rules = append(c.Rules, rule...)
				return
			}
		}
		codes = append(codes, Code{code, level.ObjectType(), level, v, append([]string{}, rule...)})
	}
	if code := p.settings.ApproveByException; code != "" {
		add(code, rulesfile.ReportLevel, expense.VisibleToAll)
	}
	for _, r := range p.rules {
		if r.Then.Code != "" && !r.Shadow {
			add(r.Then.Code, r.Level, visibilityOf(r.Then.Visibility), r.Name)
		}
	}
	slices.SortStableFunc(codes, func(a, b Code) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(slices.Index(rulesfile.Levels, a.Level), slices.Index(rulesfile.Levels, b.Level)), cmp.Compare(a.Visibility, b.Visibility))
	})
	return codes
}

// Settings are the settings of the file.
func (p *Policy) Settings() rulesfile.Settings { return p.settings }

// Timezone is the name of the time zone of the rules' today.
func (p *Policy) Timezone() string { return p.zone.String() }

// Zone is the time zone of the rules.
func (p *Policy) Zone() *time.Location { return p.zone }

// Steps are the workflow steps that the file names, in its order.
func (p *Policy) Steps() []rulesfile.Step { return slices.Clone(p.steps) }

// Groups are the groups that the file declares, in its order.
func (p *Policy) Groups() []rulesfile.Group { return slices.Clone(p.groups) }

// Approvals is what the file says about all tasks for people.
func (p *Policy) Approvals() rulesfile.Approvals { return p.approval }

// Lists are the lists that the file names, in its order.
func (p *Policy) Lists() []List {
	all := make([]List, len(p.lists))
	for i, t := range p.lists {
		all[i] = t.List
	}
	return all
}

// Variables are those of the file, in the order in which each can name the ones before.
func (p *Policy) Variables() []Variable {
	all := make([]Variable, len(p.variableOrder))
	for i, name := range p.variableOrder {
		all[i] = p.variables[name].Variable
	}
	return all
}

// Facts are the facts that the file declares, in its order.
func (p *Policy) Facts() []Fact {
	all := make([]Fact, len(p.facts))
	for i, f := range p.facts {
		all[i] = Fact{Name: f.Name, Level: f.Level, URL: f.URL, Send: map[string]string{}, Answer: map[string]string{}}
		if f.match != nil {
			all[i].Match = f.match.source
		}
		for _, one := range f.send {
			all[i].Send[one.name] = one.value.source
		}
		for name, kind := range f.Answer {
			all[i].Answer[name] = string(kind)
		}
	}
	return all
}

// CodesAt returns the exception codes that rules may post at the step that an EventType names,
// sorted, each once. The code of approveByException is among them. At an unknown step, rules
// that apply at some steps only do not count.
func (p *Policy) CodesAt(eventType string) []string {
	step, known := p.StepOf(eventType)
	var all []string
	if code := p.settings.ApproveByException; code != "" {
		all = append(all, code)
	}
	for _, r := range p.rules {
		here := len(r.Steps) == 0 || known && slices.Contains(r.Steps, step)
		if here && r.Then.Code != "" && !r.Shadow {
			all = append(all, r.Then.Code)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Object is an object that expressions may name, and its fields.
type Object struct {
	Name   string  `json:"name"` // such as entry
	Fields []Field `json:"fields"`
}

// Field is a field of an object and its type in expressions.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Vocabulary is every field of reports and travel requests that rules can read.
func Vocabulary() []Object {
	var all []Object
	for _, s := range append(parts(), fieldShape) {
		o := Object{Name: s.spokenName()}
		for name, m := range s.fields {
			o.Fields = append(o.Fields, Field{name, typeName(m.typ)})
		}
		slices.SortFunc(o.Fields, func(a, b Field) int {
			if a.Name < b.Name {
				return -1
			}
			return 1
		})
		all = append(all, o)
	}
	return all
}

// typeName writes a type as people say it.
func typeName(t *cel.Type) string {
	switch {
	case isNumbered(t):
		return "fields by number"
	case t.Kind() == cel.ListKind:
		return "list of " + typeName(t.Parameters()[0])
	}
	if s := partOf(t); s != nil {
		return s.spokenName()
	}
	return t.TypeName()
}
