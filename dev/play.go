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

// play runs the whole system and shows what happens until it is ended.
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
	suite, err := newSuite(ctx, o, true)
	if err != nil {
		return err
	}
	defer suite.close()
	setup := suite.setup()
	setup.queue, setup.fixed, setup.sweep = workflows.DefaultTaskQueue, true, "act"
	w := newWatch(os.Stdout, suite.temporal.ui)
	setup.onWorkerLine = w.worker
	sys, err := open(ctx, setup, suite.dir)
	if err != nil {
		return err
	}
	defer sys.close()
	fmt.Printf(`
The connector runs. Everything is on this machine and ends with Ctrl-C.

  Temporal          %s, namespace %s, task queue %s
  Temporal Web UI   %s/namespaces/default/workflows
  Simulated Concur  %s          (seed %d)
  Public endpoint   %s
  Approvals         %s/
                    sign in as the approver dev: %s

`, suite.temporal.address, client.DefaultNamespace, setup.queue, suite.temporal.ui, sys.sim.Control, o.seed, sys.public, sys.approve, sys.token)
	w.story = &story{ctx: ctx, system: sys, reports: map[string]string{}}
	if o.payloads == "" {
		if err := submitSamples(ctx, sys); err != nil {
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

func submitSamples(ctx context.Context, sys *testSystem) error {
	files, err := fs.Glob(samples, "samples/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		description, err := samples.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := sys.sim.add(ctx, description); err != nil {
			return err
		}
	}
	return nil
}
