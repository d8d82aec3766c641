package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

const notificationNamespace = "http://www.concursolutions.com/api/notification/2012/06"

// failedList holds the notifications that nobody accepted, until deleted.
type failedList struct {
	items []*failedItem // in the order of their making
	ids   index[*failedItem]
	made  int
}

type failedItem struct {
	ID              string `json:"id"`
	NotificationURI string `json:"notificationUri"`
	EventType       string `json:"eventType"`
	ObjectType      string `json:"objectType"`
	ObjectURI       string `json:"objectUri"`
	EventDateTime   string `json:"eventDateTime"`
	Report          string `json:"report,omitempty"`

	n            int
	report, step string
}

const maxFailed = 25_000

func (l *failedList) find(sent string) *failedItem {
	if found := l.ids.find(sent); len(found) > 0 {
		return found[0]
	}
	return nil
}

func (l *failedList) remove(gone *failedItem) {
	at, found := slices.BinarySearchFunc(l.items, gone.n, func(item *failedItem, n int) int { return item.n - n })
	if found {
		l.items = slices.Delete(l.items, at, at+1)
		l.ids.remove(gone.ID, gone)
	}
}

func (l *failedList) add(item *failedItem) {
	l.items = append(l.items, item)
	l.ids.add(item.ID, item)
}

// fail puts a notification into the failed list, with a link to it on the
// company's present host unless the notification brings its own.
func (s *simulator) fail(n *notification) *failedItem {
	s.failed.made++
	item := &failedItem{
		n:         s.failed.made,
		ID:        makeKey(s.draw("notification", s.failed.made)),
		EventType: n.EventType, ObjectType: n.ObjectType, ObjectURI: n.ObjectURI,
		EventDateTime: n.EventDateTime, Report: n.report,
		report: n.report, step: n.step,
	}
	if len(item.EventDateTime) == len(time.DateOnly) {
		item.EventDateTime += time.Now().UTC().Format("T15:04:05")
	}
	item.NotificationURI = s.homeBase() + failedPath + "/" + item.ID
	if n.NotificationURI != "" {
		item.NotificationURI = n.NotificationURI
		if _, id, ours := strings.Cut(n.NotificationURI, failedPath+"/"); ours && id != "" && !strings.ContainsAny(id, "/?#") {
			item.ID = id
		}
	}
	if len(s.failed.items) < maxFailed {
		s.failed.add(item)
	} else {
		s.log.Warn("failed list is full", "report", n.report)
	}
	s.broadcast()
	return item
}

// handleFailedList plays Get Notifications by Status:
// https://developer.concur.com/api-reference/callouts/get-notifications-status.html.
func (s *simulator) handleFailedList(c *call) answer {
	if !strings.EqualFold(c.query.Get("status"), "failed") {
		return s.errorAnswer(c, http.StatusBadRequest, "The status is not valid.")
	}
	if strings.Contains(c.request.Header.Get("Accept"), "application/json") {
		return s.failedJSON()
	}
	return s.failedXML()
}

func (s *simulator) failedJSON() answer {
	list := []map[string]any{}
	for _, item := range s.failed.items {
		list = append(list, map[string]any{
			"Context": nil, "EventDateTime": item.EventDateTime, "EventType": item.EventType,
			"NotificationURI": item.NotificationURI, "ObjectType": item.ObjectType, "ObjectURI": item.ObjectURI,
		})
	}
	body, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return answer{status: http.StatusInternalServerError, contentType: "application/json"}
	}
	return answer{status: http.StatusOK, contentType: "application/json", body: body}
}

// failedXML varies what the documentation varies: the root's name, the name of
// the link and a wrapper that its text mentions and its example lacks.
func (s *simulator) failedXML() answer {
	random := s.draw("failed list")
	pick := func(forms ...string) string { return forms[random.IntN(len(forms))] }
	root := pick("NotificationList", "NotificationsList")
	link := pick("NotificationURI", "NotificationURL", "NotificationUrl")
	wrapped := random.IntN(3) == 0

	head := root + ` xmlns="` + notificationNamespace + `" xmlns:i="` + instanceNamespace + `"`
	declaration := `<?xml version="1.0" encoding="utf-8"?>` + "\n"
	if len(s.failed.items) == 0 {
		return xmlAnswer(declaration + "<" + head + "/>")
	}
	d := &document{empty: "<%s />"}
	d.WriteString(declaration)
	d.open(head)
	for _, item := range s.failed.items {
		d.open("Notification")
		if wrapped {
			d.open("Failure")
		}
		d.indent()
		d.WriteString(`<Context i:nil="true" />` + "\n")
		d.leaf("EventDateTime", item.EventDateTime)
		d.leaf("EventType", item.EventType)
		d.leaf(link, item.NotificationURI)
		d.leaf("ObjectType", item.ObjectType)
		d.leaf("ObjectURI", item.ObjectURI)
		if wrapped {
			d.close("Failure")
		}
		d.close("Notification")
	}
	d.close(root)
	return xmlAnswer(d.String())
}

// handleFailedDelete plays Delete Notification:
// https://developer.concur.com/api-reference/callouts/delete-notification.html.
func (s *simulator) handleFailedDelete(c *call) answer {
	item := s.failed.find(c.id)
	if item == nil {
		return s.errorAnswer(c, http.StatusNotFound, "The notification does not exist.")
	}
	if r := s.directory.names[item.report]; r != nil && !r.deleted {
		c.entry.undecided = r.status == waiting && r.step == item.step
	}
	s.failed.remove(item)
	c.entry.Effect = true
	s.broadcast()
	return answer{status: http.StatusOK, contentType: xmlType}
}
