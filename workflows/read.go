package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// lastRead is what the last read of the report showed.
type lastRead struct {
	ReportID     string            `json:"reportId,omitempty"`
	Revision     string            `json:"revision,omitempty"`
	ContentHash  string            `json:"content,omitempty"`
	TotalDiffers string            `json:"totalDiffers,omitempty"` // the entries' sum is not the report's total
	Via          expense.Interface `json:"via,omitempty"`
	HeaderHash   string            `json:"headerHash,omitempty"` // or of the read after our own exceptions
	Hashes       string            `json:"hashes,omitempty"`     // of what the read showed
	At           time.Time         `json:"at,omitzero"`
	Parts        expense.Parts     `json:"parts,omitzero"`
	// VisibleWithin is how long Concur may take to show a write.
	VisibleWithin time.Duration `json:"visibleWithin,omitzero"`
}

// readReport reads the report. The pass ends here unless the report waits for the connector.
func (r *run) readReport(ctx workflow.Context, p *pass) next {
	read, next := r.fetchConfirmed(ctx)
	if next.isAmbiguous() { // the run of a callout has an address that shows the step
		if handedOver := r.handOver(ctx, p); !handedOver.continues() {
			return handedOver
		}
	}
	switch {
	case !next.continues():
		return next
	case read.NotOurs:
		r.Progress.end(expense.NotOurs)
		r.Progress.record("skipped: only Concur's failed list announced it, and no callout of this deployment has announced such a step (CONCUR_OWN_STEPS)")
		return done()
	case read.Kind != "":
		return r.endNotWaiting(ctx, read.ReportState, false)
	}
	p.read = read
	return goOn()
}

// fetchConfirmed is fetch, but reads again after a delay when Concur says that the report does
// not exist: a single 404 ends no run. A notification does not shorten the delay; the next pass
// answers it.
func (r *run) fetchConfirmed(ctx workflow.Context) (expense.FetchedReport, next) {
	read, next := r.fetch(ctx)
	if !next.continues() || read.Kind != expense.NotFound {
		return read, next
	}
	if err := wait(ctx, r.ConfirmDelay, "Concur says that the "+r.noun()+" does not exist: checking again"); err != nil {
		return read, after(err)
	}
	r.Address.eachNotFound(func() bool {
		read, next = r.fetch(ctx)
		return !next.continues() || read.Kind != expense.NotFound
	})
	return read, next
}

// fetch reads the report and remembers what the read showed.
func (r *run) fetch(ctx workflow.Context) (expense.FetchedReport, next) {
	r.enter(ctx, Fetching)
	expected, known := r.Step.expectedName(), r.Step.name()
	names := r.Step.takeNewNames()
	input := expense.FetchReportInput{
		ObjectURI: r.Address.ObjectURI, EventType: expected, WrittenVia: r.writtenVia(), ValidationID: r.Step.ValidationID,
		HeaderHash: r.Read.HeaderHash, ContentHashes: r.Read.Hashes, UncheckedURIs: r.Deletes.Unchecked, CheckedRuns: r.Runs.CheckedRuns,
		CalloutEventTypes: r.Origin.calloutEventTypes(names), FailedListEventTypes: r.Origin.unproven(),
	}
	read, err := r.fetchVisible(ctx, input)
	read, err = r.readByCallout(input, read, err, func(input expense.FetchReportInput) (expense.FetchedReport, error) {
		return r.fetchOnce(ctx, input)
	})
	if after(err).isAmbiguous() && expense.IsV4Report(r.Address.ObjectURI) && r.Read.ReportID == "" {
		r.Read.ReportID = r.notification.Key // Concur has shown the report, and other runs find this one
	}
	other := r.Address.useAnother(read, err)
	if err != nil || other || read.Kind == expense.NotFound || read.NotOurs {
		r.Step.keepNewNames(names) // no read has found the report yet
	}
	switch {
	case other:
		return read, again("this address led nowhere: another address of the same object is read")
	case err != nil:
		return read, after(err)
	}
	r.noteRead(ctx, read, len(input.UncheckedURIs))
	if read.Kind != "" || read.NotOurs {
		if read.Kind == expense.NotWaiting {
			r.Step.leave(r.stepsLookAlike())
		}
		r.Read.Via = read.Via
		return read, goOn()
	}
	next := r.noteWaiting(ctx, read, names, known)
	if next.continues() && read.DependsOnStep && r.Read.Via.IsV4() && r.Step.name() != expected {
		next = again("a notification has named the validation step, and which exceptions to delete depends on that")
	}
	return read, next
}

