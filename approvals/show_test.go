package approvals_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/approvals"
	"concur-connector/expense"
	"concur-connector/workflows"
)

func euros(name, amount string) expense.ShownField {
	return expense.ShownField{Name: name, Money: &expense.Money{Amount: decimal.RequireFromString(amount), Currency: "EUR"}}
}

// shown is what approvers see of the report.
func shown() *expense.ShownReport {
	return &expense.ShownReport{
		URL:    "https://www.concursolutions.com/expense/R1",
		Fields: []expense.ShownField{{Name: "report.name", Text: "Trip"}, euros("report.total", "120.00")},
		Objects: []expense.ShownObject{
			{ID: "E1", Level: "entry", Fields: []expense.ShownField{euros("entry.posted", "100.00"), {Name: "entry.receipt", Yes: new(true)}}},
			{ID: "E2", Level: "entry", Fields: []expense.ShownField{euros("entry.posted", "20.00"), {Name: "entry.date", Date: "2026-11-02"}}},
		},
	}
}

func TestATaskIsShownWithEachFindingAtItsLine(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.status.Verdict.Shown = shown()
	r.status.Verdict.RulesHash = "abc"
	r.status.Verdict.Findings = []expense.Finding{
		{Rule: "hotel", Object: "E1", Message: "above the limit"},
		{Rule: "late", Message: "submitted late", Warn: true},
		{Rule: "split", Object: "A7", Message: "an object that is not shown"},
		{Rule: "trial", Object: "E1", Message: "a shadow rule", Shadow: true},
	}
	r.status.Task.Plan = []expense.TaskStep{
		{At: opened.Add(time.Hour), Kind: expense.Remind, Group: "finance"}, {At: opened.Add(72 * time.Hour), Kind: expense.Deadline, Group: "finance", Then: "send-back"},
	}
	d := open(t, r)
	response, body := d.get(t, d.at(percentID), d.anna)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, true, body["open"])
	require.Equal(t, "https://www.concursolutions.com/expense/R1", body["url"])
	require.Equal(t, map[string]any{"login": "erika@example.com", "name": "Erika Muster"}, body["owner"])
	require.Equal(t, "2026-12-03T09:00:00Z", body["deadline"])
	require.Equal(t, []any{map[string]any{"group": "finance", "count": 1.0, "rules": []any{"large"}}}, body["stillNeeded"])
	require.Equal(t, map[string]any{"mayDecide": true, "groups": []any{"finance"}}, body["you"])
	objects := body["objects"].([]any)
	require.Len(t, objects, 2)
	require.Equal(t, []any{map[string]any{"rule": "hotel", "object": "E1", "message": "above the limit"}}, objects[0].(map[string]any)["findings"])
	require.NotContains(t, objects[1], "findings")
	require.Equal(t, []any{
		map[string]any{"rule": "late", "message": "submitted late", "warning": true},
		map[string]any{"rule": "split", "object": "A7", "message": "an object that is not shown"},
	}, body["findings"])
	require.Len(t, body["record"], 1)
	require.NotContains(t, body, "changes", "there is no earlier revision")
	require.Empty(t, d.runs.decisions(), "looking never decides")
}

func TestTheIDOfATaskOpensItToo(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	response, body := d.get(t, d.at(task), d.anna)
	require.Equal(t, http.StatusOK, response.StatusCode, "messages link to it")
	require.Equal(t, percentID, body["notificationId"])
	response, _ = d.post(t, task, d.anna, decision("d1", "approve"))
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestAResubmissionShowsWhatHasChanged(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.status.Verdict.Shown = shown()
	before := shown()
	before.Fields = []expense.ShownField{{Name: "report.name", Text: "Travel"}, euros("report.total", "150.0"), {Name: "report.purpose", Text: "fair"}}
	before.Objects[0].Fields = []expense.ShownField{euros("entry.posted", "100"), {Name: "entry.receipt", Yes: new(false)}}
	before.Objects[1] = expense.ShownObject{ID: "E3", Level: "entry"}
	r.earlier = &workflows.Status{Revision: "1111", Outcome: expense.SentBack, Verdict: &workflows.VerdictStatus{Shown: before}}
	d := open(t, r)
	view, err := d.Service.Show(t.Context(), expense.Actor{Name: "anna", IdentifiedBy: expense.ByToken, Logins: []string{"anna@example.com"}}, percentID)
	require.NoError(t, err)
	require.Equal(t, &approvals.Compared{Revision: "1111", Outcome: expense.SentBack}, view.ComparedWith)
	var said []string
	for _, c := range view.Changes {
		text, err := json.Marshal(c)
		require.NoError(t, err)
		said = append(said, string(text))
	}
	require.Equal(t, []string{
		`{"field":"report.name","before":{"name":"report.name","text":"Travel"},"after":{"name":"report.name","text":"Trip"}}`,
		`{"field":"report.total","before":{"name":"report.total","money":{"amount":"150","currency":"EUR"}},"after":{"name":"report.total","money":{"amount":"120","currency":"EUR"}}}`,
		`{"field":"report.purpose","before":{"name":"report.purpose","text":"fair"}}`,
		`{"object":"E1","level":"entry","field":"entry.receipt","before":{"name":"entry.receipt","yes":false},"after":{"name":"entry.receipt","yes":true}}`,
		`{"object":"E2","level":"entry","added":true}`,
		`{"object":"E3","level":"entry","removed":true}`,
	}, said)
	response, body := d.get(t, d.at(percentID), d.anna)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Len(t, body["changes"], 6)
}

func TestOnlyWhoMayDecideMayRead(t *testing.T) {
	t.Parallel()
	r := newRuns()
	d := open(t, r)
	for token, want := range map[string]approvals.Kind{d.olga: approvals.NotEntitled, d.erin: approvals.OwnReport} {
		response, body := d.get(t, d.at(percentID), token)
		require.Equal(t, http.StatusForbidden, response.StatusCode)
		require.Equal(t, want, kind(body))
		require.NotContains(t, body, "record")
	}
	r.close()
	r.status.Outcome, r.status.Done = expense.Approved, []string{"approved"}
	r.status.Record = append(r.status.Record, expense.TaskEvent{At: opened, Kind: expense.TaskEscalated, Groups: []string{"finance"}, To: "operations"})
	for _, token := range []string{d.anna, d.olga} {
		response, body := d.get(t, d.at(percentID), token)
		require.Equal(t, http.StatusOK, response.StatusCode, "also after the end")
		require.Equal(t, false, body["open"])
		require.Equal(t, "approved", body["outcome"])
		require.Equal(t, []any{"approved"}, body["done"])
		require.Equal(t, false, body["you"].(map[string]any)["mayDecide"])
	}
	response, _ := d.get(t, d.at(percentID), d.erin)
	require.Equal(t, http.StatusForbidden, response.StatusCode, "their own report, also after the end")
	r.status.Record = nil
	response, body := d.get(t, d.at(percentID), d.anna)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.Contains(t, body["detail"], "asked nobody")
}

func TestARunThatWaitsForAnOperatorSaysWhy(t *testing.T) {
	t.Parallel()
	r := newRuns()
	r.status.State, r.status.WaitingFor = workflows.Parked, workflows.WaitingForOperator
	r.status.Parked = &workflows.ParkReason{Kind: expense.Rejected, Message: "Concur rejects the approval"}
	d := open(t, r)
	_, body := d.get(t, d.at(percentID), d.anna)
	require.Equal(t, "Concur rejects the approval", body["trouble"])
	require.Equal(t, "operator", body["waitingFor"])
}
