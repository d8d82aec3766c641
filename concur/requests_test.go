package concur_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

const (
	requestURI = "https://us2.api.concursolutions.com/travelrequest/v4/requests/" + requestID
	travelJSON = `{"id": "` + requestID + `", "requestId": "3AT7", "approvalStatus": {"code": "%s"}, "owner": {"id": "` + userID + `", "firstName": "Jo"},
		"totalPostedAmount": {"value": 12.5, "currency": "EUR"}, "submitDate": "2026-03-03T09:00:00Z", "operations": [{"rel": "approve"}, {"rel": "sendback"}]}`
)

// travel answers one travel request: whatever is not in the map, by path and query, is not
// found.
func travel(t *testing.T, answers map[string]string) *server {
	t.Helper()
	return newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[strings.TrimPrefix(r.RequestURI, "/travelrequest/v4/requests")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	})
}

func submitted() string { return fmt.Sprintf(travelJSON, "SUBMITTED") }

func TestReadRequest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const one = "/" + requestID
	t.Run("a request is read with its expenses, on every page, and its exceptions", func(t *testing.T) {
		t.Parallel()
		s := travel(t, map[string]string{
			one:                                  submitted(),
			one + "/expenses":                    `{"data": [{"id": "E1", "postedAmount": {"value": 1}}], "operations": [{"rel": "next", "href": "https://us2.api.concursolutions.com/travelrequest/v4/requests/` + requestID + `/expenses?start=1"}]}`,
			one + "/expenses?start=1":            `[{"id": "E2"}]`,
			one + "/exceptions?userId=" + userID: `[{"code": "LATE", "level": 1}]`,
		})
		client := s.client(t, func(o *concur.Options) { o.ReadOnly = true })
		read, err := client.ReadRequest(ctx, requestURI+"/?x=y", concur.ReadOptions{})
		require.NoError(t, err)
		require.Equal(t, "12.50 EUR", read.Request.Posted.String())
		require.Len(t, read.Request.Expenses, 2)
		require.Equal(t, "1.00 EUR", read.Request.Expenses[0].Posted.String())
		require.Equal(t, new(true), read.Request.HasException)
		require.Equal(t, []expense.RequestException{{Code: "LATE", Level: new(1)}}, read.Request.Exceptions)
		require.True(t, read.Request.AwaitsValidation())
		require.False(t, read.OwnerListed)
		require.NotEmpty(t, read.HeaderHash)
		require.Nil(t, read.Report)
		for _, r := range s.requests {
			require.Equal(t, "application/json", r.Header.Get("Accept"))
			require.Equal(t, s.host(), r.Host)
		}
		s.requests = nil
		read, err = client.ReadRequest(ctx, requestURI, concur.ReadOptions{Parts: expense.Parts{HeaderOnly: true}})
		require.NoError(t, err)
		require.Empty(t, read.Request.Expenses)
		require.Len(t, s.requests, 1)
	})
	t.Run("whose request it is, is found by the identifiers of the logins", func(t *testing.T) {
		t.Parallel()
		for login, theirs := range map[string]bool{"jo@example.com": true, "other@example.com": false, "nobody@example.com": false} {
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if r.URL.Path == "/profile/identity/v4.1/Users/.search" {
					fmt.Fprintf(w, `{"Resources": [%s, %s]}`, user(strings.ToUpper(userID), "jo@example.com"), user("u-2", "other@example.com"))
					return
				}
				fmt.Fprint(w, submitted())
			})
			read, err := s.client(t).ReadRequest(ctx, requestURI, concur.ReadOptions{Parts: expense.Parts{HeaderOnly: true}, Logins: []string{"nobody@example.com", login}})
			require.NoError(t, err)
			require.Equal(t, theirs, read.OwnerListed, login)
		}
	})
	t.Run("an address of Request v1 is refused, and says why", func(t *testing.T) {
		t.Parallel()
		s := travel(t, nil)
		_, err := s.client(t).ReadRequest(ctx, "https://www.concursolutions.com/api/travelrequest/v1.0/requests/nKey$p", concur.ReadOptions{})
		require.ErrorIs(t, err, concur.InvalidArgument)
		require.ErrorContains(t, err, "Concur has ended Request v1")
		require.NotContains(t, err.Error(), "nKey")
		require.Empty(t, s.requests)
	})
	t.Run("no other address is read", func(t *testing.T) {
		t.Parallel()
		s := travel(t, nil)
		client := s.client(t)
		for raw, kind := range map[string]expense.Kind{
			objectURI:                concur.InvalidArgument,
			requestURI + "/expenses": concur.InvalidArgument,
			"":                       concur.InvalidArgument,
			"https://evil.example/travelrequest/v4/requests/" + requestID: concur.Untrusted,
			requestURI + "/../x": concur.Untrusted,
			requestURI + "%2fx":  concur.InvalidArgument,
			"https://us2.api.concursolutions.com/travelrequest/v4/requests/":                           concur.Untrusted,
			"https://us2.api.concursolutions.com/travelrequest/v4/expenses/E1":                         concur.Untrusted,
			"https://us2.api.concursolutions.com/expensereports/v4/users/u/context/TRAVELER/reports/R": concur.Untrusted,
			"hhttps://us2.api.concursolutions.com/travelrequest/v4/requests/x":                         concur.Untrusted,
		} {
			_, err := client.ReadRequest(ctx, raw, concur.ReadOptions{})
			require.ErrorIs(t, err, kind, raw)
		}
		_, err := client.ReadReport(ctx, requestURI, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.InvalidArgument, "nor by v1.1 what is not of it")
		require.Empty(t, s.requests)
	})
	for name, c := range map[string]struct {
		answers map[string]string
		kind    expense.Kind
	}{
		"a request that is gone":       {nil, concur.NotFound},
		"another request":              {map[string]string{one: strings.Replace(submitted(), requestID, "B"+requestID[1:], 1)}, concur.Malformed},
		"a part that is not there now": {map[string]string{one: submitted()}, concur.Incomplete},
		"segments that are announced": {map[string]string{one: submitted(), one + "/exceptions": `[]`, one + "/expenses": `{"data": [{"id": "E1"}], "operations": [{"rel": "next", "href": "https://us2.api.concursolutions.com/travelrequest/v4/requests/` + requestID + `/expenses?start=1"}]}`,
			one + "/expenses?start=1": `{"data": [{"id": "E2", "tripData": {"segmentType": {"code": "AIRFR"}, "legs": []}}]}`}, concur.Incomplete},
		"exceptions that are not there":   {map[string]string{one: submitted(), one + "/expenses": `[]`}, concur.Incomplete},
		"expenses that cannot be read":    {map[string]string{one: submitted(), one + "/expenses": `{"x": 1}`}, concur.Malformed},
		"expenses on a page elsewhere":    {map[string]string{one: submitted(), one + "/expenses": `{"data": [], "operations": [{"rel": "next", "href": "hhttps://us2.api.concursolutions.com/travelrequest/v4/requests/` + requestID + `/expenses?start=1"}]}`}, concur.Untrusted},
		"expenses on the page of another": {map[string]string{one: submitted(), one + "/expenses": `{"data": [], "operations": [{"rel": "next", "href": "https://us2.api.concursolutions.com/travelrequest/v4/requests/X/expenses?start=1"}]}`}, concur.Untrusted},
		"a page of expenses that comes back": {map[string]string{one: submitted(),
			one + "/expenses":         `{"data": [], "operations": [{"rel": "next", "href": "https://us2.api.concursolutions.com/travelrequest/v4/requests/` + requestID + `/expenses?start=1"}]}`,
			one + "/expenses?start=1": `{"data": [], "operations": [{"rel": "next", "href": "https://us2.api.concursolutions.com/travelrequest/v4/requests/` + requestID + `/expenses?start=1"}]}`}, concur.Incomplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := travel(t, c.answers).client(t).ReadRequest(ctx, requestURI, concur.ReadOptions{})
			require.ErrorIs(t, err, c.kind)
			require.NotContains(t, err.Error(), requestID)
			require.NotContains(t, err.Error(), userID)
		})
	}
}

