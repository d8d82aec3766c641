package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

func trip(r reportView) string { return requestsPath + "/" + r.UUID }

// request makes a travel request with two expenses that waits at its first step.
func (w *fixture) request(name string, more ...string) reportView {
	w.t.Helper()
	var r reportView
	lines := append([]string{"name: " + name, "request: true", `custom: {2: "(CEN1) Centre", 1: Kick-off}`,
		"entries: [{type: AIRFR, amount: 324.56}, {type: DINNR, amount: 90.5, currency: EUR, exchangeRate: 2, custom: {3: x}}]"}, more...)
	w.control(http.MethodPost, "/reports", strings.Join(lines, "\n"), &r)
	return r
}

func (w *fixture) readRequest(r reportView) seenRequest {
	w.t.Helper()
	var seen seenRequest
	w.get(trip(r), &seen)
	return seen
}

func (w *fixture) post(r reportView, action, body string) reply {
	return w.send(http.MethodPost, trip(r)+"/"+action, body)
}

type seenRequest struct {
	ID, RequestID, Comment string
	ApprovalStatus         struct{ Code, Name string }
	Operations             []struct{ Rel, Href string }
	Expenses               []struct{ ID string }
	EverSentBack, Approved bool
	TotalPostedAmount      struct {
		Value    any
		Currency string
	}
	Custom1, Custom2, Custom3 *struct{ Code, Value, Href string }
}

func (r seenRequest) offers() string {
	rels := []string{}
	for _, one := range r.Operations {
		rels = append(rels, one.Rel)
	}
	return strings.Join(rels, " ")
}

