package activities_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/policy"
)

func actionOnRequest(a expense.Action) expense.TakeActionInput {
	in := action(a)
	in.ObjectURI, in.ValidationID, in.HeaderHash = requestURI, stopRequest, markRequest()
	return in
}

func fetchRequest(t *testing.T, acts *activities.Activities) expense.FetchedReport {
	t.Helper()
	got, err := run[expense.FetchedReport](t, attempt{}, acts.FetchRequest, expense.FetchReportInput{ObjectURI: requestURI})
	require.NoError(t, err)
	return got
}

func TestFetchRequest(t *testing.T) {
	t.Parallel()
	t.Run("one that we are offered to act on waits for us", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		got := fetchRequest(t, n.activities(t))
		require.Equal(t, expense.ReportState{Status: "SUBMITTED", ValidationID: stopRequest}, got.ReportState)
		require.Equal(t, requestID, got.ReportID)
		require.NotEmpty(t, got.HeaderHash)
		require.NotEmpty(t, got.Revision)
		require.NotEmpty(t, got.Content)
		require.NotEmpty(t, got.RulesHash)
		require.Nil(t, got.Report)
		require.Equal(t, map[string]expense.Field{"1": {Code: "CC1", Value: "Centre", ListItem: listed1}}, got.Request.Custom, "what a rule reads, and what its list says")
		require.Empty(t, got.Request.Name, "no rule reads it")
		require.Empty(t, got.Request.Expenses)
		require.Equal(t, "3AT7", got.Request.Number)
		require.Equal(t, []string{"approve", "sendback"}, got.Request.Operations)
		require.Equal(t, []string{"request", "expected", "request exceptions", "item"}, n.seen())
	})
	t.Run("any other is only said where it is", func(t *testing.T) {
		t.Parallel()
		for name, found := range map[string]look{
			"submitted, for others": {Elsewhere: true}, "approved": {Status: "APPROVED"}, "sent back": {Status: "SENTBACK"}, "cancelled": {Status: "CANCELED"},
		} {
			status := found.filled("SUBMITTED").Status
			got := fetchRequest(t, newNewer(t, found).activities(t))
			require.Equal(t, expense.FetchedReport{
				ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: status}, ReportID: requestID, HeaderHash: got.HeaderHash,
			}, got, name)
		}
	})
	t.Run("one that is gone is a value", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}, fetchRequest(t, newNewer(t, look{Gone: true}).activities(t)))
	})
	t.Run("one too large for a payload is one sentence", func(t *testing.T) {
		t.Parallel()
		acts := newNewer(t).activities(t, func(o *activities.Options) { o.MaxReportBytes = 100 })
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchRequest, expense.FetchReportInput{ObjectURI: requestURI})
		e := failed(t, err, expense.TooLarge)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "the travel request takes 0 KiB and at most 0 KiB can be handled")
	})
	t.Run("one that is not a test user's is withheld, and not written to", func(t *testing.T) {
		t.Parallel()
		for login, theirs := range map[string]bool{ownerLogin: true, "lee@example.com": false, "nobody@example.com": false} {
			w := activities.Writes{TestUsers: []string{login}}
			n := newNewer(t)
			acts := n.activities(t, writes(w))
			want := expense.NotTestUser(w.TestUsers)
			if theirs {
				want = ""
			}
			require.Equal(t, want, fetchRequest(t, acts).DryRun)
			require.Equal(t, want, take(t, attempt{}, acts, actionOnRequest(expense.Approve)).DryRun)
			require.Equal(t, theirs, n.seen()[len(n.seen())-1] == "approve request")
		}
	})
}

func TestATravelRequestIsActedOnAfterARead(t *testing.T) {
	t.Parallel()
	for act, c := range map[expense.Action]struct{ name, body string }{
		expense.Approve: {"approve request", ""}, expense.SendBack: {"sendback request", `{"comment":"A receipt is missing & wanted."}`},
	} {
		n := newNewer(t)
		require.Zero(t, take(t, attempt{}, n.activities(t, answerLimit(time.Hour)), actionOnRequest(act)))
		require.Equal(t, []string{"request", c.name}, n.seen())
		require.Equal(t, c.body, n.requests()[1].body)
	}
	t.Run("and not where it does not wait for us", func(t *testing.T) {
		t.Parallel()
		for _, found := range []look{{Elsewhere: true}, {Status: "APPROVED"}, {Submitted: "2026-11-04T10:00:00Z"}, {Gone: true}} {
			n := newNewer(t, found)
			got := take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve))
			require.NotEmpty(t, got.Kind)
			require.False(t, got.Confirmed)
			require.Equal(t, []string{"request"}, n.seen())
		}
	})
}

