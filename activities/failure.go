package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/facts"
	"concur-connector/internal/notify"
)

// Delays say how long to wait before Concur is asked again.
type Delays struct {
	// Outage is the delay after a 503 and after a timeout. Concur asks for five minutes.
	Outage time.Duration
	// Unauthorized is the delay while Concur refuses the token and a person has to renew it.
	Unauthorized time.Duration
	// WriteCheck is the delay before the second read that looks for a write. It doubles
	// with each read.
	WriteCheck time.Duration
	// VisibleWithin is how long Concur may take until its reads show a write.
	VisibleWithin time.Duration
}

// retryClass says what happens after an error of one kind.
type retryClass int

const (
	retried      retryClass = iota // by the retry policy, or after the delay that Concur asks for
	untilRenewed                   // after Delays.Unauthorized, until a person has renewed the token
	parked                         // not at all: the run waits for a person
)

// classOf is the only place that says what happens after an error of Concur or of a fact
// service. NotFound and NotWaiting are missing, because they are results.
func classOf(k expense.Kind) retryClass {
	switch k {
	case expense.Unavailable, expense.RateLimited, expense.Deadlock, expense.OutcomeUnknown, expense.Interrupted:
		return retried
	case expense.Unauthorized:
		return untilRenewed
	}
	return parked
}

// failure turns an error into one that Temporal understands: its type is the kind, and it
// says whether and when to retry. A nil error stays nil. Temporal receives the details.
func (a *Activities) failure(ctx context.Context, err error, details ...any) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		if temporal.IsCanceledError(cause) {
			return temporal.NewCanceledError(details...)
		}
		if errors.Is(cause, errLost) {
			err = lost(cause)
		}
	}
	var noFact *facts.Error
	if errors.As(err, &noFact) {
		return factFailure(ctx, noFact)
	}
	var noMessage *notify.Error
	if errors.As(err, &noMessage) {
		return messageFailure(noMessage)
	}
	var e *concur.Error
	if !errors.As(err, &e) {
		return err // an error of the connector's own: the retry policy repeats it until it is fixed
	}
	kind := e.Kind
	if kind == expense.NotFound || kind == expense.NotWaiting {
		kind = expense.Rejected // a refusal, where neither is a result
	}
	options := temporal.ApplicationErrorOptions{NextRetryDelay: e.RetryAfter, Details: details}
	switch classOf(kind) {
	case parked:
		options.NonRetryable, options.NextRetryDelay = true, 0
	case untilRenewed:
		options.NextRetryDelay = a.options.Delays.Unauthorized
	case retried:
		// An attempt that the worker or its timeout has interrupted says nothing about Concur.
		outage := kind != expense.Interrupted && (e.Status == 503 || errors.Is(err, context.DeadlineExceeded))
		if outage && e.RetryAfter == 0 {
			options.NextRetryDelay = a.options.Delays.Outage
		}
	}
	options.NonRetryable = options.NonRetryable || errors.Is(err, errFull) || lasting(ctx, e.Gateway, e.Kind, e.Status)
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(kind), options)
}

// failedWrite is failure for a write. Its detail says whether the outcome is unknown.
func (a *Activities) failedWrite(ctx context.Context, err error, unknown bool) error {
	detail := expense.FailedWrite{OutcomeUnknown: unknown || errors.Is(err, errReset)}
	sign(ctx, &detail.Answer)
	var e *concur.Error
	if errors.As(err, &e) {
		detail.Fix = e.Fix
	}
	return a.failure(ctx, err, detail)
}

// maxGatewayAttempts limits the attempts while a gateway answers in Concur's place with a
// status that does not promise to pass. Then the run is parked: a firewall may refuse an
// address for good.
const maxGatewayAttempts = 10

// lasting reports whether a gateway has answered in Concur's place too often.
func lasting(ctx context.Context, gateway bool, kind expense.Kind, status int) bool {
	return gateway && status < 500 && kind != expense.RateLimited && activity.GetInfo(ctx).Attempt >= maxGatewayAttempts
}

// factFailure is failure for an error of a fact service. The five minutes that Concur asks
// for are not the service's: the retry policy decides, unless the service says how long to wait.
func factFailure(ctx context.Context, e *facts.Error) error {
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   classOf(e.Kind) == parked || lasting(ctx, e.Gateway, e.Kind, e.Status),
		NextRetryDelay: e.RetryAfter,
	})
}

// messageFailure is failure for a message to approvers, with the delays of the retry policy unless
// the receiver says how long to wait.
func messageFailure(e *notify.Error) error {
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   classOf(e.Kind) == parked,
		NextRetryDelay: e.RetryAfter,
	})
}

// isGone reports whether Temporal no longer knows the attempt.
func isGone(err error) bool {
	var missing *serviceerror.NotFound
	return errors.As(err, &missing)
}
