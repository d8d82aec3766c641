package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/decode"

	"github.com/spf13/cobra"
	"go.temporal.io/api/workflowservice/v1"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/policy"
	"concur-connector/workflows"
)

func rulesWhatIfCommand() *cobra.Command {
	var o whatIfOptions
	cmd := &cobra.Command{
		Use:   "what-if FILE",
		Short: "Show how a changed rules file would have decided past reports",
		Long: `Evaluates past reports and travel requests by a changed rules file, and shows whose outcome
would change. It reads them from the histories of open and closed runs in Temporal. It uses the
recorded time and the recorded facts, and compares with the recorded verdict. Nothing is changed.
A run stores only the fields that its rules read. A rule of the changed file that reads another
field is unknown, and so is the outcome if it depends on that rule. The visibility of exceptions
is not compared.

With --payloads it evaluates the payloads from Concur in a folder instead, by the rules of
--against (default: CONCUR_RULES) and by FILE.

  --since   720h, or 2026-05-01: runs that began since then
  --query   a further condition for Temporal's visibility, such as "ConcurOutcome = 'sent-back'"
  --out     a file for every run that changes or is unknown, as one line of JSON each

It keeps only a part of the list and a few histories in memory, so any number of runs will do.`,
		Example: `  concurctl rules what-if changed.yaml --since 720h
  concurctl rules what-if changed.yaml --out changed.jsonl --rate 50/s -o json
  concurctl rules what-if changed.yaml --payloads reports/ --against rules.yaml`,
		Args: cli.ExactArgs(1, "the changed FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&o.since, "since", "", "only runs that began since then: a duration or a date")
	cmd.Flags().StringVar(&o.query, "query", "", "a further condition on the runs, as a visibility query")
	cmd.Flags().IntVar(&o.limit, "limit", 0, "largest number of runs to read, the newest first; 0 reads all")
	cmd.Flags().StringVar(&o.rate, "rate", "200/s", "largest number of histories to read: N/s, N/m or N/h")
	cmd.Flags().IntVar(&o.examples, "examples", 10, "number of changed runs to show")
	cmd.Flags().StringVar(&o.out, "out", "", "write every run that changes or is unknown to this file")
	cmd.Flags().StringVar(&o.payloads, "payloads", "", "evaluate the payloads in this folder instead")
	cmd.Flags().StringVar(&o.against, "against", "", "with --payloads: the rules to compare with")
	cmd.Flags().StringVar(&o.event, "event-type", "", "with --payloads: EventType of the notification")
	cmd.Flags().StringVar(&o.at, "at", "", "with --payloads: time of the evaluation")
	return cmd
}

type whatIfOptions struct {
	since, query, rate, out      string
	limit, examples              int
	payloads, against, event, at string

	changed *policy.Policy
	tally   *whatif.Tally
	lines   *json.Encoder // of --out
}

func (o *whatIfOptions) run(cmd *cobra.Command, file string) (err error) {
	pause, err := cli.ParseRate(o.rate)
	if err != nil {
		return err
	}
	query, err := o.visibility(time.Now())
	switch {
	case err != nil:
		return err
	case o.limit < 0 || o.examples < 0:
		return errors.New("--limit and --examples must not be below 0")
	case o.payloads == "" && (o.against != "" || o.event != "" || o.at != ""):
		return errors.New("--against, --event-type and --at need --payloads: a run is compared with its own verdict")
	}
	if o.changed, _, err = loadRules(file); err != nil {
		return err
	}
	o.tally = whatif.NewTally(o.examples)
	if o.out != "" {
		out, err := os.OpenFile(o.out, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("write the changed runs: %w", err)
		}
		defer func() { err = errors.Join(err, out.Close()) }()
		o.lines = json.NewEncoder(out)
		o.lines.SetEscapeHTML(false)
	}
	if o.payloads != "" {
		err = o.folder(cmd)
	} else {
		err = o.runs(cmd, whatif.Asked{Query: query, Limit: o.limit, Pause: pause})
	}
	if err != nil {
		return err
	}
	if o.tally.Runs == 0 {
		return errors.New("nothing to evaluate: no run and no payload was found")
	}
	return cli.Show(cmd, o.tally, func(w io.Writer) { printTally(w, o.tally) })
}

// visibility is the query for the runs that are asked for.
func (o *whatIfOptions) visibility(now time.Time) (string, error) {
	query := fmt.Sprintf("WorkflowType = '%s'", workflows.ProcessNotification)
	if o.since != "" {
		since, ok := rulestest.ParseTime(o.since)
		if d, err := time.ParseDuration(o.since); err == nil && d > 0 {
			since, ok = now.Add(-d), true
		}
		if !ok {
			return "", fmt.Errorf("--since %q is neither a duration like 720h nor a date like 2026-05-01", o.since)
		}
		query += fmt.Sprintf(" AND StartTime >= '%s'", o.changed.Moment(since).UTC().Format(time.RFC3339))
	}
	if o.query != "" {
		query += " AND (" + o.query + ")"
	}
	return query, nil
}

// runs evaluates what runs have evaluated before.
func (o *whatIfOptions) runs(cmd *cobra.Command, asked whatif.Asked) error {
	d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer d.Temporal.Close()
	return o.ofRuns(cmd.Context(), d, asked, cmd.ErrOrStderr())
}

func (o *whatIfOptions) ofRuns(ctx context.Context, d *cli.Deployment, asked whatif.Asked, errs io.Writer) error {
	bar := cli.NewProgress(errs, "evaluating", o.total(ctx, d, asked))
	defer bar.End()
	return past(d).Each(ctx, asked,
		func(past whatif.Past) whatif.Change { return whatif.Compare(o.changed, past) },
		func(c whatif.Change) error {
			bar.Step()
			return o.add(c)
		})
}

// total is how many runs there are, for the bar alone; 0 is unknown.
func (o *whatIfOptions) total(ctx context.Context, d *cli.Deployment, asked whatif.Asked) int {
	n, err := d.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: d.Namespace, Query: asked.Query})
	if err != nil {
		return 0
	}
	if asked.Limit > 0 {
		return min(asked.Limit, int(n.GetCount()))
	}
	return int(n.GetCount())
}

