package concur_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestSingleReadsOfAReport(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := newFake(t, 4)
	c := f.client(t)
	header, err := concur.HeaderV3(ctx, c, fakeID, owner)
	require.NoError(t, err)
	require.Equal(t, expense.V3, header.Via)
	header, err = concur.HeaderV4(ctx, c, ownerUUID, strings.ToLower(fakeID))
	require.ErrorIs(t, err, concur.NotFound, "paths are as they are given")
	require.Nil(t, header)
	header, err = concur.HeaderV4(ctx, c, ownerUUID, fakeID)
	require.NoError(t, err)
	require.Equal(t, expense.V4, header.Via)
	items, err := c.ItemizationsV4(ctx, ownerUUID, fakeID, "E3")
	require.NoError(t, err)
	require.Len(t, items, 2)
	allocations, err := c.AllocationsV4(ctx, ownerUUID, fakeID, "E2")
	require.NoError(t, err)
	require.Equal(t, []expense.Allocation{{ID: "AE2", Percentage: "100.00000000"}}, allocations)
	attendees, err := c.AttendeesV4(ctx, ownerUUID, fakeID, "E2")
	require.NoError(t, err)
	require.Equal(t, 2, attendees.Count)
}

func TestAnIDThatWouldLeadElsewhereIsNotSent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := newFake(t, 1)
	c := f.client(t)
	for _, id := range []string{"", ".", "..", "a/b", "a?b", "a#b", "a%2fb", `a\b`, "a b", "ä", "a;b", "a@b", strings.Repeat("x", 201)} {
		for name, read := range map[string]func() error{
			"v3":          func() error { _, err := concur.HeaderV3(ctx, c, id, owner); return err },
			"user":        func() error { _, err := concur.HeaderV4(ctx, c, id, fakeID); return err },
			"report":      func() error { _, err := c.ExpensesV4(ctx, ownerUUID, id); return err },
			"expense":     func() error { _, err := c.ExpenseV4(ctx, ownerUUID, fakeID, id); return err },
			"allocations": func() error { _, err := c.AllocationsV4(ctx, ownerUUID, fakeID, id); return err },
			"attendees":   func() error { _, err := c.AttendeesV4(ctx, ownerUUID, fakeID, id); return err },
			"comments":    func() error { _, err := c.CommentsV4(ctx, ownerUUID, id); return err },
			"of one":      func() error { _, err := c.ExpenseCommentsV4(ctx, ownerUUID, id, id); return err },
		} {
			require.ErrorIs(t, read(), concur.InvalidArgument, "%s %q", name, id)
		}
	}
	requests, _ := f.server.count()
	require.Zero(t, requests)
}

func TestAnAnswerAboutAnotherReportIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, answering(200, "application/json", `{"ID":"OTHER","reportId":"OTHER","ApprovalStatusCode":"A_EXTV","approvalStatusId":"A_EXTV"}`))
	c := s.client(t)
	_, err := concur.HeaderV3(context.Background(), c, fakeID, owner)
	require.ErrorIs(t, err, concur.Malformed)
	_, err = concur.HeaderV4(context.Background(), c, ownerUUID, fakeID)
	require.ErrorIs(t, err, concur.Malformed)
}

func TestNextPagesOfEntries(t *testing.T) {
	t.Parallel()
	const list = "https://www.concursolutions.com/api/v3.0/expense/entries"
	read := func(t *testing.T, next func(offset string) string) (int, error) {
		t.Helper()
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			offset := r.URL.Query().Get("offset")
			fmt.Fprintf(w, `{"Items":[{"ID":"E%s"}],"NextPage":%q}`, offset, next(offset))
		})
		rows, err := s.client(t).EntriesV3(context.Background(), fakeID, owner)
		requests, _ := s.count()
		require.True(t, err != nil || len(rows) == requests)
		return requests, err
	}
	t.Run("elsewhere are not followed", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"https://evil.example/api/v3.0/expense/entries?offset=a", "https://www.concursolutions.com/api/v3.0/expense/reports?offset=a",
			"/api/v3.0/expense/entries?offset=a", list + "/../x?offset=a", "https://www.concursolutions.com@evil.example/api/v3.0/expense/entries?offset=a",
		} {
			requests, err := read(t, func(string) string { return url })
			require.ErrorIs(t, err, concur.Untrusted, url)
			require.Equal(t, 1, requests)
		}
	})
	t.Run("that were read before end it", func(t *testing.T) {
		t.Parallel()
		back := map[string]string{"": "a", "a": "b", "b": "a"}
		requests, err := read(t, func(offset string) string { return list + "?offset=" + back[offset] })
		require.ErrorIs(t, err, concur.Incomplete)
		require.Equal(t, 3, requests)
	})
	t.Run("do not go on for ever", func(t *testing.T) {
		t.Parallel()
		requests, err := read(t, func(offset string) string { return list + "?offset=x" + offset })
		require.ErrorIs(t, err, concur.TooLarge)
		require.Equal(t, 1000, requests)
	})
}