// fetchVisible reads the report, and reads it again while Concur may not show the run's own
// action yet.
func (r *run) fetchVisible(ctx workflow.Context, input expense.FetchReportInput) (expense.FetchedReport, error) {
	read, err := r.fetchOnce(ctx, input)
	if err == nil {
		r.Writes.actedEarlier(read.ValidationID, read.Earlier.ActedAt)
	}
	for delay := r.WriteCheckDelay; err == nil && r.mayNotBeVisible(ctx, read); delay *= 2 {
		left := r.Writes.ActedAt.Add(read.VisibleWithin).Sub(workflow.Now(ctx))
		if err := wait(ctx, min(delay, left), "Concur may not show the last write yet: checking again"); err != nil {
			return read, err
		}
		read, err = r.fetchOnce(ctx, input)
	}
	return read, err
}

// mayNotBeVisible returns true when a read may show the report as it was before the last action:
// it waits at the step at which this run, or one before it, has just acted, and nothing shows
// another step.
func (r *run) mayNotBeVisible(ctx workflow.Context, read expense.FetchedReport) bool {
	return read.Kind == "" && r.Writes.ActedAtValidation != "" && read.ValidationID == r.Writes.ActedAtValidation && !read.MayHaveMoved &&
		workflow.Now(ctx).Sub(r.Writes.ActedAt) < read.VisibleWithin
}

func (r *run) fetchOnce(ctx workflow.Context, input expense.FetchReportInput) (read expense.FetchedReport, err error) {
	activity := FetchReport
	if r.notification.Kind == expense.RequestObject {
		activity = FetchRequest
	}
	reads := 0
	err = r.retryUnreadable(ctx, func() (err error) {
		reads++
		input.ReadAgain = reads < maxUnreadable
		read, err = call[expense.FetchedReport](r.concurOptions(ctx, "read the "+r.noun(), requestsOfWhole), &r.calls, activity, input)
		return err
	})
	return read, err
}

// noteRead remembers what any read shows, also of a report that waits for somebody else.
func (r *run) noteRead(ctx workflow.Context, read expense.FetchedReport, checked int) {
	if read.Kind != expense.NotFound {
		r.Address.succeeded()
	}
	r.Deletes.checked(checked)
	for _, refused := range read.UntrustedURIs {
		r.dropDelete(ctx, refused)
	}
	r.Writes.dryRun(read.DryRun)
	if r.Progress.Outcome == expense.NotOurs { // another notification has arrived since
		r.Progress.reopen()
	}
	r.Origin.noteRead(read)
	if read.SkippedReason != "" {
		r.Progress.recordOnce("skipped: " + read.SkippedReason)
	}
	if read.ReportID != "" {
		r.Read.ReportID = read.ReportID
	}
	if read.FallbackReason != "" {
		r.Progress.recordOnce("read by v1.1, and acted on by it: " + read.FallbackReason)
	}
	if read.Replaced {
		r.Progress.recordOnce("Concur sent characters that XML or JSON forbids; each was replaced by U+FFFD")
	}
	r.Read.VisibleWithin = read.VisibleWithin
}

