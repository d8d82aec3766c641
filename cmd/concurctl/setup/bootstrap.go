package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

// attributes are the search attributes that runs set, each a Keyword.
var attributes = []string{workflows.ReportIDAttribute, workflows.WaitingForAttribute, workflows.OutcomeAttribute}

// Commands are the commands for setting up a deployment.
func Commands() []*cobra.Command { return []*cobra.Command{bootstrapCommand(), notifyCommand()} }

func bootstrapCommand() *cobra.Command {
	var printOnly bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Create the search attributes and the schedule of the sweep in Temporal",
		Long: `Creates the search attributes that runs set, in the namespace of TEMPORAL_NAMESPACE,
waits until Temporal lets them be used, and creates the schedule of the sweep as
CONCUR_SWEEP_MODE, CONCUR_SWEEP_INTERVAL and CONCUR_MISSED_AFTER want it, or deletes it when they
want none. It may be called again: an attribute that is there stays as it is, and a
schedule that is paused stays paused. An attribute of another type is not touched and said.
The worker looks after the schedule, too, whenever it starts.

Temporal Cloud does not let a client create search attributes. --print prints the
commands of its own tool, and those of the temporal command, and does nothing.`,
		Example: `  concurctl bootstrap
  TEMPORAL_NAMESPACE=finance.a1b2c concurctl bootstrap --print`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.LoadWorker() // of it only the sweep, and the queue
			if err := cli.ConfigError(err, "CONCUR_SWEEP_MODE", "CONCUR_SWEEP_INTERVAL", "CONCUR_MISSED_AFTER", "CONCUR_TASK_QUEUE"); err != nil {
				return err
			}
			schedule := workflows.SweepSchedule{
				TaskQueue: cfg.TaskQueue, Mode: workflows.SweepMode(cfg.SweepMode), Every: cfg.SweepInterval, Grace: cfg.MissedAfter,
			}
			if printOnly {
				namespace, err := cli.Namespace()
				if err != nil {
					return err
				}
				return printBootstrap(cmd, namespace, schedule)
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			bar := cli.NewProgress(cmd.ErrOrStderr(), "waiting until Temporal lets them be used", 0)
			defer bar.End()
			result, err := bootstrap(cmd.Context(), d, timeout, bar)
			bar.End()
			if err != nil {
				return err
			}
			if err := workflows.EnsureSweepSchedule(cmd.Context(), d.Temporal, schedule); err != nil {
				return err
			}
			result.Schedule, result.Sweep = workflows.SweepScheduleID(cfg.TaskQueue), cfg.SweepMode
			return cli.Show(cmd, result, result.print)
		},
	}
	cmd.Flags().BoolVar(&printOnly, "print", false, "print the commands that do the same, and do nothing")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "how long to wait until they can be used")
	return cmd
}

// bootstrapped is what bootstrap did.
type bootstrapped struct {
	Namespace string   `json:"namespace"`
	Created   []string `json:"created"`
	Known     []string `json:"known"` // were there before
	Schedule  string   `json:"schedule"`
	Sweep     string   `json:"sweep"` // act, read-only, or off: there is no schedule
}

func (b bootstrapped) print(w io.Writer) {
	for _, name := range b.Known {
		fmt.Fprintf(w, "%s is there\n", name)
	}
	for _, name := range b.Created {
		fmt.Fprintf(w, "%s created\n", name)
	}
	fmt.Fprintf(w, "the search attributes can be used in namespace %s\n", b.Namespace)
	if b.Sweep == string(workflows.SweepOff) {
		fmt.Fprintf(w, "the schedule %s is not wanted (CONCUR_SWEEP_MODE)\n", b.Schedule)
		return
	}
	fmt.Fprintf(w, "the schedule %s is as configured (%s)\n", b.Schedule, b.Sweep)
}

