package concur_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// hundredMillionths is an amount as a whole number, by its digits alone.
func hundredMillionths(t *testing.T, m *expense.Money) int64 {
	t.Helper()
	require.NotNil(t, m)
	whole, decimals, _ := strings.Cut(m.Amount.StringFixed(8), ".")
	var n int64
	_, err := fmt.Sscan(whole+decimals, &n)
	require.NoError(t, err)
	return n
}

func TestAReportOf2000EntriesIsReadToTheLastDigit(t *testing.T) {
	t.Parallel()
	const entries = 2000
	for via, uri := range map[expense.Interface]string{expense.V3: objectURI, expense.V4: v4URI} {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			f := newFake(t, entries)
			read, err := f.reader(t).ReadReport(context.Background(), uri, concur.ReadOptions{Via: via, Parts: expense.AllParts})
			require.NoError(t, err)
			require.Equal(t, via, read.Report.Via)
			require.Len(t, read.Report.Entries, entries)
			var sum, parts, whole int64
			allocations := 0
			for i, e := range read.Report.Entries {
				require.Equal(t, fmt.Sprintf("E%d", i+1), e.ID, "in the order of the list")
				require.Equal(t, "EUR", e.Posted.Currency)
				require.Equal(t, "1.00 USD", e.Transaction.String())
				require.Equal(t, new((i+1)%3 == 0), e.Itemized)
				sum += hundredMillionths(t, e.Posted)
				allocations += len(e.Allocations)
				for _, item := range e.Itemizations {
					require.Equal(t, "EUR", item.Posted.Currency)
					require.Equal(t, "1.00 USD", item.Transaction.String())
					parts += hundredMillionths(t, item.Posted)
					allocations += len(item.Allocations)
				}
				if *e.Itemized {
					require.Len(t, e.Itemizations, 2)
					require.Empty(t, e.Allocations)
					if via == expense.V3 || i%2 == 1 { // v4 shows a hidden one of what is not allocated
						require.Len(t, e.Itemizations[1].Allocations, (i+1)%2^1)
					}
					whole += hundredMillionths(t, e.Posted)
				}
			}
			require.EqualValues(t, entries*(entries+1)/2*100_000_000+entries, sum)
			require.Equal(t, whole, parts)
			require.Equal(t, map[expense.Interface]int{expense.V3: entries / 2, expense.V4: entries + entries/3}[via], allocations)
			require.Zero(t, f.count("stray"))
			require.Equal(t, 2, f.count("header"), "first and last")
			if via == expense.V3 {
				require.Equal(t, 20, f.count("entries"))
				return
			}
			require.Equal(t, "of E7", read.Report.Entries[6].Custom["1"].Value)
			require.Equal(t, "of E6b", read.Report.Entries[5].Itemizations[1].Custom["1"].Value)
			require.Equal(t, new(2), read.Report.Entries[0].CommentCount)
			require.Equal(t, new(2), read.Report.Entries[0].AttendeeCount)
		})
	}
}

