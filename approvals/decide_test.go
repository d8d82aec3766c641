package approvals_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/expense"
	"concur-connector/workflows"
)

func TestADecisionCounts(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.delay = 2 // the run has not read it at the first look
	d := open(t, r)
	response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "d1", body["decisionId"])
	require.Equal(t, true, body["counted"])
	require.Empty(t, body["stillNeeded"])
	require.Equal(t, "anna", body["event"].(map[string]any)["by"])
	require.Len(t, r.decisions(), 1)
	sent := r.decisions()[0]
	require.NotEmpty(t, sent.Seal)
	require.WithinDuration(t, time.Now(), sent.At, time.Minute)
	require.Equal(t, &expense.Actor{Name: "anna", IdentifiedBy: expense.ByToken, Logins: []string{"anna@example.com"}}, sent.Actor)
	sent.Actor, sent.At, sent.Seal = nil, time.Time{}, ""
	require.Equal(t, expense.Decision{TaskID: task, ID: "d1", Decision: expense.DecideApprove, Comment: "seen", By: "anna"}, sent)
}

func TestAnApprovalSaysWhatIsStillMissing(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.status.Task.Groups[0].Count = 2
	d := open(t, r)
	response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, []any{map[string]any{"group": "finance", "count": 1.0, "rules": []any{"large"}}}, body["stillNeeded"])

	response, body = d.post(t, percentID, d.anna, decision("d2", "approve"))
	require.Equal(t, http.StatusConflict, response.StatusCode, "the same person again")
	require.Contains(t, body["detail"], "another person")
	require.Len(t, body["missing"], 1)
	require.NotContains(t, body, "winner", "the task is open")

	response, body = d.post(t, percentID, d.bob, decision("d3", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Empty(t, body["stillNeeded"])
}

func TestTheSameDecisionSentAgainIsAnsweredTheSame(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	for range 2 {
		response, body := d.post(t, percentID, d.anna, decision("d1", "send-back"))
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, true, body["counted"])
	}
	require.Len(t, d.runs.decisions(), 1, "the run knows it")
	d.runs.close()
	response, body := d.post(t, percentID, d.anna, decision("d1", "send-back"))
	require.Equal(t, http.StatusOK, response.StatusCode, "also after the run has ended")
	require.Equal(t, true, body["counted"])

	response, body = d.post(t, percentID, d.anna, strings.Replace(decision("d1", "send-back"), "seen", "other words", 1))
	require.Equal(t, http.StatusConflict, response.StatusCode, "the ID is used for something else")
	require.Contains(t, body["detail"], "another decision")
}

func TestTheIdempotencyKeyIsTheID(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	without := strings.Replace(decision("d1", "approve"), `"decisionId":"d1",`, "", 1)
	send := func(body string, keys ...string) (*http.Response, map[string]any) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.at(percentID)+"/decisions", strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header["Idempotency-Key"] = keys
		return d.do(t, r, d.anna)
	}
	response, body := send(decision("d1", "approve"), "d2")
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Contains(t, body["detail"], "differ")
	response, _ = send(without, "d1", "d1")
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Empty(t, d.runs.decisions())
	for range 2 {
		response, body = send(without, `"d1"`)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, "d1", body["decisionId"])
	}
	response, body = send(decision("d1", "approve"), "d1")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "d1", body["decisionId"])
	require.Len(t, d.runs.decisions(), 1)
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
	wins := func(body map[string]any) {
		t.Helper()
		winner := body["winner"].(map[string]any)
		require.Equal(t, "d1", winner["decisionId"])
		require.Equal(t, "anna", winner["by"])
		require.Equal(t, "approve", winner["decision"])
	}

	response, body := d.post(t, percentID, d.bob, decision("d2", "send-back"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, approvals.Conflict, kind(body))
	require.Equal(t, "d2", body["decisionId"])
	require.Equal(t, "already decided", body["detail"])
	require.Equal(t, "acting", body["current"].(map[string]any)["state"])
	wins(body)

	response, body = d.post(t, percentID, d.bob, decision("d1", "approve"))
	require.Equal(t, http.StatusConflict, response.StatusCode, "the ID of somebody else's decision")
	require.Equal(t, "already decided", body["detail"])
	wins(body)

	d.runs.close()
	response, body = d.post(t, percentID, d.bob, decision("d3", "send-back"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, workflows.ErrClosed.Error(), body["detail"])
	wins(body)
}

func TestNobodyCanUseUpTheIDOfAnothersDecision(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]expense.TaskEvent{
		"without a seal":     {By: expense.Unverified},
		"with a forged seal": {By: expense.Unverified, Seal: "s1.forged"},
		"as somebody else":   {By: "bob", IdentifiedBy: expense.ByToken},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRuns()
			before.Kind, before.DecisionID, before.TaskID, before.Decision = expense.TaskRefused, "d1", task, expense.DecideApprove
			r.status.Record = append(r.status.Record, before)
			d := open(t, r)
			response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
			require.Equal(t, http.StatusOK, response.StatusCode)
			require.Equal(t, true, body["counted"])
		})
	}
}

func TestOfTwoWhoRaceExactlyOneWins(t *testing.T) {
	t.Parallel()
	for range 20 {
		d := open(t, newRuns())
		var group sync.WaitGroup
		statuses := make([]int, 2)
		for i, token := range []string{d.anna, d.bob} {
			group.Go(func() {
				response, body := d.post(t, percentID, token, decision("d"+strconv.Itoa(i), []string{"approve", "send-back"}[i]))
				statuses[i] = response.StatusCode
				if response.StatusCode == http.StatusConflict {
					winner := body["winner"].(map[string]any)
					if winner["by"] != []string{"bob", "anna"}[i] {
						t.Error("the loser is told another winner")
					}
				}
			})
		}
		group.Wait()
		require.ElementsMatch(t, []int{http.StatusOK, http.StatusConflict}, statuses)
		d.Close()
	}
}

func TestADecisionOfAnotherTaskIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	response, body := d.post(t, percentID, d.anna, strings.Replace(decision("d1", "approve"), task, "an-older-task", 1))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, "this task is closed", body["detail"])
	require.Equal(t, task, body["current"].(map[string]any)["taskId"])
	require.NotContains(t, body, "winner")
}

func TestWhoMayNotDecideIsToldWhyAndRecorded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token func(*endpoint) string
		kind  approvals.Kind
		says  string
	}{
		"another group":    {func(d *endpoint) string { return d.olga }, approvals.NotEntitled, "olga is in no group"},
		"their own report": {func(d *endpoint) string { return d.erin }, approvals.OwnReport, "their own report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, newRuns())
			for i, choice := range []string{"approve", "send-back", "comment", "claim"} {
				response, body := d.post(t, percentID, c.token(d), decision(strconv.Itoa(i), choice))
				require.Equal(t, http.StatusForbidden, response.StatusCode)
				require.Equal(t, c.kind, kind(body))
				require.Contains(t, body["detail"], c.says)
				require.NotContains(t, body, "winner")
				require.NotContains(t, body, "current")
			}
			require.Len(t, d.runs.decisions(), 4, "the record shows who has tried")
			response, body := d.post(t, percentID, d.anna, decision("d1", "approve"))
			require.Equal(t, http.StatusOK, response.StatusCode, "%v", body)
		})
	}
}

func TestAMissingCommentIs422AndNothingIsSent(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.status.Task.CommentRequired = true
	d := open(t, r)
	for _, choice := range []string{"send-back", "approve", "comment"} {
		response, body := d.post(t, percentID, d.anna, strings.Replace(decision("d1", choice), "seen", ` \n\u200b`, 1))
		require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, choice)
		require.Equal(t, approvals.CommentMissing, kind(body))
	}
	require.Empty(t, r.decisions())
}

func TestATaskIsClaimedAndDelegated(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	response, body := d.post(t, percentID, d.anna, decision("d1", "claim"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "anna", body["current"].(map[string]any)["claimedBy"])
	response, body = d.post(t, percentID, d.bob, decision("d2", "claim"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, "anna", body["current"].(map[string]any)["claimedBy"])

	response, _ = d.get(t, d.at(percentID), d.olga)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	response, _ = d.post(t, percentID, d.anna, strings.Replace(decision("d3", "delegate"), "{", `{"to":"olga",`, 1))
	require.Equal(t, http.StatusOK, response.StatusCode)
	response, body = d.get(t, d.at(percentID), d.olga)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, []any{"anna"}, body["you"].(map[string]any)["onBehalfOf"])
	response, body = d.post(t, percentID, d.olga, decision("d4", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "anna", body["event"].(map[string]any)["onBehalfOf"])
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
				"decisionId": "d1", "counted": false, "stillNeeded": []any{}, "message": "the decision is stored; no worker has answered yet",
			}, body)
			require.Len(t, r.decisions(), 1)
		})
	}
}

func TestWhoSendsTooFastIsSlowedDown(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	var last int
	for i := range 40 {
		response, _ := d.post(t, percentID, d.olga, decision(strconv.Itoa(i), "approve"))
		last = response.StatusCode
	}
	require.Equal(t, http.StatusTooManyRequests, last)
	require.Less(t, len(r.decisions()), 40)
	response, _ := d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode, "others are not slowed down")
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
	require.NotContains(t, body["detail"], "10.0.0.1")

	r = newRuns()
	r.lost = errors.New("dial 10.0.0.1: reset")
	d = open(t, r)
	response, body = d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, approvals.Unknown, kind(body))
	require.Contains(t, body["detail"], "send it again with the same decisionId")
	require.Equal(t, "d1", body["decisionId"])
	r.lost = nil
	response, _ = d.post(t, percentID, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
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
		field("by", `"anna"`):            "may contain only taskId, decisionId, decision, comment, to",
		field("TaskID", `"x"`):           "may contain only taskId, decisionId, decision, comment, to",
		field("decision", `"send-back"`): "decision is given twice",
		`{"taskId":1}`:                   "taskId must be a text",
		`{"taskId":{"comment":"x"}}`:     "taskId must be a text",
		`{"comment":null}`:               "comment must be a text",
		field("to", `"bob"`):             "only a delegation has the field to",
		decision("d1", "delegate"):       "to is required",
		`{}`:                             "taskId is required",
		`{"taskId":"t\n"}`:               "taskId must be at most 400 printable characters",
		`{"taskId":"t"}`:                 "decision must be approve, send-back, comment, claim, release or delegate",
		decision("d1", "Approve"):        "decision must be approve, send-back, comment, claim, release or delegate",
		decision(strings.Repeat("ä", 101), "approve"):                                       "decisionId must be 1 to 100 printable characters",
		decision(`d\u0000`, "approve"):                                                      "decisionId must be 1 to 100 printable characters",
		`{"taskId":"t","decision":"approve","comment":"` + strings.Repeat("ä", 2001) + `"}`: "comment must be at most 2000 characters",
		`{"taskId":"t","decision":"approve","comment":"a\u0007"}`:                           "comment must not contain control characters",
	} {
		response, answer := d.post(t, percentID, d.anna, body)
		require.Equal(t, http.StatusBadRequest, response.StatusCode, body)
		require.Contains(t, answer["detail"], says, body)
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
