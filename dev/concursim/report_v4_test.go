package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

func TestReportsV4(t *testing.T) {
	t.Parallel()
	t.Run("a header prints its amounts with exponents, and its version grows with each step", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		var got struct {
			ReportVersion                                                     int
			ReportID, ApprovalStatusID, UserID, ReportDate, SubmitDate, Links any
		}
		answer := w.get(long(r), &got)
		require.Contains(t, answer.body, `{"currencyCode":"EUR","value":68.33333334}`)
		require.Contains(t, answer.body, `"amountNotApproved":{"currencyCode":"EUR","value":0E-8}`)
		require.NotContains(t, answer.body, "SUBMIT\"", "no step is named")
		require.NotContains(t, answer.body, r.Step)
		require.Equal(t, []any{waiting, r.UserID}, []any{got.ApprovalStatusID, got.UserID})
		line := w.lastLine(reportV4Endpoint)
		require.Equal(t, &journal.Position{Status: waiting, Step: r.Step}, line.Shown)
		require.True(t, line.Complete)
		require.Equal(t, 1, w.state("r").Reads)

		before := got.ReportVersion
		w.control(http.MethodPost, "/reports/r/next-step", "", nil)
		w.get(long(r), &got)
		require.Equal(t, waiting, got.ApprovalStatusID)
		require.Equal(t, before+1, got.ReportVersion)
	})
	t.Run("an unsubmitted report has no submission date", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "submit: false")
		require.Contains(t, w.send(http.MethodGet, long(r), "").body, `"submitDate":null`)
	})
	t.Run("a long path needs its context and its owner", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		for path, allowed := range map[string]string{
			"": "TRAVELER MANAGER PROCESSOR PROXY", "/expenses": "TRAVELER", "/expenses/" + r.ExpenseIDs[0]: "TRAVELER MANAGER PROXY",
			"/expenses/" + r.ExpenseIDs[0] + "/itemizations": "TRAVELER", "/expenses/" + r.ExpenseIDs[0] + "/allocations": "TRAVELER MANAGER",
			"/expenses/" + r.ExpenseIDs[0] + "/attendees": "TRAVELER PROXY", "/comments": "TRAVELER PROXY",
		} {
			for _, context := range []string{"TRAVELER", "MANAGER", "PROCESSOR", "PROXY", "traveler"} {
				answer := w.send(http.MethodGet, strings.Replace(long(r), "TRAVELER", context, 1)+path, "")
				if strings.Contains(" "+allowed+" ", " "+context+" ") {
					require.Equal(t, http.StatusOK, answer.status, context+path)
				} else {
					w.refused(http.StatusForbidden, answer)
					require.Contains(t, answer.body, wrongContext)
				}
			}
		}
		other := r
		other.UserID = w.submit("other", "login: other@example.com").UserID
		w.refused(http.StatusNotFound, w.send(http.MethodGet, long(other), ""))
		other.UserID = strings.ToUpper(r.UserID)
		w.get(long(other), new(any))
		for _, path := range []string{"", "/expenses", "/expenses/" + r.ExpenseIDs[0], "/expenses/" + r.ExpenseIDs[0] + "/itemizations"} {
			w.refused(http.StatusNotFound, w.send(http.MethodGet, short(r)+path, ""))
		}
		w.get(short(r)+"/comments", new(any))
		w.get(short(r)+"/expenses/"+r.ExpenseIDs[0]+"/attendees", new(any))
	})
	t.Run("a deleted report and a report.xml alone answer 404", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.control(http.MethodPost, "/reports/r/delete", "", nil)
		w.refused(http.StatusNotFound, w.send(http.MethodGet, long(r), ""))
	})
}

func TestExpensesV4(t *testing.T) {
	t.Parallel()
	type expense struct {
		ExpenseID, ParentExpenseID string
		CustomData                 []struct{ ID, Value string }
		ExpenseType                struct{ ID string }
		AttendeeCount              int
		AllocationState            string
	}
	w := newFixture(t)
	r := w.rich("r")
	var list []expense
	answer := w.get(long(r)+"/expenses", &list)
	t.Run("the list has the entries without custom fields", func(t *testing.T) {
		require.Len(t, list, 3)
		require.NotContains(t, answer.body, "customData")
		require.Contains(t, answer.body, `"transactionAmount":{"currencyCode":"USD","value":20.00000000}`)
		require.Contains(t, answer.body, `"postedAmount":{"currencyCode":"EUR","value":30.00000000}`)
		require.Contains(t, answer.body, `"exchangeRate":{"operation":"MULTIPLY","value":1.50000000000000}`)
		require.Equal(t, r.ExpenseIDs, []string{list[0].ExpenseID, list[1].ExpenseID, list[2].ExpenseID})
	})
	t.Run("a flat report lists itemizations, too", func(t *testing.T) {
		var flat reportView
		w.control(http.MethodPost, "/reports", "{name: flat, flat: true, entries: [{amount: 2, itemizations: [{amount: 2}]}]}", &flat)
		var both []expense
		w.get(long(flat)+"/expenses", &both)
		require.Equal(t, []string{flat.ExpenseIDs[0], flat.Itemizations[0][0].ExpenseID}, []string{both[0].ExpenseID, both[1].ExpenseID})
	})
	t.Run("a single expense has custom fields, and an itemization names its parent", func(t *testing.T) {
		var one, child expense
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[0], &one)
		require.Len(t, one.CustomData, 1)
		var items []expense
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[0]+"/itemizations", &items)
		require.Equal(t, []string{r.Itemizations[0][0].ExpenseID, r.Itemizations[0][1].ExpenseID}, []string{items[0].ExpenseID, items[1].ExpenseID})
		w.get(long(r)+"/expenses/"+items[0].ExpenseID, &child)
		require.Equal(t, []any{"ROOM", r.ExpenseIDs[0], "x"}, []any{child.ExpenseType.ID, child.ParentExpenseID, child.CustomData[0].Value})
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[1]+"/itemizations", &items)
		require.Empty(t, items)
		w.refused(http.StatusNotFound, w.send(http.MethodGet, long(r)+"/expenses/"+r.Entries[0], ""))
	})
	t.Run("an expense lists its own allocations", func(t *testing.T) {
		type allocation struct {
			AllocationID, ExpenseID, AccountCode string
			CustomData                           []struct{ ID, Value string }
		}
		var all []allocation
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[0]+"/allocations", &all)
		require.Empty(t, all)
		item := r.Itemizations[0][0]
		answer := w.get(long(r)+"/expenses/"+item.ExpenseID+"/allocations", &all)
		require.Equal(t, item.AllocationIDs, []string{all[0].AllocationID, all[1].AllocationID})
		require.Equal(t, "Pending Client", all[0].AccountCode)
		require.Contains(t, answer.body, `"percentage":33.33333334`)
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[1]+"/allocations", &all)
		require.Equal(t, "6000", all[0].AccountCode)
	})
	t.Run("attendees and comments are listed", func(t *testing.T) {
		var attendees struct{ ExpenseAttendeeList []any }
		w.get(short(r)+"/expenses/"+r.ExpenseIDs[0]+"/attendees", &attendees)
		require.Len(t, attendees.ExpenseAttendeeList, 2)
		var comments []struct{ IsLatest bool }
		w.get(long(r)+"/expenses/"+r.ExpenseIDs[0]+"/comments", &comments)
		require.Equal(t, []struct{ IsLatest bool }{{false}, {true}}, comments)
		w.get(long(r)+"/comments", &comments)
		require.Empty(t, comments)
		w.get(long(r)+"/comments?includeAllComments=true", &comments)
		require.Len(t, comments, 2)
	})
}
