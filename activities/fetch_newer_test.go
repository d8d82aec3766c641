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

func heldOn(kind expense.ObjectType, id, code string) expense.ExistingException {
	e := expense.ExistingException{Exception: expense.Exception{ObjectType: kind, ObjectID: id, Code: code, Visibility: expense.VisibleToAll}}
	if kind == expense.OnEntry {
		e.ExpenseID = id
	}
	return e
}

// elders answer with one, or fail.
type elders struct {
	elder string
	fails error
	asked []string
	told  []expense.Notification
	ended int // the Tell that finds that it has ended; 0: none
}

func (e *elders) OlderRun(_ context.Context, reportID, notificationID, runID string) (string, error) {
	e.asked = append(e.asked, reportID)
	if notificationID == "" || runID == "" {
		return "", errors.New("nobody asks")
	}
	return e.elder, e.fails
}

func (e *elders) NotifyRun(_ context.Context, n expense.Notification, id string) (bool, error) {
	if id != e.elder {
		return false, errors.New("told another")
	}
	e.told = append(e.told, n)
	ended := len(e.told) == e.ended
	if ended {
		e.elder = ""
	}
	return ended, e.fails
}

func asking(e *elders) func(*activities.Options) {
	return func(o *activities.Options) { o.OlderRuns = e }
}

// v4 and v3+v4, each by the address that names a report so.
var newerReads = map[expense.Interface]string{expense.V3: objectURI, expense.V4: v4URI}

func fetch(t *testing.T, acts *activities.Activities, uri string) expense.FetchedReport {
	t.Helper()
	got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: uri})
	require.NoError(t, err)
	return got
}

