package concur_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

const (
	clientSecret = "client-secret-0123456789"
	firstRefresh = "refresh-token-1"

	reportKey  = "nKey$p1"
	reportPath = "/api/expense/expensereport/v1.1/reportfulldetails/"
	objectURI  = "https://www.concursolutions.com" + reportPath + reportKey
	actionURL  = "http://www.concursolutions.com/api/expense/expensereport/v1.1/report/nStep$s1/WorkFlowAction"
	entryURI   = "https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nEntry$s1"

	reportXML  = `<ReportDetails><ReportId>R1</ReportId><ApsKey>A_EXTV</ApsKey><RptKey>nKey$p1</RptKey><Entries Count="0"/></ReportDetails>`
	successXML = `<ActionStatus><Message>SUCCESS!</Message><Status>SUCCESS!</Status></ActionStatus>`
	failureXML = `<ActionStatus><Message>The item has been changed.</Message><Status>FAILURE</Status></ActionStatus>`
)

// server is a Concur that issues tokens and leaves every other answer to api. A
// request is answered with 401 unless it carries a token that is valid.
type server struct {
	*httptest.Server
	api http.HandlerFunc

	mu       sync.Mutex
	token    http.HandlerFunc // replaces the token endpoint
	geo      string           // that the token names; the server itself if empty
	refresh  string           // the refresh token that is accepted
	issued   int
	valid    string // the access token that is accepted
	requests []*http.Request
	bodies   []string
}

func newServer(t testing.TB, api http.HandlerFunc) *server {
	t.Helper()
	s := &server{api: api, refresh: firstRefresh}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	token := s.token
	s.mu.Unlock()
	w.Header().Set("Concur-Correlationid", "of-concur")
	switch {
	case r.URL.Path != "/oauth2/v0/token":
		s.mu.Lock()
		s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
		valid := r.Header.Get("Authorization") == "Bearer "+s.valid
		s.mu.Unlock()
		if !valid {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.api(w, r)
	case token != nil:
		token(w, r)
	default:
		form, _ := url.ParseQuery(string(body))
		s.issue(w, form)
	}
}

// issue answers a refresh: it rotates the refresh token and issues an access token.
func (s *server) issue(w http.ResponseWriter, form url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if form.Get("refresh_token") != s.refresh || form.Get("client_id") != "client" ||
		form.Get("client_secret") != clientSecret || form.Get("grant_type") != "refresh_token" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"code":108,"error":"invalid_grant","error_description":"Bad refresh token"}`)
		return
	}
	s.issued++
	s.valid = fmt.Sprintf("access-token-%d", s.issued)
	s.refresh = fmt.Sprintf("refresh-token-%d", s.issued+1)
	geo := s.geo
	if geo == "" {
		geo = s.URL
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": s.valid, "token_type": "Bearer", "expires_in": "3600", "scope": "EXPRPT NOTIF",
		"refresh_token": s.refresh, "geolocation": geo,
	})
}

// expire makes the access token invalid.
func (s *server) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = "none"
}

func (s *server) count() (requests, tokens int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests), s.issued
}

func (s *server) host() string { return strings.TrimPrefix(s.URL, "https://") }

func (s *server) options() concur.Options {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return concur.Options{
		Geolocation: s.URL, ClientID: "client", ClientSecret: clientSecret, RefreshToken: firstRefresh,
		TrustedHosts: []string{s.host()}, RootCAs: roots,
	}
}

func (s *server) client(t testing.TB, change ...func(*concur.Options)) *concur.Client {
	t.Helper()
	options := s.options()
	for _, f := range change {
		f(&options)
	}
	client, err := concur.New(options)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func answering(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Concur-Correlationid", "their-id")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// raw takes the connection over and writes bytes to it before closing it.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}

// never answers until the client has gone.
func never(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func read(c *concur.Client) error {
	_, err := c.ReadReport(context.Background(), objectURI, concur.ReadOptions{})
	return err
}
