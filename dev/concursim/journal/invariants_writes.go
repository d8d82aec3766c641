package journal

import (
	"fmt"
	"slices"
	"time"
)

// checkWrite checks a write against what happened to its report before.
func (c *checker) checkWrite(e *Entry) {
	h := c.history(e.line.Report)
	read := h.lastRead(e)
	action := e.request.Kind.IsAction()
	if action {
		c.checkAction(h, e, read)
	} else {
		c.checkExceptions(h, e, read)
	}
	if e.line.Effect && (action && e.line.Action == Approve || e.movesOn) {
		c.checkApproval(h, e, read)
	}

	between := h.writes
	if e.request.Kind == ChangesException {
		between = h.bigger // many single exceptions may follow one read
	}
	switch {
	case read == nil:
		c.add("stale-read", "written without a complete read", e)
	case e.line.At.Sub(read.completedAt) > freshFor:
		c.add("stale-read", fmt.Sprintf("the last complete read was %s earlier", e.line.At.Sub(read.completedAt).Round(time.Second)), e, read)
	default:
		if later := entriesAfter(between, read); len(later) > 0 {
			c.add("stale-read", "another write came after the last complete read", e, read, later[0])
		}
	}
}

// choosesStep reports whether the client is responsible for the step that the action met. In
// v1.1 the path names the step. In v4 a client without a guard accepts any step. A guard that
// held excuses the client, and so does Request v4, which offers none.
func (e *Entry) choosesStep() bool {
	switch e.request.Kind {
	case ActsAtStep:
		return true
	case ActsOnRequest:
		return false
	}
	return e.line.Effect && !e.line.Guarded
}

func (c *checker) checkAction(h *history, e, read *Entry) {
	waits := h.waits
	if e.choosesStep() {
		waits = h.waitsAt[e.line.Step]
	}
	switch {
	case read == nil:
		c.add("wrong-step", "no complete read showed this step", e)
	case read.line.Shown.Status != Waiting || e.choosesStep() && read.line.Shown.Step != e.line.Step:
		c.add("wrong-step", "the last complete read did not show this step waiting", e, read)
	}
	if h.action == nil {
		return
	}
	if e.line.Effect && e.request.Kind != ActsOnRequest && (h.entries == nil || h.entries.line.N < h.action.line.N) {
		c.add("decided-unread", "no complete read of the entries since the earlier action", e, h.action)
	}
	seen := slices.ContainsFunc(entriesAfter(waits, h.action), func(r *Entry) bool { return completeBefore(r, e) && !r.showsEarlier })
	if !seen {
		c.add("decided-twice", "decided before, and no complete read since has shown this step waiting", e, h.action)
	}
}

func (c *checker) checkExceptions(h *history, e, read *Entry) {
	if e.line.State != nil && e.line.State.Status != Waiting && read != nil && read.line.Shown.Status != Waiting {
		c.add("exception-off-step", "the report was not waiting, and the last complete read said so", e, read)
	}
	here := map[Exception]bool{}
	for _, x := range e.line.Posted {
		earlier := h.posted[withoutStep(x)][x.Step]
		switch {
		case here[x]:
			c.add("exception-twice", x.ObjectType+" "+x.Code, e)
		case earlier != nil:
			c.add("exception-twice", x.ObjectType+" "+x.Code, e, earlier)
		}
		here[x] = true
	}
}

// lastRead is the last read of the report that was complete before the request came. Reads
// that were still under way then do not count.
func (h *history) lastRead(e *Entry) *Entry {
	for _, read := range slices.Backward(h.reads) {
		if completeBefore(read, e) {
			return read
		}
	}
	return nil
}

// entriesAfter are the entries that came after the earlier one.
func entriesAfter(entries []*Entry, earlier *Entry) []*Entry {
	from, _ := slices.BinarySearchFunc(entries, earlier.line.N+1, func(e *Entry, n int) int { return e.line.N - n })
	return entries[from:]
}

func completeBefore(read, e *Entry) bool { return read.line.Complete && read.completedN < e.line.N }
