package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

// breachesV4 break one invariant each, with requests to Expense v4.
var breachesV4 = map[string]func(*testing.T, *fixture, reportView){
	"decided-twice": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: approve, kind: lost-answer}")
		w.header(r)
		w.patch(r, "approve", guarded)
		w.patch(r, "approve", guarded)
	},
	"approved-unevaluated": func(t *testing.T, w *fixture, r reportView) {
		w.header(r)
		w.get(long(r)+"/expenses", new(any))
		w.edit("{keepHeader: true, type: GIFTS}")
		w.header(r)
		w.patch(r, "approve", guarded)
	},
	"wrong-step": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: approve, kind: moved, param: {to: next-step}}")
		w.header(r)
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", "{}").status)
	},
	"stale-read": func(t *testing.T, w *fixture, r reportView) {
		w.header(r)
		w.put(r, "", "NODATE")
		w.patch(r, "approve", guarded)
	},
	"exception-twice": func(t *testing.T, w *fixture, r reportView) {
		w.header(r)
		w.put(r, "", "NODATE")
		w.header(r)
		w.except(r, "NODATE")
	},
	"exception-off-step": func(t *testing.T, w *fixture, r reportView) {
		w.control(http.MethodPost, "/reports/r/send-back", "", nil)
		w.header(r)
		w.put(r, "", "NODATE")
	},
	"decided-unread": func(t *testing.T, w *fixture, r reportView) {
		for range 2 {
			w.header(r)
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", "{}").status)
		}
	},
	"token-in-url": func(t *testing.T, w *fixture, r reportView) {
		w.send(http.MethodGet, long(r)+"?token="+w.bearer, "")
	},
	"token-in-clear": func(t *testing.T, w *fixture, r reportView) {
		answer := w.sendTo(w.sim.Ready().Plain+long(r), http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}})
		require.Equal(t, http.StatusForbidden, answer.status)
	},
	"token-elsewhere": func(t *testing.T, w *fixture, r reportView) {
		w.control(http.MethodPost, "/move", "to: api2", nil)
		answer := w.sendTo(w.sim.Ready().API2+long(r), http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}})
		require.Contains(t, []int{401, 403}, answer.status)
		require.Equal(t, jsonType, answer.header.Get("Content-Type"))
	},
	"token-expired": func(t *testing.T, w *fixture, r reportView) {
		w.sim.mu.Lock()
		w.sim.tokens.access[w.bearer].expires = time.Now().Add(-time.Minute)
		w.sim.mu.Unlock()
		require.Contains(t, []int{401, 403}, w.header(r).status)
	},
	"chunked": func(t *testing.T, w *fixture, r reportView) {
		request, err := http.NewRequest(http.MethodPatch, w.sim.Ready().API+short(r)+"/approve", io.MultiReader(strings.NewReader(guarded)))
		require.NoError(t, err)
		w.refused(http.StatusBadRequest, w.do(request))
	},
	"deleted-undecided": func(t *testing.T, w *fixture, r reportView) {
		var item failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
		w.header(r)
		w.put(r, "", "NODATE")
		w.send(http.MethodDelete, failedPath+"/"+item.ID, "")
	},
	"bad-method": func(t *testing.T, w *fixture, r reportView) {
		answer := w.send(http.MethodPost, short(r)+"/approve", guarded)
		w.refused(http.StatusMethodNotAllowed, answer)
		require.Equal(t, http.MethodPatch, answer.header.Get("Allow"))
		require.Equal(t, waiting, w.state("r").Status)
	},
	"comment-too-long": func(t *testing.T, w *fixture, r reportView) {
		w.header(r)
		w.refused(http.StatusBadRequest, w.patch(r, "sendBack", `{"comment":"`+strings.Repeat("é", maxComment+1)+`"}`))
	},
}

