package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func decodeXML(body []byte) (payload, error) {
	if wire.IsHTML(body) {
		return payload{}, errors.New("the payload is a web page, as a gateway answers in Concur's place")
	}
	switch rootOf(body) {
	case "":
		return payload{}, errors.New("the payload is not well-formed XML: it has no root element")
	case "notification":
		return decodeCallout(body)
	case "notificationlist", "notificationslist":
		return decodeFailedList(body)
	case "reportdetails":
		return decodeReport(body)
	}
	if code, message := wire.DecodeError(body); wire.IsError(body) && code+message != "" {
		return payload{Payload: "error", About: "an error that Concur reports", View: errorView{Code: code, Message: message}}, nil
	}
	return payload{}, errors.New("the payload is XML, and none of Concur's that the connector reads")
}

// rootOf returns the name of the root element in lower case. Whether the document is whole
// is for its decoder to say.
func rootOf(body []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(trimmed(body)))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok {
			return strings.ToLower(start.Name.Local)
		}
	}
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
	case n.IsRequestV1():
		return "a travel request, by an address that has ended: whatever request waits is taken up; " + judged
	case n.Kind == expense.RequestObject:
		return "a travel request; " + judged
	}
	return "an object of a kind that nobody documents, which becomes a run that ends unsupported"
}

// listView is the failed list: what a sweep would take up, and what it would not.
type listView struct {
	Notifications []calloutView             `json:"notifications"`
	Strange       []expense.UnreadableEntry `json:"strange"`
}

func (v *listView) add(item wire.FailedItem) {
	if item.Reason != "" {
		v.Strange = append(v.Strange, expense.UnreadableEntry{NotificationURI: item.Notification.NotificationURI, Reason: item.Reason})
		return
	}
	v.Notifications = append(v.Notifications, calloutView{ID: item.Notification.ID(), Notification: item.Notification})
}

func decodeFailedList(body []byte) (payload, error) {
	view := listView{Notifications: []calloutView{}, Strange: []expense.UnreadableEntry{}}
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
