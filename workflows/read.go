package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// fetch reads the report and remembers what the read showed.
func (r *run) fetch(ctx workflow.Context) (expense.FetchedReport, error) {
	r.enter(ctx, Fetching)
	expected, heard, known := r.expectedName(), r.NewStepNames, r.stopName()
	r.NewStepNames = nil
	unchecked := r.UncheckedURIs
	activity := FetchReport
	if r.notification.Kind == expense.RequestObject {
		activity = FetchRequest
	}
	input := expense.FetchReportInput{
		ObjectURI: r.ObjectURI, EventType: expected, WrittenVia: r.begun(), ValidationID: r.ValidationID, HeaderHash: r.HeaderHash, ContentHashes: r.ReadHashes, UncheckedURIs: unchecked, CheckedRuns: r.CheckedRuns,
		CalloutEventTypes: r.announces(heard),
	}
	if !r.Ours {
		input.FailedListEventTypes = r.FailedListEventTypes
	}
	readBy := func(input expense.FetchReportInput) (read expense.FetchedReport, err error) {
		reads := 0
		err = r.readable(ctx, func() (err error) {
			reads++
			input.ReadAgain = reads < unreadable
			read, err = call[expense.FetchedReport](r.concurOptions(ctx, "read the "+r.noun(), requestsOfWhole), &r.calls, activity, input)
			return err
		})
		return read, err
	}
	read, err := readBy(input)
	if err == nil && read.Earlier.ActedAt.After(r.ActedAt) {
		r.ActedAtValidation, r.ActedAt = read.ValidationID, read.Earlier.ActedAt
	}
	for delay := r.WriteCheckDelay; r.mayBeUnshown(ctx, read, err); delay *= 2 {
		left := r.ActedAt.Add(read.VisibleWithin).Sub(workflow.Now(ctx))
		if err := wait(ctx, min(delay, left), "Concur may not show yet what was done: looking again"); err != nil {
			return read, err
		}
		read, err = readBy(input)
	}
	if r.needsCallout(read, err) {
		if shown, ok := r.readByCallout(input, readBy); ok {
			read, err = shown, nil
		}
	}
	if r.ReportID == "" && isAlike(err) && expense.IsV4Report(r.ObjectURI) {
		r.ReportID = r.notification.Key // Concur has shown the report, and other runs find this one
	}
	other := r.useOtherAddress(read, err)
	if err != nil || other || read.Kind == expense.NotFound || read.NotOurs {
		for _, name := range r.NewStepNames {
			heard = addName(heard, name)
		}
		r.NewStepNames = heard // no read has shown yet where the report is
	}
	switch {
	case other:
		return read, errAgain
	case err != nil:
		return read, err
	}
	r.AddressRead = r.AddressRead || read.Kind != expense.NotFound
	r.UncheckedURIs = r.UncheckedURIs[len(unchecked):]
	for _, refused := range read.UntrustedURIs {
		r.drop(ctx, refused)
	}
	r.DryRun = read.DryRun
	if r.Outcome == expense.NotOurs {
		r.Outcome = "" // something else has told of it since
	}
	r.Ours = r.Ours || !read.NotOurs
	if said := "left alone: " + read.SkippedReason; read.SkippedReason != "" && !slices.Contains(r.Done, said) {
		r.did(said)
	}
	if read.ReportID != "" {
		r.ReportID = read.ReportID
	}
	if said := "read by v1.1, and acted on by it: " + read.FallbackReason; read.FallbackReason != "" && !slices.Contains(r.Done, said) {
		r.did(said)
	}
	if read.Replaced && !slices.Contains(r.Done, saidReplaced) {
		r.did(saidReplaced)
	}
	r.VisibleWithin = read.VisibleWithin
	if read.Kind != "" || read.NotOurs {
		if read.Kind == expense.NotWaiting {
			r.leaveStop()
		}
		r.Via = read.Via
		return read, nil
	}
	own := r.Written // our own exceptions may be all that has changed
	before, alike := r.stopHere(), r.stopsLookAlike()
	r.Via, r.HeaderHash, r.Written = read.Via, read.HeaderHash, false
	r.ReadHashes, r.ReadAt, r.ReadParts = read.ContentHashes, read.ReadAt, read.Parts
	if err := r.countStops(read); err != nil {
		return read, err
	}
	if read.ValidationID != r.ValidationID || read.Revision != r.Revision {
		r.RejectedPosts = 0
		r.DryRunRemovals = nil
	}
	same := read.ValidationID == r.ValidationID
	if !same {
		known = ""
	}
	changed := read.Revision != r.Revision || read.Edited
	r.ValidationID, r.Revision, r.Content = read.ValidationID, read.Revision, read.Content
	if before != nil && alike != r.stopsLookAlike() {
		r.takeNames(*before)
	}
	r.bindNames(heard, workflow.Now(ctx))
	next := r.moved(read, own)
	next = same && r.nextStep(known, read.MayHaveMoved) || next
	if next {
		r.forgetPosted(r.ValidationID)
	}
	r.movedOn(next || r.UnknownWrite != nil && r.UnknownWrite.ValidationID != r.ValidationID)
	if next || changed {
		r.forgetVerdict()
	}
	r.Outcome, r.Cause = "", "" // it waits for us (again)
	r.TotalDiffers = read.TotalDiffers
	r.doubtEarlier(read)
	if read.DependsOnStep && r.Via.IsV4() && r.stopName() != expected {
		return read, errAgain // which exceptions are ours to take off depends on the stop
	}
	return read, nil
}

