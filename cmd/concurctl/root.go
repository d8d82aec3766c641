package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"concur-connector/internal/config"
)

// rootCommand is the whole command line.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "concurctl",
		Short: "Looks after the connector for SAP Concur",
		Long: `concurctl is the operator's command line of the connector for SAP Concur.

It is configured by the environment, like the programs it looks after: CONCUR_*
(docs/configuration.md) and Temporal's TEMPORAL_*. Every command answers as text or,
with -o json, as one JSON document on the standard output. What goes wrong is one
sentence on the standard error, and the exit status is then 1. The standard error also
says which Temporal a command uses, and warns of variables that no program reads.`,
		Example: `  concurctl doctor --url https://connector.example.com
  concurctl parked list -o json`,
		Version:       version(),
		SilenceErrors: true, // run prints them, once
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			warnIgnored(cmd)
			return checkOutput(cmd)
		},
	}
	root.PersistentFlags().StringP(outputFlag, "o", "text", "how to answer: text or json")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true}) // -h is enough
	root.AddCommand(
		bootstrapCommand(),
		decodeCommand(),
		doctorCommand(),
		failedCommand(),
		notifyCommand(),
		parkedCommand(),
		rulesCommand(),
		shownCommand(),
		stepsCommand(),
		tokenCommand(),
	)
	return root
}

// warnIgnored names the variables of the environment that no program reads. The doctor
// makes findings of them.
func warnIgnored(cmd *cobra.Command) {
	if cmd.Name() == doctorName {
		return
	}
	for _, v := range config.AllIgnored() {
		fmt.Fprintf(cmd.ErrOrStderr(), "concurctl: warning: the variable %s %s\n", v.Name, v.Why)
	}
}

// group is a command that does nothing itself: without one of its own commands it
// prints its help.
func group(use, short, long, example string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%s has no command %q; see %s -h", cmd.CommandPath(), args[0], cmd.CommandPath())
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(commands...)
	return cmd
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.TrimSpace(info.Main.Version) != "" {
		return info.Main.Version
	}
	return "unknown"
}