func TestInvariantsV4(t *testing.T) {
	t.Parallel()
	for _, one := range journal.Invariants() {
		t.Run(one.Name+" is reported for v4", func(t *testing.T) {
			t.Parallel()
			breach := breachesV4[one.Name]
			require.NotNil(t, breach, "an invariant without a test")
			w := newFixture(t)
			breach(t, w, w.submit("r", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]"))
			require.Contains(t, w.brokenInvariants(), one.Name)
		})
	}
	t.Run("an action after a read that was not waiting is at the wrong step", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.control(http.MethodPost, "/reports/r/recall", "", nil)
		w.get(pendingPath+"/"+r.ReportID+"?user=terry.tester@example.com", new(any))
		w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded))
		require.Equal(t, []string{"wrong-step"}, w.brokenInvariants())
	})
	t.Run("a header whose answer was cut does not count", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.fault("{endpoint: report-v4, kind: cut-body}")
		w.header(r)
		w.get(long(r)+"/expenses", new(any))
		w.patch(r, "approve", guarded)
		require.Equal(t, []string{"wrong-step", "stale-read"}, w.brokenInvariants())
	})
	t.Run("an exception at another step is no duplicate", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.header(r)
		w.except(r, "NODATE")
		w.header(r)
		w.except(r, "NODATE")
		require.Equal(t, []string{"exception-twice"}, w.brokenInvariants())
	})
}

func TestCorrectClientsOfV4BreakNoInvariant(t *testing.T) {
	t.Parallel()
	t.Run("a client that reads before exceptions and before the action breaks no invariant", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		for range 2 {
			w.header(r)
			w.get(long(r)+"/expenses", new(any))
			for _, code := range []string{"NODATE", "OVERLIM", "NODATE"} {
				require.Equal(t, http.StatusOK, w.put(r, "", code).status)
			}
			require.Equal(t, http.StatusNoContent, w.drop(r, "", "NODATE").status)
			require.Equal(t, http.StatusOK, w.put(r, "", "NODATE").status)
			w.header(r)
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		}
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a move by somebody else breaks no invariant if the action has a guard", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{guarded, `{"expectedStepCode":"POLICY"}`} {
			w := newFixture(t)
			r := w.submit("r", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]")
			w.fault("{endpoint: approve, kind: moved, param: {to: next-step}}")
			w.header(r)
			w.patch(r, "approve", body)
			require.Empty(t, w.brokenInvariants(), body)
		}
	})
	t.Run("an action with a guard after a decision and a read breaks no invariant", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		w.read(r)
		require.Equal(t, "SUCCESS!", elementText(w.approve(r).body, "Status"))
		w.get(long(r)+"/expenses", new(any))
		w.get(pendingPath+"/"+r.ReportID+"?user=terry.tester@example.com", new(any))
		require.Equal(t, http.StatusNoContent, w.patch(r, "sendBack", `{"comment":"c"}`).status)
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a write that was refused for a user's token may be sent again", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.fault("{endpoint: approve, kind: user-token}")
		w.header(r)
		w.refused(http.StatusUnauthorized, w.patch(r, "approve", guarded))
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		require.Empty(t, w.brokenInvariants())
	})
}

// TestFaultsV4 applies each fault that every endpoint allows to an endpoint of v3 or v4.
func TestFaultsV4(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]int{
		"server-error": 500, "unavailable": 503, "too-many-requests": 429, "rate-400": 400, "deadlock-400": 400, "forbidden": 403,
		"html": 200, "empty-body": 200, "malformed": 200, "wrong-root": 200, "not-found": 404, "lost-answer": 0, "refused-connection": 0,
	} {
		t.Run(kind+" applies to reads and writes of v3 and v4", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			r := w.rich("r")
			for endpoint, ask := range map[string]func() reply{
				reportV4Endpoint: func() reply { return w.header(r) },
				reportV3Endpoint: func() reply {
					return w.send(http.MethodGet, pendingPath+"/"+r.ReportID+"?user=terry.tester@example.com", "")
				},
				entriesV3Endpoint:    func() reply { return w.send(http.MethodGet, expenseV3Path+"entries?user=ALL&reportID="+r.ReportID, "") },
				expenseV4Endpoint:    func() reply { return w.send(http.MethodGet, long(r)+"/expenses/"+r.ExpenseIDs[0], "") },
				exceptionPutEndpoint: func() reply { return w.put(r, "", "NODATE") },
				approveEndpoint:      func() reply { return w.patch(r, "approve", guarded) },
			} {
				w.fault("{endpoint: %s, kind: %s, report: r}", endpoint, kind)
				answer := ask()
				require.Equal(t, want, answer.status, endpoint)
				require.Equal(t, kind, w.lastLine(endpoint).Fault)
				if kind == "deadlock-400" {
					require.Contains(t, answer.body, "deadlock")
					w.refused(want, answer)
				}
				if kind == "malformed" || kind == "wrong-root" || kind == "empty-body" {
					require.Equal(t, jsonType, answer.header.Get("Content-Type"))
				}
			}
		})
	}
}
