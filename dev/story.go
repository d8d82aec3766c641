package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/rogpeppe/go-internal/testscript"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// patience is how long a story waits for a condition.
const patience = 45 * time.Second

// story is one story that runs in a test system.
type story struct {
	ctx    context.Context
	system *testSystem

	// killing is set while the worker is killed on purpose. The worker then makes more
	// requests than the story counts; nothing else may differ.
	killing bool

	sweeps sync.Once // used by sweepOften

	mu      sync.Mutex
	reports map[string]string // name → notification ID

	tokens map[string]string // of the approvers that the story adds, by name

	// leftListed counts the entries of Concur's failed list that runs left there because an
	// operator ended them.
	leftListed int
}

type storyKey struct{}

func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

// params returns the parameters of one script, which runs in a test system of its own. The
// name and the seed determine the keys of its reports, so that two runs on one Temporal
// server never share a key.
//
// opened is called once the system is open, and returns what to do before it is closed.
// Both may be nil.
func params(ctx context.Context, setup systemSetup, name, file string, opened func(*story) (ended func())) testscript.Params {
	return testscript.Params{
		Files:              []string{file},
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			own := setup
			own.queue = fmt.Sprintf("%s-%d", name, queueNumber())
			own.seed = seedOf(name, setup.seed)
			script, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			own.script = string(script)
			sys, err := open(ctx, own, env.WorkDir)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(ctx)
			s := &story{ctx: ctx, system: sys, reports: map[string]string{}}
			env.Values[storyKey{}] = s
			env.Setenv("PLAYING", fmt.Sprintf("%016x", seedOf(own.queue, setup.seed))) // makes given keys unique
			env.Setenv("PLAIN", sys.sim.Plain)
			env.Setenv("API", sys.sim.API)
			env.Setenv("API2", sys.sim.API2)
			env.Setenv("HOSTS", sys.hosts())
			env.Setenv("FACTSERVICE", strings.TrimPrefix(sys.facts.URL, "https://"))
			var ended func()
			if opened != nil {
				ended = opened(s)
			}
			env.Defer(func() {
				if ended != nil {
					ended()
				}
				s.clear()
				sys.close()
				cancel()
			})
			return nil
		},
		Cmds:      commands(),
		Condition: setup.condition,
	}
}

// seedOf mixes a name into a seed.
func seedOf(name string, seed uint64) uint64 {
	mix := fnv.New64a()
	fmt.Fprintf(mix, "%s %d", name, seed)
	return max(1, mix.Sum64()>>1)
}

var queues struct {
	sync.Mutex
	n int
}

func queueNumber() int {
	queues.Lock()
	defer queues.Unlock()
	queues.n++
	return queues.n
}

// id returns the notification ID of a report. It returns a notification ID unchanged.
func (s *story) id(name string) (string, error) {
	s.mu.Lock()
	id, ok := s.reports[name]
	s.mu.Unlock()
	if ok {
		return id, nil
	}
	if strings.Contains(name, ":") {
		return name, nil
	}
	r, err := s.system.sim.report(s.ctx, name)
	if err != nil {
		return "", err
	}
	return r.run(), nil
}

// until waits for a condition, at most for the story's patience.
func (s *story) until(f func() error) error {
	wait := patience
	if s.killing {
		wait = 2 * patience // a killed attempt is repeated after a pause
	}
	ctx, cancel := context.WithTimeout(s.ctx, wait)
	defer cancel()
	return until(ctx, f)
}

// state is a run as Temporal describes it.
type state struct {
	status  enumspb.WorkflowExecutionStatus
	outcome string
	waiting string
	runID   string
}

func (s *story) describe(id string) (state, error) {
	d, err := s.system.setup.temporal.client.DescribeWorkflowExecution(s.ctx, id, "")
	if err != nil {
		return state{}, err
	}
	info := d.GetWorkflowExecutionInfo()
	read := func(name string) string {
		var text string
		if p := info.GetSearchAttributes().GetIndexedFields()[name]; p != nil {
			_ = converter.GetDefaultDataConverter().FromPayload(p, &text)
		}
		return text
	}
	return state{
		status: info.GetStatus(), runID: info.GetExecution().GetRunId(),
		outcome: read(workflows.OutcomeAttribute), waiting: read(workflows.WaitingForAttribute),
	}, nil
}

