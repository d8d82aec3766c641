package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"concur-connector/activities"
	"concur-connector/expense"
)

func entry(n int) string { return fmt.Sprintf("%s%s/n%03d", host, entriesAPI, n) }

// item prints an entry of the failed list.
func item(uri, object string) string {
	return "<Notification><ObjectURI>" + object + "</ObjectURI><NotificationURI>" + uri + "</NotificationURI></Notification>"
}

func object(n int) string { return fmt.Sprintf("%s%sreportfulldetails/k%03d", host, reportAPI, n) }

func list(items ...string) http.HandlerFunc { return respond(http.StatusOK, listed(items...)) }

func listed(items ...string) string {
	return `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06">` + strings.Join(items, "") + "</NotificationList>"
}

func uris(part expense.FailedNotifications) []string {
	var all []string
	for _, n := range part.Items {
		all = append(all, n.NotificationURI)
	}
	return all
}

func TestFailedListIsReadInPartsWithEachEntryOnce(t *testing.T) {
	t.Parallel()
	const all, limit = 23, 5
	var items, want []string
	for i := range all {
		n := i * 7 % all // in no order
		items = append(items, item(entry(n), object(n)))
		if i%4 == 0 {
			items = append(items, item(entry(n), object(n))) // and some twice
		}
		want = append(want, entry(i))
	}
	h := newFakeConcur(t).on("list", list(items...))
	acts := h.activities(t)
	var got []string
	parts := 0
	for after := ""; ; parts++ {
		require.Less(t, parts, all, "it comes to an end")
		part, err := run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications,
			expense.ListFailedNotificationsInput{After: after, Limit: limit})
		require.NoError(t, err)
		require.LessOrEqual(t, len(part.Items), limit)
		require.True(t, slices.IsSorted(uris(part)))
		got = append(got, uris(part)...)
		if after = part.Next; after == "" {
			break
		}
		require.Equal(t, part.Items[len(part.Items)-1].NotificationURI, after)
	}
	require.Equal(t, want, got)
}

func TestFullPartWithoutFurtherEntriesIsTheLast(t *testing.T) {
	t.Parallel()
	for _, items := range [][]string{
		{item(entry(2), object(2)), item(entry(1), object(1))},
		{item(entry(2), object(2)), item(entry(1), object(1)), item(entry(2), object(2)), item(entry(1), object(1))},
	} {
		h := newFakeConcur(t).on("list", list(items...))
		part, err := run[expense.FailedNotifications](t, attempt{}, h.activities(t).ListFailedNotifications,
			expense.ListFailedNotificationsInput{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, []string{entry(1), entry(2)}, uris(part))
		require.Empty(t, part.Next)
		require.Equal(t, expense.Notification{
			Kind: expense.ReportObject, Key: "k001", ObjectURI: object(1), NotificationURI: entry(1),
		}, part.Items[0])
	}
}

func TestFailedListWithInvalidXMLIsReadAsJSON(t *testing.T) {
	t.Parallel()
	spoiled := strings.Replace(listed(item(entry(1), object(1)), item(entry(2), object(2))), "<", "< & ", 1)
	h := newFakeConcur(t).on("list", func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "json") {
			_, _ = fmt.Fprintf(w, `[{"NotificationURI":%q,"ObjectURI":%q},{"NotificationURI":%q,"ObjectURI":"a & b"}]`, entry(1), object(1), entry(2))
			return
		}
		_, _ = io.WriteString(w, spoiled)
	})
	part, err := run[expense.FailedNotifications](t, attempt{}, h.activities(t).ListFailedNotifications, expense.ListFailedNotificationsInput{Limit: 9})
	require.NoError(t, err)
	require.Equal(t, []string{entry(1)}, uris(part), "each once")
	require.Len(t, part.Unreadable, 1)
	require.Equal(t, []string{"list", "list"}, h.requestNames())

	h = newFakeConcur(t).on("list", respond(http.StatusOK, spoiled)) // in either form
	_, err = run[expense.FailedNotifications](t, attempt{}, h.activities(t).ListFailedNotifications, expense.ListFailedNotificationsInput{Limit: 9})
	failed(t, err, expense.Malformed)
}

func TestSizeOfAPartIsLimited(t *testing.T) {
	t.Parallel()
	var entries []string
	for i := range 200 {
		entries = append(entries, item(entry(100+i)+"?"+strings.Repeat("&amp;", 1500), object(i)))
	}
	h := newFakeConcur(t).on("list", list(entries...))
	acts := h.activities(t)
	seen, after := 0, ""
	for {
		part, err := run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications, expense.ListFailedNotificationsInput{Limit: 200, After: after})
		require.NoError(t, err)
		text, err := json.Marshal(part)
		require.NoError(t, err)
		require.Less(t, len(text), 1<<20)
		seen += len(part.Items)
		if after = part.Next; after == "" {
			break
		}
	}
	require.Equal(t, 200, seen, "and every entry is in some part")
}

