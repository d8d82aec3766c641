// Command ingress serves Concur's callouts on the public listener, health on the internal one, and
// approvers on a third.
package main

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"concur-connector/internal/config"
	"concur-connector/internal/program"
)

func main() {
	program.Program{
		Name: "ingress",
		Run:  func(ctx context.Context, _, errs io.Writer) error { return run(ctx, errs) },
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
	open, err := listen(cfg, temporal, logger)
	if err != nil {
		return err
	}
	logger.Info("listening", "public", open.public.Addr(), "internal", open.internal.Addr(), "approvals", open.approvals.Addr())

	group, ctx := errgroup.WithContext(ctx)
	for _, server := range open.all() {
		group.Go(func() error { return server.Serve(ctx) })
	}
	err = group.Wait()
	logger.Info("stopped")
	return err
}
