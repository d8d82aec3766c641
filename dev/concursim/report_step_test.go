package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnExceptionWithMovesOnMovesTheReport(t *testing.T) {
	t.Parallel()
	for via, post := range map[string]func(w *fixture, r reportView, on string){
		"v1.1": func(w *fixture, r reportView, on string) {
			kind := "Report"
			if on != "" {
				kind = "Entry"
			}
			w.exceptRaw(r, "<Exception><Index>1</Index><ObjectType>"+kind+"</ObjectType><ObjectId>"+on+"</ObjectId><ExceptionCode>NODATE</ExceptionCode></Exception>")
		},
		"v4": func(w *fixture, r reportView, on string) {
			if on != "" {
				on = "/expenses/" + r.ExpenseIDs[0]
			}
			require.Equal(t, http.StatusOK, w.put(r, on, "NODATE").status)
		},
	} {
		for name, c := range map[string]struct {
			described string
			onEntry   bool
			moved     bool
		}{
			"the code moves the report":             {"movesOn: [NODATE]", false, true},
			"another code moves nothing":            {"movesOn: [NORECPT]", false, false},
			"the code on an entry moves nothing":    {"movesOn: [NODATE]", true, false},
			"without movesOn nothing moves":         {"purpose: x", false, false},
			"with movesAfter nothing moves at once": {"movesOn: [NODATE]\nmovesAfter: 20s", false, false},
		} {
			t.Run(via+" "+name, func(t *testing.T) {
				t.Parallel()
				w := newFixture(t)
				r := w.submit("r", c.described)
				on := ""
				if c.onEntry {
					on = r.Entries[0]
				}
				require.Equal(t, http.StatusOK, w.read(r).status)
				post(w, r, on)
				now := w.state("r")
				require.Equal(t, map[bool]string{true: approved, false: waiting}[c.moved], now.Status)
				require.Empty(t, now.Decisions, "nobody has decided")
				require.Empty(t, w.brokenInvariants())
			})
		}
	}
}

func TestMovesAfterMovesAReportThatStillWaits(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r := w.submit("r", "movesOn: [NODATE]", "movesAfter: 30ms", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}]")
	w.put(r, "", "NODATE")
	w.put(r, "", "NODATE") // it is on the report already
	w.waitFor(func() bool { return w.sim.directory.names["r"].stepName == "PRE-EXTRACT" })
	require.Never(t, func() bool { return w.state("r").StepName != "PRE-EXTRACT" }, 100*time.Millisecond, 20*time.Millisecond)

	gone := w.submit("gone", "movesOn: [NODATE]", "movesAfter: 1s")
	w.put(gone, "", "NODATE")
	w.control(http.MethodPost, "/reports/gone/recall", "", nil)
	require.Never(t, func() bool { return w.state("gone").Status != toResubmit && w.state("gone").Status != notSubmitted }, 1200*time.Millisecond, 100*time.Millisecond)

	require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/reports", "name: never\nmovesAfter: 2h").status)
}
