package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	t.Run("a token answer has a lifetime as text and a geolocation", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		for range 8 {
			var token struct {
				ExpiresIn   any    `json:"expires_in"`
				TokenType   string `json:"token_type"`
				Geolocation string `json:"geolocation"`
			}
			require.NoError(t, json.Unmarshal([]byte(w.askToken().body), &token))
			require.Contains(t, []any{"3600", 3600.0}, token.ExpiresIn)
			require.Equal(t, "Bearer", token.TokenType)
			require.True(t, strings.HasPrefix(token.Geolocation, w.sim.Ready().API))
		}
	})
	t.Run("every refresh token stays valid unless the rotation is strict", func(t *testing.T) {
		t.Parallel()
		lenient := newFixture(t)
		require.Equal(t, 200, lenient.askToken().status)
		lenient.control(http.MethodPost, "/strict-rotation", "strict: true", nil)
		require.Equal(t, 200, lenient.askToken().status)
		require.Contains(t, lenient.askToken().body, `"code":108}`)
		require.Equal(t, 400, lenient.tryControl(http.MethodPost, "/strict-rotation", "").status)

		strict := newFixture(t, func(opts *options) { opts.strictRotation = true })
		require.Contains(t, strict.askToken().body, `"code":108}`, "the login has used the token")
		require.Equal(t, 200, strict.send(http.MethodGet, failedPath+"?status=failed", "").status, "the access token stays valid")
	})
	t.Run("no token is 401, a wrong token 403, expired tokens alternate", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		address := w.sim.Ready().API + failedPath + "?status=failed"
		require.Equal(t, 401, w.sendTo(address, http.MethodGet, "", http.Header{}).status)
		require.Equal(t, 401, w.sendTo(address, http.MethodGet, "", http.Header{"Authorization": {"OAuth " + w.bearer}}).status)
		require.Equal(t, 403, w.sendTo(address, http.MethodGet, "", http.Header{"Authorization": {"Bearer other"}}).status)
		w.control(http.MethodPost, "/expire-tokens", "", nil)
		first := w.send(http.MethodGet, failedPath+"?status=failed", "").status
		second := w.send(http.MethodGet, failedPath+"?status=failed", "").status
		require.ElementsMatch(t, []int{401, 403}, []int{first, second})
	})
	t.Run("a changed token life applies to later tokens", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.control(http.MethodPost, "/token-life", `{"life": "90s"}`, nil)
		require.Regexp(t, `"expires_in":"?90"?,`, w.askToken().body)
		require.Equal(t, http.StatusBadRequest, w.tryControl(http.MethodPost, "/token-life", "life: 1ms").status)
	})
}

