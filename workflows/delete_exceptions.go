package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// deleteStale deletes the exceptions that were posted at an earlier step, so that the rules
// evaluate the report without them. While the outcome of a write is unknown, it does
// nothing: the next write compares the exceptions itself.
func (r *run) deleteStale(ctx workflow.Context, p *pass) next {
	validationID, u := r.Step.ValidationID, r.Writes.Unknown
	if r.Writes.unknownAt(validationID) && !u.Earlier && !u.Deleting {
		return goOn()
	}
	var stale []expense.ExistingException
	for _, existing := range p.read.Existing {
		e := existing.Exception
		if !r.Writes.hasPosted(validationID, e) && !has(r.Writes.NotDeleted, e) && !has(r.Writes.DryRunRemovals, e) {
			stale = append(stale, existing)
		}
	}
	if len(stale) == 0 {
		return goOn()
	}
	remembered := len(r.Writes.NotDeleted) + len(r.Writes.DryRunRemovals)
	deleted, next := r.deleteExceptions(ctx, stale)
	switch {
	case !next.continues():
		return next
	case deleted == 0 && len(r.Writes.NotDeleted)+len(r.Writes.DryRunRemovals) == remembered:
		return goOn() // there are more than a run remembers: reading again would end the same way
	}
	return again("exceptions of an earlier step were deleted: the rules evaluate the report without them")
}

// deleteExceptions deletes exceptions from the report, and counts those that are gone.
func (r *run) deleteExceptions(ctx workflow.Context, exceptions []expense.ExistingException) (gone int, _ next) {
	if len(exceptions) == 0 {
		return 0, goOn()
	}
	r.enter(ctx, Posting)
	validationID := r.Step.ValidationID
	r.Writes.begin()
	var deleted expense.DeletedExceptions
	err := r.retryUnreadable(ctx, func() (err error) {
		input := expense.DeleteExceptionsInput{Attempt: r.attempt(ctx), ObjectURI: r.Address.ObjectURI, ValidationID: validationID, Exceptions: exceptions}
		deleted, err = call[expense.DeletedExceptions](r.concurOptions(ctx, "delete "+count(len(exceptions), "exception"), requestsOfEach), &r.calls, DeleteExceptions, input)
		if err != nil && r.calls.permits > 0 && !r.Writes.unknownAt(validationID) {
			r.Writes.mayHaveWritten(UnknownWrite{ValidationID: validationID, Deleting: true})
		}
		return err
	})
	if err == nil && r.Writes.unknownAt(validationID) && r.Writes.Unknown.Deleting {
		r.Writes.resolved() // the activity has waited until no earlier attempt can be acting
	}
	switch {
	case err != nil:
		return 0, after(err)
	case deleted.MayHaveMoved && deleted.Kind != "":
		return 0, r.reportChanged(false)
	case deleted.Kind != "":
		return 0, again("the " + r.noun() + " no longer waited at the step when exceptions were to be deleted")
	case deleted.DryRun != "":
		r.Writes.dryRun(deleted.DryRun)
		for _, e := range r.Writes.addDryRunRemovals(exceptions) {
			r.Progress.record(fmt.Sprintf("would delete exception %s from %s", e.Code, onObject(e.Exception)))
		}
		return 0, goOn()
	}
	for _, e := range deleted.Deleted {
		r.Progress.record(fmt.Sprintf("exception %s deleted from %s", e.Code, onObject(e.Exception)))
		r.Writes.forgetDeleted(e.Exception)
	}
	for _, e := range r.Writes.addNotDeleted(deleted.NotDeleted) {
		r.Progress.record(fmt.Sprintf("exception %s stays on %s: Concur does not delete it", e.Code, onObject(e.Exception)))
	}
	return len(deleted.Deleted), r.compareHeader(deleted.HeaderHash, deleted.MayHaveMoved)
}
