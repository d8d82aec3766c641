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

// memory remembers steps as RememberSteps does.
type memory struct {
	known []expense.AnnouncedStep
	told  []expense.Step
	fails error
}

func (m *memory) Announce(_ context.Context, a expense.Announcement) (expense.AnnouncedSteps, error) {
	m.told = append(m.told, a.Steps...)
	return expense.AnnouncedSteps{}, m.fails
}

func (m *memory) AnnouncedSteps(context.Context) (expense.AnnouncedSteps, error) {
	return expense.AnnouncedSteps{Steps: m.known}, m.fails
}

func reportStep(policy, event string) expense.AnnouncedStep {
	return expense.AnnouncedStep{Step: expense.Step{Object: expense.ReportObject, Policy: policy, Event: event}}
}

// announcing has only what was announced count.
func announcing(m *memory) func(*activities.Options) {
	return func(o *activities.Options) {
		o.Steps, o.OwnSteps, o.Interface = m, expense.OwnSteps{Announced: true}, activities.InterfaceOptions{}
	}
}

func TestACalloutAnnouncesItsStep(t *testing.T) {
	t.Parallel()
	in := expense.FetchReportInput{ObjectURI: objectURI, CalloutEventTypes: []string{"SUBMIT"}}
	shown := func(t *testing.T) *newer {
		n := newNewer(t)
		n.on("read", says(http.StatusOK, strings.Replace(waiting().xml(), "<ReportId>", "<X_UserID>"+ownerLogin+"</X_UserID><PolKey>p1</PolKey><ReportId>", 1)))
		n.on("header v3", says(http.StatusOK, `{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p3", "OwnerLoginID": "`+ownerLogin+`"}`))
		return n
	}
	fetch := func(t *testing.T, acts *activities.Activities, in expense.FetchReportInput) {
		t.Helper()
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, in)
		require.NoError(t, err)
	}
	t.Run("with the policy as v1.1 and as v3 print it, once", func(t *testing.T) {
		t.Parallel()
		m, n := &memory{}, shown(t)
		acts := n.activities(t, announcing(m))
		fetch(t, acts, in)
		require.ElementsMatch(t, []expense.Step{reportStep("p1", "SUBMIT").Step, reportStep("p3", "SUBMIT").Step}, m.told)
		fetch(t, acts, in)
		require.Len(t, m.told, 2)
		require.Equal(t, []string{"read", "header v3", "read"}, n.seen())
	})
	t.Run("which is not tried at once again where it could not be remembered, and the report is read all the same", func(t *testing.T) {
		t.Parallel()
		m := &memory{fails: errors.New("away")}
		acts := shown(t).activities(t, announcing(m))
		fetch(t, acts, in)
		fetch(t, acts, in)
		require.Len(t, m.told, 2, "so that no other report is delayed")
	})
	t.Run("by one policy while v3 is away, and v3 is not asked at once again", func(t *testing.T) {
		t.Parallel()
		m, n := &memory{}, shown(t)
		n.on("header v3", says(http.StatusServiceUnavailable, ""))
		acts := n.activities(t, announcing(m))
		fetch(t, acts, in)
		require.Equal(t, []expense.Step{reportStep("p1", "SUBMIT").Step}, m.told)
		fetch(t, acts, in)
		require.Equal(t, []string{"read", "header v3", "read"}, n.seen())
	})
	t.Run("without an event, too", func(t *testing.T) {
		t.Parallel()
		m := &memory{}
		fetch(t, shown(t).activities(t, announcing(m)), expense.FetchReportInput{ObjectURI: objectURI, CalloutEventTypes: []string{""}})
		require.ElementsMatch(t, []expense.Step{reportStep("p1", "").Step, reportStep("p3", "").Step}, m.told)
	})
	t.Run("by one policy where v3 does not show it", func(t *testing.T) {
		t.Parallel()
		m, n := &memory{}, shown(t)
		n.on("header v3", says(http.StatusForbidden, "{}"))
		fetch(t, n.activities(t, announcing(m)), in)
		require.Equal(t, []expense.Step{reportStep("p1", "SUBMIT").Step}, m.told)
	})
	t.Run("and no entry of the failed list does", func(t *testing.T) {
		t.Parallel()
		m := &memory{known: []expense.AnnouncedStep{reportStep("p1", "SUBMIT")}}
		fetch(t, shown(t).activities(t, announcing(m)), expense.FetchReportInput{ObjectURI: objectURI, FailedListEventTypes: []string{"SUBMIT"}})
		require.Empty(t, m.told)
	})
}

