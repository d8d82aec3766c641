package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// edits change one thing of the report that withAttendees makes, but not its header.
var edits = map[string]string{
	"the type":                         "{keepHeader: true, type: GIFTS}",
	"the amount":                       `{keepHeader: true, amount: "99.00"}`,
	"a custom field":                   `{keepHeader: true, custom: {4: "(13) South"}}`,
	"the account":                      `{keepHeader: true, accountCode: "7000"}`,
	"the number of attendees":          "{keepHeader: true, attendees: 3}",
	"the attendees":                    "{keepHeader: true, replaceAttendee: true}",
	"the allocation of an itemization": `{keepHeader: true, entry: 2, accountCode: "7000"}`,
}

// withAttendees makes a report with attendees, custom fields, itemizations and allocations.
func (w *fixture) withAttendees(more ...string) reportView {
	w.t.Helper()
	var view reportView
	w.control(http.MethodPost, "/reports", strings.Join(append([]string{`name: r
entries:
  - {type: MEALS, amount: "12.50", attendees: 2, custom: {4: "(12) North"}, allocations: [{accountCode: "6000"}]}
  - {type: HOTEL, amount: "80.00", itemizations: [{type: ROOM, amount: "80.00", allocations: [{accountCode: "6000"}]}]}`}, more...), "\n"), &view)
	return view
}

// edit edits the report as somebody else.
func (w *fixture) edit(how string) {
	w.t.Helper()
	w.control(http.MethodPost, "/reports/r/edit", how, nil)
}

// readAll reads everything of a report by v4.
func (w *fixture) readAll(r reportView) {
	w.t.Helper()
	w.header(r)
	w.get(long(r)+"/expenses", new(any))
	for i, id := range r.ExpenseIDs {
		for _, what := range []string{"", "/itemizations", "/allocations", "/attendees"} {
			w.get(long(r)+"/expenses/"+id+what, new(any))
		}
		for _, item := range r.Itemizations[i] {
			w.get(long(r)+"/expenses/"+item.ExpenseID+"/allocations", new(any))
		}
	}
	w.header(r)
}

func TestApprovedUnevaluated(t *testing.T) {
	t.Parallel()
	for what, how := range edits {
		t.Run(what+" that v1.1 shows only right before the approval is unevaluated", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.withAttendees()
			w.read(r)
			w.edit(how)
			w.read(r)
			w.approve(r)
			require.Equal(t, []string{"approved-unevaluated"}, w.brokenInvariants())
		})
		t.Run(what+" that was read again before the last read breaks no invariant", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.withAttendees()
			w.read(r)
			w.edit(how)
			w.read(r)
			w.read(r)
			w.approve(r)
			require.Empty(t, w.brokenInvariants())
		})
		t.Run(what+" that was not read again by v4 is unevaluated", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.withAttendees()
			w.readAll(r)
			before := w.header(r).body
			w.edit(how)
			require.Equal(t, before, w.header(r).body, "the header is unchanged")
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
			require.Equal(t, []string{"approved-unevaluated"}, w.brokenInvariants())
		})
		t.Run(what+" that was read again by v4 breaks no invariant", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.withAttendees()
			w.readAll(r)
			w.edit(how)
			w.readAll(r)
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
			require.Empty(t, w.brokenInvariants())
		})
		t.Run(what+" that v4 has never shown breaks no invariant", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.withAttendees()
			w.header(r)
			w.edit(how)
			w.header(r)
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
			require.Empty(t, w.brokenInvariants())
		})
		t.Run(what+" that changes after the last read breaks no invariant", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.withAttendees()
			w.read(r)
			w.edit(how)
			w.approve(r)
			require.Empty(t, w.brokenInvariants())
		})
	}
	t.Run("the invariant compares what v3 has shown", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.withAttendees()
		header := pendingPath + "/" + r.ReportID + "?user=terry.tester@example.com"
		w.get(header, new(any))
		w.get(expenseV3Path+"entries?user=ALL&reportID="+r.ReportID, new(any))
		w.edit(edits["the type"])
		w.get(header, new(any))
		w.patch(r, "approve", guarded)
		require.Equal(t, []string{"approved-unevaluated"}, w.brokenInvariants())
	})
	t.Run("an incomplete list counts as showing nothing", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.withAttendees()
		w.readAll(r)
		w.edit(edits["the type"])
		w.fault("{endpoint: expenses-v4, kind: no-entries}")
		w.get(long(r)+"/expenses", new(any))
		w.header(r)
		w.patch(r, "approve", guarded)
		require.Equal(t, []string{"approved-unevaluated"}, w.brokenInvariants())
	})
	t.Run("a send-back is not an approval", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.withAttendees()
		w.read(r)
		w.edit(edits["the amount"])
		w.read(r)
		w.act(r.Step, sendBackAction, "please")
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("an exception that moves the report on counts as an approval", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.withAttendees("movesOn: [APPRVTO]")
		w.read(r)
		w.edit(edits["the amount"])
		w.read(r)
		w.except(r, "NODATE")
		require.Empty(t, w.brokenInvariants())
		w.edit(`{keepHeader: true, amount: "1.00"}`)
		w.read(r)
		w.except(r, "APPRVTO")
		require.Equal(t, []string{"approved-unevaluated"}, w.brokenInvariants())
	})
	t.Run("the invariant compares the expenses of a travel request", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "request: true")
		path := requestsPath + "/" + r.UUID
		w.get(path, new(any))
		w.get(path+"/expenses", new(any))
		w.edit(`{keepHeader: true, type: AIRFR}`)
		w.get(path, new(any))
		require.Equal(t, http.StatusOK, w.send(http.MethodPost, path+"/approve", "").status)
		require.Equal(t, []string{"approved-unevaluated"}, w.brokenInvariants())
	})
	t.Run("an invalid edit is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("plain")
		for how, status := range map[string]int{
			"{entry: 2}": http.StatusConflict, "{attendees: -1}": http.StatusBadRequest, "{custom: {41: x}}": http.StatusBadRequest,
		} {
			require.Equal(t, status, w.tryControl(http.MethodPost, "/reports/plain/edit", how).status, how)
		}
	})
}
