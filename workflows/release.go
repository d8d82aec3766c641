package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
)

// RefusedHostOf returns from a parked run's memo why the address of its own notification was
// refused, or nothing.
func RefusedHostOf(memo *commonpb.Memo) (refused expense.RefusedHost) {
	if p := memo.GetFields()[RefusedHostMemo]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &refused)
	}
	return refused
}

// ParkedQuery finds the parked runs of this deployment.
func (c *Client) ParkedQuery() string {
	return fmt.Sprintf("%s AND ExecutionStatus = 'Running' AND %s = '%s'", c.deploymentQuery(), WaitingForAttribute, WaitingForOperator)
}

// Release retries the parked runs whose own address was refused under another allow-list. It
// pauses between two runs, and returns how many it has signaled.
func (c *Client) Release(ctx context.Context, allowList string, pause time.Duration) (released int, err error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for run, err := range c.runs(ctx, c.ParkedQuery()) {
		if err != nil {
			return released, fmt.Errorf("list the parked runs: %w", err)
		}
		refused := RefusedHostOf(run.GetMemo())
		if refused.Host == "" || refused.AllowList == allowList {
			continue
		}
		err := c.temporal.SignalWorkflow(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), Retried, Retry{By: "a worker with another allow-list"})
		var ended *serviceerror.NotFound
		switch {
		case errors.As(err, &ended):
		case err != nil:
			return released, fmt.Errorf("retry a parked run: %w", err)
		default:
			released++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return released, ctx.Err()
		}
	}
	return released, nil
}
