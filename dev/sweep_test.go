package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"concur-connector/workflows"
)

// sweepSizes are the lengths of the failed lists that TestASweepOfThousands sweeps, one
// after the other. SWEEP_SIZES=1000,10000 (make sweep) takes some minutes.
func sweepSizes(t *testing.T) []int {
	t.Helper()
	return sizesOf(t, "SWEEP_SIZES", "60,240")
}

// callouts is how many callouts are timed before a sweep, and again during the sweep.
const callouts = 7

// sweepFigures are the measurements of one sweep.
type sweepFigures struct {
	size      int
	result    workflows.SweepResult
	sweep     time.Duration // until all runs were started
	all       time.Duration // until all reports were decided and all entries deleted
	runs      int           // of the sweep: it continues as new
	events    int64         // of its longest history
	bytes     int64         // of its largest history
	peak      int64         // KiB of the worker's resident memory
	quiet     time.Duration // median time of a callout before the sweep, from the report's submission
	meanwhile time.Duration // the same during the sweep
}

// TestASweepOfThousands sweeps failed lists of different lengths with the real programs.
// Each report must be decided once. The sweep's histories and the worker's memory must not
// grow with the list, and a callout must not wait behind the sweep.
func TestASweepOfThousands(t *testing.T) {
	suite := theSuite(t) // not parallel, because it measures
	var seen []sweepFigures
	for i, size := range sweepSizes(t) {
		f := sweepOf(t, suite, size, fmt.Sprintf("thousands-%d-%d", i, size))
		seen = append(seen, f)
		fmt.Printf("sweep of %d: swept in %s, all done in %s; sweep: %d runs of at most %d events, %d KiB; worker: %d MiB at most; a callout: %s, and %s meanwhile\n",
			f.size, f.sweep.Round(10*time.Millisecond), f.all.Round(10*time.Millisecond), f.runs, f.events, f.bytes>>10, f.peak>>10,
			f.quiet.Round(time.Millisecond), f.meanwhile.Round(time.Millisecond))
	}
	first, last := seen[0], seen[len(seen)-1]
	// A part of 200 entries has one activity that lists and one that starts runs. One
	// history has at most five parts, so from 1,000 entries on none gets longer or larger.
	const most = 5*12 + 12
	require.LessOrEqual(t, last.events, int64(most))
	if first.size >= 1000 {
		require.LessOrEqual(t, last.events, first.events+10)
		require.LessOrEqual(t, last.bytes, first.bytes+first.bytes/10)
	}
	if runtime.GOOS == "linux" {
		require.Less(t, last.peak, first.peak+first.peak/2, "the worker's memory does not grow with the list")
	}
}

