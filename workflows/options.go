package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// requests bounds how many answers of Concur one attempt may wait for, the pause
// after a doubtful attempt included. StartToClose must be longer than all of them,
// so that the HTTP limit, which says what happened, always fires first. One call
// may be four requests: the token, the call, one refresh and the call again, and
// twice that for a path with a stray percent sign. A part of a list has three calls.
const (
	requestsOfRead   = 8
	requestsOfList   = 3 * requestsOfRead
	requestsOfDelete = 6 * requestsOfRead // twice the delete, with the list after it in two formats

	// By v3 and v4 a report is as many requests as it has parts, and its exceptions are
	// written one by one. A worker that is lost is noticed by its heartbeat all the same.
	requestsOfWhole = 240
	requestsOfEach  = 240 + requestsOfWhole

	// The pause, a read, which may be of the whole report, and the write with a read after it,
	// three times: as it is, with a new access token, before which the report is read once more,
	// and with a comment that Concur asks for.
	requestsOfWrite = 1 + 8*requestsOfRead + requestsOfWhole
)

// concurOptions are for an activity that calls Concur. There is no
// ScheduleToClose: Concur's own five minutes, or an hour until a person renews our
// access, must fit, however often. An attempt ends by Concur's rules; a killed
// worker's by the heartbeat.
func (w Workflows) concurOptions(ctx workflow.Context, summary string, requests int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           ConcurQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: time.Duration(requests+1)*w.RequestTimeout + expense.WaitsUntilShown*w.VisibleWithin,
		HeartbeatTimeout:    w.HeartbeatTimeout,
		WaitForCancellation: true, // a write in flight is not interrupted; its result is recorded
		RetryPolicy:         w.retries(),
		Summary:             summary,
	})
}

// netTries is how often a net asks for a list that Concur does not give. The next sweep
// asks again; without an end this one would keep it, and the other net, from their work.
const netTries = 4

// netOptions are concurOptions for a list.
func (w Workflows) netOptions(ctx workflow.Context, summary string, requests int) workflow.Context {
	policy := w.retries()
	policy.MaximumAttempts = netTries
	return workflow.WithRetryPolicy(w.concurOptions(ctx, summary, requests), *policy)
}

// requestsOfFacts is how many requests all facts of one report may be: twenty facts, each
// about a thousand entries.
const requestsOfFacts = 100

// factOptions are for the activity that asks the company's own systems. There is no end to
// the asking: a system that is away is waited for.
func (w Workflows) factOptions(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           FactQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: (requestsOfFacts + 1) * w.FactTimeout,
		HeartbeatTimeout:    w.HeartbeatTimeout,
		RetryPolicy:         w.retries(),
		Summary:             summary,
	})
}

// localOptions are for an activity that calls nobody but Temporal. Two minutes are
// more than the rules' own limits and than starting a part of the failed list; a
// killed worker is noticed by the heartbeat.
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
