package activities_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

// elders knows of one older run.
type elders struct {
	elder string
	err   error
	asked []string
	told  []expense.Notification
	ended bool
}

func (e *elders) Elder(_ context.Context, reportID, _, _ string) (string, error) {
	e.asked = append(e.asked, reportID)
	return e.elder, e.err
}

func (e *elders) Tell(_ context.Context, n expense.Notification, _ string) (bool, error) {
	e.told = append(e.told, n)
	return e.ended, e.err
}

func TestAReportIsReadByTheInterfaceThatIsPreferred(t *testing.T) {
	t.Parallel()
	for via, uri := range map[expense.Interface]string{expense.V3: objectURI, expense.V4: objectURI} {
		h := newTenant(t, &tenant{held: map[string]bool{"E1 LATE": true, "AUDIT": true}})
		known := &elders{elder: "EXPRPT:other"}
		acts := h.activities(t, newer(t, via), func(o *activities.Options) { o.Elders = known })
		got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: uri})
		require.NoError(t, err)
		require.Equal(t, via, got.Via)
		require.Equal(t, reportID, got.ReportID)
		require.NotEmpty(t, got.Mark)
		require.Equal(t, "EXPRPT:other", got.Elder)
		require.Equal(t, []string{reportID}, known.asked)
		require.Equal(t, []expense.HeldException{{Exception: expense.Exception{ObjectType: expense.OnEntry, ObjectID: "E1", Code: "LATE"}, Visibility: "ALL", ExpenseID: "E1"}},
			got.Held, "those of our rules' codes")
		f := got.Report.Entries[0].Custom["3"]
		require.Equal(t, [2]string{"CEN1", "Centre 1"}, [2]string{f.Code, f.Value})
		require.Len(t, got.Report.Entries[0].Custom, 1, "what no rule reads is neither kept nor looked up")
		for _, r := range h.requests() {
			require.NotContains(t, r.body+got.FellBack, "secret")
		}
	}
}