func TestDetailsV1(t *testing.T) {
	t.Parallel()
	t.Run("with every seed the details are well-formed and have the documented formats", func(t *testing.T) {
		t.Parallel()
		for seed := uint64(1); seed <= 12; seed++ {
			w := newFixture(t, func(o *options) { o.seed = seed })
			r := w.submit("full", `
purpose: Fish & <chips>
custom: {1: "(12) North", 20: last}
orgUnit: {6: "Sales"}`)
			w.control(http.MethodPost, "/reports", `
name: rich
currency: EUR
entries:
  - {type: HOTEL, amount: "33.33333334", date: 2026-03-01, receipt: true, attendees: 2, exceptions: true,
     itemizations: [{type: ROOM, amount: 30, allocations: [{percentage: 33.33333334}, {percentage: 66.66666666, custom: {11: x}}]}, {amount: 3.33333334}]}
  - {type: TAXI, amount: 20, exchangeRate: 1.5, allocations: [{accountCode: 6000}]}`, &r)
			answer := w.read(r)
			require.Equal(t, http.StatusOK, answer.status)
			require.NoError(t, xml.Unmarshal([]byte(answer.body), new(struct {
				XMLName xml.Name `xml:"ReportDetails"`
			})))
			require.Equal(t, "63.33333334", elementText(answer.body, "ReportTotal"))
			require.Contains(t, answer.body, "33.33333334%")
			require.Equal(t, 1, strings.Count(answer.body, "<HasExceptions>Y<"))
			require.Equal(t, "http://"+w.sim.authority(firstHost)+reportPath+r.Step+"/WorkFlowAction", elementText(answer.body, "WorkflowActionURL"))
			require.NotEqual(t, r.Key, r.RptKey)
			require.Equal(t, answer.body, w.read(r).body)
		}
	})
	t.Run("equal seeds make equal keys", func(t *testing.T) {
		t.Parallel()
		a, b := newFixture(t), newFixture(t)
		b.submit("another")
		require.Equal(t, a.submit("r").Entries, b.submit("r").Entries)
	})
	t.Run("a key with invalid escapes is found raw and encoded, but not in another case", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("percent", "key: 7%Qa$sKey%Zz")
		require.Equal(t, http.StatusOK, w.read(r).status)
		require.Equal(t, http.StatusOK, w.send(http.MethodGet, detailsPath+"7%25Qa$sKey%25Zz", "").status)
		require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, detailsPath+"7%25QA$sKey%25Zz", "").status)
		require.Equal(t, "percent", w.journal()[2].Report)
	})
	t.Run("padding makes a report larger", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Greater(t, len(w.read(w.submit("huge", "padding: 3000001")).body), 3_000_000)
	})
	t.Run("reads and writes of a deleted report answer 404", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.control(http.MethodPost, "/reports/r/delete", "", nil)
		answer := w.read(r)
		require.Equal(t, http.StatusNotFound, answer.status)
		require.NotEmpty(t, elementText(answer.body, "Id"))
		require.NotEmpty(t, answer.header.Get("concur-correlationid"))
		require.Equal(t, http.StatusNotFound, w.act(r.Step, "Approve", "").status)
		require.Equal(t, http.StatusNotFound, w.except(r, "NODATE").status)
	})
}

func TestActionsV1(t *testing.T) {
	t.Parallel()
	t.Run("each approval leads to the next step, which has another URL", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r", "steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_PEND}, {status: A_APPR}]")
		require.Equal(t, "SUCCESS!", elementText(w.approve(r).body, "Message"))
		second := w.state("r")
		require.Equal(t, waiting, second.Status)
		require.Equal(t, "PRE-EXTRACT", second.StepName)
		require.NotEqual(t, r.Step, second.Step)
		stale := w.act(r.Step, "Approve", "")
		require.Equal(t, "FAILURE", elementText(stale.body, "Status"))
		require.Equal(t, recentlyChanged, elementText(stale.body, "Message"))
		w.approve(r)
		require.Equal(t, "A_PEND", w.state("r").Status)
		require.Equal(t, "FAILURE", elementText(w.approve(r).body, "Status"))
		w.control(http.MethodPost, "/reports/r/approve", "", nil)
		require.Equal(t, approved, w.state("r").Status)
	})
	t.Run("a sent-back report keeps its comment, and its keys after the resubmission", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		require.Equal(t, "SUCCESS!", elementText(w.act(r.Step, "send back TO employee", "Please add a receipt").body, "Status"))
		back := w.state("r")
		require.Equal(t, toResubmit, back.Status)
		require.Equal(t, []string{"Please add a receipt"}, back.Comments)
		require.Equal(t, "Y", elementText(w.read(r).body, "EverSentBack"))
		w.control(http.MethodPost, "/reports/r/edit", "amount: 9.99", nil)
		w.control(http.MethodPost, "/reports/r/resubmit", "", nil)
		again := w.state("r")
		require.Equal(t, waiting, again.Status)
		require.Equal(t, r.Entries, again.Entries)
		require.NotEqual(t, r.Step, again.Step)
		require.Equal(t, "9.99000000", elementText(w.read(r).body, "ReportTotal"))
	})
	t.Run("an impossible action is a FAILURE in a 200", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		for _, answer := range []reply{
			w.act(r.Step, "Send Back to Employee", "  "), w.act(r.Step, "Recall to Employee", ""),
			w.act(r.Step, "Reject", ""), w.act(r.Step, "Approve", strings.Repeat("x", 2001)),
		} {
			require.Equal(t, http.StatusOK, answer.status)
			require.Equal(t, "FAILURE", elementText(answer.body, "Status"))
		}
		require.Equal(t, "SUCCESS!", elementText(w.act(r.Step, "Approve", strings.Repeat("é", 2000)).body, "Status"))
	})
	t.Run("a body in another form is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		for _, body := range []string{
			"", "<WorkflowAction><Action>Approve</Action></WorkflowAction>",
			`<Other xmlns="` + reportNamespace + `"/>`,
			`<WorkflowAction xmlns="` + reportNamespace + `"><Comment>c</Comment><Action>Approve</Action></WorkflowAction>`,
		} {
			require.Equal(t, http.StatusBadRequest, w.send(http.MethodPost, reportPath+r.Step+"/workflowaction", body).status)
		}
		require.Equal(t, waiting, w.state("r").Status)
	})
}

