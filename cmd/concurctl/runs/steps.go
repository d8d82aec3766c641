package runs

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/expense"
)

func stepsCommand() *cobra.Command {
	return cli.Group("steps", "Manage the external validations that are this deployment's",
		`A company may have several connectors, and Concur's lists show what waits for any of them.
A sweep starts runs only for what callouts of this deployment have announced: the policy of a report,
and the event of an entry of the failed list (CONCUR_OWN_STEPS). These commands show what
is remembered, and change it.`,
		`  concurctl steps list
  concurctl steps add --policy gWmINGEAkQoamAzOARD9NEBtuv0ppnbJ4lQ`,
		stepsListCommand(), stepsChangeCommand("add", false), stepsChangeCommand("forget", true))
}

func stepsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the external validations that are this deployment's",
		Long:    `Lists what callouts have announced and what an operator has named. Each interface of Concur has identifiers of its own for a policy, so one policy may be there twice. A worker must run.`,
		Example: `  concurctl steps list -o json`,
		Args:    cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			known, err := d.Runs.AnnouncedSteps(cmd.Context())
			if err != nil {
				return err
			}
			return showSteps(cmd, known)
		},
	}
}

// stepsChangeCommand has a step remembered, or forgotten.
func stepsChangeCommand(name string, forget bool) *cobra.Command {
	var requests bool
	var policy, event string
	short, long := "Add an external validation to this deployment's", `The next sweep starts the runs of what waits there. Give the policy that a sweep's result names
(unannouncedPolicies). With an event alone, sweeps start runs only for failed notifications, and
with --requests travel requests, of all policies unless one is given.`
	if forget {
		short, long = "Remove an external validation from this deployment's", `Gives the values as steps list prints them; what is left out is any (*). A callout announces
its step again.`
	}
	cmd := &cobra.Command{
		Use: name, Short: short, Long: long,
		Example: fmt.Sprintf(`  concurctl steps %[1]s --policy gWmINGEAkQoamAzOARD9NEBtuv0ppnbJ4lQ
  concurctl steps %[1]s --requests`, name),
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if policy == "" && event == "" && !requests {
				return errors.New("give --policy, --event-type or --requests")
			}
			d, err := cli.ConnectTemporal(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer d.Temporal.Close()
			if err := d.RequirePoller(cmd.Context(), d.TaskQueue); err != nil {
				return err
			}
			step := expense.Step{Object: expense.ReportObject, Policy: cmp.Or(policy, expense.AnyStep), Event: cmp.Or(event, expense.AnyStep)}
			if requests {
				step.Object = expense.RequestObject
			}
			known, err := d.Runs.Announce(cmd.Context(), expense.Announcement{Steps: []expense.Step{step}, By: expense.ByOperator, Forget: forget})
			if err != nil {
				return err
			}
			return showSteps(cmd, known)
		},
	}
	cmd.Flags().BoolVar(&requests, "requests", false, "travel requests, not reports")
	cmd.Flags().StringVar(&policy, "policy", "", "identifier of the policy, as an interface of Concur prints it")
	cmd.Flags().StringVar(&event, "event-type", "", "event type of the callouts, or the name of the step at its end")
	return cmd
}

func showSteps(cmd *cobra.Command, known expense.AnnouncedSteps) error {
	return cli.Show(cmd, known, func(w io.Writer) {
		if len(known.Steps) == 0 {
			fmt.Fprintln(w, "no step is announced yet: a sweep starts no run")
			return
		}
		var rows [][]string
		for _, s := range known.Steps {
			rows = append(rows, []string{string(s.Object), s.Policy, s.Event, s.By, cli.FormatTime(s.Since)})
		}
		cli.Table(w, []string{"OBJECT", "POLICY", "EVENT", "BY", "SINCE"}, rows)
	})
}
