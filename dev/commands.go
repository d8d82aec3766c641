package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"concur-connector/workflows"
)

// commands are the commands of the stories. Most of them wait until their condition holds;
// the others compare the present state.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	words := map[string]func(*story, *testscript.TestScript, []string) error{
		// What happens in Concur.
		"report":  (*story).doReport,
		"payload": (*story).doPayload,
		"move":    (*story).doMove,
		"callout": (*story).doCallout,
		"fault":   (*story).doFault,
		"faults":  (*story).doFaults,
		"control": (*story).doControl,
		// The state of Concur. It alone decides whether a story is ok.
		"status":               (*story).isStatus,
		"decisions":            (*story).isDecisions,
		"decision-count":       (*story).isDecisionCount,
		"exceptions":           (*story).isExceptions,
		"existing":             (*story).isExisting,
		"comment":              (*story).isComment,
		"answers":              (*story).isAnswers,
		"failed-list":          (*story).isFailedList,
		"failed-list-at-least": (*story).isFailedListAtLeast,
		"requests":             (*story).isRequests,
		"await-requests":       (*story).isAwaitedRequests,
		"invariants":           (*story).isInvariants,
		// The fact services: how they behave, and what they were asked.
		"factservice":   (*story).doFactService,
		"fact-requests": (*story).isFactRequests,
		// The runs, the sweep and the programs.
		"closed":            (*story).isClosed,
		"parked":            (*story).isParked,
		"waiting":           (*story).isWaiting,
		"fetching-facts":    (*story).isFetchingFacts,
		"records":           (*story).isRecorded,
		"refused":           (*story).isRefused,
		"unreadable-signal": (*story).isUnreadableSignal,
		"event-types":       (*story).isEventTypes,
		"runs":              (*story).isRuns,
		"parked-count":      (*story).isParkedCount,
		"retries":           (*story).isRetrying,
		"approver":          (*story).doApprover,
		"decide":            (*story).doDecide,
		"replay":            (*story).doReplay,
		"signal":            (*story).doSignal,
		"cancel":            (*story).doCancel,
		"reset":             (*story).doReset,
		"intervene":         (*story).doIntervene,
		"fill-history":      (*story).doFillHistory,
		"sweep":             (*story).doSweep,
		"start-sweep":       (*story).doStartSweep,
		"sweep-result":      (*story).isSweepResult,
		"worker":            (*story).doWorker,
		"concurctl":         (*story).doConcurctl,
		"ingress":           (*story).doIngress,
		"logs":              (*story).isLogged,
	}
	cmds := map[string]func(*testscript.TestScript, bool, []string){}
	for name, word := range words {
		cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s cannot be negated", name)
			}
			s := storyOf(ts)
			if err := word(s, ts, args); err != nil {
				ts.Logf("%s", s.evidence())
				ts.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
			}
		}
	}
	return cmds
}

func want(args []string, atLeast int, usage string) error {
	if len(args) < atLeast {
		return fmt.Errorf("usage: %s", usage)
	}
	return nil
}

// doSweep runs SweepFailedNotifications once.
func (s *story) doSweep(_ *testscript.TestScript, _ []string) error {
	run, err := s.system.setup.temporal.client.ExecuteWorkflow(s.ctx, client.StartWorkflowOptions{
		ID: "sweep-" + s.system.setup.queue, TaskQueue: s.system.setup.queue, WorkflowRunTimeout: time.Minute,
	}, workflows.SweepFailedNotifications)
	if err != nil {
		return err
	}
	return run.Get(s.ctx, nil)
}

// doStartSweep starts SweepFailedNotifications on the sweep's own queue, and waits until
// the sweep has started what it found.
func (s *story) doStartSweep(_ *testscript.TestScript, _ []string) error {
	queue := workflows.SweepQueue(s.system.setup.queue)
	run, err := s.system.setup.temporal.client.ExecuteWorkflow(s.ctx, client.StartWorkflowOptions{
		ID: "sweeping-" + s.system.setup.queue, TaskQueue: queue, WorkflowRunTimeout: time.Minute,
	}, workflows.SweepFailedNotifications)
	if err != nil {
		return err
	}
	return s.until(func() error { // the sweep's other lists wait behind the runs that it has started
		answer, err := s.system.setup.temporal.client.QueryWorkflow(s.ctx, run.GetID(), run.GetRunID(), workflows.StatusQuery)
		var done workflows.SweepResult
		if err == nil {
			err = answer.Get(&done)
		}
		if err == nil && (done.Found == 0 || done.Started+done.Signaled+done.Skipped+done.Unreadable+done.NotOurs < done.Found) {
			err = fmt.Errorf("the sweep's status is %+v", done)
		}
		return err
	})
}

