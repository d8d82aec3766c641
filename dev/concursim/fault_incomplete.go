package main

import (
	"slices"

	"github.com/shopspring/decimal"
)

// lacking reports whether the answer to a call has that fault.
func (c *call) lacking(kind string) bool { return slices.Contains(c.lacks, kind) }

// shownEntries returns the numbers of the entries that an answer shows.
func (s *simulator) shownEntries(c *call, r *report) []int {
	var all []int
	without := -1
	if c.lacking("fewer-entries") && len(r.entries) > 0 {
		without = s.draw(r.name, "left out").IntN(len(r.entries))
	}
	for n := range r.entries {
		if n != without && !c.lacking("no-entries") {
			all = append(all, n)
		}
	}
	return inAnyOrder(s, c, r, all)
}

// claimedEntries returns how many entries an answer claims.
func (c *call) claimedEntries(r *report) int {
	if c.lacking("wrong-count") {
		return len(r.entries) + 1
	}
	return len(r.entries)
}

// claimedTotal returns the total that an answer claims.
func (c *call) claimedTotal(total decimal.Decimal) decimal.Decimal {
	if c.lacking("other-total") {
		return total.Add(decimal.NewFromInt(10))
	}
	return total
}
