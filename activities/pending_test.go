package activities_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

const pendingList = `{"Items": [
	{"ID": "0KNOWN", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03T10:00:00"},
	{"ID": "0LOST", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03T10:00:00.5"},
	{"ID": "0UNDATED", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": null},
	{"ID": "0FRESH", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2999-01-01T00:00:00"},
	{"ID": "0DONE", "ApprovalStatusCode": "A_APPR", "LastModifiedDate": "2026-11-03T10:00:00"}
], "NextPage": null}`

func TestListPendingReports(t *testing.T) {
	t.Parallel()
	input := expense.ListPendingReportsInput{MissedAfter: time.Hour}
	t.Run("names missed reports", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("pending", respond(http.StatusOK, pendingList))
		found, err := run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.NoError(t, err)
		require.Equal(t, expense.PendingReports{Waiting: 3, Known: 1, Missed: 2, Reports: []string{"0LOST", "0UNDATED"}}, found)
	})
	t.Run("includes reports of test users, and says when Concur refuses their list", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("pending", respond(http.StatusOK, pendingList))
		h.on("test users", respond(http.StatusOK, `{"Items": [{"ID": "0TEST", "ApprovalStatusCode": "A_EXTV"}], "NextPage": null}`))
		found, err := run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.NoError(t, err)
		require.Equal(t, []string{"0LOST", "0UNDATED", "0TEST"}, found.Reports)
		h.on("test users", respond(http.StatusBadRequest, `{"Message": "not here"}`))
		found, err = run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.NoError(t, err)
		require.Equal(t, []string{"0LOST", "0UNDATED"}, found.Reports)
		require.Contains(t, found.NotStartedReason, "Rejected")
	})
	t.Run("not a report that was submitted lately, though its header is older", func(t *testing.T) {
		t.Parallel()
		fresh := time.Now().Add(-time.Minute).UTC().Format("2006-01-02T15:04:05")
		row := `{"ID": "0NEW", "ApprovalStatusCode": "A_EXTV", "LastModifiedDate": "2026-11-03T10:00:00", "SubmitDate": "` + fresh + `"}`
		h := newFakeConcur(t).on("pending", respond(http.StatusOK, `{"Items": [`+row+`], "NextPage": null}`))
		found, err := run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.NoError(t, err)
		require.Equal(t, expense.PendingReports{}, found)
	})
	t.Run("a young run without a read makes recent reports undetermined", func(t *testing.T) {
		t.Parallel()
		lately := strings.ReplaceAll(pendingList, "2026-11-03T10:00:00.5", time.Now().Add(-90*time.Minute).UTC().Format("2006-01-02T15:04:05"))
		for unread, want := range map[int]expense.PendingReports{
			1: {Waiting: 3, Known: 1, Missed: 1, Undetermined: 1, Reports: []string{"0UNDATED"}},
			0: {Waiting: 3, Known: 1, Missed: 2, Reports: []string{"0UNDATED", "0LOST"}},
		} {
			var log bytes.Buffer
			h := newFakeConcur(t).on("pending", respond(http.StatusOK, lately))
			acts := h.activities(t, func(o *activities.Options) {
				o.RunFinder, o.Logger = &starter{unread: unread}, slog.New(slog.NewTextHandler(&log, nil))
			})
			found, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour, FirstReadWithin: time.Hour})
			require.NoError(t, err)
			require.Equal(t, want, found)
			require.Equal(t, unread > 0, strings.Contains(log.String(), "unread=1"), log.String())
		}
	})
	t.Run("a run without a read makes no old report undetermined", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("pending", respond(http.StatusOK, pendingList))
		acts := h.activities(t, func(o *activities.Options) { o.RunFinder = &starter{unread: 1000} })
		found, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour, FirstReadWithin: time.Minute})
		require.NoError(t, err)
		require.Equal(t, expense.PendingReports{Waiting: 3, Known: 1, Missed: 2, Reports: []string{"0LOST", "0UNDATED"}}, found)
	})
	t.Run("is retried when Temporal does not answer", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("pending", respond(http.StatusOK, pendingList))
		acts := h.activities(t, func(o *activities.Options) { o.RunFinder = &starter{err: errors.New("away")} })
		_, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, input)
		require.ErrorContains(t, err, "away")
	})
	t.Run("a missing role is an error", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("pending", respond(http.StatusForbidden, ""))
		_, err := run[expense.PendingReports](t, attempt{}, h.activities(t).ListPendingReports, input)
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
}

