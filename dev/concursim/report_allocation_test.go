package main

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheUnallocatedPartHasAHiddenAllocation(t *testing.T) {
	t.Parallel()
	type share struct {
		Percentage string
		IsHidden   bool
	}
	w := newFixture(t)
	var r reportView
	w.control(http.MethodPost, "/reports", `
name: r
entries:
  - {type: TAXI, amount: 10, accountCode: "7999"}
  - {type: PARKG, amount: 10}
  - {type: TAXI, amount: 10, accountCode: "7999", allocations: [{percentage: 60, accountCode: "6000"}]}
  - {type: TAXI, amount: 10, allocations: [{accountCode: "6000"}]}
  - {type: TAXI, amount: 10, allocations: [{hidden: true, accountCode: "6000"}]}
  - {type: HOTEL, amount: 10, itemizations: [{type: ROOM, amount: 10}]}`, &r)

	t.Run("v1.1 shows it beside a flag for none or part", func(t *testing.T) {
		body := w.read(r).body
		require.Regexp(t, `^N N P [FY] N [FY] $`, textsOf(body, "HasAllocation"))
		require.Equal(t, "7999 PARKG 6000 7999 6000 6000 ROOM ", textsOf(body, "AccountCode1"))
	})
	t.Run("by v3", func(t *testing.T) {
		types := ""
		for _, e := range w.allV3("entries", r, 100) {
			types += e.AllocationType
		}
		require.Equal(t, "NNPFNF", types)
		require.Equal(t, "N", w.allV3("itemizations", r, 100)[0].AllocationType)
		var page struct{ Items []share }
		w.get(expenseV3Path+"allocations?limit=100&reportID="+r.ReportID, &page)
		hidden := []bool{}
		for _, one := range page.Items {
			hidden = append(hidden, one.IsHidden)
		}
		require.Equal(t, []bool{true, true, false, true, false, true, true}, hidden)
		require.Equal(t, "40.00000000", page.Items[3].Percentage)
	})
	t.Run("by v4", func(t *testing.T) {
		states := []string{}
		var list []struct{ AllocationState string }
		w.get(long(r)+"/expenses", &list)
		for _, e := range list {
			states = append(states, e.AllocationState)
		}
		require.Equal(t, []string{"NOT_ALLOCATED", "NOT_ALLOCATED", "PARTIALLY_ALLOCATED", "FULLY_ALLOCATED", "NOT_ALLOCATED", "FULLY_ALLOCATED"}, states)
		var shares []struct {
			AllocationID, AccountCode string
			IsSystemAllocation        bool
		}
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[0]+"/allocations", &shares)
		require.Len(t, shares, 1)
		require.Equal(t, "7999", shares[0].AccountCode)
		require.True(t, shares[0].IsSystemAllocation)
		require.Equal(t, r.AllocationIDs[0], []string{shares[0].AllocationID})
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[2]+"/allocations", &shares)
		require.Equal(t, []bool{false, true}, []bool{shares[0].IsSystemAllocation, shares[1].IsSystemAllocation})
	})
	t.Run("Request v4 shows it for an expected expense", func(t *testing.T) {
		var expenses []struct {
			Allocations []struct {
				SystemAllocation bool
				Custom1          *struct{ Code string }
			}
		}
		var trip reportView
		w.control(http.MethodPost, "/reports", `{name: trip, request: true, entries: [{amount: 5}, {amount: 5, allocations: [{custom: {1: "(12) North"}}]}, {amount: 5, allocations: [{hidden: true, custom: {1: "(12) North"}}]}]}`, &trip)
		w.get(requestsPath+"/"+trip.UUID+"/expenses", &expenses)
		require.Equal(t, []bool{true, false, true}, []bool{
			expenses[0].Allocations[0].SystemAllocation, expenses[1].Allocations[0].SystemAllocation, expenses[2].Allocations[0].SystemAllocation,
		})
		require.Equal(t, "12", expenses[2].Allocations[0].Custom1.Code)
	})
}

func TestRequestV4LinksSomeListItems(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var trip reportView
	w.control(http.MethodPost, "/reports", `{name: trip, request: true, entries: [{amount: 5}], custom: {1: "(A) A", 2: "(B) B", 3: "(C) C", 4: "(D) D", 5: "(E) E", 6: "(F) F", 7: "(G) G", 8: "(H) H", 9: "(I) I"}}`, &trip)
	body := w.send(http.MethodGet, requestsPath+"/"+trip.UUID, "").body
	require.Contains(t, body, listItemPath)
	require.Regexp(t, `\{"code":"[A-I]","value":"[0-9A-F]{32}"\}`, body)
}

// textsOf returns the texts of all elements with that name.
func textsOf(body, name string) (all string) {
	for _, found := range regexp.MustCompile("<"+name+">([^<]*)<").FindAllStringSubmatch(body, -1) {
		all += found[1] + " "
	}
	return all
}

func TestListItemsCanBeDeletedInvalidOrGone(t *testing.T) {
	t.Parallel()
	type field struct {
		ID, Value string
		IsValid   bool
	}
	type item struct {
		ShortCode string
		IsDeleted bool
	}
	w := newFixture(t)
	const custom = `custom: {1: "(A1) As it was", 2: "(D1) Deleted", 3: "(I1) Invalid", 4: "(G1) Gone", 5: "(D2) Deleted", 6: "(D3) Deleted", 7: "(D4) Deleted", 8: text}
listItems: {D1: deleted, D2: deleted, D3: deleted, D4: deleted, I1: invalid, G1: gone}`
	r := w.submit("r", custom)
	var header struct{ CustomData []field }
	w.get(long(r), &header)
	require.Len(t, header.CustomData, 8)
	valid := map[string]bool{}
	for _, f := range header.CustomData {
		valid[f.ID] = f.IsValid
	}
	require.True(t, valid["custom1"] && valid["custom4"] && valid["custom8"])
	require.False(t, valid["custom3"])
	for i, want := range []item{{"A1", false}, {"D1", true}, {"I1", false}} {
		var one item
		w.get(listItemPath+header.CustomData[i].Value, &one)
		require.Equal(t, want, one)
	}
	require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, listItemPath+header.CustomData[3].Value, "").status)
	require.Contains(t, w.read(r).body, "<Custom2>(D1) Deleted</Custom2>", "v1.1 still prints it")
	require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/reports", "{name: x, listItems: {A: odd}}").status)
}
