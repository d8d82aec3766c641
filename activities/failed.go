package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ListFailedNotifications reads a part of Concur's failed list. The list has no
// pages and no order: it is read as a whole, and the Limit entries with the lowest
// notification URIs after the cursor are kept, so that memory does not grow with it.
func (a *Activities) ListFailedNotifications(ctx context.Context, in expense.ListFailedNotificationsInput) (result expense.FailedNotifications, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if in.Limit <= 0 {
		return expense.FailedNotifications{}, fmt.Errorf("list failed notifications: the limit must be positive and is %d", in.Limit)
	}
	var part expense.FailedNotifications
	var kept lowest
	known, err := a.known(ctx)
	if err != nil {
		return expense.FailedNotifications{}, err
	}
	err = a.options.Concur.AllFailedNotifications(ctx, func() func(concur.FailedItem) error {
		part, kept = expense.FailedNotifications{}, lowest{limit: in.Limit}
		return func(item concur.FailedItem) error {
			n := item.Notification
			switch {
			case item.Reason == "" && !a.options.OwnSteps.MayOwn(known, n.Kind, n.EventType):
				if in.After == "" {
					others(&part, in.Reported, n)
				}
			case item.Reason == "" && n.NotificationURI > in.After:
				kept.add(n)
			case item.Reason == "" || in.After != "":
			default:
				strange(&part, in.Reported, expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI, Reason: item.Reason})
			}
			return nil
		}
	})
	if err != nil {
		return expense.FailedNotifications{}, a.failure(ctx, err)
	}
	part.Items = kept.sorted()
	if kept.more {
		part.Next = part.Items[len(part.Items)-1].NotificationURI
	}
	return part, nil
}

// strange counts an entry that cannot be understood, and names it unless that was done.
func strange(part *expense.FailedNotifications, told []string, q expense.UnreadableEntry) {
	switch mark := q.Hash(); {
	case slices.Contains(told, mark):
		part.Unlisted++
		if !slices.Contains(part.Reported, mark) {
			part.Reported = append(part.Reported, mark)
		}
	case len(part.Unreadable) >= maxQuarantined:
		part.Unlisted++
	default:
		part.Unreadable = append(part.Unreadable, q)
	}
}

// others counts an entry that names a step of another connector, as far as is known, and names
// it unless that was done. It is left where it is.
func others(part *expense.FailedNotifications, told []string, n expense.Notification) {
	part.NotOurs++
	q := expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI,
		Reason: "no callout of this deployment has announced a step with this event (CONCUR_OWN_STEPS): it is left alone"}
	switch mark := q.Hash(); {
	case slices.Contains(told, mark):
		if !slices.Contains(part.Reported, mark) {
			part.Reported = append(part.Reported, mark)
		}
	case len(part.NotOursEntries) < maxQuarantined:
		part.NotOursEntries = append(part.NotOursEntries, q)
	}
}

const (
	// maxQuarantined bounds how many entries that cannot be understood are named.
	maxQuarantined = 50
	// maxPart bounds what the entries of one part take, in bytes: texts from outside may
	// be long.
	maxPart = 256 << 10
)

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

// sorted returns them in order, as many as one result may hold.
func (l *lowest) sorted() []expense.Notification {
	l.trim()
	size := 0
	for i, n := range l.items {
		text, err := json.Marshal(n)
		if size += len(text); i > 0 && (err != nil || size > maxPart) {
			l.items, l.more = l.items[:i], true
			break
		}
	}
	return l.items
}

// startedUntil is the heartbeat detail of StartProcessing: an attempt that takes the place
// of one that was cut goes on where that was.
type startedUntil struct {
	Next   int                       `json:"next"`
	Result expense.StartedProcessing `json:"result"`
}

func startedSoFar(ctx context.Context) (done startedUntil) {
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &done); err != nil {
			return startedUntil{} // of another version: from the beginning, which is safe
		}
	}
	return done
}

// StartProcessing starts a run for each notification, tells the open one, or leaves it
// alone, by the same code as a callout. One that Temporal refuses stops no other. An
// attempt that was cut is safe to repeat: a run that was told of a notification URI is
// not woken by it again.
func (a *Activities) StartProcessing(ctx context.Context, in expense.StartProcessingInput) (result expense.StartedProcessing, _ error) {
	defer sign(ctx, &result.Answer)
	done := startedSoFar(ctx)
	known, err := a.known(ctx)
	if err != nil {
		return result, err
	}
	owns := func(object expense.ObjectKind, events, policies []string) bool {
		return a.options.OwnSteps.Owns(known, object, events, policies...)
	}
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	result = done.Result
	for i, n := range in.Notifications {
		if i < done.Next {
			continue
		}
		pulse.note(startedUntil{Next: i, Result: result})
		swept, err := a.options.Starter.Sweep(ctx, n, expense.ListRead{At: in.ListedAt, Grace: in.Grace, DryRun: a.options.Writes.now(), Owns: owns, VisibleWithin: a.options.Delays.VisibleWithin})
		var refused *serviceerror.InvalidArgument
		switch {
		case errors.As(err, &refused):
			result.Failed = append(result.Failed, expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI, Reason: refused.Error()})
		case err != nil:
			return result, err
		case swept == expense.SweptUnknown:
			result.Failed = append(result.Failed, expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI,
				Reason: "an operator ended the last run of " + n.ID() + ", and it cannot be asked whether because of this"})
		case swept == expense.SweptStillListed:
			result.Failed = append(result.Failed, expense.UnreadableEntry{NotificationURI: n.NotificationURI, ObjectURI: n.ObjectURI,
				Reason: "runs have deleted this entry, or were refused, and Concur lists it all the same; it is deleted again once a day"})
		case swept == expense.SweptStarted:
			result.Started++
		case swept == expense.SweptSignaled:
			result.Signaled++
		default:
			result.Skipped++
		}
	}
	return result, nil
}
