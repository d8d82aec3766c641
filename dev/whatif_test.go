package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/workflows"
)

// whatIfFigures are the measurements of one what-if.
type whatIfFigures struct {
	size   int
	made   time.Duration // making the past runs
	took   time.Duration
	peak   int64 // KiB of resident memory
	result struct {
		Runs, Same, Changed, Unknown int
		Kinds, Added                 map[string]int
		Skipped                      map[string]int
	}
}

// TestWhatIfOverThousandsOfRuns evaluates past runs with changed rules, through the real
// concurctl. The result must be right, and the memory must not grow with the runs.
// WHATIF_SIZES=1000,10000 (make what-if) takes half an hour, because it must first make the
// runs.
func TestWhatIfOverThousandsOfRuns(t *testing.T) {
	suite := theSuite(t) // not parallel, because it measures
	var seen []whatIfFigures
	for i, size := range sizesOf(t, "WHATIF_SIZES", "40,120") {
		f := whatIfOver(t, suite, size, fmt.Sprintf("what-if-%d-%d", i, size))
		seen = append(seen, f)
		fmt.Printf("what-if over %d runs: made in %s; evaluated in %s: %d the same, %d changed, %d unknown; concurctl: %.1f MiB at most\n",
			f.size, f.made.Round(100*time.Millisecond), f.took.Round(100*time.Millisecond),
			f.result.Same, f.result.Changed, f.result.Unknown, float64(f.peak)/1024)
	}
	if runtime.GOOS == "linux" {
		first, last := seen[0], seen[len(seen)-1]
		require.Positive(t, last.peak)
		require.Less(t, last.peak, first.peak+first.peak/2, "the memory does not grow with the runs")
		require.Less(t, last.peak, int64(256<<10), "the memory stays below 256 MiB")
	}
}

// sizesOf reads sizes such as 1000,10000 from the environment.
func sizesOf(t *testing.T, name, otherwise string) (sizes []int) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		text = otherwise
	}
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		require.NoError(t, err, name)
		sizes = append(sizes, n)
	}
	return sizes
}

func whatIfOver(t *testing.T, suite *suite, size int, queue string) whatIfFigures {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Minute)
	defer cancel()
	f := whatIfFigures{size: size}
	began := time.Now()
	makePast(ctx, t, suite, size, queue)
	f.made = time.Since(began)

	old, err := os.ReadFile(suite.setup().rules)
	require.NoError(t, err)
	// Every fourth report has an entry of 60.00 without a receipt, which is now a
	// violation. Another quarter has alcohol, and is sent back as before.
	changed := filepath.Join(t.TempDir(), "changed.yaml")
	text := strings.Replace(string(old), `money("75.00", report.currency)`, `money("50.00", report.currency)`, 1)
	require.NotEqual(t, string(old), text)
	require.NoError(t, os.WriteFile(changed, []byte(text), 0o600))
	lines := filepath.Join(t.TempDir(), "changed.jsonl")

	cmd := exec.CommandContext(ctx, suite.binaries.concurctl, "rules", "what-if", changed,
		"--query", "TaskQueue = '"+queue+"'", "--rate", "1000/s", "--out", lines, "-o", "json")
	cmd.Env = []string{"TEMPORAL_ADDRESS=" + suite.temporal.address, "CONCUR_TASK_QUEUE=" + queue}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	began = time.Now()
	require.NoError(t, cmd.Start())
	stop := make(chan struct{})
	peak := watchPeak(cmd.Process.Pid, stop)
	failed := cmd.Wait()
	f.took = time.Since(began)
	close(stop)
	f.peak = <-peak
	require.NoError(t, failed, errs.String())
	require.NoError(t, json.Unmarshal([]byte(out.String()), &f.result))

	require.Equal(t, size, f.result.Runs)
	require.Equal(t, size/4, f.result.Changed, "%+v", f.result)
	require.Equal(t, size-size/4, f.result.Same)
	require.Zero(t, f.result.Unknown)
	require.Equal(t, map[string]int{"NORECPT": size / 4}, f.result.Added)
	written, err := os.ReadFile(lines)
	require.NoError(t, err)
	require.Equal(t, size/4, strings.Count(string(written), "\n"))
	return f
}

