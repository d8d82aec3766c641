package activities_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
)

func writes(w activities.Writes) func(*activities.Options) {
	return func(o *activities.Options) { o.Writes = w }
}

// owned shows the report with an owner.
func owned(login string) http.HandlerFunc {
	return respond(http.StatusOK, strings.Replace(waiting().xml(), "<ReportDetails>", "<ReportDetails><X_UserID>"+login+" </X_UserID>", 1))
}

func TestDryRunSendsNoWrites(t *testing.T) {
	t.Parallel()
	post := expense.PostExceptionsInput{Attempt: firstAttempt, ObjectURI: objectURI, ValidationID: validationOne, Exceptions: []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}}}
	deletion := expense.DeleteNotificationInput{NotificationURI: entryURI}
	tested := activities.Writes{TestUsers: []string{"kim@example.com"}}
	others := expense.NotTestUser(tested.TestUsers)
	for name, c := range map[string]struct {
		writes activities.Writes
		owner  string
		want   expense.DryRunReason
	}{
		"none, by default":                           {activities.Writes{}, "kim@example.com", ""},
		"none, with writes on":                       {activities.Writes{Mode: activities.WritesOn}, "kim@example.com", ""},
		"all, in a dry run":                          {activities.Writes{Mode: activities.WritesDryRun}, "kim@example.com", expense.DryRunMode},
		"none to a test user's report, any case":     {tested, "KIM@example.com", ""},
		"those to other users' reports":              {tested, "sam@example.com", others},
		"those to a report that names no owner":      {tested, "", others},
		"all, in a dry run, to a test user, too":     {activities.Writes{Mode: activities.WritesDryRun, TestUsers: tested.TestUsers}, "kim@example.com", expense.DryRunMode},
		"other users' reports keep their own reason": {activities.Writes{Mode: activities.WritesDryRun, TestUsers: tested.TestUsers}, "sam@example.com", others},
		"a look-alike letter is another letter":      {tested, "\u212aim@example.com", others},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t).on("read", owned(c.owner))
			acts := h.activities(t, writes(c.writes))
			read, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, readInput())
			require.NoError(t, err)
			require.Equal(t, c.want, read.DryRun)
			stored, err := json.Marshal(read)
			require.NoError(t, err)
			if c.want != "" {
				require.NotContains(t, string(stored), "example.com", "nobody is asked, so the owner is not kept")
			} else {
				require.Equal(t, expense.Owner{Login: c.owner}, read.Report.Owner)
				require.Equal(t, 1, strings.Count(string(stored), "example.com"))
			}

			taken, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(expense.Approve))
			require.NoError(t, err)
			require.Equal(t, c.want, taken.DryRun)
			posted, err := run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, post)
			require.NoError(t, err)
			require.Equal(t, c.want, posted.DryRun)
			input := deletion
			input.DryRun = read.DryRun
			gone, err := run[expense.DeletedNotification](t, attempt{}, acts.DeleteNotification, input)
			require.NoError(t, err)
			require.Equal(t, c.want, gone.DryRun)
			want := []string{"read", "read", "act", "read", "post", "delete"}
			if c.want != "" {
				want = []string{"read", "read", "read"}
			}
			require.Equal(t, want, h.requestNames())
		})
	}
	t.Run("a dry run deletes nothing", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		gone, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t, writes(activities.Writes{Mode: activities.WritesDryRun})).DeleteNotification, deletion)
		require.NoError(t, err)
		require.Equal(t, expense.DryRunMode, gone.DryRun)
		require.Empty(t, h.requestNames())
	})
	t.Run("a report that is gone has no owner", func(t *testing.T) {
		t.Parallel()
		read, err := run[expense.FetchedReport](t, attempt{}, newFakeConcur(t).activities(t, writes(tested)).FetchReport, readInput())
		require.NoError(t, err)
		require.Equal(t, expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}, DryRun: others}, read)
	})
	t.Run("writes that are off park the run", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		acts := h.activities(t, writes(activities.Writes{Mode: activities.WritesOff}))
		_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		_, err = run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, post)
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		_, err = run[expense.DeletedNotification](t, attempt{}, acts.DeleteNotification, deletion)
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		require.Equal(t, []string{"read", "read"}, h.requestNames())
	})
	t.Run("a read-only client sends no writes", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		reader := h.client(t, func(o *concur.Options) { o.ReadOnly = true })
		acts := h.activities(t, func(o *activities.Options) { o.Concur = reader })
		_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(expense.Approve))
		failed(t, err, expense.WritesOff)
		_, err = run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, post)
		failed(t, err, expense.WritesOff)
		_, err = run[expense.DeletedNotification](t, attempt{}, acts.DeleteNotification, deletion)
		failed(t, err, expense.WritesOff)
		require.Equal(t, []string{"read", "read"}, h.requestNames())
	})
	t.Run("sweeps know what would get a dry run now", func(t *testing.T) {
		t.Parallel()
		for want, w := range map[expense.DryRunReason]activities.Writes{
			"": {Mode: activities.WritesOff}, expense.NotTestUser(tested.TestUsers): tested,
			expense.DryRunMode: {Mode: activities.WritesDryRun, TestUsers: tested.TestUsers},
		} {
			s := &starter{}
			h := newFakeConcur(t).on("pending", respond(http.StatusOK, pendingList))
			acts := h.activities(t, writes(w), func(o *activities.Options) { o.Starter, o.RunFinder = s, s })
			_, err := run[expense.StartedProcessing](t, attempt{}, acts.StartProcessing, expense.StartProcessingInput{Notifications: []expense.Notification{{Key: "a"}}})
			require.NoError(t, err)
			require.Equal(t, want, s.dryRun)
			s.dryRun = "another"
			_, err = run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{})
			require.NoError(t, err)
			require.Equal(t, want, s.dryRun)
		}
	})
	t.Run("New refuses an unknown mode", func(t *testing.T) {
		t.Parallel()
		options := newFakeConcur(t).options(t)
		options.Writes.Mode = "dry"
		_, err := activities.New(options)
		require.ErrorContains(t, err, "mode")
	})
}
