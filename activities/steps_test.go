package activities_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

// rememberedSteps remembers steps as RememberSteps does.
type rememberedSteps struct {
	steps     []expense.AnnouncedStep
	announced []expense.Step
	err       error
}

func (m *rememberedSteps) Announce(_ context.Context, a expense.Announcement) (expense.AnnouncedSteps, error) {
	m.announced = append(m.announced, a.Steps...)
	return expense.AnnouncedSteps{}, m.err
}

func (m *rememberedSteps) AnnouncedSteps(context.Context) (expense.AnnouncedSteps, error) {
	return expense.AnnouncedSteps{Steps: m.steps}, m.err
}

func reportStep(policy, event string) expense.AnnouncedStep {
	return expense.AnnouncedStep{Step: expense.Step{Object: expense.ReportObject, Policy: policy, Event: event}}
}

// rememberedIn makes only announced steps this deployment's.
func rememberedIn(m *rememberedSteps) func(*activities.Options) {
	return func(o *activities.Options) {
		o.Steps, o.OwnSteps, o.Interface = m, expense.OwnSteps{Announced: true}, activities.InterfaceOptions{}
	}
}

func TestCalloutAnnouncesItsStep(t *testing.T) {
	t.Parallel()
	in := expense.FetchReportInput{ObjectURI: objectURI, CalloutEventTypes: []string{"SUBMIT"}}
	shown := func(t *testing.T) *fakeV4 {
		n := newFakeV4(t)
		n.on("read", respond(http.StatusOK, strings.Replace(waiting().xml(), "<ReportId>", "<X_UserID>"+ownerLogin+"</X_UserID><PolKey>p1</PolKey><ReportId>", 1)))
		n.on("header v3", respond(http.StatusOK, `{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p3", "OwnerLoginID": "`+ownerLogin+`"}`))
		return n
	}
	fetch := func(t *testing.T, acts *activities.Activities, in expense.FetchReportInput) {
		t.Helper()
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, in)
		require.NoError(t, err)
	}
	t.Run("with the policy as v1.1 and as v3 print it, once", func(t *testing.T) {
		t.Parallel()
		m, n := &rememberedSteps{}, shown(t)
		acts := n.activities(t, rememberedIn(m))
		fetch(t, acts, in)
		require.ElementsMatch(t, []expense.Step{reportStep("p1", "SUBMIT").Step, reportStep("p3", "SUBMIT").Step}, m.announced)
		fetch(t, acts, in)
		require.Len(t, m.announced, 2)
		require.Equal(t, []string{"read", "header v3", "read"}, n.requestNames())
	})
	t.Run("a failed announcement is not repeated at once, and the report is read all the same", func(t *testing.T) {
		t.Parallel()
		m := &rememberedSteps{err: errors.New("away")}
		acts := shown(t).activities(t, rememberedIn(m))
		fetch(t, acts, in)
		fetch(t, acts, in)
		require.Len(t, m.announced, 2, "so that no other report is delayed")
	})
	t.Run("by one policy while v3 is away, and v3 is not asked at once again", func(t *testing.T) {
		t.Parallel()
		m, n := &rememberedSteps{}, shown(t)
		n.on("header v3", respond(http.StatusServiceUnavailable, ""))
		acts := n.activities(t, rememberedIn(m))
		fetch(t, acts, in)
		require.Equal(t, []expense.Step{reportStep("p1", "SUBMIT").Step}, m.announced)
		fetch(t, acts, in)
		require.Equal(t, []string{"read", "header v3", "read"}, n.requestNames())
	})
	t.Run("without an event, too", func(t *testing.T) {
		t.Parallel()
		m := &rememberedSteps{}
		fetch(t, shown(t).activities(t, rememberedIn(m)), expense.FetchReportInput{ObjectURI: objectURI, CalloutEventTypes: []string{""}})
		require.ElementsMatch(t, []expense.Step{reportStep("p1", "").Step, reportStep("p3", "").Step}, m.announced)
	})
	t.Run("by one policy where v3 does not show it", func(t *testing.T) {
		t.Parallel()
		m, n := &rememberedSteps{}, shown(t)
		n.on("header v3", respond(http.StatusForbidden, "{}"))
		fetch(t, n.activities(t, rememberedIn(m)), in)
		require.Equal(t, []expense.Step{reportStep("p1", "SUBMIT").Step}, m.announced)
	})
	t.Run("an entry of the failed list announces nothing", func(t *testing.T) {
		t.Parallel()
		m := &rememberedSteps{steps: []expense.AnnouncedStep{reportStep("p1", "SUBMIT")}}
		fetch(t, shown(t).activities(t, rememberedIn(m)), expense.FetchReportInput{ObjectURI: objectURI, FailedListEventTypes: []string{"SUBMIT"}})
		require.Empty(t, m.announced)
	})
}

