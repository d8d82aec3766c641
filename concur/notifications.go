package concur

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"concur-connector/concur/wire"
)

const needsNotifications = "the scope NOTIF, and its user the role Company Administrator or Web Services Administrator"

// FailedItem is an entry of the failed list, or why it cannot be understood.
type FailedItem = wire.FailedItem

// FailedNotifications hands over every entry of Concur's list of notifications
// that were not accepted, in no particular order. An error of yield ends it and is
// returned as it is.
//
// Source: https://developer.concur.com/api-reference/callouts/get-notifications-status.html
func (c *Client) FailedNotifications(ctx context.Context, yield func(FailedItem) error) error {
	r := request{op: "list failed notifications", needs: needsNotifications, method: http.MethodGet}
	r.target = target{path: notificationPath, query: "status=FAILED"}
	a, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	var stopped error
	err = wire.DecodeFailedList(bytes.NewReader(a.body), func(item wire.FailedItem) error {
		stopped = yield(item)
		return stopped
	})
	if err != nil && stopped == nil {
		return r.unreadable(a, err)
	}
	return stopped
}

// DeleteNotification deletes one entry of the failed list. An entry that is no
// longer there is deleted.
//
// Source: https://developer.concur.com/api-reference/callouts/delete-notification.html
func (c *Client) DeleteNotification(ctx context.Context, notificationURI string) error {
	r := request{op: "delete notification", needs: needsNotifications, method: http.MethodDelete, write: true, silent: true}
	var err error
	if r.target, err = c.target(r.op, NotificationURI, notificationURI); err != nil {
		return err
	}
	if _, err = c.do(ctx, r); errors.Is(err, NotFound) {
		return nil
	}
	return err
}
