package approvals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	workflowpb "go.temporal.io/api/workflow/v1"
	"golang.org/x/sync/errgroup"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/internal/record"
)

// exported is the answer of `approvals export`.
type exported struct {
	File  string `json:"file"`
	Added int    `json:"added"` // lines
	head
	Unread []string `json:"unread"` // the notification IDs of runs whose record could not be read
}

const (
	readAtOnce  = 8                // runs that are read at one time
	readTimeout = 15 * time.Second // for one of them
)

func exportCommand() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Add what happened to all tasks to a file whose lines are chained by hashes",
		Long: `Reads the record of every run of this deployment from Temporal, and adds to FILE each event
that FILE does not contain: who decided what, verified how, on whose behalf, when, why, under
which rules, on which revision; and reminders, escalations, withdrawals and refused decisions.
Events stand in the order of their time. Calling the command again adds only what is new. It
does not change the lines that are there, and first checks them; if somebody has changed one,
it adds nothing, and the exit status is 3.

Temporal forgets a closed run after the retention of the namespace: call this more often than
that, or have the workers export continuously (CONCUR_RECORD_FILE, CONCUR_RECORD_URL). FILE may
be the file of CONCUR_RECORD_FILE.

A closed run can be read without a worker. An open run answers only while a worker runs. If a
run cannot be read, the others are exported, the command names the run, and the exit status
is 1: call it again.

--from and --to limit the events by their time: a date (in UTC) or a time such as
2026-11-30T08:00:00Z. The record then has gaps, which later calls without them fill at its end.

Keep the number of lines and the head that the command prints: with them, approvals verify finds
lines that are removed from the end.`,
		Example: `  concurctl approvals export decisions.jsonl
  concurctl approvals export november.jsonl --from 2026-11-01 --to 2026-12-01 -o json`,
		Args: cli.ExactArgs(1, "the FILE of the record"),
		RunE: func(cmd *cobra.Command, args []string) error {
			between, err := parsePeriod(from, to)
			if err != nil {
				return err
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			e, err := export(cmd.Context(), d, args[0], between, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := cli.Show(cmd, e, e.print); err != nil {
				return err
			}
			return e.complete()
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "only events at or after this date or time")
	cmd.Flags().StringVar(&to, "to", "", "only events before this date or time")
	return cmd
}

// export adds to the file what it does not contain.
func export(ctx context.Context, d *cli.Deployment, path string, between period, errs io.Writer) (exported, error) {
	file := record.NewFile(path, nil)
	before, err := file.Read(ctx)
	if err != nil {
		return exported{}, exportError(err)
	}
	entries, unread, err := readRuns(ctx, d, between, errs)
	if err != nil {
		return exported{}, err
	}
	after, err := file.Append(ctx, entries...)
	if err != nil {
		return exported{}, exportError(err)
	}
	return exported{File: path, Added: after.Lines - before.Lines, head: head{after.Lines, after.Hash}, Unread: unread}, nil
}

// complete returns an error if a run could not be read.
func (e exported) complete() error {
	if n := len(e.Unread); n > 0 {
		return fmt.Errorf("%s could not be read, such as that of %s: call this again once a worker runs", cli.Count(n, "run"), e.Unread[0])
	}
	return nil
}

func (e exported) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s added; %s\n", e.File, cli.Count(e.Added, "line"), e.head)
}

func exportError(err error) error {
	var fault *record.Fault
	if errors.As(err, &fault) {
		return broken(err)
	}
	return err
}

// period is a time from and a time before. A zero time is no limit.
type period struct{ from, to time.Time }

func (p period) contains(t time.Time) bool {
	return !t.Before(p.from) && (p.to.IsZero() || t.Before(p.to))
}

func parsePeriod(from, to string) (p period, err error) {
	for _, flag := range []struct {
		name, text string
		into       *time.Time
	}{{"--from", from, &p.from}, {"--to", to, &p.to}} {
		if flag.text == "" {
			continue
		}
		if *flag.into, err = time.Parse(time.DateOnly, flag.text); err != nil {
			if *flag.into, err = time.Parse(time.RFC3339, flag.text); err != nil {
				return p, fmt.Errorf("%s %q is neither a date such as 2026-11-30 nor a time such as 2026-11-30T08:00:00Z", flag.name, flag.text)
			}
		}
	}
	if !p.to.IsZero() && !p.from.Before(p.to) {
		return p, errors.New("--from is not before --to")
	}
	return p, nil
}

// readRuns reads the events of all runs, in the order of their time.
func readRuns(ctx context.Context, d *cli.Deployment, between period, errs io.Writer) (entries []record.Entry, unread []string, err error) {
	var all []*workflowpb.WorkflowExecutionInfo
	for run, err := range d.Runs.RecordedRuns(ctx, between.from) {
		if err != nil {
			return nil, nil, fmt.Errorf("list the runs: %w", err)
		}
		all = append(all, run)
	}
	bar := cli.NewProgress(errs, "reading the runs", len(all))
	defer bar.End()
	var mu sync.Mutex
	unread = []string{}
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(readAtOnce)
	for _, run := range all {
		reading.Go(func() error {
			defer bar.Step()
			one, err := readRun(ctx, d, run, between)
			mu.Lock()
			defer mu.Unlock()
			entries = append(entries, one...)
			if err != nil {
				unread = append(unread, run.GetExecution().GetWorkflowId())
			}
			return ctx.Err()
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, nil, fmt.Errorf("read the runs: %w", err)
	}
	slices.SortFunc(entries, func(a, b record.Entry) int {
		return cmp.Or(a.Event.At.Compare(b.Event.At), cmp.Compare(a.NotificationID, b.NotificationID),
			cmp.Compare(a.RunID, b.RunID), cmp.Compare(a.Event.Number, b.Event.Number))
	})
	slices.Sort(unread)
	return entries, unread, nil
}

func readRun(ctx context.Context, d *cli.Deployment, run *workflowpb.WorkflowExecutionInfo, between period) (entries []record.Entry, _ error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	r, err := d.Runs.RecordOf(ctx, run)
	if err != nil {
		return nil, err
	}
	for _, e := range r.Events {
		if between.contains(e.At) {
			entries = append(entries, record.Entry{
				NotificationID: r.NotificationID, RunID: r.RunID, ReportID: r.ReportID, Event: e, Outcome: r.Outcome, Cause: r.Cause,
			})
		}
	}
	return entries, nil
}
