package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// Commands are the commands for runs, and for what starts runs.
func Commands() []*cobra.Command {
	return []*cobra.Command{dryRunCommand(), failedCommand(), parkedCommand(), stepsCommand()}
}

func parkedCommand() *cobra.Command {
	return cli.Group("parked", "Handle the runs that wait for an operator",
		`A run that needs an operator is parked: it stays open and says what to fix. These commands
list the parked runs, retry them once the cause is fixed, and cancel those that hostile
notifications have started. They cover the runs of this deployment (CONCUR_TASK_QUEUE) only.`,
		`  concurctl parked list
  concurctl parked retry --all --kind Forbidden`,
		parkedCancelCommand(), parkedHostsCommand(), parkedListCommand(), parkedRetryCommand())
}

func parkedListCommand() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the parked runs and why they are parked",
		Long: `Lists the runs that wait for an operator, the longest wait first: notification ID, report
ID, since when, the kind of error and the message. Kind and message come from the run
itself; they are unknown while no worker answers. -o json also says what to fix. With
--kind, a run that does not answer is listed too, and the exit status is then 1.`,
		Example: `  concurctl parked list
  concurctl parked list --kind Rejected -o json | jq -r '.[].notificationId'`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkKind(kind); err != nil {
				return err
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			parked, err := listParked(cmd.Context(), d, expense.Kind(kind), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := cli.Show(cmd, parked, func(w io.Writer) { printParked(w, parked) }); err != nil {
				return err
			}
			if n := silentOnes(parked); kind != "" && n > 0 {
				return fmt.Errorf("%s did not answer, and may be of that kind: call this again once a worker runs", cli.Count(n, "run"))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "only those parked by this kind of error, such as Forbidden")
	return cmd
}

// checkKind refuses a kind that no run can be parked by.
func checkKind(kind string) error {
	kinds := make([]string, 0, len(workflows.Kinds()))
	for _, k := range workflows.Kinds() {
		kinds = append(kinds, string(k))
	}
	if kind != "" && !slices.Contains(kinds, kind) {
		return fmt.Errorf("--kind %q is no kind of error; the kinds are %s", kind, strings.Join(kinds, ", "))
	}
	return nil
}

// parkedRun is one run that waits for an operator.
type parkedRun struct {
	NotificationID string       `json:"notificationId"`
	ReportID       string       `json:"reportId,omitempty"`
	Since          time.Time    `json:"since"` // when it parked; when it started, while that is unknown
	Kind           expense.Kind `json:"kind,omitempty"`
	Message        string       `json:"message,omitempty"`
	Fix            string       `json:"fix,omitempty"`
	Host           string       `json:"host,omitempty"`    // that its own notification named, when that is refused
	Unknown        string       `json:"unknown,omitempty"` // why the run did not say
}

const (
	parkedPage = 200 // runs asked for at once
	askedAtOne = 8   // status queries under way at one time
	askTimeout = 10 * time.Second
)

// listParked returns the parked runs, of one kind or, for an empty one, all. One that
// does not answer may be of any kind.
func listParked(ctx context.Context, d *cli.Deployment, kind expense.Kind, errs io.Writer) ([]parkedRun, error) {
	found, err := findParked(ctx, d)
	if err != nil {
		return nil, err
	}
	bar := cli.NewProgress(errs, "asking the parked runs", len(found))
	defer bar.End()
	still := make([]bool, len(found))
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(askedAtOne)
	for i := range found {
		asking.Go(func() error {
			defer bar.Step()
			still[i] = found[i].ask(ctx, d.Runs)
			return ctx.Err()
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, fmt.Errorf("ask the parked runs: %w", err)
	}
	parked := []parkedRun{}
	for i, run := range found {
		if still[i] && (kind == "" || run.Kind == kind || run.Unknown != "") {
			parked = append(parked, run)
		}
	}
	slices.SortStableFunc(parked, func(a, b parkedRun) int { return a.Since.Compare(b.Since) })
	return parked, nil
}

// silentOnes counts the runs that did not say why they are parked.
func silentOnes(parked []parkedRun) (n int) {
	for _, run := range parked {
		if run.Unknown != "" {
			n++
		}
	}
	return n
}

// findParked asks Temporal's visibility, which may lag behind by some seconds.
func findParked(ctx context.Context, d *cli.Deployment) ([]parkedRun, error) {
	query := d.Runs.ParkedQuery()
	var runs []parkedRun
	seen := map[string]bool{} // a run that continues as new between two pages is listed twice
	var next []byte
	for {
		page, err := d.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: d.Namespace, Query: query, PageSize: parkedPage, NextPageToken: next,
		})
		var invalid *serviceerror.InvalidArgument
		switch {
		case errors.As(err, &invalid):
			return nil, fmt.Errorf("list the parked runs: %w; concurctl bootstrap creates the search attributes", err)
		case err != nil:
			return nil, fmt.Errorf("list the parked runs: %w", err)
		}
		for _, info := range page.GetExecutions() {
			run := parkedRun{
				NotificationID: info.GetExecution().GetWorkflowId(), Since: info.GetStartTime().AsTime(),
				Host: workflows.RefusedHostOf(info.GetMemo()).Host,
			}
			if p := info.GetSearchAttributes().GetIndexedFields()[workflows.ReportIDAttribute]; p != nil {
				_ = converter.GetDefaultDataConverter().FromPayload(p, &run.ReportID) // without it the run is listed all the same
			}
			if !seen[run.NotificationID] {
				seen[run.NotificationID] = true
				runs = append(runs, run)
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return runs, nil
		}
	}
}

// ask has the run say why it is parked, and reports whether it still is. A run that
// does not answer is taken to be.
func (p *parkedRun) ask(ctx context.Context, runs *workflows.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	status, err := runs.Status(ctx, p.NotificationID)
	switch {
	case errors.Is(err, workflows.ErrNoRun):
		return false
	case errors.Is(err, workflows.ErrNoAnswer):
		p.Unknown = workflows.ErrNoAnswer.Error()
		return true
	case err != nil:
		p.Unknown = err.Error()
		return true
	case status.Parked == nil || status.State != workflows.Parked:
		return false
	}
	p.Since, p.ReportID = status.Since, status.ReportID
	p.Kind, p.Message, p.Fix, p.Host = status.Parked.Kind, status.Parked.Message, status.Parked.Fix, status.Parked.Host
	return true
}

func printParked(w io.Writer, parked []parkedRun) {
	if len(parked) == 0 {
		fmt.Fprintln(w, "no run is parked")
		return
	}
	rows := make([][]string, len(parked))
	for i, p := range parked {
		kind, message := string(p.Kind), p.Message
		if p.Unknown != "" {
			kind, message = "?", "("+p.Unknown+")"
		}
		rows[i] = []string{p.NotificationID, p.ReportID, cli.FormatTime(p.Since), kind, message}
	}
	cli.Table(w, []string{"NOTIFICATION", "REPORT", "SINCE", "KIND", "MESSAGE"}, rows)
}
