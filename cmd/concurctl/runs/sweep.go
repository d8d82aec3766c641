package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

func failedSweepCommand() *cobra.Command {
	var readOnly bool
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Sweep the failed list now, and wait for the summary",
		Long: `Starts SweepFailedNotifications and waits for its result. The sweep starts a run for each
notification of the failed list, or signals the run that is open. It deletes nothing: each
run deletes its own entries at its end. The sweep then starts runs for missed reports: those
that wait in Concur for longer than CONCUR_MISSED_AFTER and that no run handles. If the
rules evaluate travel requests, it starts runs for those that wait. If a sweep of this
command is still running, the command waits for that sweep and starts no other.

With --read-only the sweep only counts, and starts no run.`,
		Example: `  concurctl failed-notifications sweep
  concurctl failed-notifications sweep --read-only -o json`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.LoadWorker() // of it only the grace, as the schedule has it
			if err := cli.ConfigError(err, "CONCUR_MISSED_AFTER"); err != nil {
				return err
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			if err := d.RequirePoller(cmd.Context(), workflows.SweepQueue(d.TaskQueue)); err != nil {
				return err
			}
			bar := cli.NewProgress(cmd.ErrOrStderr(), "sweeping the failed list", 0)
			result, err := sweep(cmd.Context(), d, workflows.SweepInput{ReadOnly: readOnly, MissedAfter: cfg.MissedAfter}, bar)
			bar.End()
			if err != nil {
				return err
			}
			return cli.Show(cmd, result, func(w io.Writer) { printSweep(w, result, readOnly) })
		},
	}
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "count, and start no run")
	return cmd
}

// sweep plays one sweep to its end. A sweep goes on in Temporal when ctx ends.
func sweep(ctx context.Context, d *cli.Deployment, input workflows.SweepInput, bar *cli.Progress) (workflows.SweepResult, error) {
	id := workflows.SweepScheduleID(d.TaskQueue) + "-by-hand"
	if input.ReadOnly {
		id += "-read-only"
	}
	var result workflows.SweepResult
	run, err := d.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                workflows.SweepQueue(d.TaskQueue),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "Sweep of the failed list, started by hand",
	}, workflows.SweepFailedNotifications, input)
	if err != nil {
		return result, fmt.Errorf("start the sweep: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Get(ctx, &result) }()
	tick := time.NewTicker(askedHowFar)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			howFar(ctx, d, id, bar)
		case err := <-ended:
			switch {
			case ctx.Err() != nil || errors.Is(err, context.Canceled):
				return result, fmt.Errorf("no longer waiting for the sweep, which goes on in Temporal as %s", id)
			case err != nil:
				return result, fmt.Errorf("wait for the sweep %s: %w", id, err)
			}
			return result, nil
		}
	}
}

// askedHowFar is how often a sweep is asked how far it is.
const askedHowFar = time.Second

// howFar shows what a sweep has done so far. One that does not answer goes on.
func howFar(ctx context.Context, d *cli.Deployment, id string, bar *cli.Progress) {
	if bar.Silent() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askedHowFar)
	defer cancel()
	var r workflows.SweepResult
	answer, err := d.Temporal.QueryWorkflow(ctx, id, "", workflows.StatusQuery)
	if err == nil && answer.Get(&r) == nil {
		bar.Say(fmt.Sprintf("found %d, %d started, %d signaled, %d skipped", r.Found, r.Started, r.Signaled, r.Skipped))
		return
	}
	bar.Tick()
}