func TestFetchReportByTheNewerInterfaces(t *testing.T) {
	t.Parallel()
	for via, uri := range newerReads {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE"), heldOn(expense.OnEntry, "E1", "OTHERS"), heldOn(expense.OnEntry, "E1", "CENTRE")}
			got := fetch(t, n.activities(t, by(via)), uri)
			require.Equal(t, expense.ReportState{Status: "A_EXTV", ValidationID: stopV4}, got.ReportState)
			require.Equal(t, via, got.Via)
			require.Equal(t, via, got.Report.Via)
			require.NotEmpty(t, got.HeaderHash)
			require.Empty(t, got.FallbackReason)
			require.Equal(t, reportID, got.ReportID)
			require.Equal(t, []expense.ExistingException{n.held[0], n.held[2]}, got.Existing, "only of codes that the rules post")
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

func TestAReportThatAV4AddressNamesIsReadByV3UnlessV4IsPreferred(t *testing.T) {
	t.Parallel()
	for preferred, want := range map[expense.Interface]expense.Interface{"": expense.V3, expense.V1: expense.V3, expense.V3: expense.V3, expense.V4: expense.V4} {
		n := newNewer(t)
		require.Equal(t, want, fetch(t, n.activities(t, by(preferred)), v4URI).Via)
		require.NotContains(t, n.seen(), "read", "its v1.1 key is not known")
	}
}

func TestOnlyTheListItemsThatRulesReadAreLookedUp(t *testing.T) {
	t.Parallel()
	t.Run("once for all entries", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
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
	t.Run("and one that is not found stays what it is", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("item", says(http.StatusNotFound, "{}"))
		got := fetch(t, n.activities(t), v4URI)
		require.Equal(t, expense.Field{Value: listed1, ListItem: listed1}, got.Report.Entries[0].Custom["1"])
	})
	t.Run("and one that is deleted keeps code and name, and is not valid", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("item", says(http.StatusOK, `{"id":"`+listed1+`","code":"X","value":"Old","isDeleted":true}`))
		got := fetch(t, n.activities(t), v4URI)
		require.Equal(t, expense.Field{Code: "X", Value: "Old", ListItem: listed1, Valid: new(false)}, got.Report.Entries[0].Custom["1"])
	})
	t.Run("and a look-up that fails is no report", func(t *testing.T) {
		t.Parallel()
		for status, kind := range map[int]expense.Kind{500: expense.Unavailable, 503: expense.Unavailable, 429: expense.RateLimited, 403: expense.Forbidden} {
			n := newNewer(t)
			n.on("item", says(status, "{}"))
			_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
			require.Equal(t, kind == expense.Forbidden, failed(t, err, kind).NonRetryable())
		}
	})
}

func TestExceptionsAreListedOnlyWhereRulesPostSome(t *testing.T) {
	t.Parallel()
	n := newNewer(t)
	none, err := policy.Parse("rules.yaml", []byte(rulesFile)) // which reads nothing of an entry, either
	require.NoError(t, err)
	got := fetch(t, n.activities(t, func(o *activities.Options) { o.Rules = none }), v4URI)
	require.Empty(t, got.Existing)
	require.Equal(t, []string{"header", "part", "header"}, n.seen())
}

func TestAReportThatIsDeletedBeforeItsExceptionsAreListedIsGone(t *testing.T) {
	t.Parallel()
	n := newNewer(t, look{}, look{}, look{Gone: true})
	n.on("exceptions", says(http.StatusNotFound, "{}"))
	read, err := run[expense.FetchedReport](t, attempt{}, n.activities(t, by(expense.V4)).FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
	require.NoError(t, err)
	require.Equal(t, expense.ReportState{Kind: expense.NotFound}, read.ReportState)
	require.Nil(t, read.Report)
}

func TestAReportElsewhereIsReadByItsHeaderAlone(t *testing.T) {
	t.Parallel()
	for via, uri := range newerReads {
		n := newNewer(t, look{Status: "A_RESU"})
		got := fetch(t, n.activities(t, by(via)), uri)
		require.Equal(t, expense.FetchedReport{
			ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_RESU"}, ReportID: reportID, Via: via, HeaderHash: got.HeaderHash,
		}, got)
		require.Len(t, without(n.seen(), "read"), 1)
	}
}

func TestAReportIsGoneOnlyWhenItIsNotFoundByWhatNamedIt(t *testing.T) {
	t.Parallel()
	t.Run("by its v4 address", func(t *testing.T) {
		t.Parallel()
		got := fetch(t, newNewer(t, look{Gone: true}).activities(t), v4URI)
		require.Equal(t, expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}, got)
	})
	t.Run("by v1.1, which has shown it a moment ago", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{Gone: true})
		shows := n.house.answers["read"]
		n.on("read", func(w http.ResponseWriter, r *http.Request) {
			n.on("read", says(http.StatusNotFound, "")) // from now on
			shows(w, r)
		})
		require.Equal(t, expense.NotFound, fetch(t, n.activities(t, by(expense.V4)), objectURI).Kind)
	})
	t.Run("and not while v1.1 shows it", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{Gone: true})
		_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, readInput())
		require.True(t, failed(t, err, expense.Rejected).NonRetryable())
	})
}

func TestARefusedReadFallsBackToV11WhenThatIsAllowed(t *testing.T) {
	t.Parallel()
	falling := func(o *activities.Options) { o.Interface.Fallback = true }
	for _, status := range []int{401, 403, 404} {
		n := newNewer(t)
		n.on("header", says(status, "{}"))
		n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE")}
		got := fetch(t, n.activities(t, falling), objectURI)
		require.Equal(t, stopOne, got.ValidationID)
		require.Contains(t, got.FallbackReason, "was refused")
		require.NotContains(t, got.FallbackReason, reportID)
		require.False(t, got.Via.IsV4())
		require.Empty(t, got.HeaderHash)
		require.Empty(t, got.Existing)
		require.NotContains(t, n.seen(), "exceptions", "nothing more is asked of v4")

		n.on("act", says(http.StatusOK, success))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, falling).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.NotContains(t, n.seen(), "approve")
		require.Contains(t, n.seen(), "act", "what was read by v1.1 is acted on by it")
	}
	t.Run("and is for a person to mend otherwise", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("header", says(http.StatusForbidden, "{}"))
		_, err := run[expense.FetchedReport](t, attempt{}, n.activities(t).FetchReport, readInput())
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
	t.Run("and never before a write", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("header", says(http.StatusForbidden, "{}"))
		in := actionV4(expense.Approve)
		in.ObjectURI = objectURI
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t, falling).TakeAction, in)
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Subset(t, []string{"read", "find user", "header"}, n.seen(), "a header refused twice, and no write")
	})
}

