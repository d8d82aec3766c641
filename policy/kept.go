package policy

import (
	"fmt"
	"slices"
	"strings"

	"concur-connector/expense"
)

// Fields name what [Policy.Keep] and [Policy.KeepRequest] keep, sorted: "entry.posted",
// `entry.custom["3"]`, "report.entries". They are what [expense.FetchedReport] calls Kept.
func (p *Policy) Fields() (ofReports, ofRequests []string) {
	return p.needs.names(), p.asked.names()
}

func (n needs) names() []string {
	var all []string
	for s, fields := range n {
		for field, need := range fields {
			name := spokenField(s, field)
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

func spokenField(s *shape, field string) string { return s.spoken() + "." + field }

// EvaluateKept is [Policy.Evaluate] for a case of which only these fields were kept, named
// as [Policy.Fields] names them. A rule that reads another one, or a fact that the case does
// not have, is unknown: its name is returned and it is left out of the verdict.
func (p *Policy) EvaluateKept(c Case, kept []string) (v expense.Verdict, unknown []string) {
	have := map[string]bool{}
	for _, name := range kept {
		have[name] = true
	}
	here := &evaluation{}
	here.stop, here.atStop = p.StepOf(c.EventType)
	lacking := p.lacking(c)
	v = p.evaluate(c, func(r *rule) bool {
		if applies, told := r.appliesAt(here); len(r.Steps) > 0 && told && !applies {
			return true // it says nothing here, whatever it reads
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

// lacking names the facts that would be asked about an object of which the case has no
// answer: they were asked about others then.
func (p *Policy) lacking(c Case) map[string]bool {
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

// within reports whether all that is needed is among the names.
func (n needs) within(have map[string]bool) bool {
	for _, name := range n.names() {
		whole, _, numbered := strings.Cut(name, "[")
		if !have[name] && !(numbered && have[whole]) {
			return false
		}
	}
	return true
}
