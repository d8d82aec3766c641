package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
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
	lists    []*table
	facts    []*fact
	rules    []rule
	inOrder  []*rule // of evaluation: those that are only watched come last

	variables     map[string]*variable
	variableOrder []string

	lang       *language
	listObject *object
	asksFor    map[string]bool // facts that a rule reads
	waitsFor   map[string]bool // of these, what a rule reads that is not only watched
	needs      needs           // of a report
	asked      needs           // of a travel request
	hash       string
	warnings   []*Warning
	approveAll bool   // the file says so
	unseen     string // why everything would be passed on without being looked at

	budget uint64        // cost of the evaluations of one report
	time   time.Duration // of the same; far above what the budget allows
}

type rule struct {
	rulesfile.Rule
	match             *expression // nil: always
	expression        *expression
	message           string
	messageExpression *expression // nil: message

	needs needs           // of everything that it reads, variables included
	facts map[string]bool // likewise
}

// whole is what an expression reads, with what the variables read that it names, and the
// facts that it names.
func (p *Policy) whole(x *expression) (needs, map[string]bool) {
	n, facts := needs{}, map[string]bool{}
	n.addAll(x.reads)
	for use := range x.uses {
		kind, name, _ := strings.Cut(use, ".")
		switch v := p.variables[name]; {
		case kind == "facts":
			facts[name] = true
			n.addAll(p.factNamed(name).needs) // of which object it was asked is known by them
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

// Version is what the file calls itself; empty when it does not.
func (p *Policy) Version() string { return p.version }

// JudgesRequests reports whether there is a rule for travel requests. Without one nothing
// is said about them: they are not to be passed on.
func (p *Policy) JudgesRequests() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.Level.OfRequest() })
}

// DependsOnStep reports whether a rule is limited to some stops.
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

// AskedGroups returns the groups that rules may ask, sorted, each once.
func (p *Policy) AskedGroups() []string {
	var all []string
	for _, r := range p.rules {
		if r.Then.Ask != "" && !r.Shadow {
			all = append(all, r.Then.Ask)
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
