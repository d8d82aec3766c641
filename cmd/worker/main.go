// Command worker runs the connector's workflows and activities: it reads reports
// from Concur, judges them by the rules and acts.
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

	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/internal/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "worker:", err)
		stop()
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	flags.SetOutput(errs)
	version := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: worker [flags]\n\nThe configuration is in the environment: CONCUR_* and Temporal's TEMPORAL_*, see docs/configuration.md.\n\nflags:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; everything else is configured by the environment", flags.Arg(0))
	case *version:
		return printVersion(out)
	}
	return run(ctx, errs)
}

// run reads the configuration, builds, serves, and drains when ctx ends.
func run(ctx context.Context, errs io.Writer) error {
	cfg, ignored, err := config.LoadWorker()
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
	company, err := clients.FactServices(cfg, logger)
	if err != nil {
		return err
	}
	rules, err := loadRules(cfg, company, logger)
	if err != nil {
		return err
	}
	concur, err := reachConcur(cfg, logger)
	if err != nil {
		return err
	}
	defer concur.Close()
	temporal, namespace, err := dial(cfg, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	workers, err := build(cfg, temporal, concur, company, rules, logger)
	if err != nil {
		return err
	}
	start := newStartup(cfg, temporal, namespace, logger)
	health, err := httpserver.New(httpserver.Options{
		Addr: cfg.InternalListen, Handler: httpserver.Health(start.ready, func() string { return inUse(rules) }),
		Logger: logger, CertFile: cfg.InternalTLSCert, KeyFile: cfg.InternalTLSKey, MaxConnections: cfg.MaxConnections,
	})
	if err != nil {
		return fmt.Errorf("open the internal listener: %w", err)
	}
	logger.Info("listening", "internal", health.Addr())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return health.Serve(ctx) })
	group.Go(func() error {
		return workers.run(ctx, start, func() { logger.Info("working", "queue", cfg.TaskQueue, "rules", rules.Current().Hash()) })
	})
	group.Go(func() error {
		rules.Watch(ctx, cfg.RulesReloadInterval)
		return nil
	})
	err = group.Wait()
	logger.Info("stopped")
	return err
}

func printVersion(out io.Writer) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(out, "worker", version)
	return err
}
