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
	in.ObjectURI, in.ValidationID, in.HeaderHash = requestURI, validationRequest, headerHashRequest()
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
	t.Run("a request whose operations are offered waits for the connector", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		got := fetchRequest(t, n.activities(t))
		require.Equal(t, expense.ReportState{Status: "SUBMITTED", ValidationID: validationRequest}, got.ReportState)
		require.Equal(t, requestID, got.ReportID)
		require.NotEmpty(t, got.HeaderHash)
		require.NotEmpty(t, got.Revision)
		require.NotEmpty(t, got.ContentHash)
		require.NotEmpty(t, got.RulesHash)
		require.Nil(t, got.Report)
		require.Equal(t, map[string]expense.Field{"1": {Code: "CC1", Value: "Centre", ListItem: listed1}}, got.Request.Custom, "what a rule reads, and what its list says")
		require.Empty(t, got.Request.Name, "no rule reads it")
		require.Empty(t, got.Request.Expenses)
		require.Equal(t, "3AT7", got.Request.Number)
		require.Equal(t, []string{"approve", "sendback"}, got.Request.Operations)
		require.Equal(t, expense.Owner{Login: ownerLogin}, got.Request.Owner)
		require.Equal(t, []string{"request", "expected", "request exceptions", "login", "item"}, n.requestNames())
	})
	t.Run("of any other only the state is kept", func(t *testing.T) {
		t.Parallel()
		for name, found := range map[string]headerState{
			"submitted, for others": {Elsewhere: true}, "approved": {Status: "APPROVED"}, "sent back": {Status: "SENTBACK"}, "cancelled": {Status: "CANCELED"},
		} {
			status := found.filled("SUBMITTED").Status
			got := fetchRequest(t, newFakeV4(t, found).activities(t))
			require.Equal(t, expense.FetchedReport{
				ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: status}, ReportID: requestID, HeaderHash: got.HeaderHash,
			}, got, name)
		}
	})
	t.Run("a request that is gone is a result", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}, fetchRequest(t, newFakeV4(t, headerState{Gone: true}).activities(t)))
	})
	t.Run("a request too large for a payload is an error", func(t *testing.T) {
		t.Parallel()
		acts := newFakeV4(t).activities(t, func(o *activities.Options) { o.MaxReportBytes = 100 })
		_, err := run[expense.FetchedReport](t, attempt{}, acts.FetchRequest, expense.FetchReportInput{ObjectURI: requestURI})
		e := failed(t, err, expense.TooLarge)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "the travel request")
	})
	t.Run("a request of another user gets a dry run", func(t *testing.T) {
		t.Parallel()
		for login, theirs := range map[string]bool{ownerLogin: true, "lee@example.com": false, "nobody@example.com": false} {
			w := activities.Writes{TestUsers: []string{login}}
			n := newFakeV4(t)
			acts := n.activities(t, writes(w))
			want := expense.NotTestUser(w.TestUsers)
			if theirs {
				want = ""
			}
			require.Equal(t, want, fetchRequest(t, acts).DryRun)
			require.Equal(t, want, take(t, attempt{}, acts, actionOnRequest(expense.Approve)).DryRun)
			require.Equal(t, theirs, n.requestNames()[len(n.requestNames())-1] == "approve request")
		}
	})
}

func TestTravelRequestIsActedOnAfterARead(t *testing.T) {
	t.Parallel()
	for act, c := range map[expense.Action]struct{ name, body string }{
		expense.Approve: {"approve request", ""}, expense.SendBack: {"sendback request", `{"comment":"A receipt is missing & wanted."}`},
	} {
		n := newFakeV4(t)
		require.Zero(t, take(t, attempt{}, n.activities(t, requestTimeout(time.Hour)), actionOnRequest(act)))
		require.Equal(t, []string{"request", c.name}, n.requestNames())
		require.Equal(t, c.body, n.requests()[1].body)
	}
	t.Run("not where it does not wait for the connector", func(t *testing.T) {
		t.Parallel()
		for _, found := range []headerState{{Elsewhere: true}, {Status: "APPROVED"}, {Submitted: "2026-11-04T10:00:00Z"}, {Gone: true}} {
			n := newFakeV4(t, found)
			got := take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve))
			require.NotEmpty(t, got.Kind)
			require.False(t, got.Confirmed)
			require.Equal(t, []string{"request"}, n.requestNames())
		}
	})
}

