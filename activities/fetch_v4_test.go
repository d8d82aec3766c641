package activities_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

func existingOn(kind expense.ObjectType, id, code string) expense.ExistingException {
	e := expense.ExistingException{Exception: expense.Exception{ObjectType: kind, ObjectID: id, Code: code, Visibility: expense.VisibleToAll}}
	if kind == expense.OnEntry {
		e.ExpenseID = id
	}
	return e
}

// olderRuns knows at most one older run.
type olderRuns struct {
	older   string
	err     error
	asked   []string
	signals []expense.Notification
	ended   int // the number of the signal that finds the run ended; 0: none
}

func (e *olderRuns) OlderRun(_ context.Context, reportID, notificationID, runID string) (string, error) {
	e.asked = append(e.asked, reportID)
	if notificationID == "" || runID == "" {
		return "", errors.New("nobody asks")
	}
	return e.older, e.err
}

func (e *olderRuns) NotifyRun(_ context.Context, n expense.Notification, id string) (bool, error) {
	if id != e.older {
		return false, errors.New("signalled another run")
	}
	e.signals = append(e.signals, n)
	ended := len(e.signals) == e.ended
	if ended {
		e.older = ""
	}
	return ended, e.err
}

func withOlderRuns(e *olderRuns) func(*activities.Options) {
	return func(o *activities.Options) { o.OlderRuns = e }
}

// addressOf is the address that names the report for v3 and for v4.
var addressOf = map[expense.Interface]string{expense.V3: objectURI, expense.V4: v4URI}

func fetch(t *testing.T, acts *activities.Activities, uri string) expense.FetchedReport {
	t.Helper()
	got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: uri})
	require.NoError(t, err)
	return got
}

func TestFetchReportByV3AndV4(t *testing.T) {
	t.Parallel()
	for via, uri := range addressOf {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE"), existingOn(expense.OnEntry, "E1", "OTHERS"), existingOn(expense.OnEntry, "E1", "CENTRE")}
			got := fetch(t, n.activities(t, readBy(via)), uri)
			require.Equal(t, expense.ReportState{Status: "A_EXTV", ValidationID: validationV4}, got.ReportState)
			require.Equal(t, via, got.Via)
			require.Equal(t, via, got.Report.Via)
			require.NotEmpty(t, got.HeaderHash)
			require.Empty(t, got.FallbackReason)
			require.Equal(t, reportID, got.ReportID)
			require.Equal(t, []expense.ExistingException{n.existing[0], n.existing[2]}, got.Existing, "only of codes that the rules post")
			require.Len(t, got.Report.Entries, 3)
			field := got.Report.Entries[0].Custom["1"]
			require.Equal(t, "CC1", field.Code)
			require.Equal(t, "Centre", field.Value)
			require.NotContains(t, got.Report.Entries[0].Custom, "2", "no rule reads it")
			require.Empty(t, got.Report.Name)
			require.Equal(t, "Trip", got.Report.Purpose)
			require.NotEmpty(t, got.Revision)
			require.NotEmpty(t, got.RulesHash)
		})
	}
}

func TestReportWithV4AddressIsReadByV3UnlessV4IsPreferred(t *testing.T) {
	t.Parallel()
	for preferred, want := range map[expense.Interface]expense.Interface{"": expense.V3, expense.V1: expense.V3, expense.V3: expense.V3, expense.V4: expense.V4} {
		n := newFakeV4(t)
		require.Equal(t, want, fetch(t, n.activities(t, readBy(preferred)), v4URI).Via)
		require.NotContains(t, n.requestNames(), "read", "its v1.1 key is not known")
	}
}

