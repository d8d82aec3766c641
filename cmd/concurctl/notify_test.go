package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/ingress"
)

const (
	calloutUser     = "concur-callouts"
	calloutPassword = "a:password:with:colons"
	objectURI       = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/9%Qab$pZ&1"
)

// starter stands in for Temporal behind a real door.
type starter struct {
	got   chan expense.Notification
	fails error
}

func (s *starter) Start(_ context.Context, n expense.Notification) (bool, error) {
	s.got <- n
	return true, s.fails
}

func newStarter(fails error) *starter {
	return &starter{got: make(chan expense.Notification, 1), fails: fails}
}

// publicDoor is the connector's own, with a certificate as it should be.
func publicDoor(t *testing.T, s *starter, config *tls.Config) *httptest.Server {
	t.Helper()
	handler, err := ingress.New(ingress.Options{
		Credentials: []ingress.Credential{ingress.NewCredential(calloutUser, calloutPassword)}, Starter: s, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return listenTLS(t, handler, config)
}

func calloutEnv() settings {
	return settings{"CONCUR_CALLOUT_USER": calloutUser, "CONCUR_CALLOUT_PASSWORD": calloutPassword}
}

func TestNotifySendsWhatConcurSendsToARealDoor(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t), newStarter(nil)
	server := publicDoor(t, s, &tls.Config{Certificates: []tls.Certificate{a.ordinary(t)}})
	env := settings{"CONCUR_CALLOUT_USER": calloutUser, "CONCUR_CALLOUT_PASSWORD_FILE": file(t, "password", calloutPassword+"\n")}
	ended := play(t, env, "", "notify", "--url", server.URL, "--ca", a.file, "--object-uri", objectURI, "-o", "json")
	require.Zero(t, ended.code, ended.errs)
	require.NotContains(t, ended.out+ended.errs, calloutPassword)
	n := <-s.got
	require.Equal(t, "EXPRPT:9%Qab$pZ&1", n.ID())
	require.Equal(t, objectURI, n.ObjectURI)
	require.Equal(t, "EXPRPT", n.ObjectType)
	require.NotEmpty(t, n.EventType)
	require.NotEmpty(t, n.EventDateTime)
	answer := read[notified](t, ended)
	require.Equal(t, http.StatusOK, answer.Status)
	require.Equal(t, n.ID(), answer.NotificationID)
	require.Equal(t, "stored", answer.Answer)
	require.Equal(t, "stored; a run is started, or the open one is told", answer.Meaning)
}

func TestNotifyTellsOfWhateverHasAnAddress(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t), newStarter(nil)
	server := publicDoor(t, s, &tls.Config{Certificates: []tls.Certificate{a.ordinary(t)}})
	for uri, id := range map[string]string{
		"https://us.api.concursolutions.com/expensereports/v4/users/" + pairOwner + "/context/TRAVELER/reports/" + pairReport: "EXPRPT:" + pairReport,
		"https://us.api.concursolutions.com/travelrequest/v4/requests/0f0e0d0c0b0a49388776655443322110":                       "TRAVELREQ:0f0e0d0c0b0a49388776655443322110",
	} {
		ended := play(t, calloutEnv(), "", "notify", "--url", server.URL, "--ca", a.file, "--object-uri", uri, "-o", "json")
		require.Zero(t, ended.code, ended.errs)
		n := <-s.got
		require.Equal(t, id, n.ID())
		require.Equal(t, uri, n.ObjectURI)
		require.False(t, n.IsRequestV1())
		require.Equal(t, id, read[notified](t, ended).NotificationID)
	}
}

