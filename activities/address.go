package activities

import (
	"concur-connector/concur"
	"concur-connector/expense"
)

// addressable moves exceptions to objects that Concur can address. v3 shows identifiers of
// its own for itemizations and allocations. v4 does not know them and would refuse an
// exception on such an object, so the exception goes on the entry instead, each code once.
func addressable(report *expense.Report, wanted []expense.Exception) []expense.Exception {
	if report == nil || report.Via != expense.V3 {
		return wanted
	}
	entryOf := entryIDs(report)
	type key struct {
		on       expense.ObjectType
		id, code string
	}
	var all []expense.Exception
	added := map[key]bool{}
	for _, e := range wanted {
		entry, isPart := entryOf[e.ObjectID]
		if e.ObjectType != expense.OnReport && isPart && !concur.IsExpenseID(e.ObjectID) {
			e.ObjectType, e.ObjectID = expense.OnEntry, entry
		}
		if k := (key{e.ObjectType, e.ObjectID, e.Code}); !added[k] {
			added[k] = true
			all = append(all, e)
		}
	}
	return all
}

// entryIDs maps the ID of each itemization and each allocation to that of its entry.
func entryIDs(report *expense.Report) map[string]string {
	entries := map[string]string{}
	allocated := func(id string, list []expense.Allocation) {
		for _, a := range list {
			entries[a.ID] = id
		}
	}
	for _, e := range report.Entries {
		allocated(e.ID, e.Allocations)
		for _, item := range e.Itemizations {
			entries[item.ID] = e.ID
			allocated(e.ID, item.Allocations)
		}
	}
	delete(entries, "")
	return entries
}
