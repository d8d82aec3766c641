package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// received is a callout as the connector received it.
type received struct {
	path, user, password, contentType, body string
}

// connectorWith starts a TLS connector that answers with the given statuses.
func connectorWith(t *testing.T, status func() int) (func(*options), chan received) {
	t.Helper()
	got := make(chan received, 100)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == testPath {
			return
		}
		user, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		got <- received{r.URL.Path, user, password, r.Header.Get("Content-Type"), string(body)}
		w.WriteHeader(status())
	}))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "connector.pem")
	writeFile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return func(o *options) { o.calloutURL, o.calloutCA = server.URL, ca }, got
}

func always(status int) func() int { return func() int { return status } }

func TestCallouts(t *testing.T) {
	t.Parallel()
	t.Run("a callout is in the documented form, with Basic credentials over HTTPS", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		r := w.submit("r", "key: 1%Zz$p")
		callout := <-got
		require.Equal(t, "/concur/v1.0/notify", callout.path)
		require.Equal(t, []string{"simulated-user", "simulated-password"}, []string{callout.user, callout.password})
		require.Equal(t, "application/xml", callout.contentType)
		require.True(t, strings.HasPrefix(callout.body, "<?xml version=\"1.0\" encoding=\"UTF-8\"\u00a0?>\n<Notification>"))
		require.Contains(t, callout.body, "Workflow Step - SUBMIT</EventType>")
		require.Contains(t, callout.body, "<ObjectURI>"+r.ObjectURI+"</ObjectURI>")
		require.Len(t, elementText(callout.body, "EventDateTime"), len(time.DateOnly))
		require.Contains(t, callout.body, "<Context/>")
	})
	t.Run("callouts are sent in order, and only while they are not paused", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		w.control(http.MethodPost, "/callouts/pause", "", nil)
		uris := []string{w.submit("a").ObjectURI, w.submit("b").ObjectURI, w.submit("c").ObjectURI}
		var queue callouts
		w.control(http.MethodGet, "/callouts", "", &queue)
		require.Len(t, queue.Queue, 3)
		require.True(t, queue.Paused)
		w.control(http.MethodPost, "/callouts/resume", "", nil)
		for _, uri := range uris {
			require.Equal(t, uri, elementText((<-got).body, "ObjectURI"))
		}
		w.waitFor(func() bool { return sentFor(w.sim, "c") == 1 })
		w.control(http.MethodGet, "/callouts", "", &queue)
		require.Len(t, queue.History, 3)
		require.Equal(t, http.StatusOK, queue.History[2].Status)
	})
	t.Run("a pause does not change the order", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		uris := []string{}
		submit := func(names ...string) {
			for _, name := range names {
				uris = append(uris, w.submit(name).ObjectURI)
			}
		}
		submit("z", "a", "m")
		require.Equal(t, uris[0], elementText((<-got).body, "ObjectURI"))
		w.control(http.MethodPost, "/callouts/pause", "", nil)
		submit("y", "b")
		w.control(http.MethodPost, "/reports/a/callout", "", nil)
		uris = append(uris, uris[1])
		w.control(http.MethodPost, "/callouts/resume", "", nil)
		submit("x", "c")
		for _, uri := range uris[1:] {
			require.Equal(t, uri, elementText((<-got).body, "ObjectURI"))
		}
	})
	t.Run("a callout that is not answered with 200 goes to the failed list", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusCreated))
		w := newFixture(t, connector, func(o *options) { o.calloutTries = 2 })
		r := w.submit("r")
		w.waitFor(func() bool { return len(w.sim.failed.items) == 1 })
		require.Len(t, got, 2)
		item := w.sim.failed.items[0]
		require.Equal(t, r.ObjectURI, item.ObjectURI)
		require.Equal(t, w.sim.Ready().API+failedPath+"/"+item.ID, item.NotificationURI)
		require.Len(t, item.EventDateTime, len(wireTime))
	})
	t.Run("a callout without an answer in time has failed", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		connector, _ := connectorWith(t, func() int { <-release; return http.StatusOK })
		w := newFixture(t, connector, func(o *options) { o.calloutTimeout = 20 * time.Millisecond })
		t.Cleanup(func() { close(release) })
		w.submit("r")
		w.waitFor(func() bool { return len(w.sim.failed.items) == 1 })
	})
	t.Run("a callout can be sent again with changes", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		w.submit("r")
		first := <-got
		w.control(http.MethodPost, "/reports/r/callout", "", nil)
		require.Equal(t, first.body, (<-got).body)
		w.control(http.MethodPost, "/reports/r/callout", "{objectUri: 'https://evil.example/api/x', objectType: TRAVELREQ, eventType: Other}", nil)
		hostile := (<-got).body
		require.Equal(t, "https://evil.example/api/x", elementText(hostile, "ObjectURI"))
		require.Equal(t, "TRAVELREQ", elementText(hostile, "ObjectType"))
		w.control(http.MethodPost, "/callouts", "body: not XML at all", nil)
		require.Equal(t, "not XML at all", (<-got).body)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/callouts", "").status)
	})
}
