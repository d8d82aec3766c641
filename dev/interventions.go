package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"concur-connector/workflows"
)

// target is a run and the pending activity in which an operator intervenes.
type target struct {
	*story
	run      *commonpb.WorkflowExecution
	activity *workflowpb.PendingActivityInfo
}

// interventions are what an operator can do to a pending activity and its run, in the Web
// UI and with the temporal command. Each is a call to Temporal's own service.
var interventions = map[string]func(target) error{
	"reset":            func(t target) error { return t.reset(false) },
	"reset-heartbeats": func(t target) error { return t.reset(true) },
	"pause-unpause": func(t target) error {
		return errors.Join(t.pause(), t.unpause(&workflowservice.UnpauseActivityRequest{}))
	},
	"pause-unpause-reset": func(t target) error {
		return errors.Join(t.pause(), t.unpause(&workflowservice.UnpauseActivityRequest{ResetAttempts: true, ResetHeartbeat: true}))
	},
	"pause-reset-unpause": func(t target) error {
		return errors.Join(t.pause(), t.reset(true), t.unpause(&workflowservice.UnpauseActivityRequest{}))
	},
	"no-heartbeat-timeout": func(t target) error {
		return t.change(&activitypb.ActivityOptions{HeartbeatTimeout: durationpb.New(0)}, "heartbeat_timeout")
	},
	"no-heartbeat-timeout-reset": func(t target) error {
		return errors.Join(t.change(&activitypb.ActivityOptions{HeartbeatTimeout: durationpb.New(0)}, "heartbeat_timeout"), t.reset(true))
	},
	"short-timeouts": func(t target) error {
		return t.change(&activitypb.ActivityOptions{
			StartToCloseTimeout: durationpb.New(5 * time.Second), HeartbeatTimeout: durationpb.New(500 * time.Millisecond),
		}, "start_to_close_timeout", "heartbeat_timeout")
	},
	"schedule-to-close": func(t target) error {
		return t.change(&activitypb.ActivityOptions{ScheduleToCloseTimeout: durationpb.New(time.Second)}, "schedule_to_close_timeout")
	},
	"one-attempt": func(t target) error {
		return t.change(&activitypb.ActivityOptions{RetryPolicy: &commonpb.RetryPolicy{MaximumAttempts: 1}}, "retry_policy.maximum_attempts")
	},
	"complete-empty": func(t target) error { return t.complete(`{}`) },
	"complete-null":  func(t target) error { return t.complete(`null`) },
	"complete-text":  func(t target) error { return t.complete(`"done"`) },
	"complete-plausible": func(t target) error {
		return t.complete(`{"status":"A_APPR","confirmed":true,"deleted":[],"items":[{"objectType":"Entry","code":"NORECPT","state":"posted"}]}`)
	},
	"fail":         func(t target) error { return t.fail("", "") },
	"fail-certain": func(t target) error { return t.fail("Unavailable", `{"outcomeUnknown":false}`) },
	"cancel": func(t target) error {
		return t.temporal().CancelWorkflow(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId())
	},
	"terminate":         target.terminate,
	"terminate-restart": target.restart,
	"reset-run-first":   func(t target) error { return t.resetRun(1) },
	"reset-run-last":    func(t target) error { return t.resetRun(lastEvent) },
	"reset-run-without-signals": func(t target) error {
		return t.resetRun(lastEvent, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE)
	},
}

// resetTo begins the names of the interventions that reset the run to an event. It is
// followed by the number of the event among those that allow a reset, from 1.
const resetTo = "reset-run-to-"

// errNoEvent means that the history has no such event. errRefused means that Temporal
// stored the event together with the next one, so no run can be reset to it.
var (
	errNoEvent = errors.New("the run has completed fewer workflow tasks")
	errRefused = errors.New("no run can be reset to this event")
)

// interventionOf returns the intervention with that name, or nil.
func interventionOf(name string) func(target) error {
	if number, ok := strings.CutPrefix(name, resetTo); ok {
		if n, err := strconv.Atoi(number); err == nil && n > 0 {
			return func(t target) error { return t.resetRun(n) }
		}
	}
	return interventions[name]
}

// doIntervene intervenes in the run's pending activity.
func (s *story) doIntervene(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "intervene NAME INTERVENTION"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.until(func() error { // Temporal completes no activity by hand between two attempts
		err := s.intervene(id, args[1])
		var missing *serviceerror.NotFound
		var late *serviceerror.DeadlineExceeded
		if err != nil && !errors.As(err, &missing) && !errors.As(err, &late) {
			return final{err}
		}
		return err
	})
}

