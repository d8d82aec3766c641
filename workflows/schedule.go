package workflows

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// SweepMode says whether and how the failed list is swept by itself.
type SweepMode string

// The modes of the sweep.
const (
	SweepOff      SweepMode = "off"       // not at all
	SweepReadOnly SweepMode = "read-only" // counted, nothing is started
	SweepAct      SweepMode = "act"
)

// SweepCatchUp is how late a sweep may still be made that was missed because Temporal was
// away. An older one is not made up for: the next finds the same list.
const SweepCatchUp = 10 * time.Minute

// SweepSchedule says how often the failed list is swept, and how.
type SweepSchedule struct {
	TaskQueue string
	Mode      SweepMode
	Every     time.Duration
	Grace     time.Duration // see SweepInput
}

// Input is what each sweep begins with.
func (s SweepSchedule) Input() SweepInput {
	return SweepInput{ReadOnly: s.Mode == SweepReadOnly, MissedAfter: s.Grace}
}

// Jitter is by how much a sweep may be late, so that those of several deployments do
// not meet.
func (s SweepSchedule) Jitter() time.Duration { return s.Every / 10 }

// EnsureSweepSchedule has the failed list swept every so often, or not at all. It may
// be called again and again, by every worker that starts; a schedule that an operator
// has paused stays paused.
func EnsureSweepSchedule(ctx context.Context, c client.Client, s SweepSchedule) error {
	id := SweepScheduleID(s.TaskQueue)
	handle := c.ScheduleClient().GetHandle(ctx, id)
	if s.Mode == SweepOff {
		err := handle.Delete(ctx)
		var missing *serviceerror.NotFound
		if err != nil && !errors.As(err, &missing) {
			return fmt.Errorf("delete the schedule of the sweep: %w", err)
		}
		return nil
	}
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: s.Every}}, Jitter: s.Jitter()}
	action := &client.ScheduleWorkflowAction{
		ID:        id,
		Workflow:  SweepFailedNotifications,
		TaskQueue: SweepQueue(s.TaskQueue),
		Args:      []any{s.Input()},
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Action: action,
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: SweepCatchUp,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = handle.Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(before client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				return updated(before.Description.Schedule, spec, action)
			},
		})
	}
	if err != nil {
		return fmt.Errorf("schedule the sweep of the failed list: %w", err)
	}
	return nil
}

// updated returns the schedule with what we decide of it, its state left as it is, or
// ErrSkipScheduleUpdate when nothing differs.
func updated(schedule client.Schedule, spec client.ScheduleSpec, action *client.ScheduleWorkflowAction) (*client.ScheduleUpdate, error) {
	before, _ := schedule.Action.(*client.ScheduleWorkflowAction)
	policy := &client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: SweepCatchUp}
	if before != nil && schedule.Spec != nil && schedule.Policy != nil && before.TaskQueue == action.TaskQueue &&
		schedule.Spec.Jitter == spec.Jitter && schedule.Policy.Overlap == policy.Overlap && schedule.Policy.CatchupWindow == policy.CatchupWindow &&
		reflect.DeepEqual(schedule.Spec.Intervals, spec.Intervals) && sameInput(before.Args, action.Args[0].(SweepInput)) {
		return nil, temporal.ErrSkipScheduleUpdate
	}
	if schedule.Policy != nil {
		policy.PauseOnFailure = schedule.Policy.PauseOnFailure // the operator's own
	}
	schedule.Spec, schedule.Action, schedule.Policy = &spec, action, policy
	return &client.ScheduleUpdate{Schedule: &schedule}, nil
}

// sameInput reports whether a described schedule's action has this input: it is
// described encoded.
func sameInput(args []any, want SweepInput) bool {
	if len(args) != 1 {
		return false
	}
	payload, ok := args[0].(*commonpb.Payload)
	if !ok {
		return false
	}
	var got SweepInput
	return converter.GetDefaultDataConverter().FromPayload(payload, &got) == nil && reflect.DeepEqual(got, want)
}
