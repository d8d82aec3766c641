package approvals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/approvals/approvers"
	"concur-connector/approvals/identity"
	"concur-connector/expense"
	"concur-connector/workflows"
)

const (
	percentID = "EXPRPT:3%Rek29$wsIY12Di3LS9$gjei%KL23"
	task      = percentID + "/5f2c/1"
)

// runs is a Temporal of one run, which answers as the workflow does.
type runs struct {
	mu      sync.Mutex
	id      string
	open    bool
	status  workflows.Status
	earlier *workflows.Status
	tasks   []expense.TaskSummary
	decided []expense.Decision
	asked   []string
	people  *approvers.Watched[approvers.Approvers]
	keys    *approvers.Watched[approvers.SealKeys]

	idle      bool  // no worker polls
	hasty     int   // questions that give up at once
	delay     int   // looks at the status before a decision shows
	down      error // Temporal cannot be reached
	lost      error // of storing a decision
	forgotten bool  // decisions are never recorded
}

// opened is when the tasks of the tests were opened.
var opened = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func newRuns() *runs {
	return &runs{id: percentID, open: true, status: workflows.Status{
		NotificationID: percentID, ReportID: "R1", Revision: "5f2c", State: workflows.Waiting, WaitingFor: workflows.WaitingForApprover,
		Task: &expense.Task{
			ID: task, OpenedAt: opened,
			Groups: []expense.TaskGroup{{RequiredApproval: expense.RequiredApproval{Group: "finance", Count: 1, Rules: []string{"large"}}}},
		},
		Verdict: &workflows.VerdictStatus{Action: expense.Ask, Owner: &expense.Owner{Login: "erika@example.com", Name: "Erika Muster"}},
		Record:  []expense.TaskEvent{{At: opened, Kind: expense.TaskOpened, TaskID: task, Groups: []string{"finance"}}},
		Done:    []string{},
	}}
}

func (r *runs) CheckExists(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, id)
	switch {
	case r.down != nil:
		return r.down
	case id != r.id:
		return workflows.ErrNoRun
	}
	return nil
}

func (r *runs) Status(ctx context.Context, id string) (workflows.Status, error) {
	if err := r.CheckExists(ctx, id); err != nil {
		return workflows.Status{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle {
		r.mu.Unlock()
		<-ctx.Done()
		r.mu.Lock()
		return workflows.Status{}, workflows.ErrNoAnswer
	}
	if r.hasty > 0 {
		r.hasty--
		return workflows.Status{}, workflows.ErrNoAnswer
	}
	status := r.status
	status.Record = slices.Clone(status.Record)
	if r.delay > 0 {
		r.delay--
		status.Record = nil
	}
	if status.Task != nil {
		one := *status.Task
		status.Task = &one
	}
	return status, nil
}

func (r *runs) Earlier(context.Context, string, string) (workflows.Status, bool, error) {
	if r.earlier == nil {
		return workflows.Status{}, false, r.down
	}
	return *r.earlier, true, nil
}

func (r *runs) Records(context.Context, time.Time, int) ([]workflows.RunRecord, time.Time, error) {
	return []workflows.RunRecord{{NotificationID: r.id, ReportID: "R1", Events: r.status.Record}}, time.Time{}, r.down
}

func (r *runs) Tasks(context.Context) ([]expense.TaskSummary, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tasks), r.down
}

// Decide checks a decision as the worker does, and records it as the run does.
func (r *runs) Decide(ctx context.Context, id string, d expense.Decision) error {
	if err := r.CheckExists(ctx, id); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		return workflows.ErrClosed
	}
	if r.lost != nil {
		return r.lost
	}
	r.decided = append(r.decided, d)
	if r.forgotten || slices.ContainsFunc(r.status.Record, func(e expense.TaskEvent) bool {
		return e.DecisionID == d.ID && (e.By == d.By || e.Seal != "" && e.Seal == d.Seal)
	}) {
		return nil
	}
	e := expense.TaskEvent{
		At: time.Now(), Kind: expense.TaskRefused, DecisionID: d.ID, TaskID: d.TaskID, Decision: d.Decision, To: d.To, By: expense.Unverified, Seal: d.Seal,
	}
	open := r.status.Task
	switch {
	case open == nil || r.status.WaitingFor != workflows.WaitingForApprover:
		e.Why = "already decided"
	case open.ID != d.TaskID:
		e.Why = "this task is closed"
	default:
		checked := r.people.Current().Check(expense.CheckDecisionInput{Task: *open, Decision: d, Owner: *r.status.Verdict.Owner, At: time.Now()},
			func(string) bool { return false }, r.keys.Current())
		e.By, e.IdentifiedBy, e.OnBehalfOf, e.Groups, e.Why = checked.By, checked.IdentifiedBy, checked.OnBehalfOf, checked.Groups, checked.Why
		if e.By != expense.Unverified {
			e.Seal = ""
		}
		if checked.Accepted {
			r.count(&e, d, checked)
		}
	}
	r.status.Record = append(r.status.Record, e)
	return nil
}

