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

// TakeAction passes a report or a travel request on or sends it back, at the stop where
// it was judged and nowhere else.
func (a *Activities) TakeAction(ctx context.Context, in expense.TakeActionInput) (result expense.ActionTaken, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, pulse, stop := a.alive(ctx)
	defer stop()
	first, err := a.ready(ctx, pulse, in.Attempt, in.ValidationID, "")
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, !first)
	}
	now, err := a.readActed(ctx, in.ObjectURI, in.ValidationID, in.Attempt)
	if err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, !first)
	}
	if now.Kind != "" {
		return expense.ActionTaken{ReportState: now.ReportState, Confirmed: !first && isOurs(in, now), OutcomeUnknown: !first}, nil
	}
	if !now.at(in.ValidationID, in.Attempt) { // it was changed, or another stop has the same name
		now.Kind = expense.NotWaiting
		return expense.ActionTaken{ReportState: now.ReportState, OutcomeUnknown: !first, MayHaveMoved: true}, nil
	}
	// It still waits at the stop: no attempt before this one has taken effect.
	if now.withheld != "" {
		return expense.ActionTaken{ReportState: now.ReportState, DryRun: now.withheld}, nil
	}
	if err := notOffered(now, in.Action); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := a.options.Writes.allow("take action"); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := a.options.SendBackLimit.admit(ctx, in); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	if err := pulse.beforeWrite(ctx, now.Mark); err != nil {
		return expense.ActionTaken{}, a.failedWrite(ctx, err, false)
	}
	next, rejected := "", ""
	after, err := a.send(ctx, pulse, in.ObjectURI, in.ValidationID, in.Via, now, func(now found) (err error) {
		next, err = a.act(ctx, now, in, rejected)
		if rejected == "" && in.ExpenseRejectedComment != "" && slices.Contains(wants(err), concur.ExpenseRejectedComment) {
			rejected, err = in.ExpenseRejectedComment, onceMore{err}
		}
		return err
	})
	pulse.afterWrite(ctx, err)
	if after.Kind != "" || concur.Refused(err) {
		return expense.ActionTaken{ReportState: after.moved(), MayHaveMoved: after.changed}, a.failedWrite(ctx, a.blocking(ctx, now, err), false)
	}
	return expense.ActionTaken{ReportState: expense.ReportState{ValidationID: next}}, a.failedWrite(ctx, err, errors.Is(err, concur.OutcomeUnknown))
}

// act sends the action by the interface by which the report was read. It returns the stop
// at which the object waits then, where Concur's answer shows one.
func (a *Activities) act(ctx context.Context, now found, in expense.TakeActionInput, rejected string) (next string, err error) {
	api := a.options.Concur
	switch {
	case now.Request != nil:
		return a.actOnRequest(ctx, now.Request, in)
	case !now.Report.Via.IsV4():
		return "", api.TakeActionV1(ctx, now.Report.ActionURL, in.Action, in.Comment)
	case in.Action == expense.SendBack:
		return "", api.SendBackReportV4(ctx, now.Report.ID, in.Comment, a.options.Guard)
	case in.Action == expense.Approve:
		return "", api.ApproveReportV4(ctx, now.Report.ID, in.Comment, rejected, a.options.Guard)
	}
	return "", errNoAction
}

// errNoAction ends what is neither of the two: nothing is passed on by default.
var errNoAction = &concur.Error{Op: "take action", Kind: expense.InvalidArgument, Message: "Concur can only approve or send back"}

// actOnRequest looks at the request that comes back: a success whose body shows something
// else is none, and of one whose body shows what was read before nobody knows. One that
// waits for us again has come to the next stop.
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
	stop := after.Standing(a.external()).ValidationID
	switch {
	case stop == in.ValidationID && after.Modified != "" && after.Modified == before.Modified:
		return "", &concur.Error{Op: "take action", Kind: expense.OutcomeUnknown,
			Message: "Concur answered with success, and the travel request is as it was"}
	case !in.Action.CanLeadTo(after.Status):
		return "", &concur.Error{Op: "take action", Kind: expense.Rejected,
			Message: "Concur answered with success, and the travel request is not where the action leads"}
	}
	return stop, nil
}

// operationOf is what Concur's operations call an action.
var operationOf = map[expense.Action]string{expense.Approve: "approve", expense.SendBack: "sendback"}