func TestASuccessThatShowsSomethingElseIsNone(t *testing.T) {
	t.Parallel()
	for act, after := range map[expense.Action]look{expense.Approve: {Status: "SENTBACK"}, expense.SendBack: {Status: "APPROVED"}} {
		name := map[expense.Action]string{expense.Approve: "approve request", expense.SendBack: "sendback request"}[act]
		n := newNewer(t)
		n.on(name, n.answers(after))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(act))
		require.True(t, failed(t, err, expense.Rejected).NonRetryable(), "still here")
		require.Equal(t, []string{"request", name, "request"}, n.seen())

		n = newNewer(t, look{}, after)
		n.on(name, n.answers(after))
		got := take(t, attempt{}, n.activities(t), actionOnRequest(act))
		require.Equal(t, expense.ReportState{Kind: expense.NotWaiting, Status: after.Status}, got.ReportState)
		require.False(t, got.Confirmed)
	}
	t.Run("and one that shows what was read before leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		for act, name := range map[expense.Action]string{expense.Approve: "approve request", expense.SendBack: "sendback request"} {
			n := newNewer(t)
			n.on(name, n.answers(look{}))
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(act))
			require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
			require.Equal(t, []string{"request", name}, n.seen())
		}
		n := newNewer(t) // it waits at the next step of ours
		n.on("approve request", n.answers(look{Version: 1}))
		require.Equal(t, expense.ActionTaken{ReportState: expense.ReportState{ValidationID: stopRequest}}, take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve)))
	})
	t.Run("and one about another request leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("approve request", says(http.StatusOK, look{Status: "APPROVED"}.row("00000000000000000000000000000000")))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(expense.Approve))
		failed(t, err, expense.OutcomeUnknown)
	})
}

func TestAFirstAttemptActsOnATravelRequestOnlyWhileItIsAsItWasJudged(t *testing.T) {
	t.Parallel()
	for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
		n := newNewer(t, look{Version: 1})
		require.Equal(t, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SUBMITTED", ValidationID: stopRequest}, MayHaveMoved: true},
			take(t, attempt{}, n.activities(t), actionOnRequest(act)))
		require.Equal(t, []string{"request"}, n.seen())
	}
}

func TestALostAnswerAboutATravelRequest(t *testing.T) {
	t.Parallel()
	lost := newNewer(t)
	lost.on("approve request", says(http.StatusInternalServerError, "{}"))
	_, err := run[expense.ActionTaken](t, attempt{}, lost.activities(t).TakeAction, actionOnRequest(expense.Approve))
	e := failed(t, err, expense.OutcomeUnknown)
	require.False(t, e.NonRetryable())
	mark := fetchRequest(t, lost.activities(t)).HeaderHash
	again := attempt{number: 2, details: "sending " + mark}
	for name, c := range map[string]struct {
		found look
		want  expense.ActionTaken
		sent  bool
	}{
		"that has left forward is ours": {look{Elsewhere: true}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SUBMITTED"}, Confirmed: true, OutcomeUnknown: true}, false},
		"that is approved is ours":      {look{Status: "APPROVED"}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "APPROVED"}, Confirmed: true, OutcomeUnknown: true}, false},
		"that was sent back is not":     {look{Status: "SENTBACK"}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SENTBACK"}, OutcomeUnknown: true}, false},
		"that was given up is not":      {look{Status: "CANCELED"}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "CANCELED"}, OutcomeUnknown: true}, false},
		"that is as it was is sent":     {look{}, expense.ActionTaken{}, true},
		"that is another now is judged": {look{Version: 2}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SUBMITTED", ValidationID: stopRequest}, OutcomeUnknown: true, MayHaveMoved: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t, c.found)
			require.Equal(t, c.want, take(t, again, n.activities(t), actionOnRequest(expense.Approve)))
			require.Equal(t, c.sent, len(n.seen()) == 2, "%v", n.seen())
		})
	}
}

