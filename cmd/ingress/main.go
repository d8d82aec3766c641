// Command ingress serves Concur's callouts on the public listener, and health and approvals
// on the internal one.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/internal/program"
)

func main() {
	var newApprover *string
	program.Program{
		Name: "ingress",
		Flags: func(flags *flag.FlagSet) {
			const usage = "make a token for the approver called `NAME`, print it and its line of the approvers' file, and exit"
			flags.Func("new-approver", usage, func(name string) error { newApprover = &name; return nil })
		},
		Run: func(ctx context.Context, out, errs io.Writer) error {
			if newApprover != nil {
				return printApprover(*newApprover, out, errs)
			}
			return run(ctx, errs)
		},
	}.Main()
}

// run reads the configuration, builds, serves, and drains when ctx ends.
func run(ctx context.Context, errs io.Writer) error {
	cfg, ignored, err := config.LoadIngress()
	if err != nil {
		return fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	logger, err := program.NewLogger(errs, cfg.LogLevel, cfg.LogFormat, ignored)
	if err != nil {
		return err
	}
	temporal, _, err := program.Temporal(cfg.TaskQueue, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	public, internal, err := listen(cfg, temporal, logger)
	if err != nil {
		return err
	}
	logger.Info("listening", "public", public.Addr(), "internal", internal.Addr())

	group, ctx := errgroup.WithContext(ctx)
	for _, server := range []*httpserver.Server{public, internal} {
		group.Go(func() error { return server.Serve(ctx) })
	}
	err = group.Wait()
	logger.Info("stopped")
	return err
}

// printApprover keeps the standard output to what is copied: the token, then the line.
func printApprover(name string, out, errs io.Writer) error {
	token, line, err := approvers.NewToken(name)
	if err != nil {
		return err
	}
	fmt.Fprintln(errs, "The first line is the token, for the approver alone; it is not stored and not shown again.")
	fmt.Fprintln(errs, "The second line goes into the approvers' file (CONCUR_APPROVERS); restart the ingress afterwards.")
	_, err = fmt.Fprintf(out, "%s\n%s\n", token, line)
	return err
}
