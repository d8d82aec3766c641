package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type seenException struct {
	ExceptionCode, ExceptionVisibility       string
	IsBlocking                               bool
	ExpenseID, ParentExpenseID, AllocationID string
}

func (w *fixture) exceptions(path string) []seenException {
	w.t.Helper()
	var list []seenException
	w.get(path, &list)
	return list
}

func codesOf(list []seenException) string {
	codes := []string{}
	for _, one := range list {
		codes = append(codes, one.ExceptionCode)
	}
	return strings.Join(codes, " ")
}

func TestExceptionsV4(t *testing.T) {
	t.Parallel()
	t.Run("both interfaces show an exception on its object", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		item := r.Itemizations[0][0]
		hotel, room := "/expenses/"+r.ExpenseIDs[0], "/expenses/"+item.ExpenseID
		for on, code := range map[string]string{"": "NODATE", hotel: "OVERLIM", room: "MISSING", room + "/allocations/" + item.AllocationIDs[1]: "NORECPT"} {
			answer := w.put(r, on, code)
			require.Equal(t, http.StatusOK, answer.status)
			require.Empty(t, answer.body)
		}
		w.exceptRaw(r, "<Exception><Index>1</Index><ObjectType>Entry</ObjectType><ObjectId>"+r.Entries[1]+"</ObjectId><ExceptionCode>APPRVTO</ExceptionCode></Exception>")
		all := w.exceptions(short(r) + "/exceptions")
		require.Len(t, all, 5)
		for _, one := range all {
			if one.ExceptionCode == "NORECPT" {
				require.Equal(t, seenException{"NORECPT", "ALL", false, item.ExpenseID, r.ExpenseIDs[0], item.AllocationIDs[1]}, one)
			}
		}
		require.Equal(t, "NODATE", codesOf(w.exceptions(short(r)+"/exceptions?excludeExpenses=true")))
		require.Len(t, w.exceptions(short(r)+hotel+"/exceptions"), 3)
		require.Equal(t, "OVERLIM", codesOf(w.exceptions(short(r)+hotel+"/exceptions?excludeItemizations=true")))
		require.Equal(t, "APPRVTO", codesOf(w.exceptions(short(r)+"/expenses/"+r.ExpenseIDs[1]+"/exceptions")))
		require.Equal(t, "NORECPT", codesOf(w.exceptions(short(r)+room+"/allocations/"+item.AllocationIDs[1]+"/exceptions")))

		details := w.read(r).body
		require.Equal(t, "Y", elementText(details, "HasException"))
		require.Equal(t, 2, strings.Count(details, "<HasExceptions>Y<"))
		ids := map[string]string{}
		for _, e := range w.state("r").Exceptions {
			ids[e.Code] = e.ObjectID + " " + e.ExpenseID
		}
		require.Equal(t, r.Entries[0]+" "+r.ExpenseIDs[0], ids["OVERLIM"])
		require.Equal(t, r.Entries[1]+" "+r.ExpenseIDs[1], ids["APPRVTO"])
	})
	t.Run("a repeated PUT has no effect, and a DELETE lowers the flag", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		on := "/expenses/" + r.ExpenseIDs[0]
		for range 2 {
			require.Equal(t, http.StatusOK, w.put(r, on, "NODATE").status)
		}
		require.False(t, w.lastLine(exceptionPutEndpoint).Effect)
		require.Equal(t, 1, w.state("r").Writes)
		require.Equal(t, http.StatusNoContent, w.drop(r, on, "NODATE").status)
		require.Empty(t, w.exceptions(short(r)+"/exceptions"))
		require.Empty(t, w.state("r").Exceptions)
		require.NotContains(t, w.read(r).body, "<HasExceptions>Y<")
		require.Equal(t, "N", elementText(w.read(r).body, "HasException"))
	})
	t.Run("Concur's own exception cannot be deleted, and may block", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "existing: [{code: OVERBUDGET, blocking: true}, {code: CALWARN2, entry: 1}]")
		all := w.exceptions(short(r) + "/exceptions")
		require.Equal(t, seenException{"OVERBUDGET", "ALL", true, "", "", ""}, all[0])
		require.Equal(t, seenException{"CALWARN2", "ALL", false, r.ExpenseIDs[0], "", ""}, all[1])
		answer := w.drop(r, "", "OVERBUDGET")
		require.Equal(t, []string{"exceptionNotAddedByApi"}, w.refused(http.StatusBadRequest, answer))
		require.Contains(t, answer.body, notOurs)
		w.refused(http.StatusBadRequest, w.drop(r, "", "NODATE"))
		require.Equal(t, []string{"step_exit_blocking_by_exception"}, w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded)))
		require.Equal(t, "FAILURE", elementText(w.approve(r).body, "Status"), "in version 1.1 too")
		require.Empty(t, w.state("r").Exceptions)
		require.Equal(t, http.StatusNoContent, w.patch(r, "sendBack", `{"comment":"c"}`).status)
	})
	t.Run("an invalid exception is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		path := short(r) + "/exceptions"
		w.control(http.MethodPost, "/codes", "codes: [NODATE, MUCHTOOLONG]", nil)
		for _, body := range []string{
			"", "{", `[]`, `{"exceptionCode":"NODATE"}`, `{"exceptionVisibility":"ALL"}`, `{"exceptionCode":"NOSUCH","exceptionVisibility":"ALL"}`,
			`{"exceptionCode":"NODATE","exceptionVisibility":"EVERYBODY"}`, `{"exceptionCode":"MUCHTOOLONG","exceptionVisibility":"ALL"}`,
			`{"exceptionCode":"NODATE","exceptionVisibility":"ALL","message":"m"}`,
		} {
			w.refused(http.StatusBadRequest, w.send(http.MethodPut, path, body))
		}
		w.refused(http.StatusNotFound, w.put(r, "/expenses/"+r.Entries[0], "NODATE"))
		w.refused(http.StatusNotFound, w.put(r, "/expenses/"+r.ExpenseIDs[1]+"/allocations/"+r.Itemizations[0][0].AllocationIDs[0], "NODATE"))
		require.Empty(t, w.state("r").Exceptions)
	})
	t.Run("a blocking exception prevents the approval until it is deleted", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.control(http.MethodPost, "/codes", "blockingCodes: [NORECPT]", nil)
		for name, more := range map[string]string{"by-control": "", "described": "blockingCodes: [NODATE]"} {
			r, code := w.submit(name, more), map[string]string{"by-control": "NORECPT", "described": "NODATE"}[name]
			w.put(r, "/expenses/"+r.ExpenseIDs[0], code)
			require.Contains(t, w.send(http.MethodGet, long(r)+"/expenses", "").body, `"hasBlockingExceptions":true`)
			w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded))
			w.drop(r, "/expenses/"+r.ExpenseIDs[0], code)
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		}
	})
}
