package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// Settings are the durations of timers and timeouts. They may change between deployments: a
// replay does not compare durations. No setting may decide whether a timer or an activity starts.
type Settings struct {
	// RequestTimeout is how long Concur may take for one answer. Concur's own rules say 60 s.
	RequestTimeout time.Duration
	// FactTimeout is how long a fact service may take for one answer.
	FactTimeout time.Duration
	// HeartbeatTimeout is the time after which another worker gets the activity of a killed worker.
	HeartbeatTimeout time.Duration
	// RetryInterval and RetryMaxInterval bound the growing delay between attempts.
	RetryInterval    time.Duration
	RetryMaxInterval time.Duration
	// ParkedRetryDelays are the delays after which a parked run tries again; the last one repeats.
	ParkedRetryDelays []time.Duration
	// RereadDelay is the delay before the run asks again for an answer that it cannot parse.
	RereadDelay time.Duration
	// WriteCheckDelay is the delay before the run checks again whether Concur shows a write. It doubles.
	WriteCheckDelay time.Duration
	// VisibleWithin is how long Concur may take to show a write.
	VisibleWithin time.Duration
	// EventTypeDelay is how long a run waits for a second callout that names the validation step
	// differently, before it relies on the name of the first.
	EventTypeDelay time.Duration
	// ConfirmDelay is the delay before a run checks again what one answer does not prove: that a
	// report is gone, and that no other run handles a report that a sweep has found.
	ConfirmDelay time.Duration
}

// DefaultSettings are those of production.
func DefaultSettings() Settings {
	return Settings{
		RequestTimeout:    time.Minute,
		FactTimeout:       10 * time.Second,
		HeartbeatTimeout:  15 * time.Second,
		RetryInterval:     2 * time.Second,
		RetryMaxInterval:  5 * time.Minute,
		ParkedRetryDelays: []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour},
		RereadDelay:       30 * time.Second,
		WriteCheckDelay:   5 * time.Second,
		VisibleWithin:     time.Minute,
		EventTypeDelay:    5 * time.Minute,
		ConfirmDelay:      time.Minute,
	}
}

// Workflows holds the workflow functions.
type Workflows struct{ Settings }

// All returns the workflow functions by the names under which a worker registers them.
func (w Workflows) All() map[string]any {
	return map[string]any{
		ProcessNotification:      w.ProcessNotification,
		SweepFailedNotifications: w.SweepFailedNotifications,
		LimitSendBacks:           w.LimitSendBacks,
		RememberSteps:            w.RememberSteps,
		SendDigests:              w.SendDigests,
	}
}

// These constants bound how many answers of Concur one attempt of an activity may wait for.
// StartToClose is longer than all of them together: the timeout of a request must fire first,
// because it says what happened. One call may take four requests: the token, the call, a new
// token and the call again; and twice as many for a path with a stray percent sign. A part of a
// list takes three calls.
const (
	requestsOfRead   = 8
	requestsOfList   = 3 * requestsOfRead
	requestsOfDelete = 6 * requestsOfRead // the delete and the list in two formats, twice

	// v3 and v4 take a request for each part of a report and for each exception.
	requestsOfWhole = 240
	requestsOfEach  = 240 + requestsOfWhole

	// The wait for an earlier attempt, a read of the whole report, and three times the write with
	// a read after it: the first time, with a new token (after one more read), and with a comment
	// that Concur requires.
	requestsOfWrite = 1 + 8*requestsOfRead + requestsOfWhole
)

// concurOptions are for an activity that calls Concur. There is no ScheduleToClose timeout:
// retries go on for as long as Concur is away, or until a person renews the token. The heartbeat
// timeout ends the attempt of a killed worker.
func (w Workflows) concurOptions(ctx workflow.Context, summary string, requests int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           ConcurQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: time.Duration(requests+1)*w.RequestTimeout + expense.MaxWaitsUntilVisible*w.VisibleWithin,
		HeartbeatTimeout:    w.HeartbeatTimeout,
		WaitForCancellation: true, // a write that has begun goes on, and its result is recorded
		RetryPolicy:         w.retries(),
		Summary:             summary,
	})
}

// maxListAttempts is how often a sweep requests a list that Concur does not return. The sweep then
// goes on with the other lists, and the next sweep requests this one again.
const maxListAttempts = 4

// listOptions are concurOptions for a list that a sweep requests.
func (w Workflows) listOptions(ctx workflow.Context, summary string, requests int) workflow.Context {
	policy := w.retries()
	policy.MaximumAttempts = maxListAttempts
	return workflow.WithRetryPolicy(w.concurOptions(ctx, summary, requests), *policy)
}

// requestsOfFacts is how many requests all facts of one report may take: twenty facts, each about
// a thousand entries.
const requestsOfFacts = 100

// factOptions are for the activity that asks the fact services. Retries have no end: the run waits
// for a service that is away.
func (w Workflows) factOptions(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           FactQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: (requestsOfFacts + 1) * w.FactTimeout,
		HeartbeatTimeout:    w.HeartbeatTimeout,
		RetryPolicy:         w.retries(),
		Summary:             summary,
	})
}

// localOptions are for an activity that calls only Temporal, or evaluates rules. Two minutes are
// more than the limits of the rules, and enough to start the runs of a part of the failed list.
func (w Workflows) localOptions(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Minute,
		HeartbeatTimeout:    w.HeartbeatTimeout,
		RetryPolicy:         w.retries(),
		Summary:             summary,
	})
}

func (w Workflows) retries() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval:    w.RetryInterval,
		BackoffCoefficient: 2,
		MaximumInterval:    w.RetryMaxInterval,
	}
}
