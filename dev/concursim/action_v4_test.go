package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const invalidAction = "error.workflow.invalid_action"

func TestActionsV4(t *testing.T) {
	t.Parallel()
	t.Run("approve and sendBack answer 204, and all interfaces show the result", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.rich("r")
		answer := w.patch(r, "approve", guarded)
		require.Equal(t, http.StatusNoContent, answer.status)
		require.Empty(t, answer.body)
		require.Equal(t, "PRE-EXTRACT", w.state("r").StepName)
		require.Equal(t, "FAILURE", elementText(w.act(r.Step, "Approve", "").body, "Status"))
		require.Equal(t, http.StatusNoContent, w.patch(r, "sendBack", `{"comment":"Please add a receipt","expectedStepCode":"EXTVAL"}`).status)
		state := w.state("r")
		require.Equal(t, toResubmit, state.Status)
		require.Equal(t, []string{"Please add a receipt"}, state.Comments)
		require.Equal(t, []string{approveAction, sendBackAction}, []string{state.Decisions[0].Action, state.Decisions[1].Action})
		var comments []struct{ Comment string }
		w.get(long(r)+"/comments", &comments)
		require.Equal(t, "Please add a receipt", comments[0].Comment)
		require.Contains(t, w.header(r).body, `"isReportEverSentBack":true`)
	})
	t.Run("an action is refused exactly if a guard does not match", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "wrongStepStatus: 400\nsteps: [{extv: A, code: POLICY}, {extv: B}, {status: A_APPR}]")
		require.Equal(t, "POLICY", r.StepCode)
		for _, body := range []string{
			guarded, `{"expectedStepSequence":"2"}`, `{"expectedWorkflowStepInstanceId":"` + r.Step + `"}`, `{"expectedStepCode":"policy"}`,
		} {
			require.Equal(t, []string{invalidAction}, w.refused(http.StatusBadRequest, w.patch(r, "approve", body)), body)
		}
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", `{"expectedStepCode":"POLICY","expectedStepSequence":"1","expectedWorkflowStepInstanceId":"`+r.StepInstance+`"}`).status)
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		require.Equal(t, []string{invalidAction}, w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded)))
		require.Equal(t, []string{invalidAction}, w.refused(http.StatusBadRequest, w.patch(r, "approve", "{}")))
	})
	t.Run("an action without a guard applies at any system step", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "wrongStepStatus: 400\nsteps: [{status: A_PBDG, system: true, code: BUDGET}, {status: A_PEND}, {status: A_APPR}]")
		w.refused(http.StatusBadRequest, w.patch(r, "approve", `{"expectedStepCode":"BUDGET"}`))
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", "{}").status)
		require.Equal(t, "A_PEND", w.state("r").Status)
		w.refused(http.StatusBadRequest, w.patch(r, "approve", "{}"))
	})
	t.Run("a send-back needs a comment of at most 2000 characters", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		for _, body := range []string{"{}", `{"comment":"  "}`, `{"comment":null}`} {
			require.Equal(t, []string{"error.workflow.noComments"}, w.refused(http.StatusBadRequest, w.patch(r, "sendBack", body)))
		}
		w.refused(http.StatusBadRequest, w.patch(r, "sendBack", `{"comment":"`+strings.Repeat("é", 2001)+`"}`))
		require.Equal(t, 2001, w.lastLine(sendBackEndpoint).CommentLength)
		require.Equal(t, http.StatusNoContent, w.patch(r, "sendBack", `{"comment":"`+strings.Repeat("é", 2000)+`"}`).status)
	})
	t.Run("an unknown field is refused for some reports and ignored for others", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		seen := map[int]int{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			seen[w.patch(w.submit(name), "approve", `{"reportSource":"OTHER","expectedStepCode":"EXTVAL"}`).status]++
		}
		require.Len(t, seen, 2)
		require.Positive(t, seen[http.StatusNoContent])
		require.Positive(t, seen[http.StatusBadRequest])
	})
	t.Run("an approval without a required comment is refused and has no effect", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for why, id := range map[string]string{
			"always": "error.workflow.missingComments", "cost-object": "error.workflow.CostObjectChangeMissingComments",
			"budget": "error.workflow.BudgetObjectChangeMissingComments",
		} {
			r := w.submit(why, "commentRequired: "+why)
			for _, body := range []string{guarded, `{"comment":" "}`, `{"expenseRejectedComment":"c"}`} {
				require.Equal(t, []string{id}, w.refused(http.StatusBadRequest, w.patch(r, "approve", body)))
			}
			require.Equal(t, "FAILURE", elementText(w.act(r.Step, "Approve", "").body, "Status"))
			require.Empty(t, w.state(why).Decisions)
			require.Equal(t, http.StatusNoContent, w.patch(r, "approve", `{"comment":"Seen."}`).status)
			require.Equal(t, "Seen.", w.state(why).Decisions[0].Comment)
			by1 := w.submit(why+"-by-1.1", "commentRequired: "+why)
			require.Equal(t, "SUCCESS!", elementText(w.act(by1.Step, "Approve", "Seen.").body, "Status"))
		}
		require.Equal(t, http.StatusNoContent, w.patch(w.submit("back", "commentRequired: always"), "sendBack", `{"comment":"c"}`).status)
	})
	t.Run("only v4 can approve a report with a rejected expense", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		var r reportView
		w.control(http.MethodPost, "/reports", "{name: r, entries: [{amount: 1}, {amount: 2, rejected: true}]}", &r)
		for n, rejected := range []bool{false, true} {
			var one struct{ IsExpenseRejected *bool }
			w.get(long(r)+"/expenses/"+r.ExpenseIDs[n], &one)
			require.Equal(t, &rejected, one.IsExpenseRejected)
		}
		for _, body := range []string{guarded, `{"comment":"c"}`} {
			require.Equal(t, []string{"error.workflow.rejectedExpenseMissingComments"}, w.refused(http.StatusBadRequest, w.patch(r, "approve", body)))
		}
		require.Equal(t, "FAILURE", elementText(w.act(r.Step, "Approve", "c").body, "Status"))
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", `{"expenseRejectedComment":"Not ours."}`).status)
		require.Equal(t, "Not ours.", w.state("r").Decisions[0].ExpenseRejectedComment)
		require.Equal(t, []string{"Not ours."}, w.state("r").Comments)
	})
	t.Run("an unknown or forbidden action is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "noApprover: true")
		for _, body := range []string{"", "[]", "null", `{"comment":1}`, `{"comment":"c"} {}`} {
			w.refused(http.StatusBadRequest, w.patch(r, "approve", body))
		}
		ids := w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded))
		require.Contains(t, noApproverWorkflow, ids[0])
		w.refused(http.StatusNotFound, w.patch(r, "Approve", guarded))
		w.refused(http.StatusNotFound, w.patch(r, "sendback", `{"comment":"c"}`))
		w.refused(http.StatusNotFound, w.patch(r, "recall", "{}"))
		require.Empty(t, w.state("r").Decisions)
	})
	t.Run("an action takes effect although its answer is lost or cut", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []string{"lost-answer", "cut-body"} {
			w := newFixture(t)
			r := w.submit("r")
			w.fault("{endpoint: approve, kind: %s}", kind)
			require.Error(t, w.patch(r, "approve", guarded).err)
			require.Equal(t, approved, w.state("r").Status)
		}
	})
}