func printSweep(w io.Writer, r workflows.SweepResult, readOnly bool) {
	others := ""
	if r.NotOurs > 0 {
		others = fmt.Sprintf(", %d not ours", r.NotOurs)
	}
	if readOnly {
		fmt.Fprintf(w, "found %d%s, %d unreadable; nothing was started\n", r.Found, others, r.Unreadable)
	} else {
		fmt.Fprintf(w, "found %d: %d started, %d signaled, %d skipped%s, %d unreadable, %d failed\n",
			r.Found, r.Started, r.Signaled, r.Skipped, others, r.Unreadable, r.Failed)
	}
	for _, why := range r.Why {
		uri := why.NotificationURI
		if uri == "" {
			uri = "an entry without a URI"
		}
		fmt.Fprintf(w, "  %s: %s\n", cli.Plain(uri), cli.Plain(why.Reason))
	}
	if more := r.Unreadable + r.NotOurs + r.Failed - len(r.Why); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
	printMissed(w, r, readOnly)
	printUnannounced(w, r)
	printRequests(w, r, readOnly)
}

// printMissed prints the missed reports: they wait in Concur and no run handles them.
func printMissed(w io.Writer, r workflows.SweepResult, readOnly bool) {
	if r.Waiting > 0 {
		fmt.Fprintf(w, "%s in Concur for long; no run handles %d", waits(r.Waiting, "report"), r.Missed)
		if r.Undetermined > 0 {
			fmt.Fprintf(w, "; the next sweep determines %d more", r.Undetermined)
		}
		if r.Missed > 0 && !readOnly {
			fmt.Fprintf(w, "; %d started", r.MissedStarted)
		}
		fmt.Fprintln(w)
	}
	for _, report := range r.Reports {
		fmt.Fprintf(w, "  report %s\n", cli.Plain(report))
	}
	if more := r.Missed - len(r.Reports); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
	if r.NotStartedReason != "" {
		fmt.Fprintf(w, "no run was started for some of them: %s\n", cli.Plain(r.NotStartedReason))
	}
	if r.NotCheckedReason != "" {
		fmt.Fprintf(w, "missed reports could not be listed: %s\n", cli.Plain(r.NotCheckedReason))
	}
}

// printUnannounced prints what was skipped because it may be another connector's.
func printUnannounced(w io.Writer, r workflows.SweepResult) {
	if r.Unannounced+r.UnannouncedRequests == 0 {
		return
	}
	var waiting []string
	if r.Unannounced > 0 {
		waiting = append(waiting, waits(r.Unannounced, "report"))
	}
	if r.UnannouncedRequests > 0 {
		waiting = append(waiting, waits(r.UnannouncedRequests, "travel request"))
	}
	fmt.Fprintf(w, "%s with a policy for which no callout of this deployment was ever received: skipped\n", strings.Join(waiting, ", and "))
	for _, report := range r.UnannouncedReports {
		fmt.Fprintf(w, "  report %s\n", cli.Plain(report))
	}
	if more := r.Unannounced - len(r.UnannouncedReports); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
	for _, policy := range r.UnannouncedPolicies {
		fmt.Fprintf(w, "  policy %s\n", cli.Plain(policy))
	}
	fmt.Fprintln(w, "if they are for this deployment: concurctl steps add --policy POLICY, or CONCUR_OWN_STEPS")
}

// printRequests prints the travel requests that wait.
func printRequests(w io.Writer, r workflows.SweepResult, readOnly bool) {
	switch {
	case r.Requests > 0 && readOnly:
		fmt.Fprintf(w, "%s for the connector\n", waits(r.Requests, "travel request"))
	case r.Requests > 0:
		fmt.Fprintf(w, "%s for the connector: %d started\n", waits(r.Requests, "travel request"), r.RequestsStarted)
	}
	if r.RequestsSkipped > 0 {
		fmt.Fprintf(w, "%s skipped that a person may want to check. The last is %s\n", cli.Count(r.RequestsSkipped, "travel request"), cli.Plain(r.RequestsSkippedReason))
	}
	if r.RequestsNotCheckedReason != "" {
		fmt.Fprintf(w, "travel requests could not be listed: %s\n", cli.Plain(r.RequestsNotCheckedReason))
	}
}

func waits(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " waits"
	}
	return cli.Count(n, thing) + " wait"
}
