package approvals_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestADecisionIsAccepted(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.delay = 2 // the run has not read it at the first look
	d := open(t, r)
	response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, map[string]any{"decisionId": "d1", "accepted": true}, body)
	require.Len(t, r.decisions(), 1)
	sent := r.decisions()[0]
	require.NotEmpty(t, sent.Seal)
	require.WithinDuration(t, time.Now(), sent.At, time.Minute)
	require.Equal(t, &expense.Actor{Name: "anna", IdentifiedBy: expense.ByToken}, sent.Actor)
	sent.Actor, sent.At, sent.Seal = nil, time.Time{}, ""
	require.Equal(t, expense.Decision{TaskID: task, ID: "d1", Decision: expense.DecideApprove, Comment: "seen", By: "anna"}, sent)
}

func TestTheSameDecisionSentAgainIsAnsweredTheSame(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for range 2 {
		response, body := d.post(t, percentID, d.anna, decision("d1", "send-back"))
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, true, body["accepted"])
	}
	d.runs.close()
	response, body := d.post(t, percentID, d.anna, decision("d1", "send-back"))
	require.Equal(t, http.StatusOK, response.StatusCode, "also after the run has ended")
	require.Equal(t, true, body["accepted"])
}

func TestADecisionIDIsMadeWhenThereIsNone(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	response, body := d.post(t, percentID, d.anna, `{"taskId":"`+task+`","decision":"approve"}`)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Len(t, body["decisionId"], 36)
	require.Equal(t, body["decisionId"], d.runs.decisions()[0].ID)
}

func TestTheSecondDecisionIsToldTheWinner(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	d.post(t, percentID, d.anna, decision("d1", "approve"))
	winner := map[string]any{"id": "d1", "by": "anna", "decision": "approve"}

	response, body := d.post(t, percentID, d.bob, decision("d2", "send-back"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, map[string]any{
		"error": "already decided", "why": "already decided", "decisionId": "d2", "accepted": false, "winner": winner,
	}, body)

	response, body = d.post(t, percentID, d.bob, decision("d1", "approve"))
	require.Equal(t, http.StatusConflict, response.StatusCode, "the ID of somebody else's decision")
	require.Equal(t, "this decisionId was used for another decision", body["why"])
	require.Equal(t, winner, body["winner"])

	d.runs.close()
	response, body = d.post(t, percentID, d.bob, decision("d3", "send-back"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, workflows.ErrClosed.Error(), body["why"])
	require.Equal(t, winner, body["winner"])
}

func TestADecisionOfAnotherTaskIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	response, body := d.post(t, percentID, d.anna, strings.Replace(decision("d1", "approve"), task, "an-older-task", 1))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, "this task is closed", body["why"])
	require.NotContains(t, body, "winner")
}

func TestAClosedRunWithoutAWorkerIsAConflictAllTheSame(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	d.runs.close()
	d.runs.idle = true
	response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.NotContains(t, body, "winner")
}

func TestADecisionThatNoWorkerHasAnsweredIsStored(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*runs){
		"no worker":               func(r *runs) { r.idle = true },
		"a worker that is behind": func(r *runs) { r.forgotten = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns()
			change(r)
			d := open(t, r)
			response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
			require.Equal(t, http.StatusAccepted, response.StatusCode)
			require.Equal(t, map[string]any{
				"decisionId": "d1", "accepted": nil, "message": "stored; no worker has answered yet",
			}, body)
			require.Len(t, r.decisions(), 1)
		})
	}
}

func TestADecisionThatMayNotBeStoredIs503(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.down = errors.New("dial 10.0.0.1: refused")
	d := open(t, r)
	response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.NotEmpty(t, response.Header.Get("Retry-After"))
	require.Equal(t, "d1", body["decisionId"])
	require.NotContains(t, body["error"], "10.0.0.1")
}

func TestABodyThatCannotBeADecisionIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	field := func(name, value string) string {
		return strings.Replace(decision("d1", "approve"), "{", `{"`+name+`":`+value+`,`, 1)
	}
	for body, says := range map[string]string{
		"":                               "the body must be one JSON object",
		"taskId=1":                       "the body must be one JSON object",
		"[]":                             "the body must be one JSON object",
		"null":                           "the body must be one JSON object",
		`{"taskId":"t"`:                  "the body must be one JSON object",
		decision("d1", "approve") + "{}": "the body must be one JSON object",
		decision("d1", "approve") + "x":  "the body must be one JSON object",
		"{\"comment\":\"\xff\"}":         "the body must be valid UTF-8",
		field("by", `"anna"`):            "may contain only taskId, decisionId, decision, comment",
		field("TaskID", `"x"`):           "may contain only taskId, decisionId, decision, comment",
		field("decision", `"send-back"`): "decision is given twice",
		`{"taskId":1}`:                   "taskId must be a text",
		`{"taskId":{"comment":"x"}}`:     "taskId must be a text",
		`{"comment":null}`:               "comment must be a text",
		`{}`:                             "taskId is required; the status of the run names it",
		`{"taskId":"t\n"}`:               "taskId must be at most 400 printable characters",
		`{"taskId":"t"}`:                 `decision must be "approve" or "send-back"`,
		decision("d1", "Approve"):        `decision must be "approve" or "send-back"`,
		decision(strings.Repeat("ä", 101), "approve"):                                       "decisionId must be at most 100 printable characters",
		decision(`d\u0000`, "approve"):                                                      "decisionId must be at most 100 printable characters",
		`{"taskId":"t","decision":"approve","comment":"` + strings.Repeat("ä", 2001) + `"}`: "comment must be at most 2000 characters",
		`{"taskId":"t","decision":"approve","comment":"a\u0007"}`:                           "comment must not contain control characters",
	} {
		response, answer := d.post(t, percentID, d.anna, body)
		require.Equal(t, http.StatusBadRequest, response.StatusCode, body)
		require.Contains(t, answer["error"], says, body)
	}
	response, _ := d.post(t, percentID, d.anna, `{"comment":"`+strings.Repeat("x", 16<<10)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	require.Empty(t, d.runs.decisions())
}

func TestALongCommentInOtherLettersIsTaken(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	comment := strings.Repeat("ä", 1998) + "\r\n"
	body := `{"taskId":"` + task + `","decision":"send-back","comment":"` + strings.Repeat("ä", 1998) + `\r\n"}`
	response, _ := d.post(t, percentID, d.anna, body)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, comment, d.runs.decisions()[0].Comment)
}

func TestAFormOfAnotherSiteCannotDecide(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "application/json;;"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.at(percentID)+"/decisions", strings.NewReader(decision("d1", "approve")))
		require.NoError(t, err)
		r.Header.Set("Content-Type", kind)
		response, _ := d.do(t, r, d.anna)
		require.Equal(t, http.StatusUnsupportedMediaType, response.StatusCode, kind)
	}
	require.Empty(t, d.runs.decisions())
}
