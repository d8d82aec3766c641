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

// commands are the words of the stories. A word that waits does so until what it
// names has come; the others say what is so now.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	words := map[string]func(*stage, *testscript.TestScript, []string) error{
		// What happens in Concur.
		"report":  (*stage).doReport,
		"payload": (*stage).doPayload,
		"move":    (*stage).doMove,
		"callout": (*stage).doCallout,
		"fault":   (*stage).doFault,
		"faults":  (*stage).doFaults,
		"control": (*stage).doControl,
		// What is so in Concur: these decide whether a story is ok.
		"status":     (*stage).isStatus,
		"decisions":  (*stage).isDecisions,
		"decided":    (*stage).isDecided,
		"exceptions": (*stage).isExceptions,
		"held":       (*stage).isHeld,
		"comment":    (*stage).isComment,
		"answers":    (*stage).isAnswers,
		"failed":     (*stage).isFailed,
		"remains":    (*stage).isRemaining,
		"requests":   (*stage).isRequests,
		"arrives":    (*stage).isArriving,
		"invariants": (*stage).isInvariants,
		// What the company's own systems do, and what they were asked.
		"company": (*stage).doCompany,
		"asked":   (*stage).isAsked,
		// What the runs are told, and where they are.
		"closed":     (*stage).isClosed,
		"parked":     (*stage).isParked,
		"waiting":    (*stage).isWaiting,
		"consults":   (*stage).isConsulting,
		"says":       (*stage).isSaying,
		"unreadable": (*stage).isUnreadable,
		"called":     (*stage).isCalled,
		"runs":       (*stage).isRuns,
		"parks":      (*stage).isParking,
		"retries":    (*stage).isRetrying,
		"decide":     (*stage).doDecide,
		"signal":     (*stage).doSignal,
		"cancel":     (*stage).doCancel,
		"reset":      (*stage).doReset,
		"intervene":  (*stage).doIntervene,
		"grow":       (*stage).doGrow,
		"sweep":      (*stage).doSweep,
		"sweeping":   (*stage).doSweeping,
		"swept":      (*stage).isSwept,
		"worker":     (*stage).doWorker,
		"concurctl":  (*stage).doConcurctl,
		"ingress":    (*stage).doIngress,
		"logs":       (*stage).isLogged,
	}
	cmds := map[string]func(*testscript.TestScript, bool, []string){}
	for name, word := range words {
		cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s has no negation", name)
			}
			s := stageOf(ts)
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

// doSweep runs SweepFailedNotifications once, by hand.
func (s *stage) doSweep(_ *testscript.TestScript, _ []string) error {
	run, err := s.house.setup.temporal.client.ExecuteWorkflow(s.ctx, client.StartWorkflowOptions{
		ID: "sweep-" + s.house.setup.queue, TaskQueue: s.house.setup.queue, WorkflowRunTimeout: time.Minute,
	}, workflows.SweepFailedNotifications)
	if err != nil {
		return err
	}
	return run.Get(s.ctx, nil)
}

// doSweeping runs SweepFailedNotifications once, on the sweeps' own queue, until it has
// started what it found.
func (s *stage) doSweeping(_ *testscript.TestScript, _ []string) error {
	queue := workflows.SweepQueue(s.house.setup.queue)
	run, err := s.house.setup.temporal.client.ExecuteWorkflow(s.ctx, client.StartWorkflowOptions{
		ID: "sweeping-" + s.house.setup.queue, TaskQueue: queue, WorkflowRunTimeout: time.Minute,
	}, workflows.SweepFailedNotifications)
	if err != nil {
		return err
	}
	return s.until(func() error { // its other nets wait for their turn behind what it has started
		answer, err := s.house.setup.temporal.client.QueryWorkflow(s.ctx, run.GetID(), run.GetRunID(), workflows.StatusQuery)
		var done workflows.SweepResult
		if err == nil {
			err = answer.Get(&done)
		}
		if err == nil && (done.Found == 0 || done.Started+done.Signaled+done.Skipped+done.Unreadable+done.NotOurs < done.Found) {
			err = fmt.Errorf("the sweep has done %+v", done)
		}
		return err
	})
}

// isSwept waits until a scheduled sweep has ended with that count in its result.
func (s *stage) isSwept(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "swept COUNTER N"); err != nil {
		return err
	}
	return s.until(func() error {
		d, err := s.house.setup.temporal.client.ScheduleClient().GetHandle(s.ctx, workflows.SweepScheduleID(s.house.setup.queue)).Describe(s.ctx)
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
			return errors.New("no sweep was made yet")
		}
		var result map[string]any
		ctx, cancel := context.WithTimeout(s.ctx, 2*time.Second)
		defer cancel()
		if err := s.house.setup.temporal.client.GetWorkflow(ctx, last, "").Get(ctx, &result); err != nil {
			return err
		}
		if fmt.Sprint(result[args[0]]) != args[1] {
			return fmt.Errorf("the last sweep's result is %v", result)
		}
		return nil
	})
}

// sweepOften triggers the schedule of the sweep every second, for as long as the story
// lasts: the worker refuses an interval that is as short.
func (s *stage) sweepOften() {
	s.sweeps.Do(func() {
		handle := s.house.setup.temporal.client.ScheduleClient().GetHandle(s.ctx, workflows.SweepScheduleID(s.house.setup.queue))
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

func (s *stage) doWorker(_ *testscript.TestScript, args []string) error {
	if len(args) > 0 && args[0] == "start" {
		s.house.workerEnv = args[1:]
		if err := s.house.startWorker(s.ctx); err != nil {
			return err
		}
		if slices.Contains(args, "CONCUR_SWEEP_MODE=act") {
			s.sweepOften()
		}
		return nil
	}
	switch strings.Join(args, " ") {
	case "stop":
		s.house.stopWorker()
	case "kill":
		s.house.killWorker()
	default:
		return fmt.Errorf("usage: worker start [NAME=VALUE]...|stop|kill")
	}
	return nil
}

// doConcurctl calls concurctl with the worker's settings, and those that come before its
// command; "fails" before all of them expects that it fails. What it says can be asked for
// by stdout and stderr.
func (s *stage) doConcurctl(ts *testscript.TestScript, args []string) error {
	fails := len(args) > 0 && args[0] == "fails"
	if fails {
		args = args[1:]
	}
	own := slices.Concat(s.house.workerSettings(), s.house.workerEnv)
	for len(args) > 0 && strings.Contains(args[0], "=") {
		own, args = append(own, args[0]), args[1:]
	}
	cmd, _, err := kept(s.ctx, s.house.setup.binaries.concurctl, args...)
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
		return errors.New("it succeeded")
	}
	return err
}

func (s *stage) doIngress(_ *testscript.TestScript, args []string) error {
	if len(args) > 0 && args[0] == "start" {
		s.house.ingressEnv = args[1:]
		return s.house.startIngress(s.ctx)
	}
	switch strings.Join(args, " ") {
	case "stop":
		s.house.stopIngress()
	default:
		return fmt.Errorf("usage: ingress start [NAME=VALUE]...|stop")
	}
	return nil
}

// isLogged waits until the worker's log holds a text.
func (s *stage) isLogged(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "logs TEXT"); err != nil {
		return err
	}
	return s.until(func() error {
		if !strings.Contains(s.house.workerLog(), args[0]) {
			return errors.New("the worker has not said so")
		}
		return nil
	})
}