func TestOnlyThePartsThatAreAskedForAreRead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("the header alone is one request once the report is known", func(t *testing.T) {
		t.Parallel()
		for _, via := range []expense.Interface{expense.V3, expense.V4} {
			f := newFake(t, 6)
			c := f.reader(t)
			for range 3 {
				read, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Parts: expense.Parts{HeaderOnly: true}})
				require.NoError(t, err)
				require.NotEmpty(t, read.HeaderHash)
				require.Empty(t, read.Report.Entries)
			}
			require.Equal(t, 1, f.count("v1"))
			require.Equal(t, 3, f.count("header"))
		}
	})
	t.Run("of a report that waits elsewhere only the header is read", func(t *testing.T) {
		t.Parallel()
		for _, via := range []expense.Interface{expense.V3, expense.V4} {
			f := newFake(t, 6)
			f.status = "A_RESU"
			read, err := f.reader(t).ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Parts: expense.AllParts})
			require.NoError(t, err)
			require.Equal(t, "A_RESU", read.Report.Status)
			require.Equal(t, 1, f.count("header"))
			require.Zero(t, f.count("entries")+f.count("expenses"))
		}
	})
	t.Run("one that is wanted whole is read wherever it waits", func(t *testing.T) {
		t.Parallel()
		for _, via := range []expense.Interface{expense.V3, expense.V4} {
			f := newFake(t, 6)
			f.status = "A_APPR"
			read, err := f.reader(t).ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Full: true})
			require.NoError(t, err)
			require.Len(t, read.Report.Entries, 6)
		}
	})
	t.Run("entries without anything are one list", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 6)
		read, err := f.reader(t).ReadReport(ctx, v4URI, concur.ReadOptions{Via: expense.V4})
		require.NoError(t, err)
		require.Len(t, read.Report.Entries, 6)
		require.Equal(t, 3, f.count("header")+f.count("expenses"))
		require.Zero(t, f.count("expense")+f.count("itemizations")+f.count("allocations")+f.count("attendees")+f.count("comments"))
	})
	t.Run("allocations are asked for whether or not there are said to be some", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		_, err := f.reader(t).ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V3, Parts: expense.AllParts})
		require.NoError(t, err)
		require.Equal(t, 1, f.count("allocations"))
		require.Zero(t, f.count("itemizations"))
		g := newFake(t, 6)
		_, err = g.reader(t).ReadReport(ctx, v4URI, concur.ReadOptions{Via: expense.V4, Parts: expense.Parts{Allocations: true, Itemizations: true}})
		require.NoError(t, err)
		require.Equal(t, 4+2*2, g.count("allocations"), "of 4 entries that are not itemized, and of 2 parts of each of the others")
	})
	t.Run("by v1.1 it is what it always was", func(t *testing.T) {
		t.Parallel()
		for _, via := range []expense.Interface{"", expense.V1} {
			f := newFake(t, 6)
			read, err := f.reader(t).ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Parts: expense.AllParts, Logins: []string{"KIM+1@example.com"}})
			require.NoError(t, err)
			want := &expense.Report{ID: fakeID, Key: reportKey, Status: "A_EXTV", Owner: expense.Owner{Login: "kim+1@example.com"}}
			require.Equal(t, concur.Read{Report: want, OwnerListed: true, Validation: "A_EXTV", Content: "v1.1=" + want.ContentWithAttendees()}, read)
		}
	})
}

func TestAReportIsReadByItsV4Address(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for via, want := range map[expense.Interface]expense.Interface{"": expense.V3, expense.V1: expense.V3, expense.V3: expense.V3, expense.V4: expense.V4} {
		f := newFake(t, 3)
		read, err := f.reader(t).ReadReport(ctx, v4URI, concur.ReadOptions{Via: via, Parts: expense.AllParts})
		require.NoError(t, err)
		require.Equal(t, want, read.Report.Via)
		require.Zero(t, f.count("v1"))
	}
	t.Run("an address that is none is refused before anything is sent", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		const base = "https://us.api.concursolutions.com/expensereports/v4/users/"
		for _, uri := range []string{
			base, base + ownerUUID, base + ownerUUID + "/context/TRAVELER/reports/", base + ownerUUID + "/context/ADMIN/reports/" + fakeID,
			base + "somebody/context/TRAVELER/reports/" + fakeID, base + ownerUUID + "/context/TRAVELER/reports/../../x",
			base + ownerUUID + "/context/TRAVELER/reports/" + fakeID + "/expenses", base + ownerUUID + "/context/TRAVELER/reports/a%2fb",
			base + ownerUUID + "/context/TRAVELER/reports/a;b", base + ownerUUID + "/context/TRAVELER/reports/%61",
			"https://us.api.concursolutions.com/expensereports/v4/reports/" + fakeID,
			strings.Replace(v4URI, "us.api.concursolutions.com", "evil.example", 1),
		} {
			_, err := f.reader(t).ReadReport(ctx, uri, concur.ReadOptions{Via: expense.V4})
			require.ErrorIs(t, err, concur.Untrusted, uri)
			require.NotContains(t, err.Error(), ownerUUID)
		}
		requests, _ := f.server.count()
		require.Zero(t, requests)
	})
}

func TestAReportThatChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := concur.ReadOptions{Via: expense.V4, Parts: expense.AllParts}
	t.Run("is read once more", func(t *testing.T) {
		t.Parallel()
		f, n := newFake(t, 3), 0
		f.version = func() string { n++; return fmt.Sprint(min(n, 2)) }
		_, err := f.reader(t).ReadReport(ctx, v4URI, o)
		require.NoError(t, err)
		require.Equal(t, 4, f.count("header"))
	})
	t.Run("again and again is not available", func(t *testing.T) {
		t.Parallel()
		f, n := newFake(t, 3), 0
		f.version = func() string { n++; return fmt.Sprint(n) }
		_, err := f.reader(t).ReadReport(ctx, v4URI, o)
		require.ErrorIs(t, err, concur.Unavailable)
		require.ErrorContains(t, err, "changed while it was read, 3 times in a row")
	})
	t.Run("a part that is not found is not a report that is gone", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 3)
		f.refuse["/expenses/E2"] = http.StatusNotFound
		_, err := f.reader(t).ReadReport(ctx, v4URI, o)
		require.ErrorIs(t, err, concur.Incomplete)
		require.ErrorContains(t, err, "Concur names a part of it, and does not find that: entry 2: ")
	})
	t.Run("an entry that cannot be read is named by its number", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 3)
		f.refuse["/expenses/E2"] = http.StatusBadRequest
		_, err := f.reader(t).ReadReport(ctx, v4URI, o)
		require.ErrorIs(t, err, concur.Rejected)
		require.ErrorContains(t, err, "entry 2: ")
	})
}

func TestAReportThatIsRefusedIsReadByV11WhenThatIsAllowed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, via := range []expense.Interface{expense.V3, expense.V4} {
		path := map[expense.Interface]string{expense.V3: "/api/v3.0/", expense.V4: "/expensereports/"}[via]
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			for status, kind := range map[int]expense.Kind{401: concur.Unauthorized, 403: concur.Forbidden, 404: concur.NotFound} {
				f := newFake(t, 3)
				f.refuse[path] = status
				var log strings.Builder
				c := f.reader(t, func(o *concur.Options) {
					o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
				})
				for range 2 { // the second time it is known
					read, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Fallback: true, Logins: []string{owner}})
					require.NoError(t, err, status)
					require.True(t, read.OwnerListed)
					require.Empty(t, read.Report.Via)
					require.Contains(t, read.FallbackReason, fmt.Sprintf("was refused: %s (HTTP %d)", kind, status))
					require.NotContains(t, read.FallbackReason, fakeID)
				}
				require.Equal(t, 1, strings.Count(log.String(), "read by v1.1 instead"))
			}
		})
		t.Run(string(via)+": what may pass does not fall back", func(t *testing.T) {
			t.Parallel()
			for status, kind := range map[int]expense.Kind{500: concur.Unavailable, 503: concur.Unavailable, 429: concur.RateLimited, 400: concur.Rejected} {
				f := newFake(t, 3)
				f.refuse[path] = status
				_, err := f.reader(t).ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Fallback: true})
				require.ErrorIs(t, err, kind)
			}
		})
		t.Run(string(via)+": a report that v1.1 shows is not gone", func(t *testing.T) {
			t.Parallel()
			f := newFake(t, 3)
			f.refuse[path] = http.StatusNotFound
			c := f.reader(t)
			for range 2 {
				_, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: via})
				require.ErrorIs(t, err, concur.Rejected)
				require.NotErrorIs(t, err, concur.NotFound)
			}
		})
		t.Run(string(via)+": one that v1.1 no longer shows is gone", func(t *testing.T) {
			t.Parallel()
			f := newFake(t, 3)
			c := f.reader(t)
			_, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: via})
			require.NoError(t, err)
			f.mu.Lock()
			f.refuse["/"] = http.StatusNotFound
			f.mu.Unlock()
			for _, fallback := range []bool{true, false} {
				_, err = c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: via, Fallback: fallback})
				require.ErrorIs(t, err, concur.NotFound)
			}
		})
	}
	t.Run("an owner whom the directory does not know is refused, too", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 3)
		c := f.client(t)
		c.SetUsers(concur.Users{})
		read, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4, Fallback: true})
		require.NoError(t, err)
		require.Equal(t, "look up user was refused: the report's owner is not found", read.FallbackReason)
		_, err = c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4})
		require.ErrorIs(t, err, concur.Rejected)
		_, err = c.ReadReport(ctx, v4URI, concur.ReadOptions{Via: expense.V3})
		require.ErrorIs(t, err, concur.Rejected)
	})
}

