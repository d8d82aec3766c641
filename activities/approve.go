package activities

import (
	"context"
	"errors"
	"time"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ApproveByException passes a report on in the place of TakeAction, where a company's
// workflow moves a report on that has an exception of that code. It is posted at the stop
// where the report was judged and nowhere else, and then it is looked, with a growing delay,
// whether the report has left. One that stays is a value.
func (a *Activities) ApproveByException(ctx context.Context, in expense.ApproveByExceptionInput) (result expense.ActionTaken, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	first, err := a.ready(ctx, pulse, in.Attempt, in.ValidationID, in.Code)
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, !first)
	}
	now, there, err := a.posted(ctx, in, first)
	switch {
	case err != nil:
		return expense.ActionTaken{}, a.failedWrite(ctx, err, !first)
	case now.Kind != "":
		return expense.ActionTaken{ReportState: now.ReportState, Confirmed: !first && isOurs(in.TakeActionInput, now), OutcomeUnknown: !first}, nil
	case there:
		return a.look(ctx, in)
	case !now.at(in.ValidationID, in.Attempt): // it was changed, or another stop has the same name
		now.Kind = expense.NotWaiting
		return expense.ActionTaken{ReportState: now.ReportState, OutcomeUnknown: !first, MayHaveMoved: true}, nil
	case now.withheld != "":
		return expense.ActionTaken{ReportState: now.ReportState, DryRun: now.withheld}, nil
	}
	if err := a.options.Writes.allow("approve by exception"); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := a.options.SendBackLimit.admit(ctx, in.TakeActionInput); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := pulse.beforeWrite(ctx, now.Mark); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	after, err := a.send(ctx, pulse, in.ObjectURI, in.ValidationID, in.Via, now, func(now found) error { return a.post(ctx, now, in.Exception()) })
	pulse.afterWrite(ctx, err)
	if after.Kind != "" || concur.Refused(err) {
		return expense.ActionTaken{ReportState: after.moved(), MayHaveMoved: after.changed}, a.failedWrite(ctx, err, false)
	}
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, errors.Is(err, concur.OutcomeUnknown))
	}
	return a.look(ctx, in)
}

// posted reads the report and says whether it has the exception by an attempt before this
// one. By v4 the exceptions are listed. By v1.1 the report's flag tells, unless it was up
// before: then that the report still waits is what tells that no attempt has taken effect,
// for the exception would have moved it.
func (a *Activities) posted(ctx context.Context, in expense.ApproveByExceptionInput, first bool) (found, bool, error) {
	now, err := a.readActed(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	switch {
	case err != nil || now.Kind != "":
		return now, false, err
	case first || in.AlreadyPosted:
		return now, in.AlreadyPosted, nil
	case !in.Via.IsV4():
		return now, !in.FlagWasSet && expense.True(now.Report.HasException), nil
	}
	held, reading, err := a.listed(ctx, in.ObjectURI, now)
	if reading.Kind != "" {
		now.ReportState = reading
	}
	return now, holds(held, in.Exception()), err
}

// post sends one exception on the report, by the interface by which that was read.
func (a *Activities) post(ctx context.Context, now found, e expense.Exception) error {
	api := a.options.Concur
	if now.Report.Via.IsV4() {
		return api.PutExceptionV4(ctx, now.Report.ID, expense.ExistingException{Exception: e})
	}
	results, err := api.PostExceptionsV1(ctx, now.Report.Key, []expense.Exception{e})
	if err == nil && !results[0].OK {
		err = &concur.Error{Op: "approve by exception", Kind: expense.Rejected, Message: "exception " + e.Code + ": " + results[0].Message}
	}
	return err
}

// look waits until the report has left the stop, and no longer than that may take to be
// shown. It is read and not written to.
func (a *Activities) look(ctx context.Context, in expense.ApproveByExceptionInput) (expense.ActionTaken, error) {
	taken := expense.ActionTaken{Posted: true}
	left, err := a.untilShown(ctx, func() (bool, error) {
		now, err := a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
		taken.ReportState = now.ReportState
		taken.Confirmed = isOurs(in.TakeActionInput, now)
		return now.Kind != "", err
	})
	if err != nil {
		return expense.ActionTaken{Posted: true}, a.failedWrite(ctx, err, true)
	}
	taken.OutcomeUnknown, taken.StillWaiting = left, !left
	return taken, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
