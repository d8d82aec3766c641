package main

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxVisibleAfter limits how long a write may stay invisible.
const maxVisibleAfter = 30 * time.Second

// visible is the part of a report that a client's writes change, as reads show it.
type visible struct {
	status, statusName, step, stepHost, stepName string
	at, version                                  int
	changed                                      time.Time
	everSentBack, hasException                   bool
	flags                                        []bool // of the entries
	existing                                     []existingException
	decisions                                    []decision
	comments                                     []string
}

// unshown is the report before a write, and until when reads show it so.
type unshown struct {
	before visible
	until  time.Time
}

func checkLate(d description) error {
	if d.VisibleAfter == "" {
		return nil
	}
	after, err := time.ParseDuration(d.VisibleAfter)
	if err != nil || after < 0 || after > maxVisibleAfter {
		return fmt.Errorf("visibleAfter %q: want a duration of at most %s", d.VisibleAfter, maxVisibleAfter)
	}
	return nil
}

// visibleAfter returns how long reads show the report as it was before a client's write.
func (r *report) visibleAfter() time.Duration {
	after, _ := time.ParseDuration(r.desc.VisibleAfter) // checked before
	return after
}

func (r *report) visible() visible {
	v := visible{
		status: r.status, statusName: r.statusName, step: r.step, stepHost: r.stepHost, stepName: r.stepName,
		at: r.at, version: r.version, changed: r.changed, everSentBack: r.everSentBack, hasException: r.hasException,
		existing: slices.Clone(r.existing), decisions: slices.Clone(r.decisions), comments: slices.Clone(r.comments),
	}
	for _, e := range r.entries {
		v.flags = append(v.flags, e.hasExceptions)
	}
	return v
}

func (r *report) show(v visible) {
	r.status, r.statusName, r.step, r.stepHost, r.stepName = v.status, v.statusName, v.step, v.stepHost, v.stepName
	r.at, r.version, r.changed, r.everSentBack, r.hasException = v.at, v.version, v.changed, v.everSentBack, v.hasException
	r.existing, r.decisions, r.comments = v.existing, v.decisions, v.comments
	for i, e := range r.entries {
		e.hasExceptions = v.flags[i]
	}
}

// writeLate handles a write. If the report shows writes late, it remembers the report as it
// was before.
func (s *simulator) writeLate(c *call) answer {
	r := c.report
	if r == nil || r.visibleAfter() == 0 {
		return s.handleAs(c)
	}
	before := r.visible()
	a := s.handleAs(c)
	if c.entry.Effect() {
		r.unshown = append(r.unshown, unshown{before, time.Now().Add(r.visibleAfter())})
		s.late[r] = true
	}
	return a
}

// readLate handles a read. It shows each report as it was before its first invisible write,
// and records that for the call's own report.
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

// listed returns the entries of the failed list as reads show it, including entries whose
// deletion is not visible yet.
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
