package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"concur-connector/dev/concursim/journal"
)

// contentOf returns the content of the report as it is now, in parts as the interfaces show
// them. It leaves out what the client's own writes change. It is computed once after each
// edit.
func (r *report) contentOf() journal.Content {
	if r.content != nil {
		return r.content
	}
	c := journal.Content{}
	part := func(name string, values ...any) {
		text, err := json.Marshal(values)
		if err != nil {
			panic("concursim: a description cannot be encoded: " + err.Error()) // every field can be encoded
		}
		sum := sha256.Sum256(text)
		c[name] = hex.EncodeToString(sum[:8])
	}
	sums := r.desc.sums()
	header := r.desc
	header.Entries, header.HasException = nil, false
	part("header", header, sums.total, sums.personal, sums.claimed, sums.employee, sums.card, sums.company)
	rows := []any{}
	for i, e := range r.desc.Entries {
		row := e
		row.Custom, row.OrgUnit, row.Itemizations, row.Allocations, row.Attendees, row.Exceptions = nil, nil, nil, nil, 0, false
		rows = append(rows, row)
		items, shares := []any{}, []any{e.Allocations}
		for _, item := range e.Itemizations {
			shares = append(shares, item.Allocations)
			item.Allocations = nil
			items = append(items, item)
		}
		part(fmt.Sprint("fields of entry ", i+1), e.Custom, e.OrgUnit)
		part(fmt.Sprint("itemizations of entry ", i+1), items)
		part(fmt.Sprint("allocations of entry ", i+1), shares)
		part(fmt.Sprint("number of attendees of entry ", i+1), e.Attendees)
		part(fmt.Sprint("attendees of entry ", i+1), e.Attendees, r.entries[i].replacedAttendees)
	}
	part("entries", rows)
	r.content = c
	return c
}

// shownContent names the parts of the content that the answer to a call shows. An answer
// that a fault has made incomplete shows none.
func (c *call) shownContent(s *simulator) []string {
	r := c.report
	if r == nil || len(c.incomplete) > 0 {
		return nil
	}
	all := r.contentOf()
	every := func(what string) []string {
		names := []string{}
		for i := range r.entries {
			names = append(names, fmt.Sprint(what, " of entry ", i+1))
		}
		return names
	}
	own := func(whats ...string) []string {
		_, o, known := s.keyOf(r, c.about.expense)
		names := []string{}
		for _, what := range whats {
			if known {
				names = append(names, fmt.Sprint(what, " of entry ", slices.Index(r.entries, o.entry)+1))
			}
		}
		return names
	}
	switch c.endpoint {
	case detailsEndpoint:
		return slices.Collect(maps.Keys(all))
	case reportV3Endpoint, reportV4Endpoint, requestEndpoint:
		return []string{"header"}
	case entriesV3Endpoint:
		return append(every("fields"), "entries")
	case itemizationsV3Endpoint:
		return every("itemizations")
	case allocationsV3Endpoint:
		return every("allocations")
	case expensesV4Endpoint:
		return append(every("number of attendees"), "entries")
	case expenseV4Endpoint:
		return own("fields", "number of attendees")
	case itemizationsV4Endpoint:
		return own("itemizations")
	case allocationsV4Endpoint:
		return own("allocations")
	case attendeesV4Endpoint:
		return own("attendees", "number of attendees")
	case requestExpensesEndpoint:
		return slices.Concat(every("fields"), every("allocations"), []string{"entries"})
	}
	return nil
}
