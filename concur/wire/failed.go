package wire

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// FailedItem is one entry of Concur's failed list: a notification with its NotificationURI. If
// Reason is not empty, the entry is unreadable. An unreadable entry has a NotificationURI and an
// ObjectURI at most.
type FailedItem struct {
	Notification expense.Notification
	Reason       string
}

// DecodeFailedList reads the list of failed notifications, in XML or JSON, and passes each entry
// to yield as it comes, so that a list of any length needs little memory. An unreadable entry
// does not end the list, unless it is longer than any entry can be.
//
// An error of yield ends the list and is returned as it is. Every other error says why the list
// itself cannot be read.
//
// Source: https://developer.concur.com/api-reference/callouts/get-notifications-status.html
func DecodeFailedList(r io.Reader, yield func(FailedItem) error) error {
	l := failedList{yield: yield, source: entryReader{r: r}}
	err := l.decode(bufio.NewReader(lenient.NewReader(&l.source, "")))
	if l.source.endless {
		err = errEndless
	}
	if err != nil && l.stopped == nil {
		return unreadable("the failed list", err)
	}
	return l.stopped
}

type failedList struct {
	yield   func(FailedItem) error
	stopped error // the error of yield
	source  entryReader
}

// maxBetween limits how much is read until an entry ends, in bytes.
const maxBetween = 4 * lenient.MaxEntry

var errEndless = fmt.Errorf("an entry is longer than %d bytes", maxBetween)

// entryReader ends a list in which an entry has no end.
type entryReader struct {
	r       io.Reader
	n       int // since the last entry
	endless bool
}

// Read returns an error once an entry is too long.
func (e *entryReader) Read(p []byte) (int, error) {
	if e.n > maxBetween {
		e.endless = true
		return 0, errEndless
	}
	n, err := e.r.Read(p)
	e.n += n
	return n, err
}

func (l *failedList) decode(r *bufio.Reader) error {
	if head, err := r.Peek(len(lenient.ByteOrderMark)); err == nil && string(head) == lenient.ByteOrderMark {
		_, _ = r.Discard(3) // was peeked
	}
	for {
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return lenient.ErrEmpty
		case err != nil:
			return err
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		}
		_ = r.UnreadByte() // was read
		switch c {
		case '<':
			return l.decodeXML(lenient.NewXML(lenient.RepairXML(r, maxNotificationDepth, "notification", "failure"), maxNotificationDepth))
		case '[', '{', 'n':
			return l.decodeJSON(json.NewDecoder(lenient.RepairJSON(r)))
		}
		return errors.New("neither XML nor JSON")
	}
}

func (l *failedList) decodeXML(d *lenient.XML) error {
	if err := d.Root("NotificationList", "NotificationsList"); err != nil {
		return err
	}
	if err := l.entries(d); err != nil {
		return err
	}
	return d.End()
}

// entries reads every entry in the element that began last, at any depth. Otherwise a list with
// an entry in an unexpected place would look empty.
func (l *failedList) entries(d *lenient.XML) error {
	return d.Each(func(name string) error {
		if name != "notification" && name != "failure" {
			return l.entries(d)
		}
		texts, reason := notificationTexts{}, error(nil)
		if err := texts.readItem(d, &reason); err != nil {
			return err
		}
		return l.item(texts, reason)
	})
}

// readItem reads one entry. A child that is no text makes the entry unreadable, and not the list.
func (n notificationTexts) readItem(d *lenient.XML, reason *error) error {
	return d.Each(func(name string) error {
		switch {
		case name == "failure":
			return n.readItem(d, reason)
		case name == lenient.MalformedEntry:
			*reason = lenient.ErrMalformedEntry
			return nil
		case !isNotificationName(name):
			return nil
		}
		text, isText, err := d.Content()
		if err != nil {
			return err
		}
		if !isText && *reason == nil {
			*reason = errors.New("an element where a text is expected")
		}
		n.keep(name, text)
		return nil
	})
}

// item passes one entry on.
func (l *failedList) item(texts notificationTexts, reason error) error {
	l.source.n = 0
	uri := texts.last(notificationURI)
	if _, err := expense.SplitURL(uri); err != nil {
		if uri = ""; reason == nil {
			reason = fmt.Errorf("NotificationURI %w", err)
		}
	}
	n, err := texts.notification()
	if reason == nil {
		reason = err
	}
	item := FailedItem{Notification: n}
	if reason != nil {
		item = FailedItem{Reason: reason.Error()}
		if len(texts[objectURI]) == 1 {
			if _, err := expense.SplitURL(texts.last(objectURI)); err == nil {
				item.Notification.ObjectURI = texts.last(objectURI)
			}
		}
	}
	item.Notification.NotificationURI = uri
	l.stopped = l.yield(item)
	return l.stopped
}
