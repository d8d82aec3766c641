package activities

import (
	"context"
	"errors"

	"concur-connector/concur"
	"concur-connector/expense"
)

// write is what an activity supplies to [Activities.write]: what to send, and how to
// recognise that an earlier attempt has sent it.
type write struct {
	op           string // in errors, such as "take action"
	attempt      expense.Attempt
	objectURI    string
	validationID string

	// action is set for a write that moves the report to another step.
	action *expense.TakeActionInput
	// approvalCode is the code of the exception that moves the report, if an exception does.
	approvalCode string
	// repeatable is set for a write that does no harm when it is sent twice, such as a
	// deletion. Its outcome is never recorded as unknown.
	repeatable bool

	// read reads the report before anything else. nil: one read by readAt.
	read func(ctx context.Context) (found, error)
	// unsent counts the requests that earlier attempts have not made; 0 means that the
	// write has been made. It may read the report again, and returns the last read.
	// nil: one request.
	unsent func(ctx context.Context, now found, first bool) (found, int, error)
	// possible returns an error if Concur does not offer the write. nil: Concur does.
	possible func(now found) error
	// prepare reads what the requests need, and then the report again. nil: nothing.
	prepare func(ctx context.Context, now found) (found, error)
	// send sends request i, to the report as it was just read.
	send func(ctx context.Context, now found, i int) error
	// refused reports whether a refusal of request i is a result; then the next request
	// follows. nil: every refusal ends the write.
	refused func(i int, err error) bool
	// explain adds to a refusal what Concur says elsewhere. nil: nothing.
	explain func(ctx context.Context, now found, err error) error
}

// written says how far a write has come.
type written struct {
	found        // the last read; its Kind is set if the report has moved or was changed
	made    bool // by this attempt or by an earlier one
	tried   bool // this attempt has sent a request
	unknown bool // the write may have taken effect all the same

	// dryRun says why nothing was sent, if this was a dry run.
	dryRun expense.DryRunReason
}

// write makes one write to a report or a travel request. Concur has no idempotency key, so
// Concur's state is the guard (docs/adr/0003 and 0013). The order of the steps is:
//
//  1. If an earlier attempt may have sent the write, wait until it can no longer be acting.
//  2. Read the report. If an earlier attempt may have moved it, repeat that until Concur
//     shows the move, for as long as Concur may take.
//  3. Stop if the report has left its validation step, if an earlier attempt has made the
//     write, or if the report is no longer what the rules evaluated.
//  4. Stop if this is a dry run.
//  5. Return an error if Concur does not offer the write, if writes are off, or if the
//     send-back limit is reached.
//  6. Ask the run for permission, and store in a heartbeat that the write is about to be
//     sent. Go on only if Temporal has just acknowledged that heartbeat.
//  7. Send the write.
//  8. If Concur refuses it, read the report again: it may have moved since step 2.
//
// A write of several requests reads the report again before each further request, and
// repeats steps 6 to 8.
//
// An error says whether the outcome is unknown. At first it is, unless this attempt may be
// the first one. A report that still waits after step 3 proves that no action has taken
// effect. After step 7 the outcome is unknown when Concur's answer was lost, and when Concur
// has accepted a request and no read has confirmed it yet.
func (a *Activities) write(ctx context.Context, h *heartbeater, w write) (out written, _ error) {
	fail := func(err error) (written, error) { return out, a.failedWrite(ctx, err, out.unknown) }

	first, err := a.waitForEarlier(ctx, h, w)
	out.unknown = !first && !w.repeatable
	if err != nil {
		return fail(err)
	}

	unsent := 1
	out.found, err = a.readEvaluated(ctx, w)
	if err == nil && out.Kind == "" && w.unsent != nil {
		out.found, unsent, err = w.unsent(ctx, out.found, first)
	}
	switch {
	case err != nil:
		return fail(err)
	case out.Kind != "": // the report has left its validation step
		return out, nil
	case unsent == 0:
		out.made, out.unknown = true, !w.repeatable
		return out, nil
	case w.changed(out.found, first):
		out.Kind, out.changed = expense.NotWaiting, true
		return out, nil
	}
	if w.action != nil {
		out.unknown = false // an action that had taken effect would have moved the report
	}

	if out.dryRun = out.dryRunReason; out.dryRun != "" {
		return out, nil
	}
	if err := a.mayWrite(ctx, w, out.found); err != nil {
		return fail(err)
	}
	if w.prepare != nil {
		if out.found, err = w.prepare(ctx, out.found); err != nil || out.Kind != "" {
			return fail(err)
		}
	}

	accepted := false
	for i := range unsent {
		if i > 0 {
			if out.found, err = a.readAt(ctx, w.objectURI, w.validationID, w.attempt.Via); err != nil || out.Kind != "" {
				return fail(err)
			}
		}
		if err := h.beforeWrite(ctx, out.HeaderHash); err != nil {
			return fail(err)
		}
		out.tried = true
		after, err := a.send(ctx, h, w, out.found, i)
		switch {
		case after.Kind != "": // the report has moved: that is why Concur refused
			out.found = after
			return out, nil
		case err == nil:
			accepted, out.unknown = true, !w.repeatable
		case w.refused != nil && w.refused(i, err):
		default:
			if !accepted {
				h.afterWrite(ctx, err)
			}
			out.unknown = out.unknown || errors.Is(err, concur.OutcomeUnknown) && !w.repeatable
			if w.explain != nil {
				err = w.explain(ctx, out.found, err)
			}
			return fail(err)
		}
	}
	out.made, out.unknown = true, !w.repeatable
	return out, nil
}

