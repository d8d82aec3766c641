package main

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const notificationNamespace = "http://www.concursolutions.com/api/notification/2012/06"

// failedList holds the notifications that the connector did not accept, until it deletes
// them.
type failedList struct {
	items   []*failedItem // in the order in which they failed
	ids     index[*failedItem]
	made    int
	deleted map[*failedItem]time.Time // deleted entries, and until when reads still show them
	form    failedForm
	format  string
}

func newFailedList(opts options) failedList {
	return failedList{ids: index[*failedItem]{}, deleted: map[*failedItem]time.Time{}, form: newFailedForm(opts.seed), format: opts.failedFormat}
}

type failedItem struct {
	ID              string `json:"id"`
	NotificationURI string `json:"notificationUri"`
	EventType       string `json:"eventType"`
	ObjectType      string `json:"objectType"`
	ObjectURI       string `json:"objectUri"`
	EventDateTime   string `json:"eventDateTime"`
	Report          string `json:"report,omitempty"`
	Junk            string `json:"junk,omitempty"`

	n         int
	step      string // of the report when the callout failed
	xml, json string // the rendered entry, once it was requested
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

// fail adds a notification to the failed list. Its link names the company's present host
// unless the notification brings a link.
func (s *simulator) fail(n *notification) *failedItem {
	s.failed.made++
	item := &failedItem{
		n:         s.failed.made,
		ID:        makeKey(s.draw("notification", s.failed.made)),
		EventType: n.EventType, ObjectType: n.ObjectType, ObjectURI: n.ObjectURI,
		EventDateTime: n.EventDateTime, Report: n.report, Junk: n.Junk,
		step: n.step,
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

// handleFailedList simulates Get Notifications by Status:
// https://developer.concur.com/api-reference/callouts/get-notifications-status.html.
func (s *simulator) handleFailedList(c *call) answer {
	if !strings.EqualFold(c.query.Get("status"), "failed") {
		return s.errorAnswer(c, http.StatusBadRequest, "The status is not valid.")
	}
	if s.failedJSONAsked(c) {
		return s.failedJSON()
	}
	return s.failedXML()
}

// handleFailedDelete simulates Delete Notification:
// https://developer.concur.com/api-reference/callouts/delete-notification.html. The page
// documents 200, 400 and 403, but no 404.
func (s *simulator) handleFailedDelete(c *call) answer {
	item := s.failed.find(c.id)
	if item == nil {
		return s.errorAnswer(c, http.StatusBadRequest, "The request is malformed.")
	}
	// A callout about a travel request stands for every request that is submitted, so its
	// notification may be deleted at any time.
	if r := s.directory.names[item.Report]; r != nil && !r.deleted && r.status == waiting && r.step == item.step && !r.desc.Request {
		c.entry.SetUndecided()
	}
	s.failed.remove(item)
	if r := s.directory.names[item.Report]; r != nil && r.visibleAfter() > 0 {
		s.failed.deleted[item] = time.Now().Add(r.visibleAfter())
	}
	c.entry.SetEffect()
	s.broadcast()
	return answer{status: http.StatusOK, contentType: xmlType}
}
