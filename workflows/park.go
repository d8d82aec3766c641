package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// parking is why the run is parked, and when it tries again.
type parking struct {
	Reason  *ParkReason  `json:"reason,omitempty"` // while the run is parked
	Since   time.Time    `json:"since,omitzero"`
	RetryAt time.Time    `json:"retryAt,omitzero"` // zero: not by itself
	Times   int          `json:"times,omitempty"`  // in a row, for the same kind of reason
	Kind    expense.Kind `json:"kind,omitempty"`   // of the last reason

	retry bool                // an operator has sent retried
	memo  expense.RefusedHost // the run's memo
}

// Error makes a Trouble an error.
func (t *ParkReason) Error() string { return string(t.Kind) + ": " + t.Message }

// begin parks the run, unless it is parked.
func (p *parking) begin(reason ParkReason, now time.Time, delays []time.Duration) {
	if p.Reason != nil {
		return
	}
	if reason.Kind != p.Kind {
		p.Times, p.Kind = 0, reason.Kind
	}
	last := len(delays) - 1
	if isOutage(reason.Kind) {
		last = min(last, 1) // it may end at any time, and nobody announces that
	}
	p.Since, p.RetryAt = now, now.Add(delays[min(p.Times, last)])
	if reason.Host != "" {
		p.RetryAt = time.Time{} // only an operator, a notification or another allow-list helps
	}
	p.Times++
	if reason.Fix == "" {
		reason.Fix = fixFor(reason.Kind)
	}
	p.Reason, p.retry = &reason, false
}

func (p *parking) retryNow() { p.retry = true }

// end releases the run. When an operator released it, the delays start again.
func (p *parking) end() {
	if p.retry {
		p.Times = 0
	}
	p.Reason, p.retry = nil, false
}

// isOutage returns true when a run is parked because Concur was not reached.
func isOutage(k expense.Kind) bool { return k == expense.Unavailable || k == expense.OutcomeUnknown }

// waitForOperator parks the run until an operator retries it, a notification arrives, or it is
// time to try again. A run with a long history keeps waiting in the run that continues it.
func (r *run) waitForOperator(ctx workflow.Context, reason *ParkReason) next {
	r.Parking.begin(*reason, workflow.Now(ctx), r.ParkedRetryDelays)
	r.rememberHost(ctx)
	r.enter(ctx, Parked)
	r.status.Since = r.Parking.Since
	if err := r.leaveTimeToDecide(ctx); err != nil {
		return after(err)
	}
	info := workflow.GetInfo(ctx)
	woken := func() bool { return r.Parking.retry || r.Inbox.NotificationPending }
	ended := func() bool { return woken() || info.GetContinueAsNewSuggested() }
	timeout, err := false, error(nil)
	if r.Parking.RetryAt.IsZero() {
		err = workflow.Await(ctx, ended)
	} else {
		var ok bool
		ok, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      atLeastATick(r.Parking.RetryAt.Sub(workflow.Now(ctx))),
			TimerOptions: workflow.TimerOptions{Summary: "parked (" + string(r.Parking.Kind) + "): tries again by itself"},
		}, ended)
		timeout = !ok
	}
	why := "it was parked, and tries again by itself"
	switch {
	case err != nil:
		return after(err)
	case !timeout && !woken():
		return again("the history is long: the next run stays parked")
	case r.Parking.retry:
		why = "it was parked, and an operator has it retried"
		if r.Parking.Kind == expense.SendBackLimitReached {
			r.Writes.overrideLimit()
		}
	case r.Inbox.NotificationPending:
		why = "it was parked, and a notification has arrived"
	}
	r.Evaluation.again()
	r.Step.steady()
	r.Parking.end()
	return again(why)
}

// leaveTimeToDecide has notifications wait for a moment when Concur refuses what a person has
// decided. People can decide again while the run is parked. Without the delay, a stream of
// notifications would send the refused decision again and again.
func (r *run) leaveTimeToDecide(ctx workflow.Context) error {
	if !r.refusedByConcur() || r.Decision.Accepted == nil {
		return nil
	}
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout:      atLeastATick(r.Parking.Since.Add(r.RereadDelay).Sub(workflow.Now(ctx))),
		TimerOptions: workflow.TimerOptions{Summary: "parked: Concur refuses the decision, and a person may decide again"},
	}, func() bool { return r.Parking.retry || workflow.GetInfo(ctx).GetContinueAsNewSuggested() })
	return err
}

// rememberHost keeps the refused address of the run's own notification in the run's memo. Such
// runs can then be found by host, and retried when the allow-list changes.
func (r *run) rememberHost(ctx workflow.Context) {
	if !r.Parking.memoChanges() {
		return
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{RefusedHostMemo: r.Parking.memo}); err != nil {
		workflow.GetLogger(ctx).Warn("the memo cannot be set", "error", err)
	}
}

func (p *parking) memoChanges() bool {
	changes := p.memo != p.Reason.RefusedHost
	p.memo = p.Reason.RefusedHost
	return changes
}