// makePast lets the real workflows process that many notifications, with activities that
// call nobody.
func makePast(ctx context.Context, t *testing.T, suite *suite, size int, queue string) {
	t.Helper()
	rules, err := policy.Load(suite.setup().rules)
	require.NoError(t, err)
	c := suite.temporal.client
	for _, name := range []string{queue, workflows.ConcurQueue(queue)} {
		w := worker.New(c, name, worker.Options{
			MaxConcurrentWorkflowTaskPollers: 8, MaxConcurrentActivityTaskPollers: 8, DisableRegistrationAliasing: true,
		})
		settled := workflows.Workflows{Settings: workflows.DefaultSettings()}
		w.RegisterWorkflowWithOptions(settled.ProcessNotification, workflow.RegisterOptions{Name: workflows.ProcessNotification})
		for activityName, does := range pastActivities(rules) {
			w.RegisterActivityWithOptions(does, activity.RegisterOptions{Name: activityName})
		}
		require.NoError(t, w.Start())
		defer w.Stop()
	}
	starting, within := errgroup.WithContext(ctx)
	starting.SetLimit(16)
	for i := range size {
		starting.Go(func() error {
			key := fmt.Sprintf("%s-%d", queue, i)
			_, err := c.ExecuteWorkflow(within, client.StartWorkflowOptions{ID: "EXPRPT:" + key, TaskQueue: queue}, workflows.ProcessNotification,
				workflows.ProcessInput{Notification: expense.Notification{
					Kind: expense.ReportObject, Key: key, ObjectURI: "https://127.0.0.1/api/expense/expensereport/v1.1/reportfulldetails/" + key, EventType: "SUBMIT",
				}})
			return err
		})
	}
	require.NoError(t, starting.Wait())
	query := fmt.Sprintf("TaskQueue = '%s' AND ExecutionStatus = 'Completed'", queue)
	for {
		done, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		require.NoError(t, err)
		if int(done.GetCount()) == size {
			return
		}
		select {
		case <-time.After(200 * time.Millisecond): // visibility offers no wait
		case <-ctx.Done():
			t.Fatalf("%d of %d runs have ended", done.GetCount(), size)
		}
	}
}

// pastActivities make reports from their keys, evaluate them by the rules, and write
// nothing.
func pastActivities(rules *policy.Policy) map[string]any {
	ofReports, _ := rules.StoredFields()
	return map[string]any{
		workflows.FetchReport: func(ctx context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
			report := rules.SelectFields(pastReport(in.ObjectURI))
			return expense.FetchedReport{
				Answer:      answerOf(ctx),
				ReportState: expense.ReportState{Status: expense.StatusExternalValidation, ValidationID: report.ValidationID()},
				ReportID:    report.ID, Revision: report.Revision(), ContentHash: report.ContentHash(), Report: report,
				RulesHash: rules.Hash(), StoredFields: ofReports, Via: expense.V1,
			}, nil
		},
		workflows.HandOverRun: func(ctx context.Context, _ expense.HandOverRunInput) (expense.HandedOverRun, error) {
			return expense.HandedOverRun{Answer: answerOf(ctx)}, nil
		},
		workflows.ValidateReport: func(ctx context.Context, in expense.ValidateReportInput) (expense.EvaluationResult, error) {
			v := rules.Evaluate(policy.Input{Report: in.Report, EventType: in.EventType, At: in.At, Facts: in.Facts})
			return expense.EvaluationResult{Answer: answerOf(ctx), Verdict: &v}, nil
		},
		workflows.PostExceptions: func(ctx context.Context, in expense.PostExceptionsInput) (expense.PostedExceptions, error) {
			posted := expense.PostedExceptions{Answer: answerOf(ctx)}
			for _, x := range in.Exceptions {
				posted.Items = append(posted.Items, expense.PostedException{Exception: x, State: expense.Posted})
			}
			return posted, nil
		},
		workflows.TakeAction: func(ctx context.Context, _ expense.TakeActionInput) (expense.ActionTaken, error) {
			return expense.ActionTaken{Answer: answerOf(ctx)}, nil
		},
	}
}

// answerOf names the activity; without the name a run does not use the result.
func answerOf(ctx context.Context) expense.Answer {
	info := activity.GetInfo(ctx)
	return expense.Answer{Of: expense.ActivityName(info.WorkflowExecution.ID, info.ActivityID)}
}

// pastReport has twenty entries. Its number decides what is special about it.
func pastReport(uri string) *expense.Report {
	n, err := strconv.Atoi(uri[strings.LastIndexByte(uri, '-')+1:])
	if err != nil {
		panic(err)
	}
	money := func(cents int64) *expense.Money {
		return &expense.Money{Amount: decimal.New(cents, -2), Currency: "USD"}
	}
	r := &expense.Report{
		ID: fmt.Sprintf("R%d", n), Key: fmt.Sprintf("K%d", n), Currency: "USD", Status: expense.StatusExternalValidation, Total: money(90_000),
		ActionURL: fmt.Sprintf("https://127.0.0.1/api/expense/expensereport/v1.1/report/K%d/workflowaction", n),
	}
	for i := range 20 {
		r.Entries = append(r.Entries, expense.Entry{
			ID: fmt.Sprintf("K%d-%d", n, i), Type: "TAXI", Posted: money(4_500), HasReceipt: new(i%2 == 0),
		})
	}
	switch n % 4 {
	case 1:
		r.Entries[1].Posted = money(6_000)
	case 2:
		r.Entries[2].Type = "ALCOH"
	}
	return r
}

// watchPeak returns the peak resident memory of a process, in KiB, once stop is closed. It
// returns 0 without /proc. The kernel counts the peak, so only a peak in the last moments
// can be missed.
func watchPeak(pid int, stop <-chan struct{}) <-chan int64 {
	most := make(chan int64, 1)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var peak int64
		for {
			peak = max(peak, memory(pid, "VmHWM:"))
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
