package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
	"concur-connector/internal/notify"
)

// Notifier tells approvers about tasks. Messages and Digests send nothing; their errors say what
// is wrong with the configuration. The error of Send is a *notify.Error.
type Notifier interface {
	Messages(in expense.NotifyApproversInput) ([]notify.Message, error)
	Digests(at time.Time, tasks []expense.TaskSummary) ([]notify.Message, error)
	Send(ctx context.Context, m notify.Message) error
}

// TaskLister lists the tasks that wait for approvers.
type TaskLister interface {
	Tasks(ctx context.Context) ([]expense.TaskSummary, error)
}

// NotifyApprovers tells approvers a piece of news about a task. A retry tells only those who have
// not been told. Messages that may still be delivered are retried; the error about the others
// comes last and is not retried. Without a Notifier nobody is told.
func (a *Activities) NotifyApprovers(ctx context.Context, in expense.NotifyApproversInput) error {
	return a.deliver(ctx, func(context.Context) ([]notify.Message, error) { return a.options.Notifier.Messages(in) })
}

// DeliverDigests tells each approver once about all tasks that wait for them, as NotifyApprovers
// delivers messages. A task that is decided between two attempts is left out of the second.
func (a *Activities) DeliverDigests(ctx context.Context, in expense.DeliverDigestsInput) error {
	return a.deliver(ctx, func(ctx context.Context) ([]notify.Message, error) {
		if a.options.Tasks == nil {
			return nil, errors.New("activities: option Tasks is missing")
		}
		tasks, err := a.options.Tasks.Tasks(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the tasks that wait: %w", err)
		}
		return a.options.Notifier.Digests(in.At, tasks)
	})
}

// delivery is what the attempts so far have achieved. It is the heartbeat detail, so that the next
// attempt tells nobody twice.
type delivery struct {
	Told []string `json:"told,omitempty"` // IDs of messages
	// Refused are the errors of the messages that will never be delivered, by their IDs.
	Refused map[string]string `json:"refused,omitempty"`
	Kind    expense.Kind      `json:"kind,omitempty"` // of the last of them
}

func (d *delivery) finished(id string) bool {
	_, refused := d.Refused[id]
	return refused || slices.Contains(d.Told, id)
}

func (a *Activities) deliver(ctx context.Context, render func(context.Context) ([]notify.Message, error)) error {
	if a.options.Notifier == nil {
		return nil
	}
	ctx, beats, stop := a.startHeartbeat(ctx)
	defer stop()
	d := &delivery{Refused: map[string]string{}}
	if activity.HasHeartbeatDetails(ctx) {
		var before delivery
		if activity.GetHeartbeatDetails(ctx, &before) == nil {
			d.Told, d.Kind = before.Told, before.Kind
			maps.Copy(d.Refused, before.Refused)
		}
	}
	beats.store(d.copy())
	messages, err := render(ctx)
	if err != nil {
		return a.failure(ctx, err)
	}
	later, err := a.sendEach(ctx, beats, d, messages)
	switch {
	case err != nil:
		return a.failure(ctx, err)
	case later != nil:
		return a.failure(ctx, later)
	case len(d.Refused) > 0:
		return d.refusal(len(messages))
	}
	return nil
}

// sendEach sends the messages that no attempt has finished. It returns an error whose message may
// be delivered by a later attempt, if there is one, or the error that ended this attempt.
func (a *Activities) sendEach(ctx context.Context, beats *heartbeater, d *delivery, messages []notify.Message) (later *notify.Error, _ error) {
	down := map[string]bool{}
	for _, m := range messages {
		if d.finished(m.ID) || down[m.Channel] {
			continue
		}
		err := a.options.Notifier.Send(ctx, m)
		var failed *notify.Error
		switch {
		case err == nil:
			d.Told = append(d.Told, m.ID)
		case ctx.Err() != nil || !errors.As(err, &failed):
			return nil, err
		case classOf(failed.Kind) == retried:
			if later == nil || failed.RetryAfter > later.RetryAfter {
				later = failed
			}
			down[m.Channel] = failed.ChannelDown
			continue
		default:
			d.Refused[m.ID], d.Kind = failed.Error(), failed.Kind
		}
		beats.store(d.copy())
		if err := beats.send(ctx); err != nil && final(err) {
			return nil, err
		}
	}
	return later, nil
}

// copy returns what the heartbeats can send while the attempt goes on.
func (d *delivery) copy() delivery {
	return delivery{Told: slices.Clone(d.Told), Refused: maps.Clone(d.Refused), Kind: d.Kind}
}

// maxReasons limits how many different reasons one error names.
const maxReasons = 5

// refusal is the error about messages that will never be delivered. All others are delivered.
func (d *delivery) refusal(all int) error {
	reasons := slices.Compact(slices.Sorted(maps.Values(d.Refused)))
	text := fmt.Sprintf("%d of %d messages will not be delivered: %s", len(d.Refused), max(all, len(d.Refused)), strings.Join(reasons[:min(len(reasons), maxReasons)], "; "))
	return temporal.NewApplicationErrorWithOptions(text, string(d.Kind), temporal.ApplicationErrorOptions{NonRetryable: true})
}