// isSweepResult waits until the result of the last scheduled sweep has that value.
func (s *story) isSweepResult(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "sweep-result COUNTER N"); err != nil {
		return err
	}
	return s.until(func() error {
		d, err := s.system.setup.temporal.client.ScheduleClient().GetHandle(s.ctx, workflows.SweepScheduleID(s.system.setup.queue)).Describe(s.ctx)
		if err != nil {
			return err
		}
		var last string
		for _, a := range d.Info.RecentActions {
			if run := a.StartWorkflowResult; run != nil {
				last = run.WorkflowID
			}
		}
		if last == "" {
			return errors.New("there was no sweep yet")
		}
		var result map[string]any
		ctx, cancel := context.WithTimeout(s.ctx, 2*time.Second)
		defer cancel()
		if err := s.system.setup.temporal.client.GetWorkflow(ctx, last, "").Get(ctx, &result); err != nil {
			return err
		}
		if fmt.Sprint(result[args[0]]) != args[1] {
			return fmt.Errorf("the last sweep's result is %v", result)
		}
		return nil
	})
}

// sweepOften triggers the sweep's schedule every second while the story lasts. The worker
// refuses such a short interval.
func (s *story) sweepOften() {
	s.sweeps.Do(func() {
		handle := s.system.setup.temporal.client.ScheduleClient().GetHandle(s.ctx, workflows.SweepScheduleID(s.system.setup.queue))
		go func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-s.ctx.Done():
					return
				case <-tick.C: // there is no schedule while the sweep is off
					_ = handle.Trigger(s.ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP})
				}
			}
		}()
	})
}

func (s *story) doWorker(_ *testscript.TestScript, args []string) error {
	if len(args) > 0 && args[0] == "start" {
		s.system.workerEnv = args[1:]
		if err := s.system.startWorker(s.ctx); err != nil {
			return err
		}
		if slices.Contains(args, "CONCUR_SWEEP_MODE=act") {
			s.sweepOften()
		}
		return nil
	}
	switch strings.Join(args, " ") {
	case "stop":
		s.system.stopWorker()
	case "kill":
		s.system.killWorker()
	default:
		return fmt.Errorf("usage: worker start [NAME=VALUE]...|stop|kill")
	}
	return nil
}

// doConcurctl calls concurctl with the worker's settings. Arguments of the form NAME=VALUE
// before the command add settings. With "fails" as the first argument the call must fail.
// The commands stdout and stderr compare the output.
func (s *story) doConcurctl(ts *testscript.TestScript, args []string) error {
	fails := len(args) > 0 && args[0] == "fails"
	if fails {
		args = args[1:]
	}
	own := slices.Concat(s.system.workerSettings(), s.system.workerEnv)
	for len(args) > 0 && strings.Contains(args[0], "=") {
		own, args = append(own, args[0]), args[1:]
	}
	cmd, _, err := kept(s.ctx, s.system.setup.binaries.concurctl, args...)
	if err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), own...)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case fails && errors.As(err, &exit):
		return nil
	case fails && err == nil:
		return errors.New("it succeeded, but must fail")
	}
	return err
}

func (s *story) doIngress(_ *testscript.TestScript, args []string) error {
	if len(args) > 0 && args[0] == "start" {
		s.system.ingressEnv = args[1:]
		return s.system.startIngress(s.ctx)
	}
	switch strings.Join(args, " ") {
	case "stop":
		s.system.stopIngress()
	default:
		return fmt.Errorf("usage: ingress start [NAME=VALUE]...|stop")
	}
	return nil
}

// isLogged waits until the worker's log contains a text.
func (s *story) isLogged(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "logs TEXT"); err != nil {
		return err
	}
	return s.until(func() error {
		if !strings.Contains(s.system.workerLog(), args[0]) {
			return errors.New("the worker's log does not contain it")
		}
		return nil
	})
}
