package concur_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// failedList answers with n entries, written as they come.
func failedList(n int, asJSON bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if asJSON {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "[")
			for i := range n {
				_, _ = fmt.Fprintf(w, `%s{"Context":null,"EventDateTime":"2026-01-02T03:04:05","EventType":"Report Entered","NotificationURI":"%s%d","ObjectType":"EXPRPT","ObjectURI":"%s%d"}`,
					strings.Repeat(",", min(i, 1)), entryURI, i, objectURI, i)
			}
			_, _ = io.WriteString(w, "]")
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06">`)
		for i := range n {
			_, _ = fmt.Fprintf(w, `<Notification><EventDateTime>2026-01-02T03:04:05</EventDateTime><EventType>Report Entered</EventType>`+
				`<NotificationURI>%s%d</NotificationURI><ObjectType>EXPRPT</ObjectType><ObjectURI>%s%d</ObjectURI></Notification>`, entryURI, i, objectURI, i)
		}
		_, _ = io.WriteString(w, "</NotificationList>")
	}
}

func TestTheFailedListIsReadAsItComes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	all := func(concur.FailedItem) error { return nil }
	t.Run("the first entry is handed over before the last was sent", func(t *testing.T) {
		t.Parallel()
		seen := make(chan struct{})
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `[{"NotificationURI":"%s1","ObjectURI":"%s"},`, entryURI, objectURI)
			_, _ = io.WriteString(w, strings.Repeat(" ", 64<<10)) // past every buffer on the way
			w.(http.Flusher).Flush()
			select {
			case <-seen:
			case <-r.Context().Done():
				return
			}
			_, _ = fmt.Fprintf(w, `{"NotificationURI":"%s2","ObjectURI":"%s"}]`, entryURI, objectURI)
		})
		n := 0
		err := s.client(t).FailedNotifications(ctx, func(concur.FailedItem) error {
			if n++; n == 1 {
				close(seen)
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 2, n)
	})
	t.Run("a list above the limit of what is held in memory is read", func(t *testing.T) {
		t.Parallel()
		for _, asJSON := range []bool{false, true} {
			n := 0
			s := newServer(t, failedList(2000, asJSON))
			err := s.client(t, func(o *concur.Options) { o.MaxBody = 10 << 10 }).FailedNotifications(ctx, func(item concur.FailedItem) error {
				require.Empty(t, item.Reason)
				require.Equal(t, fmt.Sprintf("%s%d", entryURI, n), item.Notification.NotificationURI)
				n++
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, 2000, n)
		}
	})
	t.Run("an error of the reader ends it and is returned as it is", func(t *testing.T) {
		t.Parallel()
		mine := errors.New("enough")
		err := newServer(t, failedList(2000, true)).client(t).FailedNotifications(ctx, func(concur.FailedItem) error { return mine })
		require.Same(t, mine, err)
	})
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   error
		says   string
	}{
		"a page of a gateway":             {answering(200, "application/xml", "<!DOCTYPE html><html><body>"+strings.Repeat("x", 4096)), concur.Unavailable, "a web page"},
		"a text of a gateway":             {answering(200, "application/xml", "upstream connect error xxxx"), concur.Unavailable, "a text"},
		"nothing":                         {answering(200, "application/xml", " \n"), concur.Unavailable, "the answer is empty"},
		"an encoding that nobody knows":   {answering(200, "application/xml", `<?xml version="1.0" encoding="x-nobody"?><NotificationList/>`), concur.Malformed, "an encoding that is not known"},
		"another document":                {answering(200, "application/xml", "<Other/>"), concur.Malformed, "the root element is not"},
		"an entry without an end":         {answering(200, "application/json", `[{"ObjectURI":"`+strings.Repeat("x", 17<<20)), concur.Malformed, "an entry is longer than"},
		"a list cut by its connection":    {raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n[{}"), concur.Unavailable, "closed before the answer was complete"},
		"a list that ends before its end": {answering(200, "application/json", `[{}`), concur.Malformed, "ends before it is complete"},
		"a refusal":                       {answering(403, "application/xml", "<Error/>"), concur.Forbidden, "the scope NOTIF"},
	} {
		t.Run("no list: "+name, func(t *testing.T) {
			t.Parallel()
			err := newServer(t, test.answer).client(t).FailedNotifications(ctx, all)
			require.ErrorIs(t, err, test.kind)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "xxxx")
		})
	}
	t.Run("a list that stays away is given up in time", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "["+strings.Repeat(" ", 64<<10))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		err := s.client(t, func(o *concur.Options) { o.RequestTimeout = 300 * time.Millisecond }).FailedNotifications(ctx, all)
		require.ErrorIs(t, err, concur.Unavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// BenchmarkFailedNotifications shows that the memory that a list needs does not grow
// with it: the two report the highest heap that was seen while the list was read.
func BenchmarkFailedNotifications(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			client := newServer(b, failedList(n, false)).client(b)
			var most uint64
			for b.Loop() {
				i := 0
				err := client.FailedNotifications(context.Background(), func(concur.FailedItem) error {
					if i++; i%500 == 0 {
						runtime.GC()
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						most = max(most, m.HeapAlloc)
					}
					return nil
				})
				require.NoError(b, err)
				require.Equal(b, n, i)
			}
			b.ReportMetric(float64(most)/(1<<20), "MiB-heap")
		})
	}
}
