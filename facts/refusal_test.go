package facts_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/facts"
)

// failed returns the error of a question about three objects.
func failed(t *testing.T, c *company, change ...func(*facts.Options)) *facts.Error {
	t.Helper()
	answers, err := c.client(t, change...).Ask(t.Context(), c.about(3))
	require.Nil(t, answers)
	var e *facts.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "open", e.Fact)
	require.ErrorIs(t, err, e.Kind)
	require.Contains(t, err.Error(), "the fact open: "+string(e.Kind))
	for _, never := range []string{"C12", "whsec", "of the body", "\n"} {
		require.NotContains(t, err.Error(), never)
	}
	return e
}

func TestEveryRefusalHasItsKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   expense.Kind
		after  time.Duration
	}{
		"an error of the server":         {says(500, "of the body"), expense.Unavailable, 0},
		"an outage":                      {says(503, "of the body"), expense.Unavailable, 0},
		"a gateway":                      {says(502, "<html>of the body"), expense.Unavailable, 0},
		"a timeout of its own":           {says(408, "of the body"), expense.Unavailable, 0},
		"an outage that says how long":   {after(503, "7"), expense.Unavailable, 7 * time.Second},
		"too many requests":              {says(429, "of the body"), expense.RateLimited, 0},
		"too many, and how long":         {after(429, "31"), expense.RateLimited, 31 * time.Second},
		"too many, for a day":            {after(429, "86400"), expense.RateLimited, time.Hour},
		"too many, until yesterday":      {after(429, "Wed, 21 Oct 2015 07:28:00 GMT"), expense.RateLimited, 0},
		"too many, until a far day":      {after(429, "Fri, 21 Oct 2095 07:28:00 GMT"), expense.RateLimited, time.Hour},
		"too many, and nonsense":         {after(429, "-5"), expense.RateLimited, 0},
		"a signature that is not known":  {says(401, "of the body"), expense.Forbidden, 0},
		"no right":                       {says(403, "of the body"), expense.Forbidden, 0},
		"a wrong address":                {says(404, "of the body"), expense.Rejected, 0},
		"a question that is refused":     {says(422, "of the body"), expense.Rejected, 0},
		"a success that is none":         {says(204, ""), expense.Malformed, 0},
		"a promise":                      {says(202, "of the body"), expense.Malformed, 0},
		"a page":                         {says(200, "<html>of the body"), expense.Unavailable, 0},
		"a page that forbids":            {says(403, "<!DOCTYPE html>of the body"), expense.Unavailable, 0},
		"a page of a login":              {says(401, "\n<html>of the body"), expense.Unavailable, 0},
		"a page that finds nothing":      {says(404, "\uFEFF<h1>of the body"), expense.Unavailable, 0},
		"a page that redirects":          {says(302, "<html>of the body"), expense.Unavailable, 0},
		"a page for too many requests":   {says(429, "<html>of the body"), expense.RateLimited, 0},
		"a text said to be a page":       {typed(403, "text/html", "of the body"), expense.Unavailable, 0},
		"a login for a proxy":            {says(407, ""), expense.Unavailable, 0},
		"an answer that is cut":          {cut, expense.Unavailable, 0},
		"an answer that is never at end": {endless, expense.Malformed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := failed(t, newCompany(t, c.answer))
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, c.after, e.RetryAfter)
			require.NotZero(t, e.Status)
		})
	}
}

func typed(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func after(status int, header string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", header)
		w.WriteHeader(status)
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"items":[`)
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
			return
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	other := newCompany(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := newCompany(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		e := failed(t, c, func(o *facts.Options) { o.Hosts = append(o.Hosts, other.host()) })
		require.Equal(t, expense.Rejected, e.Kind)
		require.Equal(t, status, e.Status)
		require.Contains(t, e.Message, "redirect")
	}
	require.Empty(t, other.requests())
}

func TestASystemThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	t.Run("no connection", func(t *testing.T) {
		t.Parallel()
		c := newCompany(t, nil)
		c.Close()
		e := failed(t, c)
		require.Equal(t, expense.Unavailable, e.Kind)
		require.Contains(t, e.Message, "cannot connect to "+c.host())
	})
	t.Run("no answer in time", func(t *testing.T) {
		t.Parallel()
		c := newCompany(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		e := failed(t, c, func(o *facts.Options) { o.Timeout = 30 * time.Millisecond })
		require.Equal(t, expense.Unavailable, e.Kind)
		require.ErrorIs(t, e, context.DeadlineExceeded)
		require.Contains(t, e.Message, "did not answer within 30ms")
	})
	t.Run("an answer that does not end in time", func(t *testing.T) {
		t.Parallel()
		c := newCompany(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"items":[`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		e := failed(t, c, func(o *facts.Options) { o.Timeout = 100 * time.Millisecond })
		require.Equal(t, expense.Unavailable, e.Kind)
		require.ErrorIs(t, e, context.DeadlineExceeded)
	})
	t.Run("a question that is no longer wanted", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		c := newCompany(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
		_, err := c.client(t).Ask(ctx, c.about(1))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("a certificate of nobody", func(t *testing.T) {
		t.Parallel()
		e := failed(t, newCompany(t, nil), func(o *facts.Options) { o.RootCAs = nil })
		require.Equal(t, expense.Unavailable, e.Kind)
		require.Contains(t, e.Message, "CONCUR_FACT_CA")
	})
	t.Run("a part of many", func(t *testing.T) {
		t.Parallel()
		c := newCompany(t, nil)
		part := 0
		whole := c.Config.Handler
		c.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if part++; part == 2 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			whole.ServeHTTP(w, r)
		})
		answers, err := c.client(t).Ask(t.Context(), c.about(500))
		require.ErrorIs(t, err, expense.Unavailable)
		require.Nil(t, answers, "whole or not at all")
		require.Equal(t, 2, part, "and what follows is not asked")
	})
}

