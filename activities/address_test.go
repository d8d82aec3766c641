package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

// itemizedBy is a report by an interface, with these IDs of an itemization and an allocation.
func itemizedBy(via expense.Interface, item, allocation string) *expense.Report {
	return &expense.Report{ID: reportID, Via: via, Entries: []expense.Entry{{
		ID: "54F0CBD8833CB348BD45A6C7C621C001",
		Itemizations: []expense.Itemization{
			{ID: item, Allocations: []expense.Allocation{{ID: allocation}}},
			{ID: item + "2", Allocations: []expense.Allocation{{ID: allocation + "2"}}},
		},
	}}}
}

func TestExceptionIsMovedToAnObjectThatTheInterfaceCanAddress(t *testing.T) {
	t.Parallel()
	const entry, guid = "54F0CBD8833CB348BD45A6C7C621C001", "54F0CBD8833CB348BD45A6C7C621C95"
	on := func(kind expense.ObjectType, id, code string) expense.Exception {
		return expense.Exception{ObjectType: kind, ObjectID: id, Code: code}
	}
	for name, c := range map[string]struct {
		via              expense.Interface
		item, allocation string
		want             []expense.Exception
	}{
		"v1.1 names each": {expense.V1, "gWi", "gWa", []expense.Exception{
			on(expense.OnReport, "", "LATE"), on(expense.OnEntry, "gWi", "ITEM"), on(expense.OnEntry, "gWi2", "ITEM"), on(expense.OnAllocation, "gWa", "SHARE")}},
		"v4 names each": {expense.V4, guid + "1", guid + "2", []expense.Exception{
			on(expense.OnReport, "", "LATE"), on(expense.OnEntry, guid+"1", "ITEM"), on(expense.OnEntry, guid+"12", "ITEM"), on(expense.OnAllocation, guid+"2", "SHARE")}},
		"v3 names the entry alone, once for each code": {expense.V3, "gWi", "gWa", []expense.Exception{
			on(expense.OnReport, "", "LATE"), on(expense.OnEntry, entry, "ITEM"), on(expense.OnEntry, entry, "SHARE")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := []expense.Exception{
				on(expense.OnReport, "", "LATE"), on(expense.OnEntry, c.item, "ITEM"), on(expense.OnEntry, c.item+"2", "ITEM"), on(expense.OnAllocation, c.allocation, "SHARE"),
			}
			require.Equal(t, c.want, activities.Addressable(itemizedBy(c.via, c.item, c.allocation), in))
		})
	}
	t.Run("an itemization of v3 that has an identifier of v4 is named", func(t *testing.T) {
		t.Parallel()
		in := []expense.Exception{on(expense.OnEntry, guid+"1", "ITEM")}
		require.Equal(t, in, activities.Addressable(itemizedBy(expense.V3, guid+"1", "gWa"), in))
	})
}

func TestOnlyV4SendsExceptionVisibility(t *testing.T) {
	t.Parallel()
	narrow := onEntry("E1")
	narrow.Visibility = expense.VisibleToProcessors
	n := newFakeV4(t)
	got := post(t, attempt{}, n.activities(t), exceptionsV4(narrow))
	require.Equal(t, expense.PostedException{Exception: narrow, State: expense.Posted}, got.Items[0])
	require.JSONEq(t, `{"exceptionCode":"NORECPT","exceptionVisibility":"PROCESSOR"}`, n.named("put")[0].body)

	h := newFakeConcur(t, waiting())
	narrow.ObjectID = "e1"
	got = post(t, attempt{}, h.activities(t), exceptions(narrow))
	require.Equal(t, []expense.PostState{expense.Posted}, states(got))
	require.NotContains(t, h.requests()[1].body, "PROCESSOR")
}

// named are the requests of one name.
func (n *fakeV4) named(name string) (all []request) {
	for _, r := range n.requests() {
		if r.name == name {
			all = append(all, r)
		}
	}
	return all
}
