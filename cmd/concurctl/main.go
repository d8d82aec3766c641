// Command concurctl is the operator's command line: it checks a deployment and its rules,
// looks after parked runs and failed notifications, and decodes Concur's payloads.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"concur-connector/cmd/concurctl/approvals"
	"concur-connector/cmd/concurctl/approver"
	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/decode"
	"concur-connector/cmd/concurctl/doctor"
	"concur-connector/cmd/concurctl/rules"
	"concur-connector/cmd/concurctl/runs"
	"concur-connector/cmd/concurctl/setup"
	"concur-connector/cmd/concurctl/token"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, commands(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands lists the commands of every family.
func commands() []*cobra.Command {
	return slices.Concat(runs.Commands(), setup.Commands(),
		[]*cobra.Command{approvals.Command(), approver.Command(), decode.Command(), doctor.Command(), rules.Command(), token.Command()})
}
