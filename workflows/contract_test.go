package workflows_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// update rewrites the golden files: go test ./workflows -update. What they hold is
// stored in somebody's Temporal, so a difference is a decision, not a chore.
var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, file string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestTheContractOfStoredNamesIsUnchanged(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/contract.json", map[string]any{
		"workflows": []string{workflows.ProcessNotification, workflows.SweepFailedNotifications, workflows.LimitSendBacks, workflows.RememberSteps, workflows.SendDigests},
		"activities": []string{workflows.FetchReport, workflows.ValidateReport, workflows.PostExceptions, workflows.TakeAction,
			workflows.DeleteNotification, workflows.ListFailedNotifications, workflows.ListPendingReports, workflows.StartProcessing, workflows.DeliverDigests,
			workflows.FetchRequest, workflows.ValidateRequest, workflows.ListPendingRequests, workflows.DeleteExceptions, workflows.HandOverRun,
			workflows.FetchFacts, workflows.ApproveByException, workflows.PlanTask, workflows.CheckDecision, workflows.NotifyApprovers, workflows.ExportRecord},
		"signals": []string{workflows.Notified, workflows.Decided, workflows.Retried},
		"updates": []string{workflows.CheckSendBackUpdate, workflows.PermitUpdate, workflows.AnnounceUpdate},
		"queries": []string{workflows.StatusQuery},
		"queues": []string{workflows.DefaultTaskQueue, workflows.ConcurQueue(workflows.DefaultTaskQueue),
			workflows.SweepQueue(workflows.DefaultTaskQueue), workflows.ConcurQueue(workflows.SweepQueue(workflows.DefaultTaskQueue)),
			workflows.FactQueue(workflows.DefaultTaskQueue), workflows.FactQueue(workflows.SweepQueue(workflows.DefaultTaskQueue))},
		"sendBackLimits":   []string{workflows.SendBackLimitID(workflows.DefaultTaskQueue)},
		"steps":            []string{workflows.StepsID(workflows.DefaultTaskQueue)},
		"schedules":        []string{workflows.SweepScheduleID(workflows.DefaultTaskQueue), workflows.DigestScheduleID(workflows.DefaultTaskQueue)},
		"searchAttributes": []string{workflows.ReportIDAttribute, workflows.WaitingForAttribute, workflows.OutcomeAttribute},
		"memos":            []string{workflows.NotificationMemo, workflows.TaskMemo},
		"waitingFor":       []string{workflows.WaitingForApprover, workflows.WaitingForOperator},
		"states": []workflows.State{workflows.Fetching, workflows.FetchingFacts, workflows.Validating, workflows.Waiting, workflows.Posting,
			workflows.Acting, workflows.Deleting, workflows.Exporting, workflows.Parked, workflows.Closed},
		"outcomes": workflows.Outcomes(),
		"kinds":    workflows.Kinds(),
		"payloads": map[string]any{
			"notified":      failedCopy(1),
			"decided":       expense.Decision{TaskID: "t", ID: "d", Decision: expense.DecideApprove, Comment: "c", By: "kim"},
			"retried":       workflows.Retry{By: "ops"},
			"checkSendBack": back("0123456789abcdef", 100, 0.5),
			"permit":        expense.Permission{Activity: "EXPRPT:key/TakeAction-3", ValidationID: "A_EXTV /path", Via: expense.V1, HeaderHash: "00ff", Code: "APPROVED"},
			"result":        workflows.Result{Outcome: expense.SentBack, Cause: "rules", Done: []string{"sent back"}, Rules: &workflows.RulesUsed{Hash: "0123456789abcdef", Version: "2026-11"}},
		},
	})
}

func TestTheStatusKeepsItsShape(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	golden(t, "testdata/status.json", []workflows.Status{{
		NotificationID: "EXPRPT:gWr1$pKey", ReportID: "R1", State: workflows.Parked, WaitingFor: workflows.WaitingForOperator,
		Since: at, ValidationID: "A_EXTV /path", Revision: "00ff", Task: &expense.Task{ID: "EXPRPT:gWr1$pKey/00ff/1", OpenedAt: at,
			Groups: []expense.TaskGroup{{RequiredApproval: expense.RequiredApproval{Group: "finance", Count: 2, Rules: []string{"large"}}, Approvals: []expense.TaskApproval{{By: "kim", At: at}}}},
			Plan:   []expense.TaskStep{{At: at.Add(time.Hour), Kind: expense.Deadline, Group: "finance", Then: expense.ThenSendBack}}},
		Verdict: &workflows.VerdictStatus{Action: expense.Ask, RulesHash: "abcd",
			Exceptions: []expense.Exception{{ObjectType: expense.OnEntry, ObjectID: "e1", Code: "NORECPT", Rule: "receipt", Visibility: expense.VisibleToProcessors}},
			Findings: []expense.Finding{
				{Rule: "receipt", Object: "e1", Message: "Receipt missing", Values: []expense.RuleValue{{Name: "entry.posted", Value: "82.10 USD"}}},
				{Rule: "weekend", Message: "On a weekend", Warn: true}, {Rule: "round", Message: "A round amount", Shadow: true},
			},
			Rules:   []expense.RuleSummary{{Rule: "receipt", Objects: 3, Satisfied: 2, Violated: 1}, {Rule: "round", Objects: 3, Violated: 1, Shadow: true}},
			Version: "2026-11", ApproveByException: "APPROVED"},
		Record: []expense.TaskEvent{{At: at, Kind: expense.TaskRefused, DecisionID: "d1", TaskID: "t", By: "kim", Decision: expense.DecideApprove, Why: "late"}},
		Done:   []string{"exception NORECPT posted on entry e1"},
		Parked: &workflows.ParkReason{Kind: expense.Forbidden, Message: "refused", Fix: "give the role"},
		PendingDeletes: []string{
			"https://www.concursolutions.com/api/platform/notifications/v1.0/notification/n1",
		},
		Outcome: "",
	}})
}

func TestAnEmptyStatusHasListsAndNoNulls(t *testing.T) {
	p := newPlay(t)
	p.reads = []any{moved("A_APPR")}
	p.run(callout())
	answer, err := p.env.QueryWorkflow(workflows.StatusQuery)
	require.NoError(t, err)
	var raw map[string]any
	require.NoError(t, answer.Get(&raw))
	for _, list := range []string{"record", "done", "pendingDeletes"} {
		require.Equal(t, []any{}, raw[list], list)
	}
	require.Equal(t, "superseded", raw["outcome"])
}
