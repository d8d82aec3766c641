package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// writes is what the run knows about its writes to the report. Only this run knows it, so it
// decides whether a write may be the first ([ADR 3] and [ADR 13]).
//
// [ADR 3]: ../docs/adr/0003-read-before-each-write.md
// [ADR 13]: ../docs/adr/0013-the-run-permits-each-write.md
type writes struct {
	Posted  []PostedAtStep `json:"posted,omitempty"`  // exceptions on the report
	Unknown *UnknownWrite  `json:"unknown,omitempty"` // the last write, while its outcome is unknown

	// SinceRead is set while exceptions may have been posted or deleted since the header was read.
	SinceRead bool `json:"sinceRead,omitempty"`
	// NotDeleted are exceptions that Concur does not let the connector delete.
	NotDeleted []expense.ExistingException `json:"notDeleted,omitempty"`
	// RejectedPosts counts consecutive posts in which Concur refused an exception.
	RejectedPosts int `json:"rejectedPosts,omitempty"`
	// Changes counts consecutive writes that were not sent because the report had changed.
	Changes int `json:"changes,omitempty"`

	// ActedAtValidation is where the last action was taken, and ActedAt when Concur had answered.
	// For a while Concur may show the report there still.
	ActedAtValidation string    `json:"actedAtValidation,omitempty"`
	ActedAt           time.Time `json:"actedAt,omitzero"`

	// LimitOverridden is set when an operator lets the run send back in spite of the limit.
	LimitOverridden bool `json:"limitOverridden,omitempty"`

	// DryRun is why the last read or write allowed no writes. DryRunRemovals are the exceptions that
	// a dry run would have deleted, DryRunRevision the revision for which it ended.
	DryRun         expense.DryRunReason        `json:"dryRun,omitempty"`
	DryRunRemovals []expense.ExistingException `json:"dryRunRemovals,omitempty"`
	DryRunRevision string                      `json:"dryRunRevision,omitempty"`
}

// PostedAtStep is an exception on the report that is not posted again at this step.
type PostedAtStep struct {
	ValidationID string `json:"validationId"`
	Approves     bool   `json:"approves,omitempty"` // it approves the report, and is no violation
	expense.PostedException
}

// UnknownWrite is a write that may have taken effect: it ended without an answer.
type UnknownWrite struct {
	ValidationID string         `json:"validationId"`
	Action       expense.Action `json:"action,omitempty"`     // empty: exceptions were posted or deleted
	Flags        expense.Flags  `json:"flags,omitzero"`       // the exception flags before that post
	HeaderHash   string         `json:"headerHash,omitempty"` // the header before that action
	Code         string         `json:"code,omitempty"`       // of the exception posted instead of that action

	Earlier  bool `json:"earlier,omitempty"`  // a run before this one was permitted to write
	Deleting bool `json:"deleting,omitempty"` // exceptions were deleted: that may happen late, too
}

// postedAt returns the exceptions that are on the report since this step.
func (w *writes) postedAt(validationID string) []PostedAtStep {
	var here []PostedAtStep
	for _, p := range w.Posted {
		if p.ValidationID == validationID {
			here = append(here, p)
		}
	}
	return here
}

func (w *writes) hasPosted(validationID string, e expense.Exception) bool {
	return slices.ContainsFunc(w.postedAt(validationID), func(p PostedAtStep) bool { return p.Same(e) })
}

// missing returns the wanted exceptions that are not posted at this step, each once.
func (w *writes) missing(validationID string, wanted []expense.Exception) []expense.Exception {
	var missing []expense.Exception
	for _, e := range wanted {
		if !w.hasPosted(validationID, e) && !slices.ContainsFunc(missing, e.Same) {
			missing = append(missing, e)
		}
	}
	return missing
}

func (w *writes) recordPosted(validationID string, item expense.PostedException) {
	w.Posted = append(w.Posted, PostedAtStep{ValidationID: validationID, PostedException: item})
}

// recordApproving remembers the exception that approves the report.
func (w *writes) recordApproving(validationID string, e expense.Exception, state expense.PostState) {
	w.Posted = append(w.Posted, PostedAtStep{ValidationID: validationID, Approves: true, PostedException: expense.PostedException{Exception: e, State: state}})
}

