package main

import (
	"fmt"
	"slices"
	"time"
)

// maxMoving bounds how long a workflow takes to move a report.
const maxMoving = 30 * time.Second

func checkMoving(d description) error {
	if d.MovesAfter == "" {
		return nil
	}
	after, err := time.ParseDuration(d.MovesAfter)
	if err != nil || after < 0 || after > maxMoving {
		return fmt.Errorf("movesAfter %q: want a duration of at most %s", d.MovesAfter, maxMoving)
	}
	return nil
}

// moveOn takes a report on to its next step when one of the exceptions that were just posted
// on it has a code by which its workflow does so: at once, or a little later, unless it has
// left the step by then. It reports whether it does.
func (s *simulator) moveOn(r *report, posted []postedException) bool {
	moves := func(e postedException) bool {
		return e.ObjectType == "Report" && slices.Contains(r.desc.MovesOn, e.Code)
	}
	if r.status != waiting || !slices.ContainsFunc(posted, moves) {
		return false
	}
	step := r.step
	leave := func() {
		if r.deleted || r.step != step || r.status != waiting {
			return
		}
		r.moves = append(r.moves, moved{What: "exception", At: time.Now().UTC()})
		s.advance(r)
	}
	after, _ := time.ParseDuration(r.desc.MovesAfter) // it was checked
	if after == 0 {
		leave()
		return true
	}
	time.AfterFunc(after, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		leave()
	})
	return true
}