// changed reports whether the report is no longer what the rules evaluated. Exceptions that
// an earlier attempt has posted or deleted may have changed the header, so a later attempt
// does not compare it.
func (w write) changed(now found, first bool) bool {
	switch {
	case first || w.action != nil:
		return !now.at(w.validationID, w.attempt)
	case w.repeatable:
		return false
	}
	return now.edited(w.attempt)
}

// mayWrite returns an error if this write must not be sent now.
func (a *Activities) mayWrite(ctx context.Context, w write, now found) error {
	if w.possible != nil {
		if err := w.possible(now); err != nil {
			return err
		}
	}
	if err := a.options.Writes.allow(w.op); err != nil || w.action == nil {
		return err
	}
	return a.options.SendBackLimit.check(ctx, *w.action)
}

// sendAgain is a refusal after which the request is sent again, with what Concur has asked
// for. A write returns it at most once.
type sendAgain struct{ error }

func (e sendAgain) Unwrap() error { return e.error }

// send sends one request to the report as it was just read. When Concur refuses, send reads
// the report again before it draws a conclusion, whatever the refusal says. It repeats the
// request if the report is unchanged and one of two things is new, each at most once: the
// write has what Concur asked for, or the token is another one. The read has renewed the
// token if it had ended, which a 403 may mean. If not, send renews the token now: that helps
// if the new one has another scope. Then send reads the report once more, because time has
// passed.
func (a *Activities) send(ctx context.Context, h *heartbeater, w write, now found, i int) (found, error) {
	for renewed := false; ; {
		refusal := w.send(ctx, now, i)
		if !concur.Refused(refusal) {
			return found{}, refusal
		}
		again, err := a.explainRefusal(ctx, w.objectURI, now, refusal)
		if again.Kind != "" || !errors.Is(err, refusal) {
			return again, err
		}
		if !errors.As(refusal, new(sendAgain)) {
			if renewed {
				return again, err
			}
			renewed = true
			if !a.options.Concur.TokenRenewedSince(refusal) {
				if !a.options.Concur.GrantedSince(context.WithoutCancel(ctx), refusal) {
					return again, err
				}
				if again, err = a.explainRefusal(ctx, w.objectURI, now, refusal); again.Kind != "" || !errors.Is(err, refusal) {
					return again, err
				}
			}
		}
		if err := h.beforeWrite(ctx, again.HeaderHash); err != nil {
			return found{}, err
		}
		now = again
	}
}
