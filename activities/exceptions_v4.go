package activities

import (
	"context"
	"errors"
	"slices"

	"concur-connector/concur"
	"concur-connector/expense"
)

// putExceptions puts exceptions on a report by v4, one request each, and then lists the
// exceptions to confirm them. It skips every exception that is on the report already, whoever
// put it there: so a later attempt continues where an earlier one ended.
func (a *Activities) putExceptions(ctx context.Context, h *heartbeater, in expense.PostExceptionsInput, w write) (expense.PostedExceptions, error) {
	posted := expense.PostedExceptions{Items: make([]expense.PostedException, len(in.Exceptions))}
	var missing []*expense.PostedException
	var expenses map[string]string
	w.unsent = func(ctx context.Context, now found, first bool) (found, int, error) {
		if w.changed(now, first) || first && now.dryRunReason != "" {
			return now, 1, nil // nothing will be sent
		}
		existing, now, err := a.listBeforePut(ctx, in, now)
		if err != nil || now.Kind != "" {
			return now, 1, err
		}
		posted.ReportState, posted.HeaderHash, posted.MayHaveMoved = now.ReportState, now.HeaderHash, !now.at(in.ValidationID, in.Attempt)
		for i, e := range in.Exceptions {
			posted.Items[i] = expense.PostedException{Exception: e, State: expense.Posted}
			if !contains(existing, e) {
				missing = append(missing, &posted.Items[i])
			}
		}
		return now, len(missing), nil
	}
	w.prepare = func(ctx context.Context, now found) (found, error) {
		if !slices.ContainsFunc(missing, func(e *expense.PostedException) bool { return e.ObjectType == expense.OnAllocation }) {
			return now, nil
		}
		var err error
		if expenses, err = a.expenseOfAllocation(ctx, in); err != nil {
			return now, err
		}
		return a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
	}
	w.send = func(ctx context.Context, now found, i int) error {
		e := missing[i].Exception
		return a.options.Concur.PutExceptionV4(ctx, now.Report.ID, expense.ExistingException{Exception: e, ExpenseID: expenses[e.ObjectID]})
	}
	w.refused = func(i int, err error) bool {
		var refusal *concur.Error
		if !concur.Refused(err) || denied(err) || !errors.As(err, &refusal) {
			return false
		}
		missing[i].State, missing[i].Message = expense.Refused, refusal.Message
		return true
	}
	done, err := a.write(ctx, h, w)
	switch {
	case err != nil:
		return expense.PostedExceptions{}, err
	case !done.made:
		return notPosted(done), nil
	}
	if len(missing) == 0 {
		return posted, nil
	}

	now, err := a.confirmPosted(ctx, in, done.found, posted.Items)
	switch {
	case isCancelled(ctx):
		return posted, nil // what Concur has accepted is the result all the same
	case err != nil:
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, done.unknown)
	case now.Kind != "":
		return expense.PostedExceptions{ReportState: now.ReportState, OutcomeUnknown: done.unknown}, nil
	}
	now, err = a.readHeaderAfter(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	if err != nil || now.Kind != "" {
		return expense.PostedExceptions{ReportState: now.ReportState}, a.failedWrite(ctx, err, done.unknown)
	}
	posted.HeaderHash, posted.MayHaveMoved = now.HeaderHash, !now.at(in.ValidationID, in.Attempt)
	return posted, nil
}

// listBeforePut lists the exceptions on the report. If an earlier attempt may have put some,
// it lists until all of them are there, for as long as Concur may take to show that, and then
// reads the report again.
func (a *Activities) listBeforePut(ctx context.Context, in expense.PostExceptionsInput, now found) ([]expense.ExistingException, found, error) {
	sent := mayHaveSent(ctx, in.Attempt)
	existing, now, err := a.listUntil(ctx, in.ObjectURI, now, func(existing []expense.ExistingException) bool {
		return !sent || containsAll(existing, in.Exceptions)
	})
	if sent && err == nil && now.Kind == "" {
		now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
	}
	return existing, now, err
}

// confirmPosted waits until Concur lists every exception that it has accepted. An exception
// that Concur does not list in time becomes Unlisted: it is not put again.
func (a *Activities) confirmPosted(ctx context.Context, in expense.PostExceptionsInput, now found, items []expense.PostedException) (found, error) {
	var accepted []expense.Exception
	for _, item := range items {
		if item.State == expense.Posted {
			accepted = append(accepted, item.Exception)
		}
	}
	existing, now, err := a.listUntil(ctx, in.ObjectURI, now, func(existing []expense.ExistingException) bool { return containsAll(existing, accepted) })
	if err != nil || now.Kind != "" {
		return now, err
	}
	for i := range items {
		if items[i].State == expense.Posted && !contains(existing, items[i].Exception) {
			items[i].State = expense.Unlisted
		}
	}
	return now, nil
}

