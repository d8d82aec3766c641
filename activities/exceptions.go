package activities

import (
	"context"
	"errors"
	"slices"

	"concur-connector/concur"
	"concur-connector/expense"
)

// PostExceptions posts exceptions on a report that waits at the stop where it was
// judged. What Concur says of each is a value. When an earlier attempt may have
// posted them, their flags tell: Concur's v1.1 cannot list exceptions. By v4 they are put
// one by one.
func (a *Activities) PostExceptions(ctx context.Context, in expense.PostExceptionsInput) (result expense.PostedExceptions, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	first, err := a.ready(ctx, pulse, in.Attempt, in.ValidationID, "")
	if err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	if in.Via.IsV4() {
		return a.putExceptions(ctx, pulse, in, first)
	}
	now, err := a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
	if err != nil || now.Kind != "" {
		return expense.PostedExceptions{ReportState: now.ReportState, OutcomeUnknown: !first}, a.failedWrite(ctx, err, !first)
	}
	if !now.at(in.ValidationID, in.Attempt) { // somebody has changed it since it was judged
		now.Kind = expense.NotWaiting
		return expense.PostedExceptions{ReportState: now.ReportState, MayHaveMoved: true, OutcomeUnknown: !first}, nil
	}
	if now, err = a.raised(ctx, now, in); err != nil || now.Kind != "" {
		return expense.PostedExceptions{ReportState: now.ReportState, OutcomeUnknown: !first}, a.failedWrite(ctx, err, !first)
	}
	posted := expense.PostedExceptions{ReportState: now.ReportState, Items: make([]expense.PostedException, len(in.Exceptions))}
	var send []expense.Exception
	var at []int // where the answer for each goes
	for i, e := range in.Exceptions {
		posted.Items[i].Exception = e
		if !first {
			posted.Items[i].State = compare(now.Report, e, in.Flags)
		}
		if posted.Items[i].State == "" {
			send, at = append(send, e), append(at, i)
		}
	}
	if len(send) == 0 {
		return posted, nil
	}
	if now.withheld != "" {
		return expense.PostedExceptions{ReportState: now.ReportState, DryRun: now.withheld}, nil
	}
	if err := a.options.Writes.allow("post exceptions"); err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	if err := pulse.beforeWrite(ctx, ""); err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	var results []concur.ItemResult
	after, err := a.send(ctx, pulse, in.ObjectURI, in.ValidationID, in.Via, now, func(now found) (err error) {
		results, err = a.options.Concur.PostExceptionsV1(ctx, now.Report.Key, send)
		return err
	})
	pulse.afterWrite(ctx, err)
	if after.Kind != "" || concur.Refused(err) {
		return expense.PostedExceptions{ReportState: after.moved(), OutcomeUnknown: !first}, a.failedWrite(ctx, err, !first)
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

// raised reads again until a flag shows what an attempt before this one may have posted, for
// as long as that may take. It returns the last read.
func (a *Activities) raised(ctx context.Context, now found, in expense.PostExceptionsInput) (found, error) {
	if !mayHaveSent(ctx, in.Attempt) {
		return now, nil
	}
	down := func() bool {
		return now.Kind == "" && slices.ContainsFunc(in.Exceptions, func(e expense.Exception) bool { return compare(now.Report, e, in.Flags) == "" })
	}
	_, err := a.untilShown(ctx, func() (_ bool, err error) {
		if !down() {
			return true, nil
		}
		now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
		return err == nil && !down(), err
	})
	return now, err
}

// compare says what the flag of an exception's object proves after an attempt
// whose answer was lost: posted when it was raised since, nothing when it was
// raised before or is not told, and not posted (the empty state) while it is down.
func compare(report *expense.Report, e expense.Exception, before expense.Flags) expense.PostState {
	entry := holder(report, e)
	was, is := before.Report, report.HasException
	if entry != nil {
		was, is = slices.Contains(before.Entries, entry.ID), entry.HasExceptions
	}
	switch {
	case was, is == nil: // a flag that is not told proves nothing either
		return expense.Unconfirmed
	case *is:
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