func TestOnlyListItemsThatRulesReadAreLookedUp(t *testing.T) {
	t.Parallel()
	t.Run("once for all entries", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.entries = 30
		got := fetch(t, n.activities(t), v4URI)
		for _, e := range got.Report.Entries {
			require.Equal(t, expense.Field{Code: "CC1", Value: "Centre", ListItem: listed1}, e.Custom["1"])
		}
		var items []string
		for _, r := range n.requests() {
			if r.name == "item" {
				items = append(items, r.path)
			}
		}
		require.Equal(t, []string{"/list/v4/items/" + listed1}, items)
	})
	t.Run("an item that is not found keeps the field unchanged", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("item", respond(http.StatusNotFound, "{}"))
		got := fetch(t, n.activities(t), v4URI)
		require.Equal(t, expense.Field{Value: listed1, ListItem: listed1}, got.Report.Entries[0].Custom["1"])
	})
	t.Run("a deleted item keeps its code and name, and is not valid", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("item", respond(http.StatusOK, `{"id":"`+listed1+`","code":"X","value":"Old","isDeleted":true}`))
		got := fetch(t, n.activities(t), v4URI)
		require.Equal(t, expense.Field{Code: "X", Value: "Old", ListItem: listed1, Valid: new(false)}, got.Report.Entries[0].Custom["1"])
	})
	t.Run("a failed look-up is an error", func(t *testing.T) {
		t.Parallel()
		for status, kind := range map[int]expense.Kind{500: expense.Unavailable, 503: expense.Unavailable, 429: expense.RateLimited, 403: expense.Forbidden} {
			n := newFakeV4(t)
			n.on("item", respond(status, "{}"))
			_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
			require.Equal(t, kind == expense.Forbidden, failed(t, err, kind).NonRetryable())
		}
	})
}

func TestExceptionsAreListedOnlyIfRulesPostSome(t *testing.T) {
	t.Parallel()
	n := newFakeV4(t)
	none, err := policy.Parse("rules.yaml", []byte(rulesFile)) // which reads nothing of an entry, either
	require.NoError(t, err)
	got := fetch(t, n.activities(t, func(o *activities.Options) { o.Rules = none }), v4URI)
	require.Empty(t, got.Existing)
	require.Equal(t, []string{"header", "part", "header", "login"}, n.requestNames())
}

func TestOwnerIsLookedUpOnceAndOnlyIfTheRulesMayAskAPerson(t *testing.T) {
	t.Parallel()
	owner := expense.Owner{Login: ownerLogin}
	n := newFakeV4(t)
	acts := n.activities(t)
	require.Equal(t, owner, fetch(t, acts, v4URI).Report.Owner)
	require.Equal(t, owner, fetch(t, acts, v4URI).Report.Owner)
	require.Equal(t, 1, count(n.requestNames(), "login"))

	none, err := policy.Parse("rules.yaml", []byte("apiVersion: concur-connector/v1\nversion: \"1\"\nrules: []\napproveAll: true\n"))
	require.NoError(t, err)
	for name, set := range map[string]func(*activities.Options){
		"no rules":  func(o *activities.Options) { o.Rules = none },
		"a dry run": writes(activities.Writes{Mode: activities.WritesDryRun}),
	} {
		n := newFakeV4(t)
		require.Zero(t, fetch(t, n.activities(t, set), v4URI).Report.Owner, name)
		require.NotContains(t, n.requestNames(), "login", name)
	}
	t.Run("by v1.1 and v3 without a request of its own", func(t *testing.T) {
		t.Parallel()
		for _, via := range []expense.Interface{expense.V1, expense.V3} {
			n := newFakeV4(t)
			require.Equal(t, owner, fetch(t, n.activities(t, readBy(via)), objectURI).Report.Owner)
			require.NotContains(t, n.requestNames(), "login")
			require.NotContains(t, n.requestNames(), "find user")
		}
	})
	t.Run("a user who no longer exists is an unknown owner", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("login", respond(http.StatusNotFound, "{}"))
		require.Zero(t, fetch(t, n.activities(t), v4URI).Report.Owner)
	})
	t.Run("an owner whom the application may not read is unknown", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("login", respond(http.StatusForbidden, "{}"))
		require.Zero(t, fetch(t, n.activities(t), v4URI).Report.Owner)
	})
	t.Run("a look-up that fails is an error without the owner", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("login", respond(http.StatusServiceUnavailable, "{}"))
		_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
		e := failed(t, err, expense.Unavailable)
		require.NotContains(t, e.Error(), ownerID)
		require.NotContains(t, e.Error(), ownerLogin)
	})
}

