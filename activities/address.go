package activities

import (
	"concur-connector/concur"
	"concur-connector/expense"
)

// addressed puts exceptions where Concur can be told to hold them. Of an itemization and of
// an allocation v3 shows identifiers of its own, which v4 does not know and by which the
// exception would be refused: it goes on the entry that they belong to, each code once.
func addressed(report *expense.Report, wanted []expense.Exception) []expense.Exception {
	if report == nil || report.Via != expense.V3 {
		return wanted
	}
	entries := entriesOf(report)
	type key struct {
		on       expense.ObjectType
		id, code string
	}
	var all []expense.Exception
	known := map[key]bool{}
	for _, e := range wanted {
		entry, below := entries[e.ObjectID]
		if e.ObjectType != expense.OnReport && below && !concur.IsExpenseID(e.ObjectID) {
			e.ObjectType, e.ObjectID = expense.OnEntry, entry
		}
		if k := (key{e.ObjectType, e.ObjectID, e.Code}); !known[k] {
			known[k] = true
			all = append(all, e)
		}
	}
	return all
}

// entriesOf says to which entry each itemization and each allocation belongs.
func entriesOf(report *expense.Report) map[string]string {
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