func TestPendingRequests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const list = "http://us2.api.concursolutions.com/travelrequest/v4/requests"
	first := "?view=SUBMITTED&start=0&limit=100"
	page := func(id, next string) string {
		return `{"data": [{"id": "` + id + `", "approvalStatus": {"code": "SUBMITTED"}}, {"id": "Z", "approvalStatus": {"code": "APPROVED"}}],
			"operations": [{"rel": "last", "href": "https://evil.example/"}, {"rel": "next", "href": "` + next + `"}]}`
	}
	all := func(s *server) (ids []string, err error) {
		client, at := s.client(t), ""
		for {
			at, err = client.PendingRequests(ctx, at, func(r expense.TravelRequest, _ error) error { ids = append(ids, r.ID); return nil })
			if err != nil || at == "" {
				return ids, err
			}
		}
	}
	t.Run("the rows of every page are handed over", func(t *testing.T) {
		t.Parallel()
		ids, err := all(travel(t, map[string]string{first: page("A", list+"?start=100"), "?start=100": `{"data": [{"id": "B", "approvalStatus": {"code": "SUBMITTED"}}]}`}))
		require.NoError(t, err)
		require.Equal(t, []string{"A", "Z", "B"}, ids)
	})
	t.Run("a next page elsewhere, or the same, is not read", func(t *testing.T) {
		t.Parallel()
		for next, kind := range map[string]expense.Kind{
			"https://evil.example/travelrequest/v4/requests?start=1":                          concur.Untrusted,
			"hhttps://us2.api.concursolutions.com/travelrequest/v4/requests?start=1":          concur.Untrusted,
			"https://us2.api.concursolutions.com/travelrequest/v4/requests/X/approve?start=1": concur.Untrusted,
			"https://us2.api.concursolutions.com/api/v3.0/expense/reports?start=1":            concur.Untrusted,
			"/travelrequest/v4/requests?start=1":                                              concur.Untrusted,
			list:                                                                              concur.Malformed,
			list + first:                                                                      concur.Malformed,
		} {
			s := travel(t, map[string]string{first: page("A", next)})
			_, err := all(s)
			require.ErrorIs(t, err, kind, next)
			require.Len(t, s.requests, 1)
		}
	})
	t.Run("what is no list cannot be read, and what no list named is not asked for", func(t *testing.T) {
		t.Parallel()
		_, err := all(travel(t, map[string]string{first: `[]`}))
		require.NoError(t, err, "a bare list has no more pages")
		_, err = all(travel(t, map[string]string{first: `{"data": 1}`}))
		require.ErrorIs(t, err, concur.Malformed)
		var unread error
		_, err = travel(t, map[string]string{first: `{"data": [{"id": "A"}]}`}).client(t).PendingRequests(ctx, "", func(_ expense.TravelRequest, why error) error { unread = why; return nil })
		require.NoError(t, err)
		require.ErrorIs(t, unread, concur.Malformed, "a row that cannot be read hides no other")
		_, err = travel(t, nil).client(t).PendingRequests(ctx, "a b", nil)
		require.ErrorIs(t, err, concur.InvalidArgument)
		mine := errors.New("enough")
		_, err = travel(t, map[string]string{first: page("A", list+"?start=1")}).client(t).PendingRequests(ctx, "", func(expense.TravelRequest, error) error { return mine })
		require.Same(t, mine, err)
		_, err = all(newServer(t, answering(403, "application/json", `{"errors": [{"errorCode": "publicApiNotAllowed"}]}`)))
		require.ErrorContains(t, err, "the scope travelrequest.write")
	})
}

