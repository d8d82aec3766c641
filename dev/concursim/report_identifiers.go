package main

import (
	"github.com/shopspring/decimal"
)

// v3ID returns the v3 identifier of the entry, itemization or allocation with that v1.1
// key.
func (s *simulator) v3ID(key string) string {
	random := s.draw("v3 id", key)
	return "gW" + letters(random, keyLetters, 14) + "$p" + letters(random, keyLetters, 14)
}

// v4ID returns the v4 identifier for a v1.1 key.
func (s *simulator) v4ID(key string) string {
	if id := s.documentIDs["v4 "+key]; id != "" {
		return id
	}
	return letters(s.draw("v4 id", key), hexDigits, 32)
}

// place is the place of an object in a report, by v1.1 keys. An expense is an entry or,
// with a parent, an itemization; an allocation belongs to an expense.
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

// keyOf returns the v1.1 key for a v4 identifier, with or without the dashes of a UUID.
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

// described is an expense of a described report, an entry or an itemization, with its
// description.
type described struct {
	key, parent string // v1.1 keys
	entry       *reportEntry
	whole       entryDescription // the entry's, also for an itemization
	item        *itemDescription // nil for an entry
	allocations []string         // v1.1 keys
	shares      []allocationDescription
	n           int // the number of the entry
}

// expenseAt returns an entry, or one of its itemizations unless item is negative.
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

// children returns the itemizations of an entry.
func (r *report) children(n int) []described {
	items := []described{}
	for i := range r.entries[n].itemizations {
		items = append(items, r.expenseAt(n, i))
	}
	return items
}

// exceptional reports whether an exception is on this expense. For an entry it also counts
// exceptions on its parts.
func (r *report) exceptional(d described) bool {
	if d.item == nil {
		return d.entry.hasExceptions
	}
	for _, e := range r.existing {
		if p, known := r.placeOf(e.ObjectID); known && p.expense == d.key {
			return true
		}
	}
	return false
}

// plainExpense is what entries and itemizations have in common.
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

// Each interface has its own identifiers for a policy. Whether v1.1 and v3 use the same
// ones is not documented, so the seed decides.

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
