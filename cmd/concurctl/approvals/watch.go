package approvals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
)

// change is one line of `approvals watch`.
type change struct {
	Change string     `json:"change"` // opened or closed
	At     time.Time  `json:"at"`     // when it was seen
	Task   listedTask `json:"task"`
}

func watchCommand() *cobra.Command {
	var a access
	var f filter
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow the tasks that wait for an approver, until interrupted",
		Long: `Prints a line for each task that waits for the owner of the token, and then a line whenever a
task comes or goes, until you interrupt it; the exit status is then 0. With -o json each line is
one JSON document. While the endpoint does not answer, it says so on the standard error and
tries again.`,
		Example: `  concurctl approvals watch --token-file ~/.concur-token
  concurctl approvals watch --token-file ~/.concur-token --every 10s -o json | jq -r .task.taskId`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if every < time.Second {
				return errors.New("--every must be at least 1s")
			}
			e, err := a.open(cmd.InOrStdin())
			if err != nil {
				return err
			}
			ticker := time.NewTicker(every)
			defer ticker.Stop()
			return e.watch(cmd.Context(), f, ticker.C, cmd.ErrOrStderr(), func(c change) { printChange(cmd.OutOrStdout(), c, cli.WantsJSON(cmd)) })
		},
	}
	cmd.Flags().DurationVar(&every, "every", 30*time.Second, "how often to look")
	f.flags(cmd)
	return a.flags(cmd)
}

// watch lists the tasks at each tick and tells what has changed, until ctx ends.
func (e *endpoint) watch(ctx context.Context, f filter, ticks <-chan time.Time, errs io.Writer, tell func(change)) error {
	known := map[string]listedTask{}
	for {
		tasks, err := e.list(ctx, f)
		var refused *problem
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &refused) && refused.Status < 500 && refused.Status != 429:
			return err
		case err != nil:
			fmt.Fprintf(errs, "concurctl: %v; trying again\n", err)
		default:
			known = compare(known, tasks, time.Now(), tell)
		}
		select {
		case <-ticks:
		case <-ctx.Done():
			return nil
		}
	}
}

// compare tells which tasks have come and gone, and returns those that wait now.
func compare(before map[string]listedTask, tasks []listedTask, at time.Time, tell func(change)) map[string]listedTask {
	now := make(map[string]listedTask, len(tasks))
	for _, t := range tasks {
		now[t.TaskID] = t
		if _, known := before[t.TaskID]; !known {
			tell(change{"opened", at, t})
		}
	}
	for id, t := range before {
		if _, waits := now[id]; !waits {
			tell(change{"closed", at, t})
		}
	}
	return now
}

func printChange(w io.Writer, c change, asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(w).Encode(c) // nobody could read about the error either
		return
	}
	amount := ""
	if c.Task.Total != nil {
		amount = c.Task.Total.String()
	}
	fmt.Fprintln(w, cli.Plain(fmt.Sprintf("%s  %s  %s  %s  %s  %s", cli.FormatTime(c.At), c.Change, groupsText(c.Task.Groups), employee(c.Task.Owner), amount, c.Task.TaskID)))
}
