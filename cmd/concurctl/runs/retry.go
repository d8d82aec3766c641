package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"

	"concur-connector/expense"
	"concur-connector/workflows"
)

func parkedRetryCommand() *cobra.Command {
	var all bool
	var kind, rate, by string
	cmd := &cobra.Command{
		Use:   "retry ID...",
		Short: "Retry parked runs, one or many at a controlled rate",
		Long: `Sends parked runs the signal "retried": each run reads its report again and goes on. Give
notification IDs, or --all; with --all, --kind selects one kind of error. A run that is
not parked or has ended is skipped and counted.

--rate protects the system that was fixed: it is a number of runs per second (s), minute
(m) or hour (h).`,
		Example: `  concurctl parked retry 'EXPRPT:nRWlPQq4RH9EG$sbzp89HyD$plmWvBq'
  concurctl parked retry --all --kind Forbidden --rate 30/m`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			pause, err := cli.ParseRate(rate)
			switch {
			case err != nil:
				return err
			case all == (len(ids) > 0):
				return errors.New("give the notification IDs to retry, or --all, and not both")
			case kind != "" && !all:
				return errors.New("--kind chooses among all parked runs: give --all, too")
			}
			if err := checkKind(kind); err != nil {
				return err
			}
			for _, id := range ids {
				if !expense.IsNotificationID(id) {
					return fmt.Errorf("%q is no notification ID such as EXPRPT:KEY", id)
				}
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			var silent []string
			if all {
				if ids, silent, err = parkedIDs(cmd.Context(), d, expense.Kind(kind), cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			bar := cli.NewProgress(cmd.ErrOrStderr(), "retrying", len(ids))
			result, err := retryAll(cmd.Context(), d, ids, workflows.Retry{By: by}, pause, bar)
			bar.End()
			result.Unknown = append(result.Unknown, silent...)
			if shown := cli.Show(cmd, result, result.print); shown != nil {
				return shown
			}
			return errors.Join(err, result.err())
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every parked run")
	cmd.Flags().StringVar(&kind, "kind", "", "with --all: only those parked by this kind of error")
	cmd.Flags().StringVar(&rate, "rate", "5/s", "most runs to retry: N/s, N/m or N/h")
	cmd.Flags().StringVar(&by, "by", whoAmI(), "who fixed the cause; the run records it")
	cmd.Flags().Lookup("by").DefValue = "your login"
	return cmd
}

func whoAmI() string {
	if me, err := user.Current(); err == nil {
		return me.Username
	}
	return ""
}

// parkedIDs lists whom --all means, and those that did not say whether they are meant.
// Without a kind no run need be asked.
func parkedIDs(ctx context.Context, d *cli.Deployment, kind expense.Kind, errs io.Writer) (ids, silent []string, err error) {
	var parked []parkedRun
	if kind == "" {
		parked, err = findParked(ctx, d)
	} else {
		parked, err = listParked(ctx, d, kind, errs)
	}
	for _, p := range parked {
		if p.Unknown != "" {
			silent = append(silent, p.NotificationID)
			continue
		}
		ids = append(ids, p.NotificationID)
	}
	return ids, silent, err
}

// retried is what became of each run.
type retried struct {
	Retried   []string  `json:"retried"`
	NotParked []string  `json:"notParked"` // open, and not waiting for an operator
	Ended     []string  `json:"ended"`
	Unknown   []string  `json:"unknown"` // did not say which kind of error parked them
	Failed    []failure `json:"failed"`
}

// failure is one of many that did not succeed, and why.
type failure struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

func (r *retried) print(w io.Writer) {
	for _, f := range r.Failed {
		fmt.Fprintf(w, "failed      %s: %s\n", cli.Plain(f.ID), cli.Plain(f.Why))
	}
	for _, id := range r.NotParked {
		fmt.Fprintf(w, "not parked  %s\n", cli.Plain(id))
	}
	for _, id := range r.Ended {
		fmt.Fprintf(w, "has ended   %s\n", cli.Plain(id))
	}
	for _, id := range r.Unknown {
		fmt.Fprintf(w, "no answer   %s\n", cli.Plain(id))
	}
	fmt.Fprintf(w, "%d retried, %d not parked, %d ended, %d failed\n", len(r.Retried), len(r.NotParked), len(r.Ended), len(r.Failed))
}

func (r *retried) err() error {
	switch {
	case len(r.Failed) == 0 && len(r.Unknown) == 0:
		return nil
	case len(r.Failed) == 0:
		return fmt.Errorf("%s did not say which kind of error parked it: run this command again when a worker runs", cli.Count(len(r.Unknown), "run"))
	}
	return fmt.Errorf("%s could not be retried: %s", cli.Count(len(r.Failed), "run"), r.Failed[0].Why)
}

// retryAll signals one run after the other. Its error is that of a context that has
// ended; what was done until then is in the result.
func retryAll(ctx context.Context, d *cli.Deployment, ids []string, retry workflows.Retry, pause time.Duration, bar *cli.Progress) (*retried, error) {
	result := &retried{Retried: []string{}, NotParked: []string{}, Ended: []string{}, Unknown: []string{}, Failed: []failure{}}
	err := paced(ctx, ids, pause, bar, func(id string) {
		switch became, err := retryOne(ctx, d, id, retry); {
		case err != nil:
			result.Failed = append(result.Failed, failure{ID: id, Why: err.Error()})
		case became == signalled:
			result.Retried = append(result.Retried, id)
		case became == notParked:
			result.NotParked = append(result.NotParked, id)
		default:
			result.Ended = append(result.Ended, id)
		}
	})
	return result, err
}

// paced does something to one run after the other, with a pause between two, until ctx
// ends.
func paced(ctx context.Context, ids []string, pause time.Duration, bar *cli.Progress, do func(id string)) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i, id := range ids {
		if i > 0 {
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped after %d of %s: %w", i, cli.Count(len(ids), "run"), err)
		}
		do(id)
		bar.Step()
	}
	return nil
}

// became is what came of one retry.
type became int

const (
	signalled became = iota
	notParked
	ended
)

// retryOne looks before it signals: Temporal's own record of a run is not late.
func retryOne(ctx context.Context, d *cli.Deployment, id string, retry workflows.Retry) (became, error) {
	run, err := d.Temporal.DescribeWorkflowExecution(ctx, id, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return 0, workflows.ErrNoRun
	case err != nil:
		return 0, err
	}
	info := run.GetWorkflowExecutionInfo()
	if info.GetType().GetName() != workflows.ProcessNotification {
		return 0, fmt.Errorf("it is the ID of a %s, not of a notification", info.GetType().GetName())
	}
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return ended, nil
	}
	if !waitsForOperator(info) {
		return notParked, nil
	}
	err = d.Temporal.SignalWorkflow(ctx, id, "", workflows.Retried, retry)
	if errors.As(err, &missing) {
		return ended, nil
	}
	return signalled, err
}

// waitsForOperator reports whether a run is parked, as its search attribute says.
func waitsForOperator(run *workflowpb.WorkflowExecutionInfo) bool {
	var waitingFor string
	if p := run.GetSearchAttributes().GetIndexedFields()[workflows.WaitingForAttribute]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &waitingFor) // what cannot be read does not say so
	}
	return waitingFor == workflows.WaitingForOperator
}