func TestSuccessWithAnotherStatusIsARefusal(t *testing.T) {
	t.Parallel()
	for act, after := range map[expense.Action]headerState{expense.Approve: {Status: "SENTBACK"}, expense.SendBack: {Status: "APPROVED"}} {
		name := map[expense.Action]string{expense.Approve: "approve request", expense.SendBack: "sendback request"}[act]
		n := newFakeV4(t)
		n.on(name, n.answers(after))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(act))
		require.True(t, failed(t, err, expense.Rejected).NonRetryable(), "still here")
		require.Equal(t, []string{"request", name, "request"}, n.requestNames())

		n = newFakeV4(t, headerState{}, after)
		n.on(name, n.answers(after))
		got := take(t, attempt{}, n.activities(t), actionOnRequest(act))
		require.Equal(t, expense.ReportState{Kind: expense.NotWaiting, Status: after.Status}, got.ReportState)
		require.False(t, got.Confirmed)
	}
	t.Run("an unchanged request leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		for act, name := range map[expense.Action]string{expense.Approve: "approve request", expense.SendBack: "sendback request"} {
			n := newFakeV4(t)
			n.on(name, n.answers(headerState{}))
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(act))
			require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
			require.Equal(t, []string{"request", name}, n.requestNames())
		}
		n := newFakeV4(t) // it waits at the next step of ours
		n.on("approve request", n.answers(headerState{Version: 1}))
		require.Equal(t, expense.ActionTaken{ReportState: expense.ReportState{ValidationID: validationRequest}}, take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve)))
	})
	t.Run("another name of the status proves the action, whoever is next", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("approve request", n.answers(headerState{Name: "Pending Second Look"}))
		require.Zero(t, take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve)))
		_, err := run[expense.FetchedReport](t, attempt{}, newFakeV4(t, headerState{Name: "Pending Second Look"}).activities(t).FetchRequest, expense.FetchReportInput{ObjectURI: requestURI})
		failed(t, err, expense.UnclearStep)
	})
	t.Run("an answer about another request leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("approve request", respond(http.StatusOK, headerState{Status: "APPROVED"}.row("00000000000000000000000000000000")))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(expense.Approve))
		failed(t, err, expense.OutcomeUnknown)
	})
}

func TestFirstAttemptActsOnlyOnAnUnchangedTravelRequest(t *testing.T) {
	t.Parallel()
	for _, act := range []expense.Action{expense.Approve, expense.SendBack} {
		n := newFakeV4(t, headerState{Version: 1})
		require.Equal(t, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SUBMITTED", ValidationID: validationRequest}, MayHaveMoved: true},
			take(t, attempt{}, n.activities(t), actionOnRequest(act)))
		require.Equal(t, []string{"request"}, n.requestNames())
	}
}

