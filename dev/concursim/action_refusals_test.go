package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestActionRefusals(t *testing.T) {
	t.Parallel()
	t.Run("v4 refuses an approval with each documented code, but allows a send-back", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for i, code := range workflowRefusals {
			r := w.submit("r"+string(rune('A'+i/26))+string(rune('a'+i%26)), "refusal: "+code)
			require.Equal(t, []string{code}, w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded)))
			require.Equal(t, "FAILURE", elementText(w.act(r.Step, "Approve", "").body, "Status"))
			require.Equal(t, http.StatusNoContent, w.patch(r, "sendBack", `{"comment":"c"}`).status)
		}
	})
	t.Run("Request v4 refuses with the status that is documented for the code", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for status, codes := range requestRefusals {
			for _, code := range codes {
				r := w.request(strings.ToLower(code), "refusal: "+code)
				require.Equal(t, []string{code}, w.refused(status, w.post(r, "approve", "")))
			}
		}
	})
	t.Run("an action at another step is refused with 400 or 403", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		seen := map[int]int{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			seen[w.patch(w.submit(name, "steps: [{status: A_PEND}, {status: A_APPR}]"), "approve", guarded).status]++
		}
		require.Positive(t, seen[http.StatusBadRequest])
		require.Positive(t, seen[http.StatusForbidden])
		require.Len(t, seen, 2)
		r := w.submit("r", "wrongStepStatus: 403\nsteps: [{status: A_PEND}, {status: A_APPR}]")
		for _, action := range []string{"approve", "sendBack"} {
			answer := w.patch(r, action, `{"comment":"c"}`)
			require.Equal(t, http.StatusForbidden, answer.status)
			require.Contains(t, answer.body, notSystem)
		}
		require.Equal(t, []string{"permissionDenied"}, w.refused(http.StatusForbidden,
			w.post(w.request("q", "wrongStepStatus: 403\noperations: traveler\nsteps: [{status: A_PEND}, {status: APPROVED}]"), "approve", "")))
	})
	t.Run("an undocumented code or status is rejected", func(t *testing.T) {
		t.Parallel()
		for _, d := range []description{
			{Refusal: "no_such_code"}, {Refusal: "NO_APPROVER"}, {Refusal: "no_approver", Request: true}, {WrongStepStatus: 404},
		} {
			require.Error(t, d.checkRefusals())
		}
	})
}
