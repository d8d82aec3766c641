package rulestest

import (
	"fmt"

	"concur-connector/expense"
)

// identify gives an ID to whatever has none, after its place.
func identify(report *expense.Report) {
	for i := range report.Entries {
		e := &report.Entries[i]
		named(&e.ID, "%d", i+1)
		allocations(e.ID, e.Allocations)
		for j := range e.Itemizations {
			item := &e.Itemizations[j]
			named(&item.ID, "%s.%d", e.ID, j+1)
			allocations(item.ID, item.Allocations)
		}
	}
}

func identifyRequest(request *expense.TravelRequest) {
	for i := range request.Expenses {
		e := &request.Expenses[i]
		named(&e.ID, "%d", i+1)
		allocations(e.ID, e.Allocations)
		for j := range e.Segments {
			named(&e.Segments[j].ID, "%s.%d", e.ID, j+1)
		}
	}
}

func allocations(of string, list []expense.Allocation) {
	for i := range list {
		named(&list[i].ID, "%s/%d", of, i+1)
	}
}

func named(id *string, form string, args ...any) {
	if *id == "" {
		*id = fmt.Sprintf(form, args...)
	}
}