func TestLostAnswerAboutATravelRequest(t *testing.T) {
	t.Parallel()
	lost := newFakeV4(t)
	lost.on("approve request", respond(http.StatusInternalServerError, "{}"))
	_, err := run[expense.ActionTaken](t, attempt{}, lost.activities(t).TakeAction, actionOnRequest(expense.Approve))
	e := failed(t, err, expense.OutcomeUnknown)
	require.False(t, e.NonRetryable())
	mark := fetchRequest(t, lost.activities(t)).HeaderHash
	again := attempt{number: 2, details: "sending " + mark}
	for name, c := range map[string]struct {
		found headerState
		want  expense.ActionTaken
		sent  bool
	}{
		"moved forward: moved by us": {headerState{Elsewhere: true}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SUBMITTED"}, Confirmed: true, OutcomeUnknown: true}, false},
		"approved: moved by us":      {headerState{Status: "APPROVED"}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "APPROVED"}, Confirmed: true, OutcomeUnknown: true}, false},
		"sent back: not moved by us": {headerState{Status: "SENTBACK"}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SENTBACK"}, OutcomeUnknown: true}, false},
		"cancelled: not moved by us": {headerState{Status: "CANCELED"}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "CANCELED"}, OutcomeUnknown: true}, false},
		"unchanged: sent":            {headerState{}, expense.ActionTaken{}, true},
		"changed: evaluated again":   {headerState{Version: 2}, expense.ActionTaken{ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "SUBMITTED", ValidationID: validationRequest}, OutcomeUnknown: true, MayHaveMoved: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t, c.found)
			require.Equal(t, c.want, take(t, again, n.activities(t), actionOnRequest(expense.Approve)))
			require.Equal(t, c.sent, len(n.requestNames()) == 2, "%v", n.requestNames())
		})
	}
}

func TestErrorSaysWhatBlocksATravelRequest(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]expense.Kind{
		"STEP_EXIT_BLOCKING_BY_EXCEPTION": expense.Blocked, "NO_APPROVER": expense.NoApprover, "CONFIG_INVALID_NEXT_STEP": expense.NoApprover, "CASH_ADVANCE_SUBMIT_GENERIC": expense.Rejected,
	} {
		n := newFakeV4(t)
		n.on("approve request", respond(http.StatusConflict, `{"errors":[{"errorCode":"`+code+`","errorMessage":"In Concur's words."}]}`))
		_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(expense.Approve))
		e := failed(t, err, kind)
		require.True(t, e.NonRetryable())
		require.Contains(t, e.Message(), "In Concur's words.")
		require.Equal(t, []string{"request", "approve request", "request"}, n.requestNames())
	}
}

func TestValidateRequest(t *testing.T) {
	t.Parallel()
	rules, err := policy.Parse("rules.yaml", []byte(rulesV4))
	require.NoError(t, err)
	n := newFakeV4(t)
	for code, want := range map[string]expense.Action{"CC1": expense.Approve, "CLOSED": expense.SendBack} {
		in := expense.ValidateRequestInput{RulesHash: rules.Hash(), Request: &expense.TravelRequest{ID: "1", Status: "SUBMITTED", Custom: map[string]expense.Field{"1": {Code: code}}}}
		evaluated, err := run[expense.EvaluationResult](t, attempt{}, n.activities(t).ValidateRequest, in)
		require.NoError(t, err)
		require.Equal(t, want, evaluated.Verdict.Action)
		require.Empty(t, evaluated.Verdict.Exceptions)
		require.Equal(t, rules.Hash(), evaluated.Verdict.RulesHash)

		in.RulesHash = "of others"
		evaluated, err = run[expense.EvaluationResult](t, attempt{}, n.activities(t).ValidateRequest, in)
		require.NoError(t, err)
		require.Nil(t, evaluated.Verdict, "it was read for other rules")
	}
	require.Empty(t, n.requestNames())
}

// anID returns the ID of row i.
func anID(i int) string { return fmt.Sprintf("%032X", i) }