func TestWhoIsATestUserIsFoundByTheIDOfTheLogin(t *testing.T) {
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
			for via, uri := range newerReads {
				n := newNewer(t)
				acts := n.activities(t, by(via), writes(activities.Writes{TestUsers: users.logins}))
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
				require.Equal(t, users.theirs, n.seen()[len(n.seen())-1] == "approve")
			}
		})
	}
	t.Run("and while that cannot be looked up nothing is read", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("find user", says(http.StatusInternalServerError, "{}"))
		acts := n.activities(t, writes(activities.Writes{TestUsers: []string{ownerLogin}}))
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: v4URI})
		e := failed(t, err, expense.Unavailable)
		require.False(t, e.NonRetryable())
		require.NotContains(t, e.Error(), ownerLogin)
	})
}

// twoStops has the rules name two stops.
func twoStops(t testing.TB, o *activities.Options) {
	t.Helper()
	rules, err := policy.Parse("rules.yaml", []byte(strings.Replace(rulesFile, "rules:", "stops:\n  first: [SUBMIT]\n  second: [PRE-EXTRACT]\nrules:", 1)))
	require.NoError(t, err)
	o.Rules = rules
}

func TestAnAddressOfAnotherReportIsRefused(t *testing.T) {
	t.Parallel()
	for _, via := range []expense.Interface{expense.V1, expense.V3, expense.V4} {
		acts := newNewer(t).activities(t, by(via))
		read, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: objectURI})
		require.NoError(t, err)
		again, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: objectURI, ReportID: read.ReportID})
		require.NoError(t, err)
		require.Equal(t, read.Revision, again.Revision)
		_, err = run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: objectURI, ReportID: read.ReportID + "0"})
		require.True(t, failed(t, err, expense.Untrusted).NonRetryable())
	}
}

func TestAReportAtOneOfSeveralStopsThatLookAlikeIsParked(t *testing.T) {
	t.Parallel()
	twoStops := func(o *activities.Options) { twoStops(t, o) }
	classic := func(o *activities.Options) { o.Guard = concur.Guard{"expectedStepCode": "EXTVAL"} }
	for name, c := range map[string]struct {
		change []func(*activities.Options)
		uri    string
		parked bool
	}{
		"by v4":                            {[]func(*activities.Options){by(expense.V4), twoStops, classic}, v4URI, true},
		"by v3":                            {[]func(*activities.Options){by(expense.V3), twoStops, classic}, v4URI, true},
		"without a guard":                  {[]func(*activities.Options){by(expense.V4), twoStops}, v4URI, true},
		"not with one stop":                {[]func(*activities.Options){by(expense.V4), classic}, v4URI, false},
		"not with a guard of one step":     {[]func(*activities.Options){by(expense.V4), twoStops, guarded}, v4URI, false},
		"not when the header is to do":     {[]func(*activities.Options){by(expense.V4), twoStops, classic, func(o *activities.Options) { o.ActOnAmbiguousStep = true }}, v4URI, false},
		"not when nothing will be written": {[]func(*activities.Options){by(expense.V4), twoStops, classic, writes(activities.Writes{Mode: activities.WritesDryRun})}, v4URI, false},
		"not when v1.1 shows the step":     {[]func(*activities.Options){by(expense.V4), twoStops, classic, func(o *activities.Options) { o.Interface.ReadSteps = true }}, objectURI, false},
		"not by v1.1":                      {[]func(*activities.Options){by(expense.V1), twoStops, classic}, objectURI, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acts := newNewer(t).activities(t, c.change...)
			_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchReport, expense.FetchReportInput{ObjectURI: c.uri})
			if c.parked {
				require.True(t, failed(t, err, expense.AmbiguousStep).NonRetryable())
				return
			}
			require.NoError(t, err)
		})
	}
}
