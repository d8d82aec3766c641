package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/workflows"
)

func dryRunCommand() *cobra.Command {
	return cli.Group("dry-run", "Handle the reports that had only a dry run",
		`While CONCUR_WRITES is dry-run, and for owners outside CONCUR_TEST_USERS, a run reports what
it would write and ends. Its report or travel request still waits in Concur. These commands
list such reports, and start runs for them once writes are on.`,
		`  concurctl dry-run list
  concurctl dry-run start --all --rate 2/s`,
		dryRunListCommand(), dryRunStartCommand())
}

func dryRunListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the reports that had only a dry run",
		Long: `Lists the notifications whose run has ended as dry-run, the newest first. Another run may
have followed; dry-run start skips those.`,
		Example: `  concurctl dry-run list -o json | jq length`,
		Args:    cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			shown, err := d.Runs.DryRuns(cmd.Context())
			if err != nil {
				return err
			}
			return cli.Show(cmd, shown, func(w io.Writer) { printShown(w, shown) })
		},
	}
}

func printShown(w io.Writer, shown []workflows.DryRunResult) {
	if len(shown) == 0 {
		fmt.Fprintln(w, "no report had only a dry run")
		return
	}
	var rows [][]string
	for _, run := range shown {
		rows = append(rows, []string{run.NotificationID, run.ReportID, cli.FormatTime(run.Closed)})
	}
	cli.Table(w, []string{"NOTIFICATION", "REPORT", "DRY RUN"}, rows)
}

func dryRunStartCommand() *cobra.Command {
	var all bool
	var rate string
	cmd := &cobra.Command{
		Use:   "start ID...",
		Short: "Start runs for reports that had only a dry run, at a controlled rate",
		Long: `Starts a run for each notification whose last run ended as dry-run, on the queues of the
sweeps. Give notification IDs, or --all. A notification that another run has followed is
skipped and counted. If the report has left its validation step meanwhile, the run only
reads it. While writes are still off, the new run is a dry run too.`,
		Example: `  concurctl dry-run start 'EXPRPT:nRWlPQq4RH9EG$sbzp89HyD$plmWvBq'
  concurctl dry-run start --all --rate 30/m`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			pause, err := cli.ParseRate(rate)
			switch {
			case err != nil:
				return err
			case all == (len(ids) > 0):
				return errors.New("give the notification IDs to start, or --all, and not both")
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			if all {
				shown, err := d.Runs.DryRuns(cmd.Context())
				if err != nil {
					return err
				}
				for _, run := range shown {
					ids = append(ids, run.NotificationID)
				}
			}
			bar := cli.NewProgress(cmd.ErrOrStderr(), "starting", len(ids))
			result, err := startShown(cmd.Context(), d, ids, pause, bar)
			bar.End()
			if shown := cli.Show(cmd, result, result.print); shown != nil {
				return shown
			}
			return errors.Join(err, result.err())
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every report that had only a dry run")
	cmd.Flags().StringVar(&rate, "rate", "5/s", "most runs to start: N/s, N/m or N/h")
	return cmd
}

// takenUp is what became of each.
type takenUp struct {
	Started  []string  `json:"started"`
	Followed []string  `json:"followed"` // another run has followed
	Failed   []failure `json:"failed"`
}

func (t *takenUp) print(w io.Writer) {
	for _, f := range t.Failed {
		fmt.Fprintf(w, "failed    %s: %s\n", cli.Plain(f.ID), cli.Plain(f.Why))
	}
	fmt.Fprintf(w, "%d started, %d followed by another run, %d failed\n", len(t.Started), len(t.Followed), len(t.Failed))
}

func (t *takenUp) err() error {
	if len(t.Failed) == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be started: %s", cli.Count(len(t.Failed), "run"), t.Failed[0].Why)
}

// startShown starts one run after the other. Its error is that of a context that has
// ended; what was done until then is in the result.
func startShown(ctx context.Context, d *cli.Deployment, ids []string, pause time.Duration, bar *cli.Progress) (*takenUp, error) {
	result := &takenUp{Started: []string{}, Followed: []string{}, Failed: []failure{}}
	err := paced(ctx, ids, pause, bar, func(id string) {
		switch started, err := d.Runs.StartAfterDryRun(ctx, id); {
		case err != nil:
			result.Failed = append(result.Failed, failure{ID: id, Why: err.Error()})
		case started:
			result.Started = append(result.Started, id)
		default:
			result.Followed = append(result.Followed, id)
		}
	})
	return result, err
}
