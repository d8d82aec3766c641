package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documents of one small report, in the documented form.
const (
	headerV3JSON = `{ "Name": "Fair", "Total": 30.00, "CurrencyCode": "EUR", "OwnerLoginID": "o@example.com", "ApprovalStatusName": "Not Submitted",
  "ApprovalStatusCode": "A_NOTF", "LastModifiedDate": "2016-04-23T02:53:23.7", "HasException": false, "WorkflowActionUrl": "", "Odd": 0E-8, "ID": "39BD9F7C5C3F4986A6A6" }`
	entriesV3JSON = `{ "Items": [ { "ID": "gE1", "ExpenseID": "84fcbb92-bd4e-5342-b849-dac29fd163a2", "ReportID": "OTHER", "ExpenseTypeCode": "LUNCH", "PostedAmount": 30, "HasExceptions": false, "Odd": "<&>" } ], "NextPage": "http://elsewhere/x" }`

	headerV4JSON = `{ "approvalStatus": "Not Submitted", "approvalStatusId": "A_NOTF", "reportTotal": { "value": 30.00000000, "currencyCode": "EUR" },
  "amountDueCompany": { "value": 0E-8, "currencyCode": "EUR" }, "reportId": "764428DD6A664AF0BFCC", "userId": "32c2fcc3-b2e8-4907-9672-5b3f49b1c644", "reportVersion": 3 }`
	expensesV4JSON = `[ { "expenseId": "84FCBB92BD4E5342B849DAC29FD163A2", "expenseType": { "id": "LUNCH", "name": "Lunch" }, "postedAmount": { "value": 30.00000000, "currencyCode": "EUR" },
  "hasExceptions": false, "hasBlockingExceptions": false, "odd": null } ]`

	requestJSON = `{ "id": "224AF3CDCC2A5244A37C72FA5770C6F3", "requestId": "333Z", "approvalStatus": { "code": "NOT_SUBMITTED", "name": "Not Submitted" },
  "approved": false, "owner": { "id": "c0d9894b-98e2-48d5-86f9-1decde90dd16" }, "pendingApproval": false, "odd": 1.50,
  "expenses": [ { "id": "B5FB8991E390474E875D6FD5BB1FDAF2" } ], "operations": [ { "rel": "submit", "href": "https://us.api.concursolutions.com/x" } ] }`
	requestExpensesJSON = `[ { "id": "B5FB8991E390474E875D6FD5BB1FDAF2", "expenseType": { "id": "AIRFR" }, "postedAmount": { "value": 494.56, "currency": "USD" } } ]`

	waits = "status: A_EXTV\n"
)

// withDocuments starts a simulator with one payload, p.
func withDocuments(t *testing.T, files map[string]string) (*fixture, reportView) {
	t.Helper()
	in := map[string]string{}
	for name, content := range files {
		in["p/"+name] = content
	}
	w := newFixture(t, withPayloads(payloadsIn(t, in)))
	return w, w.state("p")
}