// forgetPosted forgets what was posted at a step: the report waits at another that looks alike.
func (w *writes) forgetPosted(validationID string) {
	w.Posted = slices.DeleteFunc(w.Posted, func(p PostedAtStep) bool { return p.ValidationID == validationID })
}

// forgetDeleted forgets an exception that is no longer on the report.
func (w *writes) forgetDeleted(e expense.Exception) {
	w.Posted = slices.DeleteFunc(w.Posted, func(p PostedAtStep) bool { return p.Same(e) })
}

// splitUnlisted returns the exceptions at this step that Concur accepted and did not list: those
// that it lists now, and those that it still does not.
func (w *writes) splitUnlisted(validationID string, existing []expense.ExistingException, wanted []expense.Exception) (listed, unlisted []expense.Exception) {
	for i := range w.Posted {
		p := &w.Posted[i]
		switch {
		case p.ValidationID != validationID || p.State != expense.Unlisted || !slices.ContainsFunc(wanted, p.Same):
		case has(existing, p.Exception):
			p.State = expense.Posted
			listed = append(listed, p.Exception)
		default:
			unlisted = append(unlisted, p.Exception)
		}
	}
	return listed, unlisted
}

// unknownAt returns true when the outcome of the last write at this step is unknown.
func (w *writes) unknownAt(validationID string) bool {
	return w.Unknown != nil && w.Unknown.ValidationID == validationID
}

// begin notes that exceptions are about to be written. It returns what is to be called when
// nothing was.
func (w *writes) begin() (undo func()) {
	before := w.SinceRead
	w.SinceRead = true
	return func() { w.SinceRead = before || w.Unknown != nil }
}

// readAgain notes that the header was read after the last exceptions.
func (w *writes) readAgain() { w.SinceRead = false }

// mayHaveWritten notes a write whose outcome is unknown.
func (w *writes) mayHaveWritten(u UnknownWrite) { w.Unknown = &u }

// resolved notes that no outcome is unknown any more.
func (w *writes) resolved() { w.Unknown = nil }

// forgetApproving forgets an exception that should have approved the report when the report
// waits at another step, and returns its code. Nobody says whether the exception moved it.
func (w *writes) forgetApproving(moved bool, validationID string) string {
	if w.Unknown == nil || !moved && w.Unknown.ValidationID == validationID {
		return ""
	}
	code := w.Unknown.Code
	if code != "" {
		w.Unknown = nil
	}
	return code
}

// countRejected counts a post in which Concur refused an exception. It returns false when the run
// must not send the post again.
func (w *writes) countRejected() (sendAgain bool) {
	if w.RejectedPosts++; w.RejectedPosts > maxRejectedPosts {
		w.RejectedPosts = 0
	}
	return w.RejectedPosts > 0
}

func (w *writes) accepted() { w.RejectedPosts = 0 }

// countChange counts a write that was not sent because the report had changed, and returns false
// when it is not to be tried again.
func (w *writes) countChange() (tryAgain bool) {
	if w.Changes++; w.Changes >= maxStepChanges {
		w.Changes = 0
	}
	return w.Changes > 0
}

// startAnew forgets what was counted for another revision or step.
func (w *writes) startAnew() { w.RejectedPosts, w.DryRunRemovals = 0, nil }

// actedAt notes that the action at this step has succeeded.
func (w *writes) actedAt(validationID string, now time.Time) {
	w.ActedAtValidation, w.ActedAt = validationID, now
	w.LimitOverridden, w.Changes = false, 0
}

// actedEarlier notes when a run before this one has acted.
func (w *writes) actedEarlier(validationID string, at time.Time) {
	if at.After(w.ActedAt) {
		w.ActedAtValidation, w.ActedAt = validationID, at
	}
}

func (w *writes) overrideLimit() { w.LimitOverridden = true }
func (w *writes) obeyLimit()     { w.LimitOverridden = false }

// dryRun notes why no writes are allowed, or that they are.
func (w *writes) dryRun(why expense.DryRunReason) { w.DryRun = why }

// endDryRun notes the revision for which the dry run has recorded all writes.
func (w *writes) endDryRun(revision string) { w.DryRunRevision = revision }