// bootstrap creates what is missing and returns once all of it can be used.
func bootstrap(ctx context.Context, d *cli.Deployment, timeout time.Duration, bar *cli.Progress) (bootstrapped, error) {
	result := bootstrapped{Namespace: d.Namespace, Created: []string{}, Known: []string{}}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	registered, err := d.Temporal.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: d.Namespace})
	if err != nil {
		return result, bootstrapError("list the search attributes", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range attributes {
		switch known, ok := registered.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
			result.Created = append(result.Created, name)
		case known != enumspb.INDEXED_VALUE_TYPE_KEYWORD:
			return result, fmt.Errorf("%s is a %s in namespace %s and must be a Keyword; remove it with temporal operator search-attribute remove --namespace %s --name %s, and try again",
				name, known, d.Namespace, d.Namespace, name)
		default:
			result.Known = append(result.Known, name)
		}
	}
	if len(missing) > 0 {
		_, err := d.Temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: d.Namespace, SearchAttributes: missing,
		})
		var exists *serviceerror.AlreadyExists // somebody else was as quick
		if err != nil && !errors.As(err, &exists) {
			return result, bootstrapError("create the search attributes", err)
		}
	}
	return result, waitUsable(ctx, d, bar)
}

// bootstrapError says where to turn when Temporal does not offer what is asked.
func bootstrapError(op string, err error) error {
	var denied *serviceerror.PermissionDenied
	var absent *serviceerror.Unimplemented
	if errors.As(err, &denied) || errors.As(err, &absent) {
		return fmt.Errorf("%s: %w; Temporal Cloud and a client without the right refuse this: use the commands that concurctl bootstrap --print prints", op, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// waitUsable returns when the attributes are listed and a query may name them:
// Temporal's servers keep what they know of attributes for a while.
func waitUsable(ctx context.Context, d *cli.Deployment, bar *cli.Progress) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		err := usable(ctx, d)
		if err == nil {
			return nil
		}
		bar.Tick()
		select {
		case <-ctx.Done():
			return fmt.Errorf("the search attributes are created and cannot be used yet: %w; call concurctl bootstrap again", err)
		case <-tick.C:
		}
	}
}

func usable(ctx context.Context, d *cli.Deployment) error {
	if err := workflows.CheckSearchAttributes(ctx, d.Temporal, d.Namespace); err != nil {
		return err
	}
	terms := make([]string, len(attributes))
	for i, name := range attributes {
		terms[i] = name + " = 'none'"
	}
	_, err := d.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: d.Namespace, Query: strings.Join(terms, " OR "),
	})
	return err
}

// bootstrapCommands are what a person types instead.
type bootstrapCommands struct {
	SelfHosted []string `json:"selfHosted"`
	Cloud      []string `json:"cloud"`
}

func commandsFor(namespace string, sweep workflows.SweepSchedule) bootstrapCommands {
	temporal := "temporal operator search-attribute create --namespace " + namespace
	cloud := "tcld namespace search-attributes add --namespace " + namespace
	for _, name := range attributes {
		temporal += " --name " + name + " --type Keyword"
		cloud += ` --search-attribute "` + name + `=Keyword"`
	}
	commands := bootstrapCommands{SelfHosted: []string{temporal}, Cloud: []string{cloud}}
	if sweep.Mode != workflows.SweepOff {
		schedule := scheduleCommand(namespace, sweep)
		commands.SelfHosted = append(commands.SelfHosted, schedule)
		commands.Cloud = append(commands.Cloud, schedule)
	}
	return commands
}

// scheduleCommand creates the schedule as the worker does.
func scheduleCommand(namespace string, sweep workflows.SweepSchedule) string {
	id := workflows.SweepScheduleID(sweep.TaskQueue)
	input, err := json.Marshal(sweep.Input())
	if err != nil {
		panic("concurctl: the input of a sweep cannot be encoded: " + err.Error()) // no field can fail
	}
	return fmt.Sprintf("temporal schedule create --namespace %s --schedule-id %s --workflow-id %s --type %s --task-queue %s"+
		" --interval %s --jitter %s --overlap-policy Skip --catchup-window %s --input '%s'",
		namespace, quoted(id), quoted(id), workflows.SweepFailedNotifications, quoted(workflows.SweepQueue(sweep.TaskQueue)),
		sweep.Every, sweep.Jitter(), workflows.SweepCatchUp, input)
}

// quoted puts what a shell would take apart between quotes.
func quoted(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("-_.:/", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}

func printBootstrap(cmd *cobra.Command, namespace string, sweep workflows.SweepSchedule) error {
	commands := commandsFor(namespace, sweep)
	return cli.Show(cmd, commands, func(w io.Writer) {
		fmt.Fprintln(w, "# your own Temporal")
		for _, line := range slices.Concat(commands.SelfHosted, []string{"", "# Temporal Cloud"}, commands.Cloud) {
			fmt.Fprintln(w, line)
		}
	})
}
