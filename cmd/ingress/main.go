// Command ingress is the connector's door: Concur's callout on the public
// listener, health and approvals on the internal one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sync/errgroup"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/internal/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "ingress:", err)
		stop()
		os.Exit(1)
	}
}

// command does what the arguments ask for: without any, it runs the ingress.
func command(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("ingress", flag.ContinueOnError)
	flags.SetOutput(errs)
	newApprover := flags.String("new-approver", "", "make a token for the approver called `NAME`, print it and its line of the approvers' file, and exit")
	version := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: ingress [flags]\n\nThe configuration is in the environment: CONCUR_* and Temporal's TEMPORAL_*, see docs/configuration.md.\n\nflags:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	named := false
	flags.Visit(func(f *flag.Flag) { named = named || f.Name == "new-approver" })
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; everything else is configured by the environment", flags.Arg(0))
	case *version:
		return printVersion(out)
	case named:
		return printApprover(*newApprover, out, errs)
	}
	return run(ctx, errs)
}

// run reads the configuration, builds, serves, and drains when ctx ends.
func run(ctx context.Context, errs io.Writer) error {
	cfg, ignored, err := config.LoadIngress()
	if err != nil {
		return fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	logger, err := telemetry.NewLogger(errs, cfg.LogLevel, cfg.LogFormat)
	if err != nil {
		return err
	}
	for _, variable := range ignored {
		logger.Warn("variable "+variable.Name+" "+variable.Why, "name", variable.Name)
	}
	temporal, err := dial(cfg, logger)
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

func printVersion(out io.Writer) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(out, "ingress", version)
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
