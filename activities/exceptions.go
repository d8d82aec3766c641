package activities

import (
	"context"
	"errors"
	"slices"

	"concur-connector/concur"
	"concur-connector/expense"
)

// PostExceptions posts exceptions on a report that waits at the validation step where the
// rules evaluated it. Concur's answer about each exception is a result, not an error.
func (a *Activities) PostExceptions(ctx context.Context, in expense.PostExceptionsInput) (result expense.PostedExceptions, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, heartbeat, stop := a.startHeartbeat(ctx)
	defer stop()
	w := write{op: "post exceptions", attempt: in.Attempt, objectURI: in.ObjectURI, validationID: in.ValidationID}
	if in.Via.IsV4() {
		return a.putExceptions(ctx, heartbeat, in, w)
	}
	return a.postExceptions(ctx, heartbeat, in, w)
}

// notPosted says why an attempt has posted nothing more.
func notPosted(w written) expense.PostedExceptions {
	return expense.PostedExceptions{
		ReportState:    w.ReportState,
		OutcomeUnknown: w.Kind != "" && w.unknown,
		MayHaveMoved:   w.changed && !w.tried,
		DryRun:         w.dryRun,
	}
}

// postExceptions posts exceptions by v1.1, in one request. v1.1 cannot list exceptions, so
// a later attempt compares the flags of the objects instead.
func (a *Activities) postExceptions(ctx context.Context, h *heartbeater, in expense.PostExceptionsInput, w write) (expense.PostedExceptions, error) {
	posted := expense.PostedExceptions{Items: make([]expense.PostedException, len(in.Exceptions))}
	var unsent []expense.Exception
	var at []int // at[i] is the index in Items of unsent[i]
	var results []concur.ItemResult
	w.unsent = func(ctx context.Context, now found, first bool) (found, int, error) {
		if w.changed(now, first) {
			return now, 1, nil // nothing will be sent
		}
		now, err := a.readUntilFlagged(ctx, in, now)
		if err != nil || now.Kind != "" {
			return now, 1, err
		}
		for i, e := range in.Exceptions {
			posted.Items[i].Exception = e
			if !first {
				posted.Items[i].State = compareFlags(now.Report, e, in.Flags)
			}
			if posted.Items[i].State == "" {
				unsent, at = append(unsent, e), append(at, i)
			}
		}
		return now, min(len(unsent), 1), nil
	}
	w.send = func(ctx context.Context, now found, _ int) (err error) {
		results, err = a.options.Concur.PostExceptionsV1(ctx, now.Report.Key, unsent)
		return err
	}
	done, err := a.write(ctx, h, w)
	switch {
	case err != nil:
		return expense.PostedExceptions{}, err
	case !done.made:
		return notPosted(done), nil
	}
	posted.ReportState = done.ReportState
	for i, result := range results {
		item := &posted.Items[at[i]]
		item.State = expense.Posted
		if !result.OK {
			item.State, item.Message = expense.Refused, result.Message
		}
	}
	return posted, nil
}

// readUntilFlagged reads the report until its flags show every exception that an earlier
// attempt may have posted, for as long as Concur may take to show that. It returns the last
// read.
func (a *Activities) readUntilFlagged(ctx context.Context, in expense.PostExceptionsInput, now found) (found, error) {
	if !mayHaveSent(ctx, in.Attempt) {
		return now, nil
	}
	unflagged := func() bool {
		return now.Kind == "" && slices.ContainsFunc(in.Exceptions, func(e expense.Exception) bool { return compareFlags(now.Report, e, in.Flags) == "" })
	}
	_, err := a.untilVisible(ctx, func() (_ bool, err error) {
		if !unflagged() {
			return true, nil
		}
		now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
		return err == nil && !unflagged(), err
	})
	return now, err
}

// compareFlags says what the flag of an exception's object proves after an attempt whose
// answer was lost. A flag that was raised since the rules evaluated the report proves that
// the exception was posted. A flag that is still down proves that it was not: the state is
// empty. A flag that was up before, or that Concur does not show, proves nothing.
func compareFlags(report *expense.Report, e expense.Exception, before expense.Flags) expense.PostState {
	entry := flagOwner(report, e)
	was, is := before.Report, report.HasException
	if entry != nil {
		was, is = slices.Contains(before.Entries, entry.ID), entry.HasExceptions
	}
	switch {
	case was, is == nil:
		return expense.Unconfirmed
	case *is:
		return expense.Posted
	}
	return ""
}

// flagOwner returns the entry whose flag an exception raises, or nil if the exception
// raises the report's flag.
func flagOwner(report *expense.Report, e expense.Exception) *expense.Entry {
	if e.ObjectType == expense.OnReport {
		return nil
	}
	id := entryIDs(report)[e.ObjectID]
	i := slices.IndexFunc(report.Entries, func(entry expense.Entry) bool { return id != "" && entry.ID == id })
	if i < 0 {
		return nil
	}
	return &report.Entries[i]
}

// denied reports whether Concur refuses the connector's user, and not the write.
func denied(err error) bool {
	return errors.Is(err, concur.Forbidden) || errors.Is(err, concur.Unauthorized)
}
