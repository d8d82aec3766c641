package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"
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

// Error makes a ParkReason an error.
func (r *ParkReason) Error() string { return string(r.Kind) + ": " + r.Message }

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

// leaveTimeToDecide delays notifications for a moment after Concur has refused a person's decision,
// so that a person can decide again. Without the delay, a stream of notifications would send the
// refused decision again and again.
func (r *run) leaveTimeToDecide(ctx workflow.Context) error {
	if !r.refusedByConcur() || r.Decision.Result == nil {
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

// RefusedHostOf returns from a parked run's memo why the address of its own notification was
// refused, or nothing.
func RefusedHostOf(memo *commonpb.Memo) (refused expense.RefusedHost) {
	if p := memo.GetFields()[RefusedHostMemo]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &refused)
	}
	return refused
}

// ParkedQuery finds the parked runs of this deployment.
func (c *Client) ParkedQuery() string {
	return fmt.Sprintf("%s AND ExecutionStatus = 'Running' AND %s = '%s'", c.deploymentQuery(), WaitingForAttribute, WaitingForOperator)
}

// Release retries the parked runs whose own address was refused under another allow-list. It
// pauses between two runs, and returns how many it has signaled.
func (c *Client) Release(ctx context.Context, allowList string, pause time.Duration) (released int, err error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for run, err := range c.runs(ctx, c.ParkedQuery()) {
		if err != nil {
			return released, fmt.Errorf("list the parked runs: %w", err)
		}
		refused := RefusedHostOf(run.GetMemo())
		if refused.Host == "" || refused.AllowList == allowList {
			continue
		}
		err := c.temporal.SignalWorkflow(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), Retried, Retry{By: "a worker with another allow-list"})
		var ended *serviceerror.NotFound
		switch {
		case errors.As(err, &ended):
		case err != nil:
			return released, fmt.Errorf("retry a parked run: %w", err)
		default:
			released++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return released, ctx.Err()
		}
	}
	return released, nil
}

// fixFor says what a person can do about a park reason of this kind.
func fixFor(k expense.Kind) string {
	switch k {
	case expense.Unavailable, expense.OutcomeUnknown:
		return "Concur was not reached. If the message says that something else answered, have your proxy, firewall or gateway let the request through. Otherwise check the status of Concur's service. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "Give the connector's user in Concur the role, and the application the scope, that the message names. Only new tokens have a new scope: get one with a request token and concurctl token init. If role and scope are there, a proxy or gateway may refuse the request: ask its operator."
	case expense.Rejected:
		return "Read Concur's message. Create a missing exception code in Expense Admin, and enter a missing approver in the employee's profile. Set a comment that v1.1 requires as approveComment in the settings of the rules file. Or change the rules."
	case expense.InvalidArgument:
		return "The connector did not send the request, because it is invalid. Change what the message names in the rules file or in the decision. If neither contains it, report a bug of the connector."
	case expense.Untrusted:
		return "Check the address. If it is Concur's, add its host to CONCUR_TRUSTED_HOSTS and restart the workers. If an ObjectURI is not Concur's, somebody else knows the callout's password: change it in Concur, and cancel the runs with concurctl parked cancel --host HOST."
	case expense.Malformed:
		return "Check the report in Concur, and the status of Concur's service. If it happens again, report it to SAP Concur with the correlation ID."
	case expense.Incomplete:
		return "Compare the report's entries in Concur with the message. If all are there, Concur's interface does not show them to the connector's user: check its roles, and who created the report; CONCUR_FALLBACK lets the connector read by v1.1 as well. Otherwise decide this report by hand in Concur."
	case expense.TooLarge:
		return "Decide this report by hand in Concur: it is larger than Temporal allows. The run then ends by itself."
	case expense.Blocked:
		return "Have the blocking exceptions that the message names cleared in Concur, or send the report back. If the rules posted one, make its code non-blocking in Expense Admin, or remove it from the rules file."
	case expense.NoApprover:
		return "Enter an approver for the report's owner in Concur (User Administration), or choose another approver for the next step."
	case expense.CommentMissing:
		return "Set the comment in the settings of the rules file. The run tries again by itself, or at once after `concurctl parked retry`. A person who was asked can also decide again, with a comment."
	case expense.UnclearStep:
		return "Open the travel request in Concur. If it waits at your external validation, give the application the scope travelrequest.externalsystemworkflow.write and the step the role External System. If the message names a setting, change it in the rules file (docs/policy/README.md). The run tries again by itself, or at once after `concurctl parked retry`. If the request waits for somebody else, nothing has to be done, or decide it by hand in Concur: the run then ends by itself."
	case expense.AmbiguousStep:
		return "Decide this report by hand in Concur: the run then ends by itself. When a callout about it arrives, the run goes on by itself. To let the rules decide such reports without a callout, give each step a code of its own in Concur and set CONCUR_STEP_GUARD to one of them; or set CONCUR_AMBIGUOUS_STEPS to act: then the connector compares only the header of the report, which does not name the step."
	case expense.WritesOff:
		return "To allow writes, set CONCUR_WRITES=on, clear CONCUR_TEST_USERS or add this owner, restart the workers, and run `concurctl parked retry --all --kind WritesOff`."
	case expense.SendBackLimitReached:
		return "The rules send many reports back: check whether they are right. If not, fix the rules file: the run evaluates them again when it tries again by itself. If they are right, send the signal: this report is then sent back whatever the limit says. Or raise the limit (CONCUR_SENDBACK_LIMIT, CONCUR_SENDBACK_SHARE_LIMIT)."
	}
	return "Fix what the message names; the run then goes on."
}