func TestWhatStopsATravelRequestIsSaid(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]expense.Kind{
		"STEP_EXIT_BLOCKING_BY_EXCEPTION": expense.Blocked, "NO_APPROVER": expense.NoApprover, "CONFIG_INVALID_NEXT_STEP": expense.NoApprover, "CASH_ADVANCE_SUBMIT_GENERIC": expense.Rejected,
	} {
		n := newNewer(t)
		n.on("approve request", says(http.StatusConflict, `{"errors":[{"errorCode":"`+code+`","errorMessage":"In Concur's words."}]}`))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(expense.Approve))
		e := failed(t, err, kind)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "In Concur's words.")
		require.Equal(t, []string{"request", "approve request", "request"}, n.seen())
	}
}

func TestValidateRequest(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(newerRules))
	require.NoError(t, err)
	n := newNewer(t)
	for code, want := range map[string]expense.Action{"CC1": expense.Approve, "CLOSED": expense.SendBack} {
		in := expense.ValidateRequestInput{RulesHash: rules.Hash(), Request: &expense.TravelRequest{ID: "1", Status: "SUBMITTED", Custom: map[string]expense.Field{"1": {Code: code}}}}
		judged, err := run[expense.EvaluationResult](t, attempt{}, n.activities(t).ValidateRequest, in)
		require.NoError(t, err)
		require.Equal(t, want, judged.Verdict.Action)
		require.Empty(t, judged.Verdict.Exceptions)
		require.Equal(t, rules.Hash(), judged.Verdict.RulesHash)

		in.RulesHash = "of others"
		judged, err = run[expense.EvaluationResult](t, attempt{}, n.activities(t).ValidateRequest, in)
		require.NoError(t, err)
		require.Nil(t, judged.Verdict, "it was read for other rules")
	}
	require.Empty(t, n.seen())
}

// anID is the ID of row i.
func anID(i int) string { return fmt.Sprintf("%032X", i) }

