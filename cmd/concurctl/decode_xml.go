package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// shape is what tells one XML document from another.
type shape struct {
	root      string // in lower case, without its namespace
	namespace string
	names     map[string]bool // of every element, in lower case
	most      int             // the largest number in an Index, or sum of the counts of exceptions
}

// shapeOf reads as far as it can: whether the document is whole is for its decoder
// to say.
func shapeOf(body []byte) shape {
	s := shape{names: map[string]bool{}}
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var name string
	var index, counts int
	for {
		token, err := decoder.Token()
		if err != nil {
			s.most = max(index, counts)
			return s
		}
		switch t := token.(type) {
		case xml.StartElement:
			name = strings.ToLower(t.Name.Local)
			if s.root == "" {
				s.root, s.namespace = name, t.Name.Space
			}
			s.names[name] = true
		case xml.EndElement:
			name = ""
		case xml.CharData:
			n, err := strconv.Atoi(strings.TrimSpace(string(t)))
			switch {
			case err != nil || n < 0 || n > maxPayload:
			case name == "index":
				index = max(index, n)
			case name == "exceptions-succeeded", name == "exceptions-failed":
				counts += n
			}
		}
	}
}

func (s shape) has(names ...string) bool {
	for _, name := range names {
		if s.names[name] {
			return true
		}
	}
	return false
}

func decodeXML(body []byte) (payload, error) {
	if wire.IsHTML(body) {
		return payload{}, errors.New("the payload is a web page, as a gateway answers in Concur's place")
	}
	s := shapeOf(body)
	switch s.root {
	case "":
		return payload{}, errors.New("the payload is not well-formed XML: it has no root element")
	case "notification":
		return decodeCallout(body)
	case "notificationlist", "notificationslist":
		return decodeFailedList(body)
	case "reportdetails":
		return decodeReport(body, s)
	case "reportslist":
		return decodeReportsList(body)
	case "exception-result":
		return decodeExceptionResult(body, s)
	case "actionstatus":
		return decodeActionStatus(body)
	}
	if p, ok, err := decodeRequestV1(body, s.root); ok {
		return p, err
	}
	if what, ok := strangers[s.root]; ok {
		return payload{}, fmt.Errorf("the payload is %s", what)
	}
	if code, message := wire.DecodeError(body); s.has("error") && code+message != "" {
		return payload{Payload: "error", About: "an error that Concur reports", View: errorView{Code: code, Message: message}}, nil
	}
	return payload{}, errors.New("the payload is XML, and none of Concur's that the connector reads")
}

// strangers are documents that look like Concur's, by their root, and are not read.
var strangers = map[string]string{
	"requeststatus":  "an answer of Request v1 to a posted travel request; it is not read",
	"exceptions":     "what the connector sends to post exceptions, not what Concur answers",
	"workflowaction": "what the connector sends to take an action, not what Concur answers",
	"access_token":   "a token of the interface from before 2017; it is not read",
}

// calloutView is a notification with the ID that its run has.
type calloutView struct {
	ID string `json:"id"`
	expense.Notification
}

func decodeCallout(body []byte) (payload, error) {
	n, err := wire.DecodeNotification(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "callout", About: "a callout about " + article(n), View: calloutView{ID: n.ID(), Notification: n}}, nil
}

func article(n expense.Notification) string {
	const judged = "a rules file without a rule of level request judges none"
	switch {
	case n.Kind == expense.ReportObject:
		return "an expense report"
	case n.IsTrigger():
		return "a travel request, by an address that has ended: whatever request waits is taken up; " + judged
	case n.Kind == expense.RequestObject:
		return "a travel request; " + judged
	}
	return "an object of a kind that nobody documents, which becomes a run that ends unsupported"
}

// listView is the failed list: what a sweep would take up, and what it would not.
type listView struct {
	Notifications []calloutView         `json:"notifications"`
	Strange       []expense.Quarantined `json:"strange"`
}

func (v *listView) add(item wire.FailedItem) {
	if item.Reason != "" {
		v.Strange = append(v.Strange, expense.Quarantined{NotificationURI: item.Notification.NotificationURI, Reason: item.Reason})
		return
	}
	v.Notifications = append(v.Notifications, calloutView{ID: item.Notification.ID(), Notification: item.Notification})
}

func decodeFailedList(body []byte) (payload, error) {
	view := listView{Notifications: []calloutView{}, Strange: []expense.Quarantined{}}
	err := wire.DecodeFailedList(bytes.NewReader(body), func(item wire.FailedItem) error {
		view.add(item)
		return nil
	})
	if err != nil {
		return payload{}, err
	}
	about := "the failed list with " + count(len(view.Notifications)+len(view.Strange), "entry")
	if n := len(view.Strange); n > 0 {
		about += fmt.Sprintf(", of which %d cannot be understood", n)
	}
	return payload{Payload: "failed list", About: about, View: view}, nil
}

// itemView is what became of one exception.
type itemView struct {
	Index   int    `json:"index"` // from 1, as it was sent
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

func decodeExceptionResult(body []byte, s shape) (payload, error) {
	const mostSent = 10000 // more than any report has
	if s.most > mostSent {
		return payload{}, fmt.Errorf("the answer to the exceptions cannot be read: it speaks of more than %d", mostSent)
	}
	results, err := wire.DecodeExceptionResult(body, s.most)
	if err != nil {
		return payload{}, err
	}
	view := make([]itemView, len(results))
	refused := 0
	for i, r := range results {
		view[i] = itemView{Index: i + 1, OK: r.OK, Message: r.Message}
		if !r.OK {
			refused++
		}
	}
	about := fmt.Sprintf("the answer to %s, of which %d were refused", count(len(view), "posted exception"), refused)
	return payload{Payload: "exception result", About: about, View: view}, nil
}

// actionView is what Concur says of an action.
type actionView struct {
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

func decodeActionStatus(body []byte) (payload, error) {
	ok, message, err := wire.DecodeActionStatus(body)
	if err != nil {
		return payload{}, err
	}
	about := "the answer to an action that Concur refused"
	if ok {
		about = "the answer to an action that Concur took"
	}
	return payload{Payload: "action status", About: about, View: actionView{OK: ok, Message: message}}, nil
}
