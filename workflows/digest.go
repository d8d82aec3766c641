package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// digestFor is how long a digest is tried: the next one tells people the same, and more.
const digestFor = 12 * time.Hour

// SendDigests tells each approver once about all tasks that wait for them. It runs on a schedule.
func (w Workflows) SendDigests(ctx workflow.Context) error {
	options := workflow.GetActivityOptions(w.localOptions(ctx, "tell each approver about all tasks that wait"))
	options.ScheduleToCloseTimeout = digestFor
	input := expense.DeliverDigestsInput{At: workflow.GetInfo(ctx).WorkflowStartTime}
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), DeliverDigests, input).Get(ctx, nil)
}

// DigestSchedule says when digests are sent each day. There are none unless On is true.
type DigestSchedule struct {
	TaskQueue    string
	On           bool
	Hour, Minute int
	Zone         string // such as Europe/Berlin
}

// EnsureDigestSchedule creates, updates or deletes the Temporal Schedule of the digests. Every worker
// calls it when it starts. A schedule that an operator has paused stays paused.
func EnsureDigestSchedule(ctx context.Context, c client.Client, s DigestSchedule) error {
	id := DigestScheduleID(s.TaskQueue)
	handle := c.ScheduleClient().GetHandle(ctx, id)
	if !s.On {
		err := handle.Delete(ctx)
		var missing *serviceerror.NotFound
		if err != nil && !errors.As(err, &missing) {
			return fmt.Errorf("delete the schedule of the digests: %w", err)
		}
		return nil
	}
	spec := client.ScheduleSpec{TimeZoneName: s.Zone, Calendars: []client.ScheduleCalendarSpec{{
		Hour: []client.ScheduleRange{{Start: s.Hour}}, Minute: []client.ScheduleRange{{Start: s.Minute}},
	}}}
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: SendDigests, TaskQueue: s.TaskQueue}
	policy := client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: digestFor}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Action: action, Overlap: policy.Overlap, CatchupWindow: policy.CatchupWindow,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = handle.Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(before client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				schedule := before.Description.Schedule
				schedule.Spec, schedule.Action, schedule.Policy = &spec, action, &policy
				return &client.ScheduleUpdate{Schedule: &schedule}, nil
			},
		})
	}
	if err != nil {
		return fmt.Errorf("schedule the digests: %w", err)
	}
	return nil
}
