package doctor

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"concur-connector/cmd/concurctl/cli"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

// shortRetention is below what lets an operator look at last week's runs, and a
// sweep know them.
const shortRetention = 7 * day

// temporal checks what runs need.
func (d *doctor) temporal(ctx context.Context, o doctorOptions) {
	reached, err := cli.ConnectTemporal(ctx, io.Discard) // the finding says where
	if err != nil {
		d.fail("temporal", "check TEMPORAL_ADDRESS, the TLS and key variables, and the network", "%v", err)
		return
	}
	defer reached.Temporal.Close()
	d.deployment(ctx, reached)
	if o.program != ingressProgram {
		d.ownSteps(ctx, reached)
	}
}

func (d *doctor) deployment(ctx context.Context, t *cli.Deployment) {
	d.namespace(ctx, t)
	d.attributes(ctx, t)
	d.pollers(ctx, t)
	d.schedule(ctx, t)
}

// ownSteps warns while no callout has announced a step: sweeps then start no runs.
func (d *doctor) ownSteps(ctx context.Context, t *cli.Deployment) {
	cfg, _, err := config.LoadWorker()
	if cli.ConfigError(err, "CONCUR_OWN_STEPS", "CONCUR_SWEEP_MODE") != nil || cfg.SweepMode == "off" || !slices.Contains(cfg.OwnSteps, "announced") {
		return
	}
	d.announced(ctx, t, len(cfg.OwnSteps) > 1)
}

// announced looks for steps that callouts have announced. Others says that the setting names
// further steps, which need no callout.
func (d *doctor) announced(ctx context.Context, t *cli.Deployment, others bool) {
	ctx, cancel := context.WithTimeout(ctx, cli.ConnectTimeout)
	defer cancel()
	const check = "own steps"
	known, err := t.Runs.AnnouncedSteps(ctx)
	switch {
	case err != nil:
		d.warn(check, "start a worker and run the doctor again; or check the permissions of the key or certificate", "%v", err)
	case len(known.Steps) > 0:
		d.ok(check, "sweeps start runs for %s", cli.Count(len(known.Steps), "announced step"))
	case others:
		d.warn(check, "wait for the first callout, or call concurctl steps add", "no callout has announced a step yet: sweeps start runs only for what CONCUR_OWN_STEPS names")
	default:
		d.warn(check, "set CONCUR_OWN_STEPS=all if the company has no other connector; otherwise wait for the first callout, or call concurctl steps add",
			"no callout has announced a step yet: sweeps report what waits, and start no runs")
	}
}

func (d *doctor) namespace(ctx context.Context, t *cli.Deployment) {
	ctx, cancel := context.WithTimeout(ctx, cli.ConnectTimeout)
	defer cancel()
	described, err := t.Temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.Namespace})
	if err != nil {
		d.fail("temporal", "check TEMPORAL_NAMESPACE and the permissions of the key or certificate", "namespace %s: %v", t.Namespace, err)
		return
	}
	d.ok("temporal", "namespace %s can be reached at %s; the task queue is %s", t.Namespace, t.Address, t.TaskQueue)
	switch kept := described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); {
	case kept < shortRetention:
		d.warn("retention", "temporal operator namespace update --retention 30d --namespace "+t.Namespace,
			"closed runs are kept for only %s: sweeps do not know older runs, and nobody can read their histories", days(kept))
	default:
		d.ok("retention", "closed runs are kept for %s", days(kept))
	}
}

func days(d time.Duration) string {
	if d >= day && d%day == 0 {
		return cli.Count(int(d/day), "day")
	}
	return d.String()
}

func (d *doctor) attributes(ctx context.Context, t *cli.Deployment) {
	ctx, cancel := context.WithTimeout(ctx, cli.ConnectTimeout)
	defer cancel()
	const check = "search attributes"
	switch err := workflows.CheckSearchAttributes(ctx, t.Temporal, t.Namespace); {
	case err == nil:
		d.ok(check, "each exists and is a Keyword")
	case errors.Is(err, workflows.ErrNotChecked):
		d.warn(check, "compare them with concurctl bootstrap --print", "%v", err)
	default:
		d.fail(check, "create them with concurctl bootstrap; in Temporal Cloud, with the commands of concurctl bootstrap --print", "%v", err)
	}
}

// pollers looks for workers. Where there are none nothing is lost, and nothing moves.
func (d *doctor) pollers(ctx context.Context, t *cli.Deployment) {
	ctx, cancel := context.WithTimeout(ctx, cli.ConnectTimeout)
	defer cancel()
	const check = "workers"
	for _, queue := range []string{t.TaskQueue, workflows.SweepQueue(t.TaskQueue)} {
		described, err := t.Temporal.DescribeTaskQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
		switch {
		case err != nil:
			d.warn(check, "check the permissions of the key or certificate", "task queue %s: %v", queue, err)
		case len(described.GetPollers()) == 0:
			d.warn(check, "start the worker, or compare CONCUR_TASK_QUEUE of both programs", "nobody polls the task queue %s: notifications are stored, and no run continues", queue)
		default:
			d.ok(check, "%s on the task queue %s", cli.Count(len(described.GetPollers()), "poller"), queue)
		}
	}
}

// schedule looks for the sweep's schedule, and whether somebody has paused it.
func (d *doctor) schedule(ctx context.Context, t *cli.Deployment) {
	ctx, cancel := context.WithTimeout(ctx, cli.ConnectTimeout)
	defer cancel()
	const check = "schedule"
	id := workflows.SweepScheduleID(t.TaskQueue)
	described, err := t.Temporal.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		d.warn(check, "start the worker, or call concurctl bootstrap, unless CONCUR_SWEEP_MODE is off", "there is no %s: no sweep starts runs for what Concur could not deliver", id)
	case err != nil:
		d.warn(check, "check the permissions of the key or certificate", "%s: %v", id, err)
	case described.Schedule.State != nil && described.Schedule.State.Paused:
		d.warn(check, "unpause it in the Web UI when the reason for the pause is gone", "%s is paused (%s)", id, described.Schedule.State.Note)
	default:
		d.ok(check, "%s exists and is not paused", id)
	}
}