func TestReportNamedOnlyByTheFailedList(t *testing.T) {
	t.Parallel()
	in := expense.FetchReportInput{ObjectURI: objectURI, FailedListEventTypes: []string{"SUBMIT"}}
	fetch := func(t *testing.T, m *rememberedSteps, own expense.OwnSteps, status string) expense.FetchedReport {
		t.Helper()
		n := newFakeV4(t)
		n.on("read", respond(http.StatusOK, strings.Replace(page{Status: status, Step: stepOne}.xml(), "<ReportId>", "<X_UserID>"+ownerLogin+"</X_UserID><PolKey>p1</PolKey><ReportId>", 1)))
		n.on("header v3", respond(http.StatusOK, `{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p3", "OwnerLoginID": "`+ownerLogin+`"}`))
		if status == "" {
			n.on("read", respond(http.StatusNotFound, ""))
		}
		read, err := run[expense.FetchedReport](t, attempt{}, n.activities(t, rememberedIn(m), func(o *activities.Options) { o.OwnSteps = own }).FetchReport, in)
		require.NoError(t, err)
		return read
	}
	announced := expense.OwnSteps{Announced: true}
	for name, known := range map[string][]expense.AnnouncedStep{
		"no step was announced":                  nil,
		"its event is announced, its policy not": {reportStep("p2", "SUBMIT")},
		"its policy is announced, its event not": {reportStep("p1", "PRE-EXTRACT"), reportStep("p3", "PRE-EXTRACT")},
	} {
		t.Run("is not ours: "+name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []string{"A_EXTV", "A_APPR", ""} {
				read := fetch(t, &rememberedSteps{steps: known}, announced, status)
				require.True(t, read.NotOurs, status)
				require.Nil(t, read.Report, "nothing of it is kept")
				if status != "" {
					require.Equal(t, []string{"p1", "p3"}, read.Policies)
				}
			}
		})
	}
	t.Run("is ours by the policy of either interface, or by the setting", func(t *testing.T) {
		t.Parallel()
		for _, policy := range []string{"p1", "p3"} {
			require.False(t, fetch(t, &rememberedSteps{steps: []expense.AnnouncedStep{reportStep(policy, "SUBMIT")}}, announced, "A_EXTV").NotOurs)
			require.False(t, fetch(t, &rememberedSteps{}, expense.OwnSteps{Policies: []string{policy}}, "A_EXTV").NotOurs)
		}
		require.False(t, fetch(t, &rememberedSteps{}, expense.OwnSteps{Events: []string{"SUBMIT"}}, "A_EXTV").NotOurs)
		require.False(t, fetch(t, &rememberedSteps{}, expense.OwnSteps{All: true}, "").NotOurs)
	})
}

