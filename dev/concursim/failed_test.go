package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func (w *fixture) failedList(accept ...string) reply {
	header := http.Header{"Authorization": {"Bearer " + w.bearer}, "Accept": accept}
	return w.sendTo(w.sim.base(w.host)+failedPath+"?status=FAILED", http.MethodGet, "", header)
}

// failedJSON returns the list in JSON, without the Failure around its entries.
func (w *fixture) failedJSON() []map[string]any {
	w.t.Helper()
	answer := w.failedList("application/json")
	require.Equal(w.t, "application/json", answer.header.Get("Content-Type"))
	var items []map[string]any
	require.NoError(w.t, json.Unmarshal([]byte(answer.body), &items), answer.body)
	for i, item := range items {
		if inner, wrapped := item["Failure"].(map[string]any); wrapped {
			items[i] = inner
		}
	}
	return items
}

func TestFailedList(t *testing.T) {
	t.Parallel()
	t.Run("the failed list has every documented form, also when it is empty", func(t *testing.T) {
		t.Parallel()
		inXML, inJSON := map[string]bool{}, map[string]bool{}
		for seed := uint64(1); seed <= 10; seed++ {
			w := newFixture(t, func(o *options) { o.seed = seed })
			require.Equal(t, "[]", w.failedList("application/json").body)
			root, err := scan([]byte(w.failedList("application/xml").body))
			require.NoError(t, err)
			require.True(t, root.selfClosed)
			w.control(http.MethodPost, "/failed", "{objectUri: 'https://www.concursolutions.com/a?b&c', notificationUri: 'https://evil.example/x'}", nil)
			w.control(http.MethodPost, "/failed", "{objectUri: 'https://www.concursolutions.com/second'}", nil)

			body := w.failedList("application/json").body
			inJSON["Failure"] = inJSON["Failure"] || strings.HasPrefix(body, "[\n  {\"Failure\": {")
			items := w.failedJSON()
			require.Len(t, items, 2)
			require.Contains(t, items[0], "Context")
			require.Nil(t, items[0]["Context"])
			require.Equal(t, "https://www.concursolutions.com/a?b&c", items[0]["ObjectURI"])
			for _, name := range []string{"NotificationURI", "NotificationURL", "NotificationUrl"} {
				if items[0][name] != nil {
					require.Equal(t, "https://evil.example/x", items[0][name])
					inJSON[name] = true
				}
			}

			xml := w.failedList("application/xml").body
			root, err = scan([]byte(xml))
			require.NoError(t, err)
			inXML[root.name] = true
			root.every(func(n *node) {
				if strings.HasPrefix(n.name, "Notification") || n.name == "Failure" {
					inXML[n.name] = true
				}
			})
			require.Equal(t, "https://www.concursolutions.com/a?b&c", elementText(xml, "ObjectURI"))
		}
		for _, name := range []string{"NotificationURI", "NotificationURL", "NotificationUrl", "Failure"} {
			require.True(t, inXML[name], "%s never came in XML", name)
			require.True(t, inJSON[name], "%s never came in JSON", name)
		}
		require.True(t, inXML["NotificationList"] && inXML["NotificationsList"])
	})
	t.Run("only a client that accepts nothing but JSON gets JSON", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for accept, want := range map[string]string{
			"application/json": "application/json", "application/json;q=1, application/json": "application/json",
			"application/xml": xmlType, "application/json, application/xml": xmlType, "*/*": xmlType, "": xmlType,
		} {
			require.Equal(t, want, w.failedList(accept).header.Get("Content-Type"), accept)
		}
		require.Equal(t, xmlType, w.failedList().header.Get("Content-Type"))
		w.control(http.MethodPost, "/failed-format", "format: json", nil)
		require.Equal(t, "[]", w.failedList("application/xml").body)
		require.Equal(t, "application/json", w.failedList("application/xml").header.Get("Content-Type"))
		w.control(http.MethodPost, "/failed-format", "format: xml", nil)
		require.Equal(t, xmlType, w.failedList("application/json").header.Get("Content-Type"))
		w.control(http.MethodPost, "/failed-format", "format: as-asked", nil)
		require.Equal(t, "[]", w.failedList("application/json").body)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/failed-format", "format: yaml").status)

		started := newFixture(t, func(o *options) { o.failedFormat = asJSON })
		require.Equal(t, "[]", started.failedList("application/xml").body)
	})
	t.Run("only the status failed is accepted", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodGet, failedPath+"?status=open", "").status)
	})
	t.Run("an entry with another link can be deleted by its ID", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.control(http.MethodPost, "/failed", "{objectUri: 'https://h/x', notificationUri: 'https://www.concursolutions.com"+failedPath+"/5%Zz$s'}", nil)
		require.Equal(t, http.StatusOK, w.send(http.MethodDelete, failedPath+"/5%25Zz$s", "").status)
		var items []failedItem
		w.control(http.MethodGet, "/failed", "", &items)
		require.Empty(t, items)
	})
	t.Run("a deletion keeps the order of the other entries", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.control(http.MethodPost, "/reports", "{name: r, copies: 5, failed: true}", nil)
		for _, at := range []int{1, 3} {
			w.approve(w.state(w.sim.failed.items[at].Report))
			require.Equal(t, http.StatusOK, w.send(http.MethodDelete, pathOf(w.sim.failed.items[at].NotificationURI), "").status)
		}
		names := []string{}
		for _, item := range w.sim.failed.items {
			names = append(names, item.Report)
		}
		require.Equal(t, []string{"r-1", "r-3", "r-4"}, names)
	})
}
