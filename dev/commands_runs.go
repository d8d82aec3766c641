package main

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func (s *story) isClosed(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "closed NAME OUTCOME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.closed(id, args[1])
}

func (s *story) isParked(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "parked NAME KIND [TEXT]"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if status.Parked == nil || string(status.Parked.Kind) != args[1] || status.WaitingFor != workflows.WaitingForOperator {
			return fmt.Errorf("the run is in state %s (%+v)", status.State, status.Parked)
		}
		if said := status.Parked.Message + "\n" + status.Parked.Fix; len(args) > 2 && !strings.Contains(said, args[2]) {
			return final{fmt.Errorf("the run says %q", said)}
		}
		return nil
	})
}

func (s *story) isWaiting(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "waiting NAME [GROUP,GROUP]"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if status.State != workflows.Waiting || status.Task == nil {
			return fmt.Errorf("the run is in state %s", status.State)
		}
		if asked := strings.Join(status.Task.Asked(), ","); len(args) > 1 && asked != args[1] {
			return final{fmt.Errorf("the task asks %q", asked)}
		}
		return nil
	})
}

// isRecorded waits until the run's list of what it has done contains a text.
func (s *story) isRecorded(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "records NAME TEXT"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if done := strings.Join(append(slices.Clone(status.Done), status.TotalDiffers), "\n"); !strings.Contains(done, args[1]) {
			return fmt.Errorf("the run has recorded %q", done)
		}
		return nil
	})
}

// isRefused waits until the newest decision was refused for a reason that contains the text.
func (s *story) isRefused(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "refused NAME TEXT"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		n := len(status.Record)
		if n == 0 || status.Record[n-1].Kind != expense.TaskRefused || !strings.Contains(status.Record[n-1].Why, args[1]) {
			return fmt.Errorf("the record of the task: %+v", status.Record)
		}
		return nil
	})
}

// isUnreadableSignal waits until the newest unreadable signal has that name, and its
// problem contains the text.
func (s *story) isUnreadableSignal(_ *testscript.TestScript, args []string) error {
	if err := want(args, 3, "unreadable-signal NAME SIGNAL TEXT"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		n := len(status.Unreadable)
		if n == 0 || status.Unreadable[n-1].Signal != args[1] || !strings.Contains(status.Unreadable[n-1].Problem, args[2]) {
			return fmt.Errorf("unreadable signals: %+v", status.Unreadable)
		}
		return nil
	})
}

// isEventTypes waits until the run knows these event types of the step: one on which all
// notifications agree, or several that contradict each other.
func (s *story) isEventTypes(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "event-types NAME TEXT..."); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		names := status.StepNames
		if status.StepName != "" {
			names = []string{status.StepName}
		}
		if !slices.Equal(names, args[1:]) {
			return fmt.Errorf("the step's event types are %q", names)
		}
		return nil
	})
}

// find waits until the status of a run is as expected.
func (s *story) find(name string, is func(workflows.Status) error) error {
	id, err := s.id(name)
	if err != nil {
		return err
	}
	return s.until(func() error {
		status, err := s.status(id)
		if err != nil {
			return err
		}
		return is(status)
	})
}

func (s *story) isRuns(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "runs NAME N"); err != nil || s.killing {
		return err // a kill changes which notification meets an open run
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.until(func() error {
		n, err := s.runs(id)
		if err == nil && strconv.FormatInt(n, 10) != args[1] {
			err = fmt.Errorf("there were %d runs", n)
		}
		return err
	})
}

// isParkedCount waits until that many runs are parked.
func (s *story) isParkedCount(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "parked-count N"); err != nil {
		return err
	}
	query := s.runsQuery() + fmt.Sprintf(" AND ExecutionStatus = 'Running' AND %s = '%s'", workflows.WaitingForAttribute, workflows.WaitingForOperator)
	return s.until(func() error {
		n, err := s.system.setup.temporal.client.CountWorkflow(s.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		if err == nil && strconv.FormatInt(n.GetCount(), 10) != args[0] {
			err = fmt.Errorf("%d runs are parked", n.GetCount())
		}
		return err
	})
}

// isRetrying waits until an activity of the run has failed with that kind of error and
// waits for its next attempt.
func (s *story) isRetrying(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "retries NAME KIND"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.until(func() error {
		d, err := s.system.setup.temporal.client.DescribeWorkflowExecution(s.ctx, id, "")
		if err != nil {
			return err
		}
		for _, p := range d.GetPendingActivities() {
			if kind := p.GetLastFailure().GetApplicationFailureInfo().GetType(); kind == args[1] {
				return nil
			}
		}
		return fmt.Errorf("no activity is retried for this error: %s", s.statusText(id))
	})
}