func TestRequests(t *testing.T) {
	t.Parallel()
	t.Run("a request shows its identifiers, codes and operations", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.request("r", "wrongStepStatus: 400\nsteps: [{extv: SUBMIT}, {status: A_PEND}, {status: APPROVED}]")
		seen := w.readRequest(r)
		require.Regexp(t, "^[0-9A-Z]{4}$", seen.RequestID)
		require.Regexp(t, "^[0-9A-F]{32}$", seen.ID)
		require.Equal(t, "SUBMITTED", seen.ApprovalStatus.Code)
		require.Equal(t, "approve sendback", seen.offers())
		require.Equal(t, "505.56", fmt.Sprint(seen.TotalPostedAmount.Value))
		require.Equal(t, []string{"Kick-off", "", "CEN1"}, []string{seen.Custom1.Value, seen.Custom1.Code, seen.Custom2.Code})
		require.Nil(t, seen.Custom3)
		var item struct{ Value string }
		w.get(listItemPath+seen.Custom2.Value, &item)
		require.Equal(t, "Centre", item.Value)
		require.Equal(t, &journal.Position{Status: waiting, Step: r.Step}, w.lastLine(requestEndpoint).Shown)
		require.Equal(t, "SUBMITTED", w.state("r").Status)

		var passed seenRequest
		w.decode(w.post(r, "approve", ""), &passed)
		require.Equal(t, "SUBMITTED recall cancel", passed.ApprovalStatus.Code+" "+passed.offers(), "somebody else's step")
		require.Equal(t, []string{"missingRequiredParam"}, w.refused(http.StatusBadRequest, w.post(r, "approve", "")))
		require.Equal(t, []string{"userIsNotAllowed"}, w.refused(http.StatusForbidden, w.post(r, "approve?userId="+r.UserID, "")))
		w.control(http.MethodPost, "/reports/r/approve", "", nil)
		require.Equal(t, "APPROVED", w.readRequest(r).ApprovalStatus.Code)
		w.control(http.MethodGet, "/reports/r?until=status:APPROVED&wait=1s", "", &r)
		require.Equal(t, "APPROVED", r.Status)
	})
	t.Run("a request's expenses, exceptions and comments are listed", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.request("r", "existing: [{code: CALWARN2}, {code: NOBUDGET, entry: 2, blocking: true}]")
		var expenses []struct {
			ID                              string
			TransactionAmount, PostedAmount struct {
				Value    any
				Currency string
			}
			Allocations []struct{ ExpenseID, AllocationID string }
		}
		w.get(trip(r)+"/expenses", &expenses)
		require.Equal(t, []string{"90.5 EUR", "181 USD"}, []string{
			fmt.Sprint(expenses[1].TransactionAmount.Value, " ", expenses[1].TransactionAmount.Currency),
			fmt.Sprint(expenses[1].PostedAmount.Value, " ", expenses[1].PostedAmount.Currency),
		})
		require.Equal(t, r.ExpenseIDs[0], expenses[0].Allocations[0].ExpenseID)
		require.Equal(t, []string{"missingRequiredParam"}, w.refused(http.StatusBadRequest, w.send(http.MethodGet, trip(r)+"/exceptions", "")))
		var exceptions []struct {
			Code       string
			Level      int
			IsBlocking bool
		}
		w.decode(w.send(http.MethodGet, trip(r)+"/exceptions?userId="+r.UserID, ""), &exceptions)
		require.Len(t, exceptions, 2)
		require.True(t, exceptions[1].IsBlocking)
		require.Equal(t, []string{"STEP_EXIT_BLOCKING_BY_EXCEPTION"}, w.refused(http.StatusConflict, w.post(r, "approve", "")))
		var back seenRequest
		w.decode(w.post(r, "sendback", `{"comment":"Too dear"}`), &back)
		require.Equal(t, []any{"SENTBACK", true, "Too dear"}, []any{back.ApprovalStatus.Code, back.EverSentBack, back.Comment})
		var comments []struct{ Value string }
		w.get(trip(r)+"/comments", &comments)
		require.Equal(t, "Too dear", comments[0].Value)
		require.Equal(t, []string{"Too dear"}, w.state("r").Comments)
		require.Equal(t, sendBackAction, w.state("r").Decisions[0].Action)
	})
	t.Run("an impossible action is refused in the form of Request v4", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.request("r", "noApprover: true")
		require.Contains(t, noApproverRequest, w.refused(http.StatusConflict, w.post(r, "approve", ""))[0])
		require.Equal(t, []string{"STEP_EXIT_BLOCKING_BY_EXCEPTION"}, w.refused(http.StatusConflict, w.post(w.request("b", "blocked: true"), "approve", "")))
		require.Equal(t, []string{"notFound"}, w.refused(http.StatusNotFound, w.post(r, "sendBack", `{"comment":"c"}`)))
		require.Equal(t, []string{"notFound"}, w.refused(http.StatusNotFound, w.post(r, "recall", "")))
		require.Equal(t, []string{"invalidJson"}, w.refused(http.StatusBadRequest, w.post(r, "sendback", `{"reason":"c"}`)))
		require.Equal(t, []string{"notFound"}, w.refused(http.StatusNotFound, w.send(http.MethodGet, requestsPath+"/"+r.ReportID, "")))
		require.Equal(t, http.StatusNotFound, w.act(r.Step, "Approve", "").status, "version 1.1 is for reports")
		answer := w.sendTo(w.sim.Ready().API+trip(r), http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}, "Concur-Correlationid": {"x"}})
		require.Equal(t, []string{"invalidUuid"}, w.refused(http.StatusBadRequest, answer))
		require.Empty(t, w.state("r").Decisions)
	})
	t.Run("others can recall, cancel and resubmit a request", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.request("r")
		for move, want := range map[string]string{"recall": "NOT_SUBMITTED submit", "send-back": "SENTBACK submit"} {
			w.control(http.MethodPost, "/reports/r/"+move, "", nil)
			seen := w.readRequest(r)
			require.Equal(t, want, seen.ApprovalStatus.Code+" "+seen.offers())
			w.control(http.MethodPost, "/reports/r/edit", "amount: 1", nil)
			w.control(http.MethodPost, "/reports/r/resubmit", "", nil)
		}
		require.Equal(t, "182", fmt.Sprint(w.readRequest(r).TotalPostedAmount.Value))
		w.control(http.MethodPost, "/reports/r/cancel", "", nil)
		require.Equal(t, "CANCELED", w.readRequest(r).ApprovalStatus.Code)
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/reports/r/resubmit", "").status)
		w.submit("report")
		require.Equal(t, http.StatusConflict, w.tryControl(http.MethodPost, "/reports/report/cancel", "").status)
	})
	t.Run("a callout names an address of Request v1, in several forms", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector)
		seen := map[int]bool{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			r := w.request(name)
			body := (<-got).body
			require.Contains(t, body, "<ObjectType>TRAVELREQ</ObjectType>")
			require.Contains(t, body, requestV1Path+r.Key+"</ObjectURI>")
			seen[w.send(http.MethodGet, requestV1Path+r.Key, "").status] = true
			require.Equal(t, name, w.lastLine(requestV1Endpoint).Report)
		}
		require.Equal(t, map[int]bool{http.StatusNotFound: true, http.StatusGone: true}, seen)

		const uuid = "224AF3CDCC2A5244A37C72FA5770C6F2"
		r := w.request("known", "uuid: "+uuid)
		require.NotContains(t, (<-got).body, uuid)
		w.control(http.MethodPost, "/reports/known/callout", "v4: true", nil)
		require.Contains(t, (<-got).body, "<ObjectURI>"+w.sim.Ready().API+requestsPath+"/"+uuid+"</ObjectURI>")
		require.Equal(t, w.sim.Ready().API+trip(r), r.V4URI)
		report := w.submit("report")
		require.Contains(t, (<-got).body, report.Key)
		require.Equal(t, w.sim.Ready().API+long(report), report.V4URI)
	})
}

