package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	late = "visibleAfter: 700ms"

	eventually, tick = 10 * time.Second, 20 * time.Millisecond
)

func TestWritesBecomeVisibleLate(t *testing.T) {
	t.Parallel()
	t.Run("a posted exception is listed late", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", late)
		w.header(r)
		require.Equal(t, http.StatusOK, w.put(r, "", "NODATE").status)
		require.Len(t, w.state("r").Existing, 1, "the control API shows the exception")
		listed := func() (all []any) {
			w.get(short(r)+"/exceptions", &all)
			return all
		}
		require.Empty(t, listed())
		require.Equal(t, "N", elementText(w.read(r).body, "HasException"))
		require.Eventually(t, func() bool { return len(listed()) == 1 }, eventually, tick)
		require.Equal(t, "Y", elementText(w.read(r).body, "HasException"))
		require.Equal(t, http.StatusNoContent, w.drop(r, "", "NODATE").status)
		require.Len(t, listed(), 1)
		require.Eventually(t, func() bool { return len(listed()) == 0 }, eventually, tick)
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("two writes become visible one after the other", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", late)
		w.header(r)
		w.put(r, "", "NODATE")
		require.Eventually(t, func() bool { var all []any; w.get(short(r)+"/exceptions", &all); return len(all) == 1 }, eventually, tick)
		w.header(r)
		w.put(r, "", "OVERLIM")
		var all []any
		w.get(short(r)+"/exceptions", &all)
		require.Len(t, all, 1, "the first one is still visible")
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
			require.Eventually(t, func() bool { return !strings.Contains(listed(), item.ID) }, eventually, tick)
		}
	})
	t.Run("visibleAfter has a limit", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for _, wrong := range []string{"31s", "-1s", "soon"} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/reports", "name: x\nshownAfter: "+wrong).status)
		}
	})
}