// doFillHistory sends signals to a run until its history is so long that it continues as
// new.
func (s *story) doFillHistory(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "fill-history NAME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	run, err := s.describe(id)
	if err != nil {
		return err
	}
	const most = 5000 // Temporal suggests it after 4,096 events
	for range most {
		err := s.temporal().SignalWorkflow(s.ctx, id, run.runID, workflows.Retried, nil)
		var closed *serviceerror.NotFound
		if errors.As(err, &closed) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("after %d signals the run has not continued as new: %s", most, s.statusText(id))
}

func (s *story) intervene(id, what string) error {
	do := interventionOf(what)
	if do == nil {
		return fmt.Errorf("unknown intervention %q", what)
	}
	d, err := s.temporal().DescribeWorkflowExecution(s.ctx, id, "")
	if err != nil {
		return err
	}
	pending := d.GetPendingActivities()
	if len(pending) != 1 {
		return fmt.Errorf("the run has %d pending activities", len(pending))
	}
	return do(target{story: s, run: d.GetWorkflowExecutionInfo().GetExecution(), activity: pending[0]})
}

func (s *story) temporal() client.Client { return s.system.setup.temporal.client }

func (t target) service() workflowservice.WorkflowServiceClient {
	return t.temporal().WorkflowService()
}

func (t target) reset(heartbeats bool) error {
	_, err := t.service().ResetActivity(t.ctx, &workflowservice.ResetActivityRequest{
		Namespace: client.DefaultNamespace, Execution: t.run, ResetHeartbeat: heartbeats,
		Activity: &workflowservice.ResetActivityRequest_Id{Id: t.activity.GetActivityId()},
	})
	return err
}

func (t target) pause() error {
	_, err := t.service().PauseActivity(t.ctx, &workflowservice.PauseActivityRequest{
		Namespace: client.DefaultNamespace, Execution: t.run, Reason: "the story does this",
		Activity: &workflowservice.PauseActivityRequest_Id{Id: t.activity.GetActivityId()},
	})
	return err
}

// unpause waits until the running attempt has ended. Otherwise the pause would have no
// effect.
func (t target) unpause(request *workflowservice.UnpauseActivityRequest) error {
	go func() {
		_ = t.until(func() error {
			d, err := t.temporal().DescribeWorkflowExecution(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId())
			if err != nil {
				return err
			}
			for _, p := range d.GetPendingActivities() {
				if p.GetState() == enumspb.PENDING_ACTIVITY_STATE_PAUSED {
					return nil
				}
				if p.GetActivityId() == t.activity.GetActivityId() {
					return errors.New("the attempt has not ended")
				}
			}
			return nil
		})
		request.Namespace, request.Execution = client.DefaultNamespace, t.run
		request.Activity = &workflowservice.UnpauseActivityRequest_Id{Id: t.activity.GetActivityId()}
		_, _ = t.service().UnpauseActivity(t.ctx, request) // an activity that has ended meanwhile cannot be unpaused
	}()
	return nil
}

func (t target) change(options *activitypb.ActivityOptions, paths ...string) error {
	_, err := t.service().UpdateActivityOptions(t.ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: client.DefaultNamespace, Execution: t.run, ActivityOptions: options,
		Activity:   &workflowservice.UpdateActivityOptionsRequest_Id{Id: t.activity.GetActivityId()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	return err
}

// jsonPayload is a result as an operator types it.
func jsonPayload(json string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)}, Data: []byte(json),
	}}}
}

func (t target) complete(result string) error {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	_, err := t.service().RespondActivityTaskCompletedById(ctx, &workflowservice.RespondActivityTaskCompletedByIdRequest{
		Namespace: client.DefaultNamespace, WorkflowId: t.run.GetWorkflowId(), RunId: t.run.GetRunId(),
		ActivityId: t.activity.GetActivityId(), Result: jsonPayload(result), Identity: "operator",
	})
	return err
}

func (t target) fail(kind, detail string) error {
	info := &failurepb.ApplicationFailureInfo{Type: kind, NonRetryable: true}
	if detail != "" {
		info.Details = jsonPayload(detail)
	}
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	_, err := t.service().RespondActivityTaskFailedById(ctx, &workflowservice.RespondActivityTaskFailedByIdRequest{
		Namespace: client.DefaultNamespace, WorkflowId: t.run.GetWorkflowId(), RunId: t.run.GetRunId(),
		ActivityId: t.activity.GetActivityId(), Identity: "operator",
		Failure: &failurepb.Failure{Message: "by hand", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: info}},
	})
	return err
}

func (t target) terminate() error {
	return t.temporal().TerminateWorkflow(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId(), "the story does this")
}

// restart terminates the run and starts another one with the same input.
func (t target) restart() error {
	events := t.temporal().GetWorkflowHistory(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	first, err := events.Next()
	if err != nil {
		return err
	}
	begun := first.GetWorkflowExecutionStartedEventAttributes()
	if err := t.terminate(); err != nil {
		return err
	}
	var input workflows.ProcessInput
	if err := converter.GetDefaultDataConverter().FromPayloads(begun.GetInput(), &input); err != nil {
		return err
	}
	_, err = t.temporal().ExecuteWorkflow(t.ctx, client.StartWorkflowOptions{
		ID: t.run.GetWorkflowId(), TaskQueue: begun.GetTaskQueue().GetName(),
	}, begun.GetWorkflowType().GetName(), input)
	return err
}

// lastEvent stands for the last event that a run can be reset to.
const lastEvent = 0

// resetRun resets the run to one of the events that Temporal allows: the start or the end
// of a workflow task.
func (t target) resetRun(number int, without ...enumspb.ResetReapplyExcludeType) error {
	var allowed []int64
	events := t.temporal().GetWorkflowHistory(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			allowed = append(allowed, event.GetEventId())
		}
	}
	if number == lastEvent {
		number = len(allowed)
	}
	if number == 0 || number > len(allowed) {
		return errNoEvent
	}
	_, err := t.service().ResetWorkflowExecution(t.ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: t.run, Reason: "the story does this",
		WorkflowTaskFinishEventId: allowed[number-1], RequestId: fmt.Sprintf("reset-%d", queueNumber()), ResetReapplyExcludeTypes: without,
	})
	if err != nil && strings.Contains(err.Error(), "this event must be at the boundary") {
		return errRefused
	}
	return err
}
