package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"concur-connector/concur"
	"concur-connector/expense"
)

// TakeAction approves a report or a travel request, or sends it back, at the validation
// step where the rules evaluated it and nowhere else.
func (a *Activities) TakeAction(ctx context.Context, in expense.TakeActionInput) (result expense.ActionTaken, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, heartbeat, stop := a.startHeartbeat(ctx)
	defer stop()
	nextValidationID, rejectedComment := "", ""
	w, err := a.write(ctx, heartbeat, write{
		op: "take action", attempt: in.Attempt, objectURI: in.ObjectURI, validationID: in.ValidationID, action: &in,
		read:     func(ctx context.Context) (found, error) { return a.readUntilMoved(ctx, in) },
		possible: func(now found) error { return notOffered(now, in.Action) },
		send: func(ctx context.Context, now found, _ int) (err error) {
			nextValidationID, err = a.sendAction(ctx, now, in, rejectedComment)
			if rejectedComment == "" && in.ExpenseRejectedComment != "" && slices.Contains(wantedComments(err), concur.ExpenseRejectedComment) {
				rejectedComment, err = in.ExpenseRejectedComment, sendAgain{err}
			}
			return err
		},
		explain: a.nameBlocking,
	})
	switch {
	case err != nil:
		return expense.ActionTaken{}, err
	case w.made:
		return expense.ActionTaken{ReportState: expense.ReportState{ValidationID: nextValidationID}}, nil
	}
	return actionNotTaken(in, w), nil
}

// actionNotTaken says why an attempt has taken no action.
func actionNotTaken(in expense.TakeActionInput, w written) expense.ActionTaken {
	return expense.ActionTaken{
		ReportState:    w.ReportState,
		Confirmed:      w.unknown && !w.changed && movedByAction(in, w.found),
		OutcomeUnknown: w.unknown,
		MayHaveMoved:   w.changed,
		DryRun:         w.dryRun,
	}
}

// sendAction sends the action by the interface that the report was read by. It returns the
// ID of the next validation if Concur's answer shows that the object waits at one.
func (a *Activities) sendAction(ctx context.Context, now found, in expense.TakeActionInput, rejectedComment string) (next string, err error) {
	api := a.options.Concur
	switch {
	case now.Request != nil:
		return a.actOnRequest(ctx, now.Request, in)
	case !now.Report.Via.IsV4():
		return "", api.TakeActionV1(ctx, now.Report.ActionURL, in.Action, in.Comment)
	case in.Action == expense.SendBack:
		return "", api.SendBackReportV4(ctx, now.Report.ID, in.Comment, a.options.Guard)
	case in.Action == expense.Approve:
		return "", api.ApproveReportV4(ctx, now.Report.ID, in.Comment, rejectedComment, a.options.Guard)
	}
	return "", errNoAction
}

// errNoAction is returned for any action other than approve and send back.
var errNoAction = &concur.Error{Op: "take action", Kind: expense.InvalidArgument, Message: "Concur can only approve or send back"}

// actOnRequest acts on a travel request and compares what Concur returns. An unchanged
// request leaves the outcome unknown. A request in a status to which the action cannot lead
// was not acted on, although Concur answered with success.
//
// A status with another name proves that the request has left the validation. For whom it waits
// now may be unclear. This run then ends, because it knows what it did. If the request waits
// for the connector again, a callout or the sweep starts another run.
func (a *Activities) actOnRequest(ctx context.Context, before *expense.TravelRequest, in expense.TakeActionInput) (next string, err error) {
	api, after := a.options.Concur, (*expense.TravelRequest)(nil)
	switch in.Action {
	case expense.Approve:
		after, err = api.ApproveRequestV4(ctx, before.ID)
	case expense.SendBack:
		after, err = api.SendBackRequestV4(ctx, before.ID, in.Comment)
	default:
		err = errNoAction
	}
	if err != nil {
		return "", err
	}
	standing := after.Standing(a.externalValidation())
	next = standing.ValidationID
	if standing.Unclear != "" && after.HasLeft(before) {
		next = ""
	}
	switch {
	case next == in.ValidationID && after.Modified != "" && after.Modified == before.Modified:
		return "", &concur.Error{Op: "take action", Kind: expense.OutcomeUnknown,
			Message: "Concur answered with success, but the travel request is unchanged"}
	case !in.Action.CanLeadTo(after.Status):
		return "", &concur.Error{Op: "take action", Kind: expense.Rejected,
			Message: "Concur answered with success, but the travel request has a status to which the action cannot lead"}
	}
	return next, nil
}

// operationOf is Concur's name of the operation for an action.
var operationOf = map[expense.Action]string{expense.Approve: "approve", expense.SendBack: "sendback"}

// notOffered returns an error if Concur lists the operations of a travel request and the
// action is not among them.
func notOffered(now found, action expense.Action) error {
	operation := operationOf[action]
	if now.Request == nil || now.Request.Operations == nil || operation == "" || slices.Contains(now.Request.Operations, operation) {
		return nil
	}
	return unclearStep(now.Request, "Concur does not offer the operation "+operation+" to the connector")
}

// movedByAction reports whether the report has left the validation step in the direction of
// the action. If validation steps have names, the report may already wait at the next one.
// If they have none, a report that waits may still be at the same step.
func movedByAction(in expense.TakeActionInput, now found) bool {
	if now.Kind != expense.NotWaiting || !in.Action.CanLeadTo(now.Status) {
		return false
	}
	if in.HeaderHash != "" || now.HeaderHash != "" || now.Request != nil {
		return now.ValidationID == ""
	}
	return now.ValidationID != expense.StatusExternalValidation
}

// maxBlocking limits how many blocking exceptions an error names.
const maxBlocking = 10

// nameBlocking adds to an error the names of the exceptions that block the action, if v4
// lists them.
func (a *Activities) nameBlocking(ctx context.Context, now found, err error) error {
	var e *concur.Error
	if now.Report == nil || !now.Report.Via.IsV4() || !errors.As(err, &e) || e.Kind != expense.Blocked {
		return err
	}
	existing, listErr := a.options.Concur.ExceptionsV4(context.WithoutCancel(ctx), now.Report.ID)
	var names []string
	for _, one := range existing {
		if one.Blocking && len(names) < maxBlocking {
			names = append(names, strings.TrimSpace(fmt.Sprintf("%s on %s %s", one.Code, strings.ToLower(string(one.ObjectType)), one.ObjectID)))
		}
	}
	if listErr != nil || len(names) == 0 {
		return err
	}
	named := *e
	named.Message = "blocking exceptions: " + strings.Join(names, ", ") + ": " + e.Message
	return &named
}

// wantedComments names the fields in which Concur requires a comment, if err refuses an
// action because of a missing comment.
func wantedComments(err error) []string {
	var e *concur.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.RequiredFields
}
