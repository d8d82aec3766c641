package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"concur-connector/concur"
	"concur-connector/expense"
)

// TakeAction passes a report on or sends it back, at the stop where it was judged
// and nowhere else.
func (a *Activities) TakeAction(ctx context.Context, in expense.TakeActionInput) (expense.ActionTaken, error) {
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	first, err := a.ready(ctx, in.Attempt)
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, !first)
	}
	now, err := a.readAt(ctx, in.ObjectURI, in.Stop)
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, !first)
	}
	if now.Kind != "" {
		ours := !first && now.Kind == expense.NotWaiting && in.Action.Explains(now.Status) &&
			now.Stop != expense.StatusExternalValidation // at no stop that has a name
		return expense.ActionTaken{Reading: now.Reading, Confirmed: ours, Doubtful: !first}, nil
	}
	// It still waits at the stop: no attempt before this one has taken effect.
	if now.withheld != "" {
		return expense.ActionTaken{Reading: now.Reading, Withheld: now.withheld}, nil
	}
	if err := a.options.Writes.allow("take action"); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := a.options.Braking.admit(ctx, in); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := pulse.beforeWrite(ctx); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	err = a.options.Concur.TakeAction(ctx, now.report.ActionURL, in.Action, in.Comment)
	if refused(err) {
		reading, err := a.why(ctx, in.ObjectURI, in.Stop, err)
		return expense.ActionTaken{Reading: reading}, a.failedWrite(ctx, err, false)
	}
	return expense.ActionTaken{}, a.failedWrite(ctx, err, errors.Is(err, concur.OutcomeUnknown))
}

// refused reports whether Concur has understood a write and has not done it.
func refused(err error) bool {
	return errors.Is(err, concur.Rejected) || errors.Is(err, concur.NotFound)
}

// why finds out why Concur refused a write: most often the report has moved between
// our read and our write, and its reading then says where it is. The refusal of a
// report that still waits at the stop stays what it is.
func (a *Activities) why(ctx context.Context, objectURI, stop string, refusal error) (expense.Reading, error) {
	now, err := a.readAt(context.WithoutCancel(ctx), objectURI, stop)
	switch {
	case err != nil:
		return expense.Reading{}, err
	case now.Kind != "":
		return now.Reading, nil
	}
	return expense.Reading{}, refusal
}

// PostExceptions posts exceptions on a report that waits at the stop where it was
// judged. What Concur says of each is a value. When an earlier attempt may have
// posted them, their flags tell: Concur's v1.1 cannot list exceptions.
func (a *Activities) PostExceptions(ctx context.Context, in expense.PostExceptionsInput) (expense.PostedExceptions, error) {
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	first, err := a.ready(ctx, in.Attempt)
	if err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	now, err := a.readAt(ctx, in.ObjectURI, in.Stop)
	if err != nil || now.Kind != "" {
		return expense.PostedExceptions{Reading: now.Reading}, a.failedWrite(ctx, err, !first)
	}
	if now.withheld != "" {
		return expense.PostedExceptions{Reading: now.Reading, Withheld: now.withheld}, nil
	}
	if err := a.options.Writes.allow("post exceptions"); err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	posted := expense.PostedExceptions{Reading: now.Reading, Items: make([]expense.PostedException, len(in.Exceptions))}
	var send []expense.Exception
	var at []int // where the answer for each goes
	for i, e := range in.Exceptions {
		posted.Items[i].Exception = e
		if !first {
			posted.Items[i].State = compare(now.report, e, in.Flags)
		}
		if posted.Items[i].State == "" {
			send, at = append(send, e), append(at, i)
		}
	}
	if len(send) == 0 {
		return posted, nil
	}
	if err := pulse.beforeWrite(ctx); err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	results, err := a.options.Concur.PostExceptions(ctx, now.report.Key, send)
	if refused(err) {
		reading, err := a.why(ctx, in.ObjectURI, in.Stop, err)
		return expense.PostedExceptions{Reading: reading}, a.failedWrite(ctx, err, !first)
	}
	if err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first || errors.Is(err, concur.OutcomeUnknown))
	}
	for j, result := range results {
		item := &posted.Items[at[j]]
		item.State, item.Message = expense.Posted, ""
		if !result.OK {
			item.State, item.Message = expense.Refused, result.Message
		}
	}
	return posted, nil
}

// compare says what the flag of an exception's object proves after an attempt
// whose answer was lost: posted when it was raised since, nothing when it was
// raised before, and not posted (the empty state) while it is down.
func compare(report *expense.Report, e expense.Exception, before expense.Flags) expense.PostState {
	entry := holder(report, e)
	was, is := before.Report, report.HasException
	if entry != nil {
		was, is = slices.Contains(before.Entries, entry.ID), entry.HasExceptions
	}
	switch {
	case was:
		return expense.Unconfirmed
	case is:
		return expense.Posted
	}
	return ""
}

// holder returns the entry whose flag an exception raises, or nil when that is the
// report's.
func holder(report *expense.Report, e expense.Exception) *expense.Entry {
	if e.ObjectType == expense.OnReport {
		return nil
	}
	allocated := func(list []expense.Allocation) bool {
		return slices.ContainsFunc(list, func(al expense.Allocation) bool { return al.ID == e.ObjectID })
	}
	for i := range report.Entries {
		entry := &report.Entries[i]
		if entry.ID == e.ObjectID || allocated(entry.Allocations) {
			return entry
		}
		for _, part := range entry.Itemizations {
			if part.ID == e.ObjectID || allocated(part.Allocations) {
				return entry
			}
		}
	}
	return nil
}

// ready says whether this attempt is the first and, when it is not, waits until
// the one before it could no longer be acting.
func (a *Activities) ready(ctx context.Context, attempt expense.Attempt) (bool, error) {
	if first(ctx, attempt) {
		return true, nil
	}
	timer := time.NewTimer(a.options.AnswerLimit)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
