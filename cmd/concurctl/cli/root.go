package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"concur-connector/internal/config"
	"concur-connector/internal/program"
)

// Run runs one command line and returns the exit status: 0, or another after one sentence on
// errs that says what went wrong. It is 1 unless the error is an [*ExitError].
func Run(ctx context.Context, commands []*cobra.Command, args []string, in io.Reader, out, errs io.Writer) int {
	root := Root(commands...)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errs, "concurctl:", err)
		var coded *ExitError
		if errors.As(err, &coded) {
			return coded.Code
		}
		return 1
	}
	return 0
}

// ExitError is an error for which a script needs an exit status of its own.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

func (e *ExitError) Unwrap() error { return e.Err }

// Root is the command line that consists of these commands.
func Root(commands ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "concurctl",
		Short: "Operate the connector for SAP Concur",
		Long: `concurctl is the operator's command line of the connector for SAP Concur.

concurctl reads its settings from the environment, like the ingress and the worker: CONCUR_*
(docs/configuration.md) and Temporal's TEMPORAL_*. Every command prints text or, with
-o json, one JSON document on the standard output. An error is one sentence on the standard
error, and the exit status is then 1. The standard error also names the Temporal that a
command uses, and warns of variables that no program reads.`,
		Example: `  concurctl doctor --url https://connector.example.com
  concurctl parked list -o json`,
		Version:       program.Version(),
		SilenceErrors: true, // Run prints them, once
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Name() != "doctor" { // the doctor reports them itself
				warnIgnored(cmd.ErrOrStderr())
			}
			return checkOutput(cmd)
		},
	}
	root.PersistentFlags().StringP(outputFlag, "o", "text", "output format: text or json")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true}) // -h is enough
	root.SetFlagErrorFunc(nameRenamedFlag)
	root.AddCommand(commands...)
	for former, now := range renamedCommands {
		root.AddCommand(&cobra.Command{
			Use: former, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				return fmt.Errorf("%q is now %q: concurctl %s -h", former, now, now)
			},
		})
	}
	return root
}

// Former names of commands and flags, and the names that replace them.
var (
	renamedCommands = map[string]string{"failed": "failed-notifications", "shown": "dry-run"}
	renamedFlags    = map[string]string{"confirm": "yes", "event": "event-type", "only": "program"}
)

// nameRenamedFlag names the flag that has replaced an unknown one.
func nameRenamedFlag(cmd *cobra.Command, err error) error {
	var unknown interface {
		error
		GetSpecifiedName() string
	}
	if errors.As(err, &unknown) {
		if now := renamedFlags[unknown.GetSpecifiedName()]; cmd.Flags().Lookup(now) != nil {
			return fmt.Errorf("--%s is now --%s", unknown.GetSpecifiedName(), now)
		}
	}
	return err
}

// warnIgnored names the variables of the environment that no program reads.
func warnIgnored(errs io.Writer) {
	for _, v := range config.AllIgnored() {
		fmt.Fprintf(errs, "concurctl: warning: the variable %s %s\n", v.Name, v.Why)
	}
}