func TestAListItemThatIsGoneStaysWhatItIs(t *testing.T) {
	t.Parallel()
	h := newTenant(t, &tenant{}).on("GET /list/v4/items/"+listItem, says(http.StatusNotFound, `{}`))
	got, err := run[expense.FetchedReport](t, attempt{}, h.activities(t, newer(t, expense.V4)).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
	require.NoError(t, err)
	require.Equal(t, listItem, got.Report.Entries[0].Custom["3"].Value)

	h.on("GET /list/v4/items/"+listItem, says(http.StatusServiceUnavailable, ``))
	_, err = run[expense.FetchedReport](t, attempt{}, h.activities(t, newer(t, expense.V4)).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
	require.False(t, failed(t, err, expense.Unavailable).NonRetryable(), "a lookup that fails is made again, and judges nothing")
}

func TestAReportThatAV4AddressNamesIsReadByV3UnlessV4IsPreferred(t *testing.T) {
	t.Parallel()
	for preferred, want := range map[expense.Interface]expense.Interface{"": expense.V3, expense.V1: expense.V3, expense.V3: expense.V3, expense.V4: expense.V4} {
		h := newTenant(t, &tenant{})
		got, err := run[expense.FetchedReport](t, attempt{}, h.activities(t, newer(t, preferred)).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
		require.NoError(t, err)
		require.Equal(t, want, got.Via)
		require.NotContains(t, h.seen(), "read", "its v1.1 key is not known")
	}
}

func TestFallingBackNeedsLeaveAndARefusal(t *testing.T) {
	t.Parallel()
	header := "GET /expensereports/v4/users/" + ownerUUID + "/context/TRAVELER/reports/" + reportID
	for name, c := range map[string]struct {
		status int
		leave  bool
		kind   expense.Kind
	}{
		"refused, with leave":    {http.StatusForbidden, true, ""},
		"refused, without leave": {http.StatusForbidden, false, expense.Forbidden},
		"an outage":              {http.StatusServiceUnavailable, true, expense.Unavailable},
		"too many requests":      {http.StatusTooManyRequests, true, expense.RateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTenant(t, &tenant{}).on(header, says(c.status, ""))
			acts := h.activities(t, newer(t, expense.V4), func(o *activities.Options) { o.Reading.Fallback = c.leave })
			got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
			if c.kind != "" {
				failed(t, err, c.kind)
				return
			}
			require.NoError(t, err)
			require.Empty(t, got.Via)
			require.Equal(t, stopOne, got.Stop)
			require.NotEmpty(t, got.FellBack)
			require.NotContains(t, got.FellBack, ownerUUID)
		})
	}
}

func TestARunGoesOnWhenItCannotBeAskedForAnElder(t *testing.T) {
	t.Parallel()
	h := newTenant(t, &tenant{})
	acts := h.activities(t, newer(t, expense.V4), func(o *activities.Options) { o.Elders = &elders{err: errors.New("no right to list")} })
	got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
	require.NoError(t, err)
	require.Empty(t, got.Elder)
}

func TestTestUsersAreKnownByV4(t *testing.T) {
	t.Parallel()
	for login, withheld := range map[string]bool{owner: false, "CM@example.com": false, "other@example.com": true} {
		h := newTenant(t, &tenant{})
		acts := h.activities(t, newer(t, expense.V4), func(o *activities.Options) { o.Writes.TestUsers = []string{login} })
		for _, f := range []any{acts.FetchReport, acts.FetchRequest} {
			in := expense.FetchReportInput{ObjectURI: v4URI}
			if len(h.requests()) > 4 {
				in.ObjectURI = v4Request
			}
			got, err := run[expense.FetchedReport](t, attempt{}, f, in)
			require.NoError(t, err)
			require.Equal(t, withheld, got.Withheld.OfOthers(), login)
		}
	}
}

func TestATravelRequestIsReadAndKept(t *testing.T) {
	t.Parallel()
	for status, c := range map[string]struct {
		kind expense.Kind
		stop string
	}{
		"SUBMITTED*":    {"", "SUBMITTED " + requestID + " 2026-11-03T10:00:00Z"},
		"SUBMITTED":     {expense.NotWaiting, ""}, // with somebody else
		"APPROVED":      {expense.NotWaiting, ""},
		"SENTBACK":      {expense.NotWaiting, ""},
		"NOT_SUBMITTED": {expense.NotWaiting, ""},
		"X_OWN*":        {expense.NotWaiting, ""},
	} {
		h := newTenant(t, &tenant{requests: []string{status}})
		acts := h.activities(t, newer(t, ""))
		got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchRequest, expense.FetchReportInput{ObjectURI: v4Request})
		require.NoError(t, err, status)
		require.Equal(t, c.kind, got.Kind, status)
		require.Equal(t, c.stop, got.Stop, status)
		if c.kind != "" {
			require.Nil(t, got.Request)
			continue
		}
		require.Equal(t, "3AT7", got.Request.Number)
		require.Equal(t, "494.56 USD", got.Request.Posted.String())
		judged, err := run[expense.Judgement](t, attempt{}, acts.ValidateRequest, expense.ValidateRequestInput{Request: got.Request, RulesHash: got.RulesHash})
		require.NoError(t, err)
		require.Equal(t, expense.Ask, judged.Verdict.Action)
		judged, err = run[expense.Judgement](t, attempt{}, acts.ValidateRequest, expense.ValidateRequestInput{Request: got.Request, RulesHash: "others"})
		require.NoError(t, err)
		require.Nil(t, judged.Verdict)
	}
}

func TestListPendingRequests(t *testing.T) {
	t.Parallel()
	row := func(id, status, operations string) string {
		return `{"id":"` + id + `","approvalStatus":{"code":"` + status + `"},"lastModified":"2026-11-03T10:00:00.000Z","operations":[` + operations + `]}`
	}
	const other = "4CCBAE73F3E14346AE93253480F5C409"
	t.Run("takes those that Concur offers us, and reads the rows that do not say", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{rows: []string{
			row(other, "SUBMITTED", `{"rel":"recall"}`), row(requestID, "SUBMITTED", ""), row("2B19A2438CD6664A9C44E0F4D39E870A", "SUBMITTED", `{"rel":"sendback"}`), row(other, "APPROVED", ""),
		}})
		found, err := run[expense.PendingRequests](t, attempt{}, h.activities(t, newer(t, "")).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		var ids []string
		for _, n := range found.Notifications {
			ids = append(ids, n.ID())
			require.Equal(t, h.URL+"/travelrequest/v4/requests/"+n.Key, n.ObjectURI)
			require.False(t, n.IsTrigger())
		}
		require.Equal(t, []string{"TRAVELREQ:" + requestID, "TRAVELREQ:2B19A2438CD6664A9C44E0F4D39E870A"}, ids)
		require.Empty(t, found.Next)
	})
	t.Run("asks nothing when the rules have none for them", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{})
		found, err := run[expense.PendingRequests](t, attempt{}, h.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, expense.PendingRequests{Unjudged: true}, found)
		require.Empty(t, h.requests())
	})
	t.Run("without the scope is for a person to mend", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{}).on("GET /travelrequest/v4/requests", says(http.StatusForbidden, ""))
		_, err := run[expense.PendingRequests](t, attempt{}, h.activities(t, newer(t, "")).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
}