func TestRequestList(t *testing.T) {
	t.Parallel()
	type page struct {
		Data       []seenRequest
		Operations []struct{ Rel, Href string }
	}
	t.Run("pages list every request of a view and no report", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("report")
		want := map[string]bool{}
		for i := range 7 {
			want[w.request(fmt.Sprint("r", i)).UUID] = true
		}
		w.control(http.MethodPost, "/reports/r3/approve", "", nil)
		delete(want, w.state("r3").UUID)
		got := map[string]bool{}
		for path := requestsPath + "?view=SUBMITTED&limit=4"; path != ""; {
			var p page
			w.get(path, &p)
			path = ""
			for _, row := range p.Data {
				require.Equal(t, "SUBMITTED", row.ApprovalStatus.Code)
				require.Empty(t, row.Expenses)
				require.Nil(t, row.Custom1)
				got[row.ID] = true
			}
			for _, link := range p.Operations {
				if link.Rel == "next" {
					path = strings.TrimPrefix(link.Href, w.sim.Ready().API)
				}
			}
		}
		require.Equal(t, want, got)
		var p page
		w.get(requestsPath+"?view=PENDING&modifiedAfter=2099-01-01", &p)
		require.Empty(t, p.Data)
		require.NotContains(t, w.send(http.MethodGet, pendingPath+"?user=ALL", "").body, w.state("r0").ReportID+`"`)
	})
	t.Run("an unknown parameter is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for _, query := range []string{"?limit=101", "?limit=0", "?limit=x", "?start=-1", "?view=NONE", "?modifiedAfter=yesterday"} {
			require.Equal(t, []string{"badParam"}, w.refused(http.StatusBadRequest, w.send(http.MethodGet, requestsPath+query, "")))
		}
		w.get(requestsPath+"?limit=100", new(page))
	})
	t.Run("rows have operations with some seeds only", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for seed := uint64(1); seed <= 8; seed++ {
			w := newFixture(t, func(o *options) { o.seed = seed })
			w.request("r")
			var p page
			w.get(requestsPath, &p)
			seen[p.Data[0].offers()] = true
		}
		require.Equal(t, map[string]bool{"": true, "approve sendback": true}, seen)
	})
}

// breachesOfRequests break the invariants that also apply to travel requests.
var breachesOfRequests = map[string]func(*testing.T, *fixture, reportView){
	"decided-twice": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: request-action, kind: lost-answer}")
		w.readRequest(r)
		w.post(r, "approve", "")
		require.Equal(t, http.StatusOK, w.post(r, "approve", "").status)
	},
	"wrong-step": func(t *testing.T, w *fixture, r reportView) {
		w.control(http.MethodPost, "/reports/r/recall", "", nil)
		w.readRequest(r)
		w.post(r, "approve", "")
	},
	"stale-read": func(t *testing.T, w *fixture, r reportView) {
		w.get(requestsPath, new(any))
		w.post(r, "approve", "")
	},
	"bad-method": func(t *testing.T, w *fixture, r reportView) {
		w.refused(http.StatusMethodNotAllowed, w.send(http.MethodPatch, trip(r)+"/approve", ""))
	},
	"chunked": func(t *testing.T, w *fixture, r reportView) {
		request, err := http.NewRequest(http.MethodPost, w.sim.Ready().API+trip(r)+"/sendback", io.MultiReader(strings.NewReader("{}")))
		require.NoError(t, err)
		w.refused(http.StatusBadRequest, w.do(request))
	},
	"comment-too-long": func(t *testing.T, w *fixture, r reportView) {
		w.readRequest(r)
		w.refused(http.StatusBadRequest, w.post(r, "sendback", `{"comment":"`+strings.Repeat("é", maxComment+1)+`"}`))
	},
	"token-in-url": func(t *testing.T, w *fixture, r reportView) {
		w.send(http.MethodGet, trip(r)+"?access_token=x", "")
	},
	"token-expired": func(t *testing.T, w *fixture, r reportView) {
		w.sim.mu.Lock()
		w.sim.tokens.access[w.bearer].expires = time.Now().Add(-time.Minute)
		w.sim.mu.Unlock()
		w.post(r, "approve", "")
	},
}