func TestListPendingRequests(t *testing.T) {
	t.Parallel()
	bare := func(row string) string { return row[:strings.Index(row, `,"operations"`)] + "}" }
	pages := map[string]string{
		"": `{"data":[` + strings.Join([]string{
			headerState{}.filled("SUBMITTED").row(anID(1)), headerState{Elsewhere: true}.filled("SUBMITTED").row(anID(2)), headerState{}.filled("APPROVED").row(anID(3)),
			bare(headerState{}.filled("SUBMITTED").row(anID(4))), bare(headerState{}.filled("SUBMITTED").row(anID(5))), bare(headerState{}.filled("SUBMITTED").row(anID(6))), bare(headerState{}.filled("APPROVED").row(anID(7))),
		}, ",") + `],"operations":[{"rel":"next","href":"` + host + requestsAPI + `?start=100"}]}`,
		"100": `{"data":[` + headerState{Version: 3}.filled("SUBMITTED").row(anID(8)) + `],"operations":[]}`,
	}
	newList := func(t *testing.T) *fakeV4 {
		n := newFakeV4(t)
		n.on("requests", func(w http.ResponseWriter, r *http.Request) {
			start := strings.TrimPrefix(r.URL.Query().Get("start"), "0")
			respond(http.StatusOK, pages[start])(w, r)
		})
		n.on("request", func(w http.ResponseWriter, r *http.Request) {
			switch id := last(r.URL.Path); id {
			case anID(4):
				respond(http.StatusOK, headerState{}.filled("SUBMITTED").row(id))(w, r)
			case anID(5):
				respond(http.StatusOK, headerState{Elsewhere: true}.filled("SUBMITTED").row(id))(w, r)
			default:
				respond(http.StatusNotFound, "{}")(w, r)
			}
		})
		return n
	}
	t.Run("names requests whose operations are offered, page by page", func(t *testing.T) {
		t.Parallel()
		n := newList(t)
		acts := n.activities(t)
		got, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, "start=100", got.Next)
		require.Equal(t, []string{"requests", "request", "request", "request"}, n.requestNames(), "a row that names no operations is read by itself")
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
	t.Run("sends nothing without rules for requests", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		got, err := run[expense.PendingRequests](t, attempt{}, h.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, expense.PendingRequests{WithoutRules: true}, got)
		require.Empty(t, h.requestNames())
	})
	t.Run("is retried when the list or a row is unavailable, and an error when the list is forbidden", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"request", "requests"} {
			n := newList(t)
			n.on(name, respond(http.StatusServiceUnavailable, "{}"))
			_, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
			require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
		}
		n := newList(t)
		n.on("requests", respond(http.StatusForbidden, "{}"))
		_, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
	})
	t.Run("names the others when one cannot be checked", func(t *testing.T) {
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
	t.Run("reads a request whose row has no time of change", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("requests", respond(http.StatusOK, `{"data":[{"id":"`+requestID+`","approvalStatus":{"code":"SUBMITTED","name":"Pending External Validation"},"operations":[{"rel":"approve"}]}]}`))
		got, err := run[expense.PendingRequests](t, attempt{}, n.activities(t).ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, []string{"requests", "request"}, n.requestNames())
		require.NotEmpty(t, got.Notifications[0].EventDateTime)
	})
}

// shown replaces the status name and the operations of a travel request that waits for the
// connector. Without operations it removes them.
func shown(id, name, operations string) string {
	row := headerState{}.filled("SUBMITTED").row(id)
	row = strings.Replace(row, `"name":"Pending External Validation"`, `"name":"`+name+`"`, 1)
	i := strings.Index(row, `,"operations"`)
	if operations == "" {
		return row[:i] + "}"
	}
	return row[:i] + `,"operations":` + operations + "}"
}

