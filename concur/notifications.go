package concur

import (
	"context"
	"errors"
	"io"
	"net/http"

	"concur-connector/concur/wire"
)

const needsNotifications = "the scope NOTIF, and its user the role Company Administrator or Web Services Administrator"

// FailedItem is an entry of the failed list, or the reason why the entry is unreadable.
type FailedItem = wire.FailedItem

// FailedNotifications passes every entry of Concur's list of failed notifications to yield, in
// no particular order. The list has no pages. It is read as it comes, so that a list of any
// length needs little memory. An error of yield ends the list and is returned as it is.
//
// Source: https://developer.concur.com/api-reference/callouts/get-notifications-status.html
func (c *Client) FailedNotifications(ctx context.Context, yield func(FailedItem) error) error {
	return c.failedNotifications(ctx, "application/xml", yield)
}

// AllFailedNotifications is [Client.FailedNotifications]. If the XML cannot be read, it asks
// again, for JSON, because one bad entry makes a whole XML document unreadable. It calls begin
// before each request; begin returns the function that takes the entries.
func (c *Client) AllFailedNotifications(ctx context.Context, begin func() (yield func(FailedItem) error)) error {
	err := c.failedNotifications(ctx, "application/xml", begin())
	if !errors.Is(err, Malformed) {
		return err
	}
	if again := c.failedNotifications(ctx, "application/json", begin()); !errors.Is(again, Malformed) {
		return again
	}
	return err
}

func (c *Client) failedNotifications(ctx context.Context, accept string, yield func(FailedItem) error) error {
	r := request{op: "list failed notifications", needs: needsNotifications, method: http.MethodGet, accept: accept}
	r.target = target{path: notificationPath, query: "status=FAILED"}
	var stopped error
	r.consume = func(body io.Reader) error {
		return wire.DecodeFailedList(body, func(item wire.FailedItem) error {
			stopped = yield(item)
			return stopped
		})
	}
	_, err := c.do(ctx, r)
	if stopped != nil {
		return stopped
	}
	return err
}

// DeleteNotification deletes one entry of the failed list. An entry that Concur says it does
// not find is deleted. What it answers about one that is gone is not documented: see
// [Client.EnsureDeleted].
// Once it is sent it ignores ctx until Concur has answered: see the package.
//
// Source: https://developer.concur.com/api-reference/callouts/delete-notification.html
func (c *Client) DeleteNotification(ctx context.Context, notificationURI string) error {
	r := request{op: "delete notification", needs: needsNotifications, method: http.MethodDelete, write: true, emptyBody: true, bodiless: true}
	var err error
	if r.target, err = c.target(r.op, NotificationURI, notificationURI); err != nil {
		return err
	}
	if _, err = c.do(ctx, r); errors.Is(err, NotFound) {
		return nil
	}
	return err
}

// EnsureDeleted deletes one entry of the failed list. After a refusal it reads the list: an
// entry that is not listed is deleted. If that read has renewed an expired access token, it
// deletes the entry once more.
func (c *Client) EnsureDeleted(ctx context.Context, notificationURI string) error {
	for again := false; ; again = true {
		refusal := c.DeleteNotification(ctx, notificationURI)
		if !Refused(refusal) && !successOfGateway(refusal) {
			return refusal
		}
		listed, err := c.listsFailed(ctx, notificationURI)
		switch {
		case Refused(err), listed && (again || !c.TokenRenewedSince(refusal) && !c.GrantedSince(ctx, refusal)):
			return refusal
		case err != nil || !listed:
			return err
		}
	}
}

// successOfGateway reports whether a gateway has answered a write in Concur's place as if it were done.
func successOfGateway(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Gateway && e.Status/100 == 2
}

// listsFailed reports whether the failed list has an entry. It compares paths, because a
// company may have moved to another host since.
func (c *Client) listsFailed(ctx context.Context, notificationURI string) (bool, error) {
	wanted, err := c.target("list failed notifications", NotificationURI, notificationURI)
	if err != nil {
		return false, err
	}
	listed := false
	err = c.AllFailedNotifications(ctx, func() func(FailedItem) error {
		listed = false
		return func(item FailedItem) error {
			at, err := c.target("list failed notifications", NotificationURI, item.Notification.NotificationURI)
			listed = listed || err == nil && at.escaped().path == wanted.escaped().path
			return nil
		}
	})
	return listed, err
}
