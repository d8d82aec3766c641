package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

// concerning keeps those lines of a configuration's problems that begin with one of the
// names: a command needs a part of what a program needs. A name that ends with an
// underscore stands for every variable that begins so.
func concerning(err error, names ...string) error {
	var kept []string
	for _, line := range problems(err) {
		name, _, _ := strings.Cut(line, " ")
		if slices.ContainsFunc(names, func(n string) bool { return n == name || strings.HasSuffix(n, "_") && strings.HasPrefix(name, n) }) {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return errors.New("the configuration cannot be used: " + strings.Join(kept, "; "))
}

// problems splits the error of a configuration into its lines.
func problems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// deployment is where the runs are: Temporal, and the queue of the deployment.
type deployment struct {
	temporal  client.Client
	runs      *workflows.Client
	data      converter.DataConverter // of what the runs hold
	address   string
	namespace string
	taskQueue string
}

// reachTimeout bounds how long it takes to find out that Temporal is not there.
const reachTimeout = 10 * time.Second

// reachTemporal connects as the worker does, and says on errs where it connects to: a
// command for another namespace must not be taken for one of this.
func reachTemporal(ctx context.Context, errs io.Writer) (*deployment, error) {
	cfg, _, err := config.LoadIngress() // of it only the queue, which both programs need
	if err := concerning(err, "CONCUR_TASK_QUEUE", "CONCUR_TASK_QUEUE_FILE", "TEMPORAL_"); err != nil {
		return nil, err
	}
	options, err := workflows.ClientOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(errs, "concurctl: using Temporal at %s, namespace %s, task queue %s\n", options.HostPort, options.Namespace, cfg.TaskQueue)
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("reach Temporal at %s: %w", options.HostPort, err)
	}
	d := newDeployment(temporal, options.Namespace, cfg.TaskQueue)
	d.address, d.data = options.HostPort, workflows.DataConverter(options)
	return d, nil
}

func newDeployment(temporal client.Client, namespace, taskQueue string) *deployment {
	return &deployment{
		temporal: temporal, runs: workflows.NewClient(temporal, taskQueue), namespace: namespace, taskQueue: taskQueue,
		data: converter.GetDefaultDataConverter(),
	}
}

// namespaceOf returns the namespace that TEMPORAL_* name, without connecting.
func namespaceOf() (string, error) {
	_, _, err := config.LoadIngress()
	if err := concerning(err, "TEMPORAL_"); err != nil {
		return "", err
	}
	options, err := workflows.ClientOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	return options.Namespace, nil
}