// noteWaiting remembers a read of a report that waits for the connector, and forgets what no
// longer applies. Known is the name of the step before the read.
func (r *run) noteWaiting(ctx workflow.Context, read expense.FetchedReport, names []StepName, known string) next {
	before, alike := r.Step.here(), r.stepsLookAlike()
	writtenSince := r.Writes.SinceRead // our own exceptions may be all that has changed
	r.Writes.readAgain()
	r.Read.Via, r.Read.HeaderHash = read.Via, read.HeaderHash
	r.Read.Hashes, r.Read.At, r.Read.Parts = read.ContentHashes, read.ReadAt, read.Parts
	if next := r.checkStepSteady(read); !next.continues() {
		return next
	}
	sameStep := read.ValidationID == r.Step.ValidationID
	changed := read.Revision != r.Read.Revision || read.Edited
	if !sameStep || read.Revision != r.Read.Revision {
		r.Writes.startAnew()
	}
	r.Read.Revision, r.Read.ContentHash, r.Read.TotalDiffers = read.Revision, read.ContentHash, read.TotalDiffers
	r.Step.moveTo(read.ValidationID)
	if before != nil && alike != r.stepsLookAlike() {
		r.Step.takeNames(*before)
	}
	r.Step.bindNames(names, workflow.Now(ctx))

	moved := sameStep && r.stepsLookAlike() && r.Step.isNext(known, read.MayHaveMoved)
	switch {
	case read.MayHaveMoved && writtenSince: // by our own exceptions, perhaps: a person's decision stands
		r.Evaluation.again()
	case read.MayHaveMoved:
		moved = true
	}
	if moved {
		r.Writes.forgetPosted(r.Step.ValidationID)
	}
	if code := r.Writes.forgetApproving(moved, r.Step.ValidationID); code != "" {
		r.Progress.record(fmt.Sprintf("the report waits at another step than the one at which exception %s was posted", code))
	}
	if moved || changed {
		r.forgetVerdict(ctx)
	}
	r.Progress.reopen()
	r.noteEarlierWrites(read)
	return goOn()
}

// maxStepChanges is how many reads in a row may show an unchanged report at another step.
const maxStepChanges = 3

// checkStepSteady parks a report that is at another step on every read: no write could be proved
// to be at the step for which the rules were evaluated.
func (r *run) checkStepSteady(read expense.FetchedReport) next {
	if r.Step.countChange(read.ValidationID, read.ContentHash == r.Read.ContentHash) < maxStepChanges {
		return goOn()
	}
	r.Step.moveTo(read.ValidationID)
	r.Read.Revision = read.Revision
	return parked(&ParkReason{
		Kind:    expense.Malformed,
		Message: fmt.Sprintf("the report's WorkflowActionURL changed on %d reads in a row although nothing else changed", maxStepChanges),
	})
}

// noteHeader remembers the header as it is after our own exceptions: the next write compares the
// report with that.
func (r *run) noteHeader(headerHash string) {
	if headerHash != "" { // a step with an address has none
		r.Read.HeaderHash = headerHash
	}
	r.Writes.readAgain()
}

// stepsLookAlike returns true when Concur gives the steps of this object no addresses by which
// they can be told apart.
func (r *run) stepsLookAlike() bool {
	return r.Read.HeaderHash != "" || r.notification.Kind == expense.RequestObject
}

// noun is what the run handles.
func (r *run) noun() string {
	if r.notification.Kind == expense.RequestObject {
		return "travel request"
	}
	return "report"
}

// endNotWaiting ends a pass that found the report no longer waiting for the connector. What an
// earlier pass achieved stands.
func (r *run) endNotWaiting(ctx workflow.Context, reading expense.ReportState, unknown bool) next {
	u := r.Writes.Unknown
	r.Writes.resolved()
	acted := u != nil && u.Action != ""
	if acted && reading.Kind == expense.NotWaiting && u.Action.CanLeadTo(reading.Status) {
		r.succeeded(ctx, u.ValidationID, u.Action, r.Progress.Cause, true)
		return done()
	}
	r.closeTask(ctx, "the report has left the step")
	switch {
	case r.Progress.Outcome != "":
	case reading.Kind == expense.NotFound:
		r.Progress.end(expense.Gone)
	case !unknown && !acted && expense.IsWithdrawn(reading.Status):
		r.Progress.end(expense.Withdrawn)
	default:
		r.Progress.end(expense.Superseded)
	}
	return done()
}
