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

// SweepMode says whether and how sweeps run on a schedule.
type SweepMode string

// The modes of the sweep.
const (
	SweepOff      SweepMode = "off"       // no scheduled sweeps
	SweepReadOnly SweepMode = "read-only" // sweeps count, and start nothing
	SweepAct      SweepMode = "act"
)

// SweepCatchUp is how late a scheduled sweep may start after an outage of Temporal. Temporal skips a
// later one: the next sweep finds the same list.
const SweepCatchUp = 10 * time.Minute

// SweepSchedule says how often sweeps run, and how.
type SweepSchedule struct {
	TaskQueue string
	Mode      SweepMode
	Every     time.Duration
	Grace     time.Duration // see SweepInput
}

// Input is the input of each sweep.
func (s SweepSchedule) Input() SweepInput {
	return SweepInput{ReadOnly: s.Mode == SweepReadOnly, MissedAfter: s.Grace}
}

// Jitter is by how much a sweep may be late, so that several deployments do not sweep at once.
func (s SweepSchedule) Jitter() time.Duration { return s.Every / 10 }

// EnsureSweepSchedule creates, updates or deletes the Temporal Schedule of the sweeps. Every worker
// calls it when it starts. A schedule that an operator has paused stays paused.
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

// updated returns the schedule with our settings and its present state, or ErrSkipScheduleUpdate when
// nothing differs.
func updated(schedule client.Schedule, spec client.ScheduleSpec, action *client.ScheduleWorkflowAction) (*client.ScheduleUpdate, error) {
	before, _ := schedule.Action.(*client.ScheduleWorkflowAction)
	policy := &client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: SweepCatchUp}
	if before != nil && schedule.Spec != nil && schedule.Policy != nil && before.TaskQueue == action.TaskQueue &&
		schedule.Spec.Jitter == spec.Jitter && schedule.Policy.Overlap == policy.Overlap && schedule.Policy.CatchupWindow == policy.CatchupWindow &&
		reflect.DeepEqual(schedule.Spec.Intervals, spec.Intervals) && sameInput(before.Args, action.Args[0].(SweepInput)) {
		return nil, temporal.ErrSkipScheduleUpdate
	}
	if schedule.Policy != nil {
		policy.PauseOnFailure = schedule.Policy.PauseOnFailure // an operator's setting
	}
	schedule.Spec, schedule.Action, schedule.Policy = &spec, action, policy
	return &client.ScheduleUpdate{Schedule: &schedule}, nil
}

// sameInput returns true when the input of a described schedule, which is encoded, is this one.
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
