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

// breaches break one invariant each.
var breaches = map[string]func(*testing.T, *fixture, reportView){
	"decided-twice": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: lost-answer}")
		w.read(r)
		w.act(r.Step, "Approve", "")
		w.act(r.Step, "Approve", "")
	},
	"approved-unevaluated": func(t *testing.T, w *fixture, r reportView) {
		w.read(r)
		w.edit("{keepHeader: true, type: GIFTS}")
		w.read(r)
		w.approve(r)
	},
	"wrong-step": func(t *testing.T, w *fixture, r reportView) {
		w.read(r)
		w.control(http.MethodPost, "/reports/r/recall", "", nil)
		w.read(r)
		w.act(r.Step, "Approve", "")
	},
	"stale-read": func(t *testing.T, w *fixture, r reportView) {
		w.read(r)
		w.except(r, "NODATE")
		w.except(r, "OVERLIM")
	},
	"exception-twice": func(t *testing.T, w *fixture, r reportView) {
		w.read(r)
		w.except(r, "NODATE")
		w.read(r)
		w.except(r, "NODATE")
	},
	"exception-off-step": func(t *testing.T, w *fixture, r reportView) {
		w.control(http.MethodPost, "/reports/r/approve", "", nil)
		w.read(r)
		w.except(r, "NODATE")
	},
	"decided-unread": func(t *testing.T, w *fixture, _ reportView) {
		r := w.submit("two", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]")
		w.read(r)
		w.approve(r)
		w.approve(w.state("two"))
		require.Equal(t, approved, w.state("two").Status)
	},
	"token-in-url": func(t *testing.T, w *fixture, r reportView) {
		w.send(http.MethodGet, detailsPath+r.Key+"?token="+w.bearer, "")
		for _, line := range w.journal() {
			require.NotContains(t, line.Path, w.bearer)
		}
	},
	"token-in-clear": func(t *testing.T, w *fixture, r reportView) {
		answer := w.sendTo(w.sim.Ready().Plain+detailsPath+r.Key, http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}})
		require.Equal(t, http.StatusForbidden, answer.status)
	},
	"token-elsewhere": func(t *testing.T, w *fixture, r reportView) {
		w.control(http.MethodPost, "/move", "to: api2", nil)
		answer := w.sendTo(w.sim.Ready().API2+detailsPath+r.Key, http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}})
		require.Contains(t, []int{401, 403}, answer.status)
	},
	"token-expired": func(t *testing.T, w *fixture, r reportView) {
		w.sim.mu.Lock()
		w.sim.tokens.access[w.bearer].expires = time.Now().Add(-time.Minute)
		w.sim.mu.Unlock()
		require.Contains(t, []int{401, 403}, w.read(r).status)
	},
	"chunked": func(t *testing.T, w *fixture, r reportView) {
		request, err := http.NewRequest(http.MethodPost, w.sim.Ready().API+tokenPath, io.MultiReader(strings.NewReader("grant_type=refresh_token")))
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, w.do(request).status)
	},
	"deleted-undecided": func(t *testing.T, w *fixture, r reportView) {
		var item failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
		require.Equal(t, http.StatusOK, w.send(http.MethodDelete, failedPath+"/"+item.ID, "").status)
	},
	"bad-method": func(t *testing.T, w *fixture, r reportView) {
		var item failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
		require.Equal(t, http.StatusMethodNotAllowed, w.send(http.MethodGet, failedPath+"/"+item.ID, "").status)
		require.Len(t, w.sim.failed.items, 1)
	},
	"comment-too-long": func(t *testing.T, w *fixture, r reportView) {
		w.read(r)
		answer := w.act(r.Step, "Send Back to Employee", strings.Repeat("é", maxComment+1))
		require.Equal(t, "FAILURE", elementText(answer.body, "Status"))
	},
}

func TestInvariants(t *testing.T) {
	t.Parallel()
	for _, one := range journal.Invariants() {
		t.Run(one.Name+" is reported", func(t *testing.T) {
			t.Parallel()
			breach := breaches[one.Name]
			require.NotNil(t, breach, "an invariant without a test")
			w := newFixture(t)
			breach(t, w, w.submit("r"))
			require.Contains(t, w.brokenInvariants(), one.Name)
		})
	}
	t.Run("an old read does not count", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.read(r)
		w.sim.mu.Lock()
		w.sim.journal.Now = func() time.Time { return time.Now().Add(11 * time.Second) }
		w.sim.mu.Unlock()
		w.approve(r)
		require.Equal(t, []string{"stale-read"}, w.brokenInvariants())
	})
	t.Run("a read whose answer was lost does not count", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.fault("[{endpoint: details, kind: cut-body}]")
		w.read(r)
		w.approve(r)
		require.Equal(t, []string{"wrong-step", "stale-read"}, w.brokenInvariants())
	})
	t.Run("an action at an unknown step is at the wrong step", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, http.StatusNotFound, w.act("nobody", "Approve", "").status)
		require.Contains(t, w.brokenInvariants(), "wrong-step")
	})
	t.Run("a token in clear text on the API's port is noticed", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		answer := w.sendTo("http://"+w.sim.authority(firstHost)+failedPath, http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}})
		require.Equal(t, http.StatusForbidden, answer.status)
		require.Equal(t, []string{"token-in-clear"}, w.brokenInvariants())
	})
}

func TestCorrectClientsBreakNoInvariant(t *testing.T) {
	t.Parallel()
	t.Run("a client that reads before each write breaks no invariant", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]")
		w.read(r)
		require.Equal(t, "1", elementText(w.except(r, "NODATE").body, "exceptions-succeeded"))
		for range 2 {
			w.read(r)
			require.Equal(t, "SUCCESS!", elementText(w.approve(r).body, "Status"))
		}
		require.Equal(t, approved, w.state("r").Status)
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a move by somebody else breaks no invariant", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.fault("[{endpoint: action, kind: moved, param: {to: next-step}}, {endpoint: exceptions, kind: moved, param: {to: recall}}]")
		w.read(r)
		require.Equal(t, recentlyChanged, elementText(w.act(r.Step, "Approve", "").body, "Message"))
		w.read(r)
		w.except(r, "NODATE")
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a write that was refused with 401 or 403 may be sent again", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.read(r)
		w.control(http.MethodPost, "/expire-tokens", "", nil)
		require.Contains(t, []int{401, 403}, w.approve(r).status)
		w.login()
		require.Equal(t, http.StatusOK, w.approve(r).status)
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a notification of an earlier step may be deleted", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]")
		var item failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
		w.read(r)
		w.approve(r)
		require.Equal(t, http.StatusOK, w.send(http.MethodDelete, failedPath+"/"+item.ID, "").status)
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodDelete, failedPath+"/"+item.ID, "").status)
		require.Empty(t, w.brokenInvariants())
	})
}
