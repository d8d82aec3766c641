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

// concerning keeps those lines of a configuration's problems that begin with one of the
// names: a command needs a part of what a program needs. A name that ends with an
// underscore stands for every variable that begins so.
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

// problems splits the error of a configuration into its lines.
func ConfigProblems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// Deployment is where the runs are: Temporal, and the queue of the deployment.
type Deployment struct {
	Temporal  client.Client
	Runs      *workflows.Client
	Data      converter.DataConverter // of what the runs hold
	Address   string
	Namespace string
	TaskQueue string
}

// ConnectTimeout bounds how long it takes to find out that Temporal is not there.
const ConnectTimeout = 10 * time.Second

// ConnectTemporal connects as the worker does, and says on errs where it connects to: a
// command for another namespace must not be taken for one of this.
func ConnectTemporal(ctx context.Context, errs io.Writer) (*Deployment, error) {
	cfg, _, err := config.LoadIngress() // of it only the queue, which both programs need
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

// Namespace returns the namespace that TEMPORAL_* name, without connecting.
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

// RequirePoller returns an error when nobody polls a queue: what is started there waits.
func (t *Deployment) RequirePoller(ctx context.Context, queue string) error {
	ctx, cancel := context.WithTimeout(ctx, ConnectTimeout)
	defer cancel()
	described, err := t.Temporal.DescribeTaskQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err == nil && len(described.GetPollers()) == 0 {
		return fmt.Errorf("nobody polls the task queue %s: start the worker, or compare CONCUR_TASK_QUEUE with its", queue)
	}
	return nil // who may not look may start all the same
}
