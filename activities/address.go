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
		entryID, known := entryOf[e.ObjectID]
		if e.ObjectType != expense.OnReport && known && !concur.IsExpenseID(e.ObjectID) {
			e.ObjectType, e.ObjectID = expense.OnEntry, entryID
		}
		if k := (key{e.ObjectType, e.ObjectID, e.Code}); !added[k] {
			added[k] = true
			all = append(all, e)
		}
	}
	return all
}

// entryIDs maps the IDs of all entries, itemizations and allocations to that of their entry.
func entryIDs(report *expense.Report) map[string]string {
	ids := map[string]string{}
	for o := range report.Objects() {
		ids[o.ID] = o.Entry.ID
	}
	delete(ids, "")
	return ids
}