func TestActingOnATravelRequest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("a request is passed on and sent back at the documented addresses", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/json", fmt.Sprintf(travelJSON, "APPROVED")))
		client := s.client(t)
		after, err := client.ApproveRequestV4(ctx, requestID)
		require.NoError(t, err)
		require.Equal(t, expense.RequestApproved, after.Status)
		_, err = client.SendBackRequestV4(ctx, requestID, "why")
		require.NoError(t, err)
		require.Equal(t, []string{"", `{"comment":"why"}`}, s.bodies)
		for i, action := range []string{"approve", "sendback"} {
			require.Equal(t, http.MethodPost, s.requests[i].Method)
			require.Equal(t, "/travelrequest/v4/requests/"+requestID+"/"+action, s.requests[i].RequestURI)
			require.Equal(t, int64(len(s.bodies[i])), s.requests[i].ContentLength)
		}
		require.Equal(t, "application/json", s.requests[1].Header.Get("Content-Type"))
	})
	t.Run("an answer that does not show the request leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{"", `{}`, `{"errors": []}`, strings.Replace(fmt.Sprintf(travelJSON, "APPROVED"), requestID, "X", 1), "<html>"} {
			_, err := newServer(t, answering(200, "application/json", body)).client(t).ApproveRequestV4(ctx, requestID)
			require.ErrorIs(t, err, concur.OutcomeUnknown, body)
		}
	})
	t.Run("nothing else is sent", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/json", submitted()))
		_, err := s.client(t).ApproveRequestV4(ctx, "x/../y")
		require.ErrorIs(t, err, concur.InvalidArgument)
		_, err = s.client(t, func(o *concur.Options) { o.ReadOnly = true }).ApproveRequestV4(ctx, requestID)
		require.ErrorIs(t, err, concur.WritesOff)
		require.Empty(t, s.requests)
		_, err = newServer(t, answering(403, "application/json", `{}`)).client(t).ApproveRequestV4(ctx, requestID)
		require.ErrorContains(t, err, "travelrequest.externalsystemworkflow.write")
	})
}

