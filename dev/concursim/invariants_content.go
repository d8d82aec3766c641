package main

import (
	"maps"
	"slices"
)

// sight is what a client was shown of one part of a report's content.
type sight struct {
	hash    string
	first   *entry // the read that showed it so first
	changed bool   // another read had shown it otherwise before
}

// look remembers what a complete read has shown of the content.
func (p *past) look(e *entry) {
	if p.seen == nil {
		p.seen = map[string]sight{}
	}
	for _, part := range e.showed {
		before, known := p.seen[part]
		if now := e.content[part]; !known || before.hash != now {
			p.seen[part] = sight{hash: now, first: e, changed: known}
		}
	}
}

// judgeApproval compares what the client was shown with what it passes on. What changed
// after the client's last complete read no client can know. What only that very read has
// shown nobody can have judged who had judged something else before.
func (v *verdicts) judgeApproval(p *past, e, read *entry) {
	if read == nil {
		return // another invariant says so
	}
	for _, part := range slices.Sorted(maps.Keys(p.seen)) {
		switch seen := p.seen[part]; {
		case read.content[part] != seen.hash:
			v.add("approved-unjudged", "changed since the client was shown it: "+part, e, seen.first, read)
			return
		case seen.changed && seen.first == read:
			v.add("approved-unjudged", "shown by no read before the last one: "+part, e, read)
			return
		}
	}
}
