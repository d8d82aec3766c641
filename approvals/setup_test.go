package approvals_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
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
	decided []expense.Decision
	asked   []string

	idle      bool  // no worker polls
	hasty     int   // questions that give up at once
	delay     int   // looks at the status before a decision shows
	down      error // Temporal cannot be reached
	forgotten bool  // decisions are never recorded
}

func newRuns() *runs {
	return &runs{id: percentID, open: true, status: workflows.Status{
		NotificationID: percentID, State: workflows.Waiting, WaitingFor: workflows.WaitingForApprover,
		Task: &expense.Task{ID: task, Groups: []expense.TaskGroup{{RequiredApproval: expense.RequiredApproval{Group: "finance", Count: 1}}}},
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
	if r.delay > 0 {
		r.delay--
		status.Record = nil
	}
	return status, nil
}

func (r *runs) Decide(ctx context.Context, id string, d expense.Decision) error {
	if err := r.CheckExists(ctx, id); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		return workflows.ErrClosed
	}
	r.decided = append(r.decided, d)
	if r.forgotten {
		return nil
	}
	event := expense.TaskEvent{Kind: expense.TaskCounted, DecisionID: d.ID, TaskID: d.TaskID, By: d.By, Decision: d.Decision}
	for _, before := range r.status.Record {
		if before.DecisionID == d.ID {
			return nil
		}
		if before.Kind == expense.TaskCounted {
			event.Kind, event.Why = expense.TaskRefused, "already decided"
		}
	}
	if d.TaskID != task {
		event.Kind, event.Why = expense.TaskRefused, "this task is closed"
	}
	r.status.Record = append(r.status.Record, event)
	return nil
}

func (r *runs) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = false
}

func (r *runs) decisions() []expense.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]expense.Decision(nil), r.decided...)
}

func (r *runs) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// endpoint is an internal endpoint that listens, and the tokens of two approvers.
type endpoint struct {
	*httptest.Server
	runs      *runs
	anna, bob string
}

func open(t *testing.T, r *runs) *endpoint {
	t.Helper()
	d := &endpoint{runs: r}
	var annaDigest, bobDigest approvers.Digest
	d.anna, annaDigest = approvers.NewToken()
	d.bob, bobDigest = approvers.NewToken()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"approvers": "approvers:\n- {name: anna, tokens: [{sha256: " + annaDigest.String() + "}]}\n- {name: bob, tokens: [{sha256: " + bobDigest.String() + "}]}\n",
		"keys":      approvers.NewSealKey(),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	people, err := approvers.Watch(filepath.Join(dir, "approvers"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	keys, err := approvers.WatchSealKeys(filepath.Join(dir, "keys"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	handler, err := approvals.New(approvals.Options{
		Runs: r, Identity: identity.Tokens{People: people}, SealKeys: keys, Logger: slog.New(slog.DiscardHandler),
		StatusLimit: 300 * time.Millisecond, DecisionLimit: 300 * time.Millisecond,
	})
	require.NoError(t, err)
	d.Server = httptest.NewServer(handler)
	t.Cleanup(d.Close)
	return d
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
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	var body map[string]any
	require.NoError(t, json.Unmarshal(content, &body), "%s", content)
	return response, body
}

// at returns the URL of a run, its ID escaped once.
func (d *endpoint) at(id string) string { return d.URL + "/approvals/" + escape(id) }

func escape(id string) string { return url.PathEscape(id) }

func (d *endpoint) get(t *testing.T, id string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.at(id), nil)
	require.NoError(t, err)
	return d.do(t, r, d.anna)
}

func (d *endpoint) post(t *testing.T, id, token, body string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.at(id)+"/decisions", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return d.do(t, r, token)
}

// decision is the body of a request to decide.
func decision(id, ruling string) string {
	return `{"taskId":"` + task + `","decisionId":"` + id + `","decision":"` + ruling + `","comment":"seen"}`
}