func TestReportDeletedBeforeItsExceptionsAreListedIsGone(t *testing.T) {
	t.Parallel()
	n := newFakeV4(t, headerState{}, headerState{}, headerState{Gone: true})
	n.on("exceptions", respond(http.StatusNotFound, "{}"))
	read, err := run[expense.FetchedReport](t, attempt{}, n.activities(t, readBy(expense.V4)).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
	require.NoError(t, err)
	require.Equal(t, expense.ReportState{Kind: expense.NotFound}, read.ReportState)
	require.Nil(t, read.Report)
}

func TestOnlyTheHeaderIsReadOfAReportThatDoesNotWait(t *testing.T) {
	t.Parallel()
	for via, uri := range addressOf {
		n := newFakeV4(t, headerState{Status: "A_RESU"})
		got := fetch(t, n.activities(t, readBy(via)), uri)
		require.Equal(t, expense.FetchedReport{
			ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}, ReportID: reportID, Via: via, HeaderHash: got.HeaderHash,
		}, got)
		require.Len(t, except(n.requestNames(), "read"), 1)
	}
}

func TestReportIsGoneOnlyIfItsOwnAddressIsNotFound(t *testing.T) {
	t.Parallel()
	t.Run("by its v4 address", func(t *testing.T) {
		t.Parallel()
		got := fetch(t, newFakeV4(t, headerState{Gone: true}).activities(t), v4URI)
		require.Equal(t, expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}, got)
	})
	t.Run("by v1.1, which has shown it a moment before", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{Gone: true})
		shows := n.fakeConcur.answers["read"]
		n.on("read", func(w http.ResponseWriter, r *http.Request) {
			n.on("read", respond(http.StatusNotFound, "")) // from now on
			shows(w, r)
		})
		require.Equal(t, expense.NotFound, fetch(t, n.activities(t, readBy(expense.V4)), objectURI).Kind)
	})
	t.Run("not while v1.1 shows it", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{Gone: true})
		_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, readInput())
		require.True(t, failed(t, err, expense.Rejected).NonRetryable())
	})
}

func TestRefusedReadFallsBackToV11IfAllowed(t *testing.T) {
	t.Parallel()
	falling := func(o *activities.Options) { o.Interface.Fallback = true }
	for _, status := range []int{401, 403, 404} {
		n := newFakeV4(t)
		n.on("header", respond(status, "{}"))
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE")}
		got := fetch(t, n.activities(t, falling), objectURI)
		require.Equal(t, validationOne, got.ValidationID)
		require.Contains(t, got.FallbackReason, "was refused")
		require.NotContains(t, got.FallbackReason, reportID)
		require.False(t, got.Via.IsV4())
		require.Empty(t, got.HeaderHash)
		require.Empty(t, got.Existing)
		require.NotContains(t, n.requestNames(), "exceptions", "nothing more is asked of v4")

		n.on("act", respond(http.StatusOK, success))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, falling).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.NotContains(t, n.requestNames(), "approve")
		require.Contains(t, n.requestNames(), "act", "what was read by v1.1 is acted on by it")
	}
	t.Run("an error without the fallback", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("header", respond(http.StatusForbidden, "{}"))
		_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, readInput())
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
	t.Run("never before a write", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("header", respond(http.StatusForbidden, "{}"))
		in := actionV4(expense.Approve)
		in.ObjectURI = objectURI
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, falling).TakeAction, in)
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Subset(t, []string{"read", "find user", "header"}, n.requestNames(), "a header refused twice, and no write")
	})
}