// remember adds exceptions to a list of limited length and returns those that are new there.
func remember(list *[]expense.ExistingException, exceptions []expense.ExistingException) (added []expense.ExistingException) {
	for _, e := range exceptions {
		if !has(*list, e.Exception) && len(*list) < maxListed {
			*list = append(*list, e)
			added = append(added, e)
		}
	}
	return added
}

func (w *writes) addNotDeleted(e []expense.ExistingException) (added []expense.ExistingException) {
	return remember(&w.NotDeleted, e)
}

func (w *writes) addDryRunRemovals(e []expense.ExistingException) (added []expense.ExistingException) {
	return remember(&w.DryRunRemovals, e)
}

func has(list []expense.ExistingException, e expense.Exception) bool {
	return slices.ContainsFunc(list, func(one expense.ExistingException) bool { return one.Same(e) })
}

// maxCarriedPosted is how many posted exceptions a run carries on. Each takes some hundred bytes,
// and a report may have a thousand at each step.
const maxCarriedPosted = 2000

// trim drops the oldest exceptions of earlier steps when there are too many to carry on.
func (w *writes) trim(validationID string) {
	over := len(w.Posted) - maxCarriedPosted
	w.Posted = slices.DeleteFunc(slices.Clone(w.Posted), func(p PostedAtStep) bool {
		if p.ValidationID == validationID || over <= 0 {
			return false
		}
		over--
		return true
	})
}

// writtenVia is the interface that the run has used to write at the step, or empty.
func (r *run) writtenVia() expense.Interface {
	if len(r.Writes.postedAt(r.Step.ValidationID)) == 0 && !r.Writes.unknownAt(r.Step.ValidationID) {
		return ""
	}
	return r.Read.Via
}

// attempt tells a write whether it may be the first at this step, and what the report looked
// like. While the outcome of an action is unknown, the header is that of the read before it: what
// was read since may be of another step.
func (r *run) attempt(ctx workflow.Context) expense.Attempt {
	unknown := r.Writes.unknownAt(r.Step.ValidationID)
	headerHash := r.Read.HeaderHash
	if unknown && r.Writes.Unknown.HeaderHash != "" {
		headerHash = r.Writes.Unknown.HeaderHash
	}
	return expense.Attempt{
		OriginalRunID:  workflow.GetInfo(ctx).OriginalRunID,
		OutcomeUnknown: unknown,
		Via:            r.Read.Via,
		HeaderHash:     headerHash,
		ContentHashes:  r.Read.Hashes,
		ReadAt:         r.Read.At,
		Parts:          r.Read.Parts,
		ApproverAsked:  r.Decision.Task != nil,
	}
}

// recordOutcome remembers a failed write that may have taken effect, and returns err. A write
// that certainly has not also resolves the write before it: the activity has read the report. A
// write that ended without a word of its activity may have taken effect if the run had permitted
// it. If not, nothing was sent, and the write before it stays unknown.
func (r *run) recordOutcome(err error, u UnknownWrite) error {
	if err == nil {
		return nil
	}
	failed, known := r.calls.failedWrite(err)
	if r.calls.headerHash != "" && u.Action != "" {
		u.HeaderHash = r.calls.headerHash // of the read before the write that was sent last
	}
	switch {
	case known && !failed.OutcomeUnknown:
		r.Writes.resolved()
	case known || r.calls.permits > 0:
		r.Writes.mayHaveWritten(u)
	}
	return err
}

// reportChanged evaluates a report again that had changed, or may wait at another step, when it
// was to be written. A report that changes before each write is parked.
func (r *run) reportChanged(ctx workflow.Context, unknown bool) next {
	why := "the " + r.noun() + " has changed or moved since the rules were evaluated: nothing was written, and they are evaluated again"
	if unknown {
		why = "the outcome of an action is unknown, and the " + r.noun() + " has changed since: the rules are evaluated again"
	}
	r.Progress.record(why)
	r.Writes.resolved()
	r.forgetVerdict(ctx)
	if r.stepsLookAlike() {
		r.Writes.forgetPosted(r.Step.ValidationID)
	}
	if r.Writes.countChange() {
		return again(why)
	}
	return parked(&ParkReason{
		Kind:    expense.Malformed,
		Message: fmt.Sprintf("the %s had changed before each of %d writes in a row, so nothing was written", r.noun(), maxStepChanges),
	})
}
