package concur_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func held(kind expense.ObjectType, object, entry, code string) expense.ExistingException {
	return expense.ExistingException{Exception: expense.Exception{ObjectType: kind, ObjectID: object, Code: code}, ExpenseID: entry}
}

func TestExceptionsV4(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const base = "/expensereports/v4/reports/" + reportID
	t.Run("each is put on its object and taken off again", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				w.WriteHeader(http.StatusNoContent)
			}
		})
		client := s.client(t)
		for _, c := range []struct {
			e    expense.ExistingException
			path string
		}{
			{held(expense.OnReport, "", "", "LATE"), base + "/exceptions"},
			{held(expense.OnEntry, "E1", "", "LATE"), base + "/expenses/E1/exceptions"},
			{held(expense.OnAllocation, "A1", "E1", "LATE"), base + "/expenses/E1/allocations/A1/exceptions"},
			{held(expense.OnReport, "", "", "5%;A"), base + "/exceptions"},
		} {
			s.requests, s.bodies = nil, nil
			require.NoError(t, client.PutExceptionV4(ctx, reportID, c.e))
			require.NoError(t, client.DeleteExceptionV4(ctx, reportID, c.e))
			require.Equal(t, http.MethodPut, s.requests[0].Method)
			require.Equal(t, c.path, s.requests[0].RequestURI)
			require.JSONEq(t, `{"exceptionCode":"`+c.e.Code+`","exceptionVisibility":"ALL"}`, s.bodies[0])
			require.Equal(t, http.MethodDelete, s.requests[1].Method)
			require.Equal(t, c.path+"/"+c.e.Code, s.requests[1].URL.Path)
			require.Empty(t, s.bodies[1])
		}
		e := held(expense.OnReport, "", "", "LATE")
		e.Visibility = expense.VisibleToProcessors
		require.NoError(t, client.PutExceptionV4(ctx, reportID, e))
		require.JSONEq(t, `{"exceptionCode":"LATE","exceptionVisibility":"PROCESSOR"}`, s.bodies[len(s.bodies)-1])
	})
	t.Run("what is no exception's is not sent", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(204, "", ""))
		client := s.client(t)
		for _, e := range []expense.ExistingException{
			held(expense.OnReport, "", "", ""), held(expense.OnReport, "", "", "NINECHARS"), held(expense.OnReport, "", "", "a/b"), held(expense.OnReport, "", "", ".."),
			held(expense.OnReport, "", "", "a b"), held(expense.OnReport, "", "", "é"), held(expense.OnEntry, "", "", "LATE"), held(expense.OnEntry, "../x", "", "LATE"),
			held(expense.OnAllocation, "A1", "", "LATE"), held("Attendee", "A1", "E1", "LATE"),
		} {
			require.ErrorIs(t, client.PutExceptionV4(ctx, reportID, e), concur.InvalidArgument, e)
			require.ErrorIs(t, client.DeleteExceptionV4(ctx, reportID, e), concur.InvalidArgument, e)
		}
		e := held(expense.OnReport, "", "", "LATE")
		require.ErrorIs(t, client.PutExceptionV4(ctx, "a/b", e), concur.InvalidArgument)
		e.Visibility = "EVERYBODY"
		require.ErrorIs(t, client.PutExceptionV4(ctx, reportID, e), concur.InvalidArgument)
		readOnly := s.client(t, func(o *concur.Options) { o.ReadOnly = true })
		require.ErrorIs(t, readOnly.PutExceptionV4(ctx, reportID, held(expense.OnReport, "", "", "LATE")), concur.WritesOff)
		require.ErrorIs(t, readOnly.DeleteExceptionV4(ctx, reportID, held(expense.OnReport, "", "", "LATE")), concur.WritesOff)
		requests, tokens := s.count()
		require.Zero(t, requests+tokens)
	})
	t.Run("one that is not there is taken off, one that is not ours stays", func(t *testing.T) {
		t.Parallel()
		e := held(expense.OnReport, "", "", "LATE")
		require.NoError(t, newServer(t, answering(404, "application/json", `{"errorMessage":"no"}`)).client(t).DeleteExceptionV4(ctx, reportID, e))
		err := newServer(t, answering(400, "application/json",
			`{"errorMessage":"The exception cannot be deleted."}`)).client(t).DeleteExceptionV4(ctx, reportID, e)
		require.ErrorIs(t, err, concur.Rejected)
		require.ErrorIs(t, newServer(t, raw("")).client(t).DeleteExceptionV4(ctx, reportID, e), concur.OutcomeUnknown)
	})
	t.Run("what a report holds is listed, in a client that only reads, too", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/json", `[{"exceptionCode":"LATE","isBlocking":true,"expenseId":"E1"}]`))
		got, err := s.client(t, func(o *concur.Options) { o.ReadOnly = true }).ExceptionsV4(ctx, reportID)
		require.NoError(t, err)
		want := held(expense.OnEntry, "E1", "E1", "LATE")
		want.Blocking = true
		require.Equal(t, []expense.ExistingException{want}, got)
		require.Equal(t, base+"/exceptions", s.requests[0].RequestURI, "those of expenses and allocations come with it")

		got, err = newServer(t, answering(204, "", "")).client(t).ExceptionsV4(ctx, reportID)
		require.NoError(t, err)
		require.Empty(t, got)
		_, err = newServer(t, answering(200, "", "")).client(t).ExceptionsV4(ctx, reportID)
		require.ErrorIs(t, err, concur.Unavailable)
		_, err = newServer(t, answering(200, "application/json", `{"x":1}`)).client(t).ExceptionsV4(ctx, reportID)
		require.ErrorIs(t, err, concur.Malformed)
		_, err = s.client(t).ExceptionsV4(ctx, "../x")
		require.ErrorIs(t, err, concur.InvalidArgument)
	})
}
