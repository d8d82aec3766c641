package main

import (
	"github.com/shopspring/decimal"
)

// v3ID is the identifier by which v3 knows what v1.1 knows by that key: an entry, an
// itemization or an allocation.
func (s *simulator) v3ID(key string) string {
	random := s.draw("v3 id", key)
	return "gW" + letters(random, keyLetters, 14) + "$p" + letters(random, keyLetters, 14)
}

// v4ID is the one by which v4 knows it.
func (s *simulator) v4ID(key string) string {
	if id := s.told["v4 "+key]; id != "" {
		return id
	}
	return letters(s.draw("v4 id", key), hexDigits, 32)
}

// place is where an object is in a report, by the keys of v1.1: an expense is an entry
// or, with a parent, an itemization, and an allocation belongs to an expense.
type place struct{ expense, parent, allocation string }

func (r *report) placeOf(key string) (place, bool) {
	o, known := r.objects[key]
	if !known {
		return place{}, false
	}
	p := place{expense: o.entry.key}
	if o.item >= 0 && o.item < len(o.entry.itemizations) {
		p.expense, p.parent = o.entry.itemizations[o.item].Key, o.entry.key
	}
	if o.kind == "Allocation" {
		p.allocation = key
	}
	return p, true
}

// keyOf is the key of v1.1 that is meant by an identifier of v4, be it written as a UUID.
func (s *simulator) keyOf(r *report, id string) (string, object, bool) {
	if r.v4Keys == nil {
		r.v4Keys = map[string]string{}
		for key := range r.objects {
			r.v4Keys[plainID(s.v4ID(key))] = key
		}
	}
	key, known := r.v4Keys[plainID(id)]
	return key, r.objects[key], known
}

// described is an expense of a report that was described: an entry, or an itemization
// of it, with what the description says of either.
type described struct {
	key, parent string // of v1.1
	entry       *reportEntry
	whole       entryDescription // the entry's, also for an itemization
	item        *itemDescription // nil for an entry
	allocations []string         // their keys of v1.1
	shares      []allocationDescription
	n           int // of the entry
}

// expenseAt is the entry, or its itemization unless item is negative.
func (r *report) expenseAt(n, item int) described {
	e, desc := r.entries[n], r.desc.Entries[n]
	if item < 0 {
		return described{key: e.key, entry: e, whole: desc, allocations: e.allocations, shares: desc.Allocations, n: n}
	}
	one := e.itemizations[item]
	return described{
		key: one.Key, parent: e.key, entry: e, whole: desc, item: &desc.Itemizations[item],
		allocations: one.Allocations, shares: desc.Itemizations[item].Allocations, n: n,
	}
}

// children are the itemizations of the entry, or none.
func (r *report) children(n int) []described {
	items := []described{}
	for i := range r.entries[n].itemizations {
		items = append(items, r.expenseAt(n, i))
	}
	return items
}

// exceptional says whether something is posted to this very expense, or to anything of
// an entry.
func (r *report) exceptional(d described) bool {
	if d.item == nil {
		return d.entry.hasExceptions
	}
	for _, e := range r.held {
		if p, known := r.placeOf(e.ObjectID); known && p.expense == d.key {
			return true
		}
	}
	return false
}

// plainExpense is what an entry and an itemization have in common.
type plainExpense struct {
	typ, name, date, purpose string
	amount, posted           decimal.Decimal
	personal                 bool
	custom, orgUnit          map[int]string
}

func (d described) expense() plainExpense {
	if i := d.item; i != nil {
		return plainExpense{
			i.Type, i.Name, i.Date, i.Purpose, i.Amount, i.Amount.Mul(d.whole.ExchangeRate).Round(8), i.Personal, i.Custom, i.OrgUnit,
		}
	}
	w := d.whole
	return plainExpense{w.Type, w.Name, w.Date, w.Purpose, w.Amount, w.posted(), w.Personal, w.Custom, w.OrgUnit}
}

// Each interface has identifiers of its own for a policy. Whether those of version 1.1 and of
// v3 are the same nobody documents: the seed decides.

func (s *simulator) policyV3(r *report) string { return makeKey(s.draw("policy", r.desc.Policy)) }

func (s *simulator) policyV1(r *report) string {
	if s.draw("policy of version 1.1").IntN(2) == 0 {
		return s.policyV3(r)
	}
	return makeKey(s.draw("policy of version 1.1", r.desc.Policy))
}

func (s *simulator) policyV4(r *report) string {
	return letters(s.draw("policy v4", r.desc.Policy), hexDigits, 32)
}
