package main

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// hasFault reports whether the answer is incomplete in that way.
func (c *call) hasFault(kind string) bool { return slices.Contains(c.incomplete, kind) }

// omissions are the faults that leave something out of an answer, or count it wrongly.
var omissions = []string{"no-entries", "fewer-entries", "no-itemizations", "wrong-count", "other-total"}

// pageFaults are the faults of the link to the next page.
var pageFaults = []string{"cut-next-page", "page-again"}

// checkFaults refuses omissions at an endpoint where the payload's document is served.
func (p *payload) checkFaults(faults []*fault) error {
	for _, f := range faults {
		served := p.serves(f.Endpoint) || f.Endpoint == detailsEndpoint && p.doc != nil
		if served && f.left != 0 && slices.Contains(omissions, f.Kind) && (f.Report == "" || f.Report == p.name) {
			return fmt.Errorf("fault %s at %s cannot be combined with the raw payload %s, which is served as it is; name another report in the fault: %w", f.Kind, f.Endpoint, p.name, errCannotMove)
		}
	}
	return nil
}

// shownEntries returns the numbers of the entries that an answer shows.
func (s *simulator) shownEntries(c *call, r *report) []int {
	var all []int
	without := -1
	if c.hasFault("fewer-entries") && len(r.entries) > 0 {
		without = s.draw(r.name, "left out").IntN(len(r.entries))
	}
	for n := range r.entries {
		if n != without && !c.hasFault("no-entries") {
			all = append(all, n)
		}
	}
	return inAnyOrder(s, c, r, all)
}

// claimedEntries returns how many entries an answer claims.
func (c *call) claimedEntries(r *report) int {
	if c.hasFault("wrong-count") {
		return len(r.entries) + 1
	}
	return len(r.entries)
}

// claimedTotal returns the total that an answer claims.
func (c *call) claimedTotal(total decimal.Decimal) decimal.Decimal {
	if c.hasFault("other-total") {
		return total.Add(decimal.NewFromInt(10))
	}
	return total
}
