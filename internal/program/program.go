// Package program is what the connector's two servers, the ingress and the worker, do alike:
// they read a command line, begin a log, and connect to Temporal.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"go.temporal.io/sdk/client"

	"concur-connector/internal/config"
	"concur-connector/internal/telemetry"
	"concur-connector/workflows"
)

// Program is one of the servers.
type Program struct {
	Name string
	Run  func(ctx context.Context, out, errs io.Writer) error
}

// Main runs the program until it ends or receives SIGINT or SIGTERM. An error is printed, and
// the exit status is then 1. It ignores SIGHUP, which a terminal sends when it closes and with
// which people have other servers read their files again: ours read a file when it changes.
func (p Program) Main() {
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := p.command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
		os.Exit(1)
	}
}

func (p Program) command(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	flags.SetOutput(errs)
	version := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintf(errs, "usage: %s [flags]\n\nThe configuration is in the environment: CONCUR_* and Temporal's TEMPORAL_*, see docs/configuration.md.\n\nflags:\n", p.Name)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; everything else is configured by the environment", flags.Arg(0))
	}
	if *version {
		_, err := fmt.Fprintln(out, p.Name, Version())
		return err
	}
	return p.Run(ctx, out, errs)
}

// Version returns the version of the running binary.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// NewLogger returns the program's logger, and warns of the variables that no program reads.
func NewLogger(errs io.Writer, level, format string, ignored []config.Ignored) (*slog.Logger, error) {
	logger, err := telemetry.NewLogger(errs, level, format)
	if err != nil {
		return nil, err
	}
	for _, variable := range ignored {
		logger.Warn("variable "+variable.Name+" "+variable.Why, "name", variable.Name)
	}
	return logger, nil
}

// Temporal returns a client of the namespace that TEMPORAL_* name, and that namespace. The
// client connects when it is first used: without Temporal, the ingress answers 503 and the
// worker waits.
func Temporal(taskQueue string, logger *slog.Logger) (temporal client.Client, namespace string, err error) {
	options, err := workflows.ClientOptions(logger)
	if err != nil {
		return nil, "", err
	}
	logger.Info("using Temporal", "address", options.HostPort, "namespace", options.Namespace, "queue", taskQueue)
	temporal, err = client.NewLazyClient(options)
	if err != nil {
		return nil, "", fmt.Errorf("prepare the Temporal client: %w", err)
	}
	return temporal, options.Namespace, nil
}
