package main

import (
	"encoding/json"
	"slices"

	"concur-connector/dev/concursim/journal"
)

// heldException is an exception that the report has: posted by either interface, or
// Concur's own.
type heldException struct {
	journal.Exception
	Visibility string `json:"visibility"`
	Blocking   bool   `json:"blocking"`
	Own        bool   `json:"own"` // Concur's, and not to be deleted

	raw json.RawMessage // as a raw payload prints it
}

// heldDescription is an exception that a report, or one of its entries, has from the
// start.
type heldDescription struct {
	Code     string `yaml:"code"`
	Blocking bool   `yaml:"blocking"`
	Entry    int    `yaml:"entry"` // counted from 1; 0 is the report
}

// preset gives the report what its description says that Concur holds.
func (r *report) preset() {
	for _, d := range r.desc.Held {
		h := heldException{Visibility: "ALL", Blocking: d.Blocking, Own: true}
		h.ObjectType, h.Code = "Report", d.Code
		if d.Entry > 0 {
			e := r.entries[d.Entry-1]
			h.ObjectType, h.ObjectID = "Entry", e.key
			e.hasExceptions = true
		}
		r.held = append(r.held, h)
		r.hasException = true
	}
}

// has finds what a report holds of that code on that object.
func (r *report) has(kind, id, code string) *heldException {
	i := slices.IndexFunc(r.held, func(h heldException) bool {
		return h.ObjectType == kind && h.ObjectID == id && h.Code == code
	})
	if i < 0 {
		return nil
	}
	return &r.held[i]
}

// blocked says whether an exception that blocks is on that expense; without a key, on
// anything of the report.
func (r *report) blocked(key string) bool {
	return slices.ContainsFunc(r.held, func(h heldException) bool {
		p, _ := r.placeOf(h.ObjectID)
		return h.Blocking && (key == "" || p.expense == key)
	})
}

// dropException takes away what was posted, and lowers the flags that nothing else
// holds up.
func (s *simulator) dropException(r *report, gone journal.Exception) {
	same := func(e journal.Exception) bool {
		return e.ObjectType == gone.ObjectType && e.ObjectID == gone.ObjectID && e.Code == gone.Code
	}
	r.exceptions = slices.DeleteFunc(r.exceptions, same)
	r.held = slices.DeleteFunc(r.held, func(h heldException) bool { return !h.Own && same(h.Exception) })
	r.hasException = r.desc.HasException || len(r.held) > 0
	if o, known := r.objects[gone.ObjectID]; known {
		i := slices.Index(r.entries, o.entry)
		before := i >= 0 && i < len(r.desc.Entries) && r.desc.Entries[i].Exceptions
		o.entry.hasExceptions = before || slices.ContainsFunc(r.held, func(h heldException) bool {
			other, on := r.objects[h.ObjectID]
			return on && other.entry == o.entry
		})
	}
	r.touchedByException()
	s.broadcast()
}
