package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suite is what all stories of one command share.
type suite struct {
	root     string
	dir      string
	binaries binaries
	temporal *temporalServer
	certs    certificates
	// approvers are those of each system when it starts.
	approvers approverFiles
	options   options
}

// newSuite builds the programs and starts Temporal.
func newSuite(ctx context.Context, o options, withUI bool) (*suite, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "concur-connector-dev-")
	if err != nil {
		return nil, err
	}
	w := &suite{root: root, dir: dir, options: o}
	logf := func(format string, args ...any) { fmt.Fprintf(os.Stderr, "dev: "+format+"\n", args...) }
	if w.certs, err = makeCertificates(dir); err == nil {
		w.binaries, err = build(ctx, root, dir, logf)
	}
	if err == nil {
		w.approvers, err = makeApprovers(ctx, w.binaries.concurctl, dir)
	}
	if err == nil {
		w.temporal, err = startTemporal(ctx, w.binaries.temporal, withUI)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return w, nil
}

// setup returns the setup of a test system in this suite.
func (w *suite) setup() systemSetup {
	rules := w.options.rules
	if rules == "" {
		rules = filepath.Join(w.root, "dev", "rules.yaml")
	}
	return systemSetup{
		binaries: w.binaries, temporal: w.temporal, certs: w.certs, approvers: w.approvers, queue: "dev",
		rules: rules, payloads: w.options.payloads, seed: w.options.seed, sweep: "off", via: w.options.via,
	}
}

// stories lists all stories.
func (w *suite) stories() []string {
	files, err := filepath.Glob(filepath.Join(w.root, "dev", "testdata", "*.txtar"))
	if err != nil {
		return nil
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(filepath.Base(file), ".txtar")
	}
	slices.Sort(names)
	return names
}

func (w *suite) close() {
	w.temporal.stop()
	_ = os.RemoveAll(w.dir)
}
