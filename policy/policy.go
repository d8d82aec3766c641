package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// Policy is a rules file with its lists, checked and ready. It does not change and is safe
// for concurrent use.
type Policy struct {
	file     string
	version  string
	zone     *time.Location
	settings rulesfile.Settings
	steps    []rulesfile.Step
	groups   []rulesfile.Group
	approval rulesfile.Approvals
	holidays map[value.Date]bool
	shown    []shownField // on the approvers' page
	lists    []*table
	facts    []*fact
	rules    []rule
	inOrder  []*rule // of evaluation: shadow rules come last

	variables     map[string]*variable
	variableOrder []string

	lang          *language
	listObject    *object
	readFacts     map[string]bool // facts that a rule reads
	actingFacts   map[string]bool // those of them that a rule reads which is no shadow rule
	reportFields  needs           // of a report
	requestFields needs           // of a travel request
	hash          string
	warnings      []*Warning
	approveAll    bool   // the file says so
	unchecked     string // why the rules would approve everything unchecked; empty when they do not

	budget uint64        // cost of the evaluations of one report
	time   time.Duration // of the same evaluations; far more than the budget needs
}

type rule struct {
	rulesfile.Rule
	match           *expression // nil: always
	expression      *expression
	message         message
	approverMessage message // empty: approvers read message
	asks            []asked

	needs needs           // of everything that it reads, variables included
	facts map[string]bool // likewise
}

// message is a text, fixed or computed.
type message struct {
	fixed    string
	computed *expression // nil: fixed
}

func (m message) isEmpty() bool { return m == message{} }

// expressions are all expressions of the rule.
func (r *rule) expressions() []*expression {
	list := []*expression{r.match, r.expression, r.message.computed, r.approverMessage.computed}
	for _, a := range r.asks {
		list = append(list, a.expression)
	}
	return all(list...)
}

// whole returns the fields and facts that an expression reads, directly and through variables.
func (p *Policy) whole(x *expression) (needs, map[string]bool) {
	n, facts := needs{}, map[string]bool{}
	n.addAll(x.reads)
	for use := range x.uses {
		kind, name, _ := strings.Cut(use, ".")
		switch v := p.variables[name]; {
		case kind == "facts":
			facts[name] = true
			n.addAll(p.factNamed(name).needs) // they find the object that the fact is about
		case kind == "variables" && v != nil:
			n.addAll(v.needs)
			maps.Copy(facts, v.facts)
		}
	}
	return n, facts
}

// Hash identifies the rules: the first 16 hexadecimal digits of the SHA-256 of their file
// and of the lists that it names.
func (p *Policy) Hash() string { return p.hash }

// Version is the version that the file gives itself; empty when it gives none.
func (p *Policy) Version() string { return p.version }

// HasRequestRules reports whether there is a rule for travel requests. Without such a rule the
// connector approves none.
func (p *Policy) HasRequestRules() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.Level.OfRequest() })
}

// DependsOnStep reports whether a rule applies at some steps only.
func (p *Policy) DependsOnStep() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return len(r.Steps) > 0 })
}

// Codes returns the exception codes that rules may post, sorted, each once.
func (p *Policy) Codes() []string {
	var all []string
	for _, c := range p.PostedCodes() {
		all = append(all, c.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// AskedGroups returns the groups that rules may ask, sorted, each once. A rule that computes a
// group may ask any that is declared.
func (p *Policy) AskedGroups() []string {
	var all []string
	if name := p.approval.DefaultGroup; name != "" {
		all = append(all, name)
	}
	for _, r := range p.rules {
		for _, a := range r.asks {
			switch {
			case r.Shadow:
			case a.expression != nil:
				all = append(all, rulesfile.GroupNames(p.groups)...)
			default:
				all = append(all, a.group)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// visibilityOf is the visibility of an exception: an empty one is everybody's.
func visibilityOf(v expense.Visibility) expense.Visibility {
	if v == "" {
		return expense.VisibleToAll
	}
	return v
}

// StepOf returns the name of the step that an EventType names, if the file declares it.
func (p *Policy) StepOf(eventType string) (string, bool) { return rulesfile.StepOf(p.steps, eventType) }