func TestExceptionsV1(t *testing.T) {
	t.Parallel()
	item := func(index int, kind, id, code string) string {
		return fmt.Sprintf("<Exception><Index>%d</Index><ObjectType>%s</ObjectType><ObjectId>%s</ObjectId><ExceptionCode>%s</ExceptionCode></Exception>", index, kind, id, code)
	}
	t.Run("each exception succeeds or fails by itself and sets its object's flag", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		var r reportView
		w.control(http.MethodPost, "/reports", `
name: r
entries:
  - {amount: 1}
  - {amount: 2, itemizations: [{amount: 2, allocations: [{percentage: 100}]}]}`, &r)
		allocation := r.Itemizations[1][0].Allocations[0]
		answer := w.exceptRaw(r, item(1, "Allocation", allocation, "OVERLIM")+item(2, "Entry", "unknown", "NODATE")+
			item(3, "Entry", r.Itemizations[1][0].Key, "NOSUCH")+item(4, "Report", r.RptKey, "MISSING"))
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, "2", elementText(answer.body, "exceptions-succeeded"))
		require.Equal(t, "2", elementText(answer.body, "exceptions-failed"))
		require.Contains(t, answer.body, "<Index>3</Index>\n            <message>Invalid Exception Code</message>")
		details := w.read(r).body
		require.Equal(t, "Y", elementText(details, "HasException"))
		require.Equal(t, 1, strings.Count(details, "<HasExceptions>Y<"))
		state := w.state("r")
		require.Equal(t, waiting, state.Status)
		require.Equal(t, 1, state.Writes)
		require.Len(t, state.Exceptions, 2)
	})
	t.Run("only configured codes are accepted", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		w.control(http.MethodPost, "/codes", "codes: [LATE]", nil)
		require.Equal(t, "1", elementText(w.except(r, "LATE", "NODATE").body, "exceptions-succeeded"))
	})
	t.Run("a malformed body posts no exception", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		r := w.submit("r")
		for _, items := range []string{
			"", item(2, "Report", "", "NODATE"), item(1, "Report", "", "NODATE") + item(3, "Report", "", "NODATE"),
			item(1, "Trip", "", "NODATE"), item(1, "Report", "", ""),
			"<Exception><ObjectType>Report</ObjectType><Index>1</Index><ExceptionCode>NODATE</ExceptionCode></Exception>",
		} {
			require.Equal(t, http.StatusBadRequest, w.exceptRaw(r, items).status, items)
		}
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodPost, reportPath+r.RptKey+"/exceptions", "<Exceptions>"+item(1, "Report", "", "NODATE")+"</Exceptions>").status)
		require.Empty(t, w.state("r").Exceptions)
	})
}

func TestBounds(t *testing.T) {
	t.Parallel()
	t.Run("a body of more than 1 MiB is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, http.StatusRequestEntityTooLarge, w.act("x", "Approve", strings.Repeat("x", maxBody)).status)
	})
	t.Run("an unknown path is 404", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, "/api/nothing", "").status)
	})
}