func TestAReportOfWhichOnlyTheFailedListTells(t *testing.T) {
	t.Parallel()
	in := expense.FetchReportInput{ObjectURI: objectURI, FailedListEventTypes: []string{"SUBMIT"}}
	fetch := func(t *testing.T, m *memory, own expense.OwnSteps, status string) expense.FetchedReport {
		t.Helper()
		n := newNewer(t)
		n.on("read", says(http.StatusOK, strings.Replace(page{Status: status, Step: stepOne}.xml(), "<ReportId>", "<X_UserID>"+ownerLogin+"</X_UserID><PolKey>p1</PolKey><ReportId>", 1)))
		n.on("header v3", says(http.StatusOK, `{"ID": "0B1C", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p3", "OwnerLoginID": "`+ownerLogin+`"}`))
		if status == "" {
			n.on("read", says(http.StatusNotFound, ""))
		}
		read, err := run[expense.FetchedReport](t, attempt{}, n.activities(t, announcing(m), func(o *activities.Options) { o.OwnSteps = own }).FetchReport, in)
		require.NoError(t, err)
		return read
	}
	announced := expense.OwnSteps{Announced: true}
	for name, known := range map[string][]expense.AnnouncedStep{
		"nothing was announced":                  nil,
		"its event is announced, its policy not": {reportStep("p2", "SUBMIT")},
		"its policy is announced, its event not": {reportStep("p1", "PRE-EXTRACT"), reportStep("p3", "PRE-EXTRACT")},
	} {
		t.Run("is left alone: "+name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []string{"A_EXTV", "A_APPR", ""} {
				read := fetch(t, &memory{known: known}, announced, status)
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
			require.False(t, fetch(t, &memory{known: []expense.AnnouncedStep{reportStep(policy, "SUBMIT")}}, announced, "A_EXTV").NotOurs)
			require.False(t, fetch(t, &memory{}, expense.OwnSteps{Policies: []string{policy}}, "A_EXTV").NotOurs)
		}
		require.False(t, fetch(t, &memory{}, expense.OwnSteps{Events: []string{"SUBMIT"}}, "A_EXTV").NotOurs)
		require.False(t, fetch(t, &memory{}, expense.OwnSteps{All: true}, "").NotOurs)
	})
}

func TestReportsThatNobodyAnnouncedAreOnlyReported(t *testing.T) {
	t.Parallel()
	rows := `{"Items": [
		{"ID": "0OURS", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p3"},
		{"ID": "0THEIRS", "ApprovalStatusCode": "A_EXTV", "PolicyID": "p4"},
		{"ID": "0NONE", "ApprovalStatusCode": "A_EXTV", "PolicyID": null}
	], "NextPage": null}`
	h := newHouse(t).on("pending", says(http.StatusOK, rows))
	acts := h.activities(t, announcing(&memory{known: []expense.AnnouncedStep{reportStep("p3", "SUBMIT")}}))
	found, err := run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour})
	require.NoError(t, err)
	require.Equal(t, expense.PendingReports{Waiting: 3, Missed: 1, Reports: []string{"0OURS"},
		Unannounced: 2, UnannouncedReports: []string{"0THEIRS", "0NONE"}, UnannouncedPolicies: []string{"p4", "none"}}, found)
	acts = h.activities(t, announcing(&memory{fails: errors.New("away")}))
	_, err = run[expense.PendingReports](t, attempt{}, acts.ListPendingReports, expense.ListPendingReportsInput{MissedAfter: time.Hour})
	require.ErrorContains(t, err, "away", "what is not known is not guessed")
}

func TestEntriesOfOthersAreCountedAndNamedOnce(t *testing.T) {
	t.Parallel()
	named := func(n int, event string) string {
		return strings.Replace(item(entry(n), object(n)), "<Notification>", "<Notification><EventType>"+event+"</EventType>", 1)
	}
	h := newHouse(t).on("list", list(named(1, "SUBMIT"), named(2, "THEIRS")))
	acts := h.activities(t, announcing(&memory{known: []expense.AnnouncedStep{reportStep("p1", "SUBMIT")}}))
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

func TestTravelRequestsThatNobodyAnnouncedAreOnlyReported(t *testing.T) {
	t.Parallel()
	list := func(t *testing.T, m *memory, in expense.ListPendingRequestsInput, change ...func(*activities.Options)) expense.PendingRequests {
		t.Helper()
		n, row := newNewer(t), look{}.filled("SUBMITTED").row(anID(1))
		n.on("requests", says(http.StatusOK, `{"data":[`+row+`],"operations":[]}`))
		n.on("request", says(http.StatusOK, row))
		found, err := run[expense.PendingRequests](t, attempt{}, n.activities(t, append([]func(*activities.Options){announcing(m)}, change...)...).ListPendingRequests, in)
		require.NoError(t, err)
		return found
	}
	found := list(t, &memory{}, expense.ListPendingRequestsInput{})
	require.Empty(t, found.Notifications)
	require.Positive(t, found.Unannounced)
	waits := found.Unannounced
	m := &memory{}
	found = list(t, m, expense.ListPendingRequestsInput{Announced: true, Callouts: []string{"E"}})
	require.Len(t, found.Notifications, waits)
	require.Equal(t, []expense.Step{{Object: expense.RequestObject, Policy: expense.AnyStep, Event: "E"}}, m.told)
	m.known = []expense.AnnouncedStep{{Step: m.told[0]}}
	require.Len(t, list(t, m, expense.ListPendingRequestsInput{}).Notifications, waits, "the next sweep knows it")
	named := func(o *activities.Options) { o.OwnSteps = expense.OwnSteps{Policies: []string{"none of theirs"}} }
	found = list(t, m, expense.ListPendingRequestsInput{Announced: true}, named)
	require.Empty(t, found.Notifications, "the setting names policies, and a callout does not say which request it is about")
}