// closed waits until the latest run has closed, and compares its outcome.
func (s *story) closed(id, outcome string) error {
	return s.until(func() error {
		run, err := s.describe(id)
		switch {
		case err != nil:
			return err
		case run.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return fmt.Errorf("the run of %s is open: %s", id, s.statusText(id))
		case run.outcome != outcome:
			return fmt.Errorf("the run of %s ended %q (%s), want %q", id, run.outcome, run.status, outcome)
		case (outcome == string(expense.Cancelled)) != (run.status == enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED),
			outcome != string(expense.Cancelled) && run.status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
			return final{fmt.Errorf("the run of %s is %s with outcome %q", id, run.status, run.outcome)}
		}
		return nil
	})
}

func (s *story) status(id string) (workflows.Status, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	return workflows.NewClient(s.system.setup.temporal.client, s.system.setup.queue).Status(ctx, id)
}

// statusText returns the status of a run as JSON, for the log of a story.
func (s *story) statusText(id string) string {
	status, err := s.status(id)
	if err != nil {
		return err.Error()
	}
	text, err := json.Marshal(status)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// runs counts the runs of a notification ID.
func (s *story) runs(id string) (int64, error) {
	query := fmt.Sprintf("WorkflowId = '%s'", strings.ReplaceAll(id, "'", "''"))
	n, err := s.system.setup.temporal.client.CountWorkflow(s.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	return n.GetCount(), err
}

// decide posts a decision as an approver does, and returns the status of the answer.
func (s *story) decide(id, token, taskID, decision, comment string) (int, string, error) {
	body, err := json.Marshal(map[string]string{"taskId": taskID, "decision": decision, "comment": comment})
	if err != nil {
		return 0, "", err
	}
	target := s.system.approve + "/api/tasks/" + url.PathEscape(id) + "/decisions"
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(answer)), err
}

// clear ends the runs that a story left open.
func (s *story) clear() {
	c := s.system.setup.temporal.client
	open, err := c.ListWorkflow(s.ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: s.runsQuery() + " AND ExecutionStatus = 'Running'",
	})
	if err != nil {
		return // the server ends with the command
	}
	for _, run := range open.GetExecutions() {
		_ = c.TerminateWorkflow(s.ctx, run.GetExecution().GetWorkflowId(), "", "the story has ended")
	}
}

// runsQuery returns the visibility query for the runs of this test system.
func (s *story) runsQuery() string {
	queue := s.system.setup.queue
	return fmt.Sprintf("TaskQueue IN ('%s', '%s')", queue, workflows.SweepQueue(queue))
}

// evidence returns what helps to understand a failed story.
func (s *story) evidence() string {
	var b strings.Builder
	entries, err := s.system.sim.journal(s.ctx)
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "journal %d: %s %s %s %s report=%s status=%d effect=%t fault=%s %s\n",
			e.N, e.Direction, e.Host, e.Method, e.Endpoint, e.Report, e.Status, e.Effect, e.Fault, e.Note)
	}
	for i, a := range s.system.facts.Requests() {
		fmt.Fprintf(&b, "asked %d: %s id=%s objects=%d fields=%q status=%d\n", i+1, a.Fact, a.ID, a.Items, a.Fields, a.Status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.reports)) {
		fmt.Fprintf(&b, "run of %s: %s\n", name, s.statusText(s.reports[name]))
	}
	return b.String() + s.system.logs()
}

// reset resets a run to its first workflow task, as an operator can.
func (s *story) reset(id string) error {
	run, err := s.describe(id)
	if err != nil {
		return err
	}
	_, err = s.system.setup.temporal.client.ResetWorkflowExecution(s.ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace:                 client.DefaultNamespace,
		WorkflowExecution:         &commonpb.WorkflowExecution{WorkflowId: id, RunId: run.runID},
		Reason:                    "the story does this",
		WorkflowTaskFinishEventId: 3, // the first workflow task
		RequestId:                 fmt.Sprintf("reset-%d", queueNumber()),
	})
	return err
}

// final is an error that waiting cannot fix.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// until calls f until it returns nil or a final error, or ctx ends. It then returns f's
// last error. The pauses between calls grow, so that a long wait costs little.
func until(ctx context.Context, f func() error) error {
	for pause := 20 * time.Millisecond; ; pause = min(pause*3/2, 100*time.Millisecond) {
		err := f()
		var last final
		if err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting: %w", err)
		case <-time.After(pause):
		}
	}
}
