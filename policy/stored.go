package policy

import (
	"fmt"
	"slices"
	"strings"

	"concur-connector/expense"
)

// StoredFields returns the names of the fields that [Policy.SelectFields] and
// [Policy.SelectRequestFields] copy, sorted: "entry.posted", `entry.custom["3"]`,
// "report.entries".
func (p *Policy) StoredFields() (ofReports, ofRequests []string) {
	return p.reportFields.names(), p.requestFields.names()
}

func (n needs) names() []string {
	var all []string
	for s, fields := range n {
		for field, need := range fields {
			name := fieldName(s, field)
			if need.all {
				all = append(all, name)
				continue
			}
			for number := range need.numbers {
				all = append(all, fmt.Sprintf("%s[%q]", name, number))
			}
		}
	}
	slices.Sort(all)
	return all
}

func fieldName(s *shape, field string) string { return s.spokenName() + "." + field }

// EvaluateStored is [Policy.Evaluate] for an input with only the fields in kept, named as
// [Policy.StoredFields] names them. A rule that reads another field, or a fact that the input lacks,
// is left out of the verdict, and its name is returned.
func (p *Policy) EvaluateStored(c Input, kept []string) (v expense.Verdict, unknown []string) {
	have := map[string]bool{}
	for _, name := range kept {
		have[name] = true
	}
	here := &evaluation{}
	here.step, here.stepKnown = p.StepOf(c.EventType)
	lacking := p.missingFacts(c)
	v = p.evaluate(c, func(r *rule) bool {
		if applies, told := r.appliesAt(here); len(r.Steps) > 0 && told && !applies {
			return true // it does not apply here, whatever it reads
		}
		known := r.needs.within(have)
		for fact := range r.facts {
			if _, asked := c.Facts[fact]; !asked || lacking[fact] {
				known = false
			}
		}
		if !known {
			unknown = append(unknown, r.Name)
		}
		return known
	})
	slices.SortFunc(unknown, func(a, b string) int { return p.place(a) - p.place(b) })
	return v, unknown
}

// missingFacts names the facts that these rules would ask about an object for which the input has
// no answer.
func (p *Policy) missingFacts(c Input) map[string]bool {
	names := map[string]bool{}
	if c.Report == nil && c.Request == nil {
		return names
	}
	e, done := p.begin(c)
	defer done()
	for _, f := range p.facts {
		answers, asked := c.Facts[f.Name]
		if !asked || f.Level.OfRequest() != (c.Request != nil) {
			continue
		}
		for i, at := range e.scopesOf(f.Level) {
			if _, there := answers[at.key()]; there {
				continue
			}
			if _, err := f.about(at); err == nil || e.exhausted(i) != nil {
				names[f.Name] = true
				break
			}
		}
	}
	return names
}

func (p *Policy) place(name string) int {
	return slices.IndexFunc(p.rules, func(r rule) bool { return r.Name == name })
}

// within reports whether all needed fields are among the names.
func (n needs) within(have map[string]bool) bool {
	for _, name := range n.names() {
		whole, _, numbered := strings.Cut(name, "[")
		if !have[name] && !(numbered && have[whole]) {
			return false
		}
	}
	return true
}
