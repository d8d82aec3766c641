package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// run is one run of ProcessNotification.
type run struct {
	Workflows
	Memory
	notification expense.Notification
	inbox        inbox
	calls        calls
	memo         expense.RefusedHost // as it was last set
	retry        bool                // an operator has signalled retried
	asked        []string            // the facts that are asked for now
	nameTimer    workflow.Future     // started by waitForContradiction
	nameSince    time.Time           // when the name was heard for which it runs
	trustAt      time.Time           // while it waits whether a stop's name is contradicted
	readAfter    *expense.Decision   // the decision that counted when the last read began
	hurried      bool                // a notification has sent the run back to the read, and facts were asked for again
	status       Status
}

// errAgain sends a run back to FetchReport.
var errAgain = errors.New("read the report again")

// ProcessNotification takes one Concur object through its life: it is read, judged,
// decided and acted on, and the failed notification is deleted. It ends with an
// outcome; what a person must mend leaves it open.
func (w Workflows) ProcessNotification(ctx workflow.Context, input ProcessInput) (Result, error) {
	r, err := w.setup(ctx, input)
	if err != nil {
		return Result{}, err
	}
	var result Result
	var failure error
	ended := false
	workflow.Go(ctx, r.listen) // first: see there
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

// run lives the notification's life until it ends with an outcome.
func (r *run) run(ctx workflow.Context) (Result, error) {
	if !r.supported(ctx) {
		r.Outcome = expense.Unsupported
		return r.close(ctx)
	}
	for {
		var err error
		if r.Parked == nil {
			err = r.life(ctx)
			var trouble *ParkReason
			switch {
			case ctx.Err() != nil:
			case r.calls.full: // nothing is wrong: the run that continues this one tries again
				err = errAgain
			case errors.As(err, &trouble):
				r.park(ctx, *trouble)
			}
		}
		if r.Parked != nil {
			err = r.stayParked(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return r.cancel(ctx)
		case err == nil:
			return r.close(ctx)
		case !errors.Is(err, errAgain):
			return Result{}, err
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return Result{}, r.continueAsNew(ctx)
		}
	}
}

// supported reports whether the object is of a kind that is handled.
func (r *run) supported(ctx workflow.Context) bool {
	switch r.notification.Kind {
	case expense.ReportObject:
		return true
	case expense.RequestObject:
		return workflow.GetVersion(ctx, "travel-requests", workflow.DefaultVersion, 1) != workflow.DefaultVersion
	}
	return false
}

func (w Workflows) setup(ctx workflow.Context, input ProcessInput) (*run, error) {
	n := input.Notification
	r := &run{Workflows: w, notification: n, inbox: openInbox(ctx)}
	if input.Memory != nil {
		r.Memory = *input.Memory
	} else {
		r.Memory = Memory{ObjectURI: n.ObjectURI, MustRead: true}
		r.heardOf(n)
		r.hear(n)
		if n.NotificationURI != "" {
			r.owe(n.NotificationURI, false)
		}
	}
	r.status = Status{NotificationID: n.ID(), State: Fetching, Since: workflow.Now(ctx)}
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (Status, error) { return r.answer(), nil },
		workflow.QueryHandlerOptions{Description: "What the run knows of itself: where it is, what it waits for, what it has done."})
	r.calls.n = r.Calls
	r.show(ctx)
	return r, errors.Join(err, r.permit(ctx))
}

// life is one life of the notification, from the read to the last delete. It is
// lived again from the read for as long as it ends with errAgain.
func (r *run) life(ctx workflow.Context) error {
	if r.NotificationPending {
		r.MustRead = true
	}
	if r.MustRead {
		if err := r.process(ctx); err != nil {
			return err
		}
		r.MustRead = false
	}
	for len(r.PendingDeletes) > 0 && !r.NotificationPending && r.deletes() {
		if err := r.deleteFirst(ctx); err != nil {
			return err
		}
	}
	if r.NotificationPending {
		return errAgain
	}
	return nil
}

// deletes reports whether the run deletes the failed notifications that it owes. Otherwise
// what they tell of still waits, or is not for us.
func (r *run) deletes() bool {
	return !slices.Contains([]expense.Outcome{expense.DryRun, expense.Unsupported, expense.NotOurs}, r.Outcome)
}

// process reads the report and, while it waits for us, sees it through.
func (r *run) process(ctx workflow.Context) error {
	r.NotificationPending, r.readAfter = false, r.AcceptedDecision
	if r.notification.IsRequestV1() {
		return r.handOver(ctx)
	}
	read, err := r.fetchConfirmed(ctx)
	if isAlike(err) { // the run of a callout knows an address by which the step is shown
		if joined, failed := r.join(ctx); joined || failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	if read.NotOurs {
		r.Outcome, r.Policies = expense.NotOurs, read.Policies
		r.did("only Concur's failed list tells of it, and no callout of this deployment has announced such a step (CONCUR_OWN_STEPS): it is left alone")
		return nil
	}
	if read.Kind != "" {
		return r.left(ctx, read.ReportState, false)
	}
	if joined, err := r.join(ctx); joined || err != nil {
		return err
	}
	if r.DryRun != "" && r.DryRunRevision == read.Revision {
		return r.shown() // as before
	}
	if err := r.clearStale(ctx, read); err != nil {
		return err
	}
	if err := r.judge(ctx, read); err != nil {
		return err
	}
	if r.DryRun.IsNotTestUser() && r.Verdict.Action == expense.Ask {
		r.did("would ask " + group(r.Verdict.Group))
		return r.shown()
	}
	action, comment, cause, err := r.settle(ctx)
	if err != nil {
		return err
	}
	shown, err := r.postExceptions(ctx, read, action)
	switch {
	case err != nil:
		return err
	case shown:
		return r.showAction(action, cause)
	}
	if err := r.trustName(ctx); err != nil {
		return err
	}
	if r.byException(action) {
		return r.approveByException(ctx, read, comment, cause)
	}
	return r.act(ctx, action, comment, cause)
}

// close ends the run. Nothing blocks between the last look at Unread and here.
func (r *run) close(ctx workflow.Context) (Result, error) {
	r.enter(ctx, Closed)
	result := Result{Outcome: r.Outcome, Cause: r.Cause, Done: r.Done, Rules: r.Rules}
	if r.Outcome == expense.NotOurs {
		result.FailedListEventTypes, result.Policies = r.FailedListEventTypes, r.Policies
	}
	if r.Outcome == expense.DryRun || len(r.Deleted) > 0 { // or only shown to be deleted
		result.DryRun = r.DryRun
	}
	return result, nil
}

// cancel ends the run as an operator asked. What was done stays done and is said.
func (r *run) cancel(ctx workflow.Context) (Result, error) {
	if r.UnknownWrite != nil && !r.UnknownWrite.Earlier {
		r.did("cancelled while Concur's answer to a write was awaited: it may have taken effect")
	}
	r.Outcome, r.Cause = expense.Cancelled, ""
	r.Parked = nil
	result, _ := r.close(ctx)
	return result, temporal.NewCanceledError(result)
}

func (r *run) continueAsNew(ctx workflow.Context) error {
	memory := r.Memory
	memory.Verdict = carried(memory.Verdict)
	memory.Posted = recent(memory.Posted, r.ValidationID)
	memory.Calls = r.calls.n
	memory.CheckedRuns = append(slices.Clone(memory.CheckedRuns), workflow.GetInfo(ctx).WorkflowExecution.RunID) // the memory tells what it has written
	return workflow.NewContinueAsNewError(ctx, ProcessNotification, ProcessInput{Notification: r.notification, Memory: &memory})
}
