package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// ProcessNotification handles one Concur object from its first notification to the delete of
// the last failed notification, and returns an outcome. While an operator has to fix
// something, the run is parked: it stays open.
func (w Workflows) ProcessNotification(ctx workflow.Context, input ProcessInput) (result Result, failure error) {
	r, err := w.setup(ctx, input)
	if err != nil {
		return Result{}, err
	}
	ended := false
	workflow.Go(ctx, r.listen) // before the run, so that it receives every signal first
	workflow.Go(ctx, r.checkDecisions)
	aside, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(aside, r.exportRecord)
	workflow.Go(ctx, func(ctx workflow.Context) {
		result, failure = r.run(ctx)
		ended = true
	})
	whole, cancel := workflow.NewDisconnectedContext(ctx) // a cancelled run ends by itself
	defer cancel()
	if err := workflow.Await(whole, func() bool { return ended }); err != nil {
		return Result{}, err
	}
	return result, failure
}

// run makes one pass after the other until one has come to the end.
func (r *run) run(ctx workflow.Context) (Result, error) {
	if r.notification.Kind != expense.ReportObject && r.notification.Kind != expense.RequestObject {
		r.Progress.end(expense.Unsupported)
		if r.finishRecord(ctx, never) != nil {
			return r.cancel(ctx)
		}
		return r.close(ctx)
	}
	for {
		next := r.pass(ctx)
		switch {
		case ctx.Err() != nil:
		case r.calls.full:
			next = again("the history is full: the next run tries again")
		case next.move == toOperator:
			next = r.waitForOperator(ctx, next.park)
		}
		switch {
		case ctx.Err() != nil:
			return r.cancel(ctx)
		case next.move == toEnd:
			return r.close(ctx)
		case next.move == toStop:
			return Result{}, next.err
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			if err := r.finishTelling(ctx); err != nil {
				return r.cancel(ctx)
			}
			return Result{}, r.continueAsNew(ctx)
		}
		r.readsAgain = next.reason
	}
}

// pass goes through all steps, from the read to the last delete.
func (r *run) pass(ctx workflow.Context) next {
	if r.Parking.Reason != nil { // the run that this one continues was parked
		return parked(r.Parking.Reason)
	}
	r.MustRead = r.MustRead || r.Inbox.NotificationPending
	if r.MustRead {
		r.Inbox.taken()
		now := &pass{decision: r.Decision.Result}
		for _, step := range r.steps() {
			if next := step(ctx, now); next.move == toEnd {
				break
			} else if !next.continues() {
				return next
			}
		}
		r.MustRead = false
	}
	if next := r.deleteNotifications(ctx); next.move != toEnd {
		return next
	}
	if err := r.finishTelling(ctx); err != nil {
		return after(err)
	}
	isLong := workflow.GetInfo(ctx).GetContinueAsNewSuggested
	if err := r.finishRecord(ctx, func() bool { return r.Inbox.NotificationPending || isLong() }); err != nil {
		return after(err)
	}
	switch {
	case r.Inbox.NotificationPending:
		return again("a notification arrived while the run was about to end")
	case len(r.Decision.Received) > 0 || len(r.Decision.notExported()) > 0:
		return again("the history is long: the next run stores the record")
	}
	return done()
}

// steps are the steps of a pass before the deletes.
func (r *run) steps() []func(workflow.Context, *pass) next {
	if r.notification.IsRequestV1() {
		return []func(workflow.Context, *pass) next{r.handOverRequests}
	}
	return []func(workflow.Context, *pass) next{
		r.readReport,      // read.go
		r.handOver,        // hand_over.go
		r.repeatDryRun,    // dry_run.go
		r.deleteStale,     // exceptions.go
		r.evaluate,        // evaluate.go
		r.decide,          // decide.go
		r.confirmStepName, // step.go
		r.postExceptions,  // exceptions.go
		r.confirmStepName,
		r.act, // act.go
	}
}

// pass holds what one step of a pass finds out for the steps after it.
type pass struct {
	decision *taskResult // how the task was decided when the read began
	read     expense.FetchedReport
	action   expense.Action
	comment  string
	cause    string // who decided: byRules or byPerson
}

