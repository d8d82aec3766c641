package concur_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// served answers by the request URI, and 404 to any other.
func served(t *testing.T, answers map[string]string) (*server, *concur.Client) {
	t.Helper()
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.RequestURI]
		answering(map[bool]int{true: 200, false: 404}[ok], "application/json", body)(w, r)
	})
	return s, s.client(t)
}

func TestSingleReadsOfATravelRequest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const path = "/travelrequest/v4/requests/9A0F"
	_, c := served(t, map[string]string{
		path:                            `{"id":"9A0F","approvalStatus":{"code":"SUBMITTED"},"owner":{"id":"u-1"}}`,
		path + "/expenses":              `{"data":[{"id":"E1"}],"operations":[{"rel":"next","href":"https://us.api.concursolutions.com` + path + `/expenses?start=1"}]}`,
		path + "/expenses?start=1":      `{"data":[{"id":"E2"}]}`,
		path + "/exceptions":            `[{"code":"X","level":99,"isBlocking":true,"source":{"type":"HEADER"}}]`,
		path + "/exceptions?userId=u-1": `[]`,
	})
	read, err := c.ReadRequest(ctx, "https://us.api.concursolutions.com"+path, concur.ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, expense.RequestSubmitted, read.Request.Status)
	require.Equal(t, []expense.Expected{{ID: "E1"}, {ID: "E2"}}, read.Request.Expenses)
	exceptions, err := c.RequestExceptionsV4(ctx, "9A0F", "")
	require.NoError(t, err)
	require.Equal(t, []expense.RequestException{{Code: "X", Level: new(99), Blocking: new(true)}}, exceptions)
	exceptions, err = c.RequestExceptionsV4(ctx, "9A0F", "u-1")
	require.NoError(t, err)
	require.Empty(t, exceptions)
	read, err = c.ReadRequest(ctx, "https://us.api.concursolutions.com/travelrequest/v4/requests/other", concur.ReadOptions{})
	require.ErrorIs(t, err, concur.NotFound)
	require.Zero(t, read)
}

// Concur's messages may repeat what was in the path or the query.
func TestARequestThatNamesAPersonKeepsNoWordsOfItsRefusal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const who = "kim@example.com"
	s := newServer(t, answering(400, "application/json", `{"errorMessage":"no user `+who+` or `+ownerUUID+`","validationErrors":[{"id":"userNotFound","message":"`+who+`"}]}`))
	c := s.client(t)
	for name, read := range map[string]func() error{
		"report v3":       func() error { _, err := concur.HeaderV3(ctx, c, fakeID, who); return err },
		"entries v3":      func() error { _, err := c.EntriesV3(ctx, fakeID, who); return err },
		"itemizations v3": func() error { _, err := c.ItemizationsV3(ctx, fakeID, who); return err },
		"report v4":       func() error { _, err := concur.HeaderV4(ctx, c, ownerUUID, fakeID); return err },
		"expenses v4":     func() error { _, err := c.ExpensesV4(ctx, ownerUUID, fakeID); return err },
		"expense v4":      func() error { _, err := c.ExpenseV4(ctx, ownerUUID, fakeID, "E"); return err },
		"allocations v4":  func() error { _, err := c.AllocationsV4(ctx, ownerUUID, fakeID, "E"); return err },
		"itemizations v4": func() error { _, err := c.ItemizationsV4(ctx, ownerUUID, fakeID, "E"); return err },
		"attendees v4":    func() error { _, err := c.AttendeesV4(ctx, ownerUUID, fakeID, "E"); return err },
		"comments v4":     func() error { _, err := c.CommentsV4(ctx, ownerUUID, fakeID); return err },
		"user":            func() error { _, err := c.Owner(ctx, ownerUUID); return err },
		"search":          func() error { _, err := c.UserID(ctx, who); return err },
		"exceptions":      func() error { _, err := c.RequestExceptionsV4(ctx, "R", ownerUUID); return err },
	} {
		err := read()
		require.ErrorIs(t, err, concur.Rejected, name)
		require.ErrorContains(t, err, "userNotFound", name)
		require.False(t, strings.Contains(err.Error(), who) || strings.Contains(err.Error(), ownerUUID), "%s: %v", name, err)
	}
}