func TestAnOldTLSIsNotSpoken(t *testing.T) {
	t.Parallel()
	c := &company{}
	c.Server = httptest.NewUnstartedServer(c)
	c.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	c.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	c.StartTLS()
	t.Cleanup(c.Close)
	require.Equal(t, expense.Unavailable, failed(t, c).Kind)
	require.Empty(t, c.requests())
}

func TestOnlyWhatIsAllowedIsAsked(t *testing.T) {
	t.Parallel()
	client, err := facts.New(facts.Options{Hosts: []string{"erp.example.com", "HR.example.com:8443", "[::1]:9"}, Secrets: []string{secret}})
	require.NoError(t, err)
	for _, address := range []string{
		"https://erp.example.com/facts?x=1", "https://ERP.example.com:443", "https://hr.example.com:8443/a", "https://[::1]:9/",
	} {
		require.NoError(t, client.Check(address), address)
	}
	for address, says := range map[string]string{
		"http://erp.example.com/facts":            "https://",
		"erp.example.com/facts":                   "https://",
		"":                                        "https://",
		"https:///facts":                          "is empty",
		"https://erp.example.com:8443/":           "erp.example.com:8443 is not an allowed host",
		"https://hr.example.com/":                 "hr.example.com is not an allowed host",
		"https://erp.example.com.evil.example/":   "is not an allowed host",
		"https://sub.erp.example.com/":            "is not an allowed host",
		"https://erp.example.com@evil.example/":   "user name",
		"https://user:pass@erp.example.com/":      "user name",
		"https://erp.example.com/#facts":          "fragment",
		"https://erp.example.com/#":               "fragment",
		"https://erp.example.com:0443/":           "port",
		"https://erp.example.com./":               "dot",
		"https://erp.example.com\\@evil.example/": "cannot be read",
		"https://erp.example.com:99999/":          "port",
		"https://127.0.0.1/":                      "is not an allowed host",
		"https://erp.example.com/\n":              "cannot be read",
	} {
		err := client.Check(address)
		require.ErrorContains(t, err, says, "%q", address)
		require.NotContains(t, err.Error(), "pass")
		_, err = client.Ask(t.Context(), expense.Question{Fact: "open", URL: address, Items: []expense.QuestionItem{{Key: "e1"}}})
		require.ErrorIs(t, err, expense.Untrusted, "%q", address)
		require.ErrorContains(t, err, "nothing was sent")
	}
}

func TestOptionsThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options facts.Options
		says    string
	}{
		"no secret":        {facts.Options{}, "give one secret"},
		"three":            {facts.Options{Secrets: []string{secret, next, secret}}, "give one secret"},
		"no prefix":        {facts.Options{Secrets: []string{strings.TrimPrefix(secret, "whsec_")}}, "secret 1 must be whsec_"},
		"no base64":        {facts.Options{Secrets: []string{"whsec_%%%"}}, "secret 1 must be whsec_"},
		"a short key":      {facts.Options{Secrets: []string{secret, "whsec_c2hvcnQ="}}, "secret 2 has a key of 5 bytes"},
		"a long key":       {facts.Options{Secrets: []string{"whsec_" + strings.Repeat("AAAA", 22)}}, "has a key of 66 bytes"},
		"a URL as a host":  {facts.Options{Secrets: []string{secret}, Hosts: []string{"https://erp.example.com"}}, "port"},
		"a wildcard":       {facts.Options{Secrets: []string{secret}, Hosts: []string{"*.example.com"}}, "character"},
		"an empty host":    {facts.Options{Secrets: []string{secret}, Hosts: []string{""}}, "is empty"},
		"a time below one": {facts.Options{Secrets: []string{secret}, Timeout: -1}, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := facts.New(c.options)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "c2VjcmV0")
		})
	}
}

func TestAnErrorOfNoContextUnwrapsToNothing(t *testing.T) {
	t.Parallel()
	require.NoError(t, errors.Unwrap(&facts.Error{Fact: "open", Kind: expense.Rejected}))
}