func sweepOf(t *testing.T, suite *suite, size int, name string) sweepFigures {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Minute)
	defer cancel()
	setup := suite.setup()
	setup.queue, setup.sweep, setup.seed = name, "off", seedOf(name, setup.seed)
	sys, err := open(ctx, setup, t.TempDir())
	require.NoError(t, err)
	defer sys.close()
	s := &story{ctx: ctx, system: sys, reports: map[string]string{}}
	defer s.clear()
	sys.stopWorker()
	sys.workerEnv = []string{"CONCUR_REQUESTS_PER_SECOND=600", "CONCUR_SWEEP_SHARE=0.5", "CONCUR_CACHED_RUNS=100"}
	require.NoError(t, sys.startWorker(ctx))
	pid := programOf(sys.worker.cmd.Process.Pid)

	f := sweepFigures{size: size}
	f.quiet = median(s.callouts(t, "before", callouts))
	list := fmt.Sprintf("name: lost\ncopies: %d\nfailed: true\nentries: [{type: MEALS, amount: \"42.50\", receipt: true}]\n", size)
	require.NoError(t, sys.sim.do(ctx, http.MethodPost, "/reports", []byte(list), nil))

	stop := make(chan struct{})
	peak := watchMemory(pid, stop)
	began := time.Now()
	id := workflows.SweepScheduleID(setup.queue) + "-measured"
	run, err := sys.setup.temporal.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.SweepQueue(setup.queue),
	}, workflows.SweepFailedNotifications)
	require.NoError(t, err)
	during := make(chan []time.Duration)
	go func() { during <- s.callouts(t, "during", callouts) }()
	require.NoError(t, run.Get(ctx, &f.result))
	f.sweep = time.Since(began)
	f.meanwhile = median(<-during)
	require.Equal(t, size, f.result.Found, "%+v", f.result)
	require.Equal(t, size, f.result.Started+f.result.Signaled, "%+v", f.result)

	var sum simSummary
	for {
		require.NoError(t, sys.sim.do(ctx, http.MethodGet, "/summary", nil, &sum))
		if sum.Failed == 0 {
			break
		}
		select {
		case <-time.After(200 * time.Millisecond): // the summary offers no wait
		case <-ctx.Done():
			t.Fatalf("after %s: %+v\n%s", time.Since(began), sum, sys.logs())
		}
	}
	f.all = time.Since(began)
	close(stop)
	f.peak = <-peak

	require.Equal(t, simDecided{Once: size + 2*callouts}, sum.Decisions, "each report is decided once")
	require.GreaterOrEqual(t, sum.Requests["failed-delete"], size)
	require.Zero(t, sum.Violations)
	f.runs, f.events, f.bytes = s.histories(t, id)
	return f
}

// callouts submits reports, one after the other, and returns how long each decision took.
func (s *story) callouts(t *testing.T, name string, n int) (took []time.Duration) {
	for i := range n {
		began := time.Now()
		one := fmt.Sprintf("%s-%d", name, i)
		_, err := s.system.sim.add(s.ctx, fmt.Appendf(nil, "name: %s\nentries: [{type: MEALS, amount: \"12.50\", receipt: true}]\n", one))
		if err == nil {
			err = s.system.sim.do(s.ctx, http.MethodGet, "/reports/"+url.PathEscape(one)+"?wait=30s&until=decisions:1", nil, nil)
		}
		if err != nil {
			t.Errorf("callout of %s: %v", one, err)
			return took
		}
		took = append(took, time.Since(began))
	}
	return took
}

func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// histories returns the number of runs of a workflow ID, and the length and size of their
// largest history.
func (s *story) histories(t *testing.T, id string) (runs int, events, bytes int64) {
	t.Helper()
	var list *workflowservice.ListWorkflowExecutionsResponse
	require.NoError(t, s.until(func() (err error) {
		list, err = s.system.setup.temporal.client.ListWorkflow(s.ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus != 'Running'", id),
		})
		if err == nil && len(list.GetExecutions()) == 0 {
			err = fmt.Errorf("no run of %s has closed", id)
		}
		return err
	}))
	for _, run := range list.GetExecutions() {
		runs++
		events, bytes = max(events, run.GetHistoryLength()), max(bytes, run.GetHistorySizeBytes())
	}
	return runs, events, bytes
}

// watchMemory returns the largest resident memory of a process, in KiB, once stop is
// closed. It returns 0 without /proc.
func watchMemory(pid int, stop <-chan struct{}) <-chan int64 {
	most := make(chan int64, 1)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var peak int64
		for {
			peak = max(peak, resident(pid))
			select {
			case <-tick.C:
			case <-stop:
				most <- peak
				return
			}
		}
	}()
	return most
}

func resident(pid int) int64 { return memory(pid, "VmRSS:") }

// memory reads one of the kernel's counts about a process, in KiB.
func memory(pid int, line string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for one := range strings.Lines(string(status)) {
		if fields := strings.Fields(one); len(fields) > 1 && fields[0] == line {
			n, _ := strconv.ParseInt(fields[1], 10, 64) // 0 means unknown
			return n
		}
	}
	return 0
}

// programOf returns the process ID of a keeper's program; 0 without /proc.
func programOf(keeper int) int {
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", keeper))
	for _, file := range children {
		text, _ := os.ReadFile(file)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			return pid
		}
	}
	return 0
}
