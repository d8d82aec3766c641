package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
)

// RefusedHostOf returns why the address of a run's own notification is refused, as the memo of
// a run that waits for an operator says it.
func RefusedHostOf(memo *commonpb.Memo) (refused expense.RefusedHost) {
	if p := memo.GetFields()[RefusedHostMemo]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &refused)
	}
	return refused
}

// ParkedQuery finds the runs of this deployment that wait for an operator. Another deployment
// in the same namespace has task queues of its own, and its runs are none of ours.
func (c *Client) ParkedQuery() string {
	return fmt.Sprintf("%s AND ExecutionStatus = 'Running' AND %s = '%s'", c.ours(), WaitingForAttribute, WaitingForOperator)
}

// Release has those runs try again that are parked because of their notification's own
// address, and for which another allow-list was in force. It pauses between two runs, and
// returns how many it has told.
func (c *Client) Release(ctx context.Context, allowList string, pause time.Duration) (released int, err error) {
	query := c.ParkedQuery()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var next []byte
	for {
		page, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: shownPage, NextPageToken: next})
		if err != nil {
			return released, fmt.Errorf("list the parked runs: %w", err)
		}
		for _, run := range page.GetExecutions() {
			refused := RefusedHostOf(run.GetMemo())
			if refused.Host == "" || refused.AllowList == allowList {
				continue
			}
			err := c.temporal.SignalWorkflow(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), Retried, Retry{By: "a worker with another allow-list"})
			var missing *serviceerror.NotFound
			switch {
			case errors.As(err, &missing): // it has ended
			case err != nil:
				return released, fmt.Errorf("release a parked run: %w", err)
			default:
				released++
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return released, ctx.Err()
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return released, nil
		}
	}
}