func TestObjectURIs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/api/v3.0/expense/reports":
			fmt.Fprintf(w, `{"Items": [{"ID": %q, "ApprovalStatusCode": "A_EXTV", "OwnerLoginID": %q}, {"ID": "R2", "ApprovalStatusCode": "A_EXTV"}]}`, reportID, userLogin)
		default:
			fmt.Fprintf(w, `{"Resources": [%s]}`, user(userID, userLogin))
		}
	})
	client := s.client(t)
	uri, err := client.RequestURI(ctx, requestID)
	require.NoError(t, err)
	require.Equal(t, s.URL+"/travelrequest/v4/requests/"+requestID, uri)
	require.NoError(t, client.CheckURL(concur.ObjectURI, uri))
	_, err = client.RequestURI(ctx, "a/b")
	require.ErrorIs(t, err, concur.InvalidArgument)

	var rows []concur.PendingReport
	_, err = client.PendingReports(ctx, "", func(row concur.PendingReport, _ error) error { rows = append(rows, row); return nil })
	require.NoError(t, err)
	require.Len(t, rows, 2)
	uri, err = client.ReportURI(ctx, rows[0])
	require.NoError(t, err)
	require.Equal(t, s.URL+"/expensereports/v4/users/"+userID+"/context/TRAVELER/reports/"+reportID, uri)
	require.NoError(t, client.CheckURL(concur.ObjectURI, uri))
	_, err = client.ReportURI(ctx, rows[1])
	require.ErrorIs(t, err, concur.Malformed, "whose owner is not named")
}

func TestATravelRequestIsReadWithItsStanding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status   string
		external expense.ExternalValidation
		want     concur.Read
	}{
		"it waits for us":                      {`{"code": "SUBMITTED", "name": "Pending External Validation"}`, expense.ExternalValidation{}, concur.Read{Validation: "SUBMITTED"}},
		"it waits for somebody else":           {`{"code": "SUBMITTED", "name": "Submitted & Pending Approval"}`, expense.ExternalValidation{}, concur.Read{SkippedReason: "offers the connector"}},
		"its status has a name that we know":   {`{"code": "SUBMITTED", "name": "Externe Prüfung"}`, expense.ExternalValidation{Names: []string{"Externe Prüfung"}}, concur.Read{Validation: "SUBMITTED"}},
		"its status has one that nobody knows": {`{"code": "SUBMITTED", "name": "Externe Prüfung"}`, expense.ExternalValidation{}, concur.Read{Validation: "SUBMITTED", Unclear: "is not known"}},
	} {
		body := strings.Replace(submitted(), `{"code": "SUBMITTED"}`, c.status, 1)
		s := travel(t, map[string]string{"/" + requestID: body})
		read, err := s.client(t).ReadRequest(context.Background(), requestURI, concur.ReadOptions{External: c.external, Parts: expense.Parts{HeaderOnly: true}})
		require.NoError(t, err, name)
		require.Equal(t, c.want.Validation != "", read.Validation != "", name)
		require.Equal(t, c.want.SkippedReason == "", read.SkippedReason == "", name)
		require.Contains(t, read.SkippedReason, c.want.SkippedReason, name)
		require.Equal(t, c.want.Unclear == "", read.Unclear == "", name)
		require.Contains(t, read.Unclear, c.want.Unclear, name)
	}
}
