package workflows

import (
	"slices"

	"concur-connector/expense"
)

// maxCarried is how large a verdict may be that is carried into the run that continues this
// one. That begins with one payload, of which Temporal takes 2 MiB, and the lists that a run
// keeps may be several hundred KiB by themselves.
const maxCarried = 512 << 10

// carried is the verdict without what only explains it, when it is too large. What it says
// is to be done stays, and so does what was found; the history of the run before has all.
func carried(v *expense.Verdict) *expense.Verdict {
	if v == nil || size(v) <= maxCarried {
		return v
	}
	small := *v
	small.Findings = make([]expense.Finding, len(v.Findings))
	for i, f := range v.Findings {
		f.Values = nil
		small.Findings[i] = f
	}
	if size(&small) > maxCarried {
		small.Rules = nil
	}
	if size(&small) > maxCarried {
		small.Findings = []expense.Finding{{Message: "what was found is in the history of the run before: it is too large to be carried on"}}
	}
	return &small
}

// maxCarriedPosted is how many posted exceptions are carried, of which each takes some
// hundred bytes; a report may have a thousand at each stop.
const maxCarriedPosted = 2000

// recent leaves out those of earlier stops that are too many, the oldest first. The report
// has left these.
func recent(posted []PostedAtStep, stop string) []PostedAtStep {
	over := len(posted) - maxCarriedPosted
	if over <= 0 {
		return posted
	}
	return slices.DeleteFunc(slices.Clone(posted), func(p PostedAtStep) bool {
		if p.ValidationID == stop || over <= 0 {
			return false
		}
		over--
		return true
	})
}

// size is about how large a verdict is as JSON, and rather too much. (The encoder is not
// asked: it is none of a workflow's.)
func size(v *expense.Verdict) int {
	const frame = 120 // the names of an object's fields
	n := frame + printed(v.Comment)
	for _, e := range v.Exceptions {
		n += frame + printed(e.ObjectID) + printed(e.Rule)
	}
	for _, r := range v.Rules {
		n += frame + printed(r.Rule)
	}
	for _, f := range v.Findings {
		n += frame + printed(f.Rule) + printed(f.Object) + printed(f.Message)
		for _, s := range f.Values {
			n += frame/4 + printed(s.Name) + printed(s.Value)
		}
	}
	return n
}

// printed is how long a text is in JSON, where some characters take six.
func printed(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&':
			n += 5
		}
	}
	return n
}