func TestListPendingRequests(t *testing.T) {
	t.Parallel()
	bare := func(row string) string { return row[:strings.Index(row, `,"operations"`)] + "}" }
	pages := map[string]string{
		"": `{"data":[` + strings.Join([]string{
			look{}.filled("SUBMITTED").row(anID(1)), look{Elsewhere: true}.filled("SUBMITTED").row(anID(2)), look{}.filled("APPROVED").row(anID(3)),
			bare(look{}.filled("SUBMITTED").row(anID(4))), bare(look{}.filled("SUBMITTED").row(anID(5))), bare(look{}.filled("SUBMITTED").row(anID(6))), bare(look{}.filled("APPROVED").row(anID(7))),
		}, ",") + `],"operations":[{"rel":"next","href":"` + host + requestsAPI + `?start=100"}]}`,
		"100": `{"data":[` + look{Version: 3}.filled("SUBMITTED").row(anID(8)) + `],"operations":[]}`,
	}
	newList := func(t *testing.T) *newer {
		n := newNewer(t)
		n.on("requests", func(w http.ResponseWriter, r *http.Request) {
			start := strings.TrimPrefix(r.URL.Query().Get("start"), "0")
			says(http.StatusOK, pages[start])(w, r)
		})
		n.on("request", func(w http.ResponseWriter, r *http.Request) {
			switch id := last(r.URL.Path); id {
			case anID(4):
				says(http.StatusOK, look{}.filled("SUBMITTED").row(id))(w, r)
			case anID(5):
				says(http.StatusOK, look{Elsewhere: true}.filled("SUBMITTED").row(id))(w, r)
			default:
				says(http.StatusNotFound, "{}")(w, r)
			}
		})
		return n
	}
	t.Run("names those for which we are offered to act, page by page", func(t *testing.T) {
		t.Parallel()
		n := newList(t)
		acts := n.activities(t)
		got, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, "start=100", got.Next)
		require.Equal(t, []string{"requests", "request", "request", "request"}, n.seen(), "a row that names no operations is read by itself")
		require.Len(t, got.Notifications, 2)
		for i, id := range []string{anID(1), anID(4)} {
			require.Equal(t, expense.Notification{
				Kind: expense.RequestObject, Key: id, ObjectType: string(expense.RequestObject),
				ObjectURI: n.URL + requestsAPI + "/" + id, EventDateTime: "2026-11-03T10:00:00Z",
			}, got.Notifications[i])
		}
		got, err = run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{Page: got.Next})
		require.NoError(t, err)
		require.Empty(t, got.Next)
		require.Len(t, got.Notifications, 1)
		require.Equal(t, anID(8), got.Notifications[0].Key)
		kind, key, err := expense.Identify(got.Notifications[0].ObjectURI)
		require.NoError(t, err)
		require.Equal(t, expense.RequestObject, kind)
		require.Equal(t, anID(8), key)
	})
	t.Run("asks nothing where no rule judges them", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		got, err := run[expense.PendingRequests](t, attempt{}, h.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, expense.PendingRequests{WithoutRules: true}, got)
		require.Empty(t, h.seen())
	})
	t.Run("is tried again when the list or a row of it cannot be had, and a person's where the list is forbidden", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"request", "requests"} {
			n := newList(t)
			n.on(name, says(http.StatusServiceUnavailable, "{}"))
			_, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
			require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
		}
		n := newList(t)
		n.on("requests", says(http.StatusForbidden, "{}"))
		_, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
	t.Run("names the others when one cannot be looked at", func(t *testing.T) {
		t.Parallel()
		for text, kind := range map[string]expense.Kind{`{"id":`: expense.Malformed, "": expense.Forbidden} {
			n := newList(t)
			n.on("request", func(w http.ResponseWriter, r *http.Request) {
				if text == "" {
					w.WriteHeader(http.StatusForbidden)
				}
				_, _ = io.WriteString(w, text)
			})
			got, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
			require.NoError(t, err)
			require.Len(t, got.Notifications, 1)
			require.Equal(t, kind, got.NotChecked.Kind)
			require.Equal(t, "start=100", got.Next)
		}
	})
	t.Run("reads one by itself of which the list does not say when it was changed", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("requests", says(http.StatusOK, `{"data":[{"id":"`+requestID+`","approvalStatus":{"code":"SUBMITTED","name":"Pending External Validation"},"operations":[{"rel":"approve"}]}]}`))
		got, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, []string{"requests", "request"}, n.seen())
		require.NotEmpty(t, got.Notifications[0].EventDateTime)
	})
}

// shown replaces the status name and the operations of a travel request that waits for us;
// none of either leaves that out.
func shown(id, name, operations string) string {
	row := look{}.filled("SUBMITTED").row(id)
	row = strings.Replace(row, `"name":"Pending External Validation"`, `"name":"`+name+`"`, 1)
	i := strings.Index(row, `,"operations"`)
	if operations == "" {
		return row[:i] + "}"
	}
	return row[:i] + `,"operations":` + operations + "}"
}

