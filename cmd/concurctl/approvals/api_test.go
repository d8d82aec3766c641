package approvals

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/cmd/concurctl/clitest"
	"concur-connector/expense"
)

const (
	token  = "cca_token-of-the-test"
	taskID = "EXPRPT:gW%r/3f5a/1"
)

// fake is an approvals endpoint that answers as a test says.
type fake struct {
	*httptest.Server
	pages   []string // of the list
	answers []string // of a decision or a task: a status and a body
	asked   []string // method and path with query
	sent    []expense.Decision
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI())
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"status":401,"detail":"nobody knows this token"}`)
			return
		}
		if r.Method == http.MethodGet && r.URL.Path == "/api/tasks" {
			page := f.pages[0]
			if len(f.pages) > 1 {
				f.pages = f.pages[1:]
			}
			_, _ = io.WriteString(w, page)
			return
		}
		if r.Method == http.MethodPost {
			var d expense.Decision
			if json.NewDecoder(r.Body).Decode(&d) == nil {
				f.sent = append(f.sent, d)
			}
		}
		var status int
		_, err := fmt.Sscan(f.answers[0], &status)
		if err != nil {
			t.Error(err)
		}
		_, body, _ := strings.Cut(f.answers[0], " ")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(f.Close)
	return f
}

// run runs a command with the token on the standard input.
func (f *fake) run(t *testing.T, args ...string) clitest.Outcome {
	t.Helper()
	return concurctl.Run(t, token+"\n", append(append([]string{"approvals"}, args...), "--url", f.URL, "--token-file", "-")...)
}

func listed(id string) string {
	return `{"notificationId":"EXPRPT:gW%r","kind":"EXPRPT","taskId":"` + id + `","openedAt":"2026-05-04T09:30:00Z","groups":["finance",""],` +
		`"owner":{"login":"max@example.com","name":"Max\u001b[31m"},"findings":2,"total":{"amount":"1200.50","currency":"EUR"},"overdue":true}`
}

func TestListReadsAllPages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	pages := []string{`{"tasks":[` + listed(taskID) + `],"total":2,"groups":[],"next":"c1"}`, `{"tasks":[` + listed("EXPRPT:b/1/1") + `],"total":2,"groups":[]}`}
	f.pages = pages
	text := f.run(t, "list", "--group", "finance", "--min", "1000", "--currency", "EUR", "--overdue", "--older-than", "72h", "--employee", "max")
	require.Zero(t, text.Code, text.Errs)
	for _, words := range []string{taskID, "EXPRPT:b/1/1", "finance, any approver", "Max [31m", "1200.50", "overdue"} {
		require.Contains(t, text.Out, words)
	}
	require.Len(t, f.asked, 2)
	require.Contains(t, f.asked[0], "currency=EUR&employee=max&group=finance&limit=200&minAmount=1000&olderThan=72h0m0s&overdue=true")
	require.Contains(t, f.asked[1], "cursor=c1")

	f.pages = pages
	tasks := clitest.Read[[]map[string]any](t, f.run(t, "list", "-o", "json"))
	require.Len(t, tasks, 2)
	require.Equal(t, taskID, tasks[0]["taskId"])
}

func TestShowPrintsATaskAndItsHistory(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answers = []string{`200 {"open":true,"task":{"id":"` + taskID + `","openedAt":"2026-05-04T09:30:00Z","groups":[]},
		"stillNeeded":[{"group":"finance","count":2}],"you":{"mayDecide":false,"why":"you have approved"},
		"fields":[{"name":"report.total","money":{"amount":"12.00","currency":"EUR"}},{"name":"report.late","yes":false}],
		"findings":[{"rule":"large","message":"too large"}],
		"objects":[{"id":"e1","level":"entry","fields":[{"name":"entry.date","date":"2026-05-01"}],"findings":[{"rule":"receipt","message":"none"}]}],
		"record":[{"at":"2026-05-04T09:30:00Z","kind":"opened","groups":["finance"]},
		          {"at":"2026-05-04T10:30:00Z","kind":"counted","decision":"approve","by":"Kim","identifiedBy":"token","onBehalfOf":"Lee","comment":"fine"}],
		"done":["posted"],"state":"waiting"}`}
	text := f.run(t, "show", taskID)
	require.Zero(t, text.Code, text.Errs)
	require.Equal(t, []string{"GET /api/tasks/EXPRPT:gW%25r"}, f.asked)
	for _, words := range []string{
		"waits for a decision", "2 approvals of finance", "you have approved", "12.00", "report.late: no", "! large: too large", "entry e1",
		"! receipt: none", "asked finance", "approve by Kim (identified by token) on behalf of Lee: fine", "Done in Concur: posted",
	} {
		require.Contains(t, text.Out, words)
	}
	require.Equal(t, "waiting", clitest.Read[map[string]any](t, f.run(t, "show", "EXPRPT:gW%r", "-o", "json"))["state"])
}

func TestADecisionIsSentForTheTaskThatWasSeen(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answers = []string{`200 {"decisionId":"x","counted":true,"stillNeeded":[{"group":"controllers","count":1}],"message":"Your approval counts."}`}
	approved := f.run(t, "approve", taskID)
	require.Zero(t, approved.Code, approved.Errs)
	require.Contains(t, approved.Out, "Your approval counts.")
	require.Contains(t, approved.Out, "1 approval of controllers")
	require.Zero(t, f.run(t, "send-back", taskID, "--comment", "No receipt.", "--decision-id", "mine").Code)
	require.Equal(t, []string{"POST /api/tasks/EXPRPT:gW%25r/decisions", "POST /api/tasks/EXPRPT:gW%25r/decisions"}, f.asked)
	require.Equal(t, expense.DecideApprove, f.sent[0].Decision)
	require.Greater(t, len(f.sent[0].ID), 20)
	require.Equal(t, expense.Decision{TaskID: taskID, ID: "mine", Decision: expense.DecideSendBack, Comment: "No receipt."}, f.sent[1])
}

func TestTheExitStatusSaysWhetherADecisionCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		code   int
		says   string
	}{
		"somebody was first": {`409 {"status":409,"detail":"The task is decided.","winner":{"kind":"counted","decision":"send-back","by":"Lee","at":"2026-05-04T09:30:00Z"}}`, 2, "send-back by Lee"},
		"the own report":     {`403 {"status":403,"detail":"Nobody decides about their own report."}`, 2, "own report"},
		"nothing is known":   {`404 {"status":404,"detail":"not found"}`, 2, "not found"},
		"no worker answers":  {`202 {"decisionId":"x","counted":false,"stillNeeded":[],"message":"The decision is stored."}`, 2, "no worker has answered"},
		"an outage":          {`503 {"status":503,"detail":"Temporal cannot be reached"}`, 1, "--decision-id concurctl-"},
		"throttled":          {`429 {"status":429,"detail":"too many requests"}`, 1, "too many requests"},
		"a gateway":          {`502 <html>`, 1, "status 502"},
		"another service":    {`200 hello`, 1, "is this the address"},
		"a redirect":         {`302 `, 1, "status 302"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answers = []string{c.answer}
			o := f.run(t, "approve", taskID)
			require.Equal(t, c.code, o.Code, o.Errs)
			require.Contains(t, o.Errs, c.says)
			require.NotContains(t, o.Errs, token)
		})
	}
}

func TestACommandLineThatCannotBeUsedSendsNothing(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for says, args := range map[string][]string{
		"--comment is missing":          {"send-back", taskID},
		"not the ID of a task":          {"approve", "EXPRPT:gW%r"},
		"the ID of the TASK":            {"approve"},
		"does not begin with https://":  {"approve", taskID, "--url", "http://approvals.example.com:1"},
		"must be like https://":         {"list", "--url", "approvals.example.com"},
		"expected one token":            {"list", "--token-file", "/dev/null"},
		"read the token: open /no-such": {"list", "--token-file", "/no-such"},
		"--every must be at least":      {"watch", "--every", "1ms"},
		"cannot connect to 127.0.0.1:1": {"list", "--url", "http://127.0.0.1:1"},
		"--ca: ":                        {"list", "--ca", "/no-such"},
	} {
		o := concurctl.Run(t, token, append([]string{"approvals", args[0], "--url", f.URL, "--token-file", "-"}, args[1:]...)...)
		require.Equal(t, 1, o.Code, says)
		require.Contains(t, o.Errs, says)
	}
	require.Empty(t, f.asked)
	o := concurctl.Start(t, clitest.Settings{"CONCUR_APPROVALS_URL": f.URL}, "", "approvals", "list")
	require.Contains(t, o.Errs, "--token-file is missing")
	o = concurctl.Start(t, clitest.Settings{}, token, "approvals", "list", "--token-file", "-")
	require.Contains(t, o.Errs, "CONCUR_APPROVALS_URL is required")
}

func TestWatchTellsWhatComesAndGoesUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	one, both, none := `{"tasks":[`+listed(taskID)+`]}`, `{"tasks":[`+listed(taskID)+`,`+listed("EXPRPT:b/1/1")+`]}`, `{"tasks":[]}`
	f.pages = []string{one, both, "no JSON", none}
	a := access{url: f.URL, tokenFile: "-"}
	e, err := a.open(strings.NewReader(token))
	require.NoError(t, err)
	ctx, interrupt := context.WithCancel(t.Context())
	ticks := make(chan time.Time, 3)
	for range 3 {
		ticks <- time.Now()
	}
	var errs, out bytes.Buffer
	told := map[string]int{}
	err = e.watch(ctx, filter{}, ticks, &errs, func(c change) {
		printChange(&out, c, false)
		if told[c.Change+" "+c.Task.TaskID]++; len(told) == 4 {
			interrupt()
		}
	})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"opened " + taskID: 1, "opened EXPRPT:b/1/1": 1, "closed " + taskID: 1, "closed EXPRPT:b/1/1": 1}, told)
	require.Contains(t, errs.String(), "trying again")
	require.Equal(t, 4, strings.Count(out.String(), "\n"))

	e.token = "another"
	require.ErrorContains(t, e.watch(t.Context(), filter{}, ticks, io.Discard, func(change) {}), "nobody knows this token")
}