func (r *runs) count(e *expense.TaskEvent, d expense.Decision, checked expense.CheckedDecision) {
	e.Kind, e.Comment = expense.TaskCounted, d.Comment
	one := *r.status.Task
	one.Groups = slices.Clone(one.Groups)
	switch d.Decision {
	case expense.DecideApprove:
		for _, group := range checked.Groups {
			one.Approve(group, expense.TaskApproval{By: checked.By, OnBehalfOf: checked.OnBehalfOf, At: e.At})
		}
	case expense.ClaimTask:
		one.ClaimedBy = checked.By
	case expense.DelegateTask:
		one.Delegates = append(one.Delegates, expense.Delegate{To: d.To, From: checked.By})
	}
	r.status.Task = &one
	if d.Decision == expense.DecideSendBack || d.Decision == expense.DecideApprove && len(one.StillNeeded()) == 0 {
		r.status.WaitingFor, r.status.State = "", workflows.Acting
	}
}

// close ends the run.
func (r *runs) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open, r.status.Task, r.status.State, r.status.WaitingFor = false, nil, workflows.Closed, ""
}

func (r *runs) decisions() []expense.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.decided)
}

func (r *runs) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

// endpoint is an endpoint that listens, and the tokens of its people: Anna and Bob of finance,
// Olga of operations, and Erika, of finance, too, who owns the report.
type endpoint struct {
	*httptest.Server
	*approvals.Endpoint
	runs                  *runs
	file                  string
	log                   *bytes.Buffer
	anna, bob, olga, erin string
}

func open(t *testing.T, r *runs, change ...func(*approvals.Options)) *endpoint {
	t.Helper()
	d := &endpoint{runs: r, log: &bytes.Buffer{}}
	dir := t.TempDir()
	d.file = filepath.Join(dir, "approvers")
	text := "approvers:\n"
	for _, person := range []struct{ name, login, group, token *string }{
		{new("anna"), new("anna@example.com"), new("finance"), &d.anna}, {new("bob"), new("bob@example.com"), new("finance"), &d.bob},
		{new("olga"), new("olga@example.com"), new("operations"), &d.olga}, {new("erika"), new("Erika@example.com"), new("finance"), &d.erin},
	} {
		token, digest := approvers.NewToken()
		*person.token = token
		text += "- {name: " + *person.name + ", logins: [" + *person.login + "], groups: [" + *person.group + "], tokens: [{sha256: " + digest.String() + "}]}\n"
	}
	keyFile := filepath.Join(dir, "keys")
	require.NoError(t, os.WriteFile(d.file, []byte(text), 0o600))
	require.NoError(t, os.WriteFile(keyFile, []byte(approvers.NewSealKey()), 0o600))
	var err error
	r.people, err = approvers.Watch(d.file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	r.keys, err = approvers.WatchSealKeys(keyFile, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	options := approvals.Options{
		ServiceOptions: approvals.ServiceOptions{
			Runs: r, People: r.people, SealKeys: r.keys, Logger: slog.New(slog.NewJSONHandler(&lockedWriter{to: d.log}, nil)),
			StatusLimit: 300 * time.Millisecond, DecisionLimit: 300 * time.Millisecond,
		},
		Identity: identity.Tokens{People: r.people},
	}
	for _, one := range change {
		one(&options)
	}
	d.Endpoint, err = approvals.New(options)
	require.NoError(t, err)
	d.Server = httptest.NewServer(validated(t, d.Handler(nil)))
	t.Cleanup(d.Close)
	return d
}

// lockedWriter writes the log of several requests at once.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// do sends a request with a token and returns the answer with its JSON.
func (d *endpoint) do(t *testing.T, r *http.Request, token string) (*http.Response, map[string]any) {
	t.Helper()
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	var body map[string]any
	if r.Method != http.MethodHead {
		require.NoError(t, json.Unmarshal(content, &body), "%s", content)
	}
	if response.StatusCode < http.StatusBadRequest {
		require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	} else {
		require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
		if body != nil {
			require.EqualValues(t, response.StatusCode, body["status"])
		}
	}
	return response, body
}

// at returns the URL of a task, its ID escaped once.
func (d *endpoint) at(id string) string { return d.URL + "/api/tasks/" + url.PathEscape(id) }

func (d *endpoint) get(t *testing.T, url, token string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return d.do(t, r, token)
}

func (d *endpoint) post(t *testing.T, id, token, body string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.at(id)+"/decisions", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return d.do(t, r, token)
}

// decision is the body of a request to decide.
func decision(id, choice string) string {
	return `{"taskId":"` + task + `","decisionId":"` + id + `","decision":"` + choice + `","comment":"seen"}`
}

// kind returns the kind of a problem.
func kind(body map[string]any) approvals.Kind {
	kind, _ := strings.CutPrefix(body["type"].(string), "urn:concur-connector:problem:")
	return approvals.Kind(kind)
}
