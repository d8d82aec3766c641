package ingress_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/ingress"
)

const (
	user     = "callout-user"
	password = "pass:with:colons"

	user2     = "callout-user-2"
	password2 = "another password"
)

// starter remembers what it was asked to start.
type starter struct {
	mu    sync.Mutex
	seen  []expense.Notification
	start func(ctx context.Context, n expense.Notification) (bool, error) // may be nil
}

func (s *starter) Start(ctx context.Context, n expense.Notification) (bool, error) {
	s.mu.Lock()
	s.seen = append(s.seen, n)
	s.mu.Unlock()
	if s.start != nil {
		return s.start(ctx, n)
	}
	return true, nil
}

func (s *starter) started() []expense.Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]expense.Notification(nil), s.seen...)
}

// journal is a log that can be read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// endpoint is a public endpoint that listens.
type endpoint struct {
	*httptest.Server
	starter *starter
	log     *journal
}

func open(t *testing.T, change ...func(*ingress.Options)) *endpoint {
	t.Helper()
	d := &endpoint{starter: &starter{}, log: &journal{}}
	o := ingress.Options{
		Credentials: []ingress.Credential{ingress.NewCredential(user, password), ingress.NewCredential(user2, password2)},
		Starter:     d.starter,
		Logger:      d.logger(),
	}
	for _, c := range change {
		c(&o)
	}
	handler, err := ingress.New(o)
	require.NoError(t, err)
	d.Server = httptest.NewServer(handler)
	t.Cleanup(d.Close)
	return d
}

// request returns an authenticated request; body may be nil.
func (d *endpoint) request(t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, body)
	require.NoError(t, err)
	r.SetBasicAuth(user, password)
	return r
}

// do sends a request and returns the answer with its text.
func (d *endpoint) do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(text)
}

func (d *endpoint) post(t *testing.T, path, body string) (*http.Response, string) {
	t.Helper()
	return d.do(t, d.request(t, http.MethodPost, path, strings.NewReader(body)))
}

// records waits until the log holds n lines: a line is written after its answer.
func (d *endpoint) records(t *testing.T, n int) []map[string]any {
	t.Helper()
	d.Close() // returns when every request has ended
	lines := strings.Split(strings.TrimSpace(d.log.text()), "\n")
	require.Len(t, lines, n)
	records := make([]map[string]any, n)
	for i, line := range lines {
		require.NoError(t, json.Unmarshal([]byte(line), &records[i]))
	}
	return records
}

// callout is a callout for a report with this key, as Concur writes one.
func callout(key string) string {
	return `<?xml version="1.0" encoding="utf-8"?>
<Notification>
  <EventType>Report Entered Expense Report Workflow Step - Check by finance</EventType>
  <ObjectType>EXPRPT</ObjectType>
  <ObjectURI>https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/` + key + `</ObjectURI>
  <EventDateTime>2026-03-09</EventDateTime>
  <Context/>
</Notification>`
}

func (d *endpoint) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(d.log, nil)) }
