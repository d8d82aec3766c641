package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"concur-connector/workflows"
)

func parkedHostsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "hosts",
		Short: "List the refused hosts, and how many runs each has parked",
		Long: `Lists the hosts that notifications have named and that are not on the allow-list, the host
with the most runs first. A run with such a notification is parked (Untrusted): it sends
nothing to that host, and does not retry by itself. No worker is needed.

If a host is Concur's, add it to CONCUR_TRUSTED_HOSTS and restart the workers: the runs then
go on. Otherwise somebody else knows the callout's password: change it, and end the runs
with "concurctl parked cancel".`,
		Example: `  concurctl parked hosts
  concurctl parked hosts -o json | jq -r '.[].host'`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			parked, err := findParked(cmd.Context(), d)
			if err != nil {
				return err
			}
			hosts := hostsOf(parked)
			return cli.Show(cmd, hosts, func(w io.Writer) { printHosts(w, hosts) })
		},
	}
}

// refusedHost is a host that is not on the allow-list, and the runs that it has parked.
type refusedHost struct {
	Host  string    `json:"host"`
	Runs  int       `json:"runs"`
	First time.Time `json:"first"` // when the oldest of them started
	Last  time.Time `json:"last"`
}

// hostsOf counts the runs of each host, the most first.
func hostsOf(parked []parkedRun) []refusedHost {
	hosts := []refusedHost{}
	for _, run := range parked {
		if run.Host == "" {
			continue
		}
		i := slices.IndexFunc(hosts, func(h refusedHost) bool { return h.Host == run.Host })
		if i < 0 {
			i = len(hosts)
			hosts = append(hosts, refusedHost{Host: run.Host, First: run.Since, Last: run.Since})
		}
		h := &hosts[i]
		h.Runs++
		if run.Since.Before(h.First) {
			h.First = run.Since
		}
		if run.Since.After(h.Last) {
			h.Last = run.Since
		}
	}
	slices.SortFunc(hosts, func(a, b refusedHost) int {
		return cmp.Or(b.Runs-a.Runs, strings.Compare(a.Host, b.Host))
	})
	return hosts
}

func printHosts(w io.Writer, hosts []refusedHost) {
	if len(hosts) == 0 {
		fmt.Fprintln(w, "no run is parked because of its notification's own address")
		return
	}
	rows := make([][]string, len(hosts))
	for i, h := range hosts {
		rows[i] = []string{h.Host, fmt.Sprint(h.Runs), cli.FormatTime(h.First), cli.FormatTime(h.Last)}
	}
	cli.Table(w, []string{"HOST", "RUNS", "FIRST", "LAST"}, rows)
}

func parkedCancelCommand() *cobra.Command {
	var host, rate string
	var confirmed bool
	cmd := &cobra.Command{
		Use:   "cancel",
		Short: "Cancel the runs whose notification named a host that is not Concur's",
		Long: `Cancels every run that is parked because its own notification named an object on this
host. Such a run has read nothing and has sent nothing; it ends as cancelled.

Without --yes it only lists the runs. A run that is no longer parked for that reason, or has
ended, is skipped and counted. "concurctl parked hosts" lists the hosts.`,
		Example: `  concurctl parked cancel --host evil.example
  concurctl parked cancel --host evil.example --yes --rate 20/s`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			pause, err := cli.ParseRate(rate)
			switch {
			case err != nil:
				return err
			case host == "":
				return errors.New("give the host with --host; concurctl parked hosts lists them")
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			parked, err := findParked(cmd.Context(), d)
			if err != nil {
				return err
			}
			result := &cancelled{Host: host, Cancelled: []string{}, Left: []string{}, Failed: []failure{}}
			for _, run := range parked {
				if run.Host == host {
					result.Found = append(result.Found, run.NotificationID)
				}
			}
			if confirmed {
				bar := cli.NewProgress(cmd.ErrOrStderr(), "cancelling", len(result.Found))
				err = result.cancel(cmd.Context(), d, pause, bar)
				bar.End()
			}
			if shown := cli.Show(cmd, result, result.print); shown != nil {
				return shown
			}
			return errors.Join(err, result.err())
		},
	}
	cmd.Flags().StringVar(&host, "host", "", "host as concurctl parked hosts prints it")
	cmd.Flags().BoolVar(&confirmed, "yes", false, "cancel the runs; without it they are only listed")
	cmd.Flags().StringVar(&rate, "rate", "20/s", "most runs to cancel: N/s, N/m or N/h")
	return cmd
}

// cancelled is what became of the runs of one host.
type cancelled struct {
	Host      string    `json:"host"`
	Found     []string  `json:"found"`
	Confirmed bool      `json:"confirmed"`
	Cancelled []string  `json:"cancelled"`
	Left      []string  `json:"left"` // no longer parked for that, or ended
	Failed    []failure `json:"failed"`
}

// cancel asks Temporal to cancel one run after the other. Its error is that of a context that
// has ended; what was done until then is in the result.
func (c *cancelled) cancel(ctx context.Context, d *cli.Deployment, pause time.Duration, bar *cli.Progress) error {
	c.Confirmed = true
	return paced(ctx, c.Found, pause, bar, func(id string) {
		switch done, err := cancelOne(ctx, d, id, c.Host); {
		case err != nil:
			c.Failed = append(c.Failed, failure{ID: id, Why: err.Error()})
		case done:
			c.Cancelled = append(c.Cancelled, id)
		default:
			c.Left = append(c.Left, id)
		}
	})
}

// cancelOne looks before it cancels: the run may have been given a good address meanwhile, or
// another run may have followed it.
func cancelOne(ctx context.Context, d *cli.Deployment, id, host string) (done bool, err error) {
	described, err := d.Temporal.DescribeWorkflowExecution(ctx, id, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return false, nil
	case err != nil:
		return false, err
	}
	run := described.GetWorkflowExecutionInfo()
	if run.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING || !waitsForOperator(run) || workflows.RefusedHostOf(run.GetMemo()).Host != host {
		return false, nil
	}
	err = d.Temporal.CancelWorkflow(ctx, id, run.GetExecution().GetRunId())
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

func (c *cancelled) print(w io.Writer) {
	if !c.Confirmed {
		for _, id := range c.Found {
			fmt.Fprintln(w, cli.Plain(id))
		}
		if len(c.Found) == 0 {
			fmt.Fprintf(w, "no run is parked because of the host %s\n", cli.Plain(c.Host))
			return
		}
		fmt.Fprintf(w, "%s would be cancelled; add --yes to cancel them\n", cli.Count(len(c.Found), "run"))
		return
	}
	for _, f := range c.Failed {
		fmt.Fprintf(w, "failed      %s: %s\n", cli.Plain(f.ID), cli.Plain(f.Why))
	}
	for _, id := range c.Left {
		fmt.Fprintf(w, "skipped     %s\n", cli.Plain(id))
	}
	fmt.Fprintf(w, "%d cancelled, %d skipped, %d failed\n", len(c.Cancelled), len(c.Left), len(c.Failed))
}

func (c *cancelled) err() error {
	if len(c.Failed) == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be cancelled: %s", cli.Count(len(c.Failed), "run"), c.Failed[0].Why)
}