// mayBeUnshown reports whether a read may show the report where it was before our action: it
// waits at the stop at which this run, or one before it, has just acted, and nothing tells of
// another stop.
func (r *run) mayBeUnshown(ctx workflow.Context, read expense.FetchedReport, err error) bool {
	return err == nil && read.Kind == "" && r.ActedAtValidation != "" && read.ValidationID == r.ActedAtValidation && !read.MayHaveMoved &&
		workflow.Now(ctx).Sub(r.ActedAt) < read.VisibleWithin
}

// fetchConfirmed is fetch, and reads again after a while when Concur says that the report
// is gone: a single 404 ends no run. A notification that comes meanwhile does not shorten
// the wait; it is answered by the pass after this one.
func (r *run) fetchConfirmed(ctx workflow.Context) (expense.FetchedReport, error) {
	read, err := r.fetch(ctx)
	if err != nil || read.Kind != expense.NotFound {
		return read, err
	}
	if err := wait(ctx, r.ConfirmDelay, "Concur says that the "+r.noun()+" is gone: looking again"); err != nil {
		return read, err
	}
	looks := append(r.NotFoundAddresses, r.ObjectURI)
	for i, uri := range looks {
		r.ObjectURI, r.NotFoundAddresses = uri, looks[i+1:]
		if read, err = r.fetch(ctx); err != nil || read.Kind != expense.NotFound {
			return read, err
		}
	}
	return read, nil
}

// useOtherAddress goes on with another address that a notification has given, if the one that
// was read leads nowhere and none has been read yet: the first notification may not have been
// Concur's own. One that led nowhere is kept, for Concur may have said so by mistake.
func (r *run) useOtherAddress(read expense.FetchedReport, err error) bool {
	var t *ParkReason
	refused := errors.As(err, &t) && t.Kind == expense.Untrusted
	nowhere := err == nil && read.Kind == expense.NotFound
	switch {
	case r.AddressRead || !refused && !nowhere:
		return false
	case len(r.Addresses) > 0:
		if nowhere && len(r.NotFoundAddresses) < maxAddresses && !slices.Contains(r.NotFoundAddresses, r.ObjectURI) {
			r.NotFoundAddresses = append(slices.Clone(r.NotFoundAddresses), r.ObjectURI)
		}
		r.ObjectURI, r.Addresses = r.Addresses[0], r.Addresses[1:]
		return true
	case refused && len(r.NotFoundAddresses) > 0:
		r.ObjectURI, r.NotFoundAddresses = r.NotFoundAddresses[0], r.NotFoundAddresses[1:]
		return true
	}
	return false
}

// unsteady is how many reads in a row may show another stop of an unchanged report.
const unsteady = 3

// countStops parks a report whose stop is another on every read: no write to it
// could ever be proved to be at the stop that was judged.
func (r *run) countStops(read expense.FetchedReport) error {
	if r.ValidationID == "" || read.ValidationID == r.ValidationID || read.Content != r.Content {
		r.StepChanges = 0
		return nil
	}
	r.StepChanges++
	if r.StepChanges < unsteady {
		return nil
	}
	r.ValidationID, r.Revision = read.ValidationID, read.Revision
	return &ParkReason{
		Kind:    expense.Malformed,
		Message: fmt.Sprintf("the report's WorkflowActionURL was another on %d reads in a row though nothing else changed", unsteady),
	}
}

// begun is the interface by which the run has begun to write at the stop, if it has.
func (r *run) begun() expense.Interface {
	if len(r.posted(r.ValidationID)) == 0 && !r.doubted(r.ValidationID) {
		return ""
	}
	return r.Via
}

// moved reports whether a report may have come to another stop of the same name since the
// last read. When exceptions of our own may have changed the header, it is not taken for
// moved: the rules judge it anew, and what a person has decided on their verdict stands.
func (r *run) moved(read expense.FetchedReport, own bool) bool {
	if !read.MayHaveMoved {
		return false
	}
	if own {
		r.Reevaluate = true
		return false
	}
	return true
}

