package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.temporal.io/api/workflowservice/v1"
	"go.yaml.in/yaml/v4"

	"concur-connector/workflows"
)

func (s *stage) isClosed(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "closed NAME OUTCOME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.closed(id, args[1])
}

func (s *stage) isParked(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "parked NAME KIND [TEXT]"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if status.Parked == nil || string(status.Parked.Kind) != args[1] || status.WaitingFor != workflows.WaitingForOperator {
			return fmt.Errorf("it is %s (%+v)", status.State, status.Parked)
		}
		if said := status.Parked.Message + "\n" + status.Parked.Fix; len(args) > 2 && !strings.Contains(said, args[2]) {
			return final{fmt.Errorf("it says %q", said)}
		}
		return nil
	})
}

func (s *stage) isWaiting(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "waiting NAME [GROUP]"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if status.State != workflows.Waiting || status.Task == nil {
			return fmt.Errorf("it is %s", status.State)
		}
		if len(args) > 1 && status.Task.Group != args[1] {
			return final{fmt.Errorf("it asks the group %q", status.Task.Group)}
		}
		return nil
	})
}

// isSaying waits until the run's list of what it has done holds a text.
func (s *stage) isSaying(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "says NAME TEXT"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if done := strings.Join(append(slices.Clone(status.Done), status.TotalDiffers), "\n"); !strings.Contains(done, args[1]) {
			return fmt.Errorf("it says %q", done)
		}
		return nil
	})
}

// isUnreadable waits until the newest signal that the run could not read is of that name, and
// its problem holds the text.
func (s *stage) isUnreadable(_ *testscript.TestScript, args []string) error {
	if err := want(args, 3, "unreadable NAME SIGNAL TEXT"); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		n := len(status.Unreadable)
		if n == 0 || status.Unreadable[n-1].Signal != args[1] || !strings.Contains(status.Unreadable[n-1].Problem, args[2]) {
			return fmt.Errorf("unreadable are %+v", status.Unreadable)
		}
		return nil
	})
}

// isCalled waits until the run knows these names of the stop: one on which notifications
// agree, or several that contradict each other.
func (s *stage) isCalled(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "called NAME TEXT..."); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		names := status.StepNames
		if status.StepName != "" {
			names = []string{status.StepName}
		}
		if !slices.Equal(names, args[1:]) {
			return fmt.Errorf("the stop is called %q", names)
		}
		return nil
	})
}

// find waits until the status of a run is as asked.
func (s *stage) find(name string, is func(workflows.Status) error) error {
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

func (s *stage) isRuns(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "runs NAME N"); err != nil || s.killing {
		return err // which notification meets an open run then depends on the kill
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.until(func() error {
		n, err := s.runs(id)
		if err == nil && strconv.FormatInt(n, 10) != args[1] {
			err = fmt.Errorf("there were %d", n)
		}
		return err
	})
}

// isParking waits until so many runs of the house are parked.
func (s *stage) isParking(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "parks N"); err != nil {
		return err
	}
	query := s.ours() + fmt.Sprintf(" AND ExecutionStatus = 'Running' AND %s = '%s'", workflows.WaitingForAttribute, workflows.WaitingForOperator)
	return s.until(func() error {
		n, err := s.house.setup.temporal.client.CountWorkflow(s.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		if err == nil && strconv.FormatInt(n.GetCount(), 10) != args[0] {
			err = fmt.Errorf("there are %d", n.GetCount())
		}
		return err
	})
}

// isRetrying waits until an activity of the run has failed with a kind of error and
// waits for its next attempt.
func (s *stage) isRetrying(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "retries NAME KIND"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.until(func() error {
		d, err := s.house.setup.temporal.client.DescribeWorkflowExecution(s.ctx, id, "")
		if err != nil {
			return err
		}
		for _, p := range d.GetPendingActivities() {
			if kind := p.GetLastFailure().GetApplicationFailureInfo().GetType(); kind == args[1] {
				return nil
			}
		}
		return fmt.Errorf("no activity of it is retried for that: %s", s.tell(id))
	})
}

// doDecide decides as an approver does: decide NAME approve|send-back [COMMENT]
// [status=CODE] [task=ID].
func (s *stage) doDecide(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "decide NAME approve|send-back [COMMENT] [status=CODE] [task=ID]"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	comment, code, task := "", http.StatusOK, ""
	for _, arg := range args[2:] {
		if text, ok := strings.CutPrefix(arg, "status="); ok {
			if code, err = strconv.Atoi(text); err != nil {
				return err
			}
		} else if text, ok := strings.CutPrefix(arg, "task="); ok {
			task = text
		} else {
			comment = arg
		}
	}
	if task == "" {
		err := s.find(args[0], func(status workflows.Status) error {
			if status.Task == nil {
				return final{fmt.Errorf("the run has no open task: it is %s", status.State)}
			}
			task = status.Task.ID
			return nil
		})
		if err != nil {
			return err
		}
	}
	got, answer, err := s.decide(id, task, args[1], comment)
	if err == nil && got != code && !(s.killing && got == http.StatusAccepted) {
		err = fmt.Errorf("answered %d: %s", got, answer)
	}
	return err
}

// doSignal sends a signal as the Web UI does. In its payload TASK stands for the open task of
// the run, and KEY:NAME at the end of a text for the key by which callouts name a report.
func (s *stage) doSignal(_ *testscript.TestScript, args []string) error {
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
		if status, err := s.status(id); err == nil && status.Task != nil {
			text = strings.ReplaceAll(text, "TASK", status.Task.ID)
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
	return s.house.setup.temporal.client.SignalWorkflow(s.ctx, id, "", args[1], payload)
}

func (s *stage) doCancel(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "cancel NAME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.house.setup.temporal.client.CancelWorkflow(s.ctx, id, "")
}

func (s *stage) doReset(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "reset NAME"); err != nil {
		return err
	}
	id, err := s.id(args[0])
	if err != nil {
		return err
	}
	return s.reset(id)
}