func TestAnUnclearTravelRequestIsForAPerson(t *testing.T) {
	t.Parallel()
	const external, both = "Pending External Validation", `[{"rel":"approve"},{"rel":"sendback"}]`
	for name, c := range map[string]struct{ name, operations, why string }{
		"no operations":            {external, "", "settings.actWithoutOperations"},
		"operations that are null": {external, "null", "settings.actWithoutOperations"},
		"nothing that is offered":  {external, "[]", "does not offer us to decide"},
		"an unknown name":          {"Validación externa", both, "settings.externalValidationNames"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			n.on("request", says(http.StatusOK, shown(requestID, c.name, c.operations)))
			acts := n.activities(t)
			_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchRequest, expense.FetchReportInput{ObjectURI: requestURI})
			e := failed(t, err, expense.UnclearStep)
			require.True(t, e.NonRetryable())
			require.Contains(t, e.Message(), "request 3AT7")
			require.Contains(t, e.Message(), c.why)
			for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
				_, err = run[expense.ActionTaken](t, attempt{}, acts.TakeAction, actionOnRequest(act))
				failed(t, err, expense.UnclearStep)
			}
			require.Equal(t, []string{"request", "request", "request"}, without(n.seen(), "expected", "request exceptions"), "nothing is sent")

			n.on("requests", says(http.StatusOK, `{"data":[`+shown(requestID, c.name, "")+`]}`))
			got, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
			require.NoError(t, err)
			require.Len(t, got.Notifications, 1, "its own run says so")
		})
	}
	settings := `settings: {externalValidationNames: [Validación externa], actWithoutOperations: true}` + "\n"
	rules, err := policy.Parse("rules.yaml", []byte(strings.Replace(newerRules, "rules:\n", settings+"rules:\n", 1)))
	require.NoError(t, err)
	named := func(o *activities.Options) { o.Rules = rules }
	for name, row := range map[string]string{
		"a name of the settings":              shown(requestID, "Validación externa", both),
		"a name of the settings, spelt so":    shown(requestID, "VALIDACIÓN  EXTERNA", both),
		"no operations, where that is enough": shown(requestID, external, ""),
	} {
		t.Run("and what the rules file says makes it clear: "+name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			n.on("request", says(http.StatusOK, row))
			acts := n.activities(t, named)
			got := fetchRequest(t, acts)
			require.Equal(t, expense.ReportState{Status: "SUBMITTED", ValidationID: stopRequest}, got.ReportState)
			require.Zero(t, take(t, attempt{}, acts, actionOnRequest(expense.Approve)))
			require.Equal(t, "approve request", n.seen()[len(n.seen())-1])
		})
	}
	t.Run("and what is the approver's to do is left alone, and counted", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		managers := shown(requestID, "Submitted & Pending Approval", both)
		n.on("request", says(http.StatusOK, managers))
		acts := n.activities(t)
		got := fetchRequest(t, acts)
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Contains(t, got.SkippedReason, "waits for somebody else")
		taken := take(t, attempt{}, acts, actionOnRequest(expense.Approve))
		require.Equal(t, expense.NotWaiting, taken.Kind)
		require.NotContains(t, n.seen(), "approve request")
		for _, row := range []string{managers, shown(requestID, external, "")} { // the single request decides
			n.on("requests", says(http.StatusOK, `{"data":[`+row+`]}`))
			listed, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
			require.NoError(t, err)
			require.Contains(t, listed.SkippedReason, "waits for somebody else")
			require.Equal(t, expense.PendingRequests{Skipped: 1, SkippedReason: listed.SkippedReason, Answer: listed.Answer}, listed)
		}
	})
	t.Run("and one whose status has a name that is not known is counted, where we are not offered to decide", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("request", says(http.StatusOK, shown(requestID, "Externe Prüfung steht aus", `[{"rel":"recall"},{"rel":"cancel"}]`)))
		n.on("requests", says(http.StatusOK, `{"data":[`+shown(requestID, "Externe Prüfung steht aus", "")+`]}`))
		acts := n.activities(t)
		require.Contains(t, fetchRequest(t, acts).SkippedReason, "settings.externalValidationNames")
		listed, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, 1, listed.Skipped)
		require.Contains(t, listed.SkippedReason, "settings.externalValidationNames")
	})
	t.Run("and an action that is not offered is not sent", func(t *testing.T) {
		t.Parallel()
		for act, only := range map[expense.Action]string{expense.Approve: "sendback", expense.SendBack: "approve"} {
			n := newNewer(t)
			n.on("request", says(http.StatusOK, shown(requestID, external, `[{"rel":"`+only+`"}]`)))
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(act))
			require.Contains(t, failed(t, err, expense.UnclearStep).Message(), "does not offer the operation")
			require.Equal(t, []string{"request"}, n.seen())
		}
	})
	t.Run("and an answer to an action that is unclear is read again", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("approve request", says(http.StatusOK, strings.Replace(shown(requestID, external, ""), "T10:00:00Z\",\"owner", "T10:05:00Z\",\"owner", 1)))
		require.Equal(t, stopRequest, take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve)).ReportState.ValidationID)
	})
}
