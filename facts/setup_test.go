package facts_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/facts"
)

const (
	secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci1vbmU="
	next   = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW51bWJlci10d28="
)

var asked = time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC)

// received is one request that reached the company.
type received struct {
	header http.Header
	body   []byte
	question
}

// question is what a receiver reads.
type question struct {
	Fact  string
	ID    string
	At    time.Time
	Wants []string
	Items []struct {
		Key    string
		Values map[string]any
	}
}

// company answers with its handler, or every question with {"ok": true}.
type company struct {
	*httptest.Server
	answer http.HandlerFunc

	mu  sync.Mutex
	got []received
}

func newCompany(t *testing.T, answer http.HandlerFunc) *company {
	t.Helper()
	c := &company{answer: answer}
	c.Server = httptest.NewUnstartedServer(c)
	c.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got := received{header: r.Header, body: body}
	_ = json.Unmarshal(body, &got.question)
	c.mu.Lock()
	c.got = append(c.got, got)
	c.mu.Unlock()
	if c.answer != nil {
		c.answer(w, r)
		return
	}
	var items []any
	for _, item := range got.Items {
		items = append(items, map[string]any{"key": item.Key, "values": map[string]any{"ok": true}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

func (c *company) requests() []received {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]received(nil), c.got...)
}

func (c *company) host() string { return strings.TrimPrefix(c.URL, "https://") }

// client asks this company and no other.
func (c *company) client(t *testing.T, change ...func(*facts.Options)) *facts.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(c.Certificate())
	options := facts.Options{Hosts: []string{c.host()}, Secrets: []string{secret}, RootCAs: roots}
	for _, f := range change {
		f(&options)
	}
	client, err := facts.New(options)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// about asks about so many objects.
func (c *company) about(n int) expense.Question {
	q := expense.Question{Fact: "open", URL: c.URL + "/facts/open", At: asked, IdempotencyKey: "run 1, activity 5"}
	for i := range n {
		q.Items = append(q.Items, expense.QuestionItem{Key: fmt.Sprintf("e%d", i+1), Values: map[string]any{"centre": "C12"}})
	}
	return q
}

// signed is the signature as the specification says, written here again.
func signed(secret, id, timestamp string, body []byte) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "." + string(body)))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
