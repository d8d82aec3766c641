package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// target is what an operator intervenes in: a run and the activity that it waits for.
type target struct {
	*stage
	run      *commonpb.WorkflowExecution
	activity *workflowpb.PendingActivityInfo
}

// interventions are what an operator can do to a pending activity, and to its run, in the
// Web UI and with the temporal command. All of them are calls to Temporal's own service.
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
		return t.complete(`{"status":"A_APPR","confirmed":true,"cleared":[],"items":[{"objectType":"Entry","code":"NORECPT","state":"posted"}]}`)
	},
	"fail":         func(t target) error { return t.fail("", "") },
	"fail-certain": func(t target) error { return t.fail("Unavailable", `{"doubtful":false}`) },
	"cancel": func(t target) error {
		return t.temporal().CancelWorkflow(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId())
	},
	"terminate":         target.terminate,
	"terminate-restart": target.restart,
	"reset-run-first":   func(t target) error { return t.resetRun(false) },
	"reset-run-last":    func(t target) error { return t.resetRun(true) },
	"reset-run-without-signals": func(t target) error {
		return t.resetRun(true, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE)
	},
}

// doIntervene does to the run's pending activity what an operator can.
func (s *stage) doIntervene(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "intervene NAME INTERVENTION"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.until(func() error { // Temporal ends no activity by hand between two attempts
		err := s.intervene(id, args[1])
		var missing *serviceerror.NotFound
		var late *serviceerror.DeadlineExceeded
		if err != nil && !errors.As(err, &missing) && !errors.As(err, &late) {
			return final{err}
		}
		return err
	})
}

func (s *stage) intervene(id, what string) error {
	do := interventions[what]
	if do == nil {
		return fmt.Errorf("no intervention is called %q", what)
	}
	d, err := s.temporal().DescribeWorkflowExecution(s.ctx, id, "")
	if err != nil {
		return err
	}
	pending := d.GetPendingActivities()
	if len(pending) != 1 {
		return fmt.Errorf("the run waits for %d activities", len(pending))
	}
	return do(target{stage: s, run: d.GetWorkflowExecutionInfo().GetExecution(), activity: pending[0]})
}

func (s *stage) temporal() client.Client { return s.house.setup.temporal.client }

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
		Namespace: client.DefaultNamespace, Execution: t.run, Reason: "the story asks for it",
		Activity: &workflowservice.PauseActivityRequest_Id{Id: t.activity.GetActivityId()},
	})
	return err
}

// unpause waits until the attempt that ran has ended, or the pause would come to nothing.
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
		_, _ = t.service().UnpauseActivity(t.ctx, request) // an activity that has ended meanwhile is none to unpause
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

// typed is a result as an operator types it.
func typed(json string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)}, Data: []byte(json),
	}}}
}

func (t target) complete(result string) error {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	_, err := t.service().RespondActivityTaskCompletedById(ctx, &workflowservice.RespondActivityTaskCompletedByIdRequest{
		Namespace: client.DefaultNamespace, WorkflowId: t.run.GetWorkflowId(), RunId: t.run.GetRunId(),
		ActivityId: t.activity.GetActivityId(), Result: typed(result), Identity: "operator",
	})
	return err
}

func (t target) fail(kind, detail string) error {
	info := &failurepb.ApplicationFailureInfo{Type: kind, NonRetryable: true}
	if detail != "" {
		info.Details = typed(detail)
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
	return t.temporal().TerminateWorkflow(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId(), "the story asks for it")
}

// restart terminates the run and starts another with what that began with.
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

// resetRun resets the run to its first workflow task, or to its last.
func (t target) resetRun(last bool, without ...enumspb.ResetReapplyExcludeType) error {
	var tasks []int64
	events := t.temporal().GetWorkflowHistory(t.ctx, t.run.GetWorkflowId(), t.run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			tasks = append(tasks, event.GetEventId())
		}
	}
	if len(tasks) == 0 {
		return errors.New("the run has completed no workflow task")
	}
	at := tasks[0]
	if last {
		at = slices.Max(tasks)
	}
	_, err := t.service().ResetWorkflowExecution(t.ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: t.run, Reason: "the story asks for it",
		WorkflowTaskFinishEventId: at, RequestId: fmt.Sprintf("reset-%d", queueNumber()), ResetReapplyExcludeTypes: without,
	})
	return err
}
