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

// FailedItem is one entry of Concur's failed list: a notification that names its
// NotificationURI, or, where Reason is not empty, an entry that cannot be
// understood. Of such an entry at most the NotificationURI and the ObjectURI are known.
type FailedItem struct {
	Notification expense.Notification
	Reason       string
}

// DecodeFailedList reads the list of failed notifications, XML or JSON, and hands
// over each entry as it comes, so that a list of any length needs little memory.
// An entry that cannot be understood, or that is not even well-formed, does not stop the
// list, unless it is longer than any can be. An error of yield does, and is returned as it
// is; every other error says why the list itself cannot be read.
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
	stopped error // of yield
	source  entryReader
}

const (
	// maxEntry bounds an entry that is held in memory, in bytes. A longer one is not
	// understood.
	maxEntry = 4 << 20
	// maxBetween bounds what is read until an entry ends, in bytes.
	maxBetween = 4 * maxEntry
)

var errEndless = fmt.Errorf("an entry is longer than %d bytes", maxBetween)

// entryReader ends a list whose entry has no end.
type entryReader struct {
	r       io.Reader
	n       int // since the last entry
	endless bool
}

// Read reads until an entry is too long.
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
	if head, err := r.Peek(len(byteOrderMark)); err == nil && string(head) == byteOrderMark {
		_, _ = r.Discard(3) // was peeked
	}
	for {
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return errEmpty
		case err != nil:
			return err
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		}
		_ = r.UnreadByte() // was read
		switch c {
		case '<':
			return l.decodeXML(newDocument(cutXML(r), maxNotificationDepth))
		case '[', '{', 'n':
			return l.decodeJSON(json.NewDecoder(cutJSON(r)))
		}
		return errors.New("neither XML nor JSON")
	}
}

func (l *failedList) decodeXML(d *document) error {
	if err := d.root("NotificationList", "NotificationsList"); err != nil {
		return err
	}
	if err := l.entries(d); err != nil {
		return err
	}
	return d.end()
}

// entries reads every entry in the element that was begun last, at whatever depth:
// one that stands where nobody expected it must not make the list look empty.
func (l *failedList) entries(d *document) error {
	return d.each(func(name string) error {
		if name != "notification" && name != "failure" {
			return l.entries(d)
		}
		var f fields
		var reason error
		if err := f.readItem(d, &reason); err != nil {
			return err
		}
		return l.item(f, reason)
	})
}

// readItem reads one entry. A text that is none spoils the entry and not the list.
func (f *fields) readItem(d *document, reason *error) error {
	return d.each(func(name string) error {
		switch {
		case name == "failure":
			return f.readItem(d, reason)
		case name == broken:
			*reason = errBroken
			return nil
		case !f.known(name):
			return nil
		}
		text, isText, err := d.content()
		if err != nil {
			return err
		}
		if !isText && *reason == nil {
			*reason = errors.New("an element where a text is expected")
		}
		f.put(name, text)
		return nil
	})
}

// item hands one entry over.
func (l *failedList) item(f fields, reason error) error {
	l.source.n = 0
	if _, err := expense.SplitURL(f.notificationURI); err != nil {
		if f.notificationURI = ""; reason == nil {
			reason = fmt.Errorf("NotificationURI %w", err)
		}
	}
	n, err := f.notification()
	if reason == nil {
		reason = err
	}
	item := FailedItem{Notification: n}
	if reason != nil {
		item = FailedItem{Reason: reason.Error()}
		if len(f.objectURIs) == 1 {
			if _, err := expense.SplitURL(f.objectURIs[0]); err == nil {
				item.Notification.ObjectURI = f.objectURIs[0]
			}
		}
	}
	item.Notification.NotificationURI = f.notificationURI
	l.stopped = l.yield(item)
	return l.stopped
}
