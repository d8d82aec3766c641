package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/api/serviceerror"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ListFailedNotifications reads a part of Concur's failed list. The list has no
// pages and no order: it is read as a whole, and the Limit entries with the lowest
// notification URIs after the cursor are kept, so that memory does not grow with it.
func (a *Activities) ListFailedNotifications(ctx context.Context, in expense.ListFailedNotificationsInput) (expense.FailedNotifications, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if in.Limit <= 0 {
		return expense.FailedNotifications{}, fmt.Errorf("list failed notifications: the limit must be positive and is %d", in.Limit)
	}
	kept := lowest{limit: in.Limit}
	var strange []expense.Quarantined
	unlisted := 0 // more than one result should hold
	err := a.options.Concur.FailedNotifications(ctx, func(item concur.FailedItem) error {
		switch {
		case item.Reason != "" && in.After == "" && len(strange) >= in.Limit:
			unlisted++
		case item.Reason != "" && in.After == "":
			strange = append(strange, expense.Quarantined{NotificationURI: item.Notification.NotificationURI, Reason: item.Reason})
		case item.Reason == "" && item.Notification.NotificationURI > in.After:
			kept.add(item.Notification)
		}
		return nil
	})
	if err != nil {
		return expense.FailedNotifications{}, a.failure(ctx, err)
	}
	if unlisted > 0 {
		strange = append(strange, expense.Quarantined{Reason: fmt.Sprintf("and %d more that cannot be understood", unlisted)})
	}
	part := expense.FailedNotifications{Items: kept.sorted(), Quarantined: strange}
	if kept.more {
		part.Next = part.Items[len(part.Items)-1].NotificationURI
	}
	return part, nil
}

// lowest keeps the notifications with the lowest notification URIs.
type lowest struct {
	limit int
	items []expense.Notification
	more  bool
}

func byURI(a, b expense.Notification) int { return cmp.Compare(a.NotificationURI, b.NotificationURI) }

func (l *lowest) add(n expense.Notification) {
	l.items = append(l.items, n)
	if len(l.items) >= 2*l.limit {
		l.trim()
	}
}

func (l *lowest) trim() {
	slices.SortFunc(l.items, byURI)
	l.items = slices.CompactFunc(l.items, func(a, b expense.Notification) bool { return byURI(a, b) == 0 })
	if len(l.items) > l.limit {
		l.items, l.more = l.items[:l.limit], true
	}
}

func (l *lowest) sorted() []expense.Notification {
	l.trim()
	return l.items
}

// StartProcessing starts a run for each notification, tells the open one, or leaves it
// alone, by the same code as a callout. One that Temporal refuses stops no other. An
// attempt that was cut is safe to repeat: a run that was told of a notification URI is
// not woken by it again.
func (a *Activities) StartProcessing(ctx context.Context, in expense.StartProcessingInput) (expense.StartedProcessing, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	var result expense.StartedProcessing
	for _, n := range in.Notifications {
		swept, err := a.options.Starter.Sweep(ctx, n, a.options.Writes.shows())
		var refused *serviceerror.InvalidArgument
		switch {
		case errors.As(err, &refused):
			result.Failed = append(result.Failed, expense.Quarantined{NotificationURI: n.NotificationURI, Reason: refused.Error()})
		case err != nil:
			return result, err
		case swept == expense.SweptUnknown:
			result.Failed = append(result.Failed, expense.Quarantined{NotificationURI: n.NotificationURI,
				Reason: "an operator ended the last run of " + n.ID() + ", and it cannot be asked whether because of this"})
		case swept == expense.SweptStarted:
			result.Started++
		case swept == expense.SweptJoined:
			result.Joined++
		default:
			result.Left++
		}
	}
	return result, nil
}
