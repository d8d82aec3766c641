package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// Error makes a Trouble an error: what a person must mend before the run goes on.
func (t *ParkReason) Error() string { return string(t.Kind) + ": " + t.Message }

// park leaves the run open until a person has mended what is wrong, the report is
// notified again, or it is time to try by itself.
func (r *run) park(ctx workflow.Context, t ParkReason) {
	if t.Kind != r.ParkedKind {
		r.Parks, r.ParkedKind = 0, t.Kind
	}
	last := len(r.ParkedRetryDelays) - 1
	if isOutage(t.Kind) {
		last = min(last, 1) // it may end at any time, and nobody says so
	}
	delay := r.ParkedRetryDelays[min(r.Parks, last)]
	r.Parks++
	if t.Fix == "" {
		t.Fix = mend(t.Kind)
	}
	r.retry = false
	r.Parked, r.ParkedAt, r.TryAt = &t, workflow.Now(ctx), workflow.Now(ctx).Add(delay)
	if t.Host != "" {
		r.TryAt = time.Time{} // the address stays what it is: only an operator, a notification or another allow-list helps
	}
}

// isOutage reports whether a run is parked because Concur was not reached.
func isOutage(k expense.Kind) bool { return k == expense.Unavailable || k == expense.OutcomeUnknown }

// rememberHost keeps in the run's memo by which address of its notification it is parked, so
// that such runs can be found by host, and released when the allow-list changes.
func (r *run) rememberHost(ctx workflow.Context) {
	if r.Parked.RefusedHost == r.memo {
		return
	}
	r.memo = r.Parked.RefusedHost
	if err := workflow.UpsertMemo(ctx, map[string]any{RefusedHostMemo: r.memo}); err != nil {
		workflow.GetLogger(ctx).Warn("the memo cannot be set", "error", err)
	}
}

// stayParked waits, and keeps waiting in the run that this one continues as: a long
// history is no reason to try again.
func (r *run) stayParked(ctx workflow.Context) error {
	r.rememberHost(ctx)
	r.enter(ctx, Parked)
	r.status.Since = r.ParkedAt
	info := workflow.GetInfo(ctx)
	woken := func() bool { return r.retry || r.NotificationPending }
	ended := func() bool { return woken() || info.GetContinueAsNewSuggested() }
	if err := r.leaveTimeToDecide(ctx); err != nil {
		return err
	}
	ok, err := true, error(nil)
	if r.TryAt.IsZero() {
		err = workflow.Await(ctx, ended)
	} else {
		ok, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      atLeastATick(r.TryAt.Sub(workflow.Now(ctx))),
			TimerOptions: workflow.TimerOptions{Summary: "parked (" + string(r.Parked.Kind) + "): tries again by itself"},
		}, ended)
	}
	if err != nil {
		return err
	}
	if ok && !woken() {
		return errAgain // as new
	}
	if r.retry {
		r.Parks = 0
		r.LimitOverridden = r.LimitOverridden || r.Parked.Kind == expense.SendBackLimitReached
	}
	r.retry, r.Reevaluate, r.StepChanges = false, true, 0
	r.Parked = nil
	return errAgain
}

// leaveTimeToDecide has notifications wait for a moment when Concur refuses what a person has
// decided. People can decide again while the run is parked, and a stream of notifications
// would have it try the refused decision again without a pause.
func (r *run) leaveTimeToDecide(ctx workflow.Context) error {
	if !r.refusedByConcur() || r.AcceptedDecision == nil {
		return nil
	}
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout:      atLeastATick(r.ParkedAt.Add(r.RereadDelay).Sub(workflow.Now(ctx))),
		TimerOptions: workflow.TimerOptions{Summary: "parked: Concur refuses what was decided, and another decision is taken"},
	}, func() bool { return r.retry || workflow.GetInfo(ctx).GetContinueAsNewSuggested() })
	return err
}

// mend says what a person can do. It is shown, never acted on.
func mend(k expense.Kind) string {
	switch k {
	case expense.Unavailable, expense.OutcomeUnknown:
		return "Concur was not reached. When the message says that something answered in its place, have whoever runs the proxy, the firewall or the gateway let this request through; else look at the status of Concur's service. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "Give the connector's user in Concur the role and the application the scope that the message names. A scope that is given later is in new tokens alone: begin them with a request token and concurctl token init. If both are there, something between the connector and Concur may refuse the request: ask whoever runs it."
	case expense.Rejected:
		return "Read Concur's words: an exception code is created in Expense Admin, a missing approver in the employee's profile, a comment that Concur requires by v1.1 as passOnComment in the settings of the rules file; or change the rules file."
	case expense.InvalidArgument:
		return "The connector has passed on what cannot be right, and nothing was sent. Change what the message names in the rules file or in the decision; if neither names it, report it as a mistake of the connector."
	case expense.Untrusted:
		return "Check the address. If it is Concur's, add its host to CONCUR_TRUSTED_HOSTS and restart the workers. If an ObjectURI is not, somebody else knows the connector's password: change it in Concur, and cancel the runs with concurctl parked cancel --host HOST."
	case expense.Malformed:
		return "Look at the report in Concur and at the status of Concur's service; if it goes on, report it with the correlation ID."
	case expense.Incomplete:
		return "Look at the report in Concur: compare its entries with what the message says. If they are all there, Concur's interfaces do not show them to the connector's user: look at its roles, or at who created the report; CONCUR_FALLBACK lets v1.1 be asked as well. Otherwise decide this report by hand in Concur."
	case expense.TooLarge:
		return "Decide this report by hand in Concur: it is larger than one Temporal payload may be. The run notices and ends."
	case expense.Blocked:
		return "Have the blocking exceptions that the message names cleared in Concur, or decide to send it back; a code of ours that blocks is made non-blocking in Expense Admin, or taken out of the rules file."
	case expense.NoApprover:
		return "Give the owner an approver in Concur (User Administration), or choose another approver for the next step."
	case expense.CommentMissing:
		return "Give the comment in the settings of the rules file: the run tries again by itself, or at once by `concurctl parked retry`. A person who was asked can also decide again, with a comment."
	case expense.UnclearStep:
		return "Look at the travel request in Concur. If it waits at your external validation: give the application the scope travelrequest.externalsystemworkflow.write and the step the role External System; where the message names a setting, change that in the rules file (docs/policy/README.md). The run tries again by itself, or at once by `concurctl parked retry`. If it waits for somebody else, leave it alone or decide it in Concur by hand: the run notices and ends."
	case expense.AmbiguousStep:
		return "Decide this report by hand in Concur: the run notices and ends. If a callout about it comes, the run goes on by itself. To have such reports decided by the rules without one: give the steps codes of their own and one of them to CONCUR_STEP_GUARD; or set CONCUR_AMBIGUOUS_STEPS to act, and the header of the report, which does not name the step, is all that is compared."
	case expense.WritesOff:
		return "When writes are to be made again: set CONCUR_WRITES to on (and CONCUR_TEST_USERS so that it is not in the way), restart the workers, and have the runs go on: `concurctl parked retry --all --kind WritesOff`."
	case expense.SendBackLimitReached:
		return "Look whether the rules are right: they send many reports back. If not, mend the rules file: the run is judged anew when it tries again by itself. If so, send the signal, and this report is sent back whatever the brake says; or raise the brake's limits."
	}
	return "Look at the message; the run goes on when it is mended."
}
