package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// maxRejectedPosts is how often an exception that Concur refuses is sent again.
const maxRejectedPosts = 2

// postExceptions deletes the exceptions that the verdict no longer wants, and posts those that
// are missing. A refused exception is sent again, alone, after another read, so that the flags it
// is compared with are those before the post. In a dry run the pass ends here, whatever has become
// of the setting since.
func (r *run) postExceptions(ctx workflow.Context, p *pass) next {
	wanted := r.wanted(p.action)
	if _, next := r.deleteExceptions(ctx, r.unwanted(p, wanted)); !next.continues() {
		return next
	}
	validationID := r.Step.ValidationID
	missing := r.Writes.missing(validationID, wanted)
	if len(missing) == 0 {
		return r.checkListed(p.read, wanted)
	}
	r.enter(ctx, Posting)
	unknown := UnknownWrite{ValidationID: validationID}
	nothingWritten := r.Writes.begin()
	var posted expense.PostedExceptions
	err := r.retryUnreadable(ctx, func() (err error) {
		input := expense.PostExceptionsInput{
			Attempt: r.attempt(ctx), ObjectURI: r.Address.ObjectURI, ValidationID: validationID, Exceptions: missing, Flags: p.read.Report.Flags(),
		}
		if r.Writes.unknownAt(validationID) && r.Writes.Unknown.Action == "" {
			input.Flags = r.Writes.Unknown.Flags // before the write whose outcome is unknown
		}
		unknown.Flags = input.Flags
		posted, err = call[expense.PostedExceptions](r.concurOptions(ctx, "post "+count(len(missing), "exception"), requestsOfEach), &r.calls, PostExceptions, input)
		return r.recordOutcome(err, unknown)
	})
	switch {
	case err != nil:
		nothingWritten()
		return after(err)
	case posted.Kind != "":
		next := again("the " + r.noun() + " no longer waited at the step when exceptions were to be posted")
		if posted.MayHaveMoved {
			next = r.reportChanged(ctx, false)
		}
		if posted.OutcomeUnknown {
			r.Writes.mayHaveWritten(unknown) // a report that is found again may have them
		}
		return next
	case posted.DryRun != "":
		r.Writes.dryRun(posted.DryRun)
		if r.calls.permits > 0 { // an earlier attempt was still allowed to write
			r.Writes.mayHaveWritten(unknown)
		}
		for _, e := range missing {
			r.Progress.record(fmt.Sprintf("would post exception %s on %s", e.Code, onObject(e)))
		}
		return r.dryRunAction(ctx, p)
	}
	r.Writes.resolved()
	if next := r.notePosted(posted.Items); !next.continues() {
		return next
	}
	if next := r.compareHeader(posted.HeaderHash, posted.MayHaveMoved); !next.continues() {
		return next
	}
	return r.checkListed(p.read, wanted)
}

// wanted are the exceptions that the report should have, without the one that approves it: if a
// rule posted that one, it could approve a report that is to be sent back, or that still lacks
// other exceptions.
func (r *run) wanted(action expense.Action) []expense.Exception {
	verdict := r.Evaluation.Verdict
	if action == expense.SendBack && verdict.SendBackWithoutExceptions {
		return nil
	}
	var wanted []expense.Exception
	for _, e := range verdict.Exceptions {
		if verdict.ApproveByException == "" || !e.Same(r.approving()) {
			wanted = append(wanted, e)
		}
	}
	return wanted
}

// unwanted are the exceptions on the report that the verdict does not want, including those of a
// post whose outcome is unknown. An exception that other people should see is unwanted, too:
// Concur does not say that posting it again changes who sees it.
func (r *run) unwanted(p *pass, all []expense.Exception) []expense.ExistingException {
	var unwanted []expense.ExistingException
	for _, existing := range p.read.Existing {
		wanted := slices.ContainsFunc(all, func(e expense.Exception) bool { return existing.Same(e) && existing.Visibility.Is(e.Visibility) })
		approves := r.byException(p.action) && existing.Same(r.approving())
		if !wanted && !approves && !has(r.Writes.NotDeleted, existing.Exception) {
			unwanted = append(unwanted, existing)
		}
	}
	return unwanted
}

// notePosted remembers what became of each exception.
func (r *run) notePosted(items []expense.PostedException) next {
	var refused []string
	for _, item := range items {
		on := onObject(item.Exception)
		switch item.State {
		case expense.Refused:
			refused = append(refused, fmt.Sprintf("exception %s on %s: %s", item.Code, on, item.Message))
			continue
		case expense.Unlisted:
			r.Progress.record(fmt.Sprintf("exception %s on %s: accepted, but not listed by Concur", item.Code, on))
		case expense.Unconfirmed:
			r.Progress.record(fmt.Sprintf("exception %s on %s: unconfirmed, its flag was set before", item.Code, on))
		default:
			r.Progress.record(fmt.Sprintf("exception %s posted on %s", item.Code, on))
		}
		r.Writes.recordPosted(r.Step.ValidationID, item)
	}
	message := "Concur refuses " + strings.Join(first(refused, 5), "; ")
	switch {
	case len(refused) == 0:
		r.Writes.accepted()
		return goOn()
	case r.Writes.countRejected():
		return again(message)
	}
	return parked(&ParkReason{Kind: expense.Rejected, Message: message})
}

// compareHeader evaluates the report again when its header differs from the one before our own
// exceptions: nobody can say whether they changed it or somebody moved the report.
func (r *run) compareHeader(headerHash string, moved bool) next {
	r.noteHeader(headerHash)
	if !moved {
		return goOn()
	}
	r.Evaluation.again()
	return again("the report's header changed while its exceptions were written")
}

// checkListed parks the run when Concur has accepted a wanted exception and does not list it. It
// is not posted again. The report is not approved without it either: the run goes on once a later
// read finds it.
func (r *run) checkListed(read expense.FetchedReport, wanted []expense.Exception) next {
	listed, unlisted := r.Writes.splitUnlisted(r.Step.ValidationID, read.Existing, wanted)
	for _, e := range listed {
		r.Progress.record(fmt.Sprintf("exception %s on %s is listed now", e.Code, onObject(e)))
	}
	if len(unlisted) == 0 {
		return goOn()
	}
	var names []string
	for _, e := range unlisted {
		names = append(names, fmt.Sprintf("%s on %s", e.Code, onObject(e)))
	}
	return parked(&ParkReason{
		Kind:    expense.Rejected,
		Message: "Concur has accepted these exceptions and does not list them: " + strings.Join(first(names, 5), "; "),
		Fix: "The connector does not post them again. Check in Concur whether they are on the report: the run goes on when Concur lists them. " +
			"If one is missing, post it by hand, or remove its rule from the rules file.",
	})
}

func onObject(e expense.Exception) string {
	return strings.TrimSpace(strings.ToLower(string(e.ObjectType)) + " " + e.ObjectID)
}

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
		return 0, r.reportChanged(ctx, false)
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
