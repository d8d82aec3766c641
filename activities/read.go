package activities

import (
	"context"
	"errors"
	"strings"

	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
)

// found is a report or a travel request as one read showed it. It holds neither if the
// object is gone.
type found struct {
	expense.ReportState
	concur.Read
	dryRunReason expense.DryRunReason // why nothing is written to it
	changed      bool                 // it waits at the same step, but is not what it was
}

// reader reads reports, or travel requests.
type reader func(ctx context.Context, objectURI string, o concur.ReadOptions) (concur.Read, error)

// read reads a report or a travel request, and says where it is.
func (a *Activities) read(ctx context.Context, read reader, objectURI string, o concur.ReadOptions) (found, error) {
	writes := a.options.Writes
	o.Logins, o.External = writes.TestUsers, a.externalValidation()
	o.Owner = o.Owner && writes.Mode != WritesDryRun // nobody is asked in a dry run
	seen, err := read(ctx, objectURI, o)
	switch {
	case errors.Is(err, concur.NotFound):
		return found{ReportState: expense.ReportState{Kind: expense.NotFound}, dryRunReason: writes.dryRunFor(false)}, nil
	case err != nil:
		return found{}, err
	case seen.Unclear != "":
		return found{}, unclearStep(seen.Request, seen.Unclear)
	}
	f := found{Read: seen, dryRunReason: writes.dryRunFor(seen.OwnerListed)}
	f.ReportState.ValidationID = seen.Validation
	var owner *expense.Owner
	if seen.Request != nil {
		f.Status, owner = seen.Request.Status, &seen.Request.Owner
	} else {
		f.Status, owner = seen.Report.Status, &seen.Report.Owner
	}
	if f.dryRunReason != "" { // nobody is asked, so the owner is not kept
		*owner = expense.Owner{}
	}
	if seen.Validation == "" {
		f.Kind = expense.NotWaiting
	}
	return f, nil
}

// externalValidation says how the company's travel requests show that they wait for the
// connector.
func (a *Activities) externalValidation() expense.ExternalValidation {
	s := a.options.Rules.Current().Settings()
	return expense.ExternalValidation{Names: s.ExternalValidationNames, WithoutOperations: s.ActWithoutOperations}
}

// unclearStep is the error if Concur does not say clearly whether a travel request waits for
// the connector. Nothing is written to the request.
func unclearStep(r *expense.TravelRequest, why string) error {
	return &concur.Error{Op: "read the travel request", Kind: expense.UnclearStep, Message: "request " + r.Number + " may or may not wait for the connector: " + why}
}

// readAt reads the report by the interface that it was evaluated by. The result has a Kind
// unless the report waits at this validation. v1.1 reads the whole report, because its
// entries are compared; v3 and v4 read the header.
func (a *Activities) readAt(ctx context.Context, objectURI, validationID string, via expense.Interface) (found, error) {
	parts := expense.Parts{HeaderOnly: true}
	if !via.IsV4() { // v1.1's address may have answered with a document of v2.0
		via = expense.V1
	}
	read := a.options.Concur.ReadReport
	if kind, _, err := expense.Identify(objectURI); err == nil && kind == expense.RequestObject {
		read = a.options.Concur.ReadRequest
	} else if via == expense.V1 {
		parts.HeaderOnly = false
	}
	f, err := a.read(ctx, read, objectURI, concur.ReadOptions{Via: via, Parts: parts, Steps: a.options.Interface.ReadSteps})
	if err == nil && f.Kind == "" && f.ReportState.ValidationID != validationID {
		f.Kind = expense.NotWaiting
	}
	return f, err
}

// readUntilMoved reads the report before an action. If an earlier attempt may have sent the
// action, it repeats that until the report has moved or was changed, for as long as Concur may
// take to show that.
func (a *Activities) readUntilMoved(ctx context.Context, in expense.TakeActionInput) (now found, err error) {
	sent := mayHaveSent(ctx, in.Attempt)
	_, err = a.untilVisible(ctx, func() (_ bool, err error) {
		now, err = a.readAt(ctx, in.ObjectURI, in.ValidationID, in.Via)
		return !sent || now.Kind != "" || !now.at(in.ValidationID, in.Attempt), err
	})
	return now, err
}

// readEvaluated is the read before the first request of a write. It shows as much as is needed
// to compare the report with what the rules evaluated.
func (a *Activities) readEvaluated(ctx context.Context, w write) (now found, err error) {
	if w.read != nil {
		now, err = w.read(ctx)
	} else {
		now, err = a.readAt(ctx, w.objectURI, w.validationID, w.attempt.Via)
	}
	if err != nil || w.repeatable {
		return now, err
	}
	return a.readWhole(ctx, w, now)
}

// readWhole reads the whole report once more if somebody may have edited an entry unseen:
// an approver was asked since the evaluated read, or that read is long ago, and v1.1 does
// not show the report. The header does not show such an edit (docs/adr/0020). readWhole
// reads the header last, because the report may move meanwhile.
func (a *Activities) readWhole(ctx context.Context, w write, now found) (found, error) {
	evaluated := w.attempt
	before := concur.Read{Content: evaluated.ContentHashes}
	age := activity.GetInfo(ctx).StartedTime.Sub(evaluated.ReadAt)
	if now.Kind != "" || before.Content == "" || now.Compares(before) || !evaluated.ApproverAsked && age <= a.options.ReadAgainAfter {
		return now, nil
	}
	read := a.options.Concur.ReadReport
	if now.Request != nil {
		read = a.options.Concur.ReadRequest
	}
	whole, err := a.read(ctx, read, w.objectURI, concur.ReadOptions{Via: evaluated.Via, Parts: evaluated.Parts})
	if err == nil {
		now, err = a.readAt(ctx, w.objectURI, w.validationID, evaluated.Via)
	}
	now.Content = strings.TrimSpace(now.Content + " " + whole.Content)
	if err == nil && now.Kind == "" && !now.Compares(before) {
		err = &concur.Error{Op: "read the whole report", Kind: expense.Unavailable, Message: "the report moved while it was read"}
	}
	return now, err
}

// explainRefusal reads the report again after a refusal. Most often the report has moved
// since the read before: then the result says where it is. If the report still waits and is
// unchanged, the error is the refusal.
func (a *Activities) explainRefusal(ctx context.Context, objectURI string, before found, refusal error) (found, error) {
	var via expense.Interface
	if before.Report != nil {
		via = before.Report.Via
	}
	now, err := a.readAt(context.WithoutCancel(ctx), objectURI, before.ReportState.ValidationID, via)
	switch {
	case err != nil:
		return found{}, err
	case now.Kind != "":
		return now, nil
	case !now.SameValidation(before.Read):
		now.Kind, now.changed = expense.NotWaiting, true
		return now, nil
	}
	return now, refusal
}

// edited reports whether the content differs from the evaluated one, as far as both reads
// show it. Exceptions are not part of the content.
func (f found) edited(evaluated expense.Attempt) bool {
	return !f.SameContent(concur.Read{Content: evaluated.ContentHashes})
}

// at reports whether the report waits at this validation and is what the rules evaluated,
// as far as Concur shows.
func (f found) at(validationID string, evaluated expense.Attempt) bool {
	return f.SameValidation(concur.Read{Validation: validationID, HeaderHash: evaluated.HeaderHash, Content: evaluated.ContentHashes})
}
