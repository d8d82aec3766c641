package approvals

import (
	"context"
	"time"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// Compared is an earlier revision of the same report or travel request about which approvers were
// asked.
type Compared struct {
	Revision string          `json:"revision"`
	Outcome  expense.Outcome `json:"outcome,omitempty"` // of the earlier run, such as sent-back
}

// Change is a difference between two revisions. Before is nil if something was added, After if it
// was removed.
type Change struct {
	Object string              `json:"object,omitempty"` // ID; empty for the report or travel request itself
	Level  string              `json:"level,omitempty"`  // of the object: entry, itemization, …
	Field  string              `json:"field,omitempty"`  // empty if the whole object was added or removed
	Before *expense.ShownField `json:"before,omitempty"`
	After  *expense.ShownField `json:"after,omitempty"`
	// Added is true if the whole object was added, and Removed if it was removed.
	Added   bool `json:"added,omitempty"`
	Removed bool `json:"removed,omitempty"`
}

// compareLimit is the longest wait for the earlier run.
const compareLimit = 2 * time.Second

// changes compares the report with the last earlier revision about which approvers were asked. An
// earlier run that does not answer in time only leaves out the comparison.
func (s *Service) changes(ctx context.Context, id string, now workflows.Status) ([]Change, *Compared) {
	if now.Verdict == nil || now.Verdict.Shown == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, compareLimit)
	defer cancel()
	earlier, found, err := s.runs.Earlier(ctx, id, now.Revision)
	if err != nil {
		s.logger.WarnContext(ctx, "an earlier run cannot be compared", "notification", id, "error", err)
	}
	if !found || earlier.Verdict == nil || earlier.Verdict.Shown == nil {
		return nil, nil
	}
	return compare(*earlier.Verdict.Shown, *now.Verdict.Shown), &Compared{Revision: earlier.Revision, Outcome: earlier.Outcome}
}

// compare lists what differs between two revisions, in the order of the later one.
func compare(before, after expense.ShownReport) []Change {
	changes := []Change{}
	fields := func(object, level string, before, after []expense.ShownField) {
		old := map[string]expense.ShownField{}
		for _, f := range before {
			old[f.Name] = f
		}
		for _, f := range after {
			was, known := old[f.Name]
			delete(old, f.Name)
			switch {
			case !known:
				changes = append(changes, Change{Object: object, Level: level, Field: f.Name, After: &f})
			case !same(was, f):
				changes = append(changes, Change{Object: object, Level: level, Field: f.Name, Before: &was, After: &f})
			}
		}
		for _, f := range before {
			if _, gone := old[f.Name]; gone {
				changes = append(changes, Change{Object: object, Level: level, Field: f.Name, Before: &f})
			}
		}
	}
	fields("", "", before.Fields, after.Fields)
	old := map[string]expense.ShownObject{}
	for _, o := range before.Objects {
		old[o.ID] = o
	}
	for _, o := range after.Objects {
		was, known := old[o.ID]
		delete(old, o.ID)
		if known {
			fields(o.ID, o.Level, was.Fields, o.Fields)
		} else {
			changes = append(changes, Change{Object: o.ID, Level: o.Level, Added: true})
		}
	}
	for _, o := range before.Objects {
		if _, gone := old[o.ID]; gone {
			changes = append(changes, Change{Object: o.ID, Level: o.Level, Removed: true})
		}
	}
	return changes
}

// same reports whether a field has the same value. 5 EUR and 5.00 EUR are the same.
func same(a, b expense.ShownField) bool {
	if a.Money != nil && b.Money != nil {
		order, err := a.Money.Compare(*b.Money)
		return err == nil && order == 0
	}
	yes := func(f expense.ShownField) string {
		switch {
		case f.Yes == nil:
			return ""
		case *f.Yes:
			return "yes"
		}
		return "no"
	}
	return a.Money == nil && b.Money == nil && a.Text == b.Text && a.Date == b.Date && a.Number == b.Number && yes(a) == yes(b)
}
