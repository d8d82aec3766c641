package main

import (
	"encoding/json"
	"slices"

	"concur-connector/dev/concursim/journal"
)

// existingException is an exception on the report: posted through any interface, or
// Concur's own.
type existingException struct {
	journal.Exception
	Visibility string `json:"visibility"`
	Blocking   bool   `json:"blocking"`
	Own        bool   `json:"own"` // Concur's own, which cannot be deleted

	raw json.RawMessage // as a raw payload prints it
}

// existingDescription is an exception that a report or one of its entries has from the
// start.
type existingDescription struct {
	Code     string `yaml:"code"`
	Blocking bool   `yaml:"blocking"`
	Entry    int    `yaml:"entry"` // counted from 1; 0 is the report itself
}

// addExisting adds the exceptions of the description.
func (r *report) addExisting() {
	for _, d := range r.desc.Existing {
		h := existingException{Visibility: "ALL", Blocking: d.Blocking, Own: true}
		h.ObjectType, h.Code = "Report", d.Code
		if d.Entry > 0 {
			e := r.entries[d.Entry-1]
			h.ObjectType, h.ObjectID = "Entry", e.key
			e.hasExceptions = true
		}
		r.existing = append(r.existing, h)
		r.hasException = true
	}
}

// has returns the exception with this code on this object, or nil.
func (r *report) has(kind, id, code string) *existingException {
	i := slices.IndexFunc(r.existing, func(h existingException) bool {
		return h.ObjectType == kind && h.ObjectID == id && h.Code == code
	})
	if i < 0 {
		return nil
	}
	return &r.existing[i]
}

// blocked reports whether a blocking exception is on that expense, or anywhere on the
// report if the key is empty.
func (r *report) blocked(key string) bool {
	return slices.ContainsFunc(r.existing, func(h existingException) bool {
		p, _ := r.placeOf(h.ObjectID)
		return h.Blocking && (key == "" || p.expense == key)
	})
}

// dropException deletes a posted exception and lowers the flags that no other exception
// keeps up.
func (s *simulator) dropException(r *report, gone journal.Exception) {
	same := func(e journal.Exception) bool {
		return e.ObjectType == gone.ObjectType && e.ObjectID == gone.ObjectID && e.Code == gone.Code
	}
	r.exceptions = slices.DeleteFunc(r.exceptions, same)
	r.existing = slices.DeleteFunc(r.existing, func(h existingException) bool { return !h.Own && same(h.Exception) })
	r.hasException = r.desc.HasException || len(r.existing) > 0
	if o, known := r.objects[gone.ObjectID]; known {
		i := slices.Index(r.entries, o.entry)
		before := i >= 0 && i < len(r.desc.Entries) && r.desc.Entries[i].Exceptions
		o.entry.hasExceptions = before || slices.ContainsFunc(r.existing, func(h existingException) bool {
			other, on := r.objects[h.ObjectID]
			return on && other.entry == o.entry
		})
	}
	r.exceptionChanged()
	s.broadcast()
}