func TestNotifySaysWhatARefusalMeans(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.ordinary(t)}}
	down := publicDoor(t, newStarter(errors.New("no Temporal")), config)
	elsewhere := listenTLS(t, http.RedirectHandler("https://127.0.0.1:1/", http.StatusFound), config)
	for name, c := range map[string]struct {
		url  string
		env  settings
		says string
	}{
		"Temporal is down":      {down.URL, nil, "HTTP 503 in "},
		"another password":      {down.URL, settings{"CONCUR_CALLOUT_PASSWORD": "another-password"}, "the door has another user name or password"},
		"another path":          {down.URL, settings{"CONCUR_NOTIFY_PATH": "/elsewhere"}, "compare CONCUR_NOTIFY_PATH"},
		"a door that redirects": {elsewhere.URL, nil, "a redirect, which Concur does not follow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := calloutEnv()
			for name, value := range c.env {
				env[name] = value
			}
			ended := play(t, env, "", "notify", "--url", c.url, "--ca", a.file, "--object-uri", objectURI)
			require.Equal(t, 1, ended.code)
			require.Contains(t, ended.out, c.says)
			require.Contains(t, ended.errs, "concurctl: the notification was not stored: HTTP ")
		})
	}
}

func TestNotifySendsNothingWhenSomethingIsWrongHere(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 1)
	server := listenTLS(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- struct{}{} }), nil)
	for name, c := range map[string]struct {
		env  settings
		args []string
		says string
	}{
		"no credential":              {nil, []string{"--url", server.URL}, "CONCUR_CALLOUT_USER is required"},
		"a short password":           {settings{"CONCUR_CALLOUT_USER": calloutUser, "CONCUR_CALLOUT_PASSWORD": "short"}, []string{"--url", server.URL}, "CONCUR_CALLOUT_PASSWORD must be 10 to 49 characters long"},
		"no url":                     {calloutEnv(), nil, "--url is missing"},
		"a url in clear":             {calloutEnv(), []string{"--url", "http://connector.example.com"}, "the password would travel in clear"},
		"a url with a path":          {calloutEnv(), []string{"--url", server.URL + "/concur"}, "without a path"},
		"a url with a password":      {calloutEnv(), []string{"--url", "https://a:b@127.0.0.1"}, "--url must be https://host"},
		"certificates that are none": {calloutEnv(), []string{"--url", server.URL, "--ca", file(t, "ca.pem", "none")}, "holds no certificate in PEM form"},
		"an authority of nobody":     {calloutEnv(), []string{"--url", server.URL, "--object-uri", objectURI}, "reach 127.0.0.1:"},
		"no object":                  {calloutEnv(), []string{"--url", server.URL}, "--object-uri cannot be used: ObjectURI is empty"},
		"an object without a key":    {calloutEnv(), []string{"--url", server.URL, "--object-uri", "https://www.concursolutions.com/"}, "has no key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := play(t, c.env, "", append([]string{"notify"}, c.args...)...)
			require.Equal(t, 1, ended.code)
			require.Contains(t, ended.errs, c.says)
			require.Empty(t, ended.out)
			require.Empty(t, reached)
		})
	}
}

func TestEveryAnswerOfADoorHasAMeaning(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 301, 400, 401, 403, 404, 405, 413, 429, 500, 502, 503} {
		require.NotEmpty(t, meaning(status))
	}
	require.NotEqual(t, meaning(200), meaning(204), "only 200 means stored")
}

func TestDecodeSaysWhatBecomesOfACallout(t *testing.T) {
	t.Parallel()
	for uri, says := range map[string]string{
		objectURI: "a callout about an expense report",
		"https://www.concursolutions.com/api/travelrequest/v1.0/requests/gWqmsMJ4KYsYDsy": "a callout about a travel request, by an address that has ended: whatever request waits is taken up; a rules file without a rule of level request judges none",
		"https://us.api.concursolutions.com/travelrequest/v4/requests/0f0e0d0c0b0a4938":   "a callout about a travel request; a rules file without a rule of level request judges none",
		"https://www.concursolutions.com/api/invoice/v1.0/key":                            "a callout about an object of a kind that nobody documents, which becomes a run that ends unsupported",
	} {
		p, err := decodeCallout([]byte(callout(expense.Notification{ObjectURI: uri})))
		require.NoError(t, err)
		require.Equal(t, says, p.About)
	}
}