func TestEmptyFailedListIsAnEmptyPart(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`<NotificationList/>`, `[]`} {
		h := newFakeConcur(t).on("list", respond(http.StatusOK, answer))
		part, err := run[expense.FailedNotifications](t, attempt{}, h.activities(t).ListFailedNotifications,
			expense.ListFailedNotificationsInput{Limit: 2})
		require.NoError(t, err)
		require.Zero(t, part)
	}
}

func TestUnreadableEntryIsReportedOnceAndSkipped(t *testing.T) {
	t.Parallel()
	entries := []string{
		item(entry(1), "not a URL"), item("not a URL", object(2)), item(entry(3), object(3)), item(entry(4), object(4)),
	}
	for range 50 {
		entries = append(entries, item(entry(5), ""))
	}
	h := newFakeConcur(t).on("list", list(entries...))
	acts := h.activities(t)
	part, err := run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications,
		expense.ListFailedNotificationsInput{Limit: 3})
	require.NoError(t, err)
	require.Equal(t, []string{entry(3), entry(4)}, uris(part))
	require.Len(t, part.Unreadable, 50, "bounded, too")
	require.Equal(t, 2, part.Unlisted)
	require.Equal(t, object(2), part.Unreadable[1].ObjectURI)
	again, err := run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications,
		expense.ListFailedNotificationsInput{Limit: 3, Reported: []string{part.Unreadable[0].Hash(), part.Unreadable[2].Hash(), "gone"}})
	require.NoError(t, err)
	require.Equal(t, part.Unreadable[1:2], again.Unreadable, "what was named makes room for what was not")
	require.Equal(t, []string{part.Unreadable[0].Hash(), part.Unreadable[2].Hash()}, again.Reported)
	require.Equal(t, 51, again.Unlisted)
	require.Equal(t, entry(1), part.Unreadable[0].NotificationURI)
	require.Contains(t, part.Unreadable[0].Reason, "ObjectURI")
	require.Empty(t, part.Unreadable[1].NotificationURI)
	require.Contains(t, part.Unreadable[1].Reason, "NotificationURI")

	part, err = run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications,
		expense.ListFailedNotificationsInput{After: entry(3), Limit: 3})
	require.NoError(t, err)
	require.Equal(t, []string{entry(4)}, uris(part))
	require.Empty(t, part.Unreadable, "not with the later parts")
}

func TestPartWithoutLimitIsRefused(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t).on("list", list(item(entry(1), object(1))))
	for _, limit := range []int{0, -1} {
		_, err := run[expense.FailedNotifications](t, attempt{}, h.activities(t).ListFailedNotifications,
			expense.ListFailedNotificationsInput{Limit: limit})
		require.ErrorContains(t, err, "the limit must be positive")
		var e *temporal.ApplicationError
		require.ErrorAs(t, err, &e)
	}
	require.Empty(t, h.requestNames())
}

func TestTruncatedFailedListIsMalformed(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t).on("list", respond(http.StatusOK, "<NotificationList>"+item(entry(1), object(1))))
	_, err := run[expense.FailedNotifications](t, attempt{}, h.activities(t).ListFailedNotifications,
		expense.ListFailedNotificationsInput{Limit: 2})
	failed(t, err, expense.Malformed)
}

// starter treats every notification that it has swept before as open.
type starter struct {
	mu     sync.Mutex
	swept  []string
	dryRun expense.DryRunReason // by the last question
	list   expense.ListRead
	unread int
	err    error // after the first
}

func (s *starter) Sweep(_ context.Context, n expense.Notification, seen expense.ListRead) (expense.Swept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil && len(s.swept) > 0 {
		return "", s.err
	}
	open := slices.Contains(s.swept, n.ID())
	s.swept = append(s.swept, n.ID())
	s.dryRun, s.list = seen.DryRun, seen
	switch {
	case n.Key == "mute":
		return expense.SweptUnknown, nil
	case n.Key == "stays":
		return expense.SweptStillListed, nil
	case n.Kind != expense.ReportObject:
		return expense.SweptSkipped, nil
	case open:
		return expense.SweptSignaled, nil
	}
	return expense.SweptStarted, nil
}

