package decode

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func decodeXML(body []byte) (Payload, error) {
	if wire.IsHTML(body) {
		return Payload{}, errors.New("the payload is a web page, as a gateway answers in Concur's place")
	}
	switch rootOf(body) {
	case "":
		return Payload{}, errors.New("the payload is not well-formed XML: it has no root element")
	case "notification":
		return decodeCallout(body)
	case "notificationlist", "notificationslist":
		return decodeFailedList(body)
	case "reportdetails":
		return decodeReport(body)
	}
	if code, message := wire.DecodeError(body); wire.IsError(body) && code+message != "" {
		return Payload{Payload: "error", About: "an error that Concur reports", View: errorView{Code: code, Message: message}}, nil
	}
	return Payload{}, errors.New("the payload is XML, and none of Concur's that the connector reads")
}

// rootOf returns the name of the root element in lower case. Whether the document is whole
// is for its decoder to say.
func rootOf(body []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(Trimmed(body)))
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

// Notification is a notification with the ID that its run has.
type Notification struct {
	ID string `json:"id"`
	expense.Notification
}

func decodeCallout(body []byte) (Payload, error) {
	n, err := wire.DecodeNotification(body)
	if err != nil {
		return Payload{}, err
	}
	return Payload{Payload: "callout", About: "a callout about " + article(n), View: Notification{ID: n.ID(), Notification: n}}, nil
}

func article(n expense.Notification) string {
	const needsRule = "only a rules file with a rule of level request evaluates it"
	switch {
	case n.Kind == expense.ReportObject:
		return "an expense report"
	case n.IsRequestV1():
		return "a travel request, by an address that Concur has retired: its run starts a run for each request that waits; " + needsRule
	case n.Kind == expense.RequestObject:
		return "a travel request; " + needsRule
	}
	return "an object of a kind that nobody documents, which becomes a run that ends unsupported"
}

// FailedList is the list of failed notifications, with what a sweep would do about each.
type FailedList struct {
	Notifications []Notification            `json:"notifications"`
	Strange       []expense.UnreadableEntry `json:"strange"`
}

func (v *FailedList) Add(item wire.FailedItem) {
	if item.Reason != "" {
		v.Strange = append(v.Strange, expense.UnreadableEntry{NotificationURI: item.Notification.NotificationURI, Reason: item.Reason})
		return
	}
	v.Notifications = append(v.Notifications, Notification{ID: item.Notification.ID(), Notification: item.Notification})
}

func decodeFailedList(body []byte) (Payload, error) {
	view := FailedList{Notifications: []Notification{}, Strange: []expense.UnreadableEntry{}}
	err := wire.DecodeFailedList(bytes.NewReader(body), func(item wire.FailedItem) error {
		view.Add(item)
		return nil
	})
	if err != nil {
		return Payload{}, err
	}
	about := "the failed list with " + cli.Count(len(view.Notifications)+len(view.Strange), "entry")
	if n := len(view.Strange); n > 0 {
		about += fmt.Sprintf(", of which %d cannot be understood", n)
	}
	return Payload{Payload: "failed list", About: about, View: view}, nil
}
