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
)

// Delays are how long Concur is left alone after it could not serve us.
type Delays struct {
	// Outage follows a 503 and an answer that did not come in time. Concur asks for
	// five minutes.
	Outage time.Duration
	// Unauthorized follows a refusal that only a person can end, by renewing our
	// access.
	Unauthorized time.Duration
	// WriteCheck comes before it is looked again whether a write of ours is shown; it doubles.
	WriteCheck time.Duration
	// VisibleWithin is how long Concur may take until what it reads out shows a write of ours.
	VisibleWithin time.Duration
}

// treatment is what is done about a kind of error.
type treatment int

const (
	retried treatment = iota // by the retry policy, or after Concur's own delay
	hourly                   // until a person has renewed our access
	parked                   // the workflow waits for a person
)

// table is the one place that says what becomes of an error of Concur, or of the company's
// own systems. NotFound and
// NotWaiting are not in it: they are values.
func table(k expense.Kind) treatment {
	switch k {
	case expense.Unavailable, expense.RateLimited, expense.Deadlock, expense.OutcomeUnknown, expense.Interrupted:
		return retried
	case expense.Unauthorized:
		return hourly
	}
	return parked // whatever a person must mend
}

// failure turns an error into one that Temporal understands: its type is the kind,
// and it says whether and when to try again. A nil error stays nil.
func (a *Activities) failure(ctx context.Context, err error) error {
	return a.describe(ctx, err)
}

// failedWrite is failure for a write: it says, too, whether the write may have taken
// effect all the same.
func (a *Activities) failedWrite(ctx context.Context, err error, doubtful bool) error {
	told := expense.FailedWrite{OutcomeUnknown: doubtful || errors.Is(err, errReset)}
	sign(ctx, &told.Answer)
	var e *concur.Error
	if errors.As(err, &e) {
		told.Fix = e.Mend
	}
	return a.describe(ctx, err, told)
}

func (a *Activities) describe(ctx context.Context, err error, details ...any) error {
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
	var unanswered *facts.Error
	if errors.As(err, &unanswered) {
		return ofFact(ctx, unanswered)
	}
	var e *concur.Error
	if !errors.As(err, &e) {
		return err // ours: retried by the policy until it is mended
	}
	kind := e.Kind
	if kind == expense.NotFound || kind == expense.NotWaiting {
		kind = expense.Rejected // where a 404 is no answer to the question, or the report waits all the same
	}
	options := temporal.ApplicationErrorOptions{NextRetryDelay: e.RetryAfter}
	switch table(kind) {
	case parked:
		options = temporal.ApplicationErrorOptions{NonRetryable: true}
	case hourly:
		options.NextRetryDelay = a.options.Delays.Unauthorized
	case retried:
		// A worker that stops, and an attempt that has used up its time, say nothing of Concur.
		outage := kind != expense.Interrupted && (e.Status == 503 || errors.Is(err, context.DeadlineExceeded))
		if outage && e.RetryAfter == 0 {
			options.NextRetryDelay = a.options.Delays.Outage
		}
	}
	options.Details = details
	options.NonRetryable = options.NonRetryable || errors.Is(err, errFull) || lasting(ctx, e.Gateway, e.Kind, e.Status)
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(kind), options)
}

// gatewayTries is how often something is tried while a gateway answers in Concur's place, with
// a status that does not say that this will pass. Then an operator is told: a firewall may refuse
// one address for ever.
const gatewayTries = 10

func lasting(ctx context.Context, gateway bool, kind expense.Kind, status int) bool {
	return gateway && status < 500 && kind != expense.RateLimited && activity.GetInfo(ctx).Attempt >= gatewayTries
}

// ofFact is for an error of the company's own systems. The five minutes that Concur asks for
// are not theirs: they are asked again by the retry policy, unless they say how long to wait.
func ofFact(ctx context.Context, e *facts.Error) error {
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   table(e.Kind) == parked || lasting(ctx, e.Gateway, e.Kind, e.Status),
		NextRetryDelay: e.RetryAfter,
	})
}

// isGone reports whether Temporal no longer knows the attempt.
func isGone(err error) bool {
	var missing *serviceerror.NotFound
	return errors.As(err, &missing)
}
