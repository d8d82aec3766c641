// Command worker runs the connector's workflows and activities: it reads reports
// from Concur, evaluates the rules for them and acts.
package main

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/internal/program"
)

func main() {
	program.Program{Name: "worker", Run: func(ctx context.Context, _, errs io.Writer) error { return run(ctx, errs) }}.Main()
}

// run reads the configuration, builds, serves, and drains when ctx ends.
func run(ctx context.Context, errs io.Writer) error {
	cfg, ignored, err := config.LoadWorker()
	if err != nil {
		return fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	logger, err := program.NewLogger(errs, cfg.LogLevel, cfg.LogFormat, ignored)
	if err != nil {
		return err
	}
	company, err := clients.FactServices(cfg, logger)
	if err != nil {
		return err
	}
	rules, err := loadRules(cfg, company, logger)
	if err != nil {
		return err
	}
	tells, err := messages(cfg, logger)
	if err != nil {
		return err
	}
	concur, err := reachConcur(cfg, logger)
	if err != nil {
		return err
	}
	defer concur.Close()
	temporal, namespace, err := program.Temporal(cfg.TaskQueue, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	decides, err := watchApprovers(cfg, logger)
	if err != nil {
		return err
	}
	workers, err := build(cfg, temporal, concur, company, rules, decides, tells, logger)
	if err != nil {
		return err
	}
	start := newStartup(cfg, temporal, namespace, logger)
	start.digest = digest(cfg, tells)
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
		rules.Run(ctx, cfg.RulesReloadInterval)
		return nil
	})
	err = group.Wait()
	logger.Info("stopped")
	return err
}
