package main

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"concur-connector/workflows"
)

// shortRetention is below what lets an operator look at last week's runs, and a
// sweep know them.
const shortRetention = 7 * day

// temporal checks what runs need.
func (d *doctor) temporal(ctx context.Context) {
	reached, err := reachTemporal(ctx)
	if err != nil {
		d.fail("temporal", "look at TEMPORAL_ADDRESS, the TLS and key variables, and the network", "%v", err)
		return
	}
	defer reached.temporal.Close()
	d.deployment(ctx, reached)
}

func (d *doctor) deployment(ctx context.Context, t *deployment) {
	d.namespace(ctx, t)
	d.attributes(ctx, t)
	d.pollers(ctx, t)
}

func (d *doctor) namespace(ctx context.Context, t *deployment) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	described, err := t.temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.namespace})
	if err != nil {
		d.fail("temporal", "look at TEMPORAL_NAMESPACE and at what the key or certificate may do", "namespace %s: %v", t.namespace, err)
		return
	}
	d.ok("temporal", "namespace %s can be reached", t.namespace)
	switch kept := described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); {
	case kept < shortRetention:
		d.warn("retention", "temporal operator namespace update --retention 30d --namespace "+t.namespace,
			"closed runs are kept for %s: nobody can look at last week's, and sweeps no longer know them", days(kept))
	default:
		d.ok("retention", "closed runs are kept for %s", days(kept))
	}
}

func days(d time.Duration) string {
	if d >= day && d%day == 0 {
		return count(int(d/day), "day")
	}
	return d.String()
}

func (d *doctor) attributes(ctx context.Context, t *deployment) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	const check = "search attributes"
	switch err := workflows.CheckSearchAttributes(ctx, t.temporal, t.namespace); {
	case err == nil:
		d.ok(check, "each is there and a Keyword")
	case errors.Is(err, workflows.ErrNotChecked):
		d.warn(check, "compare them with concurctl bootstrap --print", "%v", err)
	default:
		d.fail(check, "concurctl bootstrap creates them, in Temporal Cloud what concurctl bootstrap --print prints", "%v", err)
	}
}

// pollers looks for workers. Where there are none nothing is lost, and nothing moves.
func (d *doctor) pollers(ctx context.Context, t *deployment) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	const check = "workers"
	described, err := t.temporal.DescribeTaskQueue(ctx, t.taskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	switch {
	case err != nil:
		d.warn(check, "look at what the key or certificate may do", "task queue %s: %v", t.taskQueue, err)
	case len(described.GetPollers()) == 0:
		d.warn(check, "start the worker, or compare CONCUR_TASK_QUEUE of both programs", "nobody polls the task queue %s: notifications are stored, and no run takes a step", t.taskQueue)
	default:
		d.ok(check, "%s on the task queue %s", count(len(described.GetPollers()), "poller"), t.taskQueue)
	}
}
