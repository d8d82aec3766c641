package wire

import (
	"errors"
	"fmt"

	"concur-connector/expense"
)

// How much of a notification's free texts is kept, in runes.
const (
	maxEventType = 256
	maxShortText = 64
)

const maxNotificationDepth = 16

// DecodeNotification reads the body of Concur's callout. Kind and key are taken
// from the ObjectURI; what the sender claims in ObjectType is only recorded, and a
// NotificationURI in a callout is not kept, for only the failed list names one.
//
// The error is one plain sentence, fit for an answer to the sender: it says what
// is wrong with the document and repeats nothing of it.
//
// Source: https://developer.concur.com/api-reference/callouts/post-event-notification.html
func DecodeNotification(body []byte) (expense.Notification, error) {
	var f fields
	err := parse(body, maxNotificationDepth, func(d *document) error {
		return d.each(func(name string) error { return f.read(d, name) })
	}, "Notification")
	if err != nil {
		return expense.Notification{}, unreadable("the notification", err)
	}
	n, err := f.notification()
	if err != nil {
		return expense.Notification{}, fmt.Errorf("the notification cannot be used: %w", err)
	}
	return n, nil
}

// fields are the texts of one notification, of a callout or of the failed list.
type fields struct {
	objectURIs      []string
	objectType      string
	eventType       string
	eventDateTime   string
	notificationURI string
}

// put keeps a text under the lower-case name of its element or JSON key.
func (f *fields) put(name, text string) {
	switch name {
	case "objecturi":
		f.objectURIs = append(f.objectURIs, text)
	case "objecttype":
		f.objectType = text
	case "eventtype":
		f.eventType = text
	case "eventdatetime":
		f.eventDateTime = text
	case "notificationuri", "notificationurl":
		if text != "" {
			f.notificationURI = text
		}
	}
}

// known reports whether put keeps a text of that name.
func (f *fields) known(name string) bool {
	switch name {
	case "objecturi", "objecttype", "eventtype", "eventdatetime", "notificationuri", "notificationurl":
		return true
	}
	return false
}

func (f *fields) read(d *document, name string) error {
	if !f.known(name) {
		return d.each(f.nested(d))
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	f.put(name, text)
	return nil
}

// nested counts an ObjectURI that stands where none belongs: beside the right one it
// makes two, and alone it is none.
func (f *fields) nested(d *document) func(name string) error {
	return func(name string) error {
		if name == "objecturi" {
			f.objectURIs = append(f.objectURIs, "")
		}
		return d.each(f.nested(d))
	}
}

// notification says what the texts mean, or why they mean nothing.
func (f *fields) notification() (expense.Notification, error) {
	if len(f.objectURIs) > 1 {
		return expense.Notification{}, errors.New("more than one ObjectURI")
	}
	if len(f.objectURIs) == 0 || f.objectURIs[0] == "" {
		return expense.Notification{}, errors.New("no ObjectURI")
	}
	kind, key, err := expense.Identify(f.objectURIs[0])
	if err != nil {
		return expense.Notification{}, err
	}
	return expense.Notification{
		Kind:          kind,
		Key:           key,
		ObjectURI:     f.objectURIs[0],
		ObjectType:    clip(f.objectType, maxShortText),
		EventType:     clip(f.eventType, maxEventType),
		EventDateTime: clip(f.eventDateTime, maxShortText),
	}, nil
}
