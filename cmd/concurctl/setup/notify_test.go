package setup

import (
	"crypto/tls"
	"errors"
	"net/http"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/require"
)

func TestNotifySendsWhatConcurSendsToARealEndpoint(t *testing.T) {
	t.Parallel()
	a, s := clitest.NewAuthority(t), clitest.NewStarter(nil)
	server := clitest.Endpoint(t, s, &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}})
	env := clitest.Settings{"CONCUR_CALLOUT_USER": clitest.CalloutUser, "CONCUR_CALLOUT_PASSWORD_FILE": clitest.File(t, "password", clitest.CalloutPassword+"\n")}
	ended := concurctl.Start(t, env, "", "notify", "--url", server.URL, "--ca", a.File, "--object-uri", clitest.ObjectURI, "-o", "json")
	require.Zero(t, ended.Code, ended.Errs)
	require.NotContains(t, ended.Out+ended.Errs, clitest.CalloutPassword)
	n := <-s.Got
	require.Equal(t, "EXPRPT:9%Qab$pZ&1", n.ID())
	require.Equal(t, clitest.ObjectURI, n.ObjectURI)
	require.Equal(t, "EXPRPT", n.ObjectType)
	require.NotEmpty(t, n.EventType)
	require.NotEmpty(t, n.EventDateTime)
	answer := clitest.Read[notified](t, ended)
	require.Equal(t, http.StatusOK, answer.Status)
	require.Equal(t, n.ID(), answer.NotificationID)
	require.Equal(t, "stored", answer.Answer)
	require.Contains(t, answer.Meaning, "stored")
}

func TestNotifyTellsOfWhateverHasAnAddress(t *testing.T) {
	t.Parallel()
	a, s := clitest.NewAuthority(t), clitest.NewStarter(nil)
	server := clitest.Endpoint(t, s, &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}})
	for uri, id := range map[string]string{
		"https://us.api.concursolutions.com/expensereports/v4/users/" + clitest.PairOwner + "/context/TRAVELER/reports/" + clitest.PairReport: "EXPRPT:" + clitest.PairReport,
		"https://us.api.concursolutions.com/travelrequest/v4/requests/0f0e0d0c0b0a49388776655443322110":                                       "TRAVELREQ:0f0e0d0c0b0a49388776655443322110",
	} {
		ended := concurctl.Start(t, clitest.CalloutEnv(), "", "notify", "--url", server.URL, "--ca", a.File, "--object-uri", uri, "-o", "json")
		require.Zero(t, ended.Code, ended.Errs)
		n := <-s.Got
		require.Equal(t, id, n.ID())
		require.Equal(t, uri, n.ObjectURI)
		require.False(t, n.IsRequestV1())
		require.Equal(t, id, clitest.Read[notified](t, ended).NotificationID)
	}
}

func TestNotifySaysWhatARefusalMeans(t *testing.T) {
	t.Parallel()
	a := clitest.NewAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}}
	down := clitest.Endpoint(t, clitest.NewStarter(errors.New("no Temporal")), config)
	elsewhere := clitest.ListenTLS(t, http.RedirectHandler("https://127.0.0.1:1/", http.StatusFound), config)
	for name, c := range map[string]struct {
		url  string
		env  clitest.Settings
		says string
	}{
		"Temporal is down":          {down.URL, nil, "HTTP 503 in "},
		"another password":          {down.URL, clitest.Settings{"CONCUR_CALLOUT_PASSWORD": "another-password"}, "the endpoint has another user name or password"},
		"another path":              {down.URL, clitest.Settings{"CONCUR_NOTIFY_PATH": "/elsewhere"}, "compare CONCUR_NOTIFY_PATH"},
		"a endpoint that redirects": {elsewhere.URL, nil, "a redirect, which Concur does not follow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := clitest.CalloutEnv()
			for name, value := range c.env {
				env[name] = value
			}
			ended := concurctl.Start(t, env, "", "notify", "--url", c.url, "--ca", a.File, "--object-uri", clitest.ObjectURI)
			require.Equal(t, 1, ended.Code)
			require.Contains(t, ended.Out, c.says)
			require.Contains(t, ended.Errs, "concurctl: the notification was not stored: HTTP ")
		})
	}
}

func TestNotifySendsNothingWhenSomethingIsWrongHere(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 1)
	server := clitest.ListenTLS(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- struct{}{} }), nil)
	for name, c := range map[string]struct {
		env  clitest.Settings
		args []string
		says string
	}{
		"no credential":              {nil, []string{"--url", server.URL}, "CONCUR_CALLOUT_USER is required"},
		"a short password":           {clitest.Settings{"CONCUR_CALLOUT_USER": clitest.CalloutUser, "CONCUR_CALLOUT_PASSWORD": "short"}, []string{"--url", server.URL}, "CONCUR_CALLOUT_PASSWORD must be 10 to 49 characters long"},
		"no url":                     {clitest.CalloutEnv(), nil, "--url is missing"},
		"a url in clear":             {clitest.CalloutEnv(), []string{"--url", "http://connector.example.com"}, "the password would travel in clear"},
		"a url with a path":          {clitest.CalloutEnv(), []string{"--url", server.URL + "/concur"}, "without a path"},
		"a url with a password":      {clitest.CalloutEnv(), []string{"--url", "https://a:b@127.0.0.1"}, "--url must be https://host"},
		"certificates that are none": {clitest.CalloutEnv(), []string{"--url", server.URL, "--ca", clitest.File(t, "ca.pem", "none")}, "contains no certificate in PEM form"},
		"an authority of nobody":     {clitest.CalloutEnv(), []string{"--url", server.URL, "--object-uri", clitest.ObjectURI}, "reach 127.0.0.1:"},
		"no object":                  {clitest.CalloutEnv(), []string{"--url", server.URL}, "--object-uri cannot be used: ObjectURI is empty"},
		"an object without a key":    {clitest.CalloutEnv(), []string{"--url", server.URL, "--object-uri", "https://www.concursolutions.com/"}, "has no key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := concurctl.Start(t, c.env, "", append([]string{"notify"}, c.args...)...)
			require.Equal(t, 1, ended.Code)
			require.Contains(t, ended.Errs, c.says)
			require.Empty(t, ended.Out)
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