func TestPayloadDocuments(t *testing.T) {
	t.Parallel()
	t.Run("v3 documents are served unchanged except for the report's state", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{"report-v3.json": headerV3JSON, "entries-v3.json": entriesV3JSON, "state.yaml": waits + "keep: [ApprovalStatusName]"})
		path := pendingPath + "/" + r.ReportID + "?user=o@example.com"
		require.Equal(t, strings.Replace(headerV3JSON, "A_NOTF", waiting, 1), w.send(http.MethodGet, path, "").body)
		w.refused(http.StatusForbidden, w.send(http.MethodGet, pendingPath+"/"+r.ReportID+"?user=x@example.com", ""))

		list := expenseV3Path + "entries?reportID=" + r.ReportID + "&user=o@example.com"
		want := strings.NewReplacer("OTHER", r.ReportID, `"http://elsewhere/x"`, "null").Replace(entriesV3JSON)
		require.Equal(t, want, w.send(http.MethodGet, list, "").body)
		require.JSONEq(t, `{"Items":[]}`, strings.Replace(w.send(http.MethodGet, expenseV3Path+"allocations?reportID="+r.ReportID, "").body, `,"NextPage":null`, "", 1))

		require.Equal(t, http.StatusOK, w.put(r, "/expenses/84FCBB92BD4E5342B849DAC29FD163A2", "NODATE").status)
		require.Equal(t, strings.Replace(want, `"HasExceptions": false`, `"HasExceptions": true`, 1), w.send(http.MethodGet, list, "").body)
		w.send(http.MethodGet, path, "")
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		var after struct {
			ApprovalStatusCode, LastModifiedDate string
			HasException                         bool
		}
		w.get(path, &after)
		require.Equal(t, []any{approved, true}, []any{after.ApprovalStatusCode, after.HasException})
		require.NotEqual(t, "2016-04-23T02:53:23.7", after.LastModifiedDate)
	})
	t.Run("v4 documents are served unchanged except for the report's state", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{
			"report-v4.json": headerV4JSON, "expenses-v4.json": expensesV4JSON, "state.yaml": waits + "keep: [approvalStatus]",
			"allocations-v4.json": `[ { "allocationId": "A1", "expenseId": "NOBODY'S", "percentage": 100.00000000 } ]`,
			"exceptions-v4.json":  `[ { "exceptionCode": "OWN", "isBlocking": false, "message": "Concur's own", "expenseId": null } ]`,
			"comments-v4.json":    `[ { "comment": "Here", "expenseId": "84FCBB92BD4E5342B849DAC29FD163A2" }, { "comment": "There" } ]`,
			"attendees-v4/84FCBB92BD4E5342B849DAC29FD163A2.json": `{ "expenseAttendeeList": [ {} ] }`,
		})
		require.Equal(t, []string{"84FCBB92BD4E5342B849DAC29FD163A2"}, r.ExpenseIDs)
		require.Equal(t, strings.Replace(headerV4JSON, "A_NOTF", waiting, 1), w.header(r).body)
		require.Equal(t, expensesV4JSON, w.send(http.MethodGet, long(r)+"/expenses", "").body)
		expense := "/expenses/" + r.ExpenseIDs[0]
		require.JSONEq(t, strings.Trim(expensesV4JSON, "[]"), w.send(http.MethodGet, long(r)+expense, "").body)
		require.Equal(t, "[]", w.send(http.MethodGet, long(r)+expense+"/itemizations", "").body)
		require.Contains(t, w.send(http.MethodGet, long(r)+expense+"/allocations", "").body, `"expenseId":"84FCBB92BD4E5342B849DAC29FD163A2","percentage":100.00000000`)
		require.Equal(t, `{ "expenseAttendeeList": [ {} ] }`, w.send(http.MethodGet, short(r)+expense+"/attendees", "").body)
		require.NotContains(t, w.send(http.MethodGet, short(r)+expense+"/comments", "").body, "There")
		require.NotContains(t, w.send(http.MethodGet, short(r)+"/comments", "").body, "Here")
		w.refused(http.StatusNotFound, w.send(http.MethodGet, long(r)+"/expenses/29EE3C62F5D844458828A5C1086072D1", ""))

		require.Equal(t, http.StatusOK, w.put(r, expense+"/allocations/A1", "NODATE").status)
		require.Contains(t, w.send(http.MethodGet, long(r)+"/expenses", "").body, `"hasExceptions": true`)
		exceptions := w.send(http.MethodGet, short(r)+"/exceptions", "").body
		require.Contains(t, exceptions, `"message":"Concur's own"`)
		require.Contains(t, exceptions, `"allocationId":"A1"`)
		w.header(r)
		require.Equal(t, http.StatusNoContent, w.patch(r, "approve", guarded).status)
		var after struct {
			ApprovalStatusID string
			ReportVersion    json.Number
		}
		w.decode(w.header(r), &after)
		require.Equal(t, []any{approved, "4"}, []any{after.ApprovalStatusID, after.ReportVersion.String()})
	})
	t.Run("a blocking exception in a document prevents the approval", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{"report-v4.json": headerV4JSON, "state.yaml": waits, "exceptions-v4.json": `[ { "exceptionCode": "OWN", "isBlocking": true } ]`})
		w.header(r)
		require.Equal(t, []string{"step_exit_blocking_by_exception"}, w.refused(http.StatusBadRequest, w.patch(r, "approve", guarded)))
	})
	t.Run("documents of a travel request are served unchanged until an action", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{"request.json": requestJSON, "request-expenses.json": requestExpensesJSON})
		require.Equal(t, "NOT_SUBMITTED", r.Status)
		require.Equal(t, requestJSON, w.send(http.MethodGet, trip(r), "").body)
		require.Equal(t, requestExpensesJSON, w.send(http.MethodGet, trip(r)+"/expenses", "").body)
		require.Equal(t, "[]", w.send(http.MethodGet, trip(r)+"/comments", "").body)
		w.control(http.MethodPost, "/reports/p/submit", "", nil)
		type shown struct {
			ApprovalStatus  struct{ Code, Name string }
			Approved        bool
			PendingApproval bool
			Operations      []struct{ Rel string }
		}
		var before, after shown
		w.get(trip(r), &before)
		require.Equal(t, shown{struct{ Code, Name string }{"SUBMITTED", "Pending External Validation"}, false, true, []struct{ Rel string }{{"approve"}, {"sendback"}}}, before)
		require.Contains(t, w.send(http.MethodGet, requestsPath+"?view=SUBMITTED", "").body, `"odd":1.50`)
		w.decode(w.send(http.MethodPost, trip(r)+"/approve", ""), &after)
		require.True(t, after.Approved)
	})
	t.Run("a travel request's document says whether the request waits", func(t *testing.T) {
		t.Parallel()
		submitted := strings.NewReplacer("NOT_SUBMITTED", "SUBMITTED").Replace(requestJSON)
		for document, want := range map[string]string{
			submitted: "A_PEND", strings.Replace(submitted, `"submit"`, `"approve"`, 1): waiting,
			strings.Replace(submitted, "Not Submitted", "Pending External Validation", 1): waiting,
		} {
			w, r := withDocuments(t, map[string]string{"request.json": document})
			require.Equal(t, document, w.send(http.MethodGet, trip(r), "").body)
			w.sim.mu.Lock()
			require.Equal(t, want, w.sim.directory.names["p"].status)
			w.sim.mu.Unlock()
		}
	})
	t.Run("an interface without documents shows those of another interface", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{"report-v4.json": headerV4JSON, "expenses-v4.json": expensesV4JSON, "state.yaml": waits})
		body := w.read(r).body
		require.Equal(t, []string{waiting, r.ReportID}, []string{elementText(body, "ApsKey"), elementText(body, "ReportId")})
		require.Equal(t, "30.00000000", elementText(body, "ReportTotal"))
		login := "owner-32c2fcc3-b2e8-4907-9672-5b3f49b1c644@example.com"
		require.Contains(t, body, login)
		require.Contains(t, w.send(http.MethodGet, expenseV3Path+"entries?reportID="+r.ReportID+"&user="+login, "").body, `"ExpenseTypeCode":"LUNCH"`)
	})
	t.Run("an unreadable document is served unchanged and does not count as a read", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{"report-v4.json": headerV4JSON[:40], "report-v3.json": headerV3JSON, "state.yaml": waits})
		require.Equal(t, headerV4JSON[:40], w.header(r).body)
		w.patch(r, "approve", guarded)
		require.Contains(t, w.brokenInvariants(), "stale-read")
	})
	t.Run("a folder can be loaded by a control call", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		dir := payloadsIn(t, map[string]string{"late/report-v4.json": headerV4JSON, "late/state.yaml": waits, "bad/typo-v4.json": "{}"})
		var r reportView
		w.control(http.MethodPost, "/payloads", "dir: "+dir+"/late", &r)
		require.Equal(t, []string{"late", waiting}, []string{r.Name, r.Status})
		require.Contains(t, w.tryControl(http.MethodPost, "/payloads", "dir: "+dir+"/bad").body, "typo-v4.json")
	})
	t.Run("a payload can have report.xml beside JSON documents", func(t *testing.T) {
		t.Parallel()
		w, r := withDocuments(t, map[string]string{"report.xml": rawReport, "report-v4.json": headerV4JSON, "expenses-v4.json": expensesV4JSON})
		require.Equal(t, "nE1", r.Entries[0])
		require.Equal(t, http.StatusOK, w.put(r, "/expenses/"+r.ExpenseIDs[0], "NODATE").status)
		require.Contains(t, w.read(r).body, "<HasExceptions>Y</HasExceptions>")
		require.Contains(t, w.header(r).body, `"approvalStatusId": "A_EXTV"`)
		w.refused(http.StatusNotFound, w.send(http.MethodGet, pendingPath+"/"+r.ReportID+"?user="+"owner-32c2fcc3-b2e8-4907-9672-5b3f49b1c644@example.com", ""))
	})
}
