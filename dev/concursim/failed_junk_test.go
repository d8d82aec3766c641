package main

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// look is an entry of the failed list as it is read from XML or JSON.
type look struct {
	xml  *node
	doc  []byte
	json map[string]any
}

func (l look) text(name string) string {
	if one := l.xml.child(name); one != nil {
		return one.text(l.doc)
	}
	return "(absent)"
}

// junkLooks check how each kind of junk looks between two good entries.
var junkLooks = map[string]func(t *testing.T, link string, l look){
	"no-object-uri": func(t *testing.T, link string, l look) {
		require.Equal(t, "(absent)", l.text("ObjectURI"))
		require.NotContains(t, l.json, "ObjectURI")
		require.Contains(t, l.text(link), failedPath)
	},
	"no-notification-uri": func(t *testing.T, link string, l look) {
		require.Equal(t, "(absent)", l.text(link))
		require.NotContains(t, l.json, link)
		require.Contains(t, l.text("ObjectURI"), detailsPath)
	},
	"empty": func(t *testing.T, _ string, l look) {
		require.Empty(t, l.xml.children)
		require.Empty(t, l.json)
	},
	"unknown-element": func(t *testing.T, link string, l look) {
		require.Equal(t, "high", l.text("Priority"))
		require.Equal(t, map[string]any{"ObjectType": "NONE", "Weight": "7"}, l.json["Attachment"])
		require.Equal(t, l.text(link), l.json[link])
		require.Contains(t, l.text("ObjectURI"), detailsPath)
	},
	"nested": func(t *testing.T, link string, l look) {
		require.Len(t, l.xml.children, 1)
		require.Equal(t, "Details", l.xml.children[0].name)
		require.Contains(t, l.json["Details"], "ObjectURI")
	},
	"not-text": func(t *testing.T, link string, l look) {
		require.Len(t, l.xml.child("ObjectURI").children, 1)
		_, isText := l.json["ObjectURI"].(string)
		require.False(t, isText)
		require.Contains(t, l.json, "ObjectURI")
	},
	"foreign-uri": func(t *testing.T, link string, l look) {
		for _, name := range []string{link, "ObjectURI"} {
			require.True(t, strings.HasPrefix(l.text(name), foreignHost+"/api/"), l.text(name))
			require.Equal(t, l.text(name), l.json[name])
		}
	},
	"not-well-formed": func(*testing.T, string, look) {}, // it cannot be read
	"bad-date": func(t *testing.T, _ string, l look) {
		_, err := time.Parse(wireTime, l.text("EventDateTime"))
		require.Error(t, err)
		require.Equal(t, l.text("EventDateTime"), l.json["EventDateTime"])
	},
	"long-text": func(t *testing.T, _ string, l look) {
		require.Len(t, strings.TrimSpace(l.json["EventType"].(string)), 100_000)
		require.Equal(t, l.text("EventType"), l.json["EventType"])
	},
}

func TestJunk(t *testing.T) {
	t.Parallel()
	for _, kind := range junkKinds {
		t.Run(kind.name+" is listed among good entries, in XML and JSON", func(t *testing.T) {
			t.Parallel()
			looks := junkLooks[kind.name]
			require.NotNil(t, looks, "a kind of junk without a test")
			for seed := uint64(1); seed <= 6; seed++ {
				w := newFixture(t, func(o *options) { o.seed = seed })
				w.control(http.MethodPost, "/reports", "{name: r, copies: 2, failed: true}", nil)
				w.control(http.MethodPost, "/failed", "junk: "+kind.name, nil)
				w.submit("last", "failed: true")

				body := []byte(w.failedList("application/xml").body)
				if kind.name == "not-well-formed" {
					require.Error(t, xml.Unmarshal(body, new(struct{})))
					require.Equal(t, 1, strings.Count(string(body), "Travel & Expense"))
					list := w.failedList("application/json").body
					require.False(t, json.Valid([]byte(list)))
					require.Equal(t, 1, strings.Count(list, `"Travel and Expense`))
					continue
				}
				require.NoError(t, xml.Unmarshal(body, new(struct{})))
				root, err := scan(body)
				require.NoError(t, err)
				items := w.failedJSON()
				require.Len(t, root.children, 4)
				require.Len(t, items, 4)
				form := w.sim.failed.form
				for i, one := range root.children {
					if form.wrapped {
						one = one.children[0]
					}
					l := look{one, body, items[i]}
					if i == 2 {
						looks(t, form.link, l)
						continue
					}
					require.Len(t, one.children, 6)
					require.Equal(t, l.text(form.link), l.json[form.link])
					require.Equal(t, w.sim.failed.items[i].ObjectURI, l.text("ObjectURI"))
				}
			}
		})
	}
	t.Run("junk in JSON has a number, an object and null instead of a text", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		values := []any{}
		for range 3 {
			w.control(http.MethodPost, "/failed", "junk: not-text", nil)
		}
		for _, item := range w.failedJSON() {
			values = append(values, item["ObjectURI"])
		}
		require.ElementsMatch(t, []any{7.0, map[string]any{"Part": "1"}, nil}, values)
	})
	t.Run("junk about a report can be deleted like any other entry", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		var item failedItem
		w.control(http.MethodPost, "/reports/r/callout", "{failed: true, junk: bad-date}", &item)
		require.Equal(t, "bad-date", item.Junk)
		require.Equal(t, r.ObjectURI, w.failedJSON()[0]["ObjectURI"])
		w.approve(r)
		require.Equal(t, http.StatusOK, w.send(http.MethodDelete, pathOf(item.NotificationURI), "").status)
		require.Empty(t, w.failedJSON())

		w.submit("s", "failed: true", "junk: no-object-uri")
		require.Equal(t, "s", w.sim.failed.items[0].Report)
		require.NotContains(t, w.failedJSON()[0], "ObjectURI")
	})
	t.Run("unknown junk and junk in a callout are refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("r")
		for path, body := range map[string]string{
			"/failed": "junk: sand", "/callouts": "{objectUri: 'https://h/x', junk: empty}",
			"/reports/r/callout": "junk: empty", "/reports": "{name: s, junk: empty}",
		} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, path, body).status, path)
		}
		require.Empty(t, w.failedJSON())
	})
}
