package journal

import (
	"maps"
	"slices"
)

// sight is what the client saw last of one part of a report's content.
type sight struct {
	hash    string
	first   *Entry // the read that first showed the part as it was seen last
	changed bool   // an earlier read showed the part differently
}

// addContent remembers the parts of the content that a complete answer shows.
func (h *history) addContent(e *Entry) {
	if h.lastSeen == nil {
		h.lastSeen = map[string]sight{}
	}
	for _, part := range e.shows {
		before, known := h.lastSeen[part]
		if now := e.content[part]; !known || before.hash != now {
			h.lastSeen[part] = sight{hash: now, first: e, changed: known}
		}
	}
}

// checkApproval compares what the client approves with what the client saw. A client cannot
// know of a change after its last complete read. A client that saw something else before
// cannot have evaluated what only its last read shows.
func (c *checker) checkApproval(h *history, e, read *Entry) {
	if read == nil {
		return // stale-read reports it
	}
	for _, part := range slices.Sorted(maps.Keys(h.lastSeen)) {
		switch seen := h.lastSeen[part]; {
		case read.content[part] != seen.hash:
			c.add("approved-unevaluated", "changed since the client saw it: "+part, e, seen.first, read)
			return
		case seen.changed && seen.first == read:
			c.add("approved-unevaluated", "shown by no read before the last one: "+part, e, read)
			return
		}
	}
}
