package workflows

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
)

// The errors that a caller of Client can act on.
var (
	// ErrNoRun means that Temporal has no run for the notification.
	ErrNoRun = errors.New("no run is known for this notification")
	// ErrClosed means that the run has ended and takes no more signals.
	ErrClosed = errors.New("the run has ended")
	// ErrNoAnswer means that no worker answered in time.
	ErrNoAnswer = errors.New("no worker answered in time")
)

// Client reaches runs from outside: it starts them, signals decisions to them and queries their
// status.
type Client struct {
	temporal  client.Client
	taskQueue string
}

// NewClient returns a client that starts runs on the given task queue, or on
// DefaultTaskQueue when it is empty.
func NewClient(c client.Client, taskQueue string) *Client {
	if taskQueue == "" {
		taskQueue = DefaultTaskQueue
	}
	return &Client{temporal: c, taskQueue: taskQueue}
}

// Start makes a notification durable: it starts the run of its ID or, when that is open, signals it.
// It returns true when a new run began. After an error the outcome is unknown, and Start may be
// called again.
func (c *Client) Start(ctx context.Context, n expense.Notification) (started bool, err error) {
	return c.startOn(ctx, n, c.taskQueue)
}

func (c *Client) startOn(ctx context.Context, n expense.Notification, queue string) (started bool, err error) {
	options := client.StartWorkflowOptions{
		ID:                                       n.ID(),
		TaskQueue:                                queue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            summary(n.Kind),
	}
	if n.NotificationURI != "" {
		options.Memo = map[string]any{NotificationMemo: n.NotificationURI}
	}
	input := ProcessInput{Notification: n}
	_, err = c.temporal.ExecuteWorkflow(ctx, options, ProcessNotification, input)
	if err == nil {
		return true, nil
	}
	if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return false, fmt.Errorf("start the run of %s: %w", n.ID(), err)
	}
	// One atomic call: it wakes the open run or, if that closed meanwhile, starts
	// the next, which takes the signal into its first pass.
	options.WorkflowExecutionErrorWhenAlreadyStarted = false
	if _, err = c.temporal.SignalWithStartWorkflow(ctx, n.ID(), Notified, n, options, ProcessNotification, input); err != nil {
		return false, fmt.Errorf("signal the run of %s: %w", n.ID(), err)
	}
	return false, nil
}

func summary(k expense.ObjectKind) string {
	switch k {
	case expense.ReportObject:
		return "Expense report at external validation"
	case expense.RequestObject:
		return "Travel request at external validation"
	}
	return "Object of an unknown kind"
}

// Decide sends a person's decision to the open run. The error is ErrNoRun or ErrClosed when there
// is no open run. Status shows whether the decision counts.
func (c *Client) Decide(ctx context.Context, notificationID string, d expense.Decision) error {
	return c.signal(ctx, notificationID, Decided, d)
}

func (c *Client) signal(ctx context.Context, notificationID, name string, payload any) error {
	err := c.temporal.SignalWorkflow(ctx, notificationID, "", name, payload)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		if err := c.CheckExists(ctx, notificationID); err != nil {
			return err
		}
		return ErrClosed
	}
	return err
}

// CheckExists returns nil when Temporal has an open or closed run for the notification, and
// ErrNoRun when it has none. It needs no worker.
func (c *Client) CheckExists(ctx context.Context, notificationID string) error {
	last, err := c.latest(ctx, notificationID)
	if err == nil && last == nil {
		return ErrNoRun
	}
	return err
}

// latest describes the latest run of a workflow ID. It returns nil when Temporal has none.
func (c *Client) latest(ctx context.Context, id string) (*workflowpb.WorkflowExecutionInfo, error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, id, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("describe the run of %s: %w", id, err)
	}
	return last.GetWorkflowExecutionInfo(), nil
}

func isOpen(run *workflowpb.WorkflowExecutionInfo) bool {
	return run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// updateOrStart sends an update to a workflow that runs once for each deployment, and starts the
// workflow if it does not run.
func (c *Client) updateOrStart(ctx context.Context, start client.StartWorkflowOptions, workflow string, input any, update string, arg, answer any) error {
	start.TaskQueue, start.WorkflowIDConflictPolicy = c.taskQueue, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	sent, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.temporal.NewWithStartWorkflowOperation(start, workflow, input),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: update, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return err
	}
	return sent.Get(ctx, answer)
}

// Status queries the status of the latest run of a notification. The error is ErrNoRun when there
// is none, and ErrNoAnswer when no worker answered before ctx ended.
func (c *Client) Status(ctx context.Context, notificationID string) (Status, error) {
	return c.statusOf(ctx, notificationID, "")
}

// maxCompared is how many earlier runs Earlier looks at.
const maxCompared = 5

// Earlier returns the status of the last run of a notification that has ended, that asked
// approvers, and whose report had another revision. It returns false if there is none among the
// last five runs. The errors are those of Status.
func (c *Client) Earlier(ctx context.Context, notificationID, revision string) (Status, bool, error) {
	looked := 0
	query := fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'", quoted(notificationID))
	for run, err := range c.runs(ctx, query) {
		if err != nil {
			return Status{}, false, fmt.Errorf("list the earlier runs of %s: %w", notificationID, err)
		}
		status, err := c.statusOf(ctx, notificationID, run.GetExecution().GetRunId())
		if err != nil {
			return Status{}, false, err
		}
		if status.Revision != revision && status.Verdict != nil && status.Verdict.Shown != nil {
			return status, true, nil
		}
		if looked++; looked == maxCompared {
			break
		}
	}
	return Status{}, false, nil
}

func (c *Client) statusOf(ctx context.Context, notificationID, runID string) (Status, error) {
	var status Status
	answer, err := c.temporal.QueryWorkflow(ctx, notificationID, runID, StatusQuery)
	if err == nil {
		err = answer.Get(&status)
		return status, err
	}
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return Status{}, ErrNoRun
	}
	var late *serviceerror.DeadlineExceeded
	var failed *serviceerror.QueryFailed
	var idle *serviceerror.FailedPrecondition
	if errors.As(err, &late) || errors.As(err, &failed) || errors.As(err, &idle) || errors.Is(err, context.DeadlineExceeded) {
		return Status{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return Status{}, err
}

// Ready returns nil when Temporal and the namespace can be reached.
func (c *Client) Ready(ctx context.Context) error {
	if _, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("reach Temporal: %w", err)
	}
	// An existing namespace answers that it has no such run.
	if err := c.CheckExists(ctx, "readiness"); err != nil && !errors.Is(err, ErrNoRun) {
		return fmt.Errorf("reach the namespace: %w", err)
	}
	return nil
}