func TestUnannouncedReportsAreOnlyCounted(t *testing.T) {
	t.Parallel()
	rows := `{"Items": [
		{"ID": "0OURS", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p3"},
		{"ID": "0THEIRS", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p4"},
		{"ID": "0NONE", "ApprovalStatusCode": "A_EXTV", "PolicyID": null}
	], "NextPage": null}`
	h := newFakeConcur(t).on("pending", respond(http.StatusOK, rows))
	acts := h.activities(t, rememberedIn(&rememberedSteps{steps: []expense.AnnouncedStep{reportStep("p3", "SUBMIT")}}))
	found, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour})
	require.NoError(t, err)
	require.Equal(t, expense.PendingReports{Waiting: 3, Missed: 1, Reports: []string{"0OURS"},
		Unannounced: 2, UnannouncedReports: []string{"0THEIRS", "0NONE"}, UnannouncedPolicies: []string{"p4", "none"}}, found)
	acts = h.activities(t, rememberedIn(&rememberedSteps{err: errors.New("away")}))
	_, err = run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour})
	require.ErrorContains(t, err, "away", "what is not known is not guessed")
}

func TestEntriesOfOtherConnectorsAreNamedOnce(t *testing.T) {
	t.Parallel()
	named := func(n int, event string) string {
		return strings.Replace(item(entry(n), object(n)), "<Notification>", "<Notification><EventType>"+event+"</EventType>", 1)
	}
	h := newFakeConcur(t).on("list", list(named(1, "SUBMIT"), named(2, "THEIRS")))
	acts := h.activities(t, rememberedIn(&rememberedSteps{steps: []expense.AnnouncedStep{reportStep("p1", "SUBMIT")}}))
	part, err := run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications, expense.ListFailedNotificationsInput{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []string{entry(1)}, uris(part))
	require.Equal(t, 1, part.NotOurs)
	require.Equal(t, entry(2), part.NotOursEntries[0].NotificationURI)
	part, err = run[expense.FailedNotifications](t, attempt{}, acts.ListFailedNotifications, expense.ListFailedNotificationsInput{Limit: 10, Reported: []string{part.NotOursEntries[0].Hash()}})
	require.NoError(t, err)
	require.Equal(t, 1, part.NotOurs)
	require.Empty(t, part.NotOursEntries)
	require.Len(t, part.Reported, 1)
}

func TestUnannouncedTravelRequestsAreOnlyCounted(t *testing.T) {
	t.Parallel()
	list := func(t *testing.T, m *rememberedSteps, in expense.ListPendingRequestsInput, change ...func(*activities.Options)) expense.PendingRequests {
		t.Helper()
		n, row := newFakeV4(t), headerState{}.filled("SUBMITTED").row(anID(1))
		n.on("requests", respond(http.StatusOK, `{"data":[`+row+`],"operations":[]}`))
		n.on("request", respond(http.StatusOK, row))
		found, err := run[expense.PendingRequests](t, attempt{}, n.activities(t, append([]func(*activities.Options){rememberedIn(m)}, change...)...).ListPendingRequests, in)
		require.NoError(t, err)
		return found
	}
	found := list(t, &rememberedSteps{}, expense.ListPendingRequestsInput{})
	require.Empty(t, found.Notifications)
	require.Positive(t, found.Unannounced)
	waits := found.Unannounced
	m := &rememberedSteps{}
	found = list(t, m, expense.ListPendingRequestsInput{Announced: true, Callouts: []string{"E"}})
	require.Len(t, found.Notifications, waits)
	require.Equal(t, []expense.Step{{Object: expense.RequestObject, Policy: expense.AnyStep, Event: "E"}}, m.announced)
	m.steps = []expense.AnnouncedStep{{Step: m.announced[0]}}
	require.Len(t, list(t, m, expense.ListPendingRequestsInput{}).Notifications, waits, "the next sweep knows it")
	named := func(o *activities.Options) { o.OwnSteps = expense.OwnSteps{Policies: []string{"none of theirs"}} }
	found = list(t, m, expense.ListPendingRequestsInput{Announced: true}, named)
	require.Empty(t, found.Notifications, "the setting names policies, and a callout does not say which request it is about")
}