func (s *starter) HasRun(_ context.Context, n expense.Notification, seen expense.ListRead) (bool, error) {
	s.dryRun, s.list = seen.DryRun, seen
	return n.ID() == "EXPRPT:0KNOWN" && s.err == nil, s.err
}

func (s *starter) CountUnread(context.Context, time.Time) (int, error) { return s.unread, nil }

func TestStartProcessing(t *testing.T) {
	t.Parallel()
	found := []expense.Notification{
		{Kind: expense.ReportObject, Key: "a", NotificationURI: entry(1)},
		{Kind: expense.ReportObject, Key: "b", NotificationURI: entry(2)},
		{Kind: expense.ReportObject, Key: "a", NotificationURI: entry(3)},
	}
	with := func(s activities.Starter) func(*activities.Options) {
		return func(o *activities.Options) { o.Starter = s }
	}
	t.Run("each notification starts its run or signals the open one", func(t *testing.T) {
		t.Parallel()
		s := &starter{}
		got, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t, with(s)).StartProcessing,
			expense.StartProcessingInput{Notifications: found})
		require.NoError(t, err)
		require.Equal(t, expense.StartedProcessing{Started: 2, Signaled: 1}, got)
		require.Equal(t, []string{"EXPRPT:a", "EXPRPT:b", "EXPRPT:a"}, s.swept)
	})
	t.Run("an error stops the activity and is retried", func(t *testing.T) {
		t.Parallel()
		s := &starter{err: errors.New("start the run of EXPRPT:b: Temporal is away")}
		_, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t, with(s)).StartProcessing,
			expense.StartProcessingInput{Notifications: found})
		var e *temporal.ApplicationError
		require.ErrorAs(t, err, &e)
		require.False(t, e.NonRetryable())
		require.Contains(t, e.Error(), "Temporal is away")
		require.Equal(t, []string{"EXPRPT:a"}, s.swept)
	})
	t.Run("a notification whose last run does not answer does not stop the others", func(t *testing.T) {
		t.Parallel()
		mute := expense.Notification{Kind: expense.ReportObject, Key: "mute", NotificationURI: entry(5)}
		got, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t).StartProcessing,
			expense.StartProcessingInput{Notifications: append([]expense.Notification{mute}, found...)})
		require.NoError(t, err)
		require.Equal(t, 2, got.Started)
		require.Len(t, got.Failed, 1)
		require.Equal(t, entry(5), got.Failed[0].NotificationURI)
		require.Contains(t, got.Failed[0].Reason, "EXPRPT:mute")
	})
	t.Run("an entry that Concur still lists after deletions is named", func(t *testing.T) {
		t.Parallel()
		s, at := &starter{}, time.Now()
		stays := expense.Notification{Kind: expense.ReportObject, Key: "stays", NotificationURI: entry(6)}
		got, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t, with(s)).StartProcessing,
			expense.StartProcessingInput{Notifications: []expense.Notification{stays}, ListedAt: at, Grace: time.Minute})
		require.NoError(t, err)
		require.Len(t, got.Failed, 1)
		require.Equal(t, entry(6), got.Failed[0].NotificationURI)
		require.Contains(t, got.Failed[0].Reason, "still lists")
		require.True(t, s.list.At.Equal(at), "when the list was read")
		require.Equal(t, time.Minute, s.list.Grace)
	})
	t.Run("skipped notifications are counted", func(t *testing.T) {
		t.Parallel()
		request := expense.Notification{Kind: expense.RequestObject, Key: "t", NotificationURI: entry(4)}
		got, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t, with(&starter{})).StartProcessing,
			expense.StartProcessingInput{Notifications: []expense.Notification{request}})
		require.NoError(t, err)
		require.Equal(t, expense.StartedProcessing{Skipped: 1}, got)
	})
	t.Run("a notification that Temporal refuses does not stop the others", func(t *testing.T) {
		t.Parallel()
		s := &starter{err: serviceerror.NewInvalidArgument("the ID is too long")}
		got, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t, with(s)).StartProcessing,
			expense.StartProcessingInput{Notifications: found})
		require.NoError(t, err)
		require.Equal(t, 1, got.Started)
		require.Len(t, got.Failed, 2)
		require.Equal(t, entry(2), got.Failed[0].NotificationURI)
	})
	t.Run("no notification starts no run", func(t *testing.T) {
		t.Parallel()
		got, err := run[expense.StartedProcessing](t, attempt{}, newFakeConcur(t).activities(t).StartProcessing, expense.StartProcessingInput{})
		require.NoError(t, err)
		require.Zero(t, got)
	})
}
