package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// late is longer than a test takes. showWrites ends the wait.
const late = "visibleAfter: 30s"

// showWrites lets reads show all writes from now on.
func (w *fixture) showWrites() {
	w.sim.mu.Lock()
	defer w.sim.mu.Unlock()
	for r := range w.sim.late {
		for i := range r.unshown {
			r.unshown[i].until = time.Now()
		}
	}
	for item := range w.sim.failed.deleted {
		w.sim.failed.deleted[item] = time.Now()
	}
}

func (w *fixture) exceptionsOf(r reportView) (all []any) {
	w.t.Helper()
	w.get(short(r)+"/exceptions", &all)
	return all
}

func TestWritesBecomeVisibleLate(t *testing.T) {
	t.Parallel()
	t.Run("a posted exception is listed late", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", late)
		w.header(r)
		require.Equal(t, http.StatusOK, w.put(r, "", "NODATE").status)
		require.Len(t, w.state("r").Existing, 1, "the control API shows the exception")
		require.Empty(t, w.exceptionsOf(r))
		require.Equal(t, "N", elementText(w.read(r).body, "HasException"))
		w.showWrites()
		require.Len(t, w.exceptionsOf(r), 1)
		require.Equal(t, "Y", elementText(w.read(r).body, "HasException"))
		require.Equal(t, http.StatusNoContent, w.drop(r, "", "NODATE").status)
		require.Len(t, w.exceptionsOf(r), 1)
		w.showWrites()
		require.Empty(t, w.exceptionsOf(r))
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("two writes become visible one after the other", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", late)
		w.header(r)
		w.put(r, "", "NODATE")
		w.showWrites()
		w.header(r)
		w.put(r, "", "OVERLIM")
		require.Len(t, w.exceptionsOf(r), 1, "only the first one is visible")
		w.showWrites()
		require.Len(t, w.exceptionsOf(r), 2)
	})
	t.Run("a write becomes visible after visibleAfter", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "visibleAfter: 1ms")
		w.header(r)
		w.put(r, "", "NODATE")
		require.Eventually(t, func() bool { return len(w.exceptionsOf(r)) == 1 }, 20*time.Second, time.Millisecond)
	})
	t.Run("an approved report shows its old step for a while, and a second action breaks an invariant", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", late, "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]")
		w.readAll(r)
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		w.readAll(r)
		require.Equal(t, r.Step, w.lastLine(reportV4Endpoint).Shown.Step)
		require.NotEqual(t, r.Step, w.lastLine(reportV4Endpoint).State.Step)
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		require.Equal(t, []string{"decided-twice"}, w.brokenInvariants())
	})
	t.Run("a deleted failed notification is listed for a while", func(t *testing.T) {
		t.Parallel()
		for _, accept := range []string{"application/xml", "application/json"} {
			w := newFixture(t)
			r := w.submit("r", late)
			var item failedItem
			w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
			w.read(r)
			w.approve(r)
			require.Equal(t, http.StatusOK, w.send(http.MethodDelete, failedPath+"/"+item.ID, "").status)
			listed := func() string {
				return w.sendTo(w.sim.base(w.host)+failedPath+"?status=failed", http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}, "Accept": {accept}}).body
			}
			require.Contains(t, listed(), item.ID)
			w.showWrites()
			require.NotContains(t, listed(), item.ID)
		}
	})
	t.Run("visibleAfter has a limit", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for _, wrong := range []string{"31s", "-1s", "soon"} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/reports", "name: x\nvisibleAfter: "+wrong).status)
		}
	})
}
