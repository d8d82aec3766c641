package expense

import "iter"

// Object is an entry, an itemization or an allocation of a report.
type Object struct {
	ID          string
	Entry       *Entry       // the entry, or the entry that contains the object
	Itemization *Itemization // the itemization, or the one that contains the allocation; else nil
	Allocation  *Allocation  // the allocation; else nil
}

// ExpenseID returns the ID of the itemization or entry that is or contains the object. In v4
// both are expenses.
func (o Object) ExpenseID() string {
	if o.Itemization != nil {
		return o.Itemization.ID
	}
	return o.Entry.ID
}

// Objects iterates over the entries of the report. Each entry is followed by its allocations,
// its itemizations and their allocations.
func (r *Report) Objects() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for i := range r.Entries {
			e := &r.Entries[i]
			if !yield(Object{ID: e.ID, Entry: e}) || !yieldAllocations(yield, Object{Entry: e}, e.Allocations) {
				return
			}
			for j := range e.Itemizations {
				item := &e.Itemizations[j]
				of := Object{Entry: e, Itemization: item}
				if !yield(Object{ID: item.ID, Entry: e, Itemization: item}) || !yieldAllocations(yield, of, item.Allocations) {
					return
				}
			}
		}
	}
}

func yieldAllocations(yield func(Object) bool, of Object, list []Allocation) bool {
	for i := range list {
		of.ID, of.Allocation = list[i].ID, &list[i]
		if !yield(of) {
			return false
		}
	}
	return true
}

// EachField calls f for every custom field and organisational unit of the report.
func (r *Report) EachField(f func(*Field)) {
	eachField(f, r.OrgUnits, r.Custom)
	for o := range r.Objects() {
		switch {
		case o.Allocation != nil:
			eachField(f, o.Allocation.Custom)
		case o.Itemization != nil:
			eachField(f, o.Itemization.OrgUnits, o.Itemization.Custom)
		default:
			eachField(f, o.Entry.OrgUnits, o.Entry.Custom)
		}
	}
}