// withOwners adds owners to the missed rows of pendingList.
func withOwners(first, second string) string {
	return strings.NewReplacer(`"0LOST",`, `"0LOST","OwnerLoginID":`+first+`,`, `"0UNDATED",`, `"0UNDATED","OwnerLoginID":`+second+`,`).Replace(pendingList)
}

func TestMissedReportsComeWithNotifications(t *testing.T) {
	t.Parallel()
	input := expense.ListPendingReportsInput{MissedAfter: time.Hour, WithNotifications: true}
	list := func(t *testing.T, n *fakeV4, change ...func(*activities.Options)) expense.PendingReports {
		t.Helper()
		found, err := run[expense.PendingReports](t, attempt{}, n.activities(t, change...).ListPendingReports, input)
		require.NoError(t, err)
		return found
	}
	named := func(n *fakeV4, id, modified string) expense.Notification {
		return expense.Notification{Kind: expense.ReportObject, Key: id, ObjectType: string(expense.ReportObject), EventDateTime: modified, Found: true,
			ObjectURI: n.URL + "/expensereports/v4/users/" + ownerID + "/context/TRAVELER/reports/" + id}
	}
	t.Run("with the v4 address and the time of the last change", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("pending", respond(http.StatusOK, withOwners(`"KIM@example.com"`, `"kim@example.com"`)))
		found := list(t, n)
		require.Equal(t, []expense.Notification{named(n, "0LOST", "2026-11-03T10:00:00Z"), named(n, "0UNDATED", "")}, found.Notifications)
		require.Empty(t, found.NotStartedReason)
		require.Equal(t, 2, found.Missed)
		require.Equal(t, []string{"pending", "test users", "find user"}, n.requestNames(), "each owner once")
		for _, one := range found.Notifications {
			kind, key, err := expense.Identify(one.ObjectURI)
			require.NoError(t, err)
			require.Equal(t, one.ID(), string(kind)+":"+key)
		}
	})
	t.Run("not for an unknown owner, which does not stop the others", func(t *testing.T) {
		t.Parallel()
		for _, unknown := range []string{`"nobody@example.com"`, `null`, `"a\u0007b"`} {
			n := newFakeV4(t)
			n.on("pending", respond(http.StatusOK, withOwners(unknown, `"kim@example.com"`)))
			found := list(t, n)
			require.Equal(t, []expense.Notification{named(n, "0UNDATED", "")}, found.Notifications)
			require.NotEmpty(t, found.NotStartedReason)
			require.NotContains(t, found.NotStartedReason, "nobody")
			require.Equal(t, []string{"0LOST", "0UNDATED"}, found.Reports, "it is counted and said")
		}
	})
	t.Run("none if owners must not be looked up, and the result says so", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("pending", respond(http.StatusOK, withOwners(`"kim@example.com"`, `"lee@example.com"`)))
		n.on("find user", respond(http.StatusForbidden, "{}"))
		found := list(t, n)
		require.Empty(t, found.Notifications)
		require.Contains(t, found.NotStartedReason, "identity.user.ids.read")
		require.NotContains(t, found.NotStartedReason, "kim")
		require.Equal(t, []string{"pending", "test users", "find user", "find user"}, n.requestNames(), "after one refresh the others are not tried")
	})
	t.Run("one failed look-up does not stop the others", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("pending", respond(http.StatusOK, withOwners(`"lee@example.com"`, `"kim@example.com"`)))
		n.on("find user", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(string(body), "lee@") {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			findUser(w, r)
		})
		found := list(t, n)
		require.Equal(t, []expense.Notification{named(n, "0UNDATED", "")}, found.Notifications)
		require.Contains(t, found.NotStartedReason, "Unavailable")
		require.Equal(t, []string{"0LOST", "0UNDATED"}, found.Reports)
	})
	t.Run("retried when all look-ups fail", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("pending", respond(http.StatusOK, withOwners(`"kim@example.com"`, `"lee@example.com"`)))
		n.on("find user", respond(http.StatusServiceUnavailable, "{}"))
		_, err := run[expense.PendingReports](t, attempt{}, n.activities(t).ListPendingReports, input)
		require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
	})
	t.Run("only on demand", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("pending", respond(http.StatusOK, withOwners(`"kim@example.com"`, `"lee@example.com"`)))
		found, err := run[expense.PendingReports](t, attempt{}, n.activities(t).ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour})
		require.NoError(t, err)
		require.Empty(t, found.Notifications)
		require.Equal(t, []string{"pending", "test users"}, n.requestNames())
	})
}
