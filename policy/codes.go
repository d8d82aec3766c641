package policy

import "slices"

// CodesAt returns the exception codes that rules may post at the stop that an EventType
// names, sorted, each once: that of approveByException, those of rules that hold at every
// stop, and those of rules that are limited to this one. At a stop that is not known no
// limited rule is among them.
func (p *Policy) CodesAt(eventType string) []string {
	stop, known := p.StepOf(eventType)
	var all []string
	if code := p.settings.ApproveByException; code != "" {
		all = append(all, code)
	}
	for _, r := range p.rules {
		here := len(r.Steps) == 0 || known && slices.Contains(r.Steps, stop)
		if here && r.Then.Code != "" && !r.Shadow {
			all = append(all, r.Then.Code)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
