package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Group is a command that does nothing itself: without one of its own commands it
// prints its help.
func Group(use, short, long, example string, commands ...*cobra.Command) *cobra.Command {
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

// exactly refuses any other number of arguments and says what is wanted.
func ExactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s wants %s; see %s -h", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

// MaxArgs refuses more arguments than wanted.
func MaxArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s wants %s; see %s -h", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

// interval reads a rate and returns the pause between two.
func ParseRate(rate string) (time.Duration, error) {
	number, unit, ok := strings.Cut(rate, "/")
	per, known := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !ok || !known || err != nil || !(n > 0 && n <= 1000) {
		return 0, fmt.Errorf("--rate %q is not N/s, N/m or N/h with an N above 0 and at most 1000", rate)
	}
	return time.Duration(float64(per) / n), nil
}
