package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// testedConnector is a connector that accepts one password and records its requests. The
// password can be changed.
type testedConnector struct {
	*httptest.Server

	mu       sync.Mutex
	password string
	asked    []string
}

func newTestedConnector(t *testing.T) *testedConnector {
	c := &testedConnector{password: "simulated-password"}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked = append(c.asked, r.Method+" "+r.URL.Path)
		if _, password, _ := r.BasicAuth(); password != c.password {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *testedConnector) was() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

func TestTestConnection(t *testing.T) {
	t.Parallel()
	const test, callout = "GET /system/v1.0/testconnection", "POST /concur/v1.0/notify"
	c := newTestedConnector(t)
	w := newFixture(t, func(o *options) { o.calloutURL = c.URL })
	w.submit("a")
	w.waitFor(func() bool { return sentFor(w.sim, "a") == 1 })
	w.submit("b")
	w.waitFor(func() bool { return sentFor(w.sim, "b") == 1 })
	require.Equal(t, []string{test, callout, callout}, c.was(), "one test before the first callout")

	w.control(http.MethodPost, "/credentials", "password: another-password", nil)
	w.submit("c")
	w.waitFor(func() bool { return len(w.sim.failed.items) == 1 })
	require.Equal(t, []string{test}, c.was(), "nothing is delivered to a connector that refuses the new password")
	var refused struct {
		Verified bool
		Error    string
	}
	w.control(http.MethodPost, "/test-connection", "", &refused)
	require.False(t, refused.Verified)
	require.Contains(t, refused.Error, "Unauthorized")

	c.mu.Lock()
	c.password = "another-password"
	c.mu.Unlock()
	w.submit("d")
	w.waitFor(func() bool { return sentFor(w.sim, "d") == 1 })
	require.Equal(t, []string{test, test, callout}, c.was())
	var shown callouts
	w.control(http.MethodGet, "/callouts", "", &shown)
	require.True(t, shown.Verified)
	require.False(t, shown.Tested.IsZero())
	require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/credentials", "{}").status)
}

func TestCredentialsHaveTheLengthsThatConcurAllows(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for user, allowed := range map[string]bool{"123456789": false, "1234567890": true, strings.Repeat("ü", 50): true, strings.Repeat("x", 51): false} {
		answer := w.tryControl(http.MethodPost, "/credentials", "user: '"+user+"'")
		require.Equal(t, allowed, answer.status == http.StatusOK, "%s: %s", user, answer.body)
	}
	for password, allowed := range map[string]bool{"123456789": false, "1234567890": true, strings.Repeat("ü", 49): true, strings.Repeat("x", 50): false} {
		answer := w.tryControl(http.MethodPost, "/credentials", "password: '"+password+"'")
		require.Equal(t, allowed, answer.status == http.StatusOK, "%s: %s", password, answer.body)
		opts := defaultOptions(t)
		opts.calloutPassword = password
		require.Equal(t, allowed, opts.check() == nil)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.client.Transport.(*http.Transport).DisableKeepAlives = false
	reused := func(do func() reply) (answer reply, kept bool) {
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { kept = info.Reused }}
		w.ctx = httptrace.WithClientTrace(t.Context(), trace)
		defer func() { w.ctx = t.Context() }()
		return do(), kept
	}
	odd := w.submit("odd", "key: 1%Zz$p")
	even := w.submit("even")
	_, kept := reused(func() reply { return w.read(odd) })
	require.False(t, kept)
	for i, r := range []reportView{even, odd, odd} {
		answer, kept := reused(func() reply { return w.read(r) })
		require.True(t, kept)
		require.Equal(t, r.ReportID, elementText(answer.body, "ReportId"), "request %d", i)
	}
	answer, kept := reused(func() reply { return w.except(odd, "NODATE") })
	require.True(t, kept)
	require.Equal(t, "1", elementText(answer.body, "exceptions-succeeded"))
	_, kept = reused(func() reply { return w.approve(odd) })
	require.True(t, kept, "a request body does not end the connection")
	paths := []string{}
	for _, line := range w.journal() {
		if line.Endpoint == detailsEndpoint {
			paths = append(paths, line.Path)
		}
	}
	require.Contains(t, paths[2], "1%Zz$p", "the journal has the path as it was sent")

	answer, kept = reused(w.askToken)
	require.True(t, kept)
	require.Equal(t, http.StatusOK, answer.status)
	_, kept = reused(func() reply { return w.read(even) })
	require.False(t, kept, "the token endpoint closes its connections")

	w.fault("{endpoint: action, kind: refused-connection}")
	_, kept = reused(func() reply { return w.read(even) })
	require.True(t, kept)
	answer, kept = reused(func() reply { return w.approve(even) })
	require.True(t, kept)
	require.Error(t, answer.err, "the connection is closed at the write")
	require.Equal(t, waiting, w.state("even").Status)

	w.read(even)
	w.fault("{endpoint: all, kind: down, times: -1}")
	require.Error(t, w.approve(even).err, "kept connections are down, too")
	require.Zero(t, w.state("even").Writes)
}

func TestManyRequestsInOneWriteAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r, other := w.submit("r", "key: 9%Q$p"), w.submit("other")
	conn, err := tls.Dial("tcp", w.sim.base(w.host)[len("https://"):], w.client.Transport.(*http.Transport).TLSClientConfig)
	require.NoError(t, err)
	defer conn.Close()
	request := func(key string) string {
		return fmt.Sprintf("GET %s%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", detailsPath, key, w.bearer)
	}
	_, err = conn.Write([]byte(request(r.Key) + request(other.Key)))
	require.NoError(t, err)
	w.waitFor(func() bool { return w.sim.reports[0].reads == 1 && w.sim.reports[1].reads == 1 })
}