func TestUnclearTravelRequestIsParked(t *testing.T) {
	t.Parallel()
	const external, both = "Pending External Validation", `[{"rel":"approve"},{"rel":"sendback"}]`
	for name, c := range map[string]struct{ name, operations, why string }{
		"no operations":            {external, "", "settings.actWithoutOperations"},
		"operations that are null": {external, "null", "settings.actWithoutOperations"},
		"nothing that is offered":  {external, "[]", "does not offer the connector"},
		"an unknown name":          {"Validación externa", both, "settings.externalValidationNames"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			n.on("request", respond(http.StatusOK, shown(requestID, c.name, c.operations)))
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
			require.Equal(t, []string{"request", "request", "request"}, except(n.requestNames(), "expected", "request exceptions"), "nothing is sent")

			n.on("requests", respond(http.StatusOK, `{"data":[`+shown(requestID, c.name, "")+`]}`))
			got, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
			require.NoError(t, err)
			require.Len(t, got.Notifications, 1, "its own run says so")
		})
	}
	settings := `settings: {externalValidationNames: [Validación externa], actWithoutOperations: true}` + "\n"
	rules, err := policy.Parse("rules.yaml", []byte(strings.Replace(rulesV4, "rules:\n", settings+"rules:\n", 1)))
	require.NoError(t, err)
	named := func(o *activities.Options) { o.Rules = rules }
	for name, row := range map[string]string{
		"a name of the settings":              shown(requestID, "Validación externa", both),
		"a name of the settings, spelt so":    shown(requestID, "VALIDACIÓN  EXTERNA", both),
		"no operations, where that is enough": shown(requestID, external, ""),
	} {
		t.Run("made clear by the rules file: "+name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			n.on("request", respond(http.StatusOK, row))
			acts := n.activities(t, named)
			got := fetchRequest(t, acts)
			require.Equal(t, expense.ReportState{Status: "SUBMITTED", ValidationID: validationRequest}, got.ReportState)
			require.Zero(t, take(t, attempt{}, acts, actionOnRequest(expense.Approve)))
			require.Equal(t, "approve request", n.requestNames()[len(n.requestNames())-1])
		})
	}
	t.Run("a request that waits for its approver is skipped and counted", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		managers := shown(requestID, "Submitted & Pending Approval", both)
		n.on("request", respond(http.StatusOK, managers))
		acts := n.activities(t)
		got := fetchRequest(t, acts)
		require.Equal(t, expense.NotWaiting, got.Kind)
		require.Contains(t, got.SkippedReason, "waits for somebody else")
		taken := take(t, attempt{}, acts, actionOnRequest(expense.Approve))
		require.Equal(t, expense.NotWaiting, taken.Kind)
		require.NotContains(t, n.requestNames(), "approve request")
		for _, row := range []string{managers, shown(requestID, external, "")} { // the single request decides
			n.on("requests", respond(http.StatusOK, `{"data":[`+row+`]}`))
			listed, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
			require.NoError(t, err)
			require.Contains(t, listed.SkippedReason, "waits for somebody else")
			require.Equal(t, expense.PendingRequests{Skipped: 1, SkippedReason: listed.SkippedReason, Answer: listed.Answer}, listed)
		}
	})
	t.Run("a request with an unknown status name and without operations is counted", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("request", respond(http.StatusOK, shown(requestID, "Externe Prüfung steht aus", `[{"rel":"recall"},{"rel":"cancel"}]`)))
		n.on("requests", respond(http.StatusOK, `{"data":[`+shown(requestID, "Externe Prüfung steht aus", "")+`]}`))
		acts := n.activities(t)
		require.Contains(t, fetchRequest(t, acts).SkippedReason, "settings.externalValidationNames")
		listed, err := run[expense.PendingRequests](t, attempt{}, acts.ListPendingRequests, expense.ListPendingRequestsInput{})
		require.NoError(t, err)
		require.Equal(t, 1, listed.Skipped)
		require.Contains(t, listed.SkippedReason, "settings.externalValidationNames")
	})
	t.Run("an action that is not offered is not sent", func(t *testing.T) {
		t.Parallel()
		for act, only := range map[expense.Action]string{expense.Approve: "sendback", expense.SendBack: "approve"} {
			n := newFakeV4(t)
			n.on("request", respond(http.StatusOK, shown(requestID, external, `[{"rel":"`+only+`"}]`)))
			_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionOnRequest(act))
			require.Contains(t, failed(t, err, expense.UnclearStep).Message(), "does not offer the operation")
			require.Equal(t, []string{"request"}, n.requestNames())
		}
	})
	t.Run("an unclear answer to an action is accepted", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("approve request", respond(http.StatusOK, strings.Replace(shown(requestID, external, ""), "T10:00:00Z\",\"owner", "T10:05:00Z\",\"owner", 1)))
		require.Equal(t, validationRequest, take(t, attempt{}, n.activities(t), actionOnRequest(expense.Approve)).ReportState.ValidationID)
	})
}