func TestTestUserIsFoundByTheIDOfTheLogin(t *testing.T) {
	t.Parallel()
	for name, users := range map[string]struct {
		logins []string
		theirs bool
	}{
		"one of several": {[]string{"nobody@example.com", strings.ToUpper(ownerLogin)}, true},
		"somebody else":  {[]string{"lee@example.com"}, false},
		"nobody":         {[]string{"nobody@example.com"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for via, uri := range addressOf {
				n := newFakeV4(t)
				acts := n.activities(t, readBy(via), writes(activities.Writes{TestUsers: users.logins}))
				want := expense.NotTestUser(users.logins)
				if users.theirs {
					want = ""
				}
				require.Equal(t, want, fetch(t, acts, uri).DryRun)
				in := actionV4(expense.Approve)
				in.Via, in.ObjectURI = via, uri
				taken, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, in)
				require.NoError(t, err)
				require.Equal(t, want, taken.DryRun)
				require.Equal(t, users.theirs, n.requestNames()[len(n.requestNames())-1] == "approve")
			}
		})
	}
	t.Run("nothing is read while the look-up fails", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("find user", respond(http.StatusInternalServerError, "{}"))
		acts := n.activities(t, writes(activities.Writes{TestUsers: []string{ownerLogin}}))
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
		e := failed(t, err, expense.Unavailable)
		require.False(t, e.NonRetryable())
		require.NotContains(t, e.Error(), ownerLogin)
	})
}

// twoSteps sets rules that name two steps.
func twoSteps(t testing.TB, o *activities.Options) {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(strings.Replace(rulesFile, "rules:", "steps:\n  first: [SUBMIT]\n  second: [PRE-EXTRACT]\nrules:", 1)))
	require.NoError(t, err)
	o.Rules = rules
}

func TestAddressOfAnotherReportIsRefused(t *testing.T) {
	t.Parallel()
	for _, via := range []expense.Interface{expense.V1, expense.V3, expense.V4} {
		acts := newFakeV4(t).activities(t, readBy(via))
		read, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: objectURI})
		require.NoError(t, err)
		again, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: objectURI, ReportID: read.ReportID})
		require.NoError(t, err)
		require.Equal(t, read.Revision, again.Revision)
		_, err = run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: objectURI, ReportID: read.ReportID + "0"})
		require.True(t, failed(t, err, expense.Untrusted).NonRetryable())
	}
}

func TestReportAtAnAmbiguousStepIsParked(t *testing.T) {
	t.Parallel()
	twoStops := func(o *activities.Options) { twoSteps(t, o) }
	classic := func(o *activities.Options) { o.Guard = concur.Guard{"expectedStepCode": "EXTVAL"} }
	for name, c := range map[string]struct {
		change []func(*activities.Options)
		uri    string
		parked bool
	}{
		"by v4":                          {[]func(*activities.Options){readBy(expense.V4), twoStops, classic}, v4URI, true},
		"by v3":                          {[]func(*activities.Options){readBy(expense.V3), twoStops, classic}, v4URI, true},
		"without a guard":                {[]func(*activities.Options){readBy(expense.V4), twoStops}, v4URI, true},
		"not with one step":              {[]func(*activities.Options){readBy(expense.V4), classic}, v4URI, false},
		"not with a guard of one step":   {[]func(*activities.Options){readBy(expense.V4), twoStops, guarded}, v4URI, false},
		"not when the setting allows it": {[]func(*activities.Options){readBy(expense.V4), twoStops, classic, func(o *activities.Options) { o.ActOnAmbiguousStep = true }}, v4URI, false},
		"not in a dry run":               {[]func(*activities.Options){readBy(expense.V4), twoStops, classic, writes(activities.Writes{Mode: activities.WritesDryRun})}, v4URI, false},
		"not when v1.1 shows the step":   {[]func(*activities.Options){readBy(expense.V4), twoStops, classic, func(o *activities.Options) { o.Interface.ReadSteps = true }}, objectURI, false},
		"not by v1.1":                    {[]func(*activities.Options){readBy(expense.V1), twoStops, classic}, objectURI, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acts := newFakeV4(t).activities(t, c.change...)
			_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: c.uri})
			if c.parked {
				require.True(t, failed(t, err, expense.AmbiguousStep).NonRetryable())
				return
			}
			require.NoError(t, err)
		})
	}
}
