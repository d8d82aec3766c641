package expense_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestObjectsFollowTheEntryThatContainsThem(t *testing.T) {
	t.Parallel()
	report := expense.Report{Entries: []expense.Entry{
		{ID: "e1", Allocations: []expense.Allocation{{ID: "a1"}, {ID: "a2"}}},
		{ID: "e2", Itemizations: []expense.Itemization{{ID: "i1", Allocations: []expense.Allocation{{ID: "a3"}}}, {ID: "i2"}}},
	}}
	var ids, entries, expenses, allocations []string
	for o := range report.Objects() {
		ids, entries, expenses = append(ids, o.ID), append(entries, o.Entry.ID), append(expenses, o.ExpenseID())
		if o.Allocation != nil {
			allocations = append(allocations, o.Allocation.ID)
		}
	}
	require.Equal(t, []string{"e1", "a1", "a2", "e2", "i1", "a3", "i2"}, ids)
	require.Equal(t, []string{"e1", "e1", "e1", "e2", "e2", "e2", "e2"}, entries)
	require.Equal(t, []string{"e1", "e1", "e1", "e2", "i1", "i1", "i2"}, expenses)
	require.Equal(t, []string{"a1", "a2", "a3"}, allocations)

	for end := range ids {
		seen := 0
		for range report.Objects() {
			if seen++; seen > end {
				break // at each object: the iterator must not go on
			}
		}
		require.Equal(t, end+1, seen)
	}
}