// notOffered is the error of an action on a travel request of which Concur offers us only the
// other one.
func notOffered(now found, action expense.Action) error {
	operation := operationOf[action]
	if now.Request == nil || now.Request.Operations == nil || operation == "" || slices.Contains(now.Request.Operations, operation) {
		return nil
	}
	return unclearStep(now.Request, "Concur does not offer us the operation "+operation)
}

// isOurs reports whether the report has left the stop in the direction of our action. A
// report whose stops have names may then wait at the next one. Where they have none, it may
// wait at a stop of the same submission, which cannot be told from the one before.
func isOurs(in expense.TakeActionInput, now found) bool {
	if now.Kind != expense.NotWaiting || !in.Action.CanLeadTo(now.Status) {
		return false
	}
	if in.HeaderHash != "" || now.Mark != "" || now.Request != nil {
		return now.ReportState.ValidationID == ""
	}
	return now.ReportState.ValidationID != expense.StatusExternalValidation
}

// blocking names what stops an action, where Concur lists it.
func (a *Activities) blocking(ctx context.Context, now found, err error) error {
	var e *concur.Error
	if now.Report == nil || !now.Report.Via.IsV4() || !errors.As(err, &e) || e.Kind != expense.Blocked {
		return err
	}
	held, listing := a.options.Concur.ExceptionsV4(context.WithoutCancel(ctx), now.Report.ID)
	var names []string
	for _, one := range held {
		if one.Blocking && len(names) < maxBlocking {
			names = append(names, strings.TrimSpace(fmt.Sprintf("%s on %s %s", one.Code, strings.ToLower(string(one.ObjectType)), one.ObjectID)))
		}
	}
	if listing != nil || len(names) == 0 {
		return err
	}
	said := *e
	said.Message = "blocking exceptions: " + strings.Join(names, ", ") + ": " + e.Message
	return &said
}

// maxBlocking bounds how many blocking exceptions are named.
const maxBlocking = 10

// denied reports whether Concur refuses us, and not the write.
func denied(err error) bool {
	return errors.Is(err, concur.Forbidden) || errors.Is(err, concur.Unauthorized)
}

// onceMore is a refusal after which the write is sent again, with what Concur has asked for.
// A write makes a refusal one at most once.
type onceMore struct{ error }

func (e onceMore) Unwrap() error { return e.error }

// wants are the fields in which Concur requires a comment, when it refuses an action without.
func wants(err error) []string {
	var e *concur.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Wants
}

// send sends a write to what has just been read. Whatever Concur's refusal says, nothing is
// concluded from it before another read: see why. The write is sent again when that read shows
// what was read before, and one of two things is new: we have another access token, or we have
// what Concur asks for. Each of the two may happen once. The token is another one when the read
// has renewed it, for a 403 may say that the token has ended. Otherwise it is renewed now, and
// helps if it has a new scope: then the report is read again, because time has passed.
func (a *Activities) send(ctx context.Context, pulse *pulse, objectURI, stop string, via expense.Interface, now found, write func(now found) error) (found, error) {
	for renewed := false; ; {
		refusal := write(now)
		if !concur.Refused(refusal) {
			return found{}, refusal
		}
		again, err := a.why(ctx, objectURI, stop, via, now, refusal)
		if again.Kind != "" || !errors.Is(err, refusal) {
			return again, err
		}
		if !errors.As(refusal, new(onceMore)) {
			if renewed {
				return again, err
			}
			renewed = true
			if !a.options.Concur.Renewed(refusal) {
				if !a.options.Concur.GrantedSince(context.WithoutCancel(ctx), refusal) {
					return again, err
				}
				if again, err = a.why(ctx, objectURI, stop, via, now, refusal); again.Kind != "" || !errors.Is(err, refusal) {
					return again, err
				}
			}
		}
		if err := pulse.beforeWrite(ctx, again.Mark); err != nil {
			return found{}, err
		}
		now = again
	}
}

// why finds out why Concur refused a write: most often the report has moved between
// our read and our write, and another read then says where it is. The refusal of a
// report that still waits at the stop, as it was, stays what it is.
func (a *Activities) why(ctx context.Context, objectURI, stop string, via expense.Interface, before found, refusal error) (found, error) {
	now, err := a.readAt(context.WithoutCancel(ctx), objectURI, stop, via)
	switch {
	case err != nil:
		return found{}, err
	case now.Kind != "":
		return now, nil
	case !now.SameStop(before.Read):
		now.Kind, now.changed = expense.NotWaiting, true
		return now, nil
	}
	return now, refusal
}
