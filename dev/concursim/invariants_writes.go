package main

import (
	"fmt"
	"slices"
	"time"
)

func (v *verdicts) judgeWrite(e *entry) {
	p := v.past(e.Report)
	read := p.lastRead(e)
	if isAction(e.Endpoint) {
		v.judgeAction(p, e, read)
	} else {
		v.judgeExceptions(p, e, read)
	}
	if e.Effect && (isAction(e.Endpoint) && e.Action == approveAction || e.passesOn) {
		v.judgeApproval(p, e, read)
	}
	between := p.writes
	if e.single() {
		between = p.others
	}
	switch {
	case read == nil:
		v.add("stale-read", "written without a complete read", e)
	case e.At.Sub(read.completedAt) > freshFor:
		v.add("stale-read", fmt.Sprintf("the last complete read was %s earlier", e.At.Sub(read.completedAt).Round(time.Second)), e, read)
	default:
		if later := entriesAfter(between, read); len(later) > 0 {
			v.add("stale-read", "another write came after the last complete read", e, read, later[0])
		}
	}
}

// chosen says whether the client chose the very step that the action is about: it stands
// in the path of v1.1, and whoever asks for no guard in v4 takes whatever there is. A
// guard that holds excuses the client, and Request v4 has none to offer; what such an
// action met is not what the client could know.
func (e *entry) chosen() bool {
	switch e.Endpoint {
	case actionEndpoint:
		return true
	case requestActionEndpoint:
		return false
	}
	return e.Effect && !e.Guarded
}

func (v *verdicts) judgeAction(p *past, e, read *entry) {
	waits := p.waits
	if e.chosen() {
		waits = p.waiting[e.Step]
	}
	switch {
	case read == nil:
		v.add("wrong-stop", "no complete read showed this step", e)
	case read.Shown.Status != waiting || e.chosen() && read.Shown.Step != e.Step:
		v.add("wrong-stop", "the last complete read did not show this step waiting", e, read)
	}
	if p.decided == nil {
		return
	}
	if e.Effect && e.Endpoint != requestActionEndpoint && (p.content == nil || p.content.N < p.decided.N) {
		v.add("decided-unread", "no complete read of the entries since the action before", e, p.decided)
	}
	seen := slices.ContainsFunc(entriesAfter(waits, p.decided), func(r *entry) bool { return completeBefore(r, e) && !r.late })
	if !seen {
		v.add("decided-twice", "decided before, and no complete read since showed this step waiting after that was shown", e, p.decided)
	}
}

func (v *verdicts) judgeExceptions(p *past, e, read *entry) {
	if e.State != nil && e.State.Status != waiting && read != nil && read.Shown.Status != waiting {
		v.add("exception-off-stop", "the report was not waiting, and the last complete read said so", e, read)
	}
	here := map[postedException]bool{}
	for _, posted := range e.Posted {
		earlier := p.posted[anyStep(posted)][posted.Step]
		switch {
		case here[posted]:
			v.add("exception-twice", posted.ObjectType+" "+posted.Code, e)
		case earlier != nil:
			v.add("exception-twice", posted.ObjectType+" "+posted.Code, e, earlier)
		}
		here[posted] = true
	}
}

// lastRead is the last read of the report that was complete before the entry came.
// Only reads that were under way at the same time are passed over.
func (p *past) lastRead(e *entry) *entry {
	for _, read := range slices.Backward(p.reads) {
		if completeBefore(read, e) {
			return read
		}
	}
	return nil
}

// entriesAfter are the entries that came after the earlier one.
func entriesAfter(entries []*entry, earlier *entry) []*entry {
	from, _ := slices.BinarySearchFunc(entries, earlier.N+1, func(e *entry, n int) int { return e.N - n })
	return entries[from:]
}

func completeBefore(read, e *entry) bool { return read.Complete && read.completedN < e.N }
