package wire

import (
	"errors"
	"fmt"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// Limits of the free texts of a notification, in runes.
const (
	maxEventType = 256
	maxShortText = 64
)

const maxNotificationDepth = 16

// DecodeNotification reads the body of Concur's callout. It takes kind and key from the
// ObjectURI, and only records the ObjectType. It drops a NotificationURI, because only the
// failed list names one.
//
// The error is one sentence that may be sent to the caller: it says what is wrong with the
// document and quotes nothing of it.
//
// Source: https://developer.concur.com/api-reference/callouts/post-event-notification.html
func DecodeNotification(body []byte) (expense.Notification, error) {
	texts := notificationTexts{}
	err := lenient.ReadXML(body, maxNotificationDepth, func(d *lenient.XML) error {
		return d.Each(func(name string) error { return texts.read(d, name) })
	}, "Notification")
	if err != nil {
		return expense.Notification{}, unreadable("the notification", err)
	}
	n, err := texts.notification()
	if err != nil {
		return expense.Notification{}, fmt.Errorf("the notification cannot be used: %w", err)
	}
	return n, nil
}

// notificationNames maps the names of a notification's texts, in lower case, to the connector's
// names.
var notificationNames = map[string]string{
	"objecturi": objectURI, "objecttype": objectType, "eventtype": eventType, "eventdatetime": eventDateTime,
	"notificationuri": notificationURI, "notificationurl": notificationURI,
}

const (
	objectURI       = "ObjectURI"
	objectType      = "ObjectType"
	eventType       = "EventType"
	eventDateTime   = "EventDateTime"
	notificationURI = "NotificationURI"
)

// notificationTexts are the texts of one notification, of a callout or of the failed list.
type notificationTexts map[string][]string

func isNotificationName(name string) bool { return notificationNames[name] != "" }

// keep keeps a text. An empty address of an entry does not replace another one.
func (n notificationTexts) keep(name, text string) {
	if name = notificationNames[name]; name != notificationURI || text != "" {
		n[name] = append(n[name], text)
	}
}

// last returns the last text of that name.
func (n notificationTexts) last(name string) string {
	if texts := n[name]; len(texts) > 0 {
		return texts[len(texts)-1]
	}
	return ""
}

func (n notificationTexts) read(d *lenient.XML, name string) error {
	if !isNotificationName(name) {
		return d.Each(n.nested(d))
	}
	text, err := d.Text()
	if err == nil {
		n.keep(name, text)
	}
	return err
}

// nested counts an ObjectURI in the wrong place as an empty one: beside the right one there are
// two, and alone it is none.
func (n notificationTexts) nested(d *lenient.XML) func(name string) error {
	return func(name string) error {
		if name == "objecturi" {
			n.keep(name, "")
		}
		return d.Each(n.nested(d))
	}
}

// notification returns the notification, or why the texts are none.
func (n notificationTexts) notification() (expense.Notification, error) {
	uri := n.last(objectURI)
	if len(n[objectURI]) > 1 {
		return expense.Notification{}, errors.New("more than one ObjectURI")
	}
	if uri == "" {
		return expense.Notification{}, errors.New("no ObjectURI")
	}
	kind, key, err := expense.Identify(uri)
	if err != nil {
		return expense.Notification{}, err
	}
	return expense.Notification{
		Kind:          kind,
		Key:           key,
		ObjectURI:     uri,
		ObjectType:    clip(n.last(objectType), maxShortText),
		EventType:     clip(n.last(eventType), maxEventType),
		EventDateTime: clip(n.last(eventDateTime), maxShortText),
	}, nil
}