func TestReportsThatNobodyToldOfAreNamedForRuns(t *testing.T) {
	t.Parallel()
	list := `{"Items":[{"ID":"` + reportID + `","ApprovalStatusCode":"A_EXTV","LastModifiedDate":"2026-11-03T10:00:00","OwnerLoginID":"` + owner + `"},` +
		`{"ID":"0NOOWNER","ApprovalStatusCode":"A_EXTV","LastModifiedDate":"2026-11-03T10:00:00"}],"NextPage":null}`
	ask := expense.ListPendingReportsInput{Name: true}
	t.Run("under their v4 addresses", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{}).on("pending", says(http.StatusOK, list))
		found, err := run[expense.PendingReports](t, attempt{}, h.activities(t, newer(t, "")).ListPendingReports, ask)
		require.NoError(t, err)
		require.Equal(t, []expense.Notification{{Kind: expense.ReportObject, Key: reportID, ObjectType: "EXPRPT", EventDateTime: "2026-11-03T10:00:00Z",
			ObjectURI: h.URL + "/expensereports/v4/users/" + ownerUUID + "/context/TRAVELER/reports/" + reportID}}, found.Notifications)
		require.Equal(t, 2, found.Forgotten)
		require.Contains(t, found.Unnamed, "OwnerLoginID")
	})
	t.Run("unless their owners may not be looked up", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{}).on("pending", says(http.StatusOK, list)).on("POST /profile/identity/v4.1/Users/.search", says(http.StatusForbidden, ""))
		found, err := run[expense.PendingReports](t, attempt{}, h.activities(t, newer(t, "")).ListPendingReports, ask)
		require.NoError(t, err)
		require.Empty(t, found.Notifications)
		require.Contains(t, found.Unnamed, "identity.user.ids.read")
		require.NotContains(t, found.Unnamed, owner)
	})
	t.Run("nor while a run has yet to read", func(t *testing.T) {
		t.Parallel()
		h := newTenant(t, &tenant{}).on("pending", says(http.StatusOK, list))
		acts := h.activities(t, newer(t, ""), func(o *activities.Options) { o.Knower = &starter{unread: 1} })
		found, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, ask)
		require.NoError(t, err)
		require.Empty(t, found.Notifications)
		require.Equal(t, 2, found.Unsure)
	})
}

func TestJoinRunTellsTheElderWhatItIsToDelete(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		owed  []string
		told  []expense.Notification
		ended bool
	}{
		"to look again":       {nil, []expense.Notification{{EventType: "step"}}, false},
		"of each entry":       {[]string{"u1", "u2"}, []expense.Notification{{EventType: "step", NotificationURI: "u1"}, {NotificationURI: "u2"}}, false},
		"unless it has ended": {[]string{"u1", "u2"}, []expense.Notification{{EventType: "step", NotificationURI: "u1"}}, true},
	} {
		known := &elders{ended: c.ended}
		acts := newTenant(t, &tenant{}).activities(t, func(o *activities.Options) { o.Elders = known })
		got, err := run[expense.JoinedRun](t, attempt{}, acts.JoinRun, expense.JoinRunInput{Elder: "EXPRPT:x", EventType: "step", Owed: c.owed})
		require.NoError(t, err, name)
		require.Equal(t, c.ended, got.Ended, name)
		require.Equal(t, c.told, known.told, name)
	}
}
