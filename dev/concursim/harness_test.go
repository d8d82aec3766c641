package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

// fixture is a running simulator with a client.
type fixture struct {
	t      *testing.T
	sim    *simulator
	client *http.Client
	host   string // that gets the requests
	bearer string
	ctx    context.Context // of the requests
}

// reply is an answer, as far as it was received.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

func defaultOptions(t *testing.T) options {
	t.Helper()
	opts, _, err := parseFlags([]string{"-api", "127.0.0.1:0", "-control", "127.0.0.1:0", "-seed", "42"}, io.Discard)
	require.NoError(t, err)
	opts.tlsDir = t.TempDir()
	return opts
}

func newFixture(t *testing.T, change ...func(*options)) *fixture {
	t.Helper()
	connector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(connector.Close)
	opts := defaultOptions(t)
	opts.calloutURL = connector.URL
	for _, one := range change {
		one(&opts)
	}
	sim, err := start(opts)
	require.NoError(t, err)
	t.Cleanup(sim.Close)
	pool, err := certPool(sim.Ready().CA)
	require.NoError(t, err)
	w := &fixture{t: t, ctx: t.Context(), sim: sim, host: firstHost, client: &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}}
	w.login()
	return w
}

func (w *fixture) askToken() reply {
	return w.grant("grant_type", "refresh_token", "refresh_token", w.sim.opts.refreshToken)
}

// grant requests a token with the application's credentials and these fields. Later fields
// replace earlier ones.
func (w *fixture) grant(fields ...string) reply {
	form := url.Values{"client_id": {w.sim.opts.clientID}, "client_secret": {w.sim.opts.clientSecret}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return w.sendTo(w.sim.base(w.host)+tokenPath, http.MethodPost, form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// companyGrant requests the company's tokens with its request token.
func (w *fixture) companyGrant(more ...string) reply {
	return w.grant(append([]string{
		"grant_type", "password", "credtype", "authtoken",
		"username", w.sim.opts.companyID, "password", w.sim.opts.requestToken,
	}, more...)...)
}

func (w *fixture) login() {
	w.t.Helper()
	answer := w.askToken()
	require.NoError(w.t, answer.err)
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   any    `json:"expires_in"`
	}
	require.NoError(w.t, json.Unmarshal([]byte(answer.body), &token))
	require.Contains(w.t, []any{"3600", 3600.0}, token.ExpiresIn)
	w.bearer = token.AccessToken
}

// send sends a request with the access token to the current host.
func (w *fixture) send(method, path, body string) reply {
	return w.sendTo(w.sim.base(w.host)+path, method, body, http.Header{"Authorization": {"Bearer " + w.bearer}})
}

func (w *fixture) sendTo(address, method, body string, header http.Header) reply {
	scheme, rest, _ := strings.Cut(address, "://")
	host, path, _ := strings.Cut(rest, "/")
	request, err := http.NewRequest(method, scheme+"://"+host, bytes.NewReader([]byte(body)))
	require.NoError(w.t, err)
	request.URL.Opaque = "//" + host + "/" + path
	request.Header = header
	return w.do(request)
}

func (w *fixture) do(request *http.Request) reply {
	response, err := w.client.Do(request.WithContext(w.ctx))
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(body), err}
}

// control calls the control API, expects 200 and reads the answer.
func (w *fixture) control(method, path, body string, into any) {
	w.t.Helper()
	answer := w.tryControl(method, path, body)
	require.Equal(w.t, http.StatusOK, answer.status, answer.body)
	if into != nil {
		require.NoError(w.t, json.Unmarshal([]byte(answer.body), into))
	}
}

func (w *fixture) tryControl(method, path, body string) reply {
	w.t.Helper()
	request, err := http.NewRequest(method, w.sim.Ready().Control+"/control"+path, strings.NewReader(body))
	require.NoError(w.t, err)
	answer := w.do(request)
	require.NoError(w.t, answer.err)
	return answer
}

// submit makes a report with one entry that waits at its first step.
func (w *fixture) submit(name string, more ...string) reportView {
	w.t.Helper()
	var view reportView
	lines := append([]string{"name: " + name, "entries: [{type: MEALS, amount: 12.50}]"}, more...)
	w.control(http.MethodPost, "/reports", strings.Join(lines, "\n"), &view)
	return view
}

func (w *fixture) state(name string) reportView {
	w.t.Helper()
	var view reportView
	w.control(http.MethodGet, "/reports/"+name, "", &view)
	return view
}

func (w *fixture) fault(text string, more ...any) {
	w.t.Helper()
	w.control(http.MethodPost, "/faults", fmt.Sprintf(text, more...), nil)
}

func (w *fixture) read(view reportView) reply {
	return w.send(http.MethodGet, detailsPath+view.Key, "")
}

func (w *fixture) act(step, action, comment string) reply {
	return w.send(http.MethodPost, reportPath+step+"/WorkFlowAction",
		`<WorkflowAction xmlns="`+reportNamespace+`"><Action>`+action+`</Action><Comment>`+comment+`</Comment></WorkflowAction>`)
}

func (w *fixture) approve(view reportView) reply {
	return w.act(w.state(view.Name).Step, "Approve", "")
}

// except posts exceptions with these codes on the report.
func (w *fixture) except(view reportView, codes ...string) reply {
	var items strings.Builder
	for i, code := range codes {
		fmt.Fprintf(&items, "<Exception><Index>%d</Index><ObjectType>Report</ObjectType><ObjectId></ObjectId><ExceptionCode>%s</ExceptionCode></Exception>", i+1, code)
	}
	return w.exceptRaw(view, items.String())
}

func (w *fixture) exceptRaw(view reportView, items string) reply {
	return w.send(http.MethodPost, reportPath+view.RptKey+"/Exceptions", `<Exceptions xmlns="`+reportNamespace+`">`+items+`</Exceptions>`)
}

// brokenInvariants returns the names of the broken invariants.
func (w *fixture) brokenInvariants() []string {
	w.t.Helper()
	var found []journal.Violation
	w.control(http.MethodGet, "/violations", "", &found)
	names := []string{}
	for _, one := range found {
		require.NotEmpty(w.t, one.Journal)
		names = append(names, one.Invariant)
	}
	return names
}

func (w *fixture) journal() []journal.Line {
	w.t.Helper()
	var lines []journal.Line
	w.control(http.MethodGet, "/journal", "", &lines)
	return lines
}

// elementText returns the text of the first element with that name.
func elementText(body, name string) string { return findText([]byte(body), name) }

// waitFor waits until the condition holds. It checks the condition under the simulator's lock.
func (w *fixture) waitFor(holds func() bool) {
	w.t.Helper()
	require.True(w.t, w.sim.wait(w.t.Context(), maxWait, holds), "the condition never held")
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}