// run is one run of ProcessNotification.
type run struct {
	Workflows
	Memory
	notification expense.Notification
	signals      signals
	calls        calls
	readsAgain   string // why
	messages     int    // to approvers, that are under way
	ending       bool   // the run ends once its record is exported
	summary      []byte // in the run's memo
	status       Status
}

func (w Workflows) setup(ctx workflow.Context, input ProcessInput) (*run, error) {
	n := input.Notification
	r := &run{Workflows: w, notification: n, signals: openSignals(ctx)}
	if input.Memory != nil {
		r.Memory = *input.Memory
	} else {
		r.Memory = Memory{Address: newAddress(n), MustRead: true}
		r.Origin.note(n)
		r.Step.recordEventType(n)
		r.Deletes.add(n.NotificationURI, false, "")
	}
	r.calls.n = r.Calls
	r.status = Status{NotificationID: n.ID(), State: Fetching, Since: workflow.Now(ctx)}
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (Status, error) { return r.answer(), nil },
		workflow.QueryHandlerOptions{Description: "The status of the run: what it does or waits for, and what it has done."})
	r.show(ctx)
	return r, errors.Join(err, r.permit(ctx))
}

// close ends the run, whose record is exported. It blocks nowhere, so that no notification comes
// after the last check.
func (r *run) close(ctx workflow.Context) (Result, error) {
	r.enter(ctx, Closed)
	result := Result{Outcome: r.Progress.Outcome, Cause: r.Progress.Cause, Done: r.Progress.Done, Rules: r.Evaluation.Rules, Record: r.Decision.Record}
	if result.Outcome == expense.NotOurs {
		result.FailedListEventTypes, result.Policies = r.Origin.FailedListEventTypes, r.Origin.Policies
	}
	if result.Outcome == expense.DryRun || len(r.Deletes.Deleted) > 0 { // a dry run's deletes are in it, too
		result.DryRun = r.Writes.DryRun
	}
	return result, nil
}

// cancel ends the run as an operator asked. The result says what was done before.
func (r *run) cancel(ctx workflow.Context) (Result, error) {
	if u := r.Writes.Unknown; u != nil && !u.Earlier {
		r.Progress.record("cancelled while Concur's answer to a write was awaited: it may have taken effect")
	}
	r.Progress.end(expense.Cancelled)
	r.Parking.end()
	aside, _ := workflow.NewDisconnectedContext(ctx)
	_ = r.finishRecord(aside, never) // an error would be a cancellation
	result, _ := r.close(ctx)
	return result, temporal.NewCanceledError(result)
}

// continueAsNew goes on in a new run with an empty history.
func (r *run) continueAsNew(ctx workflow.Context) error {
	memory := r.Memory
	memory.Evaluation.trim()
	memory.Writes.trim(r.Step.ValidationID)
	memory.Runs.checked(workflow.GetInfo(ctx).WorkflowExecution.RunID) // the memory says what it has written
	memory.Calls = r.calls.n
	return workflow.NewContinueAsNewError(ctx, ProcessNotification, ProcessInput{Notification: r.notification, Memory: &memory})
}

// next is the result of a step: what the run does next, and why.
type next struct {
	move   move
	reason string      // why the report is read again
	park   *ParkReason // why the run is parked
	err    error       // why the run stopped
}

type move int

const (
	toNextStep move = iota
	toEnd           // the pass has done its work
	toRead          // the next pass reads the report again
	toOperator      // the run is parked
	toStop          // the run was cancelled
)

func goOn() next                  { return next{} }
func done() next                  { return next{move: toEnd} }
func again(reason string) next    { return next{move: toRead, reason: reason} }
func parked(why *ParkReason) next { return next{move: toOperator, park: why} }
func (n next) continues() bool    { return n.move == toNextStep }
func (n next) isAmbiguous() bool  { return n.park != nil && n.park.Kind == expense.AmbiguousStep }

// after is what follows a call that returned err: a *ParkReason parks the run, any other error is
// its cancellation.
func after(err error) next {
	var reason *ParkReason
	switch {
	case err == nil:
		return goOn()
	case errors.As(err, &reason):
		return parked(reason)
	}
	return next{move: toStop, err: err}
}
