package main

import (
	"bytes"
	"context"
	"encoding/json"
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

// patience is how long a story waits for what must come.
const patience = 45 * time.Second

// stage is one house in which one story is played.
type stage struct {
	ctx   context.Context
	house *house

	// killing is set while the worker is killed on purpose: more requests are made
	// then than the story counts, and nothing else may differ.
	killing bool

	sweeps sync.Once // see sweepOften

	mu      sync.Mutex
	reports map[string]string // name → notification ID
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// params plays one script in a house of its own, torn down when it ends. The name
// of the playing and the seed make the keys of its reports, so that no two playings
// on one Temporal server meet.
//
// opened is told when the house stands and returns what is to be done before it is
// torn down; both may be nil.
func params(ctx context.Context, setup houseSetup, name, file string, opened func(*stage) (ended func())) testscript.Params {
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
			h, err := open(ctx, own, env.WorkDir)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(ctx)
			s := &stage{ctx: ctx, house: h, reports: map[string]string{}}
			env.Values[stageKey{}] = s
			env.Setenv("PLAYING", fmt.Sprintf("%016x", seedOf(own.queue, setup.seed))) // for keys that are given
			env.Setenv("PLAIN", h.sim.Plain)
			env.Setenv("API", h.sim.API)
			env.Setenv("API2", h.sim.API2)
			env.Setenv("HOSTS", h.hosts())
			env.Setenv("COMPANY", strings.TrimPrefix(h.company.URL, "https://"))
			var ended func()
			if opened != nil {
				ended = opened(s)
			}
			env.Defer(func() {
				if ended != nil {
					ended()
				}
				s.clear()
				h.close()
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

// id returns the notification ID of a report, or what was given when it is one.
func (s *stage) id(name string) (string, error) {
	s.mu.Lock()
	id, ok := s.reports[name]
	s.mu.Unlock()
	if ok {
		return id, nil
	}
	if strings.Contains(name, ":") {
		return name, nil
	}
	r, err := s.house.sim.report(s.ctx, name)
	if err != nil {
		return "", err
	}
	return r.run(), nil
}

// until waits for a condition, at most for the story's patience.
func (s *stage) until(f func() error) error {
	wait := patience
	if s.killing {
		wait = 2 * patience // a killed attempt is made again, after a pause
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

func (s *stage) describe(id string) (state, error) {
	d, err := s.house.setup.temporal.client.DescribeWorkflowExecution(s.ctx, id, "")
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

// closed waits until the latest run has closed and compares its outcome.
func (s *stage) closed(id, outcome string) error {
	return s.until(func() error {
		run, err := s.describe(id)
		switch {
		case err != nil:
			return err
		case run.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return fmt.Errorf("the run of %s is open: %s", id, s.tell(id))
		case run.outcome != outcome:
			return fmt.Errorf("the run of %s ended %q (%s), not %q", id, run.outcome, run.status, outcome)
		case (outcome == string(expense.Cancelled)) != (run.status == enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED),
			outcome != string(expense.Cancelled) && run.status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
			return final{fmt.Errorf("the run of %s is %s with outcome %q", id, run.status, run.outcome)}
		}
		return nil
	})
}

func (s *stage) status(id string) (workflows.Status, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	return workflows.NewClient(s.house.setup.temporal.client, s.house.setup.queue).Status(ctx, id)
}

// tell is what a run says of itself, for the transcript of a story.
func (s *stage) tell(id string) string {
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

// runs counts the runs that a notification ID has had.
func (s *stage) runs(id string) (int64, error) {
	query := fmt.Sprintf("WorkflowId = '%s'", strings.ReplaceAll(id, "'", "''"))
	n, err := s.house.setup.temporal.client.CountWorkflow(s.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	return n.GetCount(), err
}

// decide posts a decision as an approver does and returns the answer's status.
func (s *stage) decide(id, taskID, decision, comment string) (int, string, error) {
	body, err := json.Marshal(map[string]string{"taskId": taskID, "decision": decision, "comment": comment})
	if err != nil {
		return 0, "", err
	}
	target := s.house.internal + "/approvals/" + url.PathEscape(id) + "/decisions"
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.house.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(answer)), err
}

// clear ends the runs that a story left open.
func (s *stage) clear() {
	c := s.house.setup.temporal.client
	open, err := c.ListWorkflow(s.ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: s.ours() + " AND ExecutionStatus = 'Running'",
	})
	if err != nil {
		return // the server goes away with the command
	}
	for _, run := range open.GetExecutions() {
		_ = c.TerminateWorkflow(s.ctx, run.GetExecution().GetWorkflowId(), "", "the story has ended")
	}
}

// ours is the visibility query of the house's runs.
func (s *stage) ours() string {
	queue := s.house.setup.queue
	return fmt.Sprintf("TaskQueue IN ('%s', '%s')", queue, workflows.SweepQueue(queue))
}

// evidence is what a story that failed leaves to look at.
func (s *stage) evidence() string {
	var b strings.Builder
	entries, err := s.house.sim.journal(s.ctx)
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "journal %d: %s %s %s %s report=%s status=%d effect=%t fault=%s %s\n",
			e.N, e.Direction, e.Host, e.Method, e.Endpoint, e.Report, e.Status, e.Effect, e.Fault, e.Note)
	}
	for i, a := range s.house.company.Asked() {
		fmt.Fprintf(&b, "asked %d: %s id=%s objects=%d fields=%q status=%d\n", i+1, a.Fact, a.ID, a.Items, a.Fields, a.Status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.reports)) {
		fmt.Fprintf(&b, "run of %s: %s\n", name, s.tell(s.reports[name]))
	}
	return b.String() + s.house.logs()
}

// reset resets a run to its first workflow task, as an operator may.
func (s *stage) reset(id string) error {
	run, err := s.describe(id)
	if err != nil {
		return err
	}
	_, err = s.house.setup.temporal.client.ResetWorkflowExecution(s.ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace:                 client.DefaultNamespace,
		WorkflowExecution:         &commonpb.WorkflowExecution{WorkflowId: id, RunId: run.runID},
		Reason:                    "the story asks for it",
		WorkflowTaskFinishEventId: 3, // the first workflow task, at which the run began
		RequestId:                 fmt.Sprintf("reset-%d", queueNumber()),
	})
	return err
}