// mayHaveMoved has a report judged anew that was changed since it was judged, or that may wait
// at another stop of the same name. A report that is another one before each write is parked.
func (r *run) mayHaveMoved(doubtful bool) error {
	said := "the " + r.noun() + " was changed or moved after it was judged: nothing was written, and it is judged anew"
	if doubtful {
		said = "it is not known whether an action took effect, and the " + r.noun() + " has changed since: it is judged anew"
	}
	r.did(said)
	r.UnknownWrite = nil
	r.forgetVerdict()
	if r.stopsLookAlike() {
		r.forgetPosted(r.ValidationID)
	}
	r.Changes++
	if r.Changes < unsteady {
		return errAgain
	}
	r.Changes = 0
	return &ParkReason{
		Kind:    expense.Malformed,
		Message: fmt.Sprintf("the %s had changed before each of %d writes in a row, so nothing was written", r.noun(), unsteady),
	}
}

// noun is what the run is about.
func (r *run) noun() string {
	if r.notification.Kind == expense.RequestObject {
		return "travel request"
	}
	return "report"
}

// left concludes a pass that found the report no longer waiting for us. What an
// earlier pass achieved stands.
func (r *run) left(ctx workflow.Context, reading expense.ReportState, doubtful bool) error {
	doubt := r.UnknownWrite
	r.UnknownWrite = nil
	if doubt != nil && doubt.Action != "" && reading.Kind == expense.NotWaiting && doubt.Action.CanLeadTo(reading.Status) {
		r.succeeded(ctx, doubt.ValidationID, doubt.Action, r.Cause, true)
		return nil
	}
	r.closeTask("the report has left the stop")
	switch {
	case r.Outcome != "":
	case reading.Kind == expense.NotFound:
		r.Outcome = expense.Gone
	case !doubtful && (doubt == nil || doubt.Action == "") && expense.IsWithdrawn(reading.Status):
		r.Outcome = expense.Withdrawn
	default:
		r.Outcome = expense.Superseded
	}
	return nil
}

// saidReplaced is noted once for each run.
const saidReplaced = "Concur sent characters that XML or JSON forbids; each was replaced by U+FFFD"

// unreadable is how often an answer that cannot be read, or that does not hold what Concur
// claims, is asked for before the run is parked.
const unreadable = 3

// readable calls an activity, and calls it again when Concur's answer could not be
// read, or does not hold what Concur claims. Its error is a *Trouble when a person must mend something.
func (r *run) readable(ctx workflow.Context, call func() error) error {
	return r.legible(ctx, "Concur's answer", call)
}

// legible is readable for an answer of whoever it is.
func (r *run) legible(ctx workflow.Context, answer string, call func() error) error {
	for attempt := 1; ; attempt++ {
		err := trouble(call())
		var t *ParkReason
		if !errors.As(err, &t) || t.Kind != expense.Malformed && t.Kind != expense.Incomplete && t.Kind != expense.UnclearStep || attempt == unreadable {
			return err
		}
		why := answer + " could not be read: asking again"
		if t.Kind != expense.Malformed {
			why = "something is missing from " + answer + ": asking again"
		}
		if err := r.pause(ctx, why); err != nil {
			return err
		}
	}
}

// pause waits a moment before something is asked for again.
func (r *run) pause(ctx workflow.Context, why string) error {
	return wait(ctx, r.RereadDelay, why)
}

func wait(ctx workflow.Context, delay time.Duration, why string) error {
	return workflow.NewTimerWithOptions(ctx, atLeastATick(delay), workflow.TimerOptions{Summary: why}).Get(ctx, nil)
}

// atLeastATick returns d, or a millisecond when nothing is left of it. A wait of no time starts
// no timer. Whether there is a timer must not depend on a setting, or a run could not be
// replayed once the setting has changed.
func atLeastATick(d time.Duration) time.Duration { return max(d, time.Millisecond) }

// trouble turns the failure of an activity into a *Trouble, whatever it is: a run
// that cannot go on is parked, never failed. A cancellation is returned as it is.
func trouble(err error) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	var known *ParkReason
	if errors.As(err, &known) {
		return known
	}
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return &ParkReason{Kind: expense.Unavailable, Message: err.Error()}
	}
	kind := expense.Kind(failed.Type())
	if !slices.Contains(Kinds(), kind) { // an operator has failed the activity by hand
		kind = expense.Unavailable
	}
	t := &ParkReason{Kind: kind, Message: failed.Message()}
	if kind == expense.Untrusted && failed.HasDetails() {
		_ = failed.Details(&t.RefusedHost) // of a write it is something else, without a host
	}
	var told expense.FailedWrite
	if failed.HasDetails() && failed.Details(&told) == nil {
		t.Fix = told.Fix
	}
	return t
}