func TestInvariantsOfRequests(t *testing.T) {
	t.Parallel()
	for name, breach := range breachesOfRequests {
		t.Run(name+" is reported for a request", func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			breach(t, w, w.request("r", "steps: [{extv: SUBMIT}, {extv: AGAIN}, {status: APPROVED}]"))
			require.Contains(t, w.brokenInvariants(), name)
		})
	}
	t.Run("a client that reads before each action breaks no invariant", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.request("r", "steps: [{extv: SUBMIT}, {extv: AGAIN}, {extv: ONCE-MORE}, {status: APPROVED}]")
		w.readRequest(r)
		require.Equal(t, http.StatusOK, w.post(r, "approve", "").status)
		w.fault("{endpoint: request-action, kind: moved, param: {to: next-step}}")
		w.readRequest(r)
		require.Equal(t, http.StatusOK, w.post(r, "approve", "").status)
		require.Equal(t, "APPROVED", w.state("r").Status)
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a notification of a waiting request may be deleted", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.request("r")
		var item failedItem
		w.control(http.MethodPost, "/reports/r/callout", "failed: true", &item)
		require.Equal(t, http.StatusOK, w.send(http.MethodDelete, failedPath+"/"+item.ID, "").status)
		require.Empty(t, w.brokenInvariants())
	})
}

func TestOperationsOfTravelRequests(t *testing.T) {
	t.Parallel()
	t.Run("an approver's step offers the traveler's or the approver's operations", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		const steps = "wrongStepStatus: 400\nsteps: [{status: SUBMITTED}, {status: APPROVED}]"
		seen := map[string]int{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			r := w.request(name, steps)
			offers := w.readRequest(r).offers()
			seen[offers]++
			if offers == "approve sendback" {
				require.Contains(t, w.send(http.MethodGet, trip(r), "").body, `"approver":{`)
				require.Equal(t, http.StatusOK, w.post(r, "approve", "").status)
				require.Equal(t, "APPROVED", w.state(name).Status)
			} else {
				require.NotContains(t, w.send(http.MethodGet, trip(r), "").body, `"approver"`)
				w.refused(http.StatusBadRequest, w.post(r, "approve", ""))
			}
		}
		require.Len(t, seen, 2)
		require.Positive(t, seen["recall cancel"])
		require.Equal(t, "approve sendback", w.readRequest(w.request("theirs", steps, "operations: approver")).offers())
		require.Equal(t, "recall cancel", w.readRequest(w.request("owners", steps, "operations: traveler")).offers())
		require.Contains(t, w.brokenInvariants(), "wrong-step")
		waits := w.readRequest(w.request("waits", "operations: traveler"))
		require.Equal(t, "recall cancel", waits.offers(), "at an external validation, too")
		require.Equal(t, "Pending External Validation", waits.ApprovalStatus.Name)
		require.Equal(t, "Pending Cost Object Approval", w.readRequest(w.request("cost", "steps: [{status: A_PECO}, {status: APPROVED}]")).ApprovalStatus.Name)
	})
	t.Run("operations and statusName set what a request offers and shows", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		missing := w.request("missing", "operations: missing", "statusName: Externe Prüfung")
		require.NotContains(t, w.send(http.MethodGet, trip(missing), "").body, `"operations"`)
		require.Equal(t, "Externe Prüfung", w.readRequest(missing).ApprovalStatus.Name)
		none := w.request("none", "operations: none")
		require.Contains(t, w.send(http.MethodGet, trip(none), "").body, `"operations":[]`)
		require.NotContains(t, w.post(missing, "approve", "").body, `"operations"`, "the answer to an action has none either")
		for _, wrong := range []string{"request: true\noperations: some", "operations: none", "statusName: x"} {
			require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/reports", "name: wrong\n"+wrong).status)
		}
	})
}
