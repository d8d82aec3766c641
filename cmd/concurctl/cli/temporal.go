package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

// ConfigError returns the problems of a configuration that concern the named variables, or nil:
// a command needs only some of a program's variables. A name that ends with an underscore
// stands for every variable with that prefix.
func ConfigError(err error, names ...string) error {
	var kept []string
	for _, line := range ConfigProblems(err) {
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

// ConfigProblems splits the error of a configuration into its lines.
func ConfigProblems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// Deployment is the Temporal namespace and the task queue of the runs.
type Deployment struct {
	Temporal  client.Client
	Runs      *workflows.Client
	Data      converter.DataConverter // decodes what the runs store
	Address   string
	Namespace string
	TaskQueue string
}

// ConnectTimeout limits how long a command tries to reach Temporal.
const ConnectTimeout = 10 * time.Second

// ConnectTemporal connects as the worker does. It writes to errs where it connects, so that
// nobody works on the wrong namespace by mistake.
func ConnectTemporal(ctx context.Context, errs io.Writer) (*Deployment, error) {
	cfg, _, err := config.LoadIngress() // only for the task queue, which both programs need
	if err := ConfigError(err, "CONCUR_TASK_QUEUE", "CONCUR_TASK_QUEUE_FILE", "TEMPORAL_"); err != nil {
		return nil, err
	}
	options, err := workflows.ClientOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(errs, "concurctl: using Temporal at %s, namespace %s, task queue %s\n", options.HostPort, options.Namespace, cfg.TaskQueue)
	ctx, cancel := context.WithTimeout(ctx, ConnectTimeout)
	defer cancel()
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("reach Temporal at %s: %w", options.HostPort, err)
	}
	d := NewDeployment(temporal, options.Namespace, cfg.TaskQueue)
	d.Address, d.Data = options.HostPort, workflows.DataConverter(options)
	return d, nil
}

func NewDeployment(temporal client.Client, namespace, taskQueue string) *Deployment {
	return &Deployment{
		Temporal: temporal, Runs: workflows.NewClient(temporal, taskQueue), Namespace: namespace, TaskQueue: taskQueue,
		Data: converter.GetDefaultDataConverter(),
	}
}

// Namespace returns the namespace of the TEMPORAL_* variables, without connecting.
func Namespace() (string, error) {
	_, _, err := config.LoadIngress()
	if err := ConfigError(err, "TEMPORAL_"); err != nil {
		return "", err
	}
	options, err := workflows.ClientOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	return options.Namespace, nil
}

// RequirePoller returns an error if nobody polls a task queue, because runs there would wait.
func (t *Deployment) RequirePoller(ctx context.Context, queue string) error {
	ctx, cancel := context.WithTimeout(ctx, ConnectTimeout)
	defer cancel()
	described, err := t.Temporal.DescribeTaskQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err == nil && len(described.GetPollers()) == 0 {
		return fmt.Errorf("nobody polls the task queue %s: start the worker, or compare CONCUR_TASK_QUEUE with the worker's", queue)
	}
	return nil // without permission to describe the queue, runs may still be started
}
