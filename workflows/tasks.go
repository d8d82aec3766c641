package workflows

import (
	"bytes"
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// summarizeTask keeps in the run's memo what the list of waiting tasks shows of the open task.
func (r *run) summarizeTask(ctx workflow.Context) {
	var memo any
	var encoded []byte
	if r.status.WaitingFor == WaitingForApprover {
		memo = r.taskSummary()
		encoded = encode(memo)
	}
	if bytes.Equal(encoded, r.summary) {
		return
	}
	r.summary = encoded
	if err := workflow.UpsertMemo(ctx, map[string]any{TaskMemo: memo}); err != nil {
		workflow.GetLogger(ctx).Warn("the memo cannot be set", "error", err)
	}
}

func (r *run) taskSummary() *expense.TaskSummary {
	task := r.Decision.Task
	s := &expense.TaskSummary{
		NotificationID: r.notification.ID(), ReportID: r.Read.ReportID, Kind: r.notification.Kind, TaskID: task.ID,
		OpenedAt: task.OpenedAt, Deadline: deadline(task), Overdue: r.Decision.Overdue, Groups: task.Asked(),
		ClaimedBy: task.ClaimedBy, Delegates: task.Delegates, Owner: r.owner(),
	}
	for _, g := range task.Groups {
		for _, a := range g.Approvals {
			s.ApprovedBy = append(s.ApprovedBy, a.By)
			if a.OnBehalfOf != "" {
				s.ApprovedBy = append(s.ApprovedBy, a.OnBehalfOf)
			}
		}
	}
	if v := r.Evaluation.Verdict; v != nil {
		for _, f := range v.Findings {
			if !f.Shadow && !f.Warn {
				s.Findings++
			}
		}
		if v.Shown != nil {
			s.Fields = v.Shown.Fields
		}
	}
	return s
}

// MaxTasks is the most tasks that Client.Tasks returns.
const MaxTasks = 10_000

// Tasks lists the tasks of this deployment that wait for approvers, at most 10,000, in no
// particular order. It needs no worker. Temporal lists a task shortly after it was opened or
// decided: ask for the status of the run before you rely on it.
func (c *Client) Tasks(ctx context.Context) ([]expense.TaskSummary, error) {
	var tasks []expense.TaskSummary
	query := fmt.Sprintf("%s AND ExecutionStatus = 'Running' AND %s = '%s'", c.deploymentQuery(), WaitingForAttribute, WaitingForApprover)
	for run, err := range c.runs(ctx, query) {
		if err != nil {
			return nil, fmt.Errorf("list the waiting tasks: %w", err)
		}
		if summary, ok := taskOf(run.GetMemo()); ok {
			tasks = append(tasks, summary)
		}
		if len(tasks) == MaxTasks {
			break
		}
	}
	return tasks, nil
}

func taskOf(memo *commonpb.Memo) (summary expense.TaskSummary, ok bool) {
	p := memo.GetFields()[TaskMemo]
	if p == nil || converter.GetDefaultDataConverter().FromPayload(p, &summary) != nil {
		return expense.TaskSummary{}, false
	}
	return summary, summary.TaskID != ""
}
