package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.temporal.io/sdk/client"

	"concur-connector/workflows"
)

//go:embed samples/*.yaml
var samples embed.FS

// play runs the whole system, shows what happens, and stays until it is ended.
func play(ctx context.Context, o options) error {
	if o.payloads != "" {
		dir, err := filepath.Abs(o.payloads)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("payloads: %w", err)
		}
		o.payloads = dir
	}
	world, err := newWorld(ctx, o, true)
	if err != nil {
		return err
	}
	defer world.close()
	setup := world.setup()
	setup.queue, setup.fixed, setup.sweep = workflows.DefaultTaskQueue, true, "act"
	w := newWatch(os.Stdout, world.temporal.ui)
	setup.told = w.worker
	h, err := open(ctx, setup, world.dir)
	if err != nil {
		return err
	}
	defer h.close()
	fmt.Printf(`
The connector runs. Everything is on this machine and ends with Ctrl-C.

  Temporal          %s, namespace %s, task queue %s
  Temporal Web UI   %s/namespaces/default/workflows
  Simulated Concur  %s          (seed %d)
  Public door       %s
  Approvals         %s/approvals/…

`, world.temporal.address, client.DefaultNamespace, setup.queue, world.temporal.ui, h.sim.Control, o.seed, h.public, h.internal)
	w.stage = &stage{ctx: ctx, house: h, reports: map[string]string{}}
	if o.payloads == "" {
		if err := submitSamples(ctx, h); err != nil {
			return err
		}
	}
	err = w.follow(ctx)
	fmt.Println("\nending …")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func submitSamples(ctx context.Context, h *house) error {
	files, err := fs.Glob(samples, "samples/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		description, err := samples.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := h.sim.add(ctx, description); err != nil {
			return err
		}
	}
	return nil
}
