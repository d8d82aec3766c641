package activities

import (
	"context"
	"errors"
	"slices"

	"concur-connector/concur"
	"concur-connector/expense"
)

// putExceptions puts on a report what is missing there, one by one, and looks whether it
// is there then. What is on it already, whoever put it there, is not put again: an attempt
// that takes the place of another does what is left.
func (a *Activities) putExceptions(ctx context.Context, pulse *pulse, in expense.PostExceptionsInput, first bool) (expense.PostedExceptions, error) {
	now, err := a.readJudged(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	switch {
	case err != nil || now.Kind != "":
		return expense.PostedExceptions{ReportState: now.ReportState, OutcomeUnknown: !first}, a.failedWrite(ctx, err, !first)
	case now.edited(in.Attempt), first && !now.at(in.ValidationID, in.Attempt): // what an earlier attempt has put may have changed the mark
		now.Kind = expense.NotWaiting
		return expense.PostedExceptions{ReportState: now.ReportState, MayHaveMoved: true, OutcomeUnknown: !first}, nil
	case now.withheld != "" && first:
		return expense.PostedExceptions{ReportState: now.ReportState, DryRun: now.withheld}, nil
	}
	sent := mayHaveSent(ctx, in.Attempt) // by an attempt before this one: it may not be listed yet
	held, reading, err := a.listedUntil(ctx, in.ObjectURI, now, func(held []expense.ExistingException) bool { return !sent || holdsAll(held, in.Exceptions) })
	if sent && err == nil && reading.Kind == "" {
		now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
		reading = now.ReportState
	}
	if err != nil || reading.Kind != "" {
		return expense.PostedExceptions{ReportState: reading, OutcomeUnknown: !first}, a.failedWrite(ctx, err, !first)
	}
	posted := expense.PostedExceptions{ReportState: now.ReportState, Items: make([]expense.PostedException, len(in.Exceptions))}
	posted.HeaderHash, posted.MayHaveMoved = now.Mark, !now.at(in.ValidationID, in.Attempt)
	var missing []*expense.PostedException
	for i, e := range in.Exceptions {
		posted.Items[i] = expense.PostedException{Exception: e, State: expense.Posted}
		if !holds(held, e) {
			missing = append(missing, &posted.Items[i])
		}
	}
	switch {
	case len(missing) == 0:
		return posted, nil
	case now.withheld != "":
		return expense.PostedExceptions{ReportState: now.ReportState, DryRun: now.withheld}, nil
	}
	if err := a.options.Writes.allow("post exceptions"); err != nil {
		return expense.PostedExceptions{}, a.failedWrite(ctx, err, !first)
	}
	reading, doubtful, err := a.putEach(ctx, pulse, in, now, missing)
	if err != nil || reading.Kind != "" {
		return expense.PostedExceptions{ReportState: reading, OutcomeUnknown: !first || doubtful}, a.failedWrite(ctx, err, !first || doubtful)
	}
	reading, err = a.verify(ctx, in, now, posted.Items)
	if isCancelled(ctx) { // what Concur has accepted is the result all the same
		return posted, nil
	}
	if err != nil || reading.Kind != "" {
		return expense.PostedExceptions{ReportState: reading, OutcomeUnknown: true}, a.failedWrite(ctx, err, true)
	}
	after, err := a.after(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	if err != nil || after.Kind != "" {
		return expense.PostedExceptions{ReportState: after.ReportState}, a.failedWrite(ctx, err, true)
	}
	posted.HeaderHash, posted.MayHaveMoved = after.Mark, !after.at(in.ValidationID, in.Attempt)
	return posted, nil
}

// putEach puts exceptions one by one, and says of each that is refused why. It ends when
// the report has moved: its reading then says where it is. Doubtful is set when one may
// have been put.
func (a *Activities) putEach(ctx context.Context, pulse *pulse, in expense.PostExceptionsInput, now found, missing []*expense.PostedException) (_ expense.ReportState, doubtful bool, err error) {
	expenses, err := a.expensesOf(ctx, in, missing)
	if err != nil {
		return expense.ReportState{}, false, err
	}
	for n, item := range missing {
		if n > 0 || expenses != nil { // each write has a read of its own before it
			if now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via); err != nil || now.Kind != "" {
				return now.ReportState, doubtful, err
			}
		}
		reading, err := a.putOne(ctx, pulse, in, now, expense.ExistingException{
			Exception: item.Exception, ExpenseID: expenses[item.ObjectID],
		})
		var refusal *concur.Error
		switch {
		case reading.Kind != "":
			return reading, doubtful, nil
		case concur.Refused(err) && !denied(err) && errors.As(err, &refusal):
			item.State, item.Message = expense.Refused, refusal.Message
		case err != nil:
			if !doubtful { // nor has this attempt put another one
				pulse.afterWrite(ctx, err)
			}
			return expense.ReportState{}, doubtful || errors.Is(err, concur.OutcomeUnknown), err
		default:
			doubtful = true
		}
	}
	return expense.ReportState{}, doubtful, nil
}

// putOne puts one exception. A refusal says where the report is, when it has moved.
func (a *Activities) putOne(ctx context.Context, pulse *pulse, in expense.PostExceptionsInput, now found, e expense.ExistingException) (expense.ReportState, error) {
	if err := pulse.beforeWrite(ctx, now.Mark); err != nil {
		return expense.ReportState{}, err
	}
	after, err := a.send(ctx, pulse, in.ObjectURI, in.ValidationID, in.Via, now, func(now found) error {
		return a.options.Concur.PutExceptionV4(ctx, now.Report.ID, e)
	})
	return after.moved(), err
}

// verify waits until what Concur has accepted is listed, for as long as that may take. What
// is not listed then is not put again.
func (a *Activities) verify(ctx context.Context, in expense.PostExceptionsInput, now found, items []expense.PostedException) (expense.ReportState, error) {
	var accepted []expense.Exception
	for _, item := range items {
		if item.State == expense.Posted {
			accepted = append(accepted, item.Exception)
		}
	}
	held, reading, err := a.listedUntil(ctx, in.ObjectURI, now, func(held []expense.ExistingException) bool { return holdsAll(held, accepted) })
	if err != nil || reading.Kind != "" {
		return reading, err
	}
	for i := range items {
		if items[i].State == expense.Posted && !holds(held, items[i].Exception) {
			items[i].State = expense.Unlisted
		}
	}
	return expense.ReportState{}, nil
}

// after reads the header once our own writes are done and shown: they may have changed its mark, so
// what is written next is compared with this read. Nothing is read where the stop has a
// name, for no write of ours changes that.
func (a *Activities) after(ctx context.Context, objectURI, stop string, attempt expense.Attempt) (found, error) {
	if attempt.HeaderHash == "" {
		return found{Read: concur.Read{Stop: stop}}, nil
	}
	return a.readAt(ctx, objectURI, stop, attempt.Via)
}

// holding reads the report and the exceptions on it.
func (a *Activities) holding(ctx context.Context, objectURI, stop string, attempt expense.Attempt) (found, []expense.ExistingException, error) {
	now, err := a.readAt(ctx, objectURI, stop, attempt.Via)
	if err != nil || now.Kind != "" || now.withheld != "" {
		return now, nil, err
	}
	held, reading, err := a.listed(ctx, objectURI, now)
	if reading.Kind != "" {
		now.ReportState = reading
	}
	return now, held, err
}

// listed lists the exceptions on a report that has just been read. When that is refused
// because the report is no longer there, its reading says so.
func (a *Activities) listed(ctx context.Context, objectURI string, now found) ([]expense.ExistingException, expense.ReportState, error) {
	held, err := a.options.Concur.ExceptionsV4(ctx, now.Report.ID)
	if !concur.Refused(err) {
		return held, expense.ReportState{}, err
	}
	after, err := a.why(ctx, objectURI, now.ReportState.ValidationID, now.Report.Via, now, err)
	return nil, after.moved(), err
}

// listedUntil lists the exceptions until the list shows a write of ours, for as long as that
// may take, and returns the last list.
func (a *Activities) listedUntil(ctx context.Context, objectURI string, now found, shows func([]expense.ExistingException) bool) (held []expense.ExistingException, reading expense.ReportState, err error) {
	_, err = a.untilShown(ctx, func() (_ bool, err error) {
		held, reading, err = a.listed(ctx, objectURI, now)
		return reading.Kind != "" || shows(held), err
	})
	return held, reading, err
}

func holdsAll(held []expense.ExistingException, wanted []expense.Exception) bool {
	return !slices.ContainsFunc(wanted, func(e expense.Exception) bool { return !holds(held, e) })
}

func holds(held []expense.ExistingException, e expense.Exception) bool {
	return slices.ContainsFunc(held, func(one expense.ExistingException) bool { return one.Same(e) })
}

// expensesOf says to which expense each allocation belongs on which an exception is to be
// put: Concur wants both named. Nothing is read, and the answer is nil, when there is none.
func (a *Activities) expensesOf(ctx context.Context, in expense.PostExceptionsInput, missing []*expense.PostedException) (map[string]string, error) {
	onAllocation := func(e *expense.PostedException) bool { return e.ObjectType == expense.OnAllocation }
	if !slices.ContainsFunc(missing, onAllocation) {
		return nil, nil
	}
	whole, err := a.read(ctx, a.options.Concur.ReadReport, in.ObjectURI, concur.ReadOptions{Via: in.Via, Parts: expense.Parts{Itemizations: true, Allocations: true}})
	switch {
	case err != nil:
		return nil, err
	case whole.Report == nil:
		return nil, &concur.Error{Op: "post exceptions", Kind: expense.Unavailable, Message: "the report has gone while it was read"}
	}
	expenses := map[string]string{}
	note := func(id string, list []expense.Allocation) {
		for _, al := range list {
			expenses[al.ID] = id
		}
	}
	for _, e := range whole.Report.Entries {
		note(e.ID, e.Allocations)
		for _, item := range e.Itemizations {
			note(item.ID, item.Allocations)
		}
	}
	return expenses, nil
}

// DeleteExceptions takes exceptions off a report that were put there by this interface, and
// waits until they are gone, for as long as that may take to be shown. One that stays is named.
func (a *Activities) DeleteExceptions(ctx context.Context, in expense.DeleteExceptionsInput) (result expense.DeletedExceptions, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	first, err := a.ready(ctx, pulse, in.Attempt, in.ValidationID, "")
	if err != nil {
		return expense.DeletedExceptions{}, a.failedWrite(ctx, err, false)
	}
	now, held, err := a.holding(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	if err != nil || now.Kind != "" {
		return expense.DeletedExceptions{ReportState: now.ReportState}, a.failedWrite(ctx, err, false)
	}
	if first && !now.at(in.ValidationID, in.Attempt) { // what an earlier attempt has taken off may have changed the mark
		now.Kind = expense.NotWaiting
		return expense.DeletedExceptions{ReportState: now.ReportState, MayHaveMoved: true}, nil
	}
	if now.withheld != "" {
		return expense.DeletedExceptions{ReportState: now.ReportState, DryRun: now.withheld}, nil
	}
	cleared := expense.DeletedExceptions{ReportState: now.ReportState, HeaderHash: now.Mark, MayHaveMoved: !now.at(in.ValidationID, in.Attempt)}
	var there []expense.ExistingException
	for _, e := range in.Exceptions {
		if holds(held, e.Exception) {
			there = append(there, e)
		} else {
			cleared.Deleted = append(cleared.Deleted, e)
		}
	}
	if len(there) == 0 {
		return cleared, nil
	}
	if err := a.options.Writes.allow("take exceptions off"); err != nil {
		return expense.DeletedExceptions{}, a.failedWrite(ctx, err, false)
	}
	for n, e := range there {
		if n > 0 { // each write has a read of its own before it
			if now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via); err != nil || now.Kind != "" {
				return expense.DeletedExceptions{ReportState: now.ReportState}, a.failedWrite(ctx, err, false)
			}
		}
		reading, err := a.takeOff(ctx, pulse, in, now, e)
		switch {
		case reading.Kind != "":
			return expense.DeletedExceptions{ReportState: reading}, nil
		case errors.Is(err, concur.Rejected), errors.Is(err, concur.InvalidArgument), errors.Is(err, concur.NotWaiting):
			cleared.NotDeleted = append(cleared.NotDeleted, e)
		case err != nil:
			return expense.DeletedExceptions{}, a.failedWrite(ctx, err, false)
		default:
			cleared.Deleted = append(cleared.Deleted, e)
		}
	}
	held, reading, err := a.listedUntil(ctx, in.ObjectURI, now, func(held []expense.ExistingException) bool {
		return !slices.ContainsFunc(cleared.Deleted, func(e expense.ExistingException) bool { return holds(held, e.Exception) })
	})
	if isCancelled(ctx) {
		return cleared, nil
	}
	if err != nil || reading.Kind != "" {
		return expense.DeletedExceptions{ReportState: reading}, a.failedWrite(ctx, err, false)
	}
	settle(&cleared, held)
	after, err := a.after(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	if err != nil || after.Kind != "" {
		return expense.DeletedExceptions{ReportState: after.ReportState}, a.failedWrite(ctx, err, false)
	}
	cleared.HeaderHash, cleared.MayHaveMoved = after.Mark, !after.at(in.ValidationID, in.Attempt)
	return cleared, nil
}

// settle goes by what is still there, whatever Concur has said. It would be taken off for ever
// otherwise, and Concur also refuses to take off what is gone.
func settle(cleared *expense.DeletedExceptions, held []expense.ExistingException) {
	tried := slices.Concat(cleared.Deleted, cleared.NotDeleted)
	cleared.Deleted, cleared.NotDeleted = nil, nil
	for _, e := range tried {
		if holds(held, e.Exception) {
			cleared.NotDeleted = append(cleared.NotDeleted, e)
		} else {
			cleared.Deleted = append(cleared.Deleted, e)
		}
	}
}

// takeOff takes one exception off. A refusal says where the report is, when it has moved.
func (a *Activities) takeOff(ctx context.Context, pulse *pulse, in expense.DeleteExceptionsInput, now found, e expense.ExistingException) (expense.ReportState, error) {
	if err := pulse.beforeWrite(ctx, now.Mark); err != nil {
		return expense.ReportState{}, err
	}
	after, err := a.send(ctx, pulse, in.ObjectURI, in.ValidationID, in.Via, now, func(now found) error {
		return a.options.Concur.DeleteExceptionV4(ctx, now.Report.ID, e)
	})
	return after.moved(), err
}