// DeleteExceptions deletes exceptions from a report by v4, and waits until Concur no longer
// lists them. The result names those that Concur does not delete.
func (a *Activities) DeleteExceptions(ctx context.Context, in expense.DeleteExceptionsInput) (result expense.DeletedExceptions, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, heartbeat, stop := a.startHeartbeat(ctx)
	defer stop()
	var deleted expense.DeletedExceptions
	var existing []expense.ExistingException // of those to be deleted
	w := write{
		op: "delete exceptions", attempt: in.Attempt, objectURI: in.ObjectURI, validationID: in.ValidationID, repeatable: true,
		send: func(ctx context.Context, now found, i int) error {
			err := a.options.Concur.DeleteExceptionV4(ctx, now.Report.ID, existing[i])
			if err == nil {
				deleted.Deleted = append(deleted.Deleted, existing[i])
			}
			return err
		},
		refused: func(i int, err error) bool {
			refused := errors.Is(err, concur.Rejected) || errors.Is(err, concur.InvalidArgument) || errors.Is(err, concur.NotWaiting)
			if refused {
				deleted.NotDeleted = append(deleted.NotDeleted, existing[i])
			}
			return refused
		},
	}
	w.unsent = func(ctx context.Context, now found, first bool) (found, int, error) {
		if now.dryRunReason != "" {
			return now, 1, nil // nothing will be sent
		}
		listed, now, err := a.listExceptions(ctx, in.ObjectURI, now)
		if err != nil || now.Kind != "" || w.changed(now, first) {
			return now, 1, err
		}
		deleted.ReportState, deleted.HeaderHash, deleted.MayHaveMoved = now.ReportState, now.HeaderHash, !now.at(in.ValidationID, in.Attempt)
		for _, e := range in.Exceptions {
			if contains(listed, e.Exception) {
				existing = append(existing, e)
			} else {
				deleted.Deleted = append(deleted.Deleted, e)
			}
		}
		return now, len(existing), nil
	}
	done, err := a.write(ctx, heartbeat, w)
	switch {
	case err != nil:
		return expense.DeletedExceptions{}, err
	case !done.made:
		return expense.DeletedExceptions{ReportState: done.ReportState, MayHaveMoved: done.changed && !done.tried, DryRun: done.dryRun}, nil
	}
	if len(existing) == 0 {
		return deleted, nil
	}

	listed, now, err := a.listUntil(ctx, in.ObjectURI, done.found, func(listed []expense.ExistingException) bool {
		return !slices.ContainsFunc(deleted.Deleted, func(e expense.ExistingException) bool { return contains(listed, e.Exception) })
	})
	if isCancelled(ctx) {
		return deleted, nil
	}
	if err == nil && now.Kind == "" {
		sortByList(&deleted, listed)
		now, err = a.readHeaderAfter(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	}
	if err != nil || now.Kind != "" {
		return expense.DeletedExceptions{ReportState: now.ReportState}, a.failedWrite(ctx, err, done.unknown)
	}
	deleted.HeaderHash, deleted.MayHaveMoved = now.HeaderHash, !now.at(in.ValidationID, in.Attempt)
	return deleted, nil
}

// sortByList decides by Concur's list which exceptions are deleted, whatever Concur has
// answered: Concur also refuses to delete an exception that is gone.
func sortByList(deleted *expense.DeletedExceptions, listed []expense.ExistingException) {
	all := slices.Concat(deleted.Deleted, deleted.NotDeleted)
	deleted.Deleted, deleted.NotDeleted = nil, nil
	for _, e := range all {
		if contains(listed, e.Exception) {
			deleted.NotDeleted = append(deleted.NotDeleted, e)
		} else {
			deleted.Deleted = append(deleted.Deleted, e)
		}
	}
}

// readHeaderAfter reads the header after the connector's own exceptions, which may have
// changed it: the next write compares the report with this read. Where the validation step
// has a name, no exception changes that, and nothing is read.
func (a *Activities) readHeaderAfter(ctx context.Context, objectURI, validationID string, attempt expense.Attempt) (found, error) {
	if attempt.HeaderHash == "" {
		return found{Read: concur.Read{Validation: validationID}}, nil
	}
	return a.readAt(ctx, objectURI, validationID, attempt.Via)
}

// listExceptions lists the exceptions on a report that was just read. If Concur refuses,
// it reads the report again; the state that it returns says whether the report has moved.
func (a *Activities) listExceptions(ctx context.Context, objectURI string, now found) ([]expense.ExistingException, found, error) {
	existing, err := a.options.Concur.ExceptionsV4(ctx, now.Report.ID)
	if !concur.Refused(err) {
		return existing, now, err
	}
	after, err := a.explainRefusal(ctx, objectURI, now, err)
	if after.Kind != "" {
		now.ReportState = after.ReportState
	}
	return nil, now, err
}

// listUntil lists the exceptions until the list shows a write of the connector, for as long
// as Concur may take to show it, and returns the last list.
func (a *Activities) listUntil(ctx context.Context, objectURI string, now found, shows func([]expense.ExistingException) bool) (existing []expense.ExistingException, after found, err error) {
	_, err = a.untilVisible(ctx, func() (_ bool, err error) {
		existing, after, err = a.listExceptions(ctx, objectURI, now)
		return after.Kind != "" || shows(existing), err
	})
	return existing, after, err
}

func contains(existing []expense.ExistingException, e expense.Exception) bool {
	return slices.ContainsFunc(existing, func(one expense.ExistingException) bool { return one.Same(e) })
}

func containsAll(existing []expense.ExistingException, wanted []expense.Exception) bool {
	return !slices.ContainsFunc(wanted, func(e expense.Exception) bool { return !contains(existing, e) })
}

// expenseOfAllocation reads the whole report, and maps the ID of each allocation to that of
// its expense: Concur wants both in the path of an exception on an allocation.
func (a *Activities) expenseOfAllocation(ctx context.Context, in expense.PostExceptionsInput) (map[string]string, error) {
	whole, err := a.read(ctx, a.options.Concur.ReadReport, in.ObjectURI, concur.ReadOptions{Via: in.Via, Parts: expense.Parts{Itemizations: true, Allocations: true}})
	switch {
	case err != nil:
		return nil, err
	case whole.Report == nil:
		return nil, &concur.Error{Op: "post exceptions", Kind: expense.Unavailable, Message: "the report was deleted while it was read"}
	}
	expenses := map[string]string{}
	for o := range whole.Report.Objects() {
		if o.Allocation != nil {
			expenses[o.ID] = o.ExpenseID()
		}
	}
	return expenses, nil
}