// doDecide decides as an approver does: decide NAME approve|send-back [COMMENT]
// [status=CODE] [task=ID] [as=APPROVER].
func (s *story) doDecide(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "decide NAME approve|send-back [COMMENT] [status=CODE] [task=ID] [as=APPROVER]"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	comment, code, task, token := "", http.StatusOK, "", s.system.token
	for _, arg := range args[2:] {
		if text, ok := strings.CutPrefix(arg, "status="); ok {
			if code, err = strconv.Atoi(text); err != nil {
				return err
			}
		} else if text, ok := strings.CutPrefix(arg, "task="); ok {
			task = text
		} else if name, ok := strings.CutPrefix(arg, "as="); ok {
			if token = s.tokens[name]; token == "" {
				return fmt.Errorf("there is no approver %s", name)
			}
		} else {
			comment = arg
		}
	}
	if task == "" {
		err := s.find(args[0], func(status workflows.Status) error {
			if status.Task == nil {
				return final{fmt.Errorf("the run has no open task; its state is %s", status.State)}
			}
			task = status.Task.ID
			return nil
		})
		if err != nil {
			return err
		}
	}
	got, answer, err := s.decide(id, token, task, args[1], comment)
	if err == nil && got != code && !(s.killing && got == http.StatusAccepted) {
		err = fmt.Errorf("answered %d: %s", got, answer)
	}
	return err
}

// doApprover adds an approver, whose token "decide … as=NAME" uses: approver NAME [FLAG...].
func (s *story) doApprover(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "approver NAME [FLAG...]"); err != nil {
		return err
	}
	add := append([]string{"approver", "add"}, args...)
	out, err := exec.CommandContext(s.ctx, s.system.setup.binaries.concurctl, append(add, "--file", s.system.approvers())...).Output()
	if err != nil {
		return fmt.Errorf("concurctl approver add %s: %w", args[0], err)
	}
	if s.tokens == nil {
		s.tokens = map[string]string{}
	}
	s.tokens[args[0]] = strings.TrimSpace(string(out))
	return nil
}

// doReplay sends the last decision on one report again, as somebody with access to Temporal could
// record and send it: as it is, and with another ID for the open task of another report, or of the same.
func (s *story) doReplay(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "replay NAME NAME"); err != nil {
		return err
	}
	from, err := s.id(args[0])
	if err != nil {
		return err
	}
	to, err := s.id(args[1])
	if err != nil {
		return err
	}
	c := s.system.setup.temporal.client
	var recorded expense.Decision
	history := c.GetWorkflowHistory(s.ctx, from, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return err
		}
		if signal := event.GetWorkflowExecutionSignaledEventAttributes(); signal.GetSignalName() == workflows.Decided {
			var d expense.Decision
			if err := converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &d); err != nil {
				return err
			}
			if d.Seal != "" && d.ID != "forged" && d.ID != "replayed" {
				recorded = d
			}
		}
	}
	if recorded.ID == "" {
		return fmt.Errorf("nobody has decided about %s", args[0])
	}
	changed := recorded
	changed.ID = "replayed"
	if err := s.find(args[1], func(status workflows.Status) error {
		if status.Task == nil {
			return errors.New("the run has no open task")
		}
		changed.TaskID = status.Task.ID
		return nil
	}); err != nil {
		return err
	}
	if err := c.SignalWorkflow(s.ctx, to, "", workflows.Decided, recorded); err != nil {
		return err
	}
	return c.SignalWorkflow(s.ctx, to, "", workflows.Decided, changed)
}

// doSignal sends a signal as the Web UI does. In the payload TASK stands for the open task
// of the run, and KEY:NAME at the end of a text for the key of a report in callouts.
func (s *story) doSignal(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "signal NAME SIGNAL [JSON]"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	var payload any
	if len(args) > 2 {
		text := args[2]
		if strings.Contains(text, "TASK") {
			if err := s.until(func() error {
				status, err := s.status(id)
				if err == nil && status.Task != nil {
					text = strings.ReplaceAll(text, "TASK", status.Task.ID)
				}
				return err // a busy worker does not answer every query
			}); err != nil {
				return err
			}
		}
		s.mu.Lock()
		for name, id := range s.reports {
			text = strings.ReplaceAll(text, "KEY:"+name+"\"", strings.TrimPrefix(id, "EXPRPT:")+"\"")
		}
		s.mu.Unlock()
		if err := yaml.Unmarshal([]byte(text), &payload); err != nil {
			return err
		}
	}
	return s.system.setup.temporal.client.SignalWorkflow(s.ctx, id, "", args[1], payload)
}

func (s *story) doCancel(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "cancel NAME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.system.setup.temporal.client.CancelWorkflow(s.ctx, id, "")
}

func (s *story) doReset(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "reset NAME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.reset(id)
}