// add counts a result, and writes it to the file if the outcome changes or is unknown.
func (o *whatIfOptions) add(c whatif.Change) error {
	o.tally.Add(c)
	if o.lines == nil || c.Result == whatif.Same || c.Result == whatif.Skipped {
		return nil
	}
	if err := o.lines.Encode(c); err != nil {
		return fmt.Errorf("write the changed runs: %w", err)
	}
	return nil
}

// Why a file is skipped.
const (
	notRead   = whatif.Skip("the file is neither a report nor a travel request of Concur")
	notOpened = whatif.Skip("the file cannot be read")
)

// folder evaluates payloads.
func (o *whatIfOptions) folder(cmd *cobra.Command) error {
	old, _, err := loadRules(o.against)
	if err != nil {
		return err
	}
	at := time.Now().UTC()
	if o.at != "" {
		var ok bool
		if at, ok = rulestest.ParseTime(o.at); !ok {
			return fmt.Errorf(`--at %q is not a date like "2026-05-01" or a time like "2026-05-01T14:00:00Z"`, o.at)
		}
	}
	entries, err := os.ReadDir(o.payloads)
	if err != nil {
		return fmt.Errorf("read the payloads: %w", err)
	}
	bar := cli.NewProgress(cmd.ErrOrStderr(), "evaluating", len(entries))
	defer bar.End()
	for _, entry := range entries {
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		bar.Step()
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if o.limit > 0 && o.tally.Runs == o.limit {
			break
		}
		if err := o.add(o.payload(old, entry.Name(), at)); err != nil {
			return err
		}
	}
	return nil
}

func (o *whatIfOptions) payload(old *policy.Policy, name string, at time.Time) whatif.Change {
	body, err := decode.ReadFile(filepath.Join(o.payloads, name), nil)
	if err != nil {
		return whatif.Change{ID: name, Result: whatif.Skipped, Skipped: notOpened}
	}
	report, request, err := readPayload(body)
	if err != nil {
		return whatif.Change{ID: name, Result: whatif.Skipped, Skipped: notRead}
	}
	past := whatif.Past{ID: name, Whole: true, Input: policy.Input{Report: report, Request: request, EventType: o.event, At: at}}
	if report != nil {
		past.ReportID = report.ID
	} else {
		past.ReportID = request.ID
	}
	return whatif.CompareBoth(old, o.changed, past)
}
