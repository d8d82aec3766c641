package main

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxShownAfter bounds how long a write may take to be shown.
const maxShownAfter = 30 * time.Second

// visible is what a client's writes change of a report, as reads show it.
type visible struct {
	status, statusName, step, stepHost, stepName string
	at, version                                  int
	changed                                      time.Time
	everSentBack, hasException                   bool
	flags                                        []bool // of the entries
	held                                         []heldException
	decisions                                    []decision
	comments                                     []string
}

// unshown is what a report was before a write, and until when reads show that.
type unshown struct {
	before visible
	until  time.Time
}

func checkLate(d description) error {
	if d.ShownAfter == "" {
		return nil
	}
	after, err := time.ParseDuration(d.ShownAfter)
	if err != nil || after < 0 || after > maxShownAfter {
		return fmt.Errorf("shownAfter %q: want a duration of at most %s", d.ShownAfter, maxShownAfter)
	}
	return nil
}

// shownAfter is how long reads go on to show what the report was before a client's write.
func (r *report) shownAfter() time.Duration {
	after, _ := time.ParseDuration(r.desc.ShownAfter) // it was checked
	return after
}

func (r *report) visible() visible {
	v := visible{
		status: r.status, statusName: r.statusName, step: r.step, stepHost: r.stepHost, stepName: r.stepName,
		at: r.at, version: r.version, changed: r.changed, everSentBack: r.everSentBack, hasException: r.hasException,
		held: slices.Clone(r.held), decisions: slices.Clone(r.decisions), comments: slices.Clone(r.comments),
	}
	for _, e := range r.entries {
		v.flags = append(v.flags, e.hasExceptions)
	}
	return v
}

func (r *report) show(v visible) {
	r.status, r.statusName, r.step, r.stepHost, r.stepName = v.status, v.statusName, v.step, v.stepHost, v.stepName
	r.at, r.version, r.changed, r.everSentBack, r.hasException = v.at, v.version, v.changed, v.everSentBack, v.hasException
	r.held, r.decisions, r.comments = v.held, v.decisions, v.comments
	for i, e := range r.entries {
		e.hasExceptions = v.flags[i]
	}
}

// writeLate handles a write. Where its report shows writes late, it remembers what the
// report was before one that takes effect.
func (s *simulator) writeLate(c *call) answer {
	r := c.report
	if r == nil || r.shownAfter() == 0 {
		return s.handleAs(c)
	}
	before := r.visible()
	a := s.handleAs(c)
	if c.entry.Effect() {
		r.unshown = append(r.unshown, unshown{before, time.Now().Add(r.shownAfter())})
		s.late[r] = true
	}
	return a
}

// readLate handles a read. It shows each report as it was before the first write that is not
// shown yet, and says in the journal whether its own report was shown so.
func (s *simulator) readLate(c *call) answer {
	now := time.Now()
	current := map[*report]visible{}
	for r := range s.late {
		r.unshown = slices.DeleteFunc(r.unshown, func(u unshown) bool { return !now.Before(u.until) })
		if len(r.unshown) == 0 {
			delete(s.late, r)
			continue
		}
		current[r] = r.visible()
		r.show(r.unshown[0].before)
	}
	a := s.handleAs(c)
	for r, v := range current {
		r.show(v)
	}
	if _, earlier := current[c.report]; earlier {
		c.entry.SetShowsEarlier()
	}
	return a
}

// listed are the entries of the failed list as reads show it: with those that are deleted
// and not shown so yet.
func (l *failedList) listed() []*failedItem {
	now := time.Now()
	maps.DeleteFunc(l.deleted, func(_ *failedItem, until time.Time) bool { return !now.Before(until) })
	if len(l.deleted) == 0 {
		return l.items
	}
	all := slices.AppendSeq(slices.Clone(l.items), maps.Keys(l.deleted))
	slices.SortFunc(all, func(a, b *failedItem) int { return a.n - b.n })
	return all
}
