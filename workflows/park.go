package workflows

import (
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// Error makes a Trouble an error: what a person must mend before the run goes on.
func (t *Trouble) Error() string { return string(t.Kind) + ": " + t.Message }

// park leaves the run open until a person has mended what is wrong, the report is
// notified again, or it is time to try by itself.
func (r *run) park(ctx workflow.Context, t Trouble) error {
	if t.Kind != r.ParkedKind {
		r.Parks, r.ParkedKind = 0, t.Kind
	}
	delay := r.ParkedRetries[min(r.Parks, len(r.ParkedRetries)-1)]
	r.Parks++
	if t.Mend == "" {
		t.Mend = mend(t.Kind)
	}
	r.retry, r.again = false, workflow.Now(ctx).Add(delay)
	r.status.Parked = &t
	r.enter(ctx, Parked)
	info := workflow.GetInfo(ctx)
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout:      delay,
		TimerOptions: workflow.TimerOptions{Summary: "parked (" + string(t.Kind) + "): tries again by itself"},
	}, func() bool { return r.retry || r.Unread || info.GetContinueAsNewSuggested() })
	if err != nil {
		return err
	}
	if r.retry {
		r.Parks = 0
	}
	r.retry, r.Rejudge, r.StopChanges = false, true, 0
	r.status.Parked = nil
	return errAgain
}

// mend says what a person can do. It is shown, never acted on.
func mend(k expense.Kind) string {
	switch k {
	case expense.Forbidden:
		return "Give the connector's user in Concur the role and the application the scope that the message names."
	case expense.Rejected:
		return "Read Concur's words: an exception code is created in Expense Admin, a missing approver in the employee's profile; or change the rules file and restart the workers."
	case expense.Untrusted:
		return "Check the address. If it is Concur's, add its host to CONCUR_HOSTS and restart the workers; if not, change the connector's password in Concur: somebody else knows it."
	case expense.Malformed:
		return "Look at the report in Concur and at the status of Concur's service; if it goes on, report it with the correlation ID."
	case expense.TooLarge:
		return "Decide this report by hand in Concur: it is larger than one Temporal payload may be. The run notices and ends."
	}
	return "Look at the message; the run goes on when it is mended."
}