func TestWhoseAReportIs(t *testing.T) {
	t.Parallel()
	for _, via := range []expense.Interface{expense.V3, expense.V4} {
		for _, uri := range []string{objectURI, v4URI} {
			f := newFake(t, 1)
			c := f.reader(t)
			for login, want := range map[string]bool{owner: true, "lee@example.com": false, "nobody@example.com": false} {
				read, err := c.ReadReport(context.Background(), uri, concur.ReadOptions{Via: via, Parts: expense.Parts{HeaderOnly: true}, Logins: []string{"x@example.com", login}})
				require.NoError(t, err)
				require.Equal(t, want, read.OwnerListed, login)
			}
		}
	}
}

func TestAnItemizationAmongTheEntriesIsNotCountedTwice(t *testing.T) {
	t.Parallel()
	const (
		report = "/expensereports/v4/users/" + ownerUUID + "/context/TRAVELER/reports/" + fakeID
		parent = `{"expenseId":"E1","postedAmount":{"value":10,"currencyCode":"EUR"},"links":[{"rel":"self"},{"rel":"itemizations"}]`
		child  = `{"expenseId":"E2","postedAmount":{"value":10,"currencyCode":"EUR"},"links":[{"rel":"self"}]`
	)
	for name, parts := range map[string]expense.Parts{
		"with nothing": {}, "with details": {Details: true}, "with itemizations": {Itemizations: true}, "with everything": expense.AllParts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]string{
				report:                                                 `{"reportId":"` + fakeID + `","approvalStatusId":"A_EXTV","currencyCode":"EUR"}`,
				report + "/expenses":                                   "[" + parent + "}," + child + "}]",
				report + "/expenses/E1":                                parent + `,"parentExpenseId":null}`,
				report + "/expenses/E2":                                child + `,"parentExpenseId":"E1"}`,
				report + "/expenses/E1/itemizations":                   "[" + child + "}]",
				report + "/expenses/E2/itemizations":                   "[]",
				report + "/expenses/E2/allocations":                    "[]",
				report + "/expenses/E1/attendees":                      `{"expenseAttendeeList":[]}`,
				report + "/expenses/E2/attendees":                      `{"expenseAttendeeList":[]}`,
				report + "/comments":                                   "[]",
				"/expensereports/v4/reports/" + fakeID + "/exceptions": "[]",
			}
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answers[r.URL.Path]) })
			read, err := s.client(t).ReadReport(context.Background(), v4URI, concur.ReadOptions{Via: expense.V4, Parts: parts})
			require.NoError(t, err)
			require.Len(t, read.Report.Entries, 1)
			require.Equal(t, "E1", read.Report.Entries[0].ID)
			require.Equal(t, parts.Itemizations, read.Report.Entries[0].Itemized != nil)
		})
	}
}
