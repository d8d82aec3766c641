package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"concur-connector/concur"
	"concur-connector/expense"
)

const (
	// maxUnreadable limits how many unreadable entries one part of the list names.
	maxUnreadable = 50
	// maxPartBytes limits the size of the entries of one part: texts from outside may be long.
	maxPartBytes = 256 << 10
)

// ListFailedNotifications reads one part of Concur's failed list. The list has neither pages
// nor an order. The activity reads the whole list and keeps only the Limit entries with the
// lowest notification URIs after the cursor, so that its memory does not grow with the list.
func (a *Activities) ListFailedNotifications(ctx context.Context, in expense.ListFailedNotificationsInput) (result expense.FailedNotifications, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	if in.Limit <= 0 {
		return expense.FailedNotifications{}, fmt.Errorf("list failed notifications: the limit must be positive and is %d", in.Limit)
	}
	var part expense.FailedNotifications
	var items lowestURIs
	steps, err := a.announcedSteps(ctx)
	if err != nil {
		return expense.FailedNotifications{}, err
	}
	err = a.options.Concur.AllFailedNotifications(ctx, func() func(concur.FailedItem) error {
		part, items = expense.FailedNotifications{}, lowestURIs{limit: in.Limit}
		return func(item concur.FailedItem) error {
			n := item.Notification
			entry := expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI, Reason: item.Reason}
			switch {
			case item.Reason == "" && !a.options.OwnSteps.MayOwn(steps, n.Kind, n.EventType):
				if in.After == "" {
					reportNotOurs(&part, in.Reported, entry)
				}
			case item.Reason == "" && n.NotificationURI > in.After:
				items.add(n)
			case item.Reason != "" && in.After == "":
				reportUnreadable(&part, in.Reported, entry)
			}
			return nil
		}
	})
	if err != nil {
		return expense.FailedNotifications{}, a.failure(ctx, err)
	}
	part.Items = items.sorted()
	if items.more {
		part.Next = part.Items[len(part.Items)-1].NotificationURI
	}
	return part, nil
}

// reportUnreadable counts an unreadable entry, and names it unless an earlier sweep did.
func reportUnreadable(part *expense.FailedNotifications, reported []string, entry expense.UnreadableEntry) {
	switch {
	case alreadyReported(part, reported, entry), len(part.Unreadable) >= maxUnreadable:
		part.Unlisted++
	default:
		part.Unreadable = append(part.Unreadable, entry)
	}
}

// reportNotOurs counts an entry whose step belongs to another connector, as far as this
// deployment knows, and names it unless an earlier sweep did. The entry stays in the list.
func reportNotOurs(part *expense.FailedNotifications, reported []string, entry expense.UnreadableEntry) {
	part.NotOurs++
	entry.Reason = "no callout of this deployment has announced a step with this event (CONCUR_OWN_STEPS): the entry is skipped"
	if !alreadyReported(part, reported, entry) && len(part.NotOursEntries) < maxUnreadable {
		part.NotOursEntries = append(part.NotOursEntries, entry)
	}
}

// alreadyReported reports whether an earlier sweep has named the entry, and records that in part.
func alreadyReported(part *expense.FailedNotifications, reported []string, entry expense.UnreadableEntry) bool {
	hash := entry.Hash()
	if !slices.Contains(reported, hash) {
		return false
	}
	if !slices.Contains(part.Reported, hash) {
		part.Reported = append(part.Reported, hash)
	}
	return true
}

// lowestURIs keeps the notifications with the lowest notification URIs.
type lowestURIs struct {
	limit int
	items []expense.Notification
	more  bool // there are notifications with higher URIs
}

func compareURIs(a, b expense.Notification) int {
	return cmp.Compare(a.NotificationURI, b.NotificationURI)
}

func (l *lowestURIs) add(n expense.Notification) {
	l.items = append(l.items, n)
	if len(l.items) >= 2*l.limit {
		l.trim()
	}
}

func (l *lowestURIs) trim() {
	slices.SortFunc(l.items, compareURIs)
	l.items = slices.CompactFunc(l.items, func(a, b expense.Notification) bool { return compareURIs(a, b) == 0 })
	if len(l.items) > l.limit {
		l.items, l.more = l.items[:l.limit], true
	}
}

// sorted returns the notifications in order, as many as fit one result.
func (l *lowestURIs) sorted() []expense.Notification {
	l.trim()
	size := 0
	for i, n := range l.items {
		text, err := json.Marshal(n)
		if size += len(text); i > 0 && (err != nil || size > maxPartBytes) {
			l.items, l.more = l.items[:i], true
			break
		}
	}
	return l.items
}

// DeleteNotification deletes an entry of Concur's failed list. It succeeds if the entry is
// gone already. A URI that must not be followed is a result, because no retry changes it.
//
// This is no write to a report, and deleting twice does no harm: so DeleteNotification needs
// no read before the deletion, no permission of the run, and no record of an unknown outcome.
func (a *Activities) DeleteNotification(ctx context.Context, in expense.DeleteNotificationInput) (result expense.DeletedNotification, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	if why := a.untrusted(in.NotificationURI); why != "" {
		return expense.DeletedNotification{Untrusted: why}, nil
	}
	writes := a.options.Writes
	switch {
	case in.DryRun != "":
		return expense.DeletedNotification{DryRun: in.DryRun}, nil
	case writes.Mode == WritesDryRun:
		return expense.DeletedNotification{DryRun: expense.DryRunMode}, nil
	}
	err := writes.allow("delete notification")
	if err == nil {
		err = a.options.Concur.EnsureDeleted(ctx, in.NotificationURI)
	}
	return expense.DeletedNotification{}, a.failure(ctx, err)
}
